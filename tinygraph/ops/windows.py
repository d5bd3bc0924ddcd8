"""What slides over a picture: convolution and pooling, made of the windows of a picture and a sum, maximum or mean."""

from typing import Any

import numpy as np

from tinygraph.calls import call
from tinygraph.errors import ShapeError
from tinygraph.graph import Node, op
from tinygraph.ops.einsum import einsum
from tinygraph.ops.elementwise import where
from tinygraph.ops.extremes import argmax
from tinygraph.ops.functions import bounds
from tinygraph.ops.joining import pad
from tinygraph.ops.picking import arange
from tinygraph.ops.reductions import mean, sum
from tinygraph.ops.shaping import reshape, same_dtype
from tinygraph.sizes import Entry, Shape, Size, product


def _pair(value: Any, what: str) -> tuple[Any, Any]:
    """One number for both directions, or one for each."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2 or not all(isinstance(entry, int | Size) and not isinstance(entry, bool) for entry in pair):
        raise ShapeError(f"the {what} is a whole number or a pair of them, not {value!r}")
    return pair


def _along(size: Entry, window: Entry, stride: Entry, dilation: Entry) -> Entry:
    """How many windows lie along an axis."""
    reach = (window - 1) * dilation + 1
    if isinstance(size, int) and isinstance(reach, int) and size < reach:
        raise ShapeError(f"a window of {reach} does not fit into an axis of {size}: pad it first")
    return (size - reach) // stride + 1


def _windowed(shape: Shape, window: Any, stride: Any, dilation: Any) -> Shape:
    if len(shape) < 2:
        raise ShapeError(f"windows slide over two axes, and the array has {len(shape)}")
    counts = map(_along, shape[-2:], window, stride, dilation)
    return (*shape[:-2], *counts, *window)


def _folded(shape: Shape, like: Shape, stride: Any, dilation: Any) -> Shape:
    if len(shape) < 4 or shape != _windowed(like, shape[-2:], stride, dilation):
        raise ShapeError(f"{shape} is no shape of the windows of an array of shape {like}")
    return like


def _settled(*_: Shape, **given: Any) -> dict[str, Any]:
    pairs = {what: _pair(value, what) for what, value in given.items()}
    if any(isinstance(entry, int) and entry < 1 for pair in pairs.values() for entry in pair):
        told = ", ".join(f"{what} {value}" for what, value in given.items())
        raise ShapeError(f"a window, its stride and its dilation are 1 or more, not {told}")
    return pairs


def _told(**pairs: Any) -> str:
    """What slides in what way, for a blackboard: `, window 2×2, stride 2×2`."""
    return "".join(f", {what} {down}×{across}" for what, (down, across) in pairs.items() if (down, across) != (1, 1))


@op(
    lambda g, out, x, window, stride, dilation: fold(g, x, stride, dilation),
    settle=_settled,
    shape=_windowed,
    dtype=same_dtype,
    board=lambda x, **pairs: call("unfold", [x], _told(**pairs)),
)
def unfold(x: Any, window: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """Every window of the last two axes, (…, H, W) to (…, H', W', h, w); `dilation` is the step within a window.

    >>> import tinygraph as tg
    >>> tg.unfold(tg.input("x", ("m", 3, 32, 32)), 5).shape
    (m, 3, 28, 28, 5, 5)
    """
    (h, w), (down, across), (dh, dw) = window, stride, dilation
    seen = np.lib.stride_tricks.sliding_window_view(x, ((h - 1) * dh + 1, (w - 1) * dw + 1), axis=(-2, -1))
    return seen[..., ::down, ::across, ::dh, ::dw]


@op(
    lambda g, out, x, like, stride, dilation: unfold(g, x.shape[-2:], stride, dilation),
    None,
    settle=_settled,
    shape=_folded,
    dtype=same_dtype,
    board=lambda x, like, **pairs: call("fold", [x, like], _told(**pairs)),
)
def fold(x: Any, like: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """The windows laid back where `unfold` took them from, in the shape of `like`; where they overlap they add up.

    >>> import numpy as np, tinygraph as tg
    >>> tg.fold(tg.unfold(np.ones((1, 3)), (1, 2)), np.ones((1, 3)))
    array([[1., 2., 1.]])
    """
    x = np.asarray(x)
    out = np.zeros(np.shape(like), x.dtype)
    (down, across), (dh, dw) = stride, dilation
    rows, columns, h, w = x.shape[-4:]
    for i in range(h):
        for j in range(w):
            place = (
                slice(i * dh, i * dh + down * (rows - 1) + 1, down),
                slice(j * dw, j * dw + across * (columns - 1) + 1, across),
            )
            out[(..., *place)] += x[..., i, j]
    return out


def _bordered(x: Any, padding: Any, fill: float = 0) -> Any:
    sides = [pair if isinstance(pair, tuple) else (pair, pair) for pair in padding]
    if all(side == 0 for pair in sides for side in pair):
        return x
    return pad(x, (*[(0, 0)] * (np.ndim(x) - 2), *sides), constant_values=fill)


def conv2d(x: Any, w: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    """Each filter of w slid over the pictures: x (m, c, H, W), w (filters, c, h, w) → (m, filters, H', W').

    As in PyTorch and JAX the filter is not flipped. `stride`, `padding` and `dilation` are a number, or (down, across);
    padding "same" keeps H and W at stride 1, and "valid" is 0. With p for the padding, d for the dilation and s for the
    stride, H' is (H + 2p - d(h - 1) - 1) // s + 1.
    Raises `ShapeError` where the channels differ or the filter doesn't fit.

    >>> import tinygraph as tg
    >>> x, w = tg.input("x", ("m", 3, "H", "W")), tg.input("w", (8, 3, 5, 5))
    >>> tg.conv2d(x, w).shape, tg.conv2d(x, w, padding="same").shape
    ((m, 8, H - 4, W - 4), (m, 8, H, W))
    """
    if np.ndim(x) != 4 or np.ndim(w) != 4:
        raise ShapeError(
            f"conv2d takes pictures (m, channels, H, W) and filters (filters, channels, h, w), not {np.shape(x)} "
            f"and {np.shape(w)}"
        )
    if np.shape(x)[1] != np.shape(w)[1]:
        raise ShapeError(f"conv2d: the pictures have {np.shape(x)[1]} channels, and the filters {np.shape(w)[1]}")
    window, steps = np.shape(w)[2:], _pair(dilation, "dilation")
    if padding == "same":
        if _pair(stride, "stride") != (1, 1):
            raise ShapeError('padding="same" is for stride 1: for another stride, say the padding as a number')
        missing = [step * (size - 1) for size, step in zip(window, steps, strict=True)]
        border = tuple((less // 2, less - less // 2) for less in missing)
    else:
        border = _pair(0 if padding == "valid" else padding, "padding")
    return einsum("mcyxhw,fchw->mfyx", unfold(_bordered(x, border), window, stride, dilation), w)


def max_pool2d(x: Any, window: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The largest element of each window of the last two axes; the stride is the window, unless it is given.

    Where several are the largest, the first, row by row, has all of the gradient, as in PyTorch and JAX. The border
    that `padding` asks for is never the largest.

    >>> import tinygraph as tg
    >>> tg.max_pool2d([[1, 5, 2, 0], [3, 4, 1, 7]], 2)
    array([[5, 7]])
    """
    window = _pair(window, "window")
    x = x if isinstance(x, Node) else np.asarray(x)
    lowest, _ = bounds(x)
    border = _pair(padding, "padding")
    for wide, size in zip(border, window, strict=True):
        if isinstance(wide, int) and isinstance(size, int) and 2 * wide > size:
            raise ShapeError(
                f"a padding of {wide} leaves windows of {size} with nothing in them: at most {size // 2} fits"
            )
    seen = unfold(_bordered(x, border, lowest), window, window if stride is None else stride)
    flat = reshape(seen, (*np.shape(seen)[:-2], product(window)))
    is_first = arange(product(window)) == argmax(flat, axis=-1, keepdims=True)
    return sum(where(is_first, flat, 0), axis=-1)


def avg_pool2d(x: Any, window: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The mean of each window of the last two axes; the stride is the window, unless it is given.

    Zeros of a border, where `padding` asks for one, count as elements, as is PyTorch's default.

    >>> import tinygraph as tg
    >>> tg.avg_pool2d([[1, 5, 2, 0], [3, 4, 1, 7]], 2)
    array([[3.25, 2.5 ]])
    """
    window = _pair(window, "window")
    seen = unfold(_bordered(x, _pair(padding, "padding")), window, window if stride is None else stride)
    return mean(seen, axis=(-2, -1))
