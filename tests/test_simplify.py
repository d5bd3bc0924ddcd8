"""Simplified graphs: the notes' own formulas come out, nothing else changes, and it grows with the graph alone."""

import sys
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.test_random_programs import FITTING, FIXED_SHAPES, NAMED_SHAPES, SIZES, _at, _few, _total, programs
from tinygraph.notation import expression, formula
from tinygraph.order import order
from tinygraph.rewrite import Rewriting

X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
W, b = tg.parameter(np.array([[0.3], [-0.2], [0.5]]), dims=("n_x", 1)), tg.parameter(np.array([[0.1]]))
Z = np.dot(W.T, X) + b
m = X.shape[1]

SIGMOIDS = {
    "sigmoid(Z)": lambda Z: tg.sigmoid(Z),
    "1 / (1 + exp(-Z))": lambda Z: 1 / (1 + np.exp(-Z)),
    "exp(Z) / (1 + exp(Z))": lambda Z: np.exp(Z) / (1 + np.exp(Z)),
}
COSTS = {
    "mean(-(…))": lambda A: tg.mean(-(Y * np.log(A) + (1 - Y) * np.log(1 - A))),
    "-mean(…)": lambda A: -tg.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A)),
    "-1 / m * sum(…)": lambda A: -1 / m * tg.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)),
    "mean(-… - …)": lambda A: tg.mean(-Y * np.log(A) - (1 - Y) * np.log(1 - A)),
    "-(mean + mean)": lambda A: -(tg.mean(Y * np.log(A)) + tg.mean((1 - Y) * np.log(1 - A))),
    "-mean - mean": lambda A: -tg.mean(Y * np.log(A)) - tg.mean((1 - Y) * np.log(1 - A)),
}
STABLE = "maximum(Z, 0) - Y * Z + log1p(exp(-abs(Z)))"


def _written(rewriting, node, names):
    """What became of a node, as a formula in these names."""
    names = names | {rewriting.now(old): name for old, name in names.items()}
    return expression(rewriting.now(node), names, depth=9)


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("sigmoid", SIGMOIDS.values(), ids=SIGMOIDS)
def test_the_notes_cross_entropy_and_its_gradients(sigmoid, cost):
    A = sigmoid(Z)
    J = cost(A)
    dZ, dW, db = tg.grad(J, [Z, W, b])
    r = Rewriting([J, dZ, dW, db])
    names = {Z: "Z", A: "A"}
    assert _written(r, dZ, names) == "(A - Y) / m"
    assert _written(r, dW, names | {dZ: "dZ"}) == "X @ dZ.T"
    assert _written(r, db, names | {dZ: "dZ"}) == "sum(dZ, axis=1, keepdims=True)"
    assert _written(r, J, names) in (f"mean({STABLE})", f"sum({STABLE}) / m")
    assert r.roots[2].args[1].args[0] is r.roots[1]  # dW and db use the same dZ
    assert any("finite where sigmoid rounds to 0" in step.note for step in r.report)


ZC = tg.input("Z", ("k", "m"))


def _share(E):
    return E / np.sum(E, axis=0, keepdims=True)


SOFTMAXES = {
    "softmax": lambda Z: tg.softmax(Z, axis=0),
    "written out": lambda Z: np.exp(Z) / np.sum(np.exp(Z), axis=0, keepdims=True),
    "less the maximum": lambda Z: _share(np.exp(Z - np.max(Z, axis=0, keepdims=True))),
}


