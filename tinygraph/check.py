"""Derivatives checked against central differences, down to the rule of the op that is at fault."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tinygraph.derivatives import contributions, cotangents, grad, one_like
from tinygraph.errors import GradientError, NonFiniteWarning
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array
from tinygraph.graph import Node, Op
from tinygraph.notation import caller_names, columns, formula
from tinygraph.order import order
from tinygraph.samples import SEED, told_samples, with_samples
from tinygraph.sizes import resolve
from tinygraph.structure import leaves

MOST_ELEMENTS = 1000
STEPS = (1.0, 1e-2, 1e-4)
"""How far to step, in parts of the usual step: where a function bends sharply, a shorter one sees its slope."""


@dataclass(frozen=True)
class Comparison:
    """A derivative beside central differences, over the elements that were tried."""

    tried: int
    elements: int
    error: float = 0.0
    tolerance: float = 0.0
    worst: tuple[int, ...] = ()
    analytic: float | None = None
    numeric: float | None = None
    is_hidden: bool = False
    kinks: int = 0
    unsettled: int = 0

    @property
    def agrees(self) -> bool:
        """Whether the error is one that differences alone can explain."""
        return self.error <= self.tolerance

    @property
    def verdict(self) -> str:
        """What the comparison means, in words."""
        if not self.agrees:
            return "wrong"
        if self.tried and self.analytic is None:
            return f"can't be told: {'a kink' if self.kinks else 'no step is small enough'} at every element"
        if self.is_hidden:
            return "too small for differences to tell"
        notes = [
            f"for {self.kinks} at a kink" if self.kinks else "",
            f"for {self.unsettled} where no step is small enough" if self.unsettled else "",
        ]
        verdict = ", but ".join(["right", *filter(None, [" and ".join(filter(None, notes))])])
        return verdict if self.tried == self.elements else f"{verdict} ({self.tried} of {self.elements} elements tried)"


@dataclass(frozen=True)
class GradientCheck:
    """What `check_grad` found: for each node its name, op, shape and comparison, shown as a table."""

    comparisons: Sequence[tuple[str, Node, Comparison]]
    samples: str

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("node", "op", "shape", "worst at", "analytic", "numeric", "relative error", "")]
        for name, node, found in self.comparisons:
            worst = str(list(found.worst)) if found.analytic is not None else ""
            numbers = ["" if x is None else f"{x:.6g}" for x in (found.analytic, found.numeric)]
            error = "" if found.analytic is None else f"{found.error:.1e}"
            rows.append((name, node.op.name, str(node.shape), worst, *numbers, error, found.verdict))
        return columns(rows) + self.samples

    __repr__ = __str__


def check_grad(J: Node, wrt: Any, feeds: Mapping[Any, Any] | None = None) -> GradientCheck:
    """Compare the gradient of J with central differences, for each node of `wrt` and element by element.

    The answer is a table: of each node the element where both differ most, its analytic and its numeric derivative, and
    the error relative to the largest element. A derivative passes up to the cube root of the precision of the coarsest
    dtype on the way (6e-6 for float64). The table also tells at how many elements there is a kink, where differences
    can't judge, or a function so rough that no step is small enough; and which derivatives are too small beside J to be
    seen. Of arrays with more than 1000 elements, 1000 are tried, drawn by a fixed seed. Inputs without a feed get
    small samples, which the table names.
    Raises `GradientError`, which names the op whose rule is at fault, where a derivative is wrong.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ())
    >>> tg.check_grad(tg.log(x), x, {x: 0.5})
    node  op     shape  worst at  analytic  numeric  relative error
    x     input  ()     []        2         2        ...             right
    """
    names = caller_names()
    nodes = leaves(wrt)
    gradients = grad(J, nodes)
    fed, sampled = with_samples([J, *nodes], feeds)
    values, _ = graph_values([J, *nodes, *gradients], fed, {})
    eps = max(np.finfo(node.dtype).eps for node in order(J, *nodes) if node.dtype.kind == "f" and not node.weak)
    _refuse_what_is_not_finite(J, values, gradients, names)
    comparisons = []
    for node, gradient in zip(nodes, gradients, strict=True):
        found = _compare(_as_function(J, node, fed), np.asarray(values[node]), np.asarray(values[gradient]), eps)
        comparisons.append((formula(node, names), node, found))
    check = GradientCheck(comparisons, told_samples(fed, sampled, before="\n"))
    for name, _, found in comparisons:
        if not found.agrees:
            raise GradientError(
                f"the derivative of {formula(J, names)} with respect to {name} is {found.analytic:.6g} at "
                f"{list(found.worst)}, and central differences give {found.numeric:.6g}. "
                f"{_op_at_fault(J, nodes, fed, eps, names)}\n{check}"
            )
    return check


def _refuse_what_is_not_finite(
    J: Node, values: Mapping[Node, Any], gradients: Sequence[Node], names: Mapping[Node, str]
) -> None:
    """Differences can't judge where there is no number: neither J's, nor the derivative's."""
    for root in (J, *gradients):
        if not np.isfinite(values[root]).all():
            first = next(node for node in order(root) if node.args and not np.isfinite(values[node]).all())
            place = [int(i) for i in np.argwhere(~np.isfinite(values[first]))[0]]
            found = np.asarray(values[first])[tuple(place)]
            whose = formula(J, names) if root is J else f"the derivative of {formula(J, names)}"
            raise GradientError(
                f"{whose} is not finite for these feeds, so there is nothing to compare: "
                f"{formula(first, names)} is {found} at {place}. Feed values where it is a number"
            )


