"""Elements by their place: `x[key]`, with all that NumPy takes as a key, and what is made of it."""

import operator
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from tinygraph.calls import call
from tinygraph.errors import DtypeError, ShapeError
from tinygraph.formulas import Formula
from tinygraph.graph import Node, answers, as_node, number, op
from tinygraph.ops.shaping import in_shape, same_dtype
from tinygraph.sizes import Entry, Shape, Size, SizeMismatchError, broadcast, product


class Span(NamedTuple):
    """A slice that can be compared and hashed: a bound is a whole number or a size, or None for the end."""

    start: "Entry | None" = None
    stop: "Entry | None" = None
    step: int = 1

    def length(self, size: Entry) -> Entry:
        """How many elements it takes along an axis of that size, if its bounds lie within."""
        first, last = (0, size) if self.step > 0 else (size - 1, -1)
        start = first if self.start is None else _from_0(self.start, size)
        stop = last if self.stop is None else _from_0(self.stop, size)
        gap = stop - start if self.step > 0 else start - stop
        length = gap if abs(self.step) == 1 else (gap + abs(self.step) - 1) // abs(self.step)
        return length if isinstance(length, Size) else max(length, 0)

    def __str__(self) -> str:
        bounds = ["" if bound is None else str(bound) for bound in (self.start, self.stop)]
        return ":".join(bounds if self.step == 1 else [*bounds, str(self.step)])


ARRAY = "[]"
"""Where in a key one of the index arrays stands, which are arguments of the op."""


def _from_0(bound: Entry, size: Entry) -> Entry:
    is_from_end = all(k < 0 for k in bound.terms.values()) if isinstance(bound, Size) else bound < 0
    return size + bound if is_from_end else bound


def _of_axes(shape: Shape, key: Any) -> Iterator[tuple[Any, Any]]:
    """Each entry of the key beside the size of the axis that it takes; None for a new axis."""
    sizes = iter(shape)
    for entry in key:
        yield entry, None if entry is None else next(sizes)


def _indexed(shape: Shape, *arrays: Shape, key: Any) -> Shape:
    """NumPy's rule: index arrays broadcast together, and stand where the first was, or in front if they are apart."""
    kept = [
        entry.length(size) if isinstance(entry, Span) else 1 if entry is None else entry
        for entry, size in _of_axes(shape, key)
    ]
    places = [place for place, entry in enumerate(key) if entry is not None and not isinstance(entry, Span)]
    first = [size for place, size in enumerate(kept) if place not in places]
    if not arrays:
        return tuple(first)
    is_together = places == list(range(places[0], places[-1] + 1))
    front = places[0] if is_together else 0
    return (*first[:front], *broadcast(*arrays), *first[front:])


def _for_numpy(key: Any, arrays: Sequence[Any]) -> tuple[Any, ...]:
    remaining = iter(arrays)
    return tuple(
        slice(*entry) if isinstance(entry, Span) else next(remaining) if entry == ARRAY else entry for entry in key
    )


def _written(key: Any, of: int = 0) -> str:
    """`x[key]`, with slots for the array, which is the op's argument `of`, and for the index arrays behind it."""
    slots = (f"{{{place}}}" for place in range(of + 1, of + len(key) + 1))
    entries = [next(slots) if isinstance(entry, str) else str(entry) for entry in key]
    while len(entries) > 1 and entries[-1] == ":":
        entries.pop()
    return f"{{{of}}}[{', '.join(entries)}]"


def _entries(key: Any, arrays: Sequence[Formula]) -> list[Formula]:
    """What stands between the brackets of an index."""
    remaining = iter(arrays)
    entries = [next(remaining) if isinstance(entry, str) else Formula.sized(str(entry)) for entry in key]
    while len(entries) > 1 and entries[-1].text == ":":
        entries.pop()
    return entries


def _is_diagonal(key: Any, arrays: Sequence[Formula]) -> bool:
    return key == (ARRAY, ARRAY) and arrays[0].text == arrays[1].text and arrays[0].text.startswith("arange(")


def _on_board(x: Formula, key: Any, arrays: Sequence[Formula]) -> Formula:
    """X[:, 0]; a new axis of size 1 comes without a word, and what is at [0, 0], [1, 1], … is the diagonal."""
    if all(entry in (None, Span()) for entry in key):
        return x.as_seen()
    return call("diag", [x]) if _is_diagonal(key, arrays) else x.at(*_entries(key, arrays))


