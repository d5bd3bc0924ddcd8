"""The maker: what a law may ask of the one who applies it."""

from typing import Any, Protocol

from tinygraph.graph import Node, Op
from tinygraph.report import LAW


class Maker(Protocol):
    """What makes the nodes that a law asks for, each once and simplified at once."""

    def __call__(self, op: Op, *args: Any, **params: Any) -> Node:
        """The op on nodes and numbers."""

    def filled(self, value: float, like: Node) -> Node:
        """That number everywhere, in the shape and dtype of a node."""

    def shared(self, node: Node) -> Node:
        """The node, or the equal one that there is."""

    def rebuilt(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The node with other arguments."""

    def tell(self, law: str, before: Node, after: Node, kind: int = LAW, note: str = "") -> None:
        """Report that a law was applied."""
