"""Backprop between names: how the gradient of each box comes from those of the boxes that it goes into.

Each gradient is a formula of a few named nodes, in which that of a box above is a leaf of its own, called dA. So it
can be written as on a blackboard, drawn beside its node, and simplified step by step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from tinygraph.board import made_of, written
from tinygraph.derivatives import cotangents, one_like
from tinygraph.folding import Folded
from tinygraph.formulas import Formula
from tinygraph.graph import INPUT, Node
from tinygraph.ops.elementwise import add
from tinygraph.reading import Reader, write
from tinygraph.rewrite import Rewriting
from tinygraph.terms import Factor, Sum


@dataclass(frozen=True)
class Part:
    """What one user of a box adds to the gradient of the box.

    `node` computes it of the user's gradient; it is that gradient times `local`, element by element, where there is
    such a factor, as there is none of a matrix product.
    """

    user: Node
    node: Node
    local: Sum | None


class Backprop:
    """The gradients of the boxes between `wrt` and J.

    `arriving[box]` is a leaf that stands for the box's gradient, `parts[box]` are what it is the sum of, and `names`
    calls the leaves dA.
    """

    def __init__(self, J: Node, wrt: Sequence[Node], folded: Folded):
        self.J, self.folded = J, folded
        self.on_the_way = folded.above(wrt)
        self.boxes = [box for box in reversed(folded.boxes) if box in self.on_the_way]
        self.arriving = {box: _arriving(box, folded.d[box]) for box in self.boxes if box is not J}
        self.arriving[J] = one_like(J)
        self.names = folded.names | {self.arriving[box]: folded.d[box] for box in self.boxes if box is not J}
        self.reader = Reader(self.names)
        known = [box for box in folded.boxes if box.args]
        self._known = {*known, *(leaf for leaf in self.arriving.values() if leaf.op is INPUT)}
        found: dict[Node, list[Part]] = {box: [] for box in self.boxes}
        for user in self.boxes:
            below = [arg for arg in folded.inputs[user] if arg in self.on_the_way]
            gradients = cotangents([(user, self.arriving[user])], below, fixed=set(below))
            for arg in below:
                if arg in gradients:
                    found[arg].append(self._part(user, gradients[arg]))
        self.parts = found
        self.true = cotangents([(J, one_like(J))], wrt)
        """The gradient of each node on the way, of the graph itself."""

    def _part(self, user: Node, gradient: Node) -> Part:
        g = self.arriving[user]
        if user is self.J:
            return Part(user, gradient, self.reader.read(gradient))
        terms = self.reader.read(gradient).terms
        is_factor = all(
            dict(term.factors).get(g) == 1 and not _is_inside(g, term.without({g}).factors) for term in terms
        )
        return Part(user, gradient, Sum(term.without({g}) for term in terms) if is_factor and terms else None)

    def simplified(self, node: Node) -> Node:
        """The node in fewer steps, in which boxes are not looked into."""
        return Rewriting([node], known=self._known).roots[0]

    def gradient(self, box: Node) -> Node:
        """The gradient of a box, made of those of its users."""
        return reduce(add, [part.node for part in self.parts[box]])

    def formula(self, node: Node) -> Formula:
        """A node as it is written on the blackboard."""
        return made_of(node, self.names) if node not in self.names else written(node, self.names)

    def written(self, terms: Sum) -> Formula:
        """A sum of terms as it is written on the blackboard."""
        return self.formula(write(terms))

    def symbol(self, user: Node, box: Node) -> Formula:
        """∂A/∂Z."""
        above, below = self.folded.names[user], self.folded.names[box]
        latex = rf"\frac{{\partial {Formula.name(above).latex}}}{{\partial {Formula.name(below).latex}}}"
        return Formula(f"∂{above}/∂{below}", latex, shape=user.shape)


def _arriving(box: Node, name: str) -> Node:
    return Node(INPUT, (), {}, box.shape, box.dtype, name)


def _is_inside(node: Node, factors: Sequence[tuple[Factor, int]]) -> bool:
    """Whether the node is in one of the factors."""
    todo: list[Any] = [factor for factor, _ in factors]
    seen: set[Any] = set()
    while todo:
        factor = todo.pop()
        if factor is node:
            return True
        if factor not in seen:
            seen.add(factor)
            todo += (
                factor.args if isinstance(factor, Node) else [part for term in factor.terms for part, _ in term.factors]
            )
    return False
