"""Elements by their size: the largest, the smallest, and all in order."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.calls import call
from tinygraph.graph import Op, answers, op
from tinygraph.ops.elementwise import astype, where
from tinygraph.ops.picking import take_along_axis
from tinygraph.ops.reductions import one_axis, over, reduced_shape, reduction, spread, sum
from tinygraph.ops.shaping import reshape
from tinygraph.sizes import product


def _shared(g: Any, out: Any, x: Any, axis: Any) -> Any:
    """g for the element of x that is the result; where several are, each gets an equal share."""
    is_found = x == spread(out, x, axis)
    count = astype(sum(is_found, axis=axis, keepdims=True), g.dtype)
    return where(is_found, spread(g, x, axis) / count, 0)


@reduction(
    lambda g, out, x, axis, keepdims: _shared(g, out, x, axis),
    numpy=(np.max, np.amax),
)
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element; where several are, each gets an equal share of the gradient, as in PyTorch's amax and JAX.

    >>> import tinygraph as tg
    >>> x = tg.input("x", (3,))
    >>> tg.grad(tg.max(x), x).eval(x=[1, 5, 5])
    array([0. , 0.5, 0.5])
    """
    return np.max(x, axis=axis, keepdims=keepdims)


@reduction(
    lambda g, out, x, axis, keepdims: _shared(g, out, x, axis),
    numpy=(np.min, np.amin),
)
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element; where several are, each gets an equal share of the gradient, as in PyTorch's amin and JAX.

    >>> import tinygraph as tg
    >>> tg.min([[3, 1], [2, 4]], axis=0)
    array([2, 1])
    """
    return np.min(x, axis=axis, keepdims=keepdims)


def _place(*_: Any, **__: Any) -> Any:
    return np.dtype(np.int64)


def _place_of(numpy: Callable[..., Any]) -> Callable[[Callable[..., Any]], Op]:
    """Declare an op that finds a place along an axis."""
    name = numpy.__name__
    board = lambda x, axis, keepdims: call(name, [x], over=over(x, axis))
    return op(None, settle=one_axis, shape=reduced_shape, dtype=_place, board=board, numpy=numpy)


@_place_of(np.argmax)
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the largest element, along an axis or of all elements row by row; of several the first.

    >>> import tinygraph as tg
    >>> tg.argmax([[1, 5, 2], [7, 0, 7]], axis=1)
    array([1, 0])
    """
    return np.argmax(x, axis=axis, keepdims=keepdims)


@_place_of(np.argmin)
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the smallest element, along an axis or of all elements row by row; of several the first.

    >>> import tinygraph as tg
    >>> tg.argmin([[1, 5, 2], [7, 0, 7]], axis=1)
    array([0, 1])
    """
    return np.argmin(x, axis=axis, keepdims=keepdims)


@op(
    None,
    settle=one_axis,
    shape=lambda shape, axis: (product(shape),) if axis is None else shape,
    dtype=_place,
    numpy=np.argsort,
)
def argsort(x: Any, axis: int | None = -1) -> Any:
    """The places of the elements along an axis, from the smallest to the largest; equal ones in their old order.

    >>> import tinygraph as tg
    >>> tg.argsort([3.0, 1.0, 2.0])
    array([1, 2, 0])
    """
    return np.argsort(x, axis=axis, stable=True)


@answers(np.sort)
def sort(x: Any, axis: int | None = -1) -> Any:
    """The elements along an axis from the smallest to the largest; with axis=None, all of them along one axis.

    >>> import tinygraph as tg
    >>> tg.sort([3.0, 1.0, 2.0])
    array([1., 2., 3.])
    """
    if axis is None:
        return sort(reshape(x, -1))
    return take_along_axis(x, argsort(x, axis), axis)
