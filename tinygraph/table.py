"""`tg.table`: forward and backward as one table of text, for a terminal on a projector and for a notebook."""

import html
import re
import textwrap
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np

from tinygraph.derivatives import asked, cotangents, one_like
from tinygraph.draw.picture import picture
from tinygraph.draw.values import MOST_SHOWN, finite_part, number, on_the_point, sparkline, summary
from tinygraph.errors import NonFiniteWarning
from tinygraph.evaluate import graph_values
from tinygraph.folding import Folded
from tinygraph.graph import Node
from tinygraph.notation import caller_names
from tinygraph.samples import told_samples, with_samples
from tinygraph.sizes import Shape, Size

WIDE, NARROW = 110, 14
"""Formulas are wrapped so that a table is no wider than the first, but to no fewer signs than the second."""

MOST_WIDE = 32
"""A matrix that takes more signs in a line is summed up by its range, its mean and how it is spread."""

LONGEST_NAME = 24
"""Names are wrapped to so many signs."""

SHORT, SIGN = r"[(\[][^()\[\]]{1,12}[)\]]", r"(?<![^ (−])([+−⊙·=<>Σ∏]|[a-z]{2,}) "
"""Short brackets, within which a formula is not wrapped, and what it is not wrapped behind."""

FORWARD, GRADIENT, FAULT = "↓ forward", "↑ gradient", "⚠"
HEAD = ("line", "formula", "shape", "value", "formula", "value")
SIDES = (4, 2)
"""So many columns are forward, and so many gradient."""

GAP, NO_BREAK = "  ", "\N{NO-BREAK SPACE}"

Cell = Sequence[str]
"""The lines of one cell."""


class Row(NamedTuple):
    """One line of the model beside its gradient; cells are blank where there is none, and values are lines of text."""

    line: str
    formula: str
    shape: str
    value: Cell
    gradient: str = ""
    gradient_value: Cell = ()
    is_fault: bool = False

    @property
    def title(self) -> str:
        """The name, with a sign where inf or NaN comes up first."""
        return f"{self.line} {FAULT}" if self.is_fault else self.line


