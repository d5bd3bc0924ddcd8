"""Every op of the table: its value beside NumPy, its shape and dtype, its derivatives beside central differences."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import tinygraph as tg
from tinygraph.graph import OPS, broadcast_shape
from tinygraph.notation import expression

LEAVES = {"input", "parameter", "constant", "size"}
ELEMENTWISE = [name for name, op in OPS.items() if op.shape is broadcast_shape and name not in LEAVES]

# An op that is not elementwise: argument shapes and parameters that show each of its rules.
CASES = {
    "sum": [([(2, 3)], {}), ([(2, 3)], {"axis": -1}), ([(2, 3, 4)], {"axis": (0, 2), "keepdims": True}), ([()], {})],
    "mean": [([(2, 3)], {}), ([(2, 3)], {"axis": -1}), ([(2, 3, 4)], {"axis": (0, 2), "keepdims": True}), ([()], {})],
    "reshape": [([(2, 3)], {"shape": (3, -1)}), ([(2, 3)], {"shape": 6}), ([()], {"shape": (1, 1)})],
    "transpose": [([(2, 3)], {}), ([(2, 3, 4)], {"axes": (1, -1, 0)}), ([(3,)], {}), ([()], {})],
    "broadcast_like": [([(1, 3), (2, 3)], {}), ([(2, 1), (2, 3)], {}), ([(), (2, 3)], {}), ([(3,), (2, 3)], {})],
    "matmul": [
        ([(2, 3), (3, 4)], {}),
        ([(3,), (3,)], {}),
        ([(3,), (3, 4)], {}),
        ([(2, 3), (3,)], {}),
        ([(5, 2, 3), (3, 4)], {}),
        ([(5, 2, 3), (3,)], {}),
        ([(3,), (5, 3, 4)], {}),
        ([(5, 1, 2, 3), (6, 3, 4)], {}),
        ([(2, 3), (5, 3, 4)], {}),
    ],
}
PARAMS = {"leaky_relu": {"slope": 0.3}, "astype": {"dtype": "float64"}}
ALL_CASES = [(name, *case) for name, cases in CASES.items() for case in cases]
ALL_CASES += [(name, [(2, 3)] * len(OPS[name].vjps), PARAMS.get(name, {})) for name in ELEMENTWISE]
IDS = [f"{name}-{'-'.join(map(str, shapes))}-{params}" for name, shapes, params in ALL_CASES]
every_case = pytest.mark.parametrize(("name", "shapes", "params"), ALL_CASES, ids=IDS)


def _draw(op, shapes, dtype=np.float64, seed=0):
    """Arrays inside the op's domain, away from the kinks at 0."""
    rng = np.random.default_rng(seed)
    low, high = max(op.domain[0], -2.0), min(op.domain[1], 2.0)
    arrays = [rng.uniform(low + 0.2, high - 0.2, shape) for shape in shapes]
    arrays = [np.where(np.abs(x) < 0.1, x + 0.3, x) for x in arrays]
    if op.name == "where":
        arrays[0] = arrays[0] > 0
    return [x if x.dtype == bool else np.asarray(x, dtype) for x in arrays]


def _inputs(arrays):
    return [tg.input(f"x{i}", x.shape, x.dtype) for i, x in enumerate(arrays)]


def test_every_op_has_a_case():
    assert set(OPS) - LEAVES - set(ELEMENTWISE) == set(CASES)


@every_case
def test_value_shape_and_dtype_are_those_of_arrays(name, shapes, params):
    op = OPS[name]
    arrays = _draw(op, shapes)
    node = op(*_inputs(arrays), **params)
    at_once = op(*arrays, **params)
    value = node.eval({f"x{i}": x for i, x in enumerate(arrays)})
    assert node.shape == value.shape == at_once.shape
    assert node.dtype == value.dtype
    np.testing.assert_array_equal(value, at_once)
    if op.numpy is not None:
        by_place = [*params.values()] if name == "reshape" else []  # whose keyword NumPy 2.1 renamed
        np.testing.assert_array_equal(value, op.numpy(*arrays, *by_place, **({} if by_place else params)))


