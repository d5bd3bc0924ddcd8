"""Derivatives checked against central differences, down to the rule of the op that is at fault."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.derivatives import cotangents, grad, sum_to
from tinygraph.errors import GradientError, NonFiniteWarning
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array
from tinygraph.graph import Node, Op, as_node
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

    elements: str
    largest: float
    error: float = 0.0
    tolerance: float = 0.0
    worst: tuple[int, ...] = ()
    ours: float = 0.0
    differences: float = 0.0
    is_hidden: bool = False
    kinks: int = 0

    @property
    def agrees(self) -> bool:
        """Whether the error is one that differences alone can explain."""
        return self.error <= self.tolerance

    @property
    def verdict(self) -> str:
        """What the comparison means, in words."""
        if not self.agrees:
            return f"wrong, most at {list(self.worst)}"
        if self.is_hidden:
            return "too small for differences to tell"
        return f"right, but for {self.kinks} at a kink" if self.kinks else "right"


@dataclass(frozen=True)
class GradientCheck:
    """What `check_grad` found: for each node its name, shape and comparison, shown as a table."""

    comparisons: Sequence[tuple[str, str, Comparison]]
    samples: str

    def __str__(self) -> str:
        rows = [("node", "shape", "elements", "largest derivative", "relative error", "")]
        for name, shape, found in self.comparisons:
            rows.append((name, shape, found.elements, f"{found.largest:.6g}", f"{found.error:.1e}", found.verdict))
        return columns(rows) + self.samples

    __repr__ = __str__


def check_grad(J: Node, wrt: Any, feeds: Mapping[Any, Any] | None = None) -> GradientCheck:
    """Compare the gradient of J with central differences, for each node of `wrt` and element by element.

    The answer is a table. An error is relative to the largest element of the derivative; a derivative passes up to
    the cube root of the precision of the coarsest dtype on the way (6e-6 for float64). The table also tells at how
    many elements there is a kink, where differences can't judge, and which derivatives are too small beside J to be
    seen. Of arrays with more than 1000 elements, 1000 are tried, drawn by a fixed seed. Inputs without a feed get small
    samples, which the table names.
    Raises `GradientError`, which names the op whose rule is at fault, where a derivative is wrong.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ())
    >>> tg.check_grad(tg.log(x), x, {x: 0.5})
    node  shape  elements  largest derivative  relative error
    x     ()     1         2                   ...             right
    """
    names = caller_names()
    nodes = leaves(wrt)
    gradients = grad(J, nodes)
    fed, sampled = with_samples([J, *nodes], feeds)
    values, _ = graph_values([J, *nodes, *gradients], fed, {})
    eps = max(np.finfo(node.dtype).eps for node in order(J, *nodes) if node.dtype.kind == "f" and not node.weak)
    comparisons = []
    for node, gradient in zip(nodes, gradients, strict=True):
        found = _compare(_as_function(J, node, fed), np.asarray(values[node]), np.asarray(values[gradient]), eps)
        comparisons.append((formula(node, names), str(node.shape), found))
    check = GradientCheck(comparisons, told_samples(fed, sampled, before="\n"))
    for name, _, found in comparisons:
        if not found.agrees:
            raise GradientError(
                f"the derivative of {formula(J, names)} with respect to {name} is {found.ours:.6g} at "
                f"{list(found.worst)}, and central differences give {found.differences:.6g}. "
                f"{_op_at_fault(J, nodes, fed, eps, names)}\n{check}"
            )
    return check


def _compare(f: Callable[[Array], float], x: Array, ours: Array, eps: float) -> Comparison:
    """The derivative of the number f(x) beside (f(x + h) - f(x - h)) / 2h, one element of x at a time."""
    tolerance = float(np.cbrt(eps))
    indices = list(np.ndindex(x.shape))
    elements = f"{len(indices)}"
    if len(indices) > MOST_ELEMENTS:
        chosen = np.random.default_rng(SEED).choice(len(indices), MOST_ELEMENTS, replace=False)
        elements, indices = f"{MOST_ELEMENTS} of {len(indices)}", [indices[i] for i in chosen]
    if not indices:
        return Comparison(elements, 0.0)
    derivatives = np.array([float(ours[index]) for index in indices])
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore", category=NonFiniteWarning):
        tried = np.array([_differences(f, x, *pair, tolerance) for pair in zip(indices, derivatives, strict=True)])
    differences, is_kink = tried[:, 0], tried[:, 1] > 0
    # What is far smaller than this drowns in the rounding of f.
    visible = 10 * tolerance * max(1.0, abs(f(x))) / np.array([max(1.0, abs(float(x[index]))) for index in indices])
    largest, largest_difference = (float(np.max(np.abs(found))) for found in (derivatives, differences))
    errors = np.abs(derivatives - differences) / np.maximum(max(largest, largest_difference), visible)
    is_kink &= errors > tolerance
    errors = np.where(is_kink, 0, np.nan_to_num(errors, nan=np.inf))
    worst = int(np.argmax(errors))
    return Comparison(
        elements,
        largest,
        float(errors[worst]),
        tolerance,
        indices[worst],
        float(derivatives[worst]),
        float(differences[worst]),
        is_hidden=bool(0 < max(largest, largest_difference) < tolerance * np.max(visible)),
        kinks=int(np.sum(is_kink)),
    )


def _differences(
    f: Callable[[Array], float], x: Array, index: tuple[int, ...], ours: float, step: float
) -> tuple[float, bool]:
    """The central difference that is nearest to our derivative, and whether the slopes on both sides stay apart."""
    best, jumps, slope = np.nan, [], 0.0
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
        if np.isfinite(central) and not abs(central - ours) >= abs(best - ours):
            best = central
        jumps.append(abs(right - left))
        slope = max(slope, abs(right), abs(left))
    # Across a smooth bend the jump shrinks with the step; across a kink it stays.
    return best, bool(jumps) and jumps[-1] > 0.5 * jumps[0] and jumps[-1] > 0.1 * slope


def _op_at_fault(J: Node, wrt: Sequence[Node], fed: Mapping[Node, Array], eps: float, names: Mapping[Node, str]) -> str:
    """The first op, in the order of backprop, whose rule disagrees with differences of its own values."""
    gradients = cotangents(J, wrt, as_node(np.ones((1,) * J.ndim, J.dtype)))
    found, sizes = graph_values([J, *gradients.values()], fed, {})
    values = {node: np.asarray(value) for node, value in found.items()}
    for node, gradient in gradients.items():
        args = [values[arg] for arg in node.args]
        params = {key: resolve(param, sizes) for key, param in node.params.items()}
        for index, (arg, rule) in enumerate(zip(node.args, node.op.vjps, strict=True)):
            if arg in gradients and rule is not None:
                ours = np.asarray(sum_to(rule(values[gradient], values[node], *args, **params), args[index]))
                if not _compare(
                    _g_times_out(node.op, values[gradient], args, index, params), args[index], ours, eps
                ).agrees:
                    return f"The rule of {node.op.name} for its argument {index}, {formula(arg, names)}, is at fault."
    return "Each op's own rule agrees with differences, so the step may be too large here."


def _as_function(J: Node, node: Node, fed: Mapping[Node, Array]) -> Callable[[Array], float]:
    """J as a function of the value of one node."""
    return lambda value: float(np.sum(graph_values([J], {**fed, node: value}, {})[0][J]))


def _g_times_out(
    op: Op, g: Array, args: list[Array], index: int, params: Mapping[str, Any]
) -> Callable[[Array], float]:
    """The sum of g * out as a function of one argument: its derivative is what that argument's rule must give."""
    return lambda x: float(np.sum(g * op.compute(*args[:index], x, *args[index + 1 :], **params)))
