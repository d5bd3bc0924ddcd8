"""A graph as its reader sees it: boxes, which are the nodes that have names, with what lies between folded away."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count

from tinygraph.graph import Node
from tinygraph.order import order

MOST_FOLDED = 14
"""What takes more ops than this between two names is cut, by a box with a name of ours."""


class Folded:
    """The boxes of a graph, in order, each with its name, and which boxes each is made of.

    Where it `is_whole` each op is a box.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ())
    >>> y = 2 * x + 1
    >>> J = y * y
    >>> folded = Folded([J], {y: "y", J: "J"})
    >>> [folded.names[box] for box in folded.boxes], [folded.names[box] for box in folded.inputs[J]]
    (['x', 'y', 'J'], ['y'])
    """

    def __init__(
        self,
        roots: Sequence[Node],
        names: Mapping[Node, str],
        also: Sequence[Node] = (),
        is_whole: bool = False,
        first: int = 1,
    ):
        graph = order(*roots, *also)
        given = {node: node.name or names[node] for node in graph if node.name or node in names}
        boxes = {*given, *roots, *also} | {node for node in graph if node.op.name in ("input", "parameter")}
        if is_whole:
            boxes |= {node for node in graph if node.args or node.shape}
        else:
            self._cut(graph, boxes)
        self.given = set(given)
        """The nodes that the reader has named."""
        self.boxes = [node for node in graph if node in boxes]
        self.names = named(self.boxes, given, roots, first)
        self.inputs = {box: list(self._made_of(box, boxes)) for box in self.boxes}
        taken = set(self.names.values())
        root = self.names[roots[0]]
        self.d = {
            box: f"d{name}" if f"d{name}" not in taken else f"∂{root}/∂{name}" for box, name in self.names.items()
        }
        """What the gradient of each box is called."""

    def _cut(self, graph: Sequence[Node], boxes: set[Node]) -> None:
        """Make boxes of what would be too long between two names, and of what takes some ops and is used twice."""
        users: dict[Node, int] = {}
        for arg in (arg for node in graph for arg in set(node.args)):
            users[arg] = users.get(arg, 0) + 1
        folded: dict[Node, int] = {}
        for node in graph:
            inner = sorted(set(node.args) - boxes, key=lambda arg: folded[arg])
            while inner and 1 + sum(folded[arg] for arg in inner) > MOST_FOLDED and folded[inner[-1]] > 1:
                boxes.add(inner.pop())
            folded[node] = int(bool(node.args)) + sum(folded[arg] for arg in inner)
            if folded[node] > 1 and users.get(node, 0) > 1 and not node.weak:
                boxes.add(node)

    def _made_of(self, box: Node, boxes: Collection[Node]) -> Iterator[Node]:
        seen: set[Node] = set()
        todo = list(reversed(box.args))
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            if node in boxes:
                yield node
            else:
                todo += reversed(node.args)

    def above(self, wrt: Sequence[Node]) -> set[Node]:
        """The boxes that are on a way up from `wrt`."""
        found = set(wrt)
        for box in self.boxes:
            if any(arg in found for arg in self.inputs[box]):
                found.add(box)
        return found


def named(boxes: Sequence[Node], given: Mapping[Node, str], roots: Sequence[Node], first: int = 1) -> dict[Node, str]:
    """A name for each box: its own, its variable's, J for a root of one number, or v1, v2, … from `first` on."""
    found: dict[Node, str] = {}
    taken: set[str] = set()
    for node in boxes:
        if node in given:
            found[node] = next(name for name in _apart(given[node]) if name not in taken)
            taken.add(found[node])
    if len(roots) == 1 and roots[0] not in found and "J" not in taken and all(size == 1 for size in roots[0].shape):
        found[roots[0]] = "J"
    free = (name for name in map("v{}".format, count(first)) if name not in taken)
    for node in boxes:
        if node not in found:
            found[node] = next(free)
    return found


def _apart(name: str) -> Iterator[str]:
    """What nodes are called that the reader has given one name: h, h′, then h(3), h(4), …"""
    yield from (name, f"{name}′")
    yield from (f"{name}({number})" for number in count(3))
