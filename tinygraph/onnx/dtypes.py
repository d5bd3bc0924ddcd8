"""In which dtype an ONNX op computes: runtimes have most ops for few dtypes, and ONNX converts nothing unasked."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.errors import BackendError
from tinygraph.feeds import Array
from tinygraph.graph import Node
from tinygraph.onnx.writer import Lowering, Writer

WIDER = {"float16": "float32", "bool": "int32"} | dict.fromkeys(["int8", "int16", "uint8", "uint16", "uint32"], "int64")
COMPUTED = {"float64", "float32", "int64", "int32"}


def wide(w: Writer, node: Node, dtype: Any) -> np.dtype[Any]:
    """The dtype in which a node computes what has this one; raises `BackendError` where there is none.

    What small whole numbers become in int64 is cut back to the same digits, and a float16 is computed in float32 and
    rounded, as NumPy does it.
    """
    name = np.dtype(dtype).name
    if name not in WIDER and name not in COMPUTED:
        raise BackendError(
            f"{w.line(node)} is computed in {name}, for which onnxruntime has few ops: convert what it takes "
            "to another dtype, with tg.astype"
        )
    return np.dtype(WIDER.get(name, name))


def common(node: Node) -> np.dtype[Any]:
    """The dtype in which NumPy compares the arguments: a written number takes that of the array."""
    return np.result_type(*(x.dtype.type(1).item() if x.weak else x.dtype for x in node.args))


def constant(w: Writer, node: Node, value: float) -> Array:
    """A number in the dtype in which the node computes its result."""
    return np.asarray(value, wide(w, node, node.dtype))


Emission = Callable[..., str]
"""What writes ONNX nodes for a node: `(w, node, *names of the arguments)` → the name of the result; or an ONNX op."""


def _emission(what: str | Emission) -> Emission:
    return what if callable(what) else lambda w, node, *args: w(what, *args)


def in_result(what: str | Emission) -> Lowering:
    """Computed in the dtype of the result."""

    def lower(w: Writer, node: Node) -> str:
        dtype = wide(w, node, node.dtype)
        return w.cast(_emission(what)(w, node, *(w.of(x, dtype) for x in node.args)), dtype, node.dtype)

    return lower


def in_common(what: str | Emission, result: Any = np.bool_) -> Lowering:
    """Computed in the dtype that the arguments have in common; the result is of another."""

    def lower(w: Writer, node: Node) -> str:
        dtype = wide(w, node, common(node))
        return w.cast(_emission(what)(w, node, *(w.of(x, dtype) for x in node.args)), np.dtype(result), node.dtype)

    return lower


def in_bool(what: str | Emission) -> Lowering:
    """Computed in truth values: a number is true where it is not 0."""
    return lambda w, node: _emission(what)(w, node, *(w.of(x, np.dtype(bool)) for x in node.args))


def in_any(what: str | Emission) -> Lowering:
    """Elements are moved, whatever their dtype; whole numbers that tell places come as int64."""

    def lower(w: Writer, node: Node) -> str:
        x, *rest = node.args
        return _emission(what)(w, node, w.of(x, node.dtype), *(w.of(y, np.dtype(np.int64)) for y in rest))

    return lower