@pytest.mark.parametrize("softmax", SOFTMAXES.values(), ids=SOFTMAXES)
@pytest.mark.parametrize("stated", [None, 0])
def test_softmax_cross_entropy(softmax, stated):
    labels = tg.input("Y", ("k", "m"), sums_to_one=stated)
    P = softmax(ZC)
    J = -tg.mean(tg.sum(labels * np.log(P), axis=0))
    dZ = tg.grad(J, ZC)
    r = Rewriting([J, dZ])
    expected = "(P * sum(Y, axis=0, keepdims=True) - Y) / m" if stated is None else "(P - Y) / m"
    assert _written(r, dZ, {P: "P"}) == expected
    assert _written(r, J, {P: "P"}) == "-mean(sum(Y * log_softmax(Z, axis=0), axis=0))"
    assumed = [step for step in r.report if "assumed: Y sums to one along axis 0" in step.note]
    assert bool(assumed) == (stated == 0)
    assert stated is None or str(r.report).splitlines()[0].startswith("sum(Y) → 1, as was said of Y")


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (lambda e: tg.mean(e**2), "2 * (Yhat - Y) / m"),
        (lambda e: tg.mean(np.square(e)), "2 * (Yhat - Y) / m"),
        (lambda e: tg.mean(e * e), "2 * (Yhat - Y) / m"),
        (lambda e: tg.sum(e**2) / m, "2 * (Yhat - Y) / m"),
        (lambda e: 1 / (2 * m) * tg.sum(e**2), "(Yhat - Y) / m"),
    ],
)
@pytest.mark.parametrize("is_input", [True, False])
def test_squared_error(cost, expected, is_input):
    Yhat = tg.input("Yhat", (1, "m")) if is_input else np.dot(W.T, X) + b
    dY = tg.grad(cost(Yhat - Y), Yhat)
    assert _written(Rewriting([dY, Yhat]), dY, {Yhat: "Yhat"}) == expected


def test_what_the_author_wrote_is_kept_where_nothing_cancels():
    x, y, z = (tg.input(name, ("m",)) for name in "xyz")
    T = np.tanh(x)
    for written in (
        x * (y + z), (x + y) * (x + z), x * y + x, z - (x - y), 1 - T * T, y * (1 - T * T), (x + y) ** 2,
        x * y / z, 0.5 * x, x / 3, np.exp(x + y) * (x - 1), tg.softplus(x) - y * x,
    ):  # fmt: skip
        assert tg.simplify(written) is written or len(order(tg.simplify(written))) < len(order(written))
    assert tg.simplify(y * (1 - T * T)).args[1].args[1].args[0].op is tg.tanh


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda x, y, z: (x + y) - x, "y"),
        (lambda x, y, z: x * y / y, "x"),
        (lambda x, y, z: x * y + x * z - x * (y + z), "broadcast_to(0.0, shape=(m,))"),
        (lambda x, y, z: (1 - x) * y + (x - 1) * y, "broadcast_to(0.0, shape=(m,))"),
        (lambda x, y, z: x / (x / y), "y"),
        (lambda x, y, z: 3 * (x / 3), "x"),
        (lambda x, y, z: x + x + x + x, "4 * x"),
        (lambda x, y, z: x * y * x / y, "square(x)"),
        (lambda x, y, z: -(-x - y), "y + x"),
        (lambda x, y, z: x / 49 * 49, "x"),
    ],
)
def test_what_cancels_is_gone_and_told(write, expected):
    node = write(*(tg.input(name, ("m",)) for name in "xyz"))
    simple = tg.simplify(node)
    assert formula(simple, {}, depth=9) == expected
    assert Rewriting([node]).report


def test_coefficients_and_powers_neither_underflow_nor_grow_without_bound():
    y = x = tg.input("x", ("m",))
    for _ in range(60):
        y = y * y * 0.5
    simple = tg.simplify(y)
    np.testing.assert_allclose(simple.eval(x=[2.0, 1.5]), y.eval(x=[2.0, 1.5]))
    y = x
    for _ in range(400):
        y = y * 1e-3
    np.testing.assert_allclose(tg.simplify(y * 1e300).eval(x=[1e300]), (y * 1e300).eval(x=[1e300]))


# Numbers.

mpmath.mp.dps = 50
SATURATED = np.array([[-800.0, -40.0, -20.0, -1.0, 0.0, 1.0, 20.0, 40.0, 800.0]])


def _cross_entropy(z, y):
    z, y = mpmath.mpf(z), mpmath.mpf(y)
    return y * mpmath.log1p(mpmath.exp(-z)) + (1 - y) * mpmath.log1p(mpmath.exp(z))


