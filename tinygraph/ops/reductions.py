"""Ops that take axes together."""

from typing import Any

import numpy as np

from tinygraph.errors import ShapeError
from tinygraph.graph import op
from tinygraph.ops.shaping import axis_number, broadcast_like, reshape
from tinygraph.sizes import Shape, product


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that are taken together, each counted from 0."""
    chosen = tuple(range(rank)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    found = tuple(axis_number(number, rank) for number in chosen)
    if len(set(found)) < len(found):
        raise ShapeError(f"axis {axis} names an axis twice")
    return found


def _counted_from_0(shape: Shape, axis: Any, keepdims: Any) -> dict[str, Any]:
    found = _axes(axis, len(shape))
    settled = None if axis is None else found if isinstance(axis, tuple) else found[0]
    return {"axis": settled, "keepdims": bool(keepdims)}


def _with_ones(shape: Shape, axis: Any) -> Shape:
    return tuple(1 if number in _axes(axis, len(shape)) else size for number, size in enumerate(shape))


def _reduced(shape: Shape, axis: Any, keepdims: bool) -> Shape:
    if keepdims:
        return _with_ones(shape, axis)
    return tuple(size for number, size in enumerate(shape) if number not in _axes(axis, len(shape)))


def _count(x: Any, axis: Any) -> Any:
    return product(tuple(x.shape[number] for number in _axes(axis, len(x.shape))))


def _spread(g: Any, x: Any, axis: Any) -> Any:
    """g over the axes of x that were taken together."""
    return broadcast_like(g if g.shape == () else reshape(g, _with_ones(x.shape, axis)), x)


@op(
    lambda g, out, x, axis, keepdims: _spread(g, x, axis),
    settle=_counted_from_0,
    shape=_reduced,
    latex=r"\sum {0}",
    numpy=np.sum,
)
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over one axis, a tuple of axes, or all; `keepdims` leaves each with size 1.

    Raises `ShapeError` for an axis that the array does not have.

    >>> import tinygraph as tg
    >>> dZ = tg.input("dZ", (1, "m"))
    >>> tg.sum(dZ, axis=1, keepdims=True)
    <sum(dZ, axis=1, keepdims=True) (1, 1) float64>
    """
    return np.sum(x, axis=axis, keepdims=keepdims)


@op(
    lambda g, out, x, axis, keepdims: _spread(g / _count(x, axis), x, axis),
    settle=_counted_from_0,
    shape=_reduced,
    latex=r"\operatorname{{mean}}\left({0}\right)",
    numpy=np.mean,
)
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over one axis, a tuple of axes, or all; `keepdims` leaves each with size 1.

    Its gradient brings in the 1/m of the notes, as a size that is known by name until data is fed.

    >>> import tinygraph as tg
    >>> L = tg.input("L", (1, "m"))
    >>> tg.grad(tg.mean(L), L)
    <broadcast_like(1.0 / m, L) (1, m) float64>
    """
    return np.mean(x, axis=axis, keepdims=keepdims)
