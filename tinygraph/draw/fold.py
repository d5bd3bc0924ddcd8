"""Scopes folded: each layer one box, and layers that are alike one box for all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from tinygraph.draw.picture import Box, Edge, Picture
from tinygraph.graph import Node

MOST_NAMED, MOST_LINES = 4, 5
"""So many gradients of a folded scope are named, and so many of its lines are shown."""


def folded(picture: Picture) -> Picture:
    """The picture with all boxes of an outermost scope as one, and a row of scopes that are alike as one box."""
    groups: dict[str, list[Box]] = {}
    for box in picture.boxes:
        scope = picture.scopes.get(box.node, ())
        if scope:
            groups.setdefault(scope[0], []).append(box)
    place = {box.node: number for number, box in enumerate(picture.boxes)}
    groups = dict(sorted(groups.items(), key=lambda group: place[group[1][-1].node]))
    home = {box.node: own[-1].node for own in groups.values() for box in own}
    users: dict[Node, set[Node]] = {}
    for edge in picture.edges:
        if not edge.is_back:
            users.setdefault(home.get(edge.head, edge.head), set()).add(home.get(edge.tail, edge.tail))
    runs = list(_runs(groups, users))
    for run in runs:
        for name in run:
            home |= {box.node: groups[run[-1]][-1].node for box in groups[name]}
    made = {groups[run[-1]][-1].node: _one(run, groups) for run in runs}
    boxes = [made.get(box.node, box) for box in picture.boxes if home.get(box.node, box.node) is box.node]
    return replace(picture, boxes=boxes, edges=list(_edges(picture.edges, home)), scopes={})


def _runs(groups: Mapping[str, Sequence[Box]], users: Mapping[Node, set[Node]]) -> Iterator[list[str]]:
    """The scopes in order, those together that are alike and each made of the one before."""
    run: list[str] = []
    for name, own in groups.items():
        if run:
            before = groups[run[-1]]
            is_next = before[-1].node in users.get(own[-1].node, set())
            if not (is_next and _looks(before) == _looks(own)):
                yield run
                run = []
        run.append(name)
    if run:
        yield run


def _looks(boxes: Sequence[Box]) -> list[str]:
    """What is equal for scopes that differ in names alone."""
    return sorted(f"{box.kind} {box.node.op.name} {box.node.shape} {bool(box.d)}" for box in boxes)


def _one(run: Sequence[str], groups: Mapping[str, Sequence[Box]]) -> Box:
    """One box for a scope, or for all of a row."""
    own = groups[run[-1]]
    parameters = [box for name in run for box in groups[name] if box.kind == "parameter"]
    out = own[-1]
    title = run[0] if len(run) == 1 else f"{run[0]} … {run[-1]}: {len(run)} alike"
    mark = next((box.mark for name in run for box in groups[name] if box.mark), "")
    lines = [f"{box.name} = {box.formula}" for box in own if box.kind == "step"]
    made = "\n".join([*lines[:MOST_LINES], *(["…"] if len(lines) > MOST_LINES else [])])
    gradients = [box.d for box in parameters if box.d]
    shown = f"{', '.join(gradients[:MOST_NAMED])}{', …' if len(gradients) > MOST_NAMED else ''}"
    return Box(out.node, title, made, "step", out.d, shown or out.gradient, out.value, out.gradient_value, mark)


def _edges(edges: Sequence[Edge], home: Mapping[Node, Node]) -> Iterator[Edge]:
    """The edges between what is left, each once; those back without what they do, which is inside."""
    key = lambda edge: (edge.is_back, id(home.get(edge.tail, edge.tail)), id(home.get(edge.head, edge.head)))
    for _, same in groupby(sorted(edges, key=key), key=key):
        together = list(same)
        first = together[0]
        tail, head = home.get(first.tail, first.tail), home.get(first.head, first.head)
        if tail is not head:
            is_inside = len(together) > 1 or first.tail in home or first.head in home
            yield Edge(tail, head, "" if is_inside else first.label, first.is_back)
