"""Costs as courses and papers write them: what is printed, and that it is finite and right where exp overflows."""

import warnings

import mpmath
import numpy as np
import pytest

import tinygraph as tg
from tinygraph.loops import gathered
from tinygraph.sharing import Sharing

mpmath.mp.dps = 50

z, t = tg.input("z", (1, "m")), tg.input("t", (1, "m"))
m = z.shape[1]


def _lines(source):
    """The lines of `step`, by what they compute."""
    body = source.split("def step")[1].splitlines()
    return {name: text for name, _, text in (line.strip().partition(" = ") for line in body) if text}


def _e(x):
    return mpmath.exp(x)


STABLE = {
    "silu": (lambda z, t: z / (1 + np.exp(-z)), lambda z, t: z / (1 + _e(-z))),
    "log(cosh)": (lambda z, t: np.log(np.cosh(z)), lambda z, t: mpmath.log(mpmath.cosh(z))),
    "log of half a sum": (
        lambda z, t: np.log((np.exp(z) + np.exp(-z)) / 2),
        lambda z, t: mpmath.log(mpmath.cosh(z)),
    ),
    "log of a sum of two": (
        lambda z, t: np.log(np.exp(z) + np.exp(2 * t)),
        lambda z, t: mpmath.log(_e(z) + _e(2 * t)),
    ),
    "tanh by exp(z) and exp(-z)": (
        lambda z, t: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
        lambda z, t: mpmath.tanh(z),
    ),
    "tanh by exp(2 z)": (lambda z, t: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1), lambda z, t: mpmath.tanh(z)),
    "tanh by a sigmoid": (lambda z, t: 2 / (1 + np.exp(-2 * z)) - 1, lambda z, t: mpmath.tanh(z)),
    "cross-entropy of half of 1 + tanh": (
        lambda z, t: (lambda A: -(t * np.log(A) + (1 - t) * np.log(1 - A)))(0.5 * (1 + np.tanh(z / 2))),
        lambda z, t: t * mpmath.log1p(_e(-z)) + (1 - t) * mpmath.log1p(_e(z)),
    ),
    "smoothed labels": (
        lambda z, t: (lambda A, T: -(T * np.log(A) + (1 - T) * np.log(1 - A)))(tg.sigmoid(z), 0.9 * t + 0.05),
        lambda z, t: (
            (mpmath.mpf(0.9) * t + mpmath.mpf(0.05)) * mpmath.log1p(_e(-z))
            + (1 - mpmath.mpf(0.9) * t - mpmath.mpf(0.05)) * mpmath.log1p(_e(z))
        ),
    ),
    "elu": (
        lambda z, t: tg.where(z > 0, z, 0.3 * (np.exp(z) - 1)) * (t + 1),
        lambda z, t: (z if z > 0 else mpmath.mpf(0.3) * mpmath.expm1(z)) * (t + 1),
    ),
}


