"""How a node is written: by the name of the reader's own variable, or as a formula of named nodes."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.protocol import Operand
from tinygraph.sizes import Size

if TYPE_CHECKING:
    from tinygraph.graph import Node, Op

COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)
"""How strongly an op binds its arguments, from `x < y` to `f(x)`."""

PROGRAMS = "<tinygraph "
"""How the file names begin of programs that this library writes."""

NOTEBOOKS = {"IPython", "ipykernel", "traitlets", "decorator"}

LIBRARIES = (*(f"{Path(file).parent}{os.sep}" for file in (__file__, np.__file__)), PROGRAMS)


def caller_frame() -> tuple[FrameType | None, int]:
    """The innermost frame of the reader's own code, and the `stacklevel` at which the asking function warns there."""
    frame, level = sys._getframe(1), 0
    while frame and (frame.f_code.co_filename.startswith(LIBRARIES) or _is_notebooks(frame)):
        frame, level = frame.f_back, level + 1  # type: ignore[assignment]
    return frame, level


def _is_notebooks(frame: FrameType) -> bool:
    """Whether it is of the program that runs a notebook: it asks a cell's last value how to show itself."""
    return str(frame.f_globals.get("__name__")).split(".")[0] in NOTEBOOKS


def is_within(module: str) -> bool:
    """Whether the line that asks is run by that module of this library, and so is none that the reader wrote."""
    frame: FrameType | None = sys._getframe(1)
    while frame and frame.f_code.co_filename.startswith(LIBRARIES):
        if frame.f_globals.get("__name__") == module:
            return True
        frame = frame.f_back
    return False


def caller_names() -> dict["Node", str]:
    """Which variable of the calling code holds which node; an explicit name wins.

    A variable that starts with an underscore names nothing: notebooks keep results in such ones.
    """
    frame, _ = caller_frame()
    names: dict[Node, str] = {}
    if frame is None:
        return names
    local, outer = dict(frame.f_locals), dict(frame.f_globals)
    for variable, held in (local | {name: outer[name] for name in outer if name not in local}).items():
        is_node = isinstance(held, Operand) and not isinstance(held, Size)
        if is_node and variable.isidentifier() and not variable.startswith("_"):
            names.setdefault(held, held.name or variable)
    return names


def formula(node: "Node", names: Mapping["Node", str], depth: int = 3) -> str:
    """The node as a formula in Python, whose letters are named nodes.

    What lies deeper than `depth` ops below the node is written as "…".
    """
    name = node.name or names.get(node)
    return name if name else expression(node, names, depth)


def expression(node: "Node", names: Mapping["Node", str], depth: int = 1) -> str:
    """What the node computes, even where it has a name of its own: `W.T @ X + b` for Z."""
    if node.op.written is not None:
        return node.op.written(node)
    if depth == 0:
        return "…"
    return call(node.op, node.params, arguments(node.op, node.params, node.args, names, depth - 1))


def call(op: "Op", params: Mapping[str, Any], texts: Sequence[str]) -> str:
    """A call of the op whose arguments are written as these texts."""
    return op.template(params, len(texts)).format(*texts, params=op.told(params))


def arguments(
    op: "Op", params: Mapping[str, Any], args: Sequence["Node"], names: Mapping["Node", str], depth: int = 2
) -> list[str]:
    """The arguments of a call as formulas, in brackets where the op would otherwise tear them apart."""
    texts = []
    for index, arg in enumerate(args):
        text = formula(arg, names, depth)
        strength = ATOM if text in (arg.name, names.get(arg), "…") else _strength(arg, text)
        equal_needs = index > 0 or op.binds in (COMPARISON, POWER)
        loose = strength < op.binds or (strength == op.binds < ATOM and equal_needs)
        is_bare = loose and not _is_enclosed(op.template(params, len(args)), index)
        texts.append(f"({text})" if is_bare else text)
    return texts


def _strength(node: "Node", text: str) -> int:
    if node.op.written is None:
        return node.op.binds
    return ATOM if text.replace("_", "").replace(".", "").isalnum() else SUM  # -1, and the size m + 1


def _is_enclosed(template: str, index: int) -> bool:
    """Whether the slot stands between brackets or commas already, so that it needs none of its own."""
    marks = [f"\0{number}\0" for number in range(template.count("{"))]
    before, after = template.format(*marks, params="").split(marks[index], 1)
    return before.rstrip()[-1:] in set("({[,") and after.lstrip()[:1] in set(")}],")


def listed(names: Sequence[Any]) -> str:
    """Names as a sentence lists them.

    >>> listed(["X", "Y", "b"])
    'X, Y and b'
    """
    *first, last = map(str, names)
    return f"{', '.join(first)} and {last}" if first else last


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts as a table whose columns line up.

    >>> print(columns([("W", "(n_x, 1)"), ("dZ", "(1, m)")]))
    W   (n_x, 1)
    dZ  (1, m)
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
