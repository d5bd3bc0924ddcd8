"""What a learner asks: are these derivatives, computed by hand, right?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.conventions import counts_of_means
from tinygraph.derivatives import check_cost
from tinygraph.errors import FeedError, NodeTypeError
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array, to_array
from tinygraph.graph import Node, as_node
from tinygraph.marking import Mark, Marking
from tinygraph.notation import caller_names, columns, formula
from tinygraph.order import order
from tinygraph.samples import SEED, told_samples, with_labels, with_samples
from tinygraph.sizes import Size


@dataclass(frozen=True)
class Grade:
    """What `grade` found: a mark for each derivative, in the order of backprop, shown as lines of text."""

    marks: Sequence[Mark]
    samples: str

    @property
    def is_right(self) -> bool:
        """Whether no derivative that was given is wrong."""
        return all(mark.is_right is not False for mark in self.marks)

    def explained(self) -> int:
        """How many of the wrong derivatives have an explanation."""
        return sum(bool(mark.slips) for mark in self.marks)

    def __str__(self) -> str:
        return columns([(mark.name, mark.text) for mark in self.marks]) + self.samples

    __repr__ = __str__


def grade(J: Node, derivatives: Mapping[Node, Any], feeds: Mapping[Any, Any] | None = None) -> Grade:
    """Mark derivatives of J that were computed by hand: `{W: dW, b: db}`, as arrays for these feeds, or as formulas.

    The answer says of each whether it is right, and for the first wrong one, in the order of backprop, the likely slip;
    where no known slip explains it, it says so, and where the numbers first differ. Formulas, which are nodes, need
    no feeds: they are compared on small samples, with parameters moved a little off their values, so that a model that
    starts at zeros can't hide a slip; labels, which an example has one of, are tried as 0 and 1 and as one-hot columns
    and rows, too. The derivative of a node in the middle may lack the 1/m of a mean, as the notes' dZ = A - Y does,
    where it comes in later. Raises `GradientError` where J is no single number, and `FeedError` where arrays are given
    and not the feeds that they belong to.

    >>> import numpy as np, tinygraph as tg
    >>> x, y = tg.input("x", (1, "m")), tg.input("y", (1, "m"))
    >>> w = tg.parameter(np.array([[0.5]]))
    >>> J = tg.mean((w * x - y) ** 2)
    >>> m = x.shape[1]
    >>> tg.grade(J, {w: 2 / m * np.sum((y - w * x) * x, axis=1, keepdims=True)})
    dw  wrong: the sign is wrong everywhere
    samples (seed 0): x (1, 3), y (1, 3)
    """
    if not isinstance(derivatives, Mapping) or not all(isinstance(node, Node) for node in derivatives):
        raise NodeTypeError("grade takes the derivatives by node, as in tg.grade(J, {W: dW, b: db})")
    if not derivatives:
        raise NodeTypeError("there is no derivative to mark: give one by its node, as in tg.grade(J, {W: dW})")
    check_cost(J, list(derivatives))
    names = caller_names()
    formulas = {node: as_node(given) for node, given in derivatives.items() if isinstance(given, Node | Size)}
    roots = [J, *derivatives, *formulas.values()]
    fed, sampled = with_samples(roots, feeds)
    if sampled and len(formulas) < len(derivatives):
        missing = " and ".join(map(str, sampled))
        raise FeedError(f"derivatives in numbers belong to certain feeds: give those of {missing} too, in feeds=…")
    if len(formulas) == len(derivatives):
        fed = _moved(J, formulas.values(), fed)
    numbers = {
        node: to_array(given, f"the derivative of {formula(node, names)}")
        for node, given in derivatives.items()
        if node not in formulas
    }
    tried: list[Marking] = []
    for values, labels in with_labels(J, formulas.values(), fed, sampled, counts_of_means(J)):
        marking = Marking(J, formulas, numbers, values, names, labels)
        if not tried or marking.can_tell():
            tried.append(marking)
        if not tried[-1].wrong():
            break
    fewest = min(len(marking.wrong()) for marking in tried)
    samples = told_samples(fed, sampled, "\n")
    found = [Grade(marking.marks(), samples) for marking in tried if len(marking.wrong()) == fewest]
    return max(found, key=Grade.explained)


def _moved(J: Node, formulas: Any, fed: Mapping[Node, Array]) -> dict[Node, Array]:
    """The feeds, and every parameter off its value by a little; not so where a formula has such a value as an array."""
    rng = np.random.default_rng(SEED)
    moved, graph = dict(fed), order(J)
    if any(node.op.name == "constant" and node.shape and node not in set(graph) for node in order(*formulas)):
        return moved
    for node in graph:
        if node.op.name == "parameter" and node.dtype.kind == "f" and node not in moved:
            step = 0.3 / np.sqrt(max(1, *node.value.shape, 1))
            moved[node] = (node.value + rng.normal(scale=step, size=node.value.shape)).astype(node.dtype)
    values, _ = graph_values([J], moved, {})
    return moved if np.isfinite(values[J]).all() else dict(fed)
