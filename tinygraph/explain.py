"""The derivation of a derivative, as a person writes it on a blackboard: rule by rule, each step checked in numbers."""

import html
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from tinygraph.backprop import Backprop
from tinygraph.board import made_of
from tinygraph.derivatives import asked
from tinygraph.derive import Blackboard, Line
from tinygraph.draw.page import mathml
from tinygraph.errors import NonFiniteWarning
from tinygraph.evaluate import graph_values
from tinygraph.folding import Folded
from tinygraph.formulas import Formula
from tinygraph.graph import Node
from tinygraph.letters import escaped
from tinygraph.notation import caller_names
from tinygraph.noted import with_notes
from tinygraph.samples import told_samples, with_samples

CLOSE = 1e-6
"""The largest error, relative to the largest number, with which a step is ticked."""

TINY = 1e-6
"""A gradient that is smaller than this beside the others is 0 but for rounding."""

WIDE = 100
"""Definitions that take more signs than this stand in lines of their own."""


@dataclass(frozen=True)
class Step:
    """One line: what is derived, how it is written now, by which rule and why, and how far its numbers are off.

    `error` is the largest difference from the graph's own gradient, relative to the largest number in that; NaN where
    inf or NaN stands in the way.
    """

    of: str
    formula: Formula
    rule: str
    why: str
    shape: str
    error: float

    @property
    def text(self) -> str:
        """The line in Unicode: `dZ = 1/m (A − Y)`."""
        return f"{self.of} = {self.formula.text}"

    @property
    def latex(self) -> str:
        """The line in LaTeX."""
        return f"{Formula.name(self.of).latex} = {self.formula.latex}"

    @property
    def mathml(self) -> str:
        """The line in MathML, for a page; raises `DrawError` where math-core is missing."""
        return mathml(self.latex)

    @property
    def check(self) -> str:
        """A tick or a cross, and the error; or that numbers tell nothing here."""
        if np.isnan(self.error):
            return "– inf or nan"
        mark = "✓" if self.error <= CLOSE else "✗"
        return f"{mark} {self.error:.0e}" if self.error else f"{mark} 0"


