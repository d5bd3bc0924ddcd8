"""grade marks what is right as right, and accuses of no slip that was not made; its gallery is docs/mistakes.md."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygraph as tg
from tinygraph.wrong_rules import LOCAL


@pytest.fixture
def model():
    """A network of two layers, with its derivatives by hand, in formulas."""
    rng = np.random.default_rng(3)
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    m = X.shape[1]
    W1, b1 = tg.parameter(rng.normal(size=(4, 3)), dims=("n_h", "n_x")), tg.parameter(np.zeros((4, 1)), dims=("n_h", 1))
    W2, b2 = tg.parameter(rng.normal(size=(1, 4)), dims=(1, "n_h")), tg.parameter(np.zeros((1, 1)))
    Z1 = W1 @ X + b1
    A1 = tg.relu(Z1)
    Z2 = W2 @ A1 + b2
    A2 = tg.sigmoid(Z2)
    J = tg.mean(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)))
    dZ2 = (A2 - Y) / m
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (Z1 > 0)
    sums = {"axis": 1, "keepdims": True}
    by_hand = {
        Z2: dZ2,
        W2: dZ2 @ A1.T,
        b2: np.sum(dZ2, **sums),
        A1: dA1,
        Z1: dZ1,
        W1: dZ1 @ X.T,
        b1: np.sum(dZ1, **sums),
    }
    feeds = {X: rng.normal(size=(3, 20)), Y: rng.integers(0, 2, (1, 20))}
    names = SimpleNamespace(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, Z1=Z1, A1=A1, Z2=Z2, A2=A2, J=J, m=m)
    return SimpleNamespace(**vars(names), by_hand=by_hand, feeds=feeds)


def test_what_is_right_is_marked_right_in_formulas_and_in_numbers(model):
    assert tg.grade(model.J, model.by_hand).is_right
    numbers = tg.evaluate(model.by_hand, model.feeds)
    found = tg.grade(model.J, numbers, model.feeds)
    assert found.is_right
    assert len(found.marks) == len(numbers)


def test_right_up_to_rounding_is_right(model):
    numbers = tg.evaluate(model.by_hand, model.feeds)
    narrow = {node: value.astype(np.float32) for node, value in numbers.items()}
    assert tg.grade(model.J, narrow, model.feeds).is_right
    J, W, feeds = model.J, model.W1, model.feeds
    h, dW = 1e-6, np.zeros((4, 3))
    for place in np.ndindex(4, 3):  # a learner's own differences
        step = np.zeros((4, 3))
        step[place] = h
        dW[place] = (J.eval({**feeds, W: W.value + step}) - J.eval({**feeds, W: W.value - step})) / (2 * h)
    assert tg.grade(J, {W: dW}, feeds).is_right


def test_the_1_m_may_come_in_at_any_later_step(model):
    by_hand = {node: given * model.m if node.args else given for node, given in model.by_hand.items()}
    assert tg.grade(model.J, by_hand).is_right
    lacking = {node: given * model.m for node, given in model.by_hand.items()}
    wrong = {mark.name for mark in tg.grade(model.J, lacking).marks if not mark.is_right}
    assert wrong == {"dW", "db"} or all("W" in name or "b" in name or "param" in name for name in wrong)


@given(st.integers(0, 2**32 - 1))
def test_numbers_that_no_slip_leads_to_are_accused_of_none(seed):
    rng = np.random.default_rng(seed)
    x, y = tg.input("x", (3, "m")), tg.input("y", (1, "m"))
    w, b = tg.parameter(rng.normal(size=(3, 1))), tg.parameter(rng.normal(size=(1, 1)))
    J = tg.mean((tg.sigmoid(w.T @ x + b) - y) ** 2)
    feeds = {x: rng.normal(size=(3, 7)), y: rng.normal(size=(1, 7))}
    right = tg.evaluate(tg.grad(J, {w: w, b: b}), feeds)
    for node, value in right.items():
        found = tg.grade(J, {node: value + rng.normal(scale=0.1, size=value.shape)}, feeds)
        (mark,) = (mark for mark in found.marks if mark.is_right is not None)
        assert not found.is_right
        assert mark.slips == ()
        assert "no known slip explains it" in mark.text


def test_one_wrong_element_is_found_and_shown(model):
    numbers = tg.evaluate(model.by_hand, model.feeds)
    numbers[model.W1][2, 1] += 0.5
    W1 = model.W1
    mark = next(mark for mark in tg.grade(model.J, numbers, model.feeds).marks if mark.name == "dW1")
    right = tg.grad(model.J, W1).eval(model.feeds)[2, 1]
    assert f"1 of 12 elements differ, the first at [2, 1]: {right + 0.5:.6g}, and right is {right:.6g}" in mark.text


OUT = {"power": lambda x: x**3, "multiply": lambda x: x * tg.tanh(x), "divide": lambda x: (x + 1) / x}
WRONG = [(name, index) for name, rules in LOCAL.items() for index in range(len(rules))]


@pytest.mark.parametrize(("name", "index"), WRONG, ids=[f"{name}-{index}" for name, index in WRONG])
def test_each_wrong_rule_that_is_known_is_named(name, index):
    place, wrong, told = LOCAL[name][index]
    w = tg.parameter(np.array([[0.3], [0.7], [1.4], [0.9]]))
    x = w + tg.input("x", (4, "m"))
    out = OUT.get(name, tg.graph.OPS[name])(x)
    J = tg.sum(out * np.array([[1.0], [-2.0], [3.0], [4.0]]))
    rules = list(out.op.vjps)
    rules[place] = wrong
    g = tg.grad(J, out)
    by_hand = 0
    for arg, rule in zip(out.args, rules, strict=True):
        if arg.args:
            by_hand = by_hand + tg.vjp(arg, w, rule(g, out, *out.args, **out.params))
    (mark,) = (mark for mark in tg.grade(J, {w: by_hand}).marks if mark.name == "dw")
    assert any(slip.startswith(told.split("{")[0]) for slip in mark.slips), mark.text


def test_parameters_that_start_at_zeros_hide_no_slip_of_a_formula():
    X, Y = tg.input("X", (3, "m")), tg.input("Y", (1, "m"))
    W = tg.parameter(np.zeros((3, 1)))
    A = tg.sigmoid(W.T @ X)
    J = tg.mean((A - Y) ** 2)
    wrong = 2 * X @ ((A - Y) * A * A).T / X.shape[1]  # at W = 0 the same as the right one
    mark = tg.grade(J, {W: wrong}).marks[-1]
    assert mark.is_right is False
    assert W.value.tolist() == np.zeros((3, 1)).tolist()


def test_a_number_counts_in_whatever_shape_it_stands(model):
    db2 = tg.grad(model.J, model.b2).eval(model.feeds)
    for number in (db2.item(), db2[0], db2):
        assert tg.grade(model.J, {model.b2: number}, model.feeds).is_right


def test_what_the_cost_does_not_depend_on_has_the_derivative_0(model):
    other = tg.parameter(np.ones(2), name="other")
    assert tg.grade(model.J, {other: np.zeros(2)}, model.feeds).is_right
    assert not tg.grade(model.J, {other: np.ones(2)}, model.feeds).is_right


def test_gradients_that_are_0_but_for_rounding_are_right():
    """At the optimum what adds up is large and its sum is noise, to which no tolerance can be relative."""
    rng = np.random.default_rng(0)
    X, Y = tg.input("X", ("m", 3)), tg.input("Y", ("m", 1))
    x, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 1))
    W = tg.parameter(np.linalg.lstsq(x, y, rcond=None)[0])
    E = X @ W - Y
    J = tg.mean(E**2)
    e = x @ W.value - y
    assert tg.grade(J, {W: 2 / 30 * x.T @ e}, {X: x, Y: y}).is_right
    assert not tg.grade(J, {W: 2 / 30 * x.T @ y}, {X: x, Y: y}).is_right


def test_a_transpose_is_named_whatever_rounding_did():
    rng = np.random.default_rng(0)
    x, w = tg.input("x", ("n", "m")), tg.parameter(rng.normal(size=(2, 4)), dims=(2, "n"))
    J = tg.mean(tg.tanh(w @ x) ** 2)
    for seed in range(20):
        feeds = {x: np.random.default_rng(seed).normal(size=(4, 7))}
        noisy = tg.grad(J, w).eval(feeds).T * (1 + 1e-14 * rng.normal())
        assert tg.grade(J, {w: noisy}, feeds).marks[-1].slips == ("it is transposed",)


def test_formulas_for_one_hot_labels_are_tried_with_such_labels():
    X, Y = tg.input("X", (3, "m")), tg.input("Y", (4, "m"))
    W = tg.parameter(np.zeros((4, 3)))
    m = X.shape[1]
    Z = W @ X
    A = tg.softmax(Z, axis=0)
    J = -tg.sum(Y * tg.log(A)) / m
    found = tg.grade(J, {Z: (A - Y) / m, W: (A - Y) @ X.T / m})
    assert found.is_right
    assert "right for Y one-hot along axis 0" in str(found)
    assert "the sign is wrong everywhere" in str(tg.grade(J, {W: (Y - A) @ X.T / m}))


def test_formulas_that_compare_labels_are_tried_with_0_and_1():
    X, Y = tg.input("X", (3, "m")), tg.input("Y", (1, "m"))
    W = tg.parameter(np.zeros((3, 1)))
    A = tg.sigmoid(W.T @ X)
    J = -tg.mean(Y * tg.log(A) + (1 - Y) * tg.log(1 - A))
    dA = tg.where(Y == 1, -1 / A, 1 / (1 - A)) / X.shape[1]
    assert "right for Y of 0 and 1" in str(tg.grade(J, {A: dA}))
    assert not tg.grade(J, {A: -dA}).is_right


def test_labels_of_plus_and_minus_1_hide_no_slip():
    X, Y = tg.input("X", (3, "m")), tg.input("Y", (1, "m"))
    W = tg.parameter(np.zeros((3, 1)))
    Z = W.T @ X
    J = tg.mean(tg.softplus(-Y * Z))
    m = X.shape[1]
    assert tg.grade(J, {W: -X @ (Y * tg.sigmoid(-Y * Z)).T / m}).is_right
    assert not tg.grade(J, {W: -X @ (Y * Y * tg.sigmoid(-Y * Z)).T / m}).is_right
    assert not tg.grade(J, {W: -X @ (Y * tg.sigmoid(-Z)).T / m}).is_right


def test_a_factor_in_the_middle_is_right_only_if_the_cost_has_it():
    X, Y, s = tg.input("X", (3, "m")), tg.input("Y", (1, "m")), tg.input("s", (1, "m"))
    W = tg.parameter(np.zeros((3, 1)))
    Z = W.T @ X
    E = Z - Y
    J = tg.sum(s * E**2) / tg.sum(s)
    dW = X @ (2 * s * E).T / tg.sum(s)
    assert "so it must come in later" in str(tg.grade(J, {E: 2 * s * E, W: dW}))
    for factor in (1.37, 2.0, 1e6):
        assert not tg.grade(J, {E: factor * 2 * s * E / tg.sum(s), W: dW}).is_right


def test_what_comes_after_a_right_one_is_not_blamed_on_what_was_wrong_before(model):
    by_hand = {**model.by_hand, model.A1: 3.3 * model.by_hand[model.A1], model.W1: -model.by_hand[model.W1]}
    marks = [mark for mark in tg.grade(model.J, by_hand).marks if mark.is_right is False]
    assert ["3.3 times too large" in mark.text for mark in marks] == [True, False]
    assert marks[1].slips == ("the sign is wrong everywhere",)


def test_labels_that_make_every_derivative_0_are_not_tried():
    X, Y = tg.input("X", (3, "m")), tg.input("Y", (1, "m"))
    W = tg.parameter(np.zeros((3, 1)))
    Z = W.T @ X
    J = tg.mean(tg.relu(1 - Y * Z))
    dZ = -Y * (Y * Z < 1) / X.shape[1]
    assert tg.grade(J, {W: X @ dZ.T}).is_right
    assert "the sign is wrong everywhere" in str(tg.grade(J, {W: -(X @ dZ.T)}))
    J = tg.mean(Z * Y * (1 - Y))
    assert tg.grade(J, {W: X @ (Y * (1 - Y)).T / X.shape[1]}).is_right
    assert not tg.grade(J, {W: X @ (Y * (Y - 1)).T / X.shape[1]}).is_right


@pytest.mark.parametrize(
    "write",
    [
        lambda E, m: tg.sum(E**2) / (2 * m),
        lambda E, m: 1 / (2 * m) * tg.sum(E**2),
        lambda E, m: 0.5 * tg.mean(E**2),
    ],
)
def test_the_notes_dZ_is_right_however_the_mean_is_written(write):
    X, Y = tg.input("X", (3, "m")), tg.input("Y", (1, "m"))
    W = tg.parameter(np.ones((3, 1)))
    m = X.shape[1]
    E = W.T @ X - Y
    J = write(E, m)
    assert tg.grade(J, {E: E, W: X @ E.T / m}).is_right
    assert "is the 1/m missing?" in str(tg.grade(J, {W: X @ E.T}))
    assert "is the 1/m in it twice?" in str(tg.grade(J, {W: X @ E.T / m / m}))


def test_a_1_m_that_was_there_may_not_go_again_nor_belong_to_a_part():
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W = tg.parameter(np.ones((3, 1)), dims=("n_x", 1))
    n_x, m = X.shape
    H = X * W
    P = tg.mean(H, axis=0, keepdims=True)
    J = tg.mean((P - Y) ** 2) + 0.1 / n_x * tg.sum(W**2)
    dP = 2 * (P - Y) / m
    assert tg.grade(J, {P: dP, H: tg.broadcast_to(dP / n_x, H.shape)}).is_right
    assert not tg.grade(J, {P: dP, H: tg.broadcast_to(dP, H.shape)}).is_right  # without the 1/n_x
    assert not tg.grade(J, {P: dP, H: tg.broadcast_to(dP * m / n_x, H.shape)}).is_right  # the 1/m of dP is gone
    assert not tg.grade(J, {P: dP * n_x}).is_right  # the penalty's count is no mean's


@pytest.mark.parametrize("f", [tg.relu, lambda z: tg.maximum(0, z), lambda z: tg.where(z > 0, z, 0)])
def test_either_choice_at_a_kink_is_right(f):
    X = tg.input("X", (3, "m"))
    W = tg.parameter(np.zeros((2, 3)))
    Z = W @ X
    J = tg.mean(f(Z) * X[:2])
    feeds = {X: np.arange(12.0).reshape(3, 4)}
    x = feeds[X]
    for slope in (0.0, 1.0):
        assert tg.grade(J, {W: slope * x[:2] @ x.T / 8}, feeds).is_right
    assert not tg.grade(J, {W: 0.7 * x[:2] @ x.T / 8}, feeds).is_right


def test_another_line_of_the_same_formula_stands_for_the_one_that_was_used(model):
    Z1 = model.W1 @ model.X + model.b1
    assert tg.grade(model.J, {Z1: model.by_hand[model.Z1]}).is_right
    (mark,) = tg.grade(model.J, {model.Z1 * 2: model.by_hand[model.Z1]}).marks
    assert mark.is_right is None
    assert mark.text == "J was not computed from this node: give one that was" or "was not computed" in mark.text


def test_a_formula_with_a_parameters_value_in_it_is_compared_at_that_value(model):
    dA1 = model.W2.value.T @ model.by_hand[model.Z2]
    assert tg.grade(model.J, {model.A1: dA1}).is_right


def test_where_the_right_derivative_is_no_number_nothing_is_said():
    X = tg.input("X", (1, "m"))
    A = tg.sigmoid(1000 * X)
    J = -tg.mean(tg.log(A))
    with pytest.warns(tg.NonFiniteWarning):
        (mark,) = tg.grade(J, {A: np.ones((1, 2))}, {X: [[-1.0, 1.0]]}).marks
    assert mark.is_right is None
    assert "can't be marked" in mark.text


def test_float32_is_held_to_what_float32_can_do():
    rng = np.random.default_rng(0)
    X = tg.input("X", (3, "m"), np.float32)
    W = tg.parameter(rng.normal(size=(3, 1)).astype(np.float32))
    J = tg.mean((W.T @ X) ** 2)
    x = rng.normal(size=(3, 2000)).astype(np.float32)
    dW = 2 * x @ (W.value.T @ x).T
    assert tg.grade(J, {W: dW / 2000}, {X: x}).is_right
    assert "is it divided by m - 1 instead of m?" in str(tg.grade(J, {W: dW / 1999}, {X: x}))


def test_nan_is_told_where_it_stands(model):
    given = tg.grad(model.J, model.W2).eval(model.feeds)
    given[0, 3] = np.nan
    assert "it is nan at [0, 3], where" in str(tg.grade(model.J, {model.W2: given}, model.feeds))


@pytest.mark.parametrize(
    ("ask", "error", "told"),
    [
        (
            lambda n: tg.grade(n.J, {n.W1: np.ones((4, 3))}),
            tg.FeedError,
            r"give those of X \(n_x, m\) and Y",
        ),
        (lambda n: tg.grade(n.J, {"W1": np.ones((4, 3))}), tg.NodeTypeError, r"by node, as in tg.grade\(J, \{W: dW"),
        (lambda n: tg.grade(n.J, [np.ones((4, 3))]), tg.NodeTypeError, "by node"),
        (lambda n: tg.grade(n.J, {}), tg.NodeTypeError, "there is no derivative to mark"),
        (lambda n: tg.grade(n.A2, {n.W1: np.ones((4, 3))}), tg.GradientError, "is no single number"),
        (lambda n: tg.grade(n.J, {n.W1: "text"}, n.feeds), tg.DtypeError, "takes real numbers"),
        (lambda n: tg.grade(n.J, {n.W1: None}, n.feeds), tg.DtypeError, "takes real numbers"),
    ],
)
def test_what_can_not_be_graded_is_a_clear_error(model, ask, error, told):
    with pytest.raises(error, match=told):
        ask(model)