def _compare(f: Callable[[Array], float], x: Array, ours: Array, eps: float) -> Comparison:
    """The derivative of the number f(x) beside (f(x + h) - f(x - h)) / 2h, one element of x at a time."""
    tolerance = float(np.cbrt(eps))
    indices = list(np.ndindex(x.shape))
    if len(indices) > MOST_ELEMENTS:
        chosen = np.random.default_rng(SEED).choice(len(indices), MOST_ELEMENTS, replace=False)
        indices = [indices[i] for i in chosen]
    if not indices:
        return Comparison(0, 0)
    derivatives = np.array([float(ours[index]) for index in indices])
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore", category=NonFiniteWarning):
        tried = np.array([_differences(f, x, *pair, tolerance) for pair in zip(indices, derivatives, strict=True)])
        differences, is_kink, is_settled = tried[:, 0], tried[:, 1] > 0, tried[:, 2] > 0
        # What is far smaller than this drowns in the rounding of f.
        visible = 10 * tolerance * max(1.0, abs(f(x))) / np.array([max(1.0, abs(float(x[index]))) for index in indices])
        largest = max(float(np.max(np.abs(found))) for found in (derivatives, differences))
        errors = np.abs(derivatives - differences) / np.maximum(largest, visible)
    is_apart = ~(errors <= tolerance)
    is_kink &= is_apart & is_settled
    is_unsettled = is_apart & ~is_settled
    can_tell = ~(is_kink | is_unsettled)
    errors = np.where(can_tell, np.nan_to_num(errors, nan=np.inf), -1)
    worst = int(np.argmax(errors))
    return Comparison(
        len(indices),
        x.size,
        max(float(errors[worst]), 0.0),
        tolerance,
        indices[worst] if can_tell[worst] else (),
        float(derivatives[worst]) if can_tell[worst] else None,
        float(differences[worst]) if can_tell[worst] else None,
        is_hidden=bool(0 < largest < tolerance * np.max(visible)),
        kinks=int(np.sum(is_kink)),
        unsettled=int(np.sum(is_unsettled)),
    )


def _differences(
    f: Callable[[Array], float], x: Array, index: tuple[int, ...], ours: float, step: float
) -> tuple[float, bool, bool]:
    """The central difference nearest to our derivative; whether there is a kink; whether two steps agree on a slope."""
    centrals, jumps, slope = [], [], 0.0
    for part in STEPS:
        h = part * step * max(1.0, abs(float(x[index])))
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        up, down = float(above[index] - x[index]), float(x[index] - below[index])
        if not (up and down):
            break  # the dtype has no number so near
        right, left = (f(above) - f(x)) / up, (f(x) - f(below)) / down
        central = (f(above) - f(below)) / (up + down)
        if np.isfinite(central):
            centrals.append(central)
        jumps.append(abs(right - left))
        slope = max(slope, abs(right), abs(left))
    best = min(centrals, key=lambda central: abs(central - ours), default=np.nan)
    is_settled = len(centrals) < 2 or any(abs(x - y) <= 0.1 * max(abs(x), abs(y)) for x, y in pairwise(centrals))
    # Across a smooth bend the jump shrinks with the step; across a kink it stays.
    is_kink = bool(jumps) and jumps[-1] > 0.5 * jumps[0] and jumps[-1] > 0.1 * slope
    return best, is_kink, is_settled


def _op_at_fault(J: Node, wrt: Sequence[Node], fed: Mapping[Node, Array], eps: float, names: Mapping[Node, str]) -> str:
    """The first op, in the order of backprop, whose rule disagrees with differences of its own values."""
    gradients = cotangents([(J, one_like(J))], wrt)
    parts = [
        (node, place, part)
        for node, gradient in gradients.items()
        for place, part in contributions(node, gradient, gradients)
    ]
    found, sizes = graph_values([J, *gradients.values(), *(part for _, _, part in parts)], fed, {})
    values = {node: np.asarray(value) for node, value in found.items()}
    for node, place, part in parts:
        args = [values[arg] for arg in node.args]
        params = {key: resolve(param, sizes) for key, param in node.params.items()}
        f = _g_times_out(node.op, values[gradients[node]], args, place, params)
        if not _compare(f, args[place], values[part], eps).agrees:
            arg = formula(node.args[place], names)
            return f"The rule of {node.op.name} for its argument {place}, {arg}, is at fault."
    return (
        "Each op's own rule agrees with differences of its own, so J jumps or bends within a step here, or the rules "
        "are put together wrongly."
    )


def _as_function(J: Node, node: Node, fed: Mapping[Node, Array]) -> Callable[[Array], float]:
    """J as a function of the value of one node."""
    return lambda value: float(np.sum(graph_values([J], {**fed, node: value}, {})[0][J]))


def _g_times_out(
    op: Op, g: Array, args: list[Array], index: int, params: Mapping[str, Any]
) -> Callable[[Array], float]:
    """The sum of g * out as a function of one argument: its derivative is what that argument's rule must give."""
    return lambda x: float(np.sum(g * op.compute(*args[:index], x, *args[index + 1 :], **params)))
