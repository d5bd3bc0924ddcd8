"""A simplification as a picture: what was written beside what it became, with what changed marked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tinygraph.draw.picture import Edge, Picture, picture
from tinygraph.folding import Folded
from tinygraph.graph import Node
from tinygraph.order import order
from tinygraph.sharing import Sharing

WRITTEN, SIMPLIFIED = "as written", "simplified"
MOST_LAWS = 8
"""So many laws are told below the picture."""


def comparison(node: Node, names: Mapping[Node, str], values: int, feeds: Mapping[Any, Any] | None) -> Picture:
    """The picture of a node that `tg.simplify` made, op by op, and of what it was written as."""
    before = node.report.written.get(node, node)
    sharing = Sharing()
    keys: dict[Node, Node] = {}
    for each in order(before, node):
        keys[each] = sharing.with_args(each, tuple(keys[arg] for arg in each.args))
    sides, first = [], 1
    for title, root, other in ((WRITTEN, before, node), (SIMPLIFIED, node, before)):
        known = {keys[each] for each in order(other)}
        folded = Folded([root], names, is_whole=True, first=first)
        first += sum(name.startswith("v") for name in folded.names.values())
        drawn = picture([root], [], folded, values, feeds)
        mark = "gone" if title == WRITTEN else "changed"
        sides.append(_side(drawn, title, {box.node: mark for box in drawn.boxes if keys[box.node] not in known}))
    laws = [f"{step.law}" for step in node.report]
    told = [*laws[:MOST_LAWS], f"… and {len(laws) - MOST_LAWS} more"] if len(laws) > MOST_LAWS else laws
    left, right = sides
    return Picture(
        [*left.boxes, *right.boxes],
        [*left.edges, *right.edges],
        [*right.notes, "laws:", *told],
        scopes={**left.scopes, **right.scopes},
    )


def _side(drawn: Picture, title: str, marks: Mapping[Node, str]) -> Picture:
    """One of the two pictures, in a frame of its own; its nodes are others than those of the other."""
    twins = {box.node: _twin(box.node) for box in drawn.boxes}
    boxes = [replace(box, node=twins[box.node], mark=box.mark or marks.get(box.node, "")) for box in drawn.boxes]
    edges = [Edge(twins[edge.tail], twins[edge.head], edge.label, edge.is_back) for edge in drawn.edges]
    return Picture(boxes, edges, drawn.notes, scopes=dict.fromkeys(twins.values(), (title,)))


def _twin(node: Node) -> Node:
    return Node(node.op, node.args, node.params, node.shape, node.dtype, node.name, node.weak)
