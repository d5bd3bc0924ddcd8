"""Arrays put together: end to end, on top of each other, and with a border."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygraph.calls import call
from tinygraph.errors import ShapeError
from tinygraph.graph import answers, op
from tinygraph.ops.axes import expand_dims
from tinygraph.ops.indexing import index
from tinygraph.ops.shaping import axis_number, reshape, same_dtype
from tinygraph.sizes import Entry, Shape, Size, SizeMismatchError


def _joined(first: Shape, *rest: Shape, axis: int) -> Shape:
    total = first[axis]
    for shape in rest:
        if len(shape) != len(first):
            raise ShapeError(f"arrays of {len(first)} and of {len(shape)} axes can't be put end to end")
        for place, (one, other) in enumerate(zip(first, shape, strict=True)):
            if place != axis and one != other:
                raise SizeMismatchError(f"sizes along axis {place}", one, other)
        total = total + shape[axis]
    return (*first[:axis], total, *first[axis + 1 :])


def _piece(place: int, g: Any, xs: Sequence[Any], axis: int) -> Any:
    """The part of g that belongs to one of the arrays."""
    start: Entry = 0
    for x in xs[:place]:
        start = start + x.shape[axis]
    return index(g, (*[slice(None)] * axis, slice(start, start + xs[place].shape[axis])))


@op(
    rest=lambda i, g, out, *xs, axis: _piece(i, g, xs, axis),
    settle=lambda first, *rest, axis: {"axis": axis_number(axis, len(first))},
    shape=_joined,
    dtype=lambda *xs, axis: np.result_type(*xs),
    label="concatenate(({args}){params})",
)
def _concatenate(*xs: Any, axis: int = 0) -> Any:
    return np.concatenate(xs, axis=axis)


@answers(np.concatenate)
def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """The arrays end to end along an axis; with axis=None, all their elements row by row.

    Raises `ShapeError` where they differ along another axis.

    >>> import tinygraph as tg
    >>> tg.concatenate([tg.input("X", ("n_x", "m")), tg.input("T", ("n_x", "k"))], axis=1).shape
    (n_x, k + m)
    """
    if axis is None:
        return concatenate([reshape(x, -1) for x in arrays])
    return _concatenate(*_some(arrays), axis=axis)


def _some(arrays: Sequence[Any]) -> Sequence[Any]:
    if not len(arrays):
        raise ShapeError("there is no array to put together")
    return arrays


@answers(np.stack)
def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape, side by side along a new axis.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ("n",))
    >>> tg.stack([x, 2 * x]).shape, tg.stack([x, 2 * x], axis=1).shape
    ((2, n), (n, 2))
    """
    return concatenate([expand_dims(x, axis) for x in _some(arrays)], axis_number(axis, np.ndim(arrays[0]) + 1))


@answers(np.vstack)
def vstack(arrays: Sequence[Any]) -> Any:
    """The arrays below each other, each vector as a row.

    >>> import tinygraph as tg
    >>> tg.vstack([[1, 2], [[3, 4], [5, 6]]]).shape
    (3, 2)
    """
    return concatenate([x if np.ndim(x) > 1 else reshape(x, (1, -1)) for x in arrays])


@answers(np.hstack)
def hstack(arrays: Sequence[Any]) -> Any:
    """The arrays beside each other.

    >>> import tinygraph as tg
    >>> tg.hstack([[1, 2], [3]])
    array([1, 2, 3])
    """
    flat = [x if np.ndim(x) else reshape(x, 1) for x in _some(arrays)]
    return concatenate(flat, 0 if np.ndim(flat[0]) == 1 else 1)


@answers(np.column_stack)
def column_stack(arrays: Sequence[Any]) -> Any:
    """The arrays beside each other, each vector as a column.

    >>> import tinygraph as tg
    >>> tg.column_stack([[1, 2], [3, 4]])
    array([[1, 3],
           [2, 4]])
    """
    return concatenate([x if np.ndim(x) > 1 else reshape(x, (-1, 1)) for x in _some(arrays)], 1)


