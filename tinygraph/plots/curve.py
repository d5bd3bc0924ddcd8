"""A function of one number, and its derivative, as points of a curve that is torn where it jumps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.compile.compile import compile
from tinygraph.derivatives import grad
from tinygraph.errors import NodeTypeError, ShapeError
from tinygraph.feeds import Array
from tinygraph.graph import Node, input
from tinygraph.notation import formula
from tinygraph.ops.reductions import sum

HALVINGS = 60
"""How often a step along x is halved: then it is so short that only a jump is still seen in it."""

SIDE = 1e-6
"""How far from a jump its two ends are drawn, in steps along x."""


@dataclass(frozen=True)
class Curve:
    """The points (x, y), with a NaN between the two ends of every jump.

    `ends` are those ends, (k, 2), and `stands` what the function is at the jump itself, (k, 2).
    """

    x: Array
    y: Array
    ends: Array
    stands: Array


def curves(function: Any, x: Array) -> tuple[str, Curve, Curve]:
    """How the function of z is written, its curve over x, and the curve of its derivative, which `tg.grad` takes.

    Raises `NodeTypeError` for what makes no node of a node, `ShapeError` for what mixes elements, and the errors of
    `tg.grad`.

    >>> import tinygraph as tg
    >>> written, a, da = curves(tg.relu, np.array([-1.0, 1.0]))
    >>> written, a.y, da.y
    ('relu(z)', array([0., 1.]), array([ 0.,  0., nan,  1.,  1.]))
    >>> da.ends.round(3) + 0.0, da.stands
    (array([[0., 0.],
           [0., 1.]]), array([[0., 0.]]))
    """
    z = input("z", ("n",))
    a = function(z) if callable(function) else None
    if not isinstance(a, Node):
        raise NodeTypeError(f"a curve needs a function that makes a node of a node, such as tg.relu, not {function!r}")
    name = getattr(function, "__name__", "<lambda>")
    written = formula(a, {}) if name == "<lambda>" else f"{name}(z)"
    if a.shape != z.shape:
        raise ShapeError(f"{written} has shape {a.shape} where z has {z.shape}: give what works element by element")
    program = compile(z, [a, grad(sum(a), z)])
    half = slice(len(x) // 2, None, -1)
    with np.errstate(all="ignore"):
        if not np.allclose(program(x[half])[0], program(x)[0][half], equal_nan=True):
            raise ShapeError(
                f"{written} mixes the elements of z, so it is no curve: give what works element by element"
            )
        return written, _torn(lambda x: program(x)[0], x), _torn(lambda x: program(x)[1], x)


def _torn(of: Callable[[Array], Array], x: Array) -> Curve:
    """The curve of a function; each step of x is halved, again and again, to where the function changes more."""
    y = of(x)
    left, right = x[:-1], x[1:]
    for _ in range(HALVINGS):
        middle = (left + right) / 2
        is_before = np.abs(of(middle) - of(left)) > np.abs(of(right) - of(middle))
        left, right = np.where(is_before, left, middle), np.where(is_before, middle, right)
    finite = y[np.isfinite(y)]
    highest = np.abs(finite).max(initial=0)
    least = 1e-6 * np.ptp(finite) + 1e-9 * highest if finite.size else np.inf
    jumps = np.abs(of(right) - of(left)) > least
    at = np.unique(((left + right)[jumps] / 2).round(12) + 0.0)
    beside = SIDE * (x[1] - x[0])
    sides = np.sort(np.concatenate([at - beside, at + beside]))
    kept = x[(np.abs(x - at[:, np.newaxis]) > beside).all(axis=0)]

    def seen(x: Array) -> Array:
        """The points at x that lie no higher than the rest: beside a pole they would."""
        return np.stack([x, of(x)], axis=-1)[np.abs(of(x)) <= highest]

    x = np.sort(np.concatenate([kept, sides, at]))
    return Curve(x, np.where(np.isin(x, at) | (np.abs(of(x)) > highest), np.nan, of(x)), seen(sides), seen(at))
