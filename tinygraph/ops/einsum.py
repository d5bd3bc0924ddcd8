"""Sums of products by letters: `einsum`, and the products that are one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygraph.calls import call
from tinygraph.errors import ShapeError
from tinygraph.formulas import Formula, listed
from tinygraph.graph import answers, op
from tinygraph.letters import as_text
from tinygraph.ops.axes import broadcast_to
from tinygraph.ops.diagonals import diagonal
from tinygraph.ops.shaping import axis_numbers, in_shape, reshape
from tinygraph.sizes import Entry, Shape, broadcast

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _parsed(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each argument and of the result, also those that `...` and a missing `->` stand for."""
    if not isinstance(subscripts, str):
        raise ShapeError("einsum takes its letters first, as in einsum('ij,jk->ik', x, y)")
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ShapeError(f"{subscripts!r} is for {len(terms)} arrays, and {len(ranks)} are given")
    free = [letter for letter in LETTERS if letter not in subscripts]
    widths = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)]
    for term, rank, width in zip(terms, ranks, widths, strict=True):
        if width < 0 or (width and "..." not in term):
            raise ShapeError(f"{term!r} in {subscripts!r} is for {len(term)} axes, and the array has {rank}")
    dots = "".join(free[: max((w for w, term in zip(widths, terms, strict=True) if "..." in term), default=0)])
    terms = [term.replace("...", dots[len(dots) - width :]) for term, width in zip(terms, widths, strict=True)]
    if not arrow:
        letters = "".join(terms)
        right = dots + "".join(sorted(x for x in set(letters) if letters.count(x) == 1 and x not in dots))
    right = right.replace("...", dots)
    for letter in "".join(terms) + right:
        if letter not in LETTERS:
            raise ShapeError(f"{letter!r} in {subscripts!r} is no letter")
    for letter in right:
        if right.count(letter) > 1 or letter not in "".join(terms):
            raise ShapeError(f"the result of {subscripts!r} names {letter!r}, which must be there once, and before ->")
    return terms, right


def _sizes(terms: Sequence[str], shapes: Sequence[Shape]) -> dict[str, Entry]:
    sizes: dict[str, Entry] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, size in zip(term, shape, strict=True):
            (sizes[letter],) = broadcast((sizes.get(letter, 1),), (size,))
    return sizes


def _split(subscripts: str) -> tuple[list[str], str]:
    left, right = subscripts.split("->")
    return left.split(","), right


def _contracted(*shapes: Shape, subscripts: str) -> Shape:
    terms, right = _split(subscripts)
    sizes = _sizes(terms, shapes)
    return tuple(sizes[letter] for letter in right)


def _of_argument(place: int, g: Any, xs: Sequence[Any], subscripts: str) -> Any:
    """The gradient of one argument: g times all others, summed to its letters; spread where a letter is in it alone."""
    terms, right = _split(subscripts)
    own, others = terms[place], [*terms[:place], *terms[place + 1 :]]
    known = "".join(letter for letter in own if letter in right + "".join(others))
    rest = [*xs[:place], *xs[place + 1 :]]
    part = _einsum(g, *rest, subscripts=f"{','.join([right, *others])}->{known}")
    sizes = dict(zip(known, part.shape, strict=True))
    part = in_shape(part, tuple(sizes.get(letter, 1) for letter in own))
    whole = broadcast(part.shape, xs[place].shape)  # the others may have 1 where this one has more
    return part if part.shape == whole else broadcast_to(part, whole)


def _on_board(subscripts: str, xs: Sequence[Formula]) -> Formula:
    """einsum(xm,xh→hm; X, W)."""
    letters, args = subscripts.replace("->", "→"), listed(xs)
    return call("einsum", [Formula(f"{letters}; {args.text}", rf"{as_text(f'{letters}; ')} {args.latex}")])


@op(
    rest=lambda i, g, out, *xs, subscripts: _of_argument(i, g, xs, subscripts),
    shape=_contracted,
    dtype=lambda *xs, subscripts: np.result_type(*xs),
    label=lambda subscripts: f"einsum('{subscripts}', {{args}})",
    board=lambda *xs, subscripts: _on_board(subscripts, xs),
)
def _einsum(*xs: Any, subscripts: str) -> Any:
    return np.einsum(subscripts, *xs, optimize=True)[()]  # 0-d as a number, as np.dot has it


