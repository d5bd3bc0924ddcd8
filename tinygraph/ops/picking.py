"""Elements picked by their place along an axis: in another order, in part, or more than once."""

from typing import Any

import numpy as np

from tinygraph.errors import ShapeError
from tinygraph.graph import ARANGE, Node, answers
from tinygraph.ops.elementwise import not_equal, subtract
from tinygraph.ops.indexing import index
from tinygraph.ops.shaping import axis_number, axis_numbers, in_shape, reshape
from tinygraph.sizes import Size


def arange(size: Any) -> Any:
    """The whole numbers from 0 up to that size.

    >>> import tinygraph as tg
    >>> A, y = tg.input("A", (10, "m")), tg.input("y", ("m",), int)
    >>> A[y, tg.arange(A.shape[1])]  # of each column, the element that y tells
    <A[y, arange(m)] (m,) float64>
    """
    if isinstance(size, Size):
        return Node(ARANGE, (), {"size": size}, (size,), np.int64)
    return np.arange(size)


@answers(np.take)
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements at these places along an axis, or of all elements row by row.

    >>> import tinygraph as tg
    >>> tg.take([[1, 2, 3], [4, 5, 6]], [2, 0], axis=1)
    array([[3, 1],
           [6, 4]])
    """
    if axis is None:
        return index(reshape(x, -1), indices)
    return index(x, (*[slice(None)] * axis_number(axis, np.ndim(x)), indices))


@answers(np.take_along_axis)
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """For each place of `indices`, the element of x that it tells along the axis: what argmax found, for instance.

    >>> import tinygraph as tg
    >>> tg.take_along_axis([[1, 2, 3], [4, 5, 6]], [[2], [0]], axis=1)
    array([[3],
           [4]])
    """
    if axis is None:
        return take(x, indices)
    rank = np.ndim(x)
    axis = axis_number(axis, rank)
    if np.ndim(indices) != rank:
        raise ShapeError(
            f"the places need the {rank} axes of the array, and have {np.ndim(indices)}: say keepdims=True"
        )
    rows = [
        reshape(arange(size), (*[1] * place, size, *[1] * (rank - place - 1))) for place, size in enumerate(np.shape(x))
    ]
    return index(x, (*rows[:axis], indices, *rows[axis + 1 :]))


@answers(np.flip)
def flip(x: Any, axis: Any = None) -> Any:
    """x with its elements in reversed order along an axis, several, or all.

    >>> import tinygraph as tg
    >>> tg.flip([[1, 2], [3, 4]], axis=1)
    array([[2, 1],
           [4, 3]])
    """
    rank = np.ndim(x)
    turned = range(rank) if axis is None else axis_numbers(axis, rank)
    return index(x, tuple(slice(None, None, -1 if place in turned else None) for place in range(rank)))


@answers(np.diff)
def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """The difference of each element and the one before it along an axis, n times over.

    >>> import tinygraph as tg
    >>> tg.diff([1, 4, 9, 16]), tg.diff([1, 4, 9, 16], 2)
    (array([3, 5, 7]), array([2, 2]))
    """
    x = x if isinstance(x, Node) else np.asarray(x)
    before = [slice(None)] * axis_number(axis, x.ndim)
    change = not_equal if x.dtype.kind == "b" else subtract
    for _ in range(n):
        x = change(index(x, (*before, slice(1, None))), index(x, (*before, slice(None, -1))))
    return x


@answers(np.roll)
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """x with its elements moved on by so many places, and those beyond the end come back at the start.

    >>> import tinygraph as tg
    >>> tg.roll([1, 2, 3, 4], 1)
    array([4, 1, 2, 3])
    """
    if axis is None:
        return in_shape(roll(reshape(x, -1), shift, 0), np.shape(x))
    axes = [axis_number(one, np.ndim(x)) for one in (axis if isinstance(axis, tuple | list) else (axis,))]
    shifts = list(shift) if isinstance(shift, tuple | list) else [shift]
    count = max(len(axes), len(shifts))
    for place, by in zip(axes * (count // len(axes)), shifts * (count // len(shifts)), strict=True):
        size = np.shape(x)[place]
        x = take(x, (arange(size) - by) % size, place)
    return x


@answers(np.split)
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> tuple[Any, ...]:
    """x cut along an axis, into so many equal parts or before each of these places: a tuple of nodes.

    Raises `ShapeError` where the parts would not be equal.

    >>> import tinygraph as tg
    >>> left, right = tg.split(tg.input("X", (4, "m")), 2)
    >>> left.shape, [part.shape for part in tg.split(tg.input("x", ("n",)), [1, 3])]
    ((2, m), [(1,), (2,), (n - 3,)])
    """
    axis = axis_number(axis, np.ndim(x))
    size = np.shape(x)[axis]
    if isinstance(indices_or_sections, int | np.integer):
        each = size // indices_or_sections
        if each * indices_or_sections != size:
            raise ShapeError(f"{size} elements can't be split into {indices_or_sections} equal parts")
        bounds = [each * place for place in range(1, indices_or_sections)]
    else:
        bounds = list(indices_or_sections)
    before = [slice(None)] * axis
    return tuple(
        index(x, (*before, slice(start, stop))) for start, stop in zip([None, *bounds], [*bounds, None], strict=True)
    )


@answers(np.repeat)
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """x with each element so many times in a row, along an axis or of all elements row by row.

    `repeats` is a number, or a number for each place along the axis.

    >>> import tinygraph as tg
    >>> tg.repeat([1, 2], 2), tg.repeat([1, 2], [3, 1])
    (array([1, 1, 2, 2]), array([1, 1, 1, 2]))
    """
    if axis is None:
        return repeat(reshape(x, -1), repeats, 0)
    size = np.shape(x)[axis_number(axis, np.ndim(x))]
    if isinstance(repeats, int | Size):
        return take(x, arange(size * repeats) // repeats if repeats != 0 else np.zeros(0, int), axis)
    if isinstance(size, Size):
        raise ShapeError(f"{size} elements can't be repeated each by a number of its own: say one number for all")
    return take(x, np.repeat(np.arange(size), repeats), axis)
