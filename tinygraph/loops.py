"""Loops: what is the same at each turn is brought together, so that it is computed once, before the loop."""

from tinygraph.graph import Node
from tinygraph.ops.elementwise import divide, multiply
from tinygraph.order import order
from tinygraph.sharing import Sharing

LAW = "(x a) b → x (a b)"
NOTE = "where only x changes from turn to turn of a loop"


def gathered(node: Node, number: Node, sharing: Sharing) -> Node:
    """The node with x (a b) for (x a) b, and likewise for quotients, where only x changes with the number."""
    graph = order(node)
    uses: dict[Node, int] = {}
    for arg in (arg for part in graph for arg in part.args):
        uses[arg] = uses.get(arg, 0) + 1
    varying = {number}
    now: dict[Node, Node] = {}
    for part in graph:
        new = sharing.with_args(part, tuple(now[arg] for arg in part.args))
        outer = _split(new, varying)
        inner = _split(outer[0], varying) if outer else None
        if outer and inner and all(uses[arg] == 1 for arg in part.args if now[arg] is outer[0]):
            (_, b, is_over_b), (x, a, is_over_a) = outer, inner
            if is_over_a and not is_over_b:
                a, b = b, a
            factor = sharing.call(divide if is_over_a != is_over_b else multiply, a, b)
            new = sharing.call(divide if is_over_a and is_over_b else multiply, x, factor)
        now[part] = new
        if any(arg in varying for arg in new.args):
            varying.add(new)
    return now[node]


def _split(node: Node, varying: set[Node]) -> tuple[Node, Node, bool] | None:
    """The node as x a or x / a, where only x changes: x, a, and whether it is a quotient."""
    if node.op not in (multiply, divide) or node.dtype.kind != "f":
        return None
    x, a = node.args
    if node.op is multiply and a in varying:
        x, a = a, x
    return None if x not in varying or a in varying else (x, a, node.op is divide)
