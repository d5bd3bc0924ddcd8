"""grad and vjp: structure, dtypes, and what has no derivative."""

from typing import NamedTuple

import numpy as np
import pytest

import tinygraph as tg

x, y = tg.input("x", (2,)), tg.input("y", (2,))
J = tg.sum(x * x * y)
feeds = {x: [1.0, 2.0], y: [3.0, 4.0]}
dx, dy = [6.0, 16.0], [1.0, 4.0]


class Pair(NamedTuple):
    first: object
    second: object


def _lists(values):
    return values.tolist()


def test_the_answer_has_the_structure_of_the_question():
    assert tg.grad(J, x).eval(feeds).tolist() == dx
    assert [g.eval(feeds).tolist() for g in tg.grad(J, [x, y])] == [dx, dy]
    assert isinstance(tg.grad(J, (x, y)), tuple)
    found = tg.evaluate(tg.grad(J, {"x": x, "rest": [y, (x,)]}), feeds)
    assert found["x"].tolist() == dx
    assert found["rest"][0].tolist() == dy
    assert found["rest"][1][0].tolist() == dx
    assert isinstance(tg.grad(J, Pair(x, y)), Pair)
    assert tg.grad(J, []) == []


def test_a_node_used_often_adds_up_all_its_gradients():
    z = x + x * x + x.reshape(2) * y
    assert tg.grad(tg.sum(z), x).eval(feeds).tolist() == [1 + 2 + 3, 1 + 4 + 4]


def test_with_respect_to_a_node_upstream_and_one_downstream_of_it():
    z = x * y
    total = tg.sum(z * z)
    dz, dx = tg.evaluate(tg.grad(total, (z, x)), feeds)
    assert dz.tolist() == [6, 16]
    assert dx.tolist() == [18, 64]


def test_what_J_does_not_depend_on_has_zeros_of_its_shape():
    W = tg.parameter(np.ones((2, 3), np.float32), dims=("n", 3))
    zeros = tg.grad(J, W)
    assert zeros.shape == ("n", 3)
    assert zeros.dtype == np.float32
    assert zeros.eval().tolist() == np.zeros((2, 3)).tolist()
    gate = tg.sum((x > 1) * 1.0)
    assert tg.grad(gate, x).eval(feeds).tolist() == [0, 0]


def test_J_with_respect_to_itself_is_one():
    assert tg.grad(J, J).eval() == 1


def test_a_cost_of_one_element_counts_as_a_number():
    cost = tg.sum(x * x).reshape(1, 1)
    assert tg.grad(cost, x).eval(feeds).tolist() == [2, 4]


def test_gradients_have_the_dtype_of_their_node():
    s = tg.input("s", ("n",), np.float32)
    d = tg.input("d", ("n",))
    both = tg.grad(tg.sum(s * d), (s, d))
    assert [g.dtype for g in both] == [np.float32, np.float64]


def test_vjp_is_the_gradient_of_g_times_Y():
    g = np.array([1.0, 10.0])
    assert tg.vjp(x * y, x, g).eval(feeds).tolist() == [3, 40]
    assert tg.vjp(x * y, x, y).eval(feeds).tolist() == [9, 16]


@pytest.mark.parametrize(
    ("ask", "error", "told"),
    [
        (lambda: tg.grad(x * y, x), tg.GradientError, r"x \* y \(2,\) is no single number"),
        (lambda: tg.grad(tg.sum(tg.input("i", (2,), int)), x), tg.DtypeError, "a derivative needs floats"),
        (lambda: tg.grad(J, tg.input("i", (2,), int)), tg.DtypeError, r"i \(2,\) is int64: a derivative needs floats"),
        (lambda: tg.grad(J, "x"), tg.NodeTypeError, "of a node and with respect to nodes, not str"),
        (lambda: tg.grad(3.0, x), tg.NodeTypeError, "not float"),
        (lambda: tg.grad(J, tg.input("X", ("m",)).shape[0]), tg.NodeTypeError, "not Size"),
        (lambda: tg.vjp(x * y, x, [1.0]), tg.ShapeError, "they must agree"),
    ],
)
def test_what_has_no_derivative_is_a_clear_error(ask, error, told):
    with pytest.raises(error, match=told):
        ask()
