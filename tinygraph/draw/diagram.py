"""`tg.draw`: a graph as a picture, by the reader's names or op by op, with its gradients, values and layers."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tinygraph.derivatives import check_cost
from tinygraph.draw.compare import comparison
from tinygraph.draw.dot import DIRECTIONS, to_dot
from tinygraph.draw.fold import folded
from tinygraph.draw.legend import with_legend
from tinygraph.draw.picture import Picture, picture
from tinygraph.draw.render import to_pdf, to_png, to_svg
from tinygraph.draw.theme import DARK, LIGHT, in_dark
from tinygraph.draw.values import MOST_SHOWN
from tinygraph.errors import DrawError
from tinygraph.files import write_whole
from tinygraph.folding import Folded
from tinygraph.graph import Node
from tinygraph.notation import caller_names
from tinygraph.structure import leaves

MOST_BOXES, MOST_READABLE = 2000, 60
"""A picture of more boxes is refused; of more than the second, scopes are folded."""
MOST_CURVED, MOST_CROSSED = 1000, 10_000
"""How many rows the edges may cross, all together, to be bent around boxes, and to be drawn at all: it takes 10 s."""

THEMES = {"light": LIGHT, "dark": DARK, "auto": LIGHT}


@dataclass(frozen=True)
class Drawing:
    """A picture of a graph; it shows itself in a notebook, and `dot` is its text in Graphviz's language."""

    dot: str
    theme: str = "auto"

    def svg(self) -> str:
        """The picture as SVG, for a page or a file; in the theme "auto" it is dark where its reader likes that."""
        svg = to_svg(self.dot)
        if len(re.findall('class="edge[" ]', svg)) != len(re.findall(r"^\t+n\d+ -> ", self.dot, re.MULTILINE)):
            raise DrawError(
                "Graphviz has lost an edge of this picture: save it as .dot and draw that with another version"
            )
        own = f"tg{hashlib.sha256(self.dot.encode()).hexdigest()[:8]}"
        svg = _with_own_ids(with_legend(svg, self.dot, THEMES[self.theme]), own)
        style = f"\n<style>@media (prefers-color-scheme:dark){{{in_dark(f'#{own}')}}}</style>" * (self.theme == "auto")
        return svg.replace("<svg ", f'<svg id="{own}" ', 1).replace("\n", f"{style}\n", 1)

    def save(self, path: Any) -> None:
        """Write the picture; the file's ending says how: .svg, .png, .pdf or .dot.

        Raises `DrawError` for another ending, and `FolderError` where the folder doesn't exist.

        >>> import tempfile, tinygraph as tg
        >>> x = tg.input("x", ("n",))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     tg.draw(tg.sum(x * x)).save(f"{folder}/graph.svg")
        """
        path = Path(path)
        flat = replace(self, theme="light" if self.theme == "auto" else self.theme)
        writers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg().encode(),
            ".png": lambda: to_png(flat.svg()),
            ".pdf": lambda: to_pdf(flat.svg()),
            ".dot": lambda: self.dot.encode(),
        }
        if path.suffix.lower() not in writers:
            ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
            raise DrawError(f"{path.name} {ending}: a picture is {', '.join(writers)}")
        write_whole(path, writers[path.suffix.lower()]())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Drawing, {len(self.dot.splitlines())} lines of DOT: .save('graph.svg') writes it>"


