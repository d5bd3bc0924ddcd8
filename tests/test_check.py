"""check_grad passes what is right, and finds what is wrong, down to the op."""

import numpy as np
import pytest

import tinygraph as tg


@pytest.fixture
def planted(monkeypatch):
    """Replace one derivative rule of an op for the length of a test."""

    def plant(op, index, rule):
        rules = list(op.vjps)
        rules[index] = rule
        monkeypatch.setattr(op, "vjps", tuple(rules))

    return plant


def test_the_notes_model_passes_for_every_node_of_it(notes):
    table = str(tg.check_grad(notes.J, [notes.W, notes.b, notes.X, notes.Z, notes.A, notes.L]))
    assert table.count("right") == 6
    assert "samples (seed 0): X (3, 4), Y (1, 4)" in table


def test_the_table_tells_node_op_and_the_worst_element(notes):
    W, J = notes.W, notes.J
    found = tg.check_grad(J, W, {notes.X: np.ones((3, 2)), notes.Y: np.ones((1, 2))})
    head, row = str(found).splitlines()
    assert head.split() == ["node", "op", "shape", "worst", "at", "analytic", "numeric", "relative", "error"]
    assert row.startswith("W     parameter  (n_x, 1)  [")
    ((_, _, comparison),) = found.comparisons
    dW = tg.grad(J, W).eval(X=np.ones((3, 2)), Y=np.ones((1, 2)))
    assert comparison.analytic == dW[comparison.worst]
    assert abs(comparison.analytic - comparison.numeric) <= comparison.tolerance * np.max(np.abs(dW))


@pytest.mark.parametrize(
    ("op", "index", "rule", "told"),
    [
        (tg.log, 0, lambda g, out, x: -g / x, "log for its argument 0"),
        (tg.multiply, 1, lambda g, out, x, y: g * y, "multiply for its argument 1"),
        (tg.sigmoid, 0, lambda g, out, x: g * out, "sigmoid for its argument 0, Z"),
        (tg.matmul, 0, lambda g, out, x, y: 1.001 * (g @ y.T), "matmul for its argument 0, W.T"),
        (tg.mean, 0, lambda g, out, x, axis, keepdims: tg.broadcast_like(g, x), "mean for its argument 0, L"),
    ],
)
def test_a_planted_wrong_rule_is_found_and_named(notes, planted, op, index, rule, told):
    J, L, Z, W = notes.J, notes.L, notes.Z, notes.W  # noqa: F841 (their names are looked up)
    planted(op, index, rule)
    with pytest.raises(tg.GradientError, match=told) as caught:
        tg.check_grad(J, W)
    assert str(caught.value).splitlines()[-2].endswith("wrong")


def test_a_kink_is_told_and_blamed_on_nobody():
    x = tg.input("x", (3,))
    assert "right, but for 1 at a kink" in str(tg.check_grad(tg.sum(tg.relu(x)), x, {x: [0.0, 1.0, -1.0]}))
    W, X = tg.parameter(np.zeros((2, 1))), tg.constant(np.ones((2, 3)))
    H = tg.relu(W.T @ X)
    tg.check_grad(tg.mean(H + H * H), W)


def test_a_wrong_rule_beside_a_kink_is_still_found(planted):
    x = tg.input("x", (3,))
    planted(tg.relu, 0, lambda g, out, x: 1.1 * g * (x > 0))
    with pytest.raises(tg.GradientError, match="relu for its argument 0"):
        tg.check_grad(tg.sum(tg.relu(x)), x, {x: [0.0, 1.0, -1.0]})


@pytest.mark.parametrize("f", [lambda x: x**2, lambda x: x**4, lambda x: (x - 1e-8) ** 2, lambda x: 1 - tg.exp(-x * x)])
def test_the_bottom_of_a_valley_is_no_kink(f):
    x = tg.input("x", ())
    assert "kink" not in str(tg.check_grad(f(x), x, {x: 0.0}))


@pytest.mark.parametrize("at", [1e-6, 1e-4, 1e-3, 1.0, 1e6])
def test_a_sharp_bend_is_followed_with_shorter_steps(at):
    x = tg.input("x", ())
    assert "right" in str(tg.check_grad(tg.log(x), x, {x: at}))


