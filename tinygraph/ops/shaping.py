"""Ops that move elements around, and compute nothing."""

from typing import Any

import numpy as np

from tinygraph.calls import call
from tinygraph.errors import ShapeError
from tinygraph.formulas import Formula
from tinygraph.graph import op
from tinygraph.sizes import Entry, Shape, Size, broadcast, product


def axis_number(axis: Any, rank: int) -> int:
    """The axis counted from 0, where it may be counted from the end; raises `ShapeError` where there is none."""
    if not isinstance(axis, int | np.integer):
        raise ShapeError(f"an axis is a whole number, not {axis!r}")
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} does not exist: the array has {rank} {'axis' if rank == 1 else 'axes'}")
    return int(axis) % rank


def axis_numbers(axes: Any, rank: int) -> tuple[int, ...]:
    """One axis or a tuple of them, each counted from 0; raises `ShapeError` where one is named twice."""
    found = tuple(axis_number(axis, rank) for axis in (axes if isinstance(axes, tuple | list) else (axes,)))
    if len(set(found)) < len(found):
        raise ShapeError(f"axis {axes} names an axis twice")
    return found


def same_dtype(x: Any, *_: Any, **__: Any) -> Any:
    """The dtype rule of every op that moves its first argument's elements and changes none."""
    return np.dtype(x)


def of_sizes(shape: Any, least: int = 0) -> Shape:
    """The shape as a tuple; raises `ShapeError` where an entry is no size."""
    shape = shape if isinstance(shape, tuple) else (shape,)
    for size in shape:
        if not isinstance(size, Size) and (not isinstance(size, int) or size < least):
            raise ShapeError(f"{size!r} is no size: a size is a whole number from 0 on, or one such as X.shape[0]")
    return shape


def _filled(old: Shape, shape: Any) -> dict[str, Any]:
    """The new shape with every size in it; -1 is what remains of the elements."""
    shape = of_sizes(shape, least=-1)
    if shape.count(-1) > 1:
        raise ShapeError(f"the new shape {shape} leaves more than one size open with -1")
    if -1 not in shape:
        return {"shape": shape}
    place = shape.index(-1)
    given, total = product((*shape[:place], *shape[place + 1 :])), product(old)
    if given == 0 or (isinstance(given, int) and isinstance(total, int) and total % given):
        raise ShapeError(f"{total} elements can't fill the new shape {shape}")
    return {"shape": (*shape[:place], total // given, *shape[place + 1 :])}


def _reshaped(old: Shape, shape: Any) -> Shape:
    total = product(old)
    if product(shape) != total and not _is_rest(total, shape) and not _is_rest(product(shape), old):
        raise ShapeError(f"{total} elements can't fill the new shape {shape}, which has {product(shape)}")
    return shape


def _is_rest(total: Entry, shape: Shape) -> bool:
    """Whether a size is what -1 made of it: total // others, which comes out even only when data is fed."""
    others = (product((*shape[:place], *shape[place + 1 :])) for place in range(len(shape)))
    return any(size == total // rest for size, rest in zip(shape, others, strict=True) if isinstance(size, Size))


def _on_board(x: Formula, shape: Shape) -> Formula:
    """Axes of size 1 come and go without a word, as on a blackboard; numbers along one axis alone are its index."""
    places = [place for place, size in enumerate(shape) if size != 1]
    if x.text.startswith("arange(") and 1 < len(shape) <= len(INDICES) and len(places) == 1:
        return Formula.name(INDICES[places[0]])
    return x.as_seen() if _without_ones(x.shape) == _without_ones(shape) else call("reshape", [x], f", {shape}")


INDICES = "ijkl"


def _without_ones(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


@op(
    lambda g, out, x, shape: reshape(g, x.shape),
    settle=_filled,
    shape=_reshaped,
    dtype=same_dtype,
    board=_on_board,
    numpy=np.reshape,
)
def reshape(x: Any, shape: Any) -> Any:
    """The same elements, row by row, in another shape; one size may be -1, which is then what remains.

    Raises `ShapeError` where the elements don't fill the new shape.

    >>> import tinygraph as tg
    >>> images = tg.input("images", ("m", "h", "w", 3))
    >>> m = images.shape[0]
    >>> images.reshape(m, -1).T.shape
    (3*h*w, m)
    """
    return np.reshape(x, shape)


def in_shape(x: Any, shape: Shape) -> Any:
    """x in that shape, which it may have already; for nodes and for arrays."""
    return x if x.shape == shape else reshape(x, shape)


def _reordering(shape: Shape, axes: Any) -> dict[str, Any]:
    """The axes counted from 0; None where they are just reversed."""
    rank = len(shape)
    if axes is None:
        return {"axes": None}
    found = tuple(axis_number(axis, rank) for axis in (axes if isinstance(axes, tuple) else (axes,)))
    if sorted(found) != list(range(rank)):
        raise ShapeError(f"axes {axes} are no reordering of the {rank} axes of {shape}")
    return {"axes": None if found == tuple(reversed(range(rank))) else found}


def _turned_on_board(x: Formula, axes: Any) -> Formula:
    """ᵀ where the last two axes change places; a vector on a blackboard has one axis, and is turned by no transpose."""
    same = tuple(range(len(x.shape)))
    order = same[::-1] if axes is None else axes
    is_vector = x.seen not in (None, x.shape) and len(_without_ones(x.seen)) < 2
    if order == same or is_vector:
        return x.as_seen()
    if order == (*same[:-2], *same[:-3:-1]):
        return x.T
    return call("transpose", [x], "" if axes is None else f", {axes}")


def _inverse(axes: Any) -> Any:
    return axes and tuple(axes.index(axis) for axis in range(len(axes)))


@op(
    lambda g, out, x, axes: transpose(g, _inverse(axes)),
    settle=_reordering,
    shape=lambda shape, axes: shape[::-1] if axes is None else tuple(shape[axis] for axis in axes),
    dtype=same_dtype,
    label=lambda axes: "{0}.T" if axes is None else f"{{0}}.transpose{axes}",
    board=_turned_on_board,
    numpy=np.transpose,
)
def transpose(x: Any, axes: Any = None) -> Any:
    """The array with its axes in reversed order, or in the order of `axes`.

    Raises `ShapeError` where `axes` doesn't name each axis once.

    >>> import tinygraph as tg
    >>> tg.input("W", ("n_x", 1)).T
    <W.T (1, n_x) float64>
    """
    return np.transpose(x, axes)


def spread_shape(shape: Shape, like: Shape) -> Shape:
    """The shape that x is copied to, where it can be."""
    if broadcast(shape, like) != like:
        raise ShapeError(f"an array of shape {shape} does not spread to {like}")
    return like


@op(lambda g, out, x, like: g, None, shape=spread_shape, dtype=same_dtype, board=lambda x, like: x.as_seen())
def broadcast_like(x: Any, like: Any) -> Any:
    """x copied along every axis that `like` has and x has not, or has with size 1: a row down, a column across.

    It takes an array to be like, where NumPy's broadcast_to takes a shape, so that it needs to know no size.
    Raises `ShapeError` where x doesn't spread to that shape.

    >>> import numpy as np, tinygraph as tg
    >>> tg.broadcast_like(np.array([[1, 2, 3]]), np.zeros((2, 3)))
    array([[1, 2, 3],
           [1, 2, 3]])
    """
    return np.broadcast_to(x, np.shape(like))
