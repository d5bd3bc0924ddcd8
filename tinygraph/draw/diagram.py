"""A graph as a picture: each node a box of name, formula and shape, and beside it its gradient."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import graphviz
import numpy as np

from tinygraph.derivatives import contributions, cotangents, one_like
from tinygraph.derivatives import grad as gradients_of
from tinygraph.draw.render import FONT, to_pdf, to_png, to_svg
from tinygraph.errors import DrawError
from tinygraph.evaluate import graph_values
from tinygraph.files import write_whole
from tinygraph.graph import Node
from tinygraph.notation import caller_names, expression, formula
from tinygraph.order import order
from tinygraph.samples import told_samples, with_samples
from tinygraph.structure import leaves

MOST_BOXES = 2000
MOST_CURVED, MOST_CROSSED = 1000, 60_000
"""How many rows the edges may cross, all together, to be bent around boxes, and to be drawn at all."""

# Fill and line; blue, orange and green stay apart for every kind of colour vision.
STEP, DATA, PARAMETER, GRADIENT = (
    ("#f3f7fd", "#33527a"),
    ("#eef0f3", "#6b7684"),
    ("#e8f4ea", "#2f6f43"),
    ("#fdf0e6", "#b3480f"),
)
COLORS = {"input": DATA, "constant": DATA, "parameter": PARAMETER}


@dataclass(frozen=True)
class Drawing:
    """A picture of a graph; it shows itself in a notebook, and `dot` is its text in Graphviz's language."""

    dot: str

    def svg(self) -> str:
        """The picture as SVG, to be put into a page or a file."""
        svg = to_svg(self.dot)
        if svg.count('class="edge"') != len(re.findall(r"^\t+d?n\d+ -> ", self.dot, re.MULTILINE)):
            raise DrawError(
                "Graphviz has lost an edge of this picture: save it as .dot and draw that with another version"
            )
        return svg

    def save(self, path: Any) -> None:
        """Write the picture; the file's ending says how: .svg, .png, .pdf or .dot.

        Raises `DrawError` for another ending, and `FolderError` where the folder doesn't exist.

        >>> import tempfile, tinygraph as tg
        >>> x = tg.input("x", ("n",))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     tg.draw(tg.sum(x * x)).save(f"{folder}/graph.svg")
        """
        path = Path(path)
        writers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg().encode(),
            ".png": lambda: to_png(self.svg()),
            ".pdf": lambda: to_pdf(self.svg()),
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


def draw(*nodes: Node, grad: Any = None, values: bool = False, feeds: Mapping[Any, Any] | None = None) -> Drawing:
    """Draw the graph of the nodes; with `grad`, also the gradients of the one node with respect to those of `grad`.

    Each box has the node's name (an explicit one, else its variable's, else v1, v2, …), its formula and its shape;
    with `values` also its value, or a summary of a large one. Inputs without a feed then get small samples, and the
    picture says so. Gradients stand beside their nodes, in orange, called dZ for ∂J/∂Z; an edge back says what it
    adds where several gradients meet, and over which sizes it is summed where its node was broadcast.
    Raises `DrawError` beyond 2000 boxes.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ("n",))
    >>> J = tg.sum(x * x)
    >>> print(tg.draw(J, grad=x, values=True).dot)
    digraph {...}
    """
    for node in nodes:
        if not isinstance(node, Node):
            hint = ": feeds go in by feeds=…" if isinstance(node, dict) else ""
            raise DrawError(f"only nodes can be drawn, not {type(node).__name__}{hint}")
    if not nodes or (grad is not None and len(nodes) != 1):
        raise DrawError("draw takes one node or more, and exactly one where it is to draw gradients")
    return Drawing(_Diagram(nodes, caller_names(), grad, values, feeds).dot())


