"""`tg.exercise`: a worksheet with small whole numbers, whose derivatives are blank; what is filled in is graded."""

import base64
import html
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygraph.backprop import Backprop
from tinygraph.board import made_of
from tinygraph.derivatives import asked
from tinygraph.diagnosis import Closeness
from tinygraph.draw.page import FOLDER, mathml
from tinygraph.draw.values import on_the_point
from tinygraph.errors import DrawError, FeedError, NodeTypeError
from tinygraph.explain import derivation
from tinygraph.feeds import to_array
from tinygraph.files import write_whole
from tinygraph.folding import Folded
from tinygraph.formulas import Formula
from tinygraph.grade import Grade
from tinygraph.graph import Node, as_node
from tinygraph.marking import Marking
from tinygraph.notation import caller_names, columns, listed
from tinygraph.noted import IN_NOTES
from tinygraph.sizes import Size
from tinygraph.table import Cell, laid_out, leaves_first, printable, told_sizes, widths, wrapped
from tinygraph.whole_numbers import DIGITS, ROUNDED, TINY, Draw, arrays_in

BLANK, WIDEST = "____", 52
"""How blanks are written, and to how many signs formulas are wrapped."""


class Entry(NamedTuple):
    """What stands in one place of the sheet: a formula, numbers or blanks, and the steps that lead to them."""

    node: Node
    formula: Formula
    numbers: Sequence[Sequence[str]]
    steps: Sequence[tuple[Formula, str]] = ()

    def blank(self) -> "Entry":
        """The entry without its numbers, to be filled in."""
        return self._replace(numbers=[[BLANK for _ in row] for row in self.numbers], steps=())

    def cells(self) -> list[Cell]:
        """The formula, the shape, and the numbers, as lines of text."""
        rows = ["  ".join(row) for row in self.numbers]
        shape = str(self.node.shape) if self.node.shape else ""
        return [wrapped(self.formula.text, WIDEST), [shape], [f"[ {row} ]" for row in rows] if shape else rows]

    def html(self) -> str:
        """The entry on a page."""
        cell = {True: '<td class="blank"></td>', False: "<td>{}</td>"}
        rows = [
            [cell[text == BLANK].format(text.replace(" ", "\N{FIGURE SPACE}")) for text in row] for row in self.numbers
        ]
        table = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
        shape = f"<small>{html.escape(str(self.node.shape))}</small>" if self.node.shape else ""
        kind = "matrix" if self.node.shape else "matrix number"
        steps = "".join(
            f"<tr><td>{mathml(f'= {formula.latex}')}</td><td>{html.escape(printable(rule))}</td></tr>"
            for formula, rule in self.steps
        )
        numbers = f'<div class="{kind}"><table>{table}</table></div>'
        more = f'<table class="steps">{steps}</table>' if steps else ""
        return f'<div class="entry"><div class="what">{mathml(self.formula.latex)}{shape}</div>{numbers}</div>{more}'


