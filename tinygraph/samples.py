"""Small seeded samples for the inputs that a caller feeds no value, drawn where every op is defined."""

import warnings
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from tinygraph.errors import FeedError
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array, bind_sizes, match_feeds, to_dtype
from tinygraph.graph import Node
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
    if node.dtype.kind == "f":
        return values.astype(node.dtype)
    return (values > 0 if node.dtype.kind == "b" else np.abs(np.round(values))).astype(node.dtype)


def _all_finite(roots: Sequence[Node], feeds: Mapping[Node, Array]) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values, _ = graph_values(roots, feeds, {})
    return all(np.isfinite(value).all() for value in values.values())