class _Diagram:
    """What is drawn, and what each part of it is called."""

    def __init__(
        self,
        nodes: tuple[Node, ...],
        names: Mapping[Node, str],
        grad: Any,
        values: bool,
        feeds: Mapping[Any, Any] | None,
    ):
        wrt = leaves(grad) if grad is not None else []
        self.gradients = _gradients(nodes[0], wrt) if wrt else {}
        roots = {*nodes, *wrt}
        self.boxes = [node for node in order(*nodes, *wrt) if node in roots or not _is_inline(node)]
        count, crossed = len(self.boxes) + len(self.gradients), _rows_crossed(self.boxes)
        if count > MOST_BOXES or crossed > MOST_CROSSED:
            raise DrawError(
                f"a picture of {count} boxes, whose edges cross {crossed} rows, is more than anyone could look at "
                f"(at most {MOST_BOXES} and {MOST_CROSSED}): draw a part of the graph, from a node in its middle"
            )
        self.is_curved = crossed <= MOST_CURVED
        self.names = _all_named(self.boxes, names)
        taken = set(self.names.values())
        self.d = {node: f"d{name}" if f"d{name}" not in taken else f"∂{name}" for node, name in self.names.items()}
        for node, gradient in self.gradients.items():
            self.names.setdefault(gradient, self.d[node])
        self.legend = []
        if self.gradients:
            J = self.names[nodes[0]]
            self.legend.append(f"orange: gradients, back along the dashed edges; each dv is ∂{J}/∂v")
        self.values: Mapping[Node, Any] = {}
        if values:
            drawn = [*nodes, *wrt, *self.gradients.values()]
            fed, sampled = with_samples(drawn, feeds)
            self.values, _ = graph_values(drawn, fed, {})
            if sampled:
                self.legend.append(told_samples(fed, sampled, before="values of "))

    def dot(self) -> str:
        graph = graphviz.Digraph(
            # newrank ranks all boxes at once: the other way, Graphviz loses edges between clusters.
            graph_attr={"newrank": "true", "ranksep": "0.3", "nodesep": "0.3", "pad": "0.25", "fontname": FONT},
            node_attr={"shape": "record", "style": "filled", "fontname": FONT, "fontsize": "12", "margin": "0.14,0.04"},
            edge_attr={"fontname": FONT, "fontsize": "10", "arrowsize": "0.7", **_ink(STEP)},
        )
        graph.attr(bgcolor="white", nslimit="2")
        if not self.is_curved:
            graph.attr(splines="line", nslimit="0.2", mclimit="0.1")
        if self.legend:
            graph.attr(label=_escaped("\n".join(self.legend)), fontsize="10", fontcolor=DATA[1], labelloc="b")
        ids = {node: f"n{number}" for number, node in enumerate(self.boxes)}
        parts = self._parts()
        for node, own in ids.items():
            made = node.op.name if node.op.name in COLORS else expression(node, self.names)
            colors = COLORS.get(node.op.name, STEP)
            if node not in self.gradients:
                self._add_box(graph, own, self.names[node], made, node, colors)
                continue
            with graph.subgraph(name=f"cluster_{own}") as pair:
                pair.attr(peripheries="0", margin="4", label="", rank="same")
                self._add_box(pair, own, self.names[node], made, node, colors)
                gradient = self.gradients[node]
                sum_of_parts = " + ".join(text for _, text in parts[node]).replace("+ -", "- ")
                made = sum_of_parts or expression(gradient, self.names, depth=8)
                self._add_box(pair, f"d{own}", self.d[node], made, gradient, GRADIENT)
        for node, own in ids.items():
            for arg in node.args:
                if arg in ids:
                    graph.edge(ids[arg], own, label=_note("copied over", _copied(node, arg)))
        for arg, found in parts.items():
            for node, text in found:
                note = f"adds {text}\n" if len(found) > 1 else ""
                note += _note("summed over", _copied(node, arg))
                # Drawn from the argument, so that each gradient keeps the rank of its node.
                ends = f"d{ids[arg]}", f"d{ids[node]}"
                graph.edge(*ends, label=_escaped(note.strip()), style="dashed", dir="back", **_ink(GRADIENT))
        return str(graph.source)

    def _parts(self) -> dict[Node, list[tuple[Node, str]]]:
        """What each node that uses an argument adds to the argument's gradient, as a formula."""
        parts: dict[Node, list[tuple[Node, str]]] = {node: [] for node in self.gradients}
        for node, gradient in self.gradients.items():
            names = {**self.names, gradient: self.d[node]}  # one gradient may be that of several nodes
            for place, part in contributions(node, gradient, self.gradients):
                parts[node.args[place]].append((node, formula(part, names, depth=8)))
        return parts

    def _add_box(self, graph: Any, own: str, name: str, made: str, node: Node, colors: tuple[str, str]) -> None:
        rows = [name, made, str(node.shape)]
        if node in self.values:
            rows.append(_summary(self.values[node]))
        label = "{" + "|".join(map(_escaped, rows)) + "}"
        graph.node(own, graphviz.nohtml(label), fillcolor=colors[0], **_ink(colors))


