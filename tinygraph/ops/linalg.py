"""The matrix product."""

from typing import Any

import numpy as np

from tinygraph.errors import ShapeError
from tinygraph.graph import answers, op
from tinygraph.notation import PRODUCT
from tinygraph.ops.einsum import tensordot
from tinygraph.ops.elementwise import multiply
from tinygraph.ops.shaping import in_shape, reshape
from tinygraph.sizes import Shape, SizeMismatchError, broadcast


def product_shape(x: Shape, y: Shape) -> Shape:
    """The shape of a matrix product."""
    if not x or not y:
        raise ShapeError("a matrix product needs axes: write * to scale by a number")
    inner = y[-2] if len(y) > 1 else y[0]
    if x[-1] != inner:
        raise SizeMismatchError("inner sizes", x[-1], inner)
    return (*broadcast(x[:-2], y[:-2]), *x[-2:-1], *(y[-1:] if len(y) > 1 else ()))


def _matrices(g: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """The product as one of matrices: a vector on the left is a row, one on the right a column."""
    row = x if x.ndim > 1 else reshape(x, (1, *x.shape))
    column = y if y.ndim > 1 else reshape(y, (*y.shape, 1))
    whole = (*broadcast(row.shape[:-2], column.shape[:-2]), row.shape[-2], column.shape[-1])
    return in_shape(g, whole), row, column


def _left(g: Any, x: Any, y: Any) -> Any:
    g, _, column = _matrices(g, x, y)
    return g @ column.mT


def _right(g: Any, x: Any, y: Any) -> Any:
    g, row, _ = _matrices(g, x, y)
    dy = row.mT @ g
    return dy if y.ndim > 1 else reshape(dy, dy.shape[:-1])


@op(
    lambda g, out, x, y: _left(g, x, y),
    lambda g, out, x, y: _right(g, x, y),
    shape=product_shape,
    dtype=lambda x, y: np.result_type(x, y),
    label="{0} @ {1}",
    board=lambda x, y: x @ y,
    binds=PRODUCT,
    numpy=np.matmul,
)
def matmul(x: Any, y: Any) -> Any:
    """The matrix product `x @ y`, with NumPy's rules for vectors and for stacks of matrices.

    For two matrices of shapes (n, k) and (k, p) it has shape (n, p), and the derivatives are `g @ y.T` and `x.T @ g`.
    Raises `ShapeError` where the inner sizes differ.

    >>> import tinygraph as tg
    >>> W, X = tg.input("W", ("n_x", 1)), tg.input("X", ("n_x", "m"))
    >>> W.T @ X
    <W.T @ X (1, m) float64>
    >>> W @ X
    Traceback (most recent call last):
    tinygraph.errors.ShapeError: matmul: W (n_x, 1) @ X (n_x, m): inner sizes 1 and n_x differ. Did you mean W.T @ X?
    """
    return np.matmul(x, y)


@answers(np.dot)
def dot(x: Any, y: Any) -> Any:
    """NumPy's dot: the matrix product, the plain product where one is a number, and of stacks each with each.

    >>> import tinygraph as tg
    >>> tg.dot(tg.input("W", ("n", 1)).T, tg.input("X", ("n", "m"))).shape
    (1, m)
    """
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return multiply(x, y)
    if np.ndim(y) > 2 or (np.ndim(x) > 2 and np.ndim(y) > 1):
        return tensordot(x, y, (-1, -2 if np.ndim(y) > 1 else -1))
    return matmul(x, y)