class Derivation(Sequence[Step]):
    """The steps from a cost to a derivative; printed as text, and shown as formulas in a notebook."""

    def __init__(self, definitions: Sequence[tuple[str, Formula]], steps: Sequence[Step], notes: Sequence[str]):
        self.definitions, self.steps, self.notes = tuple(definitions), tuple(steps), tuple(notes)

    @overload
    def __getitem__(self, place: int) -> Step: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Step]: ...
    def __getitem__(self, place: Any) -> Any:
        return self.steps[place]

    def __len__(self) -> int:
        return len(self.steps)

    def _lines(self) -> Iterator[tuple[str, Step]]:
        """Each step with its left side, which is blank where it goes on from the line above."""
        before = None
        for step in self.steps:
            yield "" if step.of == before else step.of, step
            before = step.of

    @property
    def text(self) -> str:
        """The derivation as lines of Unicode that line up."""
        given = [f"{name} = {formula.text}" for name, formula in self.definitions]
        lines = [",  ".join(given)] if sum(map(len, given)) <= WIDE else given
        left = max((len(step.of) for step in self.steps), default=0)
        rows = [
            (f"{of:>{left}} = {step.formula.text}", step.rule, step.shape, step.check) for of, step in self._lines()
        ]
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for (of, step), row in zip(self._lines(), rows, strict=True):
            lines += [""] if of else []
            cells = [cell.ljust(width) for cell, width in zip(row, wide, strict=True)]
            cells[2] = cells[2] if of else " " * wide[2]
            lines.append("   ".join(cells).rstrip())
            lines += [f"{'':{left}}   {step.why}"] if step.why else []
        return "\n".join([*lines, "", *self.notes]).rstrip()

    @property
    def latex(self) -> str:
        """The derivation as one block of aligned formulas."""
        rows = [f"& {Formula.name(name).latex} = {formula.latex} &&" for name, formula in self.definitions]
        for of, step in self._lines():
            name = Formula.name(of).latex if of else ""
            rows.append(rf"{name} &= {step.formula.latex} && \text{{{escaped(step.rule)}}}")
        return "\n".join([r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}"])

    def html(self) -> str:
        """The derivation as a table with formulas in MathML, to be put into a page; it needs no script."""
        given = [_row(name, made.latex) for name, made in self.definitions]
        rows = []
        for of, step in self._lines():
            why = f"<br><small>{html.escape(step.why)}</small>" if step.why else ""
            told = [f"{html.escape(step.rule)}{why}", html.escape(step.shape if of else ""), step.check]
            rows.append(_row(of, step.formula.latex, *told))
        head = '<th scope="col" colspan="2">step</th>'
        head += "".join(f'<th scope="col">{name}</th>' for name in ("rule", "shape", "check"))
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        table = f"<table><thead>{''.join(given)}<tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        return f'<div class="derivation">{table}{notes}</div>'

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"


def _row(name: str, latex: str, *told: str) -> str:
    """A row of a page: `dZ`, `= 1/m (A − Y)`, and what is said about it."""
    left = _in_line(Formula.name(name).latex) if name else ""
    cells = f'<td style="text-align:right">{left}</td><td style="text-align:left">{_in_line(f"= {latex}")}</td>'
    return f"<tr>{cells}{''.join(f'<td>{cell}</td>' for cell in told)}</tr>\n"


def _in_line(latex: str) -> str:
    return mathml(latex).replace('display="block"', 'display="inline" displaystyle="true"', 1)


def explain(J: Node, wrt: Any, feeds: Mapping[Any, Any] | None = None) -> Derivation:
    """Derive ∂J/∂wrt step by step, in the reader's own names: chain rule, local derivatives, and what they come to.

    `wrt` is a node, or a list, tuple or dict of them. Each step has its rule, its shape, and its error: how far its
    numbers are from the graph's own gradient, on `feeds`, or on small seeded samples, which the last line then names.
    Printed it is text; `latex` and `html()` write it as formulas. Raises the errors of `tg.grad`.

    >>> import tinygraph as tg
    >>> Z, Y = tg.input("Z", (1, "m")), tg.input("Y", (1, "m"))
    >>> A = tg.sigmoid(Z)
    >>> L = -(Y * tg.log(A) + (1 - Y) * tg.log(1 - A))
    >>> print(tg.explain(tg.sum(L), Z))
    J = Σ L,  L = −(Y log A + (1 − Y) log(1 − A)),  A = σ(Z)
    <BLANKLINE>
    dL = ∂J/∂L = 1                            sum: each counts 1             (1, m)   ✓ 0
    <BLANKLINE>
    dA = dL ⊙ ∂L/∂A                           chain rule                     (1, m)   ✓ ...
       = (1 − Y)/(1 − A) − Y/A                (log x)′ = 1/x                          ✓ ...
    <BLANKLINE>
    dZ = dA ⊙ ∂A/∂Z                           chain rule                     (1, m)   ✓ ...
       = ((1 − Y)/(1 − A) − Y/A) ⊙ A(1 − A)   σ′ = σ(1 − σ)                           ✓ ...
       = A(1 − Y) − (1 − A)Y                  A/A = 1, (1 − A)/(1 − A) = 1            ✓ ...
       = A − AY − Y + AY                      multiply out                            ✓ ...
       = A − Y                                AY − AY = 0                             ✓ ...
    <BLANKLINE>
    checked on samples (seed 0): Y (1, 3), Z (1, 3)
    """
    return derivation(J, asked(J, wrt), caller_names(), feeds)


def derivation(J: Node, wrt: Sequence[Node], names: Mapping[Node, str], feeds: Mapping[Any, Any] | None) -> Derivation:
    """What `explain` answers, where the nodes are called by these names."""
    folded = Folded([J], names, also=wrt)
    back = Backprop(J, wrt, folded)
    lines, notes = with_notes(Blackboard(back, wrt), wrt)
    fed, sampled = with_samples([J, *back.true.values()], feeds)
    errors = _errors(back, lines, fed)
    steps = [
        Step(folded.d[line.box], line.formula, line.rule, line.why, str(line.box.shape), error)
        for line, error in zip(lines, errors, strict=True)
    ]
    on_the_way = [box for box in reversed(folded.boxes) if box in back.on_the_way and box.args]
    definitions = [(folded.names[box], made_of(box, folded.names)) for box in on_the_way]
    samples = [told_samples(fed, sampled, before="checked on ")] if sampled else ["checked on the values given"]
    return Derivation(definitions, steps, [*notes, *samples])


def _errors(back: Backprop, lines: Sequence[Line], fed: Mapping[Node, Any]) -> Iterator[float]:
    """How far the numbers of each line are from those of the graph's own gradient."""
    values, _ = graph_values([back.J, *back.true.values()], fed, {})
    arriving = {
        leaf: values[back.true[box]] for box, leaf in back.arriving.items() if box in back.true and not leaf.args
    }
    also = {leaf: node for line in lines for leaf, node in line.also.items()}
    meant, _ = graph_values(list(also.values()), {**fed, **arriving}, {})
    known = {**fed, **arriving, **{leaf: meant[node] for leaf, node in also.items()}}
    with warnings.catch_warnings(action="ignore", category=NonFiniteWarning):  # the reader has had the graph's own
        computed, _ = graph_values([line.node for line in lines], known, {})
    gradients = [np.asarray(values[node]) for node in back.true.values()]
    least = TINY * max((_largest(gradient) for gradient in gradients), default=1.0) or 1.0
    for line in lines:
        yield _error(np.asarray(computed[line.node]), np.asarray(values[back.true[line.box]]), least)


def _error(computed: Any, true: Any, least: float) -> float:
    """The largest difference, relative to the largest true number, which counts as no less than `least`."""
    computed = np.broadcast_to(computed, true.shape)
    is_same = (computed == true) | (np.isnan(computed) & np.isnan(true))
    is_finite = np.isfinite(computed) & np.isfinite(true)
    if not np.all(is_same | is_finite):
        return float("nan")
    return _largest(np.where(is_same, 0.0, computed) - np.where(is_same, 0.0, true)) / max(_largest(true), least)


def _largest(array: Any) -> float:
    return float(np.max(np.abs(array[np.isfinite(array)]), initial=0.0))
