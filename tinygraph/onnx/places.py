"""Elements by their place: indices and windows, and what is laid back to the places that they take."""

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any

import numpy as np

from tinygraph.feeds import Array
from tinygraph.graph import Node
from tinygraph.onnx.dtypes import wide
from tinygraph.onnx.writer import Writer
from tinygraph.ops.indexing import ARRAY, Span
from tinygraph.sizes import Entry

LAST = np.iinfo(np.int64)
"""Beyond every place from the start, and from the end: what stands for no bound."""


def range_to(w: Writer, size: str) -> str:
    """The whole numbers from 0 up to a size."""
    return w("Range", np.array(0), size, np.array(1))


def getitem(w: Writer, node: Node, x: str, *arrays: str) -> str:
    """`x[key]`."""
    return _picked(w, node.params["key"], _rank(node.args[1:]), x, *arrays)


def scatter(w: Writer, node: Node) -> str:
    """Zeros with x added at the places that `[key]` takes."""
    x, like, *arrays = node.args
    indices = [w.of(array, np.dtype(np.int64)) for array in arrays]
    return _laid_back(w, node, x, _picked(w, node.params["key"], _rank(arrays), _places(w, like), *indices))


def unfold(w: Writer, node: Node, x: str) -> str:
    """Every window of the last two axes."""
    *_, down, across, _, _ = node.shape
    return _windows(w, x, node.args[0].ndim, (down, across), **node.params)


def fold(w: Writer, node: Node) -> str:
    """The windows added up at the places that `unfold` takes them from."""
    x, like = node.args
    *_, down, across, h, v = x.shape
    places = _windows(w, _places(w, like), like.ndim, (down, across), window=(h, v), **node.params)
    return _laid_back(w, node, x, places)


def _places(w: Writer, like: Node) -> str:
    """An array like this one, in which each element is its own place, row by row."""
    shape = w("Shape", w.of(like))
    return w("Reshape", range_to(w, w("Size", w.of(like))), shape, allowzero=1)


def _laid_back(w: Writer, node: Node, x: Node, places: str) -> str:
    """Zeros in the shape of the node's second argument, with x added at the places."""
    like, dtype, row = w.of(node.args[1]), wide(w, node, node.dtype), np.array([-1])
    zeros = w("Expand", np.zeros(1, dtype), w("Unsqueeze", w("Size", like), np.array([0])))
    places, values = w("Reshape", places, row), w("Reshape", w.of(x, dtype), row)
    flat = w("ScatterElements", zeros, places, values, reduction="add")
    return w.cast(w("Reshape", flat, w("Shape", like), allowzero=1), dtype, node.dtype)


def _rank(arrays: Sequence[Node]) -> int:
    """Of index arrays, when they are broadcast together."""
    return max((array.ndim for array in arrays), default=0)


def _picked(w: Writer, key: Any, rank: int, x: str, *arrays: str) -> str:
    """New axes first, so that each entry of the key has an axis; then slices; then what takes single places."""
    new = [place for place, entry in enumerate(key) if entry is None]
    x = w("Unsqueeze", x, np.array(new)) if new else x
    spans = {place: entry for place, entry in enumerate(key) if isinstance(entry, Span) and entry != Span()}
    x = _sliced(w, x, spans) if spans else x
    taken = [place for place, entry in enumerate(key) if entry is not None and not isinstance(entry, Span)]
    if not arrays:
        for place in reversed(taken):
            x = w("Gather", x, w.size(key[place]), axis=place)
        return x
    if len(taken) == 1:
        return w("Gather", x, arrays[0], axis=taken[0])
    remaining = iter(arrays)
    indices = [next(remaining) if key[place] == ARRAY else w.size(key[place]) for place in taken]
    return _taken_together(w, x, len(key), taken, indices, rank)


def _sliced(w: Writer, x: str, spans: dict[int, Span]) -> str:
    def bounds(of: str, forward: int, backward: int) -> str:
        found = [getattr(span, of) for span in spans.values()]
        free = [forward if span.step > 0 else backward for span in spans.values()]
        return w.sizes(other if bound is None else bound for bound, other in zip(found, free, strict=True))

    starts, stops = bounds("start", 0, LAST.max), bounds("stop", LAST.max, LAST.min)
    steps = np.array([span.step for span in spans.values()])
    return w("Slice", x, starts, stops, np.array(list(spans)), steps)


def _taken_together(w: Writer, x: str, axes: int, taken: list[int], indices: list[str], rank: int) -> str:
    """One element, or what is behind it, for each place that several indices tell; NumPy's rule says where they stand.

    That is where the first of them was, or in front, if they are apart.
    """
    whole = w("Shape", reduce(partial(w, "Add"), indices))
    places = w("Concat", *(w("Unsqueeze", w("Expand", index, whole), np.array([-1])) for index in indices), axis=-1)
    rest = [axis for axis in range(axes) if axis not in taken]
    found = w("GatherND", _turned(w, x, [*taken, *rest]), places)
    front = taken[0] if taken == list(range(taken[0], taken[-1] + 1)) else 0
    order = [*range(rank, rank + front), *range(rank), *range(rank + front, rank + len(rest))]
    return _turned(w, found, order)


def _turned(w: Writer, x: str, order: list[int]) -> str:
    return x if order == sorted(order) else w("Transpose", x, perm=order)


def _windows(w: Writer, x: str, rank: int, counts: Sequence[Entry], window: Any, stride: Any, dilation: Any) -> str:
    """The windows of the last two axes: the rows of each by one Gather, and their columns by another."""
    rows, columns = (_along(w, *along) for along in zip(counts, window, stride, dilation, strict=True))
    found = w("Gather", w("Gather", x, rows, axis=rank - 2), columns, axis=rank)
    return w("Transpose", found, perm=[*range(rank - 2), rank - 2, rank, rank - 1, rank + 1])


def _along(w: Writer, count: Entry, window: Entry, stride: Entry, dilation: Entry) -> "str | Array":
    """The places that each window takes along an axis: one row for each window."""
    if isinstance(count, int) and isinstance(window, int):
        return np.add.outer(np.arange(count) * stride, np.arange(window) * dilation)
    starts = w("Mul", range_to(w, w.size(count)), w.size(stride))
    steps = w("Mul", range_to(w, w.size(window)), w.size(dilation))
    return w("Add", w("Unsqueeze", starts, np.array([1])), steps)