@answers(np.einsum)
def einsum(subscripts: str, *arrays: Any) -> Any:
    """Einstein's sum: the product of the arrays, summed over every letter that is not behind the arrow.

    Raises `ShapeError` where the letters don't fit the shapes.

    >>> import tinygraph as tg
    >>> X, W = tg.input("X", ("n_x", "m")), tg.input("W", ("n_x", "n_h"))
    >>> tg.einsum("xm,xh->hm", X, W).shape
    (n_h, m)
    >>> tg.einsum("ii", [[1, 2], [3, 4]])
    np.int64(5)
    """
    terms, right = _parsed(subscripts, [np.ndim(x) for x in arrays])
    operands = list(arrays)
    for place, term in enumerate(terms):
        for letter in dict.fromkeys(term):
            while term.count(letter) > 1:  # a letter twice is the diagonal of its two axes
                first = term.index(letter)
                second = term.index(letter, first + 1)
                operands[place] = diagonal(operands[place], axis1=first, axis2=second)
                term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
        terms[place] = term
    return _einsum(*operands, subscripts=f"{','.join(terms)}->{right}")


@answers(np.tensordot)
def tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """The sum of products over axes of both: so many last ones of x and first ones of y, or the two lists of them.

    >>> import tinygraph as tg
    >>> tg.tensordot(tg.input("x", (2, "n", 4)), tg.input("y", ("n", 4, "k"))).shape
    (2, k)
    """
    rank, other = np.ndim(x), np.ndim(y)
    if isinstance(axes, int | np.integer):
        axes = (tuple(range(rank - axes, rank)), tuple(range(axes)))
    summed, with_summed = axis_numbers(axes[0], rank), axis_numbers(axes[1], other)
    left, right = list(LETTERS[:rank]), list(LETTERS[rank : rank + other])
    for here, there in zip(summed, with_summed, strict=True):
        right[there] = left[here]
    kept = [letter for letter in left + right if not (letter in left and letter in right)]
    return einsum(f"{''.join(left)},{''.join(right)}->{''.join(kept)}", x, y)


@answers(np.inner)
def inner(x: Any, y: Any) -> Any:
    """The sum of products over the last axis of both; the plain product where one is a number.

    >>> import tinygraph as tg
    >>> tg.inner([1, 2], [3, 4])
    np.int64(11)
    """
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return einsum("...,...->...", x, y)
    return tensordot(x, y, (-1, -1))


@answers(np.vdot)
def vdot(x: Any, y: Any) -> Any:
    """The sum of the products of all elements, whatever shape they have.

    >>> import tinygraph as tg
    >>> tg.vdot([[1, 2], [3, 4]], [[1, 0], [0, 1]])
    np.int64(5)
    """
    return einsum("i,i", reshape(x, -1), reshape(y, -1))


@answers(np.outer, np.linalg.outer)
def outer(x: Any, y: Any) -> Any:
    """The product of each element of x with each of y: a matrix, whatever shape they have.

    >>> import tinygraph as tg
    >>> tg.outer([1, 2], [3, 4])
    array([[3, 4],
           [6, 8]])
    """
    return einsum("i,j->ij", reshape(x, -1), reshape(y, -1))


@answers(np.kron)
def kron(x: Any, y: Any) -> Any:
    """The Kronecker product: y times each element of x, as blocks.

    >>> import tinygraph as tg
    >>> tg.kron([1, 2], [1, 10])
    array([ 1, 10,  2, 20])
    """
    rank = np.ndim(x) if np.ndim(x) > np.ndim(y) else np.ndim(y)
    shapes = [(1,) * (rank - np.ndim(z)) + tuple(np.shape(z)) for z in (x, y)]
    apart = [reshape(z, shape) for z, shape in zip((x, y), shapes, strict=True)]
    letters, others = LETTERS[:rank], LETTERS[rank : 2 * rank]
    paired = "".join(one + other for one, other in zip(letters, others, strict=True))
    whole = einsum(f"{letters},{others}->{paired}", *apart)
    return reshape(whole, tuple(one * other for one, other in zip(*shapes, strict=True)))