class Exercise:
    """A worksheet: the numbers given, the lines forward with their values, and a blank for each derivative.

    `feeds` are the numbers given, by node, of inputs and parameters alike. Printed it is text, and `solution` is the
    same with the derivatives filled in; `html` and `save` make a page of it, and `grade` marks what was filled in.
    """

    def __init__(self, J: Node, wrt: Sequence[Node], names: Mapping[Node, str], seed: int):
        self.J, self.seed = J, seed
        self._back = Backprop(J, wrt, Folded([J], names, also=[*wrt, *arrays_in(J)]))
        self._names, self._d = self._back.folded.names, self._back.folded.d
        self.feeds, self._values, self._sizes = Draw(self._back, wrt, seed).workable()
        self._steps = derivation(J, wrt, self._names, self.feeds)
        boxes = {name: box for box, name in self._d.items()}
        self._asked = list(dict.fromkeys(boxes[step.of] for step in self._steps))

    def __str__(self) -> str:
        return self._text(is_solved=False)

    __repr__ = __str__

    @property
    def solution(self) -> str:
        """The worksheet as text with the derivatives filled in, and the steps that lead to each."""
        return self._text(is_solved=True)

    def html(self, solution: bool = False) -> str:
        """The worksheet as a page to be printed on A4, which needs no network and no script.

        With `solution` the derivatives stand filled in on a sheet of their own, with the steps that lead to each.
        Raises `DrawError` where math-core is missing, which sets the formulas.
        """
        template = (Path(__file__).parent / "exercise.html").read_text(encoding="utf-8")
        parts = {
            "title": html.escape(self._title),
            "font": base64.b64encode((FOLDER / "fonts" / "tinygraph-math.woff2").read_bytes()).decode(),
            "sheet": self._page(is_solved=False),
            "solution": "",
        }
        if solution:
            head = f"<h1>{parts['title']}: solution</h1>"
            parts["solution"] = f'<main class="second">{head}{self._page(is_solved=True)}</main>'
        return re.sub(r"\{\{(\w+)\}\}", lambda slot: parts[slot[1]], template)  # what is put in is not searched

    def _repr_html_(self) -> str:
        page = html.escape(self.html())  # in a frame, so that its style stays off the notebook
        return f'<iframe srcdoc="{page}" sandbox title="worksheet" style="width:100%;height:60em;border:0"></iframe>'

    def save(self, path: Any, solution: bool = False) -> None:
        """Write the worksheet, or with `solution` also that; the file's ending says how: .html or .txt.

        Raises `DrawError` for another ending, and `FolderError` where the folder doesn't exist.
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".txt"):
            ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
            raise DrawError(f"{path.name} {ending}: a worksheet is .html or .txt")
        texts = [str(self), *([self.solution] if solution else [])]
        text = self.html(solution) if path.suffix.lower() == ".html" else "\n\n\n".join(texts)
        write_whole(path, f"{text}\n".encode())

    def grade(self, derivatives: Mapping[Node, Any]) -> Grade:
        """Mark what was filled in, as `tg.grade` does: `exercise.grade({W: [[0.12], [-0.3]], b: 0.05})`.

        What is right in three digits is right, for the sheet's own numbers are rounded, too. Formulas may be given as
        well. Raises `NodeTypeError` for a derivative that the sheet doesn't ask for.
        """
        asked = set(self._asked)
        if not isinstance(derivatives, Mapping) or not derivatives or not all(node in asked for node in derivatives):
            told = listed([self._d[node] for node in self._asked])
            raise NodeTypeError(f"give derivatives by node, as in grade({{W: …}}): this worksheet asks for {told}")
        formulas = {node: as_node(given) for node, given in derivatives.items() if isinstance(given, Node | Size)}
        numbers = {node: to_array(derivatives[node], self._d[node]) for node in derivatives if node not in formulas}
        marking = Marking(self.J, formulas, numbers, self.feeds, self._names, labels="")
        marking.close = {node: Closeness(ROUNDED, close.noise) for node, close in marking.close.items()}
        return Grade(marking.marks(), samples="")

    # What stands on the sheet.

    @property
    def _title(self) -> str:
        return printable(f"Derivatives of {self._names[self.J]} by hand, sheet {self.seed}")

    def _sections(self, is_solved: bool) -> Iterator[tuple[str, str, list[Entry]]]:
        """The parts of the sheet, each with its kind and its title."""
        names, d = self._names, self._d
        given, forward = [], []
        for box in leaves_first(self._back.folded):
            name, numbers = Formula.name(names[box]), _written(self._values[box])
            if box.args:
                forward.append(Entry(box, name.equals(made_of(box, names)), numbers))
            else:
                given.append(Entry(box, name, numbers))
        derivatives = []
        for box in self._asked:
            formula = Formula.name(d[box]).equals(self._back.symbol(self.J, box))
            steps = [(step.formula, step.rule) for step in self._steps if step.of == d[box] and step.rule != IN_NOTES]
            derivatives.append(Entry(box, formula, _written(self._values[self._back.true[box]]), steps))
        sizes = told_sizes(leaves_first(self._back.folded), self._sizes)
        yield "given", f"Given: {sizes}" if sizes else "Given", given
        yield "forward", f"Forward, in {DIGITS} digits", forward
        start = f"Backward from {d[self.J]} = 1"
        if is_solved:
            yield "solution", start, derivatives
        else:
            yield "blanks", f"{start}: fill in with {DIGITS} digits", [entry.blank() for entry in derivatives]

    def _text(self, is_solved: bool) -> str:
        sections = list(self._sections(is_solved))
        wide = widths([entry.cells() for _, _, entries in sections for entry in entries])
        lines = [f"{self._title}{': solution' if is_solved else ''}"]
        for _, title, entries in sections:
            lines += ["", title]
            for entry in entries:
                lines += [f"  {line}" for line in laid_out([entry.cells()], wide)]
                if entry.steps:
                    told = columns([(printable(f"= {formula.text}"), rule) for formula, rule in entry.steps])
                    lines += [*(f"      {line}" for line in told.splitlines()), ""]
        lines += self._steps.notes if is_solved else []
        return "\n".join(map(printable, lines)).rstrip()

    def _page(self, is_solved: bool) -> str:
        parts = [
            f'<h2>{html.escape(title)}</h2><section class="{kind}">{"".join(map(Entry.html, entries))}</section>'
            for kind, title, entries in self._sections(is_solved)
            if kind == "solution" or not is_solved
        ]
        notes = [f"<p>{html.escape(printable(note))}</p>" for note in self._steps.notes if is_solved]
        return "\n".join(parts + notes)


def exercise(J: Node, wrt: Any, seed: int = 0) -> Exercise:
    """A worksheet on the derivatives of J with respect to `wrt`: small whole numbers, lines forward, and blanks.

    Inputs and parameters get whole numbers from about -3 to 4, drawn by `seed`, and keep their own values: the sheet's
    are in `feeds`. Named sizes that nothing holds become 2, 3, …, each another; labels, which are inputs that go into
    `1 - Y` or a comparison, are 0 and 1, and those of classes one-hot. Numbers are drawn until the derivatives can be
    worked out from the four digits on the sheet, none of `wrt` is all 0, and nothing stands at a kink. What is filled
    in is marked by `grade`. Raises the errors of `tg.grad`, and `FeedError` where an array is too long for a sheet, J
    does not depend on one of `wrt`, or no numbers will do.

    >>> import numpy as np, tinygraph as tg
    >>> x, y = tg.input("x", (1, "m")), tg.input("y", (1, "m"))
    >>> w = tg.parameter(np.array([[0.5]]))
    >>> z = w * x
    >>> J = tg.mean((z - y) ** 2)
    >>> sheet = tg.exercise(J, w)
    >>> sheet
    Derivatives of J by hand, sheet 0
    <BLANKLINE>
    Given: m = 2
      x                   (1, m)  [ 3  2 ]
      y                   (1, m)  [ 1  −1 ]
      w                   (1, 1)  [ −1 ]
    <BLANKLINE>
    Forward, in 4 digits
      z = wx              (1, m)  [ −3  −2 ]
      J = mean((z − y)²)          8.5
    <BLANKLINE>
    Backward from dJ = 1: fill in with 4 digits
      dz = ∂J/∂z          (1, m)  [ ____  ____ ]
      dw = ∂J/∂w          (1, 1)  [ ____ ]
    >>> sheet.grade({z: [[-4, -1]], w: -28})
    dz  right (largest difference 0e+00)
    dw  wrong: 2 times too large everywhere. J is a mean over m = 2 examples: is the 1/m missing?
    """
    wanted = asked(J, wrt)
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise FeedError(f"seed={seed!r} draws no numbers: it is a whole number from 0 on")
    return Exercise(J, wanted, caller_names(), int(seed))


def _written(value: Any) -> list[list[str]]:
    """The rows of an array as texts, in which decimal points stand under each other; of more axes, all their rows."""
    array = np.asarray(value, float)
    rows = np.where(np.abs(array) < TINY, 0, array).reshape(-1, array.shape[-1] if array.ndim else 1)
    return on_the_point([[f"{x:.{DIGITS}g}".replace("-", "−") for x in row] for row in rows])
