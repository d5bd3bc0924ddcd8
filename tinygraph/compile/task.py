"""What is to be compiled: a graph, what goes in and what comes out of it, and how the reader calls its nodes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from tinygraph.evaluate import needs
from tinygraph.graph import PARAMETER, Node, Parameter
from tinygraph.order import order
from tinygraph.sizes import Size, is_name, sources


@dataclass
class Task:
    """Inputs, outputs, and what the updated parameters become; `names` in the order in which the reader wrote them."""

    inputs: Sequence[Node]
    outputs: Sequence[Node]
    updates: Mapping[Parameter, Node]
    names: Mapping[Node, str]
    steps: list[Node] = field(init=False)
    parameters: list[Parameter] = field(init=False)

    def __post_init__(self) -> None:
        known, roots = set(self.inputs), self.roots
        found = order(*self.names, *roots, known=known)
        below: Callable[[Node], Iterable[Node]] = attrgetter("args")
        if any(source.args for source in sources(part for node in found for part in node.params.values())):
            below = needs  # a size that a mask tells
            found = order(*self.names, *roots, known=known, needs=below)
        needed = set(roots)
        for node in reversed(found):
            if node in needed and node not in known:
                needed.update(below(node))
        self.steps = [node for node in found if node in needed]
        used = {node for node in self.steps if node.op is PARAMETER and node not in known}
        in_order = dict.fromkeys([*self.updates, *self.steps])  # as the reader lists them, then as they are met
        self.parameters = [node for node in in_order if node in used]  # type: ignore[misc]

    @property
    def roots(self) -> list[Node]:
        """All that is computed to be returned."""
        return [*self.outputs, *self.updates.values()]

    @property
    def arguments(self) -> list[Node]:
        """What the program takes: the inputs, then the parameters."""
        return [*self.inputs, *self.parameters]

    def replaced(self, now: Mapping[Node, Node]) -> "Task":
        """The same task, with the node that stands now for each of its nodes; names go along."""
        names: dict[Node, str] = {}
        for node, name in self.names.items():
            if node in now:
                names.setdefault(now[node], name)
        updates = {parameter: now[node] for parameter, node in self.updates.items()}
        return Task(self.inputs, [now[node] for node in self.outputs], updates, names)

    def tellers(self) -> dict[str, tuple[Node, int]]:
        """For each named size, an argument or constant of that size, and the axis."""
        found: dict[str, tuple[Node, int]] = {}
        for node in [*self.arguments, *(step for step in self.steps if not step.args)]:
            for axis, size in enumerate(node.shape):
                if isinstance(size, Size) and is_name(size):
                    found.setdefault(str(size), (node, axis))
        return found
