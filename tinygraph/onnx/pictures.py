"""Convolution and pooling, which the graph makes of windows: ONNX has one op for each, which runtimes run fast."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygraph.graph import CONSTANT, Node, number
from tinygraph.onnx.dtypes import in_result
from tinygraph.onnx.writer import Writer

CONVOLUTION = "mcyxhw,fchw->mfyx"
SINGLE = {"float32", "float16"}
"""What onnxruntime's processor has convolutions and means for; float64 goes by windows."""


class Whole(NamedTuple):
    """One ONNX op that computes a node of these arguments, which lie further below."""

    op_type: str
    args: tuple[Node, ...]
    attributes: dict[str, Any]

    def write(self, w: Writer, node: Node) -> str:
        """The ONNX node."""
        of_args = Node(node.op, self.args, node.params, node.shape, node.dtype)
        return in_result(lambda w, _, *args: w(self.op_type, *args, **self.attributes))(w, of_args)


def whole(node: Node) -> Whole | None:
    """The one op for a node, where there is one."""
    rule = RULES.get(node.op.name)
    return rule(node) if rule else None


def _convolution(node: Node) -> Whole | None:
    if node.params["subscripts"] != CONVOLUTION or node.dtype.name not in SINGLE:
        return None
    windows, filters = node.args
    slid = _slid(windows, 0)
    return Whole("Conv", (slid[0], filters), slid[1]) if slid else None


def _average(node: Node) -> Whole | None:
    (windows,) = node.args
    slid = _slid(windows, 0)
    if not slid or node.params != {"axis": (4, 5), "keepdims": False} or node.dtype.name not in SINGLE:
        return None
    return Whole("AveragePool", (slid[0],), {**slid[1], "count_include_pad": 1})


def _largest(node: Node) -> Whole | None:
    """The sum of the elements of each window that are the first of the largest: of one element."""
    (chosen,) = node.args
    if chosen.op.name != "where" or node.params != {"axis": 4, "keepdims": False} or node.dtype.kind != "f":
        return None
    is_first, flat, other = chosen.args
    if is_first.op.name != "equal" or flat.op.name != "reshape" or number(other) != 0:
        return None
    slid = _slid(flat.args[0], -np.inf)
    is_largest = _is_the_first_of_the_largest(is_first, flat)
    return Whole("MaxPool", (slid[0],), slid[1]) if slid and is_largest else None


def _is_the_first_of_the_largest(node: Node, flat: Node) -> bool:
    """Whether it is `arange(size) == argmax(flat, axis=-1, keepdims=True)`."""
    places, first = node.args
    if first.op.name != "argmax" or first.args[0] is not flat or first.params != {"axis": 4, "keepdims": True}:
        return False
    counted = places.params["array"] if places.op is CONSTANT else None
    return counted is not None and np.array_equal(counted, np.arange(np.size(counted)))


def _slid(windows: Node, fill: float) -> tuple[Node, dict[str, Any]] | None:
    """The pictures that windows are of, and how they slide; None where a size is known by name alone."""
    if windows.op.name != "unfold" or windows.ndim != 6:
        return None
    (x,) = windows.args
    pads = [(0, 0)] * 4
    if x.op.name == "pad" and x.params["constant_values"] == fill and x.params["pad_width"][:2] == ((0, 0), (0, 0)):
        pads, (x,) = list(x.params["pad_width"]), x.args
    found = {
        "kernel_shape": windows.params["window"],
        "strides": windows.params["stride"],
        "dilations": windows.params["dilation"],
        "pads": (*(before for before, _ in pads[2:]), *(after for _, after in pads[2:])),
    }
    is_told = all(isinstance(size, int) for sizes in found.values() for size in sizes)
    usual = {"strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0)}
    return (x, {key: sizes for key, sizes in found.items() if sizes != usual.get(key)}) if is_told else None


RULES: dict[str, Callable[[Node], Whole | None]] = {"einsum": _convolution, "mean": _average, "sum": _largest}
