"""Small seeded samples for the inputs that a caller feeds no value, drawn where every op is defined."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from tinygraph.errors import EvaluationError, FeedError
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array, bind_sizes, match_feeds, to_dtype
from tinygraph.graph import Node, number
from tinygraph.order import order
from tinygraph.sizes import Size

SEED = 0


def with_samples(roots: Sequence[Node], feeds: Mapping[Any, Any] | None) -> tuple[dict[Node, Array], list[Node]]:
    """The feeds by node, with a sample for every input that has none, and the list of the inputs sampled.

    Unknown sizes become 3, 4, 5, …, so that no two agree by chance. Raises `FeedError` where no sample that was
    tried gives finite values.
    """
    graph = order(*roots)
    fed = {
        node: to_dtype(value, node.dtype, node)
        for node, value in match_feeds([node for node in graph if not node.args], feeds, {}).items()
    }
    open_inputs = sorted(
        (node for node in graph if node.op.name == "input" and node not in fed), key=lambda node: str(node.name)
    )
    if not open_inputs:
        return fed, []
    held = {node: node.op.held(node) for node in graph if node.op.held and node.shape}
    sizes = bind_sizes(held | fed)
    fresh = count(3)
    for node in graph:
        for entry in node.shape:
            for name in entry.sources if isinstance(entry, Size) else ():
                if name not in sizes:
                    sizes[name] = next(number for number in fresh if number not in sizes.values())
    rng = np.random.default_rng(SEED)
    for low, high in ((-2.0, 2.0), (0.1, 0.9), (1.1, 2.0)):
        samples = {node: _sample(node, graph, sizes, low, high, rng) for node in open_inputs}
        if _all_finite(roots, fed | samples):
            return fed | samples, open_inputs
    raise FeedError(f"no sample for {' and '.join(map(str, open_inputs))} gave finite values everywhere: give feeds=…")


def with_labels(
    J: Node, formulas: Iterable[Node], fed: Mapping[Node, Array], sampled: Sequence[Node], examples: Sequence[Any]
) -> Iterator[tuple[Mapping[Node, Array], str]]:
    """The samples; then with those inputs as labels that look like ones, for which some formulas are right alone.

    Such an input goes, element by element, into what has its own shape or is a number; data goes into matrix products.
    Labels are 0 and 1 where they are compared or taken from 1; and one-hot, but not along the axis of the examples.
    """
    yield fed, ""
    graph = order(J)
    everything = order(J, *formulas)
    for label in sampled:
        users = [node for node in graph if any(arg is label for arg in node.args)]
        beside = [arg for node in users for arg in node.args if arg.shape not in (label.shape, ())]
        if beside or not users or not all(node.op.is_elementwise for node in users):
            continue
        rng = np.random.default_rng(SEED)
        shape = np.shape(fed[label])
        asked = [node for node in everything if any(arg is label for arg in node.args)]
        if any(node.dtype.kind == "b" or (node.op.name == "subtract" and number(node.args[0]) == 1) for node in asked):
            yield {**fed, label: rng.integers(0, 2, shape).astype(label.dtype)}, f"{label.name} of 0 and 1"
        long = [axis for axis, size in enumerate(shape) if size > 1]
        classes = [axis for axis in long if label.shape[axis] not in set(examples)] or long * (len(long) > 1)
        for axis in classes:
            chosen = rng.integers(0, shape[axis], (*shape[:axis], *shape[axis + 1 :]))
            one_hot = np.moveaxis(np.eye(shape[axis], dtype=label.dtype)[chosen], -1, axis)
            yield {**fed, label: one_hot}, f"{label.name} one-hot along axis {axis}"


def told_samples(fed: Mapping[Node, Array], sampled: Sequence[Node], before: str = "") -> str:
    """What a reader must know of the samples: which inputs have one, of which shape; nothing where none has."""
    told = ", ".join(f"{node.name} {np.shape(fed[node])}" for node in sampled)
    return f"{before}samples (seed {SEED}): {told}" if told else ""


def _sample(
    node: Node, graph: Sequence[Node], sizes: Mapping[str, int], low: float, high: float, rng: np.random.Generator
) -> Array:
    for user in graph:
        if node in set(user.args):
            low, high = max(low, user.op.domain[0] + 0.1), min(high, user.op.domain[1] - 0.1)
    shape = tuple(entry.at(sizes) if isinstance(entry, Size) else entry for entry in node.shape)
    values = rng.uniform(low, max(low, high), shape)
    if node.params.get("sums_to_one") is not None:
        shares = np.exp(values)
        values = shares / np.sum(shares, axis=node.params["sums_to_one"], keepdims=True)
    if node.dtype.kind == "f":
        return values.astype(node.dtype)
    return (values > 0 if node.dtype.kind == "b" else np.abs(np.round(values))).astype(node.dtype)


def _all_finite(roots: Sequence[Node], feeds: Mapping[Node, Array]) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            values, _ = graph_values(roots, feeds, {})
        except EvaluationError:  # a matrix that has no inverse, for instance
            return False
    computed = [value for node, value in values.items() if node.args]
    return not any(np.isnan(value).any() for value in computed) and all(
        np.isfinite(values[root]).all() for root in roots
    )