def _gradients(J: Node, wrt: Sequence[Node]) -> dict[Node, Node]:
    """The gradient of every node on a way from `wrt` to J; zeros for one that J does not depend on."""
    zeros = dict(zip(wrt, gradients_of(J, wrt), strict=True))
    return zeros | cotangents([(J, one_like(J))], wrt)


def _is_inline(node: Node) -> bool:
    """Whether the node is written inside the formulas that use it: a plain number or a size."""
    return not node.args and not node.name and node.shape == () and node.op.name in ("constant", "size")


def _all_named(nodes: Sequence[Node], names: Mapping[Node, str]) -> dict[Node, str]:
    """A name for each node: its own, its variable's, or the next of v1, v2, …"""
    found = {node: node.name or names[node] for node in nodes if node.name or node in names}
    free = (f"v{number}" for number in count(1))
    taken = set(found.values())
    for node in nodes:
        if node not in found:
            found[node] = next(name for name in free if name not in taken)
    return found


def _rows_crossed(nodes: Sequence[Node]) -> int:
    """The number of rows that the edges cross, all together."""
    row: dict[Node, int] = {}
    for node in nodes:
        row[node] = 1 + max((row.get(arg, 0) for arg in node.args), default=0)
    return sum(row[node] - row[arg] for node in nodes for arg in node.args if arg in row)


def _copied(node: Node, arg: Node) -> list[str]:
    """The sizes over which broadcasting copied arg on its way into node."""
    if not node.op.is_elementwise and node.op.name not in ("broadcast_like", "broadcast_to"):
        return []
    missing = node.ndim - arg.ndim
    narrow = (1,) * missing + arg.shape
    return [str(wide) for size, wide in zip(narrow, node.shape, strict=True) if size != wide]


def _note(what: str, sizes: Sequence[str]) -> str:
    return f"{what} {', '.join(sizes)}" if sizes else ""


def _summary(value: Any) -> str:
    """A value in a few signs: all of a small array, range and mean of a large one."""
    array = np.asarray(value)
    if array.size == 0:
        return "no elements"
    if array.size <= 12 and array.ndim <= 2:
        return "\n".join("  ".join(map(_number, row)) for row in np.atleast_2d(array))
    return f"{_number(array.min())} … {_number(array.max())}\nmean {_number(array.mean())}"


def _number(value: Any) -> str:
    return str(value) if value.dtype.kind == "b" else f"{value:.4g}"


def _ink(colors: tuple[str, str]) -> dict[str, str]:
    return {"color": colors[1], "fontcolor": colors[1]}


def _escaped(text: str) -> str:
    """The text so that Graphviz draws just that: no record field, no escape, no entity; � for what SVG can't hold."""
    text = re.sub("[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", text)
    text = text.replace("&", "&amp;")
    for sign in "\\{}|<>":
        text = text.replace(sign, f"\\{sign}")
    # A record trims plain spaces at an end and in a row, and Graphviz fails on an empty line among others.
    text = text and re.sub("^ |(?<= ) | $|^$", "\N{NO-BREAK SPACE}", text, flags=re.MULTILINE)
    return text.replace("\n", "\\n")