@dataclass(frozen=True)
class Table:
    """The lines of a model beside their gradients, and what is to be told below them; printed, the columns line up."""

    rows: Sequence[Row]
    notes: Sequence[str]

    def __str__(self) -> str:
        head = [[text] for text in HEAD]
        cells = [[wrapped(row.title, LONGEST_NAME), [row.shape], row.value, row.gradient_value] for row in self.rows]
        fixed = sum(widths([[head[0], *head[2:4], head[5]], *cells])) + (len(HEAD) - 1) * len(GAP)
        room = WIDE - fixed
        formulas, gradients = (max(len(text) for text in column) for column in self._formulas())
        left = min(formulas, max(room // 2, room - gradients, NARROW))
        right = max(room - left, NARROW)
        rows = [
            [name, wrapped(row.formula, left), shape, value, wrapped(row.gradient, right), gradient]
            for row, (name, shape, value, gradient) in zip(self.rows, cells, strict=True)
        ]
        wide = widths([head, *rows])
        middle = sum(wide[: SIDES[0]]) + SIDES[0] * len(GAP)
        rule = "─" * (sum(wide) + (len(wide) - 1) * len(GAP))
        lines = [FORWARD.ljust(middle) + GRADIENT, *laid_out([head], wide), rule, *laid_out(rows, wide), rule]
        return "\n".join([*lines, *map(printable, self.notes)])

    __repr__ = __str__

    def _formulas(self) -> tuple[Sequence[str], Sequence[str]]:
        return [HEAD[1], *(row.formula for row in self.rows)], [HEAD[4], *(row.gradient for row in self.rows)]

    def _repr_html_(self) -> str:
        sides = zip(SIDES, (FORWARD, GRADIENT), strict=True)
        groups = "".join(f'<th colspan="{count}" scope="colgroup">{side}</th>' for count, side in sides)
        head = "".join(f'<th scope="col">{text}</th>' for text in HEAD)
        body = "".join(f"<tr>{_html_cells(row)}</tr>" for row in self.rows)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table><thead><tr>{groups}</tr><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"


def table(J: Node, wrt: Any, feeds: Mapping[Any, Any] | None = None) -> Table:
    """The lines of a model as a table for a terminal: formula, shape and value, and the gradient beside each.

    A line is a node that has a name, its variable's or one of its own. Read the left from top to bottom, which is
    forward, and the right from bottom to top, which is backprop. `wrt` is a node, or a list, tuple or dict of them.
    Small matrices stand whole; of others there are the range, the mean, and how they are spread, from the smallest to
    the largest. Numbers are those of `feeds`, or of small seeded samples, which the table then names; the first inf or
    NaN is marked ⚠. Shows itself in a notebook as an HTML table. Raises the errors of `tg.grad`, and `FeedError` for
    feeds that don't fit.

    >>> import numpy as np, tinygraph as tg
    >>> x, y = tg.input("x", (1, "m")), tg.input("y", (1, "m"))
    >>> w = tg.parameter(np.array([[0.5]]))
    >>> z = w * x
    >>> J = tg.mean((z - y) ** 2)
    >>> tg.table(J, w, {x: [[1, 2, 4]], y: [[0, 1, 3]]})
    ↓ forward                              ↑ gradient
    line  formula         shape   value    formula             value
    ─────────────────────────────────────────────────────────────────────────
    x     data            (1, m)  1 2 4
    y     data            (1, m)  0 1 3
    w     parameter       (1, 1)  0.5      dw = Σ dz x over m  −2.33
    z     wx              (1, m)  0.5 1 2  dz = 2/m (z − y)    0.333 0 −0.667
    J     mean((z − y)²)  ()      0.417    dJ = 1              1
    ─────────────────────────────────────────────────────────────────────────
    m = 3
    """
    targets = asked(J, wrt)
    folded = Folded([J], caller_names(), also=targets)
    gradients = {J: one_like(J)} | cotangents([(J, one_like(J))], targets)
    roots = [J, *folded.boxes, *gradients.values()]
    fed, sampled = with_samples(roots, feeds)
    with warnings.catch_warnings(action="ignore", category=NonFiniteWarning):  # it is for the picture to warn
        values, sizes = graph_values(roots, fed, {})
    drawn = picture([J], targets, folded, feeds=fed)
    rows = []
    boxes = {box.node: box for box in drawn.boxes}
    for box in [boxes[node] for node in leaves_first(folded)]:
        value = values[box.node]
        row = Row(box.name, box.formula, str(box.node.shape), cell(value), is_fault=bool(box.mark))
        if box.d:  # where J doesn't depend on it, the gradient is 0
            g = values[gradients[box.node]] if box.node in gradients else np.zeros(np.shape(value))
            row = row._replace(gradient=f"{folded.d[box.node]} = {box.gradient}", gradient_value=cell(g))
        rows.append(row)
    foot = [told_sizes(leaves_first(folded), sizes), told_samples(fed, sampled), *drawn.notes]
    return Table(rows, [note for note in foot if note])


def leaves_first(folded: Folded) -> list[Node]:
    """The boxes from top to bottom: data, constants and parameters by their names, then line by line."""
    kinds = ["input", "constant", "parameter"]
    held = [box for box in folded.boxes if box.op.name in kinds]
    held.sort(key=lambda box: (kinds.index(box.op.name), folded.names[box]))
    return held + [box for box in folded.boxes if box.op.name not in kinds]


def told_sizes(nodes: Sequence[Node], sizes: Mapping[str, int]) -> str:
    """The named sizes of these nodes: `n_x = 2, m = 3`."""
    return ", ".join(f"{name} = {sizes[name]}" for name in names_of(node.shape for node in nodes) if name in sizes)


def names_of(shapes: Iterable[Shape]) -> list[str]:
    """The names of sizes in these shapes, each once."""
    sizes = (entry for shape in shapes for entry in shape if isinstance(entry, Size))
    return list(dict.fromkeys(name for size in sizes for name in size.sources))


def cell(value: Any) -> Cell:
    """The value as lines of text: a small matrix whole, of another its range, its mean and how it is spread."""
    array = np.asarray(value)
    if 0 < array.size <= MOST_SHOWN and array.ndim <= 2:
        rows = on_the_point([[number(entry) for entry in row] for row in np.atleast_2d(array)])
        lines = [" ".join(row) for row in rows]
        if len(lines[0]) <= MOST_WIDE:
            return lines
    finite = finite_part(array)
    bars = [sparkline(finite)] if finite.size else []
    return [part for line in summary(array) for part in line.split(", ")] + bars


def wrapped(text: str, width: int) -> Cell:
    """A formula in lines: not broken behind a sign or the name of a function, nor within short brackets.

    >>> wrapped("−(Y log A + (1 − Y) log(1 − A))", 20)
    ['−(Y log A + (1 − Y)', 'log(1 − A))']
    """
    held = re.sub(SHORT, lambda found: found[0].replace(" ", NO_BREAK), printable(text))
    held = re.sub(SIGN, rf"\1{NO_BREAK}", held)
    words = [word if len(word) <= width else word.replace(NO_BREAK, " ") for word in held.split(" ")]
    lines = textwrap.wrap(" ".join(words), width, break_on_hyphens=False)
    return [line.replace(NO_BREAK, " ") for line in lines] or [""]


def widths(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """How wide each column is."""
    return [max(len(line) for lines in column for line in (*lines, "")) for column in zip(*rows, strict=True)]


def laid_out(rows: Sequence[Sequence[Cell]], wide: Sequence[int]) -> list[str]:
    """Rows of cells as lines of text, each cell as wide as its column."""
    lines = [line for row in rows for line in zip_longest(*row, fillvalue="")]
    return [GAP.join(text.ljust(width) for text, width in zip(line, wide, strict=True)).rstrip() for line in lines]


def _html_cells(row: Row) -> str:
    cells = [f'<th scope="row">{html.escape(row.title)}</th>']
    for text in row[1:6]:
        if isinstance(text, str):
            cells.append(f'<td style="text-align:left">{html.escape(text)}</td>')
        else:
            lines = html.escape("\n".join(text))
            cells.append(f'<td style="text-align:left;font-family:monospace;white-space:pre">{lines}</td>')
    return "".join(cells)


def printable(text: str) -> str:
    """The text in one line, without signs that would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
