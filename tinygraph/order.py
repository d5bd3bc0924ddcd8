"""The one topological order: arguments before the nodes that use them, found without recursion."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygraph.graph import Node


def order(
    *roots: "Node", known: Iterable["Node"] = (), needs: Callable[["Node"], Any] = attrgetter("args")
) -> list["Node"]:
    """Every node that the roots depend on, each after what it needs; nodes that are known are not looked into."""
    known = set(known)
    done: dict[Node, None] = {}
    stack = list(reversed(roots))
    while stack:
        node = stack[-1]
        waiting = [] if node in known else [arg for arg in needs(node) if arg not in done]
        if waiting:
            stack.extend(reversed(waiting))
        else:
            done[stack.pop()] = None
    return list(done)
