"""Derivatives checked against central differences, down to the rule of the op that is at fault."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.derivatives import cotangents, grad, sum_to
from tinygraph.errors import GradientError
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array
from tinygraph.graph import Node, as_node
from tinygraph.notation import caller_names, columns, formula
from tinygraph.samples import SEED, with_samples
from tinygraph.sizes import resolve
from tinygraph.structure import leaves

MOST_ELEMENTS = 1000


@dataclass(frozen=True)
class Comparison:
    """A derivative beside central differences, over the elements that were tried."""

    name: str
    shape: str
    largest: float
    error: float
    tolerance: float
    worst: tuple[int, ...]
    ours: float
    differences: float
    tried: str

    @property
    def agrees(self) -> bool:
        return self.error <= self.tolerance


@dataclass(frozen=True)
class GradientCheck:
    """What `check_grad` found: a comparison for each node, shown as a table."""

    comparisons: Sequence[Comparison]
    samples: str

    def __str__(self) -> str:
        rows = [("node", "shape", "elements", "largest derivative", "relative error", "")]
        for found in self.comparisons:
            verdict = "right" if found.agrees else f"wrong, most at {list(found.worst)}"
            rows.append((found.name, found.shape, found.tried, f"{found.largest:.6g}", f"{found.error:.1e}", verdict))
        return columns(rows) + (f"\n{self.samples}" if self.samples else "")

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

        def J_at(value: Array, node: Node = node) -> Any:
            return graph_values([J], {**fed, node: value}, {})[0][J]

        comparison = _compare(
            formula(node, names), str(node.shape), J_at, np.asarray(values[node]), np.asarray(values[gradient])
        )
        comparisons.append(comparison)
    told = ", ".join(f"{node.name} {np.shape(fed[node])}" for node in sampled)
    check = GradientCheck(comparisons, f"samples (seed {SEED}): {told}" if told else "")
    wrong = next((found for found in comparisons if not found.agrees), None)
    if wrong:
        raise GradientError(
            f"the derivative of {formula(J, names)} with respect to {wrong.name} is {wrong.ours:.6g} at "
            f"{list(wrong.worst)}, and central differences give {wrong.differences:.6g}. "
            f"{_op_at_fault(J, nodes, fed, names)}\n{check}"
        )
    return check


def _compare(name: str, shape: str, f: Callable[[Array], Any], x: Array, ours: Array) -> Comparison:
    """The derivative of the number f(x) beside (f(x + h) - f(x - h)) / 2h, one element of x at a time."""
    eps = np.finfo(np.result_type(f(x), x)).eps
    tolerance = float(np.cbrt(eps))
    indices = list(np.ndindex(x.shape))
    tried = f"{len(indices)}"
    if len(indices) > MOST_ELEMENTS:
        chosen = np.random.default_rng(SEED).choice(len(indices), MOST_ELEMENTS, replace=False)
        tried, indices = f"{MOST_ELEMENTS} of {len(indices)}", [indices[i] for i in chosen]
    differences = np.array([_central_difference(f, x, index, tolerance) for index in indices])
    derivatives = np.array([ours[index] for index in indices])
    largest = float(np.max(np.abs(derivatives), initial=0))
    # Below the last term, the rounding of f hides any derivative.
    scale = max(largest, float(np.max(np.abs(differences), initial=0)), 10 * tolerance * abs(float(f(x))))
    errors = np.abs(derivatives - differences) / (scale or 1)
    errors[~np.isfinite(errors)] = np.inf
    worst = int(np.argmax(errors)) if len(indices) else None
    if worst is None:
        return Comparison(name, shape, 0.0, 0.0, tolerance, (), 0.0, 0.0, "0")
    error, at = float(errors[worst]), (float(derivatives[worst]), float(differences[worst]))
    return Comparison(name, shape, largest, error, tolerance, indices[worst], *at, tried)


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
        g = values[gradient]
        for index, (arg, rule) in enumerate(zip(node.args, node.op.vjps, strict=True)):
            if arg not in gradients or rule is None:
                continue

            def g_times_out(x: Array, node: Node = node, index: int = index, g: Array = g) -> Any:
                return np.sum(g * node.op.compute(*args[:index], x, *args[index + 1 :], **params))

            ours = np.asarray(sum_to(rule(g, values[node], *args, **params), args[index]))
            if not _compare("", "", g_times_out, args[index], ours).agrees:
                return f"The rule of {node.op.name} for its argument {index}, {formula(arg, names)}, is at fault."
    return "Each op's own rule agrees with differences, so the step may be too large here, or a kink be near."
