"""Feeds: what a caller hands in, checked and brought to one array a leaf and one number a size."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.ma import MaskedArray

from tinygraph.errors import DtypeError, FeedError, NodeTypeError, ShapeError
from tinygraph.notation import caller_names
from tinygraph.sizes import Entry, Shape, Size, is_name

if TYPE_CHECKING:
    from tinygraph.graph import Node

Array = np.ndarray[Any, Any]


REAL = "biuf"
"""The kinds of dtype that a node can have: truth values, whole numbers, floats."""

TOLERANCE = {"float16": 1e-2, "float32": 1e-4}
"""How far from one a sum may be that was said to be one, by dtype; 1e-6 for all others."""

INPUT_NAMES: set[str] = set()
"""Every name that an input was ever given: a feed under any other name is a slip of the pen."""


def match_feeds(
    leaves: Iterable["Node"], feeds: Mapping[Any, Any] | None, named: Mapping[str, Any]
) -> dict["Node", Any]:
    """The value fed to each node, whether the feed was given by node, by name, or by the leaf's variable.

    An input that other graphs have and this one has not is passed over, so that one set of feeds serves a cost and its
    derivatives, which may depend on less.
    """
    feeds = {} if feeds is None else feeds
    if not isinstance(feeds, Mapping):
        raise NodeTypeError("feeds are given by name or by node, as in Z.eval(X=array) or Z.eval({X: array})")
    by_name: dict[str, list[Node]] = {}
    for leaf in leaves:
        by_name.setdefault(leaf.name or "", []).append(leaf)
    matched: dict[Node, Any] = {}
    for key, value in [*feeds.items(), *named.items()]:
        node = _node_called(key, by_name) if isinstance(key, str) else key
        if node is None:
            continue
        if not hasattr(node, "args"):
            raise FeedError(f"a value is fed by name or by node, not by {node!r}")
        if node in matched:
            raise FeedError(f"{node} is fed twice: give it one value, by name or by node")
        matched[node] = value
    return matched


def _node_called(name: str, by_name: Mapping[str, list["Node"]]) -> "Node | None":
    variables = {} if name in by_name else caller_names()
    found = by_name.get(name) or [leaf for leaf in by_name.get("", []) if variables.get(leaf) == name]
    if len(found) > 1:
        raise FeedError(f"two leaves are called {name!r}: feed them by node, as in .eval({{X: …}})")
    if not found and name not in INPUT_NAMES:
        known = ", ".join(filter(None, by_name)) or "none that has a name"
        raise FeedError(f"no input is called {name!r}; the graph has: {known}")
    return found[0] if found else None


def to_dtype(value: Any, dtype: np.dtype[Any], whose: object) -> Array:
    """The value as an array of that dtype: widened where that loses nothing, else refused.

    Python's own numbers, and lists of them, count as NumPy counts numbers: a float fits every float dtype.
    """
    array = to_array(value, whose)
    if array.dtype == dtype:
        return array
    is_python = not hasattr(value, "dtype")
    weak = is_python and np.result_type(dtype, array.dtype.type(0).item()) == dtype
    if not weak and not np.can_cast(array.dtype, dtype, "safe"):
        raise DtypeError(
            f"{whose} is {dtype} and was given {array.dtype}, which it can't hold without loss: "
            f"make it {array.dtype}, or convert what it is given, with array.astype(np.{dtype})"
        )
    with np.errstate(invalid="ignore", over="ignore"):
        cast = array.astype(dtype)
        if array.dtype.kind in "iu":
            is_kept = np.array_equal(cast.astype(array.dtype), array)
        else:
            is_kept = np.array_equal(np.isinf(cast), np.isinf(array))
    if not is_kept:
        raise DtypeError(f"{whose} is {dtype}, which can't hold the {array.dtype} numbers that it was given")
    return cast


def check_assumptions(node: "Node", array: Array) -> None:
    """Raises `FeedError` where what is fed breaks what was said of an input: that along an axis it sums to one."""
    axis = node.params.get("sums_to_one")
    if axis is None:
        return
    sums = np.sum(array, axis=axis, dtype=np.float64)
    wrong = ~(np.abs(sums - 1) <= TOLERANCE.get(array.dtype.name, 1e-6))  # NaN is wrong, too
    if wrong.any():
        place = [int(index) for index in np.argwhere(wrong)[0]]
        key = ", ".join(map(str, [*place[:axis], ":", *place[axis:]]))
        raise FeedError(
            f"{node} was said to sum to one along axis {axis}, but {node.name}[{key}] sums to "
            f"{sums[tuple(place)]:.9g}: feed what does, or make the input without sums_to_one"
        )


def to_array(value: Any, whose: object) -> Array:
    """The value as an array of real numbers or truth values."""
    if isinstance(value, MaskedArray):
        raise DtypeError(f"{whose} was given a masked array, whose mask would be lost: fill it first, with .filled(…)")
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError, RuntimeError) as error:
        raise FeedError(f"{whose} was given what can't become an array: {error}") from None
    if array.dtype.kind not in REAL:
        raise DtypeError(f"{whose} takes real numbers and was given {type(value).__name__} of dtype {array.dtype}")
    return array


def real_dtype(dtype: Any, whose: object) -> np.dtype[Any]:
    """The dtype, if it is one that a node can have."""
    try:
        found = np.dtype(dtype)
    except TypeError as error:
        raise DtypeError(f"{whose} can't have the dtype {dtype!r}: {error}") from None
    if found.kind not in REAL:
        raise DtypeError(f"{whose} can't be {found}: a node holds real numbers or truth values")
    return found


def bind_sizes(values: Mapping["Node", Array]) -> dict[str, int]:
    """The number of each named size, from the values of nodes whose shapes name it; every shape is checked."""
    sizes: dict[str, int] = {}
    givers: dict[str, Node] = {}
    for node, array in values.items():
        if array.ndim != len(node.shape):
            raise ShapeError(_wrong_rank(node, array))
        for entry, number in zip(node.shape, array.shape, strict=True):
            name = str(entry)
            if is_name(entry):
                giver = givers.setdefault(name, node)
                if sizes.setdefault(name, number) != number:
                    first = f"{sizes[name]} in {giver} = {values[giver].shape}"
                    raise ShapeError(f"the size {name} is {first}, but {number} in {node} = {array.shape}")
    for node, array in values.items():
        for axis, (entry, number) in enumerate(zip(node.shape, array.shape, strict=True)):
            expected = entry.at(sizes) if isinstance(entry, Size) else entry
            if expected != number:
                raise ShapeError(f"{node} was given shape {array.shape}: axis {axis} must be {_told(entry, expected)}")
    return sizes


def _told(entry: Entry, expected: int) -> str:
    return str(entry) if entry == expected else f"{entry} = {expected}"


def _wrong_rank(node: "Node", array: Array) -> str:
    remedy = ""
    if array.ndim == 1 and len(node.shape) == 2:
        remedy = ": say array.reshape(-1, 1) for a column or array.reshape(1, -1) for a row"
    given = f"an array of shape {array.shape}, with {_axes(array.shape)}"
    return f"{node} has {_axes(node.shape)} and was given {given}{remedy}"


def _axes(shape: Shape) -> str:
    return "1 axis" if len(shape) == 1 else f"{len(shape)} axes"
