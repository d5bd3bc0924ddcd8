"""Quotients, remainders and choices of numbers, as NumPy has them, where ONNX's own differ or want other dtypes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.graph import Node, number
from tinygraph.onnx.dtypes import constant, in_bool, in_result, wide
from tinygraph.onnx.writer import Lowering, Writer


def floor_divide(w: Writer, node: Node, x: str, y: str) -> str:
    """Rounded down; of whole numbers 0 where y is 0, as in NumPy."""
    if node.dtype.kind == "f":
        rest = w("Mod", x, y, fmod=1)
        found = _down(w, node, w("Round", w("Div", w("Sub", x, rest), y)), rest, y)
        return w("Where", w("Equal", y, constant(w, node, 0)), w("Div", x, y), found)
    safe, is_0, is_less = _safe(w, node, y)
    found = w("Div", x, safe)
    found = _down(w, node, found, w("Sub", x, w("Mul", found, safe)), safe)
    if safe == y:
        return found
    return w("Where", is_0, constant(w, node, 0), w("Where", is_less, w("Neg", x), found))


def remainder(w: Writer, node: Node, x: str, y: str) -> str:
    """With the sign of y, as ONNX's Mod of whole numbers has it, but not that of floats; 0 of whole numbers by 0."""
    if node.dtype.kind == "f":
        rest = w("Mod", x, y, fmod=1)
        return w("Where", _is_across(w, node, rest, y), w("Add", rest, y), rest)
    return w("Mod", x, _safe(w, node, y)[0])


def _safe(w: Writer, node: Node, y: str) -> tuple[str, str, str]:
    """Whole numbers to divide by, with 1 for 0 and for -1, at which processors may stop; and where these are.

    They stop at -1 since the least number has no negative one.
    """
    if number(node.args[1]) not in (None, 0, -1):
        return y, "", ""
    is_0, is_less = w("Equal", y, constant(w, node, 0)), w("Equal", y, constant(w, node, -1))
    return w("Where", w("Or", is_0, is_less), constant(w, node, 1), y), is_0, is_less


def _down(w: Writer, node: Node, found: str, rest: str, y: str) -> str:
    """A quotient that was rounded toward 0, as ONNX's Div does, one less where the rest has the other sign than y."""
    return w("Where", _is_across(w, node, rest, y), w("Sub", found, constant(w, node, 1)), found)


def _is_across(w: Writer, node: Node, rest: str, y: str) -> str:
    zero = constant(w, node, 0)
    is_across = w("Xor", w("Less", rest, zero), w("Less", y, zero))
    return w("And", is_across, w("Not", w("Equal", rest, zero)))


def where(w: Writer, node: Node) -> str:
    """One of two, where each is of the result's dtype, and the condition a truth value."""
    condition, *branches = node.args
    dtype = wide(w, node, node.dtype)
    out = w("Where", w.of(condition, np.dtype(bool)), *(w.of(x, dtype) for x in branches))
    return w.cast(out, dtype, node.dtype)


def bits(op_type: str, of_bools: str) -> Lowering:
    """An op of whole numbers bit by bit, for which ONNX has another one where they are truth values."""
    whole, truth = in_result(op_type), in_bool(of_bools)
    return lambda w, node: (truth if node.dtype == bool else whole)(w, node)


def question(write: Callable[[Writer, str], str]) -> Lowering:
    """A question that ONNX answers for floats alone."""

    def lower(w: Writer, node: Node) -> str:
        (x,) = node.args
        dtype: Any = x.dtype if x.dtype.kind == "f" else np.float32
        return write(w, w.of(x, wide(w, node, dtype)))

    return lower