def test_a_function_too_rough_for_any_step_is_blamed_on_no_rule():
    x = tg.input("x", (2,))
    assert "no step is small enough at every element" in str(
        tg.check_grad(tg.sum(tg.sin(1e13 * x)), x, {x: [0.3, 0.7]})
    )
    some = tg.sum(tg.sin(np.array([1.0, 1e13]) * x))
    assert "right, but for 1 where no step is small enough" in str(tg.check_grad(some, x, {x: [0.3, 0.7]}))


def test_a_wrong_rule_of_a_rough_function_is_still_found(planted):
    x = tg.input("x", ())
    planted(tg.sin, 0, lambda g, out, x: g * tg.sin(x))
    with pytest.raises(tg.GradientError, match="sin for its argument 0"):
        tg.check_grad(tg.sin(1e6 * x), x, {x: 0.3})


@pytest.mark.parametrize(
    ("f", "at", "told"),
    [
        (tg.log, [-1.0, 1.0], r"sum\(f\(x\)\)|sum\(log\(x\)\) is not finite .* log\(x\) is nan at \[0\]"),
        (lambda x: tg.where(x > 0, tg.sqrt(x), 0), [1.0, -1.0], r"the derivative of .* sqrt\(x\) is nan at \[1\]"),
        (tg.sqrt, [0.0, 1.0], r"the derivative of .* is inf at \[0\]. Feed values where it is a number"),
    ],
)
@pytest.mark.filterwarnings("ignore::tinygraph.NonFiniteWarning")
def test_where_there_is_no_number_no_rule_is_blamed(f, at, told):
    x = tg.input("x", (2,))
    with pytest.raises(tg.GradientError, match=told) as caught:
        tg.check_grad(tg.sum(f(x)), x, {x: at})
    assert "at fault" not in str(caught.value)


def test_kinks_alone_show_no_numbers():
    x = tg.input("x", (2,))
    row = str(tg.check_grad(tg.sum(tg.relu(x)), x, {x: [0.0, 0.0]})).splitlines()[1]
    assert row.split(maxsplit=3)[3] == "can't be told: a kink at every element"


def test_large_values_do_not_hide_their_derivative():
    x = tg.input("x", ())
    assert str(tg.check_grad(x * x, x, {x: 1e10})).endswith("right")


def test_the_coarsest_dtype_on_the_way_sets_the_tolerance(rng):
    x = tg.input("x", (5,))
    narrow = tg.astype(x, np.float32)
    tg.check_grad(tg.sum(tg.tanh(narrow)), x, {x: rng.normal(size=5)})
    tg.check_grad(tg.sum(tg.tanh(narrow) * rng.normal(size=5)), x, {x: rng.normal(size=5)})


def test_float32_is_held_to_what_float32_can_do():
    x = tg.input("x", (3,), np.float32)
    assert "right" in str(tg.check_grad(tg.sum(tg.tanh(x) * x), x, {x: np.float32([0.5, -1, 2])}))


def test_large_arrays_are_sampled_and_the_table_says_so():
    x = tg.parameter(np.linspace(0, 1, 2500))
    assert "1000 of 2500" in str(tg.check_grad(tg.sum(x * x), x))


def test_a_derivative_that_rounding_hides_is_not_called_right():
    x = tg.input("x", ())
    assert "too small for differences to tell" in str(tg.check_grad(1e-12 * tg.tanh(x), x, {x: 0.5}))


def test_a_cost_of_shape_1_1_and_an_empty_node():
    x, e = tg.input("x", (1, 1)), tg.input("e", (0,))
    J = x * x + tg.sum(e)
    assert str(tg.check_grad(J, [x, e], {x: [[2.0]], e: []})).count("right") == 2


def test_samples_lie_where_every_op_is_defined():
    x, y = tg.input("x", ("n",)), tg.input("y", ("n",))
    J = tg.sum(tg.log(x) * tg.log(1 - tg.log(y + 1) ** 2) ** 2)
    assert str(tg.check_grad(J, [x, y])).count("right") == 2
    with pytest.raises(tg.FeedError, match="give feeds="):
        tg.check_grad(tg.sum(tg.log(-(x * x))), x)
