"""Every optimizer takes PyTorch's steps, as nodes: checked against recorded trajectories, by two ways to step."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import tinygraph as tg

with np.load(Path(__file__).parent / "trajectories" / "torch.npz", allow_pickle=False) as file:
    RECORDED = dict(file)
RUNS = json.loads(str(RECORDED["runs"]))
ALL = [tg.optim.gradient_descent, tg.optim.momentum, tg.optim.nesterov, tg.optim.rmsprop, tg.optim.adam, tg.optim.adamw]


def by_evaluating(inputs, J, updates):
    """A step without compile: evaluate all, then assign all."""

    def step(*arrays):
        cost, new = tg.evaluate((J, updates), dict(zip(inputs, arrays, strict=True)))
        for parameter, value in new.items():
            parameter.value = value
        return cost

    return step


def by_compiling(inputs, J, updates):
    return tg.compile(inputs, J, updates=updates)


has_compile = pytest.mark.skipif(not hasattr(tg, "compile"), reason="this tinygraph has no tg.compile yet")


@pytest.fixture(params=[by_evaluating, pytest.param(by_compiling, marks=has_compile)])
def stepper(request):
    return request.param


def logistic(W, b):
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    A = tg.sigmoid(W.T @ X + b)
    return [X, Y], tg.mean(-(Y * np.log(A) + (1 - Y) * np.log(1 - A)))


def network(W1, b1, W2, b2):
    X, Y = tg.input("X", (1, "m")), tg.input("Y", (1, "m"))
    return [X, Y], tg.mean((W2 @ np.tanh(W1 @ X + b1) + b2 - Y) ** 2)


MODELS = {
    "logistic": (logistic, {"W": ("n_x", 1), "b": (1, 1)}),
    "network": (network, {"W1": ("n_h", 1), "b1": ("n_h", 1), "W2": (1, "n_h"), "b2": (1, 1)}),
}


def _model(name, dtype=float):
    cost, dims = MODELS[name]
    params = {key: tg.parameter(RECORDED[f"{name}/{key}"].astype(dtype), key, dims[key]) for key in dims}
    inputs, J = cost(**params)
    return params, inputs, J, [RECORDED[f"{name}/X"], RECORDED[f"{name}/Y"]]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("run", range(len(RUNS)), ids=lambda run: f"{run} {RUNS[run]['optimizer']}")
def test_a_hundred_steps_are_pytorchs(run, model, stepper):
    optimizer, settings, decay = RUNS[run]["optimizer"], RUNS[run]["settings"], RUNS[run]["decay"]
    params, inputs, J, data = _model(model)
    t = tg.parameter(0.0)
    if decay:
        settings = settings | {"learning_rate": settings["learning_rate"] / (1 + decay * t)}
    updates = getattr(tg.optim, optimizer)(J, params, **settings) | {t: t + 1}
    step = stepper(inputs, J, updates)
    found = {name: [] for name in params}
    for _ in range(100):
        step(*data)
        for name, param in params.items():
            found[name].append(param.value)
    for name, steps in found.items():
        np.testing.assert_allclose(np.stack(steps), RECORDED[f"{model}/{run}/{name}"], rtol=1e-10, atol=1e-14)


def test_the_recorded_runs_cover_every_optimizer_and_move():
    assert {run["optimizer"] for run in RUNS} == {optimizer.__name__ for optimizer in ALL}
    for run in range(len(RUNS)):
        for name in ("logistic/{}/W", "network/{}/W1"):
            steps = RECORDED[name.format(run)]
            assert len(steps) == 100
            assert np.all(np.abs(np.diff(steps, axis=0)).max(axis=(1, 2)) > 1e-6)


def test_the_rate_may_be_fed_or_held(stepper):
    """One rate as a number, as an input, and as a parameter that is assigned between steps."""
    found = []
    for kind in ("input", "parameter"):
        params, inputs, J, data = _model("logistic")
        rate = tg.input("rate", ()) if kind == "input" else tg.parameter(0.0)
        updates = tg.optim.momentum(J, list(params.values()), rate)
        step = stepper([*inputs, rate] if kind == "input" else inputs, J, updates)
        for learning_rate in (0.5, 0.25, 0.0, 1.0):
            if kind == "input":
                step(*data, learning_rate)
            else:
                rate.value = learning_rate
                step(*data)
        found.append(params["W"].value)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-14)


@given(npst.array_shapes(min_dims=0, max_dims=4, min_side=0), st.floats(0, 10), st.sampled_from(["f4", "f8"]))
def test_gradient_descent_is_W_minus_lr_dW(shape, lr, dtype):
    rng = np.random.default_rng(0)
    W, dW = rng.normal(size=shape).astype(dtype), rng.normal(size=shape).astype(dtype)
    parameter = tg.parameter(W)
    new = tg.optim.gradient_descent(tg.sum(dW * parameter), parameter, lr)[parameter].value
    np.testing.assert_array_equal(new, W - lr * dW)
    assert new.dtype == dtype


@pytest.mark.parametrize("optimizer", ALL)
@pytest.mark.parametrize("rate", [0.1, np.float64(0.1), tg.parameter(0.1), tg.parameter(1) / 10], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_each_parameter_keeps_its_dtype_and_so_does_its_state(optimizer, rate, dtype, stepper):
    W, b = tg.parameter(np.ones((2, 1), dtype), dims=("n_x", 1)), tg.parameter(0.5)
    updates = optimizer(tg.sum(W * W) * b, (W, b), rate)
    assert updates[W].dtype == dtype
    for parameter, node in updates.items():
        assert (node.dtype, node.shape) == (parameter.dtype, parameter.shape)
        assert parameter.dtype == (dtype if parameter.shape else float)
    stepper([], b, updates)()  # which assigns each, and so refuses what would not fit
    assert W.value.dtype == dtype
    assert np.all(W.value < 1)


def test_a_rate_made_of_sizes_gives_way_to_a_dtype_as_a_number_does():
    X, w = tg.input("X", ("m",), np.float32), tg.parameter(np.float32(1))
    updates = tg.optim.gradient_descent(tg.sum(w * X), w, 1 / X.shape[0])
    assert updates[w].eval(X=np.float32([3, 4])) == -2.5
    assert (str(updates[w]), updates[w].dtype) == ("w - 1 / m * sum(…) ()", np.float32)


def test_a_state_is_called_after_its_parameter_and_has_its_sizes():
    W, (first, second) = tg.parameter(np.ones((2, 3)), dims=("n_x", "k")), map(tg.parameter, (1.0, 2.0))
    J = tg.sum(W) * first * second
    del first
    bias = tg.parameter(0.0, "b")
    updates = tg.optim.adam(J + bias, {"key": second, "layers": [W, bias, J.args[0].args[1]]})
    assert list(map(repr, updates)) == [
        "<step_count () float64>",
        "<first_moment_key () float64>",
        "<second_moment_key () float64>",
        "<second () float64>",
        "<first_moment_W (n_x, k) float64>",
        "<second_moment_W (n_x, k) float64>",
        "<W (n_x, k) float64>",
        "<first_moment_b () float64>",
        "<second_moment_b () float64>",
        "<b () float64>",
        "<first_moment_3 () float64>",
        "<second_moment_3 () float64>",
        "<parameter () float64>",
    ]


def test_optimizers_share_no_state():
    w = tg.parameter(1.0)
    one, two = tg.optim.adam(w * w, w), tg.optim.adam(w * w, w)
    assert set(one) & set(two) == {w}


@pytest.mark.parametrize("optimizer", ALL)
def test_a_parameter_that_the_cost_does_not_depend_on_stays(optimizer, stepper):
    W, idle = tg.parameter(np.ones((2, 1))), tg.parameter(np.ones(3))
    settings = {"weight_decay": 0} if optimizer is tg.optim.adamw else {}
    step = stepper([], tg.sum(W), optimizer(tg.sum(W), [W, idle], 0.1, **settings))
    step()
    step()
    assert np.all(W.value < 1)
    np.testing.assert_array_equal(idle.value, 1)


@pytest.mark.parametrize("optimizer", ALL)
def test_a_cost_of_shape_1_1_will_do(optimizer):
    w = tg.parameter([[2.0]])
    np.testing.assert_array_equal(optimizer(w * w, w, 0.1)[w].value, optimizer(tg.sum(w * w), w, 0.1)[w].value)


def test_the_first_step_of_adam_is_the_learning_rate_in_float32_too():
    """1 - 0.999 is 5e-5 off where it is computed in float32."""
    w = tg.parameter(np.float32([1, 1]))
    step = w.value - tg.optim.adam(tg.sum(w * [3, -5]), w, 0.5)[w].value
    np.testing.assert_allclose(step, [0.5, -0.5], rtol=3e-7)


def test_training_goes_on_from_a_file(tmp_path, stepper):
    def start():
        params, inputs, J, data = _model("network")
        updates = tg.optim.adamw(J, params, 0.05)
        return params, updates, stepper(inputs, J, updates), data

    params, updates, step, data = start()
    for _ in range(5):
        step(*data)
    tg.save(tmp_path / "state.npz", list(updates))
    others, again, step_again, _ = start()
    for parameter, held in zip(again, tg.load(tmp_path / "state.npz").values(), strict=True):
        assert parameter.shape == held.shape
        parameter.value = held.value
    for _ in range(5):
        step(*data)
        step_again(*data)
    for name, param in params.items():
        np.testing.assert_array_equal(others[name].value, param.value)


def test_a_step_is_a_node_and_has_a_derivative():
    """How the cost after a step changes with the learning rate: -dW · dW′."""
    w, rate = tg.parameter(3.0), tg.input("rate", ())
    next_w = tg.optim.gradient_descent(w**2, w, rate)[w]
    assert tg.grad(next_w**2, rate).eval(rate=0.25) == -6.0 * 2 * (3 - 0.25 * 6)


def test_what_is_wrong_is_told_with_a_remedy():
    X, W, b = tg.input("X", ("n_x", "m")), tg.parameter(np.ones((2, 1)), dims=("n_x", 1)), tg.parameter(0.0)
    Z = W.T @ X + b
    J, rates, whole = tg.mean(Z), tg.input("rates", (1, 1)), tg.parameter([1, 2])
    descent = tg.optim.gradient_descent
    for wrong, error, told in [
        (lambda: descent(J, [], 0.1), tg.FeedError, r"params is \[\], with no parameter to update: give one or more"),
        (lambda: descent(J, {}, 0.1), tg.FeedError, "params is {}, with no parameter"),
        (lambda: descent(J, [W, b, W], 0.1), tg.FeedError, r"^W \(n_x, 1\) is given twice.*give each parameter once"),
        (lambda: descent(J, {"a": b, "c": b}, 0.1), tg.FeedError, r"b \(\) is given twice"),
        (lambda: descent(J, [W, X], 0.1), tg.NodeTypeError, r"X \(n_x, m\) is no parameter .* make it with tg.param"),
        (lambda: descent(J, Z, 0.1), tg.NodeTypeError, r"Z \(1, m\) is no parameter but of op add.*computed from"),
        (
            lambda: descent(J, W.value, 0.1),
            tg.NodeTypeError,
            "params must be a parameter, or a list.* and holds a ndarray",
        ),
        (lambda: descent(J, None, 0.1), tg.NodeTypeError, "and holds a NoneType"),
        (lambda: descent(tg.sum(whole), whole, 0.1), tg.DtypeError, "int64: a derivative needs floats"),
        (lambda: descent(Z, W, 0.1), tg.GradientError, r"Z \(1, m\) is no single number.*take tg.sum or tg.mean"),
        (lambda: descent(1.0, W, 0.1), tg.NodeTypeError, "not float"),
        (lambda: descent(J, W, rates), tg.ShapeError, r"the learning rate rates \(1, 1\) must have shape \(\): write"),
        (lambda: descent(J, W, tg.constant([0.1])), tg.ShapeError, r"\(1,\) must have shape"),
        (lambda: descent(J, W, "fast"), tg.NodeTypeError, r"learning_rate is a str, .* 0.01 or a node of shape \(\)"),
        (lambda: tg.optim.momentum(J, W, 0.1, 1), tg.FeedError, "momentum is 1, and .*from 0 to below 1, such as 0.9$"),
        (lambda: tg.optim.nesterov(J, W, 0.1, -0.1), tg.FeedError, "momentum is -0.1"),
        (lambda: tg.optim.rmsprop(J, W, 0.1, decay=1.0), tg.FeedError, "decay is 1.0.* such as 0.99$"),
        (
            lambda: tg.optim.rmsprop(J, W, 0.1, epsilon=-1e-8),
            tg.FeedError,
            "epsilon is -1e-08.* from 0 on, such as 1e-08",
        ),
        (lambda: tg.optim.adam(J, W, beta1=1), tg.FeedError, "beta1 is 1"),
        (lambda: tg.optim.adam(J, W, beta2=1.5), tg.FeedError, "beta2 is 1.5.* such as 0.999"),
        (lambda: tg.optim.adam(J, W, beta2=b), tg.NodeTypeError, "beta2 is a Parameter, and must be a finite"),
        (lambda: tg.optim.adam(J, W, epsilon=None), tg.NodeTypeError, "epsilon is a NoneType"),
        (lambda: tg.optim.adamw(J, W, weight_decay=-1), tg.FeedError, "weight_decay is -1.* such as 0.01$"),
        (lambda: tg.optim.adamw(J, [W, X]), tg.NodeTypeError, "no parameter"),
    ]:
        with pytest.raises(error, match=told):
            wrong()


@pytest.mark.parametrize("optimizer", ALL)
@pytest.mark.parametrize(
    "rate",
    [-0.1, np.nan, np.inf, np.float32(-1), 10**400, True, None, 1j, [0.1], np.ones(1)],
    ids=lambda rate: str(rate)[:9],
)
def test_a_learning_rate_is_a_finite_number_from_0_on(optimizer, rate):
    w = tg.parameter(1.0)
    with pytest.raises(
        (tg.FeedError, tg.NodeTypeError), match=r"learning_rate is .* must be a finite number from 0 on"
    ):
        optimizer(w * w, w, rate)