@pytest.mark.parametrize("name", STABLE)
def test_a_cost_and_its_gradient_are_right_where_exp_overflows(name):
    write, truth = STABLE[name]
    L = write(z, t)
    L, dz = tg.simplify([L, tg.grad(tg.sum(L), z)])
    at = np.array([[-800.0, -40.0, -3.0, -0.5, 0.25, 2.0, 40.0, 800.0]])
    labels = np.array([[0.0, 1, 0, 1, 1, 0, 0, 1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tg.NonFiniteWarning)  # a branch of where(…) that isn't taken
        values, slopes = tg.evaluate([L, dz], {z: at, t: labels})
    for place, (x, y) in enumerate(zip(at[0], labels[0], strict=True)):
        value = truth(mpmath.mpf(x), mpmath.mpf(y))
        slope = mpmath.diff(lambda x, y=y: truth(x, mpmath.mpf(y)), mpmath.mpf(x))
        assert values[0, place] == pytest.approx(float(value), rel=3e-15, abs=3e-16), x
        assert slopes[0, place] == pytest.approx(float(slope), rel=3e-15, abs=3e-16), x


Z, Y = tg.input("Z", (10, "m")), tg.input("Y", (10, "m"))
y = tg.input("y", ("m",), dtype=int)
P = tg.softmax(Z, axis=0)
SMOOTH = 0.9 * Y + 0.01

SOFTMAX = {
    "labels as numbers, log of all": -tg.mean(np.log(P)[y, tg.arange(m)]),
    "labels as numbers, log of one": -tg.mean(np.log(P[y, tg.arange(m)])),
    "labels as numbers, along an axis": -tg.mean(np.log(np.take_along_axis(P, y.reshape(1, -1), axis=0))),
    "smoothed labels": -tg.mean(tg.sum(SMOOTH * np.log(P), axis=0)),
    "log-sum-exp alone": tg.mean(np.log(tg.sum(np.exp(Z), axis=0)) - tg.sum(Y * Z, axis=0)),
}


@pytest.mark.parametrize("name", SOFTMAX)
def test_a_softmax_cost_and_its_gradient_are_right_where_exp_overflows(name):
    J = SOFTMAX[name]
    program = tg.compile([Z, Y, y], [J, tg.grad(J, Z)])
    scores = np.zeros((10, 3))
    scores[3], scores[4, 0] = 800, 800
    labels = np.array([3, 4, 5])
    onehot = np.eye(10)[:, labels]
    value, slope = program(scores, onehot, labels)
    share = np.zeros((10, 3))
    share[3], share[3:5, 0] = 1, 0.5
    weights = 0.9 * onehot + 0.01 if "smoothed" in name else onehot
    np.testing.assert_allclose(slope, (share * weights.sum(axis=0) - weights) / 3, atol=1e-15)
    log_share = scores - np.array([800 + np.log(2), 800, 800])
    np.testing.assert_allclose(value, -np.sum(weights * log_share) / 3, rtol=1e-14)


def _printed(J, wrt, **names):
    """The line of the gradient, with the names that it is written in."""
    return _lines(tg.compile([z, t], [J, tg.grad(J, wrt).named("g")]).source)["g"]


e = z - t
GRADIENTS = {
    "(a - t) / m": -tg.mean(t * np.log(a := tg.sigmoid(z).named("a")) + (1 - t) * np.log(1 - a)),
    "np.where(t1, t, 0.01 * t) / m": tg.mean(tg.where(z > 0, z, 0.01 * z) * t),
    "np.where(t2, e, np.sign(e)) / m": tg.mean(tg.where(abs(e.named("e")) <= 1, 0.5 * e**2, abs(e) - 0.5)),
    "np.sign(e) / m": tg.mean(abs(e)),
    "(1 - np.square(t1)) / m": tg.mean((np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))),
    "np.tanh(z) / m": tg.mean(np.log((np.exp(z) + np.exp(-z)) / 2)),
    "2 * e / m": tg.mean(e**2),
}


@pytest.mark.parametrize("expected", GRADIENTS)
def test_a_gradient_is_printed_as_one_writes_it(expected):
    assert _printed(GRADIENTS[expected], z).replace("node", "e") == expected


def test_the_cost_as_a_product_of_matrices():
    A = tg.sigmoid(z).named("A")
    J = -1 / m * (np.dot(t, np.log(A).T) + np.dot(1 - t, np.log(1 - A).T))
    lines = _lines(tg.compile([z, t], [J.named("J"), tg.grad(J, z).named("dZ")]).source)
    assert lines["J"] == "(t @ np.logaddexp(-z, 0).T + (1 - t) @ np.logaddexp(z, 0).T) / m"
    assert lines["dZ"] == "(A - t) / m"


def test_smoothed_labels_keep_their_name():
    T = (0.9 * t + 0.05).named("T")
    A = tg.sigmoid(z).named("A")
    J = -tg.mean(T * np.log(A) + (1 - T) * np.log(1 - A))
    lines = _lines(tg.compile([z, t], [J.named("J"), tg.grad(J, z).named("dZ")]).source)
    assert lines["J"] == "np.mean(np.maximum(z, 0) - z * T + np.log1p(np.exp(-np.abs(z))))"
    assert lines["dZ"] == "(A - T) / m"


def test_the_next_values_of_parameters_are_called_by_their_names():
    w = tg.parameter(np.ones((1, 1)), "w")
    J = tg.mean((w * z - t) ** 2)
    lines = _lines(tg.compile([z, t], J, updates=tg.optim.adam(J, w)).source)
    assert lines["new_step_count"] == "step_count + 1"
    assert lines["new_first_moment_w"] == "0.9 * first_moment_w + (1 - 0.9) * dw"


def test_labels_as_numbers_are_printed_without_what_is_spread():
    J = SOFTMAX["labels as numbers, log of one"]
    lines = _lines(tg.compile([Z, y], [J, tg.grad(J, Z).named("dZ")]).source)
    assert lines["dZ"].endswith("scattered(np.ones((m,)), np.shape(P), np.s_[y, np.arange(m)])) / m")


@pytest.mark.parametrize("sigmoid", [tg.sigmoid, lambda Z: 1 / (1 + np.exp(-Z))], ids=["sigmoid", "written out"])
def test_a_hessian_is_finite_and_computes_once_what_no_row_changes(sigmoid):
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W = tg.parameter(np.ones((2, 1)), dims=("n_x", 1))
    A = sigmoid(np.dot(W.T, X)).named("A")
    J = -tg.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    program = tg.compile([X, Y], tg.hessian(J, W))
    at = np.array([[400.0, -400, 1], [400, -400, 0.5]])
    slope = np.exp(-1.5) / (1 + np.exp(-1.5)) ** 2
    expected = slope / 3 * np.outer([1, 0.5], [1, 0.5])
    np.testing.assert_allclose(program(at, [[1.0, 0, 1]]).reshape(2, 2), expected, rtol=1e-14)
    assert "A * (1 - A) / m" in program.source or "A * sigmoid(-" in program.source
    assert any("from turn to turn of a loop" in step.note for step in program.report)


def test_what_no_turn_of_a_loop_changes_is_brought_together():
    n, a, b = (tg.input(name, ()) for name in "nab")
    at = {n: 3.0, a: 5.0, b: 0.7}
    rows = (n * a * b, n / a / b, n * a / b, n / a * b, b * (a * n), b / (n * a), a / n * b)
    for row in rows:
        again = gathered(row, n, Sharing())
        assert again.eval(at) == pytest.approx(row.eval(at), rel=1e-15)
        assert gathered(again, n, Sharing()) is again
    assert [gathered(row, n, Sharing()) is not row for row in rows] == [True] * 5 + [False] * 2


def test_a_sign_stays_before_a_product_that_begins_with_what_takes_none():
    mask, count = tg.input("mask", (3,), bool), tg.input("count", (3,), np.uint8)
    x = tg.input("x", (3,))
    given = {"mask": np.array([True, False, True]), "count": np.array([1, 2, 3], np.uint8), "x": np.array([0.5, 1, 2])}
    for node in (-(mask * x), -(count * x), -(count / 2 * x), -(x * mask)):
        program = tg.compile([mask, count, x], node, simplify=False)
        space = {"np": np}
        exec(program.source, space)  # noqa: S102 - what is tested
        np.testing.assert_array_equal(space["step"](**given)[0], node.eval(given))


def test_a_parameter_that_gets_what_is_returned_and_was_never_read():
    x, w = tg.input("x", ()), tg.parameter(0.0)
    y = x * 2
    assert tg.compile([x], [y * y, y + 1], updates={w: y}).source.count("y = x * 2") == 1
    twice = tg.compile([x], np.exp(x * 3) + x * 3, updates={w: x * 3}).source
    assert "def step(x):" in twice


def test_what_is_scattered_is_not_divided_where_nothing_was_picked():
    x, v, i = tg.input("x", (4,)), tg.input("v", (2,)), tg.input("i", (2,), int)
    at = {x: [1.0, 0, 2, np.inf], v: [1.0, 3], i: [0, 2]}
    for J in (tg.sum(np.log(x[i])), tg.sum(v * np.log(x[i])), tg.sum(v / x[i]), tg.sum((v - v) * x[i])):
        dx = tg.grad(J, x)
        np.testing.assert_array_equal(tg.simplify(dx).eval(at), dx.eval(at))