def _scattered_on_board(x: Formula, key: Any, arrays: Sequence[Formula]) -> Formula:
    """scatter(x at [:, 0]): zeros, but for x at the index."""
    if _is_diagonal(key, arrays):
        return call("diag", [x])
    at = Formula("", "").at(*_entries(key, arrays))
    return call("scatter", [Formula(f"{x.text} at {at.text}", rf"{x.latex} \text{{ at }} {at.latex}")])


@op(
    lambda g, out, x, *arrays, key: scatter(g, x, *arrays, key=key),
    shape=_indexed,
    dtype=same_dtype,
    label=lambda key: _written(key),
    board=lambda x, *arrays, key: _on_board(x, key, arrays),
)
def getitem(x: Any, *arrays: Any, key: Any) -> Any:
    """`x[key]`, the key in one form: for each axis a number, a `Span`, or "[]" for the next index array."""
    x = np.asarray(x)
    check_spans(x.shape, key)
    return x[_for_numpy(key, arrays)]


def check_spans(shape: tuple[int, ...], key: Any) -> None:
    """Raises `ValueError` where a slice reaches beyond its axis, and so would be shorter than it says."""
    for entry, size in _of_axes(shape, key):
        if isinstance(entry, Span) and entry.length(size) != len(range(*slice(*entry).indices(size))):
            raise ValueError(f"the slice {entry} does not fit into an axis of size {size}")


@op(
    lambda g, out, x, like, *arrays, key: getitem(g, *arrays, key=key),
    None,
    shape=lambda shape, like, *arrays, key: like,
    dtype=same_dtype,
    label=lambda key: f"scatter({{0}}, {_written(key, of=1)})",
    board=lambda x, like, *arrays, key: _scattered_on_board(x, key, arrays),
)
def scatter(x: Any, like: Any, *arrays: Any, key: Any) -> Any:
    """Zeros in the shape of `like`, with x added at `[key]`; what comes to the same place adds up."""
    return scattered(np.asarray(x), np.shape(like), _for_numpy(key, arrays))


def scattered(x: Any, shape: Any, key: Any) -> Any:
    """Zeros of that shape, with the array x added at `[key]`."""
    zeros = np.zeros(shape, x.dtype)
    np.add.at(zeros, key, x)
    return zeros


@op(
    None,
    shape=lambda shape: (Size.fresh("nonzero"),),
    dtype=lambda x: np.dtype(np.int64),
    counts=True,
    numpy=np.flatnonzero,
)
def flatnonzero(x: Any) -> Any:
    """The places, row by row, where x is not 0: how many, only the data tell, so that size has a name of its own.

    >>> import tinygraph as tg
    >>> tg.flatnonzero([0, 3, 0, 5])
    array([1, 3])
    """
    return np.flatnonzero(x)


@answers(operator.getitem)
def index(x: Any, key: Any) -> Any:
    """`x[key]`, with whole numbers, slices, `...`, `None`, arrays of whole numbers, and masks of truth values.

    Raises `ShapeError` for a key that doesn't fit the shape, and `DtypeError` for one that is no index.

    >>> import tinygraph as tg
    >>> X = tg.input("X", ("n_x", "m"))
    >>> X[0].shape, X[:, 1:].shape, X[..., None].shape, X[:, [0, 0, 2]].shape
    ((m,), (n_x, m - 1), (n_x, m, 1), (n_x, 3))
    >>> X[X > 0].eval(X=[[1, -2], [-3, 4]])
    array([1., 4.])
    """
    key = key if isinstance(key, tuple) else (key,)
    parts = [_part(entry) for entry in key]
    if not any(isinstance(part, Node | Size) for part in (x, *parts)):
        return np.asarray(x)[tuple(parts)]
    x = as_node(x)
    parts = _spelled_out(parts, x.ndim, key)
    merged: list[Any] = []
    settled: list[Any] = []
    arrays: list[Node] = []
    axis = 0
    for part in parts:
        if part is None:
            settled.append(None)
            continue
        taken = x.shape[axis : axis + _axes_taken(part)]
        axis += len(taken)
        merged.append(product(taken))
        if isinstance(part, slice):
            settled.append(_span(part, taken[0]))
        elif isinstance(part, int | Size):
            settled.append(_number(part, taken[0]))
        else:
            settled.append(ARRAY)
            arrays.append(_places(part, taken))
    return getitem(in_shape(x, tuple(merged)), *arrays, key=tuple(settled))