@every_case
def test_read_only_strided_and_empty_arrays_are_no_special_case(name, shapes, params):
    op = OPS[name]
    arrays = _draw(op, shapes)
    inputs = _inputs(arrays)
    node = op(*inputs, **params)
    strided = [np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x for x in arrays]
    for x in strided:
        x.flags.writeable = False
    feeds = dict(zip(inputs, strided, strict=True))
    np.testing.assert_allclose(node.eval(feeds), op(*arrays, **params), rtol=1e-13)
    if name in ELEMENTWISE:
        empty = _inputs([x[:0] for x in arrays])
        assert op(*empty, **params).eval({e: x[:0] for e, x in zip(empty, arrays, strict=True)}).shape == (0, 3)


@every_case
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_first_and_second_derivatives_agree_with_differences(name, shapes, params, dtype):
    op = OPS[name]
    arrays = _draw(op, shapes, dtype)
    inputs = _inputs(arrays)
    if params.get("dtype"):
        params = {"dtype": dtype}
    out = op(*inputs, **params)
    wrt = [x for x, rule in zip(inputs, op.vjps, strict=True) if rule is not None and x.dtype == dtype]
    if out.dtype.kind != "f" or not wrt:
        return
    weights = tg.constant(np.random.default_rng(1).uniform(0.5, 1.5, out.shape).astype(dtype))
    J = tg.sum(weights * out * out)
    feeds = dict(zip(inputs, arrays, strict=True))
    tg.check_grad(J, wrt, feeds)
    if dtype == np.float64:
        for first in tg.grad(J, wrt):
            assert first.dtype == dtype
            tg.check_grad(tg.sum(tg.tanh(first)), wrt, feeds)


@given(st.data())
def test_broadcasting_in_both_directions(data):
    """(1, n) → (m, n), (m, 1) → (m, n), number → (m, n), and all that NumPy allows beyond."""
    name = data.draw(st.sampled_from([name for name in ELEMENTWISE if len(OPS[name].vjps) == 2]))
    op = OPS[name]
    shapes = data.draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)).input_shapes
    arrays = _draw(op, shapes)
    inputs = _inputs(arrays)
    out = op(*inputs)
    assert out.shape == np.broadcast_shapes(*shapes)
    if out.dtype.kind == "f":
        J = tg.sum(tg.tanh(out))
        gradients = tg.grad(J, inputs)
        assert [g.shape for g in gradients] == [x.shape for x in inputs]
        tg.check_grad(J, inputs, dict(zip(inputs, arrays, strict=True)))


@pytest.mark.parametrize("name", sorted(set(OPS) - LEAVES))
def test_label_and_latex_have_every_argument(name):
    op = OPS[name]
    shapes, params = next(((s, p) for n, s, p in ALL_CASES if n == name), None)
    node = op(*_inputs(_draw(op, shapes)), **params)
    for style in ("label", "latex"):
        text = expression(node, {}, style)
        assert all(f"x{i}" in text for i in range(len(op.vjps)))
        assert "{{" not in text.replace("{{x", "").replace("}}", "")
    assert text.count("{") == text.count("}")
    assert not re.search(r"\{\d\}", text)


def test_sigmoid_is_accurate_and_silent_over_the_whole_range():
    """Relative error under 1e-15 against 60-digit arithmetic, wherever the true value is a normal number."""
    import decimal

    decimal.getcontext().prec = 60
    decimal.getcontext().Emin, decimal.getcontext().Emax = -10000, 10000
    xs = np.concatenate([np.linspace(-1000, 1000, 3001), np.linspace(-40, 40, 2001), [1e-300, -1e-300, 1e308, -1e308]])
    with np.errstate(all="raise"):
        found = tg.sigmoid(xs)
    for x, ours in zip(xs, found, strict=True):
        if abs(x) > 10_000:
            assert ours == (x > 0)
            continue
        true = 1 / (1 + (-decimal.Decimal(float(x))).exp())
        if true >= decimal.Decimal(np.finfo(float).tiny):
            assert abs(decimal.Decimal(float(ours)) / true - 1) < decimal.Decimal("1e-15"), x
    assert np.isnan(tg.sigmoid(np.nan))


