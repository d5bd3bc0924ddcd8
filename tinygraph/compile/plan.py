"""The plan of a program: what is computed once for each size, and which steps write into the same memory."""

from typing import Any

import numpy as np

from tinygraph.compile.task import Task
from tinygraph.graph import CONSTANT, Node, Op
from tinygraph.ops import elementwise, extremes, linalg, reductions, statistics
from tinygraph.sizes import Shape, sizes_in

REDUCTIONS: dict[Op, str] = {
    reductions.sum: "add.reduce",
    extremes.max: "maximum.reduce",
    extremes.min: "minimum.reduce",
    statistics.prod: "multiply.reduce",
}
"""Ops along axes that are one ufunc's, and so can write into memory that is there."""

VIEWS = {"transpose", "reshape", "broadcast_to"}
"""Ops that show memory in another way, and compute nothing."""


class Plan:
    """What runs when, and where its value lies.

    - `fixed`: steps that depend on sizes and constants alone; they run when a size is first met.
    - `steps`: the rest, in order.
    - `pieces`: the shape and dtype of each piece of memory; `place` says which one a step writes into.
    - `views`: the steps that only show such a piece in another way, which is done once.
    """

    def __init__(self, task: Task):
        self.told = set(task.tellers())
        self._known: dict[Any, bool] = {}
        self.fixed: dict[Node, None] = {}
        self.steps: list[Node] = []
        self.pieces: list[tuple[Shape, np.dtype[Any]]] = []
        self.place: dict[Node, int] = {}
        self.views: dict[Node, None] = {}
        known = set(task.arguments)
        for node in task.steps:
            if node not in known:
                if all(arg in self.fixed for arg in node.args) and self.has_known_sizes(node):
                    self.fixed[node] = None
                else:
                    self.steps.append(node)
        self._place(set(task.roots))

    def has_known_sizes(self, node: Node) -> bool:
        """Whether its shape, and all sizes in its parameters, are told by the arguments."""
        if node.op.counts or node.op.name == "for_each":
            return False
        has_params = node.params and node.op is not CONSTANT
        return self._is_told(node.shape) and (not has_params or self._is_told(tuple(node.params.values())))

    def _is_told(self, parts: Any) -> bool:
        if parts not in self._known:
            self._known[parts] = all(name in self.told for size in sizes_in(parts) for name in size.sources)
        return self._known[parts]

    def _place(self, roots: set[Node]) -> None:
        """Give each step that can write into a piece of memory one that nobody needs any more, if there is one."""
        holds = self._held_values(roots)
        end = {value: now for now, node in enumerate(self.steps) for arg in node.args for value in holds.get(arg, ())}
        end |= {value: len(self.steps) for root in roots for value in holds.get(root, ())}
        ending: dict[int, list[Node]] = {}
        for value, now in end.items():
            ending.setdefault(now, []).append(value)
        free: dict[Any, list[int]] = {}
        for now, node in enumerate(self.steps):
            over = dict.fromkeys(ending.get(now, []))
            if holds.get(node) == {node}:
                self.place[node] = self._in_place(node, over, free)
            for value in over:
                piece = self.place[value]
                if piece != self.place.get(node):
                    free.setdefault(_kind(value), []).append(piece)

    def _in_place(self, node: Node, over: dict[Node, None], free: dict[Any, list[int]]) -> int:
        is_one = all(size == 1 for size in node.shape)  # to write over one number takes NumPy longer than beside it
        if isinstance(node.op.compute, np.ufunc) and not is_one:
            for arg in node.args:
                if arg in over and _kind(arg) == _kind(node):
                    return self.place[arg]
        waiting = free.get(_kind(node))
        if waiting:
            return waiting.pop()
        self.pieces.append((node.shape, node.dtype))
        return len(self.pieces) - 1

    def _held_values(self, roots: set[Node]) -> dict[Node, set[Node]]:
        """For each step the values in whose memory its own may lie: its own, or those that it is a view of."""
        holds: dict[Node, set[Node]] = {}
        whole: set[Node] = set()  # lies in one piece, element after element
        for node in self.steps:
            inside = set().union(*(holds[arg] for arg in node.args if arg in holds))
            if node.op.name in VIEWS and node.args[0] in holds and node not in roots and self.has_known_sizes(node):
                is_kept = node.args[0] in whole or node.args[0] in self.views
                if is_kept and (node.op.name != "reshape" or node.args[0] in whole):
                    self.views[node] = None
                    if node.op.name == "reshape":
                        whole.add(node)
            elif node.shape and is_call(node) and node not in roots and self.has_known_sizes(node):
                inside = {node}
                whole.add(node)
            elif is_fresh(node):
                inside = set()
            if inside:
                holds[node] = inside
        return holds


def is_call(node: Node) -> bool:
    """Whether it is one call of NumPy's that may be told where to write."""
    return isinstance(node.op.compute, np.ufunc) or node.op is linalg.matmul or node.op in REDUCTIONS


def is_fresh(node: Node) -> bool:
    """Whether its value is sure to lie in memory of its own."""
    return is_call(node) or node.op is elementwise.where


def _kind(node: Node) -> tuple[Shape, Any]:
    return node.shape, node.dtype
