"""How a node shows itself in a notebook: name, formula, shape, dtype, and its value where it has one without feeds."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.board import made_of
from tinygraph.errors import EvaluationError, FeedError
from tinygraph.evaluate import evaluate
from tinygraph.notation import listed
from tinygraph.order import order

if TYPE_CHECKING:
    from tinygraph.graph import Node

MOST_SHOWN = 1000
"""An array of more elements is shortened, as NumPy prints it."""


def card(node: "Node", names: Mapping["Node", str]) -> str:
    """The node as a small table of HTML, in which all text stays text.

    >>> import tinygraph as tg
    >>> print(card(tg.input("X", ("n_x", "m")), {}))
    <table>...<td>X</td>...<td>(n_x, m)</td>...<td>float64</td>...<td>fed by .eval(…): X</td>...</table>
    """
    rows = {
        "name": names.get(node) or node.name or "",
        "is": made_of(node, names).text if node.args else node.op.name,
        "shape": str(node.shape),
        "dtype": str(node.dtype),
        "value": _value(node),
    }
    style = ' style="text-align:left;font-weight:600"'
    cells = [f"<tr><th{style}>{name}</th><td>{_marked(name, text)}</td></tr>" for name, text in rows.items() if text]
    return f"<table>{''.join(cells)}</table>"


def _value(node: "Node") -> str:
    inputs = [leaf for leaf in order(node) if leaf.op.name == "input"]
    if inputs:
        return f"fed by .eval(…): {listed([leaf.name for leaf in inputs])}"
    try:
        value: Any = evaluate(node)
    except (EvaluationError, FeedError) as error:
        return str(error)
    return np.array2string(np.asarray(value), threshold=MOST_SHOWN)


def _marked(name: str, text: str) -> str:
    escaped = html.escape(text)
    is_array = name == "value" and not text.startswith("fed")
    return f'<pre style="margin:0;background:none">{escaped}</pre>' if is_array else escaped