def test_sigmoid_of_whole_numbers_and_truth_values():
    for dtype in (np.uint8, np.uint64, np.int8, bool):
        x = np.array([0, 1], dtype)
        np.testing.assert_allclose(tg.sigmoid(x), [0.5, 1 / (1 + np.exp(-1.0))], rtol=1e-15)
        node = tg.sigmoid(tg.input("x", (2,), dtype))
        assert node.eval(x=x).dtype == node.dtype


def test_an_infinite_gradient_stops_at_a_gate_that_is_shut():
    x = tg.input("x", ())
    for node in (tg.log(tg.relu(x)), tg.relu(x) ** 0.5):
        with pytest.warns(tg.NonFiniteWarning):
            assert tg.grad(node, x).eval(x=-1.0) == 0


def test_derivatives_of_a_power_at_the_exponent_0():
    x, p = tg.input("x", ()), tg.parameter(0.0)
    dx, dp = tg.grad(x**p, (x, p))
    assert tg.grad(dx, p).eval(x=2.0) == tg.grad(dp, x).eval(x=2.0) == 0.5
    assert dx.eval(x=0.0) == 0


def test_a_parameter_of_an_op_is_a_plain_number():
    x = tg.input("x", (2,), np.float32)
    assert tg.leaky_relu(x, np.float64(0.1)).eval(x=[-1, 1]).dtype == np.float32
    for slope in (np.ones(2), tg.parameter(0.5), "a", np.ones((1, 1))):
        with pytest.raises(tg.TinygraphError, match=r"plain number|one number"):
            tg.leaky_relu(x, slope)


@pytest.mark.parametrize("dtype", [object, complex, str, "M8[s]", "foo"])
def test_astype_makes_no_node_of_what_is_no_real_number(dtype):
    with pytest.raises(tg.DtypeError):
        tg.input("x", ()).astype(dtype)


def test_axes_and_shapes_are_settled_in_one_form():
    X = tg.input("X", ("m", 4))
    m = X.shape[0]
    assert tg.sum(X, axis=-1).params["axis"] == 1
    assert tg.sum(X, axis=[0, -1]).params["axis"] == (0, 1)
    assert X.reshape(m, -1).params["shape"] == (m, 4)
    assert X.reshape(np.array([-1, 2])).shape == (2 * m, 2)
    assert X.transpose(1, 0).params["axes"] is None
    assert X.transpose(-2, -1).params["axes"] == (0, 1)
    assert X.reshape(m, -1).eval(X=np.ones((0, 4))).shape == (0, 4)


