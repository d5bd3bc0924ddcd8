"""Reports: which laws turned a graph into a simpler one, and where a value may differ from what was written."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tinygraph.notation import caller_names, expression

if TYPE_CHECKING:
    from tinygraph.graph import Node

ASSUMPTION, LIMIT, DIGITS, POLICY, LAW = range(5)
"""Why a step is told: it rests on what was said; inf or NaN becomes the true limit; digits are kept that were lost; a
value may change; or just so."""


class Step(NamedTuple):
    """A law that was applied, how often, and where it was first."""

    law: str
    kind: int
    note: str
    before: "Node"
    after: "Node"
    times: int

    def text(self, names: "Mapping[Node, str]") -> str:
        """The law, how often it was applied and what to know about it; and below, what it did where it was first."""
        law = self.law if self.times == 1 else f"{self.law}, {self.times} times"
        before, after = (expression(node, names, depth=3) for node in (self.before, self.after))
        change = f"\n    {before} → {after}" if before != after else ""
        return f"{law}{': ' if self.note else ''}{self.note}{change}"


class Report:
    """The steps of one simplification: first those that rest on an assumption, then those that change a value.

    >>> import tinygraph as tg
    >>> z = tg.input("z", ())
    >>> print(tg.simplify(tg.log(tg.sigmoid(z))).report)
    log(sigmoid(x)) → -softplus(-x): finite where sigmoid rounds to 0: log(0) = -inf
        log(sigmoid(z)) → -softplus(-z)
    """

    def __init__(self) -> None:
        self._steps: dict[tuple[str, str], Step] = {}
        self.written: dict[Node, Node] = {}
        """What each node of the result was written as."""

    def add(self, law: str, before: "Node", after: "Node", kind: int = LAW, note: str = "") -> None:
        """Count one more use of the law."""
        known = self._steps.get((law, note))
        step = Step(law, kind, note, before, after, 1) if known is None else known._replace(times=known.times + 1)
        self._steps[law, note] = step

    def update(self, other: "Report") -> None:
        """Take in the steps of another report, which come after these."""
        for step in other:
            for _ in range(step.times):
                self.add(step.law, step.before, step.after, step.kind, step.note)

    @property
    def is_more_stable(self) -> bool:
        """Whether a step made something finite that was not, or kept digits that were lost."""
        return any(step.kind in (LIMIT, DIGITS) for step in self)

    def __iter__(self) -> Iterator[Step]:
        return iter(sorted(self._steps.values(), key=lambda step: step.kind))

    def __len__(self) -> int:
        return len(self._steps)

    def __str__(self) -> str:
        names = caller_names()
        return "\n".join(step.text(names) for step in self) or "nothing was changed"

    def __repr__(self) -> str:
        return f"<report of {sum(step.times for step in self)} steps>"
