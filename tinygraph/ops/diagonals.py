"""Diagonals and triangles of matrices."""

from typing import Any

import numpy as np

from tinygraph.errors import ShapeError
from tinygraph.graph import answers
from tinygraph.ops.axes import moveaxis
from tinygraph.ops.elementwise import where
from tinygraph.ops.indexing import ARRAY, index, scatter
from tinygraph.ops.picking import arange
from tinygraph.ops.shaping import reshape
from tinygraph.sizes import Entry, Size


def right_of_diagonal(rows: Entry, columns: Entry) -> Any:
    """How far each place of a matrix lies to the right of the diagonal, which is 0 on it."""
    return reshape(arange(columns), (1, columns)) - reshape(arange(rows), (rows, 1))


@answers(np.tril)
def tril(x: Any, k: int = 0) -> Any:
    """The matrix, or each of a stack, with zeros to the right of the k-th diagonal.

    >>> import tinygraph as tg
    >>> tg.tril([[1, 2], [3, 4]])
    array([[1, 0],
           [3, 4]])
    """
    return where(right_of_diagonal(*(2 * np.shape(x))[-2:]) <= k, x, 0)  # a vector is each row


@answers(np.triu)
def triu(x: Any, k: int = 0) -> Any:
    """The matrix, or each of a stack, with zeros to the left of the k-th diagonal.

    >>> import tinygraph as tg
    >>> tg.triu([[1, 2], [3, 4]])
    array([[1, 2],
           [0, 4]])
    """
    return where(right_of_diagonal(*(2 * np.shape(x))[-2:]) >= k, x, 0)


@answers(np.diagonal)
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements on a diagonal of two axes, along a last axis.

    >>> import tinygraph as tg
    >>> tg.diagonal([[1, 2, 3], [4, 5, 6]], offset=1)
    array([2, 6])
    """
    front = moveaxis(x, (axis1, axis2), (0, 1))
    rows, columns = np.shape(front)[:2]
    down, right = max(-offset, 0), max(offset, 0)
    if rows == columns:
        length = rows - down - right
    elif isinstance(rows, Size) or isinstance(columns, Size):
        raise ShapeError(f"the length of the diagonal of ({rows}, {columns}) can't be told by name")
    else:
        length = max(min(rows - down, columns - right), 0)
    return moveaxis(index(front, _on_diagonal(length, down, right)), 0, -1)


def _on_diagonal(length: Entry, down: int, right: int) -> tuple[Any, Any]:
    """The rows and the columns of the places on a diagonal that starts so far down, or to the right."""
    places = arange(length)
    return places + down if down else places, places + right if right else places


@answers(np.diag)
def diag(x: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix; or the matrix with a vector on its k-th diagonal, and zeros elsewhere.

    >>> import tinygraph as tg
    >>> tg.diag([[1, 2], [3, 4]]), tg.diag([1, 2])
    (array([1, 4]), array([[1, 0],
           [0, 2]]))
    """
    if np.ndim(x) != 1:
        return diagonal(x, k)
    size = np.shape(x)[0] + abs(k)
    places = _on_diagonal(np.shape(x)[0], max(-k, 0), max(k, 0))
    return scatter(x, right_of_diagonal(size, size), *places, key=(ARRAY, ARRAY))


@answers(np.trace)
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the elements on a diagonal.

    >>> import tinygraph as tg
    >>> tg.trace([[1, 2], [3, 4]])
    np.int64(5)
    """
    return diagonal(x, offset, axis1, axis2).sum(-1)
