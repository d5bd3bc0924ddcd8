"""Factors that are one number: an array is multiplied by all of them at once, at the place where that costs least."""

from typing import NamedTuple

from tinygraph.compile.lower import is_ones
from tinygraph.graph import Node, as_node
from tinygraph.sharing import Sharing


class Factor(NamedTuple):
    """Numbers that an array is multiplied and divided by."""

    times: tuple[Node, ...] = ()
    over: tuple[Node, ...] = ()

    def __mul__(self, other: "Factor") -> "Factor":  # type: ignore[override]
        return Factor((*self.times, *other.times), (*self.over, *other.over))

    def is_same(self, other: "Factor") -> bool:
        """Whether it is made of the same nodes."""
        return [*map(id, self.times), 0, *map(id, self.over)] == [*map(id, other.times), 0, *map(id, other.over)]


def split(node: Node) -> tuple[Node, Factor] | None:
    """The node as an array and the number that it is multiplied by, if that is what it is."""
    if node.op.name not in ("multiply", "divide") or node.dtype.kind != "f" or not node.shape or is_ones(node):
        return None
    x, y = node.args
    if not y.shape and x.shape == node.shape and x.dtype == node.dtype:
        return x, Factor(times=(y,)) if node.op.name == "multiply" else Factor(over=(y,))
    if not x.shape and y.shape == node.shape and y.dtype == node.dtype and node.op.name == "multiply":
        return y, Factor(times=(x,))
    return None


def multiplied(base: Node, factor: Factor, sharing: Sharing) -> Node:
    """The array times the factor, whose numbers are multiplied first."""
    times, over = factor
    if not times and len(over) == 1:
        return sharing.shared(base / over[0])
    total = _product(times, sharing)
    if over:
        total = sharing.shared(total / _product(over, sharing))
    return sharing.shared(base * total)


def _product(numbers: tuple[Node, ...], sharing: Sharing) -> Node:
    total = numbers[0] if numbers else as_node(1.0)
    for number in numbers[1:]:
        total = sharing.shared(total * number)
    return total