def _part(entry: Any) -> Any:
    """One entry of a key: a list as an array, and an array of one number as that number."""
    if isinstance(entry, list | tuple | range):
        entry = np.asarray(entry if len(entry) else np.empty(0, np.intp))
    if isinstance(entry, np.ndarray | np.generic) and entry.ndim == 0:
        entry = entry.item()
    if entry is None or entry is Ellipsis or isinstance(entry, Size):
        return entry
    for one in (entry.start, entry.stop, entry.step) if isinstance(entry, slice) else (entry,):
        dtype = one.dtype if isinstance(one, Node | np.ndarray) else np.dtype(type(one))
        is_bound = isinstance(entry, slice) and (one is None or isinstance(one, Size))
        if not is_bound and (dtype.kind not in "iub" or isinstance(one, bool)):
            raise DtypeError(
                f"{one!r} is no index: an index is a whole number, a slice, an array of whole numbers, or a mask"
            )
    return entry


def _axes_taken(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    is_mask = isinstance(part, Node | np.ndarray) and part.dtype.kind == "b"
    return part.ndim if is_mask else 1


def _spelled_out(parts: list[Any], rank: int, key: Any) -> list[Any]:
    """The parts with `...`, written or not, as so many whole axes."""
    dots = [place for place, part in enumerate(parts) if part is Ellipsis]
    missing = rank - sum(map(_axes_taken, parts))
    if missing < 0 or len(dots) > 1:
        found = "more than one …" if len(dots) > 1 else f"{rank - missing} indices"
        raise ShapeError(f"[{', '.join(map(str, key))}] has {found}, and the array {rank} axes")
    place = dots[0] if dots else len(parts)
    return [*parts[:place], *[slice(None)] * missing, *parts[place + 1 :]]


def _span(part: slice, size: Entry) -> Span:
    step = 1 if part.step is None else operator.index(part.step)
    if step == 0:
        raise ShapeError("the step of a slice is not 0")
    bounds: list[Any] = [
        bound if bound is None or isinstance(bound, Size) else operator.index(bound)
        for bound in (part.start, part.stop)
    ]
    if isinstance(size, Size) or any(isinstance(bound, Size) for bound in bounds):
        start, stop = bounds
        return Span(None if start == 0 and step > 0 else start, None if stop == size and step > 0 else stop, step)
    start, stop, _ = slice(bounds[0], bounds[1], step).indices(size)
    first, last = (0, size) if step > 0 else (size - 1, -1)
    if len(range(start, stop, step)) == 0:
        return Span(0, 0)
    return Span(None if start == first else start, None if stop == last else stop, step)


def _number(place: Entry, size: Entry) -> Entry:
    if isinstance(place, Size) or isinstance(size, Size):
        return place
    if not -size <= place < size:
        raise ShapeError(f"there is no place {place} along an axis of size {size}")
    return place % size


def _places(part: Any, taken: Shape) -> Node:
    """An index array as a node; a mask as the places where it holds, counted row by row."""
    if part.dtype.kind != "b":
        size = taken[0]
        if isinstance(part, np.ndarray) and not isinstance(size, Size) and part.size:
            for extreme in (part.min(), part.max()):
                _number(int(extreme), size)
        return as_node(part)
    for found, size in zip(part.shape, taken, strict=True):
        if found != size:
            raise SizeMismatchError("the mask's and the array's sizes", found, size)
    return _true_places(part)


_TRUE_PLACES: WeakValueDictionary[Any, Node] = WeakValueDictionary()
"""What each mask picks, by the mask and by how it is written, so that equal masks pick equally many elements."""


def _true_places(mask: Any) -> Node:
    if not isinstance(mask, Node):
        return as_node(np.flatnonzero(mask))
    found = _TRUE_PLACES.get(id(mask))
    if found is None:
        found = flatnonzero(in_shape(mask, (product(mask.shape),)))
        alike = _TRUE_PLACES.setdefault(_identity(mask), found)
        if alike is not found:
            found = Node(found.op, found.args, {}, alike.shape, found.dtype)
        _TRUE_PLACES[id(mask)] = found
    return found


def _identity(node: Node) -> Any:
    """The same for one `x > 0` and another, as long as x lives."""
    if number(node) is not None:
        return node.params["array"]
    if node.dtype.kind != "b" or not node.args:
        return id(node)
    return (node.op.name, *map(_identity, node.args))
