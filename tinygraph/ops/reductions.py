"""Ops that take axes together: sum and mean, and what all such ops share."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.calls import big, call
from tinygraph.errors import ShapeError
from tinygraph.formulas import Formula
from tinygraph.graph import Op, op
from tinygraph.letters import as_text
from tinygraph.ops.shaping import axis_number, axis_numbers, broadcast_like, in_shape
from tinygraph.sizes import Shape, Size, product


def axes_along(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that are taken together, each counted from 0."""
    return tuple(range(rank)) if axis is None else axis_numbers(axis, rank)


def counted_from_0(shape: Shape, axis: Any, **others: Any) -> dict[str, Any]:
    """The parameters of an op that works along axes, each axis counted from 0."""
    found = axes_along(axis, len(shape))
    return {"axis": None if axis is None else found if isinstance(axis, tuple) else found[0], **others}


def one_axis(shape: Shape, axis: Any, **others: Any) -> dict[str, Any]:
    """The parameters of an op that works along one axis, or all elements row by row."""
    return {"axis": None if axis is None else axis_number(axis, len(shape)), **others}


def _settled(shape: Shape, axis: Any, keepdims: Any, **others: Any) -> dict[str, Any]:
    if not isinstance(keepdims, bool):
        raise ShapeError(f"keepdims is True or False, not {keepdims!r}")
    return {**counted_from_0(shape, axis, **others), "keepdims": keepdims}


def with_ones(shape: Shape, axis: Any) -> Shape:
    """The shape with a 1 for each of the axes."""
    return tuple(1 if number in axes_along(axis, len(shape)) else size for number, size in enumerate(shape))


def reduced_shape(shape: Shape, axis: Any, keepdims: bool, **_: Any) -> Shape:
    """The shape without the axes, or with a 1 for each."""
    if keepdims:
        return with_ones(shape, axis)
    return tuple(size for number, size in enumerate(shape) if number not in axes_along(axis, len(shape)))


def reduction(*vjps: Callable[..., Any] | None, **declaration: Any) -> Callable[[Callable[..., Any]], Op]:
    """Declare the op whose value rule, below, takes an axis and keepdims as NumPy's reductions do."""
    rest = {"settle": _settled, "shape": reduced_shape, **declaration}

    def declare(compute: Callable[..., Any]) -> Op:
        name = compute.__name__.lstrip("_")
        board = {"board": lambda x, axis, **_: call(name, [x], over=over(x, axis))}
        return op(*vjps, **(board | rest))(compute)

    return declare


def over(x: Formula, axis: Any) -> list[Formula]:
    """The axes that are taken together, as a formula tells them: by a name that one alone has, else by number."""
    axes = () if axis is None else axes_along(axis, len(x.shape))
    named = [n for n in axes if isinstance(x.shape[n], Size) and x.shape.count(x.shape[n]) == 1]
    found = [Formula.sized(str(x.shape[n])) for n in named]
    numbers = [str(n) for n in axes if n not in named]
    text = f"{'axis' if len(numbers) == 1 else 'axes'} {', '.join(numbers)}"
    return [*found, Formula(text, as_text(text))] if numbers else found


def count(x: Any, axis: Any) -> Any:
    """How many elements are taken together."""
    return product(tuple(x.shape[number] for number in axes_along(axis, len(x.shape))))


def spread(g: Any, x: Any, axis: Any) -> Any:
    """g over the axes of x that were taken together."""
    return broadcast_like(g if g.shape == () else in_shape(g, with_ones(x.shape, axis)), x)


@reduction(
    lambda g, out, x, axis, keepdims: spread(g, x, axis),
    board=lambda x, axis, keepdims: big("Σ", r"\sum", x, over(x, axis)),
    numpy=np.sum,
)
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over one axis, a tuple of axes, or all; `keepdims` leaves each with size 1.

    Raises `ShapeError` for an axis that the array does not have.

    >>> import tinygraph as tg
    >>> dZ = tg.input("dZ", (1, "m"))
    >>> tg.sum(dZ, axis=1, keepdims=True)
    <sum(dZ, axis=1, keepdims=True) (1, 1) float64>
    """
    return np.sum(x, axis=axis, keepdims=keepdims)


@reduction(
    lambda g, out, x, axis, keepdims: spread(g / count(x, axis), x, axis),
    numpy=np.mean,
)
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over one axis, a tuple of axes, or all; `keepdims` leaves each with size 1.

    Its gradient brings in the 1/m of the notes, as a size that is known by name until data is fed.

    >>> import tinygraph as tg
    >>> L = tg.input("L", (1, "m"))
    >>> tg.grad(tg.mean(L), L)
    <broadcast_like(1.0 / m, L) (1, m) float64>
    """
    return np.mean(x, axis=axis, keepdims=keepdims)
