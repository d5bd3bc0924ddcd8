"""Marks: which derivatives are right, which follow from a wrong one, and what is said about each."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygraph.conventions import counts_of_means, of_the_sum, with_other_choices
from tinygraph.derivatives import cotangents, one_like
from tinygraph.diagnosis import Closeness, Diagnosis, Graph, over
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array
from tinygraph.graph import Node
from tinygraph.notation import formula
from tinygraph.ops.axes import zeros_like
from tinygraph.order import order
from tinygraph.samples import SEED

MOST_TOLD, MOST_DIAGNOSED = 3, 3
"""So many slips are told at most, where several explain the same numbers; and so many wrong ones are looked into."""


@dataclass(frozen=True)
class Mark:
    """What is said about one derivative: right, wrong (`is_right` is False), or nothing (None)."""

    name: str
    is_right: bool | None
    text: str
    slips: tuple[str, ...] = ()


class Marking:
    """All that is known while derivatives are marked."""

    def __init__(
        self,
        J: Node,
        formulas: Mapping[Node, Node],
        numbers: Mapping[Node, Array],
        fed: Mapping[Node, Array],
        names: Mapping[Node, str],
        labels: str,
    ):
        self.J, self.right = J, f"right for {labels}" if labels else "right"
        wrt = [*formulas, *numbers]
        self.same = _in_graph(J, wrt)
        known = list(dict.fromkeys(self.same.values()))
        self.graphs = {node: set(order(node)) for node in {J, *known}}
        gradients = cotangents([(J, one_like(J))], known)
        values, sizes = graph_values([J, *wrt, *known, *formulas.values(), *gradients.values()], fed, {})
        self.graph = Graph(J, gradients, values, sizes, names)
        self.by_hand = {node: np.asarray(values[given]) for node, given in formulas.items()} | dict(numbers)
        self.true = {
            node: np.asarray(values[gradients[same]]) if same in gradients else np.zeros(np.shape(values[node]))
            for node, same in self.same.items()
        }
        floats = [node.dtype for node in order(J) if node.dtype.kind == "f" and not node.weak]
        floats += [given.dtype for given in self.by_hand.values() if given.dtype.kind == "f"]
        eps = max(float(np.finfo(dtype).eps) for dtype in floats)
        noise = self._noise(fed, eps)
        self.close = {node: Closeness(max(1e-6, 8 * eps), noise[node]) for node in wrt}
        self.sums = {
            str(count): of_the_sum(J, known, count) for count in counts_of_means(J) if self.graph.numbers([count])
        }
        self.others = list(with_other_choices(J, known))
        self.diagnosed = 0

    def _noise(self, fed: Mapping[Node, Array], eps: float) -> dict[Node, float]:
        """How far each derivative moves where what it is computed from is rounded: so far, numbers tell nothing."""
        rng = np.random.default_rng(SEED)
        graph, rounded = order(self.J), {}
        for node in graph:
            if node in self.graph.values and not node.args and node.dtype.kind == "f" and node.shape:
                value = np.asarray(self.graph.values[node])
                rounded[node] = (value * (1 + eps * rng.normal(size=value.shape))).astype(node.dtype)
        gradients = self.graph.gradients
        found = dict.fromkeys(self.same, 0.0)
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            values, _ = graph_values(list(gradients.values()), {**fed, **rounded}, {})
            for node, same in self.same.items():
                if same in gradients:
                    moved = values[gradients[same]] - self.graph.values[gradients[same]]
                    found[node] = 30 * float(np.max(np.abs(moved), initial=0.0))
        least = eps * abs(float(np.sum(self.graph.values[self.J])))
        return {node: max(noise, least) if np.isfinite(noise) else 0.0 for node, noise in found.items()}

    def can_tell(self) -> bool:
        """Whether no derivative is 0, as which wrong ones pass for right."""
        return all(np.any(np.abs(true) > self.close[node].noise) for node, true in self.true.items())

    def wrong(self) -> list[Node]:
        """The nodes whose derivatives are wrong."""
        marks: dict[Node, Mark | None] = {}
        for node in self._in_order(self.by_hand):
            marks[node] = self._unless_wrong(node, marks)
        return [node for node, mark in marks.items() if mark is None]

    def marks(self) -> list[Mark]:
        """A mark for each derivative that is given; and for those with a name that the wrong ones are made of."""
        wrong: list[Node] = []
        marks: dict[Node, Mark | None] = {}
        for node in self._in_order(self.by_hand):
            marks[node] = self._unless_wrong(node, marks)
            if marks[node] is None:
                wrong.append(node)
        told = {node: mark or self._of_wrong(node, wrong, marks) for node, mark in marks.items()}
        for node in self._next_with_a_name(wrong):
            if node not in set(self.same.values()):
                told[node] = Mark(self.graph.called(node), None, "not given")
        return [told[node] for node in self._in_order(told)]

    def _in_order(self, nodes: Any) -> list[Node]:
        """The nodes in the order of backprop; those that don't depend on each other as they were given."""
        below = {node: set(order(self.same.get(node, node))) for node in nodes}
        return sorted(below, key=lambda node: sum(self.same.get(node, node) in others for others in below.values()))

    def _next_with_a_name(self, nodes: Sequence[Node]) -> list[Node]:
        """The nodes with a name from whose derivatives those of these nodes are made."""
        found: list[Node] = []
        reached = {self.same[node] for node in nodes}
        for node in reversed(list(self.graph.gradients)):
            if node not in reached and node is not self.J and any(arg in reached for arg in node.args):
                if node.name or node in self.graph.names:
                    found.append(node)
                else:
                    reached.add(node)
        return found

    def _unless_wrong(self, node: Node, marks: Mapping[Node, Mark | None]) -> Mark | None:
        """The mark of a derivative that is right, or that nothing can be said of; None for a wrong one."""
        name, given, true, close = self.graph.called(node), self._given(node), self.true[node], self.close[node]
        if node.args and self.same[node] not in self.graphs[self.J]:
            J = formula(self.J, self.graph.names)
            return Mark(name, None, f"{J} was not computed from this node: give one that was")
        if not np.isfinite(true).all():
            return Mark(name, None, "can't be marked: for these feeds the right one is inf or nan")
        if close.agree(given, true):
            return Mark(
                name, True, f"{self.right} (largest difference {np.max(np.abs(given - true), initial=0.0):.0e})"
            )
        later = self._later(node, marks)
        for text, number in later:
            if close.agree(given, number * true):
                told = f"{self.right} as the notes write it, where the {over(text)} of the mean comes in later"
                return Mark(name, True, told)
        scales = [1.0, *(number for _, number in later)]
        for other in (gradients.get(self.same[node]) for gradients in self.others):
            if other is not None and any(close.agree(given, scale * self.graph.computed(other)) for scale in scales):
                return Mark(name, True, f"{self.right}, with another choice than this library's at a kink")
        for slip, candidate in self.graph.candidates(self.same[node]) if self._is_mended_later(node) else ():
            is_of_cost = slip.kind in ("factor", "count") and all(step.size == 1 for step in slip.steps)
            if is_of_cost and close.agree(given, candidate):
                return Mark(name, True, f"{self.right}, but {slip.told}: so it must come in later")
        return None

    def _later(self, node: Node, marks: Mapping[Node, Mark | None]) -> list[tuple[str, float]]:
        """The counts of means whose 1/m the derivative of a node in the middle may lack, as the notes' dZ does.

        Not where it is in the derivative that this one is made of, and comes in nowhere later; nor where it belongs to
        a part of the cost alone.
        """
        has_it = [other for other, mark in marks.items() if mark and mark.text.startswith(f"{self.right} (")]
        above = [other for other in has_it if self.true[other].size > 1 and self._is_made_of(node, other)]
        if not node.args or (above and not self._is_mended_later(node)):
            return []
        found = []
        for text, gradients in self.sums.items():
            number = float(self.graph.means[text])
            of_sum = gradients.get(self.same[node])
            if of_sum is not None and self.close[node].agree(self.graph.computed(of_sum), number * self.true[node]):
                found.append((text, number))
        return found

    def _is_mended_later(self, node: Node) -> bool:
        """Whether a derivative that is made of this one is right."""
        below = [other for other in self.by_hand if self._is_made_of(other, node)]
        return any(self.close[other].agree(self._given(other), self.true[other]) for other in below)

    def _is_made_of(self, node: Node, other: Node) -> bool:
        """Whether the derivative of the one node is made of that of the other, since it goes into that."""
        return node is not other and self.same[node] in self.graphs[self.same[other]]

    def _given(self, node: Node) -> Array:
        """What was given; a single number counts for every element."""
        given, true = self.by_hand[node], self.true[node]
        return np.broadcast_to(given.reshape(()), true.shape) if given.size == 1 else given

    # What is said about a wrong one.

    def _of_wrong(self, node: Node, wrong: Sequence[Node], marks: Mapping[Node, Mark | None]) -> Mark:
        name = self.graph.called(node)
        between = [other for other, mark in marks.items() if mark and mark.is_right and self._is_made_of(node, other)]
        above = [
            other
            for other in wrong
            if self._is_made_of(node, other) and not any(self._is_made_of(right, other) for right in between)
        ]
        others = [other for other in wrong if other is not node]
        if above:
            return Mark(name, False, self._told_after(node, above[-1]))
        if self.diagnosed == MOST_DIAGNOSED:
            return Mark(name, False, f"wrong, too: mend {self.graph.called(others[0])} first")
        self.diagnosed += 1
        scales = [1.0, *(number for _, number in self._later(node, marks))]
        given, true, close = self._given(node), self.true[node], self.close[node]
        tried = [Diagnosis(self.graph, self.same[node], given, true, close, scale) for scale in scales]
        found = min(filter(None, map(Diagnosis.slips, tried)), key=lambda slips: slips[0].count("Besides"), default=[])
        slips = tuple(found[:MOST_TOLD])
        if slips:
            return Mark(name, False, f"wrong: {' Or: '.join(slips)}", slips)
        told = min(tried, key=Diagnosis.differing).where_it_differs()
        first = f"; mend {self.graph.called(others[0])} first" if others else ""
        return Mark(name, False, f"wrong: {told}{first}")

    def _told_after(self, node: Node, first: Node) -> str:
        """Of another wrong one: whether it follows from the first."""
        name, by_hand = self.graph.called(first), self._given(first)
        if by_hand.shape == self.true[first].shape and np.isfinite(by_hand).all():
            above, below = self.same[first], self.same[node]
            g = zeros_like(above)
            self.graph.values[g] = by_hand
            around = cotangents([(self.J, one_like(self.J))], [below], fixed={above})
            through = cotangents([(above, g)], [below])
            rest = self.graph.computed(around[below]) if below in around else 0
            factors = [1.0, *(1 / number for number in self.graph.means.values())]  # the 1/m may come in later
            if below in through and any(
                self.close[node].agree(self._given(node), rest + factor * self.graph.computed(through[below]))
                for factor in factors
            ):
                return f"wrong, but only because {name} is: by the chain rule it follows from that"
        return f"wrong, too: mend {name} first"


def _in_graph(J: Node, nodes: Sequence[Node]) -> dict[Node, Node]:
    """For each node the one in J's graph that is the same line; itself, where none is."""
    found: dict[Any, Node] = {}
    same: dict[Node, Node] = {}

    def line(node: Node) -> Any:
        if not node.args:
            return (node.op.name, str(node.params)) if node.weak else id(node)
        return (node.op.name, *(id(same[arg]) for arg in node.args), str(node.params))

    for node in order(J):
        same[node] = found.setdefault(line(node), node) if node.weak else node
        found.setdefault(line(node), node)
    for node in order(*nodes):
        if node not in same:
            same[node] = found.get(line(node), node)
    return {node: same[node] for node in nodes}
