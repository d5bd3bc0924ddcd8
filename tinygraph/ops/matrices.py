"""Square matrices: inverses, equations, determinants, Cholesky."""

from typing import Any, NamedTuple

import numpy as np

from tinygraph.errors import ShapeError
from tinygraph.formulas import Formula
from tinygraph.graph import answers, op
from tinygraph.ops.diagonals import right_of_diagonal, tril
from tinygraph.ops.elementwise import where
from tinygraph.ops.linalg import product_shape
from tinygraph.ops.shaping import in_shape, reshape
from tinygraph.sizes import Shape, SizeMismatchError


def _square(shape: Shape, *_: Shape) -> Shape:
    if len(shape) < 2:
        raise ShapeError(f"a square matrix is needed, or a stack of them, not the shape {shape}")
    if shape[-1] != shape[-2]:
        raise SizeMismatchError("a square matrix is needed, and the sizes", *shape[-2:])
    return shape


def _float(x: Any, *_: Any) -> Any:
    return np.result_type(x) if np.dtype(x).kind == "f" else np.dtype(np.float64)


@op(
    lambda g, out, x: -(out.mT @ g @ out.mT),
    shape=_square,
    dtype=_float,
    board=lambda x: x ** Formula.number(-1),
    numpy=np.linalg.inv,
)
def inv(x: Any) -> Any:
    """The inverse of a square matrix, or of each in a stack.

    To solve A x = b, `tg.solve(A, b)` is faster and more exact. Raises `ShapeError` for a matrix that isn't square;
    one that is singular is an `EvaluationError` when it is computed.

    >>> import tinygraph as tg
    >>> tg.inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return np.linalg.inv(x)


def _solved(a: Shape, b: Shape) -> Shape:
    _square(a)
    return product_shape(a, b)


@op(
    lambda g, out, a, b: -(solve(a.mT, _column(g, b)) @ _column(out, b).mT),
    lambda g, out, a, b: in_shape(solve(a.mT, _column(g, b)), g.shape),
    shape=_solved,
    dtype=lambda a, b: _float(np.result_type(a, b)),
    board=lambda x, y: x ** Formula.number(-1) @ y,
    numpy=np.linalg.solve,
)
def solve(a: Any, b: Any) -> Any:
    """The x with `a @ x == b`, for a square matrix a, or a stack; b is a vector where it has one axis, else matrices.

    >>> import tinygraph as tg
    >>> tg.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    array([1. , 0.5])
    """
    return np.linalg.solve(a, b)


def _column(x: Any, b: Any) -> Any:
    """x as matrices of one column, where b is a vector."""
    return x if b.ndim > 1 else reshape(x, (*x.shape, 1))


@op(
    lambda g, out, x: reshape(g * out, (*out.shape, 1, 1)) * inv(x).mT,
    shape=lambda shape: _square(shape)[:-2],
    dtype=_float,
    numpy=np.linalg.det,
)
def det(x: Any) -> Any:
    """The determinant of a square matrix, or of each in a stack; its derivative is `det(x) * inv(x).T`.

    So the derivative needs a matrix that has an inverse.

    >>> import tinygraph as tg
    >>> tg.det([[2.0, 0.0], [0.0, 4.0]]).round(9)
    np.float64(8.0)
    """
    return np.linalg.det(x)


@op(None, shape=lambda shape: _square(shape)[:-2], dtype=_float)
def sign_of_det(x: Any) -> Any:
    """The sign of the determinant.

    >>> import tinygraph as tg
    >>> tg.slogdet([[0.0, 1.0], [1.0, 0.0]]).sign
    np.float64(-1.0)
    """
    return np.linalg.slogdet(x).sign


@op(
    lambda g, out, x: reshape(g, (*out.shape, 1, 1)) * inv(x).mT,
    shape=lambda shape: _square(shape)[:-2],
    dtype=_float,
)
def log_abs_det(x: Any) -> Any:
    """The logarithm of the determinant's absolute value, which neither overflows nor underflows.

    >>> import tinygraph as tg
    >>> tg.slogdet([[2.0, 0.0], [0.0, 4.0]]).logabsdet.round(4)
    np.float64(2.0794)
    """
    return np.linalg.slogdet(x).logabsdet


class Slogdet(NamedTuple):
    """What `slogdet` gives: the determinant is `sign * exp(logabsdet)`."""

    sign: Any
    logabsdet: Any


@answers(np.linalg.slogdet)
def slogdet(x: Any) -> Slogdet:
    """The sign of the determinant, and the logarithm of its absolute value.

    >>> import tinygraph as tg
    >>> sign, logabsdet = tg.slogdet([[2.0, 0.0], [0.0, 4.0]])
    >>> float(sign), float(logabsdet.round(4))
    (1.0, 2.0794)
    """
    return Slogdet(sign_of_det(x), log_abs_det(x))


def _of_cholesky(g: Any, L: Any) -> Any:
    """Murray, Differentiation of the Cholesky decomposition (arXiv:1602.07527), equation 10, made symmetric."""
    P = tril(L.mT @ g)
    P = P - where(right_of_diagonal(*P.shape[-2:]) == 0, P / 2, 0)
    S = solve(L.mT, solve(L.mT, P.mT).mT)
    return (S + S.mT) / 2


@op(lambda g, out, x: _of_cholesky(g, out), shape=_square, dtype=_float, numpy=np.linalg.cholesky)
def cholesky(x: Any) -> Any:
    """The lower triangle L with `L @ L.mT == x`, for a symmetric, positive definite matrix or a stack of them.

    Only the symmetric part of x counts, (x + x.mT) / 2, as in JAX; so the derivative is symmetric too.

    >>> import tinygraph as tg
    >>> tg.cholesky([[4.0, 2.0], [2.0, 2.0]])
    array([[2., 0.],
           [1., 1.]])
    """
    x = np.asarray(x)
    return np.linalg.cholesky(x / 2 + x.mT / 2)