def draw(
    *nodes: Node,
    grad: Any = None,
    values: bool | int = False,
    feeds: Mapping[Any, Any] | None = None,
    detail: str | None = None,
    direction: str = "TB",
    theme: str = "auto",
    fold: bool | None = None,
) -> Drawing:
    """Draw the graph of the nodes; with `grad`, also the gradients of the one node with respect to those of `grad`.

    A box is a node that has a name, its variable's or one of its own; what lies between two names is folded into a
    formula, as on a blackboard. `detail="ops"` draws every op instead. The upper row of a box is the node, the lower
    one its gradient, called dZ for ∂J/∂Z; each dashed edge back tells the local derivative that the gradient is
    multiplied by on its way, or the sizes that it is summed over. With `values` small values are shown whole, and large
    ones as their range and spread; a number says up to how many elements. Inputs without a feed then get small samples,
    and the picture says so. The first inf or NaN is marked. Nodes made in a `tg.scope` stand in a frame; a scope is one
    box where `fold=True`, and in a picture of more than 60 boxes unless `fold=False`. `direction` is "TB", "LR", "BT"
    or "RL"; `theme` is "light", "dark" or "auto". What `tg.simplify` made is drawn beside what was written, with what
    changed marked. Raises `DrawError` beyond 2000 boxes.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ("n",))
    >>> J = tg.sum(x * x)
    >>> print(tg.draw(J, grad=x, values=True).dot)
    digraph {...}
    """
    _check(nodes, grad, values, detail, direction, theme, fold)
    names = caller_names()
    most = MOST_SHOWN if values is True else int(values)
    wrt = list(dict.fromkeys(leaves(grad))) if grad is not None else []
    if wrt:
        check_cost(nodes[0], wrt)
    if len(nodes) == 1 and nodes[0].report and not wrt and detail is None:
        found = comparison(nodes[0], names, most, feeds)
    else:
        graph = Folded(nodes, names, also=wrt, is_whole=detail == "ops")
        refuse_too_large(graph.boxes, graph.inputs)
        found = picture(nodes, wrt, graph, most, feeds)
    if fold or (fold is None and len(found.boxes) > MOST_READABLE):
        found = folded(found)
    return Drawing(to_dot(found, direction, THEMES[theme], is_curved(found)), theme)


def _check(nodes: Sequence[Any], grad: Any, values: Any, detail: Any, direction: Any, theme: Any, fold: Any) -> None:
    for node in nodes:
        if not isinstance(node, Node):
            hint = ": feeds go in by feeds=…" if isinstance(node, dict) else ""
            raise DrawError(f"only nodes can be drawn, not {type(node).__name__}{hint}")
    if not nodes or (grad is not None and len(nodes) != 1):
        raise DrawError("draw takes one node or more, and exactly one where it is to draw gradients")
    if not isinstance(values, bool | int) or values < 0:
        raise DrawError(f"values={values!r} is unknown: it is True, False, or how many elements are shown at most")
    for what, given, known in (
        ("detail", detail, (None, "names", "ops")),
        ("direction", direction, DIRECTIONS),
        ("theme", theme, tuple(THEMES)),
        ("fold", fold, (None, True, False)),
    ):
        if given not in known:
            raise DrawError(
                f"{what}={given!r} is unknown: it is {' or '.join(repr(each) for each in known if each is not None)}"
            )


def refuse_too_large(boxes: Sequence[Node], inputs: Mapping[Node, Sequence[Node]]) -> None:
    """Raises `DrawError` for a picture that no one could look at."""
    count, crossed = len(boxes), _rows_crossed(boxes, inputs)
    if count > MOST_BOXES or crossed > MOST_CROSSED:
        raise DrawError(
            f"a picture of {count} boxes, whose edges cross {crossed} rows, is more than anyone could look at "
            f"(at most {MOST_BOXES} and {MOST_CROSSED}): draw a part of the graph, from a node in its middle, "
            "or put layers into tg.scope(…) and fold=True"
        )


def _with_own_ids(svg: str, own: str) -> str:
    """The picture with ids that no other picture on the same page has, and that are the same each time it is drawn."""
    ids = dict.fromkeys(re.findall(r' id="([^"]+)"', svg))
    new = {old: f"{own}-{place}" if re.search(r"l_\d+$", old) else f"{own}-{old}" for place, old in enumerate(ids)}
    return re.sub(r'( id="|url\(#)([^")]+)', lambda found: found[1] + new.get(found[2], found[2]), svg)


def is_curved(found: Picture) -> bool:
    """Whether edges may be bent around boxes: where many cross many rows, that takes too long."""
    inputs: dict[Node, list[Node]] = {box.node: [] for box in found.boxes}
    for edge in found.edges:
        if not edge.is_back:
            inputs[edge.head].append(edge.tail)
    return _rows_crossed(list(inputs), inputs) <= MOST_CURVED


def _rows_crossed(boxes: Sequence[Node], inputs: Mapping[Node, Sequence[Node]]) -> int:
    """The number of rows that the edges cross, all together; a leaf stands just above the first box that uses it."""
    row: dict[Node, int] = {}
    for node in boxes:
        if inputs[node]:
            row[node] = 1 + max(row.get(arg, 0) for arg in inputs[node])
    for node in boxes:
        for arg in inputs[node]:
            if not inputs.get(arg):
                row[arg] = min(row.get(arg, row[node]), row[node] - 1)
    return sum(row[node] - row[arg] for node in boxes for arg in inputs[node] if arg in row)