def test_what_numpy_cannot_compute_names_the_step():
    i, t = tg.input("i", (2,), np.int64), tg.input("t", (2,), bool)
    with pytest.raises(tg.EvaluationError, match=r"i \*\* \(-1\) can't be computed: Integers to negative"):
        (i**-1).eval(i=[1, 2])
    with pytest.raises(tg.DtypeError, match=r"-t \(2,\): .*boolean negative"):
        -t  # noqa: B018
    n = tg.input("n", ("n",)).shape[0]
    with pytest.raises(tg.FeedError, match="n is 0"):
        (tg.sum(i) * ((n + 1) // n)).eval({"i": [1, 2], tg.input("z", ("n",)): []})


def test_kinks_follow_pytorch():
    x = tg.input("x", ())
    assert tg.grad(tg.relu(x), x).eval(x=0.0) == 0
    assert tg.grad(tg.leaky_relu(x, 0.1), x).eval(x=0.0) == 0.1
    assert tg.grad(x**2, x).eval(x=0.0) == 0
    assert tg.grad(x**0, x).eval(x=0.0) == 0
    y = tg.input("y", ())
    assert tg.grad(x**y, y).eval(x=0.0, y=2.0) == 0


def test_a_square_is_derived_as_one_writes_it():
    x = tg.input("x", ())
    dy = tg.grad(x**2, x)
    assert expression(dy, {}, depth=9) == "1.0 * 2 * x ** 1"


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda a, b: a @ b, "matmul: W (n_x, 1) @ X (n_x, m): inner sizes 1 and n_x differ. Did you mean W.T @ X?"),
        (lambda a, b: a + b.T, "add: W (n_x, 1) + X.T (m, n_x): sizes n_x and m differ. Did you mean W.T + X.T?"),
        (lambda a, b: tg.sum(b, axis=2), "sum(X (n_x, m), axis=2): axis 2 does not exist: the array has 2 axes"),
        (lambda a, b: b.reshape(3, -1), "reshape: *"),
        (lambda a, b: b.reshape(-1, -1), "*more than one size open with -1*"),
        (lambda a, b: b.reshape(b.shape[1], 7), "*m*n_x elements can't fill the new shape (m, 7), which has 7*m*"),
        (
            lambda a, b: np.sum(b, 0, keepdims=True) + np.ones(3),
            '*m and 3 differ. Is 3 m? Then say tg.constant(…, dims=("m",))',
        ),
        (lambda a, b: b.transpose(2, 3), "*axis 2 does not exist: the array has 2 axes"),
        (lambda a, b: tg.sum(b).transpose(0), "*axis 0 does not exist: the array has 0 axes"),
        (lambda a, b: tg.sum(b).mT, "*holds no matrix to transpose*"),
        (lambda a, b: tg.sum(b, axis=(0, 0)), "*axis (0, 0) names an axis twice"),
        (lambda a, b: tg.sum(b, axis="a"), "*an axis is a whole number, not 'a'"),
        (
            lambda a, b: b.reshape("m", 2),
            "*'m' is no size: a size is a whole number from 0 on, or one such as X.shape*",
        ),
        (lambda a, b: b.reshape(None), "*None is no size*"),
        (lambda a, b: b.reshape(-2, -6), "*-2 is no size*"),
        (lambda a, b: b.reshape(2.0, 6), "*2.0 is no size*"),
        (lambda a, b: (b + 1) @ b, "matmul: (X + 1) (n_x, m) @ X (n_x, m): *differ. Did you mean (X + 1) @ X.T?"),
        (lambda a, b: b.T @ (a * 2).T, "*Did you mean X.T @ (W [*] 2)?"),
        (lambda a, b: b.transpose(0, 0), "*axes (0, 0) are no reordering of the 2 axes of (n_x, m)*"),
        (lambda a, b: tg.broadcast_like(b, a), "*(n_x, m) does not spread to (n_x, 1)*"),
        (lambda a, b: b @ tg.constant(2.0), "*write [*] to scale by a number*"),
        (lambda a, b: np.dot(tg.input("s", (2, 2, 2)), tg.input("t", (2, 2, 2))), "*write x @ y*"),
    ],
)
def test_shape_errors_name_the_line_and_the_remedy(write, told):
    import fnmatch

    W, X = tg.input("W", ("n_x", 1)), tg.input("X", ("n_x", "m"))
    if told == "reshape: *":
        W, X = tg.input("W", (4, 1)), tg.input("X", (2, 2))
        told = "reshape(X (2, 2), shape=(3, -1)): 4 elements can't fill the new shape (3, -1)"
    with pytest.raises(tg.ShapeError) as caught:
        write(W, X)
    assert fnmatch.fnmatchcase(str(caught.value), told) or str(caught.value) == told


def test_a_number_that_meets_a_name_is_asked_about():
    X = tg.input("X", ("n_x", "m"))
    W = tg.parameter(np.zeros((64, 1)))
    with pytest.raises(tg.ShapeError) as caught:
        W.T @ X
    assert str(caught.value) == (
        "matmul: W.T (1, 64) @ X (n_x, m): inner sizes 64 and n_x differ. "
        'Is 64 n_x? Then say W = tg.parameter(…, dims=("n_x", 1))'
    )


def test_matmul_of_every_pair_of_ranks_has_numpys_shape():
    for left, right in itertools.product([(3,), (2, 3), (4, 2, 3)], [(3,), (3, 5), (4, 3, 5)]):
        node = tg.input("x", left) @ tg.input("y", right)
        assert node.shape == (np.ones(left) @ np.ones(right)).shape
