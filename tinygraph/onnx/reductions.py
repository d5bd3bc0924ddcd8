"""What takes axes together: sums, extremes and their places, and what goes along an axis."""

import math

import numpy as np

from tinygraph.graph import Node
from tinygraph.onnx.dtypes import common, constant, in_common, in_result, wide
from tinygraph.onnx.writer import Lowering, Writer
from tinygraph.ops.reductions import axes_along


def axes_of(node: Node) -> tuple[int, ...]:
    """The axes that are taken together, each counted from 0."""
    return axes_along(node.params["axis"], node.args[0].ndim)


def _reduced(w: Writer, op_type: str, node: Node, x: str) -> str:
    """Along no axis nothing is taken together; ONNX would take all."""
    axes = np.array(axes_of(node), np.int64)
    return w(op_type, x, axes, keepdims=int(node.params["keepdims"])) if len(axes) else x


def reduction(op_type: str) -> Lowering:
    """One of ONNX's reductions."""
    return in_result(lambda w, node, x: _reduced(w, op_type, node, x))


def extreme(op_type: str) -> Lowering:
    """The largest or smallest, and NaN where one is among the elements; ONNX leaves open what becomes of it."""

    def write(w: Writer, node: Node, x: str) -> str:
        out = _reduced(w, op_type, node, x)
        if node.dtype.kind != "f" or not axes_of(node):
            return out
        return w("Where", any_of(w, node, w("IsNaN", x)), constant(w, node, math.nan), out)

    return in_result(write)


def any_of(w: Writer, node: Node, x: str) -> str:
    """Whether one of the truth values is true."""
    counted = _reduced(w, "ReduceSum", node, w("Cast", x, to=w.type(np.int32)))
    return w("Cast", counted, to=w.type(np.bool_))


def all_of(w: Writer, node: Node, x: str) -> str:
    """Whether none of the truth values is false."""
    return w("Not", any_of(w, node, w("Not", x)))


def _flat(w: Writer, node: Node, x: str) -> tuple[str, int]:
    """The array and the axis along which an op goes; where it goes along none, all elements along one."""
    axis = node.params["axis"]
    return (w("Reshape", x, np.array([-1])), 0) if axis is None else (x, axis)


def place(op_type: str, sign: int) -> Lowering:
    """The place of an extreme, which is that of the first NaN where there is one, as in NumPy."""

    def write(w: Writer, node: Node, x: str) -> str:
        x, axis = _flat(w, node, x)
        dtype = wide(w, node, common(node))
        if dtype.kind == "f":
            is_nan = w("Mul", w("Cast", w("IsNaN", x), to=w.type(dtype)), np.asarray(sign, dtype))
            some = w("ReduceMax", w("Abs", is_nan), np.array([axis]), keepdims=1)
            x = w("Where", w("Cast", some, to=w.type(np.bool_)), is_nan, x)
        keeps = node.params["keepdims"]
        if node.params["axis"] is None and keeps:
            return w("Reshape", w(op_type, x, axis=0, keepdims=0), np.ones(node.ndim, np.int64))
        return w(op_type, x, axis=axis, keepdims=int(keeps))

    return in_common(write, np.int64)


def argsort(w: Writer, node: Node, x: str) -> str:
    """TopK, of as many as there are, keeps equal ones in their order."""
    x, axis = _flat(w, node, x)
    count = w("Shape", x, start=axis, end=axis + 1)
    return w.several("TopK", 2, x, count, axis=axis, largest=0)[1]


def cumsum(w: Writer, node: Node, x: str) -> str:
    """The sums of each element and all before it."""
    x, axis = _flat(w, node, x)
    return w("CumSum", x, np.array(axis))
