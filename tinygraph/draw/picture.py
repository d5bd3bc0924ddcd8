"""What a picture shows: boxes, each a node beside its gradient, and edges, forward and back; no layout yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygraph.algebra import collected
from tinygraph.backprop import Backprop, Part
from tinygraph.board import made_of
from tinygraph.derive import Blackboard
from tinygraph.draw.values import shown
from tinygraph.evaluate import graph_values
from tinygraph.faults import Fault, first_fault
from tinygraph.folding import Folded
from tinygraph.formulas import Formula
from tinygraph.graph import Node
from tinygraph.ops.axes import zeros_like
from tinygraph.order import order
from tinygraph.samples import told_samples, with_samples

MOST_DERIVED = 60
"""In a picture of more boxes, gradients are written as they come from the boxes above, and not derived further."""

PLUS = "⊕"
"""Stands by a gradient to which several users of its node add."""

KINDS = {"input": "data", "parameter": "parameter", "constant": "constant"}


@dataclass(frozen=True)
class Box:
    """A node with its gradient: names, formulas, shape, and values where they are shown."""

    node: Node
    name: str
    formula: str
    kind: str
    d: str = ""
    gradient: str = ""
    value: Sequence[str] = ()
    gradient_value: Sequence[str] = ()
    mark: str = ""
    """"fault" for the first inf or NaN, "changed" and "gone" in a simplification."""


@dataclass(frozen=True)
class Edge:
    """From an argument to what is made of it, or back; with what it does to what flows along it."""

    tail: Node
    head: Node
    label: str
    is_back: bool


@dataclass(frozen=True)
class Picture:
    """Boxes and edges, and what is to be said below them."""

    boxes: Sequence[Box]
    edges: Sequence[Edge]
    notes: Sequence[str]
    scopes: Mapping[Node, tuple[str, ...]] = field(default_factory=dict)


def picture(
    roots: Sequence[Node],
    wrt: Sequence[Node],
    folded: Folded,
    values: int = 0,
    feeds: Mapping[Any, Any] | None = None,
) -> Picture:
    """The picture of these roots; with the gradients of the one root with respect to `wrt`, where there are any.

    `values` is how many elements of a value are shown before it is summed up; 0 shows none.
    """
    back = Backprop(roots[0], wrt, folded) if wrt else None
    known, fault, notes = _values(roots, back, folded, values, feeds)
    gradients = _gradients(back, wrt) if back else {}
    boxes = []
    for node in folded.boxes:
        box = Box(node, folded.names[node], _made_of(node, folded), KINDS.get(node.op.name, "step"))
        details: dict[str, Any] = {}
        if node in gradients:
            is_sum = back is not None and len(back.parts.get(node, ())) > 1
            details |= {"d": f"{folded.d[node]} {PLUS}" if is_sum else folded.d[node], "gradient": gradients[node].text}
        if node in known:
            details["value"] = shown(known[node], values)
        if back and known and node in gradients:
            true = known[back.true[node]] if node in back.true else np.zeros(np.shape(known[node]))
            details["gradient_value"] = shown(true, values)
        if fault and fault.node is node:
            details["mark"] = "fault"
        boxes.append(Box(**{**box.__dict__, **details}))
    edges = [*_forward(folded), *(_backward(back) if back else ())]
    if fault:
        notes.append(f"⚠ {fault.text}")
    return Picture(boxes, edges, notes, scopes={node: node.scope for node in folded.boxes})


def _made_of(node: Node, folded: Folded) -> str:
    if node.op.name in KINDS:
        return KINDS[node.op.name]
    return made_of(node, folded.names).text


def _values(
    roots: Sequence[Node], back: Backprop | None, folded: Folded, values: int, feeds: Mapping[Any, Any] | None
) -> tuple[Mapping[Node, Any], Fault | None, list[str]]:
    """The values that are known, the first of them that is no number, and which of them are samples."""
    if not values and feeds is None:
        return {}, None, []
    drawn = [*roots, *folded.boxes, *(back.true.values() if back else ())]
    fed, sampled = with_samples(drawn, feeds)
    known, _ = graph_values(drawn, fed, {})
    fault = first_fault(order(*drawn), known, folded.names, fed=fed.keys())
    if fault:
        home = next((box for box in folded.boxes if fault.node in set(order(box, known=set(folded.inputs[box])))), None)
        fault = Fault(home, fault.index, fault.text) if home is not None else fault
    told = [told_samples(fed, sampled, before="values of ")] if sampled and values else []
    return known if values else {}, fault, told


def _gradients(back: Backprop, wrt: Sequence[Node]) -> dict[Node, Formula]:
    """How the gradient of each box is written."""
    found = {back.J: Formula.number(1)}
    derived = Blackboard(back, wrt).result if len(back.boxes) <= MOST_DERIVED else {}
    for box in back.boxes:
        if box in derived:
            found[box] = back.written(derived[box])
        elif back.parts[box]:
            found[box] = back.written(back.reader.read(back.gradient(box)))
    for node in wrt:
        if node not in found:
            found[node] = back.formula(zeros_like(node))
    return found


def _forward(folded: Folded) -> Iterator[Edge]:
    for box in folded.boxes:
        for arg in folded.inputs[box]:
            yield Edge(arg, box, "", is_back=False)


def _backward(back: Backprop) -> Iterator[Edge]:
    for box, parts in back.parts.items():
        for part in parts:
            yield Edge(box, part.user, _told(back, box, part), is_back=True)


def _told(back: Backprop, box: Node, part: Part) -> str:
    """What an edge back does to the gradient that flows along it: ∂A/∂Z = A(1 − A), or Σ over m."""
    symbol = back.symbol(part.user, box).text
    if part.local is not None:
        return f"{symbol} = {back.written(collected(part.local)).text}"
    g = back.arriving[part.user]
    node = back.simplified(part.node)
    if node.op.name == "matmul":
        for arg, other in (node.args, node.args[::-1]):
            if other is g:
                return f"{symbol} = {back.formula(arg).text}"
            if other.op.name == "transpose" and other.args[0] is g:
                turned = back.formula(arg.args[0]) if arg.op.name == "transpose" else back.formula(arg).T
                return f"{symbol} = {turned.text}"
    if node.op.name == "sum" and node.args[0] is g:
        return f"Σ over {', '.join(str(g.shape[axis]) for axis in _axes(node))}"
    return made_of(node, back.names | {g: "(·)"}).text


def _axes(node: Node) -> tuple[int, ...]:
    axis = node.params["axis"]
    return tuple(range(node.args[0].ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
