"""A picture in Graphviz's language: boxes of two rows, the node above and its gradient below, and edges."""

import re
import textwrap
from collections.abc import Sequence
from typing import Any

import graphviz

from tinygraph.draw.picture import Box, Edge, Picture
from tinygraph.draw.render import FONT
from tinygraph.draw.theme import LIGHT, Theme

WIDEST = 46
"""A formula is broken into lines of about so many signs."""

DIRECTIONS = ("LR", "TB", "RL", "BT")


def to_dot(
    picture: Picture, direction: str = "TB", theme: Theme = LIGHT, is_curved: bool = True, has_shapes: bool = True
) -> str:
    """The picture in Graphviz's language."""
    return _Writer(picture, direction, theme, is_curved, has_shapes).text()


class _Writer:
    def __init__(self, picture: Picture, direction: str, theme: Theme, is_curved: bool, has_shapes: bool):
        self.picture, self.direction, self.theme = picture, direction, theme
        self.is_curved, self.has_shapes = is_curved, has_shapes
        self.is_across = direction in ("LR", "RL")
        self.ids = {box.node: f"n{number}" for number, box in enumerate(picture.boxes)}

    def text(self) -> str:
        theme = self.theme
        graph = graphviz.Digraph(
            graph_attr={
                "rankdir": self.direction, "newrank": "true", "nodesep": "0.3", "ranksep": "0.45", "pad": "0.25",
                "fontname": FONT, "fontsize": "10", "fontcolor": theme.data[1], "bgcolor": theme.page, "nslimit": "2",
            },
            node_attr={
                "shape": "record", "style": "filled,rounded", "fontname": FONT, "fontsize": "12",
                "margin": "0.12,0.05", "penwidth": "1.2", "fontcolor": theme.text,
            },
            edge_attr={"fontname": FONT, "fontsize": "10", "arrowsize": "0.7", "color": theme.step[1]},
        )  # fmt: skip
        if not self.is_curved:
            graph.attr(splines="line", nslimit="0.2", mclimit="0.1")
        if self.picture.notes:
            graph.attr(label="".join(f"{escaped(note)}\\l" for note in self.picture.notes), labelloc="b", labeljust="l")
        self._add_boxes(graph, self.picture.boxes, ())
        for number, edge in enumerate(self.picture.edges):
            self._add_edge(graph, edge, f"e{number}")
        return str(graph.source)

    def _add_boxes(self, graph: Any, boxes: Sequence[Box], above: tuple[str, ...]) -> None:
        """The boxes of a scope, and each scope in it as a cluster of its own."""
        inner: dict[str, list[Box]] = {}
        for box in boxes:
            scope = self.picture.scopes.get(box.node, ())
            if len(scope) > len(above):
                inner.setdefault(scope[len(above)], []).append(box)
            else:
                self._add_box(graph, box)
        for name, own in inner.items():
            with graph.subgraph(name=f"cluster_{self.ids[own[0].node]}_{len(above)}") as cluster:
                look = {"style": "rounded", "color": self.theme.data[1], "margin": "12", "fontsize": "12"}
                cluster.attr(label=f" {escaped(name)} ", labelloc="t", labeljust="l", **look)
                self._add_boxes(cluster, own, (*above, name))

    def _add_box(self, graph: Any, box: Box) -> None:
        own = self.ids[box.node]
        fill, line = self.theme.ink(box.kind)
        style = {}
        if box.mark in ("fault", "changed"):
            fill, line = self.theme.ink(box.mark)
            style = {"penwidth": "2.2"}
        if box.mark == "gone":
            style = {"style": "filled,rounded,dashed"}
        if box.d:
            style |= {"fillcolor": f"{self.theme.gradient[0]};0.5:{fill}", "gradientangle": "90"}
        else:
            style["fillcolor"] = fill
        graph.node(own, graphviz.nohtml(self._label(box)), id=own, color=line, **{"class": _class(box)}, **style)

    def _label(self, box: Box) -> str:
        sign = "⚠ " if box.mark == "fault" else ""
        name = escaped(sign + box.name)
        formula, value = wrapped(box.formula), list(box.value)
        shape = [escaped(str(box.node.shape))] if self.has_shapes else []
        if box.d:
            formula, gradient = _as_high(formula, wrapped(box.gradient))
            columns = [_column(name, escaped(box.d)), *shape, _column(escaped(formula), escaped(gradient))]
            if value:
                upper, lower = _as_high("\n".join(value), "\n".join(box.gradient_value))
                columns.append(_column(_lines(upper), _lines(lower)))
        else:
            columns = [name, *shape, escaped(formula), *([_lines("\n".join(value))] if value else [])]
        inner = "|".join(columns)
        return f"{{{inner}}}" if self.is_across else inner

    def _add_edge(self, graph: Any, edge: Edge, own: str) -> None:
        tail, head = self.ids[edge.tail], self.ids[edge.head]
        look = {
            "id": own,
            "class": "backward" if edge.is_back else "forward",
            "label": escaped(f"  {wrapped(edge.label)} ") if edge.label else "",
        }
        if edge.is_back:
            line = self.theme.gradient[1]
            look |= {"style": "dashed", "dir": "back", "color": line, "fontcolor": line}
        graph.edge(tail, head, **look)


def _class(box: Box) -> str:
    return " ".join(filter(None, [box.kind, "paired" if box.d else "", "valued" if box.value else "", box.mark]))


def _column(upper: str, lower: str) -> str:
    """Two fields above one another: a row of the node, a row of its gradient."""
    return f"{{{upper}|{lower}}}"


def _as_high(upper: str, lower: str) -> tuple[str, str]:
    """The texts with equally many lines, so that the two rows of a box are equally high."""
    lines = max(upper.count("\n"), lower.count("\n"))
    above, below = ((lines - text.count("\n")) // 2 * "\n" + text for text in (upper, lower))
    return above + "\n" * (lines - above.count("\n")), below + "\n" * (lines - below.count("\n"))


def _lines(text: str) -> str:
    """The text with each of its lines to the left."""
    return "".join(escaped(line) + "\\l" for line in text.split("\n"))


def wrapped(text: str) -> str:
    """The text broken where it is too long for a box."""
    lines = (
        textwrap.wrap(line, WIDEST, break_long_words=False) if len(line) > WIDEST else [line]
        for line in text.split("\n")
    )
    return "\n".join(part for line in lines for part in line)


def escaped(text: str) -> str:
    """The text so that Graphviz draws just that: no record field, no escape, no entity; � for what SVG can't hold."""
    text = re.sub("[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", text)
    text = text.replace("&", "&amp;")
    for sign in "\\{}|<>":
        text = text.replace(sign, f"\\{sign}")
    # A record loses plain spaces at its ends, in a row and behind some signs; and Graphviz fails on an empty line.
    text = text and re.sub("^$", "\N{NO-BREAK SPACE}", text.replace(" ", "\N{NO-BREAK SPACE}"), flags=re.MULTILINE)
    return text.replace("\n", "\\n")