@pytest.mark.parametrize("sigmoid", SIGMOIDS.values(), ids=SIGMOIDS)
@pytest.mark.parametrize("label", [0.0, 1.0, 0.25])
def test_saturated_inputs_agree_with_50_digits(sigmoid, label):
    z = tg.input("z", (1, "m"))
    A = sigmoid(z)
    L = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    simple, dz = tg.simplify([L, tg.grad(tg.sum(L), z)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        L_values, dz_values = tg.evaluate([simple, dz], z=SATURATED, Y=np.full(SATURATED.shape, label))
    for place, value in enumerate(SATURATED[0]):
        truth = float(_cross_entropy(value, label))
        assert L_values[0, place] == pytest.approx(truth, rel=4e-16, abs=1e-323)
        slope = float(1 / (1 + mpmath.exp(-value)) - label)
        assert dz_values[0, place] == pytest.approx(slope, rel=0, abs=3e-16)


def test_the_gradient_of_a_sigmoid_that_is_written_out_is_finite_and_keeps_its_digits():
    z, g = tg.input("z", (1, "m")), tg.input("g", (1, "m"))
    dz = tg.simplify(tg.vjp(1 / (1 + np.exp(-z)), z, g))
    values = dz.eval(z=SATURATED, g=np.ones(SATURATED.shape))[0]
    for value, z_value in zip(values, SATURATED[0], strict=True):
        e = mpmath.exp(-mpmath.mpf(z_value))
        assert value == pytest.approx(float(e / (1 + e) ** 2), rel=1e-15, abs=1e-323)


def _same_function(roots, feeds, rtol):
    rewriting = Rewriting(roots)
    written, simple = (tg.evaluate(list(nodes), feeds) for nodes in (roots, rewriting.roots))
    for old, new, before, after in zip(roots, rewriting.roots, written, simple, strict=True):
        assert (new.shape, new.dtype, new.weak) == (old.shape, old.dtype, old.weak)
        assert np.shape(after) == np.shape(before)
        assert np.asarray(after).dtype == np.asarray(before).dtype
        np.testing.assert_allclose(after, before, rtol=0, atol=rtol * max(1, np.max(np.abs(before), initial=0)))
    again = tg.simplify(rewriting.roots)
    assert all(one is other for one, other in zip(again, rewriting.roots, strict=True))
    assert len(order(*rewriting.roots)) <= len(order(*roots))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("shapes", "sizes"), [(FIXED_SHAPES, ({},)), (NAMED_SHAPES, FITTING)], ids=["fixed", "named"])
def test_random_programs_and_their_gradients_compute_the_same(dtype, shapes, sizes):
    @settings(_few(10), phases=[Phase.explicit, Phase.reuse, Phase.generate])  # shrinking takes JAX for each try
    @given(programs(shapes, 5, 30, sizes), st.integers(0, 2**32 - 1))
    def agrees(program, seed):
        shapes, steps = program
        leaves = [tg.input(f"x{place}", shape, dtype) for place, shape in enumerate(shapes)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            J = _total(tg, steps, leaves)
            rng = np.random.default_rng(seed)
            sizes = SIZES[0]
            feeds = {leaf: rng.normal(size=_at(leaf.shape, sizes)).astype(dtype) for leaf in leaves}
            _same_function([J, *tg.grad(J, leaves)], feeds, 1e-10 if dtype == np.float64 else 2e-3)

    agrees()


def test_second_derivatives_and_loops_compute_the_same(rng):
    x = tg.input("x", ("n",))
    J = tg.sum(tg.sigmoid(x) * x) + tg.sum(np.log(tg.sigmoid(2 * x)))
    H = tg.hessian(J, x)
    simple = tg.simplify(H)
    at = rng.normal(size=4)
    np.testing.assert_allclose(simple.eval(x=at), H.eval(x=at), rtol=1e-12, atol=1e-12)
    assert simple.shape == H.shape
    loops = [[node for node in order(root) if node.op.name == "for_each"] for root in (H, simple)]
    assert len(loops[1][0].params["body"].steps) <= len(loops[0][0].params["body"].steps)
    assert tg.simplify(simple) is simple


def test_sizes_that_only_the_data_tell_keep_what_tells_them(rng):
    x = tg.input("x", ("n",))
    kept = x[(x * 1 > 0) & (x - x == 0)]
    J = tg.sum(kept * kept / kept) / kept.shape[0] + tg.mean(np.log(tg.sigmoid(kept)))
    at = rng.normal(size=20)
    for node in (J, tg.grad(J, x)):
        np.testing.assert_allclose(tg.simplify(node).eval(x=at), node.eval(x=at), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_no_dtype_changes(dtype):
    x, w = tg.input("x", ("m",), dtype), tg.input("w", ("m",), np.float32)
    less = [] if dtype is np.bool_ else [x - x, x**2]
    for node in (*less, x * 1, x + 0, x * 1.0, x * 2 / 2, (x + w) - w, w * x * 0.5 * 2, x / 1, x * x.shape[0]):
        simple = tg.simplify(node)
        assert (simple.dtype, simple.shape) == (node.dtype, node.shape)
        feeds = {"x": np.array([1, 0, 1], dtype), "w": np.array([0.5, 2, 3], np.float32)}
        value = node.eval(feeds)
        np.testing.assert_allclose(simple.eval(feeds), value, rtol=1e-6)
        assert simple.eval(feeds).dtype == value.dtype


# What is told.


def test_the_report_tells_each_law_and_stays_with_the_node():
    z = tg.input("z", ("m",))
    simple = tg.simplify(np.log(tg.sigmoid(z)) + 0)
    text = str(simple.report)
    assert text.splitlines()[:2] == [
        "log(sigmoid(x)) → -softplus(-x): finite where sigmoid rounds to 0: log(0) = -inf",
        "    log(sigmoid(z)) → -softplus(-z)",
    ]
    assert "x + 0 → x" in text
    assert tg.simplify(simple) is simple
    assert str(simple.report) == text
    assert str(z.report) == "nothing was changed"


def test_structures_names_and_known_nodes():
    x = tg.input("x", ("m",))
    double = (x * 1 * 2).named("double")
    simple = tg.simplify({"a": np.exp(double), "b": [x + 0, (x - 0,)]})
    assert simple["a"].args[0].name == "double"
    assert simple["b"][0] is x
    assert simple["b"][1][0] is x
    A = tg.sigmoid(x)
    r = Rewriting([np.log(A) * 1], known=[A])
    assert r.roots[0].op is tg.log
    assert r.roots[0].args[0] is A
    assert r.now(A) is A


def test_an_assumption_is_checked_where_it_is_fed():
    labels = tg.input("Y", ("k", "m"), sums_to_one=0)
    J = tg.sum(labels)
    assert J.eval(Y=[[1.0, 0.0], [0.0, 1.0]]) == 2
    told = r"Y \(k, m\) was said to sum to one along axis 0, but Y\[:, 1\] sums to 1.5: feed what does, or make"
    with pytest.raises(tg.FeedError, match=told):
        J.eval(Y=[[1.0, 0.5], [0.0, 1.0]])
    with pytest.raises(tg.FeedError, match="sums to nan"):
        J.eval(Y=[[np.nan], [0.0]])
    with pytest.raises(tg.ShapeError, match="sums_to_one=2 is none of them"):
        tg.input("Y", ("k", "m"), sums_to_one=2)


# Growth.


def _chain(step, n):
    x, w = tg.input("x", ("m",)), tg.input("w", ("m",))
    y = x
    for _ in range(n):
        y = step(y, x, w)
    J = tg.sum(y)
    return [J, tg.grad(J, x)]


CHAINS = {
    "tanh": lambda y, x, w: tg.tanh(y),
    "multiply": lambda y, x, w: y * w,
    "add": lambda y, x, w: y + x,
    "residual": lambda y, x, w: y + tg.tanh(y * w),
    "nested": lambda y, x, w: 1 - y * w,
    "cell": lambda y, x, w: tg.tanh(y * w + x),
}


def _calls(function):
    """How many functions of Python's are called."""
    count = 0

    def see(frame, event, argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(see)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("step", CHAINS.values(), ids=CHAINS)
def test_the_steps_grow_with_the_graph_alone(step):
    few, many = (_calls(lambda n=n: Rewriting(_chain(step, n))) for n in (100, 400))
    assert many < 4.6 * few


@pytest.mark.slow
def test_a_chain_of_100_000_nodes_is_no_special_case():
    J, dx = _chain(CHAINS["tanh"], 100_000)
    assert len(order(*tg.simplify([J, dx]))) <= 400_010


# What reviewers found.


def test_a_sum_below_the_line_stays_there_when_it_meets_itself_above():
    a, b = tg.input("a", ()), tg.input("b", ())
    for e in (b / (a - b) - b * (a - b), b / (a - b) + b * (a - b), b / (1 - b) + b * (1 - b) + b):
        assert tg.simplify(e).eval(a=0.3, b=0.7) == pytest.approx(e.eval(a=0.3, b=0.7), rel=1e-14)
    Z, Y, V = (tg.input(name, (1, "m")) for name in "ZYV")
    A = tg.sigmoid(Z)
    H = tg.hvp(-tg.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)), Z, V)
    feeds = {Z: [[0.3, -1, 2]], Y: [[1.0, 0, 1]], V: [[1.0, 1, 1]]}
    np.testing.assert_allclose(tg.simplify(H).eval(feeds), H.eval(feeds), rtol=1e-14)


def test_a_sum_is_not_made_of_itself():
    a, b, c = (tg.input(name, ()) for name in "abc")
    e = 1 * ((b * a) * (1 / a) + ((a - c) * b - 2)) + 2
    feeds = {"a": 0.3, "b": 0.7, "c": 1.3}
    assert tg.simplify(e).eval(feeds) == pytest.approx(e.eval(feeds), rel=1e-14)


def test_what_cancels_near_1_is_written_as_it_was():
    P, Y = tg.input("P", (1, "m")), tg.input("Y", (1, "m"))
    at = np.array([[1 - 1e-12, 0.9999, 1 - 1e-11]])
    dP = tg.simplify((1 - Y) / (1 - P) - Y / P)
    np.testing.assert_allclose(dP.eval(P=at, Y=np.ones((1, 3))), -1 / at, rtol=1e-15)
    guarded = 1 - P + 1e-8
    np.testing.assert_array_equal(tg.simplify(guarded).eval(P=at), guarded.eval(P=at))


def test_the_gradient_of_a_softplus_that_is_written_out_is_finite():
    Z, Y = tg.input("Z", (1, "m")), tg.input("Y", (1, "m"))
    feeds = {Z: [[800.0, -800, 3]], Y: [[-1.0, 1, 1]]}
    dZ = tg.simplify(tg.grad(tg.mean(np.log(1 + np.exp(-Y * Z))), Z))
    np.testing.assert_allclose(dZ.eval(feeds), [[1 / 3, -1 / 3, -1 / (1 + np.exp(3)) / 3]], rtol=1e-14)
    assert any("exp overflows" in step.note for step in dZ.report)
    dZ = tg.simplify(tg.grad(tg.sum(np.log(1 + np.exp(Z))), Z))
    np.testing.assert_allclose(dZ.eval({Z: [[800.0, -800, 0]]}), [[1, 0, 0.5]], rtol=1e-14)


def test_the_readers_numbers_stay_as_they_were_written():
    x, D, Y = (tg.input(name, (3, "m")) for name in "xDY")
    dropped = tg.grad(tg.mean((tg.relu(x) * D / 0.8 - Y) ** 2), x)
    assert "/ 0.8" in tg.compile([x, D, Y], dropped).source
    half = tg.compile([x, Y], tg.grad(0.5 * tg.mean((x - Y) ** 2), x)).source
    assert "np.float64" not in half
    assert "0.5" not in half
