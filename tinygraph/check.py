"""Derivatives checked against central differences, down to the rule of the op that is at fault."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.derivatives import cotangents, grad, sum_to
from tinygraph.errors import GradientError
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array
from tinygraph.graph import Node, Op, as_node
from tinygraph.notation import caller_names, columns, formula
from tinygraph.samples import SEED, told_samples, with_samples
from tinygraph.sizes import resolve
from tinygraph.structure import leaves

MOST_ELEMENTS = 1000


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

    @property
    def agrees(self) -> bool:
        """Whether the error is one that differences alone can explain."""
        return self.error <= self.tolerance

    @property
    def verdict(self) -> str:
        """What the comparison means, in words."""
        if not self.agrees:
            return f"wrong, most at {list(self.worst)}"
        return "too small for differences to tell" if self.is_hidden else "right"


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
    the cube root of its dtype's precision (6e-6 for float64). Of arrays with more than 1000 elements, 1000 are
    tried, drawn by a fixed seed. Inputs without a feed get small samples, which the table names.
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
    fed, sampled = with_samples([J, *nodes], feeds or {})
    values, _ = graph_values([J, *nodes, *gradients], fed, {})
    comparisons = []
    for node, gradient in zip(nodes, gradients, strict=True):
        found = _compare(_as_function(J, node, fed), np.asarray(values[node]), np.asarray(values[gradient]))
        comparisons.append((formula(node, names), str(node.shape), found))
    check = GradientCheck(comparisons, told_samples(fed, sampled, before="\n"))
    for name, _, found in comparisons:
        if not found.agrees:
            raise GradientError(
                f"the derivative of {formula(J, names)} with respect to {name} is {found.ours:.6g} at "
                f"{list(found.worst)}, and central differences give {found.differences:.6g}. "
                f"{_op_at_fault(J, nodes, fed, names)}\n{check}"
            )
    return check


def _compare(f: Callable[[Array], Any], x: Array, ours: Array) -> Comparison:
    """The derivative of the number f(x) beside (f(x + h) - f(x - h)) / 2h, one element of x at a time."""
    tolerance = float(np.cbrt(np.finfo(np.result_type(f(x), x)).eps))
    indices = list(np.ndindex(x.shape))
    elements = f"{len(indices)}"
    if len(indices) > MOST_ELEMENTS:
        chosen = np.random.default_rng(SEED).choice(len(indices), MOST_ELEMENTS, replace=False)
        elements, indices = f"{MOST_ELEMENTS} of {len(indices)}", [indices[i] for i in chosen]
    if not indices:
        return Comparison(elements, 0.0)
    differences = np.array([_central_difference(f, x, index, tolerance) for index in indices])
    derivatives = np.array([ours[index] for index in indices])
    largest, largest_difference = (float(np.max(np.abs(found))) for found in (derivatives, differences))
    visible = 10 * tolerance * max(1.0, abs(float(f(x))))  # what is far smaller drowns in the rounding of f
    errors = np.abs(derivatives - differences) / max(largest, largest_difference, visible)
    worst = int(np.argmax(np.nan_to_num(errors, nan=np.inf)))
    return Comparison(
        elements,
        largest,
        float(np.nan_to_num(errors[worst], nan=np.inf)),
        tolerance,
        indices[worst],
        float(derivatives[worst]),
        float(differences[worst]),
        is_hidden=0 < max(largest, largest_difference) < tolerance * visible,
    )


def _central_difference(f: Callable[[Array], Any], x: Array, index: tuple[int, ...], step: float) -> float:
    above, below = x.copy(), x.copy()
    h = step * max(1.0, abs(float(x[index])))
    above[index] += h
    below[index] -= h
    return float(f(above) - f(below)) / float(above[index] - below[index])


def _op_at_fault(J: Node, wrt: Sequence[Node], fed: Mapping[Node, Array], names: Mapping[Node, str]) -> str:
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
                if not _compare(_g_times_out(node.op, values[gradient], args, index, params), args[index], ours).agrees:
                    return f"The rule of {node.op.name} for its argument {index}, {formula(arg, names)}, is at fault."
    return "Each op's own rule agrees with differences, so the step may be too large here, or a kink be near."


def _as_function(J: Node, node: Node, fed: Mapping[Node, Array]) -> Callable[[Array], Any]:
    """J as a function of the value of one node."""
    return lambda value: np.asarray(graph_values([J], {**fed, node: value}, {})[0][J]).reshape(())[()]


def _g_times_out(op: Op, g: Array, args: list[Array], index: int, params: Mapping[str, Any]) -> Callable[[Array], Any]:
    """The sum of g * out as a function of one argument: its derivative is what that argument's rule must give."""
    return lambda x: np.sum(g * op.compute(*args[:index], x, *args[index + 1 :], **params))
