"""More of what is made of elements along axes: spread, products, norms, running sums."""

from typing import Any

import numpy as np

from tinygraph.calls import big, call
from tinygraph.errors import ShapeError
from tinygraph.graph import Node, answers, op
from tinygraph.ops.axes import expand_dims
from tinygraph.ops.diagonals import right_of_diagonal
from tinygraph.ops.elementwise import astype, exp, floats, power, where
from tinygraph.ops.extremes import max, min
from tinygraph.ops.functions import abs
from tinygraph.ops.picking import flip
from tinygraph.ops.reductions import axes_along, count, mean, one_axis, over, reduction, spread, sum
from tinygraph.ops.shaping import in_shape, reshape, transpose
from tinygraph.sizes import product


@reduction(
    lambda g, out, x, axis, ddof, keepdims: (
        spread(2 * g / (count(x, axis) - ddof), x, axis) * (x - mean(x, axis=axis, keepdims=True))
    ),
    numpy=np.var,
)
def var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean; with ddof=1 the sum is divided by n - 1 instead of n.

    >>> import tinygraph as tg
    >>> tg.var([1.0, 2.0, 3.0]).round(4), tg.var([1.0, 2.0, 3.0], ddof=1)
    (np.float64(0.6667), np.float64(1.0))
    """
    return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)


@reduction(
    lambda g, out, x, axis, ddof, keepdims: (
        spread(g / where(out == 0, 1, out) / (count(x, axis) - ddof), x, axis) * (x - mean(x, axis=axis, keepdims=True))
    ),
    numpy=np.std,
)
def std(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The root of `tg.var`; where all elements are equal its derivative is 0, as in PyTorch.

    >>> import tinygraph as tg
    >>> tg.std([1.0, 2.0, 3.0], ddof=1)
    np.float64(1.0)
    """
    return np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)


def _of_others(x: Any, axis: Any) -> Any:
    """For each element the product of all others along the axes, which 0 among them can't spoil as it does out / x."""
    axes = axes_along(axis, len(x.shape))
    kept = tuple(place for place in range(len(x.shape)) if place not in axes)
    turned = transpose(x, (*kept, *axes))
    n = count(x, axis)
    flat = reshape(turned, (*turned.shape[: len(kept)], n))
    copies = where(right_of_diagonal(n, n) == 0, 1, expand_dims(flat, -2))
    back = reshape(prod(copies, axis=-1), turned.shape)
    return transpose(back, tuple((*kept, *axes).index(place) for place in range(len(x.shape))))


@reduction(
    lambda g, out, x, axis, keepdims: spread(g, x, axis) * _of_others(x, axis),
    board=lambda x, axis, keepdims: big("Π", r"\prod", x, over(x, axis)),
    numpy=np.prod,
)
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product over one axis, a tuple of axes, or all.

    Its derivatives are right where elements are 0, too; for n elements that go together the first takes memory for n²,
    the second for n³.

    >>> import tinygraph as tg
    >>> x = tg.input("x", (3,))
    >>> tg.grad(tg.prod(x), x).eval(x=[0, 2, 5])
    array([10.,  0.,  0.])
    """
    return np.prod(x, axis=axis, keepdims=keepdims)


@reduction(
    lambda g, out, x, axis, keepdims: spread(g, x, axis) * exp(x - spread(out, x, axis)),
)
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), without overflow.

    >>> import tinygraph as tg
    >>> tg.logsumexp([1000.0, 1000.0]).round(4)
    np.float64(1000.6931)
    """
    x = floats(x)
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


@op(
    lambda g, out, x, axis: in_shape(flip(cumsum(flip(g, axis), axis), axis), x.shape),
    settle=one_axis,
    shape=lambda shape, axis: (product(shape),) if axis is None else shape,
    numpy=np.cumsum,
)
def cumsum(x: Any, axis: int | None = None) -> Any:
    """The sum of each element and all before it, along an axis or of all elements row by row.

    >>> import tinygraph as tg
    >>> tg.cumsum([1, 2, 3])
    array([1, 3, 6])
    """
    return np.cumsum(x, axis=axis)


@reduction(
    lambda g, out, x, axis, keepdims: spread(g / where(out == 0, 1, out), x, axis) * x,
    board=lambda x, axis, keepdims: call("norm", [x], over=over(x, axis)) if over(x, axis) else x.enclosed("‖", "‖"),
)
def _norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sqrt(np.sum(np.square(floats(x)), axis=axis, keepdims=keepdims))


@answers(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of a vector or a matrix, as `np.linalg.norm`; the Euclidean one unless `ord` says otherwise.

    Of a vector `ord` is a number other than 0, inf or -inf; of a matrix "fro", 1 or inf. Where a norm is 0, its
    derivative is 0, as in PyTorch. Raises `ShapeError` for another `ord`.

    >>> import tinygraph as tg
    >>> tg.norm([3.0, -4.0]), tg.norm([3.0, -4.0], 1), tg.norm([[1.0, 2.0], [3.0, 4.0]], float("inf"))
    (np.float64(5.0), np.float64(7.0), np.float64(7.0))
    """
    x = x if isinstance(x, Node) else np.asarray(x)
    x = x if x.dtype.kind == "f" else astype(x, np.float64)
    axes = axes_along(axis, x.ndim)
    if ord is None or (ord == 2 and len(axes) == 1) or (ord == "fro" and len(axes) == 2):
        return _norm(x, axis=axis, keepdims=keepdims)
    if len(axes) == 1 and ord in (np.inf, -np.inf):
        return (max if ord > 0 else min)(abs(x), axis=axis, keepdims=keepdims)
    if len(axes) == 1 and isinstance(ord, int | float) and ord != 0:
        total = sum(power(abs(x), ord), axis=axis, keepdims=keepdims)
        root = where(total == 0, 0, power(where(total == 0, 1, total), 1 / ord))
        return root if isinstance(root, Node) else root[()]  # a number, where it is one
    if len(axes) == 2 and ord in (1, np.inf):
        summed, kept = axes if ord == 1 else axes[::-1]
        rows = sum(abs(x), axis=summed, keepdims=keepdims)
        return max(rows, axis=kept if keepdims or kept < summed else kept - 1, keepdims=keepdims)
    raise ShapeError(
        f"ord={ord!r} is no norm along {len(axes)} of its axes: a vector takes a number other than 0, or ±inf, "
        'a matrix "fro", 1 or inf'
    )


@reduction(None, numpy=np.any)
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether an element is not 0, or true.

    >>> import tinygraph as tg
    >>> tg.any([[False, True], [False, False]], axis=1)
    array([ True, False])
    """
    return np.any(x, axis=axis, keepdims=keepdims)


@reduction(None, numpy=np.all)
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether no element is 0, or false.

    >>> import tinygraph as tg
    >>> tg.all([[True, True], [False, True]], axis=1)
    array([ True, False])
    """
    return np.all(x, axis=axis, keepdims=keepdims)
