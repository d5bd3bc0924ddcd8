"""Nodes are called by the reader's own variables, and formulas have the brackets they need and no others."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.notation import LIBRARIES, caller_names, expression, formula

x, y = tg.input("x", ("n",)), tg.input("y", ("n",))
cube = tg.input("cube", (2, 3, 4))


@pytest.mark.parametrize(
    ("node", "label"),
    [
        (x + y, "x + y"),
        ((x + y) * y, "(x + y) * y"),
        (x + y * y, "x + y * y"),
        (x - (y - x), "x - (y - x)"),
        (x - y - x, "x - y - x"),
        (x / (y / x), "x / (y / x)"),
        (-(x + y), "-(x + y)"),
        (-x * y, "-x * y"),
        ((-x) ** 2, "(-x) ** 2"),
        (x ** (y + 1), "x ** (y + 1)"),
        (x * -2, "x * (-2)"),
        ((x**y) ** x, "(x ** y) ** x"),
        ((x < y) + x, "(x < y) + x"),
        ((x < y) == x, "(x < y) == x"),
        (x + y < x, "x + y < x"),
        (cube.T, "cube.T"),
        (cube.mT, "cube.transpose(0, 2, 1)"),
        (tg.exp(x + y), "exp(x + y)"),
        (tg.log(1 - x), "log(1 - x)"),
        (tg.sum(x, axis=0), "sum(x, axis=0)"),
        (tg.sum(x + y), "sum(x + y)"),
        ((x + y).T, "(x + y).T"),
        (tg.leaky_relu(x, 0.5), "leaky_relu(x, slope=0.5)"),
        (x / x.shape[0], "x / n"),
        (x * (x.shape[0] + 1), "x * (n + 1)"),
        (tg.where(x > 0, x, 0), "where(x > 0, x, 0)"),
    ],
)
def test_formulas(node, label):
    assert expression(node, {}, depth=5) == label


def test_names_come_from_the_callers_variables_and_an_explicit_name_wins():
    Z = x + y
    A = (x * y).named("B")
    assert formula(Z, caller_names()) == "Z"
    assert formula(Z + A, caller_names()) == "Z + B"
    names = caller_names()
    assert names[x] == "x"
    _hidden = x - y
    assert formula(_hidden, caller_names()) == "x - y"


def test_errors_in_a_function_use_the_functions_own_names():
    def loss(weights):
        return weights @ tg.input("data", ("k",))

    with pytest.raises(tg.ShapeError, match=r"weights \(2, 3\) @ data \(k,\)"):
        loss(tg.parameter(np.zeros((2, 3))))


def test_a_global_that_a_local_hides_names_nothing():
    assert formula(x, caller_names()) == "x"
    cube = tg.parameter(1.0)
    assert caller_names()[cube] == "cube"
    assert globals()["cube"] not in caller_names()


def test_files_beside_the_library_are_the_readers_own():
    """Only what lies inside the package counts as the package, not a neighbour whose name begins like it."""
    code = "names = caller_names()"
    beside = LIBRARIES[0].rstrip("/") + "_demo.py"
    scope = {"caller_names": caller_names, "Z": x + y}
    exec(compile(code, beside, "exec"), scope)  # noqa: S102
    assert scope["names"][scope["Z"]] == "Z"


def test_what_lies_deep_is_left_out():
    z = x
    for _ in range(1000):
        z = z * y + 1
    assert "…" in formula(z, {x: "x", y: "y"})
    assert len(repr(z)) < 200
