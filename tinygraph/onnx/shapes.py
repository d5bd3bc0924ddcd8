"""Elements that are laid out in another shape, copied along an axis, or joined."""

from typing import Any

import numpy as np

from tinygraph.feeds import Array
from tinygraph.graph import Node
from tinygraph.onnx.dtypes import constant
from tinygraph.onnx.writer import Writer
from tinygraph.sizes import Shape, Size, sizes_in


def reshape(w: Writer, node: Node, x: str) -> str:
    """Axes of size 1 come and go, or else the elements are laid out anew, where one open size is -1."""
    old, new = node.args[0].shape, node.shape
    if old == new:
        return x
    if 1 not in old and old == _without_ones(new):
        return w("Unsqueeze", x, _ones(new))
    if 1 not in new and new == _without_ones(old):
        return w("Squeeze", x, _ones(old))
    if sum(isinstance(size, Size) for size in new) == 1 and 0 not in new:
        return w("Reshape", x, w.sizes(-1 if isinstance(size, Size) else size for size in new))
    return w("Reshape", x, w.sizes(new), allowzero=1)


def _without_ones(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _ones(shape: Shape) -> Array:
    return np.array([place for place, size in enumerate(shape) if size == 1], np.int64)


def transpose(w: Writer, node: Node, x: str) -> str:
    """The axes in another order."""
    axes: Any = node.params["axes"]
    return w("Transpose", x, perm=list(range(node.ndim)[::-1] if axes is None else axes)) if node.ndim > 1 else x


def broadcast_like(w: Writer, node: Node) -> str:
    """Copied into the shape of another array."""
    x, like = node.args
    return w("Expand", w.of(x, node.dtype), w("Shape", w.of(like)))


def broadcast_to(w: Writer, node: Node, x: str) -> str:
    """Copied into a shape; a size below 0 is 0, as that of x[1:] where x has no element."""
    sizes = w.sizes(node.params["shape"])
    may_be_less = any(min(size.terms.values()) < 0 for size in sizes_in(node.params.values()))
    return w("Expand", x, w("Max", sizes, np.array([0])) if may_be_less else sizes)


def concatenate(w: Writer, node: Node) -> str:
    """End to end along an axis."""
    return w("Concat", *(w.of(x, node.dtype) for x in node.args), axis=node.params["axis"])


def pad(w: Writer, node: Node, x: str) -> str:
    """A border of one number."""
    pairs = node.params["pad_width"]
    widths = w.sizes([before for before, _ in pairs] + [after for _, after in pairs])
    return w("Pad", x, widths, constant(w, node, node.params["constant_values"])) if pairs else x