def _each_side(shape: Shape, pad_width: Any, constant_values: Any) -> dict[str, Any]:
    """The width before and after each axis."""
    if not isinstance(constant_values, int | float):
        raise ShapeError(f"a border is filled with one number, not {constant_values!r}")
    pairs = pad_width if isinstance(pad_width, tuple) else (pad_width,)
    if pairs and not isinstance(pairs[0], tuple):
        pairs = (pairs,)
    pairs = tuple(pair * 2 if len(pair) == 1 else pair for pair in pairs)
    pairs = pairs * len(shape) if len(pairs) == 1 else pairs
    is_width = all(
        isinstance(width, Size) or (isinstance(width, int) and width >= 0) for pair in pairs for width in pair
    )
    if len(pairs) != len(shape) or any(len(pair) != 2 for pair in pairs) or not is_width:
        raise ShapeError(
            f"the pad_width {pad_width} is not one for {len(shape)} axes: say one number, one pair (before, after), "
            "or such a pair for each axis"
        )
    return {"pad_width": pairs, "constant_values": constant_values}


def _told(pad_width: Any, constant_values: Any) -> str:
    """What is added where, for a blackboard: `, 1 around axes 2, 3`."""
    sides = {axis: pair for axis, pair in enumerate(pad_width) if pair != (0, 0)}
    widths = {width for pair in sides.values() for width in pair}
    if len(widths) == 1:
        told = f"{widths.pop()} around {'axis' if len(sides) == 1 else 'axes'} {', '.join(map(str, sides))}"
    else:
        told = ", ".join(f"{before} before and {after} after axis {axis}" for axis, (before, after) in sides.items())
    return f", {told or 'by nothing'}" + ("" if constant_values == 0 else f", filled with {constant_values}")


@op(
    lambda g, out, x, pad_width, constant_values: index(
        g, tuple(slice(before, before + size) for (before, _), size in zip(pad_width, x.shape, strict=True))
    ),
    settle=_each_side,
    shape=lambda shape, pad_width, constant_values: tuple(
        before + size + after for size, (before, after) in zip(shape, pad_width, strict=True)
    ),
    dtype=same_dtype,
    board=lambda x, pad_width, constant_values: call("pad", [x], _told(pad_width, constant_values)),
)
def _pad(x: Any, pad_width: Any, constant_values: Any = 0) -> Any:
    return np.pad(x, pad_width, constant_values=constant_values) if pad_width else x  # a number has no side


@answers(np.pad)
def pad(x: Any, pad_width: Any, mode: Any = "constant", constant_values: Any = 0) -> Any:
    """x with a border: so wide on every side, or (before, after), or such a pair for each axis.

    It is filled with one number; or by NumPy's mode "edge", "reflect", "symmetric" or "wrap", where sizes are numbers.

    >>> import tinygraph as tg
    >>> tg.pad(tg.input("X", ("h", "w")), ((1, 1), (0, 2))).shape
    (h + 2, w + 2)
    >>> tg.pad([1, 2, 3], 2, "reflect")
    array([3, 2, 1, 2, 3, 2, 1])
    """
    if mode == "constant":
        return _pad(x, _tuples(pad_width), constant_values=constant_values)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ShapeError(f'pad has no mode {mode!r}: it has "constant", "edge", "reflect", "symmetric" and "wrap"')
    shape = np.shape(x)
    for axis, pair in enumerate(_each_side(shape, _tuples(pad_width), 0)["pad_width"]):
        if isinstance(shape[axis], Size):
            raise ShapeError(f"axis {axis} has the size {shape[axis]}, and pad in mode {mode!r} needs a number")
        x = index(x, (*[slice(None)] * axis, np.pad(np.arange(shape[axis]), pair, mode=mode)))
    return x


def _tuples(value: Any) -> Any:
    value = value.tolist() if isinstance(value, np.ndarray) else value
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
