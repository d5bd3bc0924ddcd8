"""What reshaping, transposing and copying are good for: axes that come, go, change places or repeat."""

from typing import Any

import numpy as np

from tinygraph.errors import ShapeError
from tinygraph.graph import Node, answers, constant, op
from tinygraph.ops.shaping import (
    axis_number,
    axis_numbers,
    broadcast_like,
    of_sizes,
    reshape,
    same_dtype,
    spread_shape,
    transpose,
)


@answers(np.ravel)
def ravel(x: Any) -> Any:
    """The elements row by row, along one axis.

    >>> import tinygraph as tg
    >>> tg.ravel(tg.input("img", ("h", "w", 3))).shape
    (3*h*w,)
    """
    return reshape(x, -1)


@answers(np.expand_dims)
def expand_dims(x: Any, axis: Any) -> Any:
    """x with a new axis of size 1, or several, which stand at `axis` in the result.

    >>> import tinygraph as tg
    >>> tg.expand_dims(tg.input("x", ("n",)), 1).shape
    (n, 1)
    """
    old, axes = iter(np.shape(x)), axis if isinstance(axis, tuple | list) else (axis,)
    rank = np.ndim(x) + len(axes)
    new = axis_numbers(axes, rank)
    return reshape(x, tuple(1 if place in new else next(old) for place in range(rank)))


@answers(np.squeeze)
def squeeze(x: Any, axis: Any = None) -> Any:
    """x without its axes of size 1, or without those of them that are named.

    Raises `ShapeError` where a named axis has another size.

    >>> import tinygraph as tg
    >>> tg.squeeze(tg.input("A", (1, "m"))).shape
    (m,)
    """
    shape = np.shape(x)
    ones = tuple(place for place, size in enumerate(shape) if size == 1)
    gone = ones if axis is None else axis_numbers(axis, len(shape))
    for place in gone:
        if shape[place] != 1:
            raise ShapeError(f"axis {place} of {shape} has size {shape[place]}: only an axis of size 1 can go")
    return reshape(x, tuple(size for place, size in enumerate(shape) if place not in gone))


@answers(np.swapaxes)
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """x with two axes in each other's place.

    >>> import tinygraph as tg
    >>> tg.swapaxes(tg.input("x", ("a", "b", "c")), 0, -1).shape
    (c, b, a)
    """
    axes = list(range(np.ndim(x)))
    one, other = (axis_number(axis, len(axes)) for axis in (axis1, axis2))
    axes[one], axes[other] = other, one
    return transpose(x, tuple(axes))


@answers(np.moveaxis)
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """x with an axis, or several, moved to other places; the rest keep their order.

    >>> import tinygraph as tg
    >>> tg.moveaxis(tg.input("images", ("m", "h", "w", 3)), -1, 1).shape
    (m, 3, h, w)
    """
    rank = np.ndim(x)
    moved, places = axis_numbers(source, rank), axis_numbers(destination, rank)
    if len(moved) != len(places):
        raise ShapeError(f"{len(moved)} axes can't be moved to {len(places)} places")
    axes = [axis for axis in range(rank) if axis not in moved]
    for place, axis in sorted(zip(places, moved, strict=True)):
        axes.insert(place, axis)
    return transpose(x, tuple(axes))


@op(
    lambda g, out, x, shape: g,
    settle=lambda old, shape: {"shape": of_sizes(shape)},
    shape=lambda old, shape: spread_shape(old, shape),
    dtype=same_dtype,
    board=lambda x, shape: x.as_seen(),
    numpy=np.broadcast_to,
)
def broadcast_to(x: Any, shape: Any) -> Any:
    """x copied along every axis that the shape has and x has not, or has with size 1.

    Raises `ShapeError` where x doesn't spread to that shape.

    >>> import tinygraph as tg
    >>> tg.broadcast_to([1, 2, 3], (2, 3))
    array([[1, 2, 3],
           [1, 2, 3]])
    """
    return np.broadcast_to(x, tuple(max(size, 0) for size in shape))  # of nothing, x[1:] takes nothing


@answers(np.tile)
def tile(x: Any, reps: Any) -> Any:
    """x laid out again and again: so many times along each axis, the last number for the last axis.

    >>> import tinygraph as tg
    >>> tg.tile([1, 2], 2), tg.tile([1, 2], (2, 1))
    (array([1, 2, 1, 2]), array([[1, 2],
           [1, 2]]))
    """
    reps = tuple(reps) if isinstance(reps, tuple | list | np.ndarray) else (reps,)
    rank = max(len(reps), np.ndim(x))
    sizes = (1,) * (rank - np.ndim(x)) + tuple(np.shape(x))
    times = (1,) * (rank - len(reps)) + reps
    pairs = tuple(zip(times, sizes, strict=True))
    apart = reshape(x, tuple(entry for _, size in pairs for entry in (1, size)))
    whole = broadcast_to(apart, tuple(entry for pair in pairs for entry in pair))
    return reshape(whole, tuple(time * size for time, size in pairs))


@answers(np.zeros_like)
def zeros_like(x: Any) -> Any:
    """Zeros of the shape and dtype of x.

    >>> import tinygraph as tg
    >>> tg.zeros_like(tg.input("W", ("n_x", 1))).shape
    (n_x, 1)
    """
    return _filled_like(x, 0)


@answers(np.ones_like)
def ones_like(x: Any) -> Any:
    """Ones of the shape and dtype of x.

    >>> import tinygraph as tg
    >>> tg.ones_like([1.5, 2.5])
    array([1., 1.])
    """
    return _filled_like(x, 1)


def _filled_like(x: Any, number: int) -> Any:
    x = x if isinstance(x, Node) else np.asarray(x)
    return broadcast_like(constant(x.dtype.type(number)) if isinstance(x, Node) else x.dtype.type(number), x)
