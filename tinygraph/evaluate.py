"""Values: feeds go in at the leaves, and each op computes once, in topological order."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.errors import EvaluationError, FeedError, NodeTypeError, NonFiniteWarning
from tinygraph.faults import fault_of
from tinygraph.feeds import bind_sizes, check_assumptions, match_feeds, to_dtype
from tinygraph.notation import caller_frame, caller_names, formula
from tinygraph.order import order
from tinygraph.sizes import resolve, sources
from tinygraph.structure import leaves, map_leaves

if TYPE_CHECKING:
    from tinygraph.graph import Node


def evaluate(nodes: Any, feeds: Mapping[Any, Any] | None = None, /, **named: Any) -> Any:
    """The values of several nodes in one pass, in the structure of `nodes`: a node, or a list, tuple or dict of them.

    Feeds and errors are those of `Node.eval`.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ())
    >>> tg.evaluate({"square": x * x, "double": 2 * x}, x=3.0)
    {'square': np.float64(9.0), 'double': np.float64(6.0)}
    """
    roots = leaves(nodes)
    for root in roots:
        if not hasattr(root, "args"):
            raise NodeTypeError(f"only nodes have values to compute, not {root!r}")
    values, _ = graph_values(roots, feeds, named)
    return map_leaves(lambda node: _handed_out(values[node]), nodes)


def graph_values(
    roots: Sequence["Node"], feeds: Mapping[Any, Any] | None, named: Mapping[str, Any]
) -> tuple[dict["Node", Any], dict[str, int]]:
    """The value of every node that the roots depend on, and the number of every named size."""
    needed, values, sizes = _leaf_values(roots, feeds, named)
    run(needed, values, sizes)
    return values, sizes


def run(needed: Iterable["Node"], values: dict["Node", Any], sizes: dict[str, int]) -> None:
    """Add the value of each node, in order, to the values that are known; and the sizes that they tell to the sizes."""
    faults: list[str] = []
    warned, known = False, len(values)
    with np.errstate(all="call", under="ignore", call=lambda kind, flag: faults.append(kind)):
        for node in needed:
            if node in values:
                continue
            args = [values[arg] for arg in node.args]
            params = {key: resolve(param, sizes) for key, param in node.params.items()}
            try:
                out = node.op.compute(*args, **params)
            except (TypeError, ValueError, ArithmeticError, LookupError) as error:
                raise EvaluationError(f"{formula(node, caller_names())} can't be computed: {error}") from error
            values[node] = np.asarray(out).item() if node.weak else out
            if node.op.counts:
                sizes[str(node.shape[0])] = len(out)
            if faults and not warned:
                warned = _warn_if_not_finite(node, values, known)
            faults.clear()


def needs(node: "Node") -> tuple["Node", ...]:
    """What must be computed before the node: its arguments, and what tells the sizes in its parameters."""
    if not node.params:
        return node.args
    return (*node.args, *(source for source in sources(node.params.values()) if source.args))


def _leaf_values(
    roots: Sequence["Node"], feeds: Mapping[Any, Any] | None, named: Mapping[str, Any]
) -> tuple[list["Node"], dict["Node", Any], dict[str, int]]:
    """What is to be computed, in order; what is known before; and the number of every named size."""
    graph = order(*roots)
    told = sources([part for node in graph if node.params for part in node.params.values()])
    told += sources([size for node in graph if not node.args for size in node.shape])
    if any(node.args for node in told):  # a size that a mask tells
        graph = order(*roots, needs=needs)
    leaves = dict.fromkeys(node for node in [*graph, *told] if not node.args)
    matched = match_feeds(leaves, feeds, named)
    fed = {node: to_dtype(value, node.dtype, node) for node, value in matched.items()}
    for node, array in fed.items():
        if node.params and not node.args:
            check_assumptions(node, array)
    needed = order(*roots, known=fed, needs=needs) if any(node.args for node in fed) else graph
    missing = [node for node in needed if node.op.name == "input" and node not in fed]
    if missing:
        names = {**{node: repr(node.name) for node in missing}, **caller_names()}
        example = ", ".join(f"{names[node]}: …" for node in missing)
        raise FeedError(f"no value for {' and '.join(map(str, missing))}: feed it, as in .eval({{{example}}})")
    held = {node: node.op.held(node) for node in needed if node.op.held and node not in fed}
    known = fed | held
    return needed, known, bind_sizes({node: value for node, value in known.items() if not node.weak})


def _warn_if_not_finite(node: "Node", values: Mapping["Node", Any], known: int) -> bool:
    """Whether there was something to warn of; the first values, so many, were known before any was computed."""
    is_finite = np.isfinite(values[node]).all()  # a flag may have been raised on the way
    fault = None if is_finite else fault_of(node, values, caller_names(), fed=set(islice(values, known)))
    if fault:
        _, level = caller_frame()
        warnings.warn(fault.text, NonFiniteWarning, stacklevel=level + 1)
    return fault is not None


def _handed_out(value: Any) -> Any:
    """The value as NumPy would return it, sharing memory with nothing that can change."""
    array = np.array(value)
    return array if array.ndim else array[()]
