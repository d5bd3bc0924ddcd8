"""Ops that move elements around, and compute nothing."""

from typing import Any

import numpy as np

from tinygraph.errors import ShapeError
from tinygraph.graph import op
from tinygraph.sizes import Shape, Size, broadcast, product


def _same_dtype(x: Any, *_: Any, **__: Any) -> Any:
    return np.dtype(x)


def _reshaped(old: Shape, shape: Any) -> Shape:
    shape = shape if isinstance(shape, tuple) else (shape,)
    open_axes = [axis for axis, size in enumerate(shape) if not isinstance(size, Size) and size == -1]
    if len(open_axes) > 1:
        raise ShapeError(f"the new shape {shape} leaves more than one size open with -1")
    given = product(tuple(size for axis, size in enumerate(shape) if axis not in open_axes))
    if open_axes:
        total = product(old)
        rest = total // given if given != 0 else 0
        shape = tuple(rest if axis in open_axes else size for axis, size in enumerate(shape))
        given = product(shape)
        if rest == 0 and total != 0:
            raise ShapeError(f"{total} elements can't fill the new shape {shape}")
    if given != product(old):
        raise ShapeError(f"{product(old)} elements can't fill the new shape {shape}, which has {given}")
    return shape


@op(lambda g, out, x, shape: reshape(g, x.shape), shape=_reshaped, dtype=_same_dtype, numpy=np.reshape)
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


def _transposed(shape: Shape, axes: Any) -> Shape:
    if axes is None:
        return shape[::-1]
    if sorted(axis % len(shape) for axis in axes) != list(range(len(shape))):
        raise ShapeError(f"axes {axes} are no reordering of the {len(shape)} axes of {shape}")
    return tuple(shape[axis] for axis in axes)


def _inverse(axes: Any) -> Any:
    return axes and tuple(sorted(range(len(axes)), key=lambda axis: axes[axis] % len(axes)))


@op(
    lambda g, out, x, axes: transpose(g, _inverse(axes)),
    shape=_transposed,
    dtype=_same_dtype,
    label="{0}.T",
    latex="{0}^T",
    numpy=np.transpose,
)
def transpose(x: Any, axes: Any = None) -> Any:
    """The array with its axes in reversed order, or in the order of `axes`.

    >>> import tinygraph as tg
    >>> tg.input("W", ("n_x", 1)).T
    <W.T (1, n_x) float64>
    """
    return np.transpose(x, axes)


def _spread(shape: Shape, like: Shape) -> Shape:
    if broadcast(shape, like) != like:
        raise ShapeError(f"an array of shape {shape} does not spread to {like}")
    return like


@op(lambda g, out, x, like: g, None, shape=_spread, dtype=_same_dtype)
def broadcast_like(x: Any, like: Any) -> Any:
    """x copied along every axis that `like` has and x has not, or has with size 1: a row down, a column across.

    It takes an array to be like, where NumPy's broadcast_to takes a shape, so that it needs to know no size.

    >>> import numpy as np, tinygraph as tg
    >>> tg.broadcast_like(np.array([[1, 2, 3]]), np.zeros((2, 3)))
    array([[1, 2, 3],
           [1, 2, 3]])
    """
    return np.broadcast_to(x, np.shape(like))
