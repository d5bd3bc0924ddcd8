"""The first step that makes inf or NaN: which it is, where, and because of what."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.notation import ATOM, expression, formula, listed
from tinygraph.order import order

if TYPE_CHECKING:
    from tinygraph.graph import Node

Index = tuple[int, ...]

MOST_TOLD = 4
"""So many values are told at most, of those that a fault comes from."""


@dataclass(frozen=True, eq=False)
class Fault:
    """A step that makes inf or NaN: the node, the first place where it does, and what a reader is told of it."""

    node: "Node"
    index: Index
    text: str


def first_fault(
    nodes: Iterable["Node"],
    values: Mapping["Node", Any],
    names: Mapping["Node", str],
    fed: AbstractSet["Node"] = frozenset(),
) -> Fault | None:
    """The first of the nodes, in topological order, that makes inf or NaN; None where none does.

    A node makes it where its arguments are numbers, or makes NaN of what is infinite. An input or a parameter is the
    first where it holds it, a constant only where it holds NaN: an infinite one is meant, as a bound or a mask.
    `fed` are the nodes that were given a value, so that what is before them explains nothing.

    >>> import warnings, tinygraph as tg
    >>> from tinygraph.evaluate import graph_values
    >>> Z = tg.input("Z", (2,))
    >>> A = tg.sigmoid(Z)
    >>> J = -tg.mean(tg.log(A))
    >>> with warnings.catch_warnings(action="ignore"):
    ...     values, _ = graph_values([J], {Z: [1.5, -801.3]}, {})
    >>> first_fault(order(J), values, {A: "A"}).text
    'log(A) is -inf: A is 0 at [1], because Z = -801.3'
    """
    account = _Account(values, names, fed)
    return next((account.fault(node) for node in nodes if node in values and account.made(node).any()), None)


def fault_of(
    node: "Node",
    values: Mapping["Node", Any],
    names: Mapping["Node", str],
    fed: AbstractSet["Node"] = frozenset(),
) -> Fault | None:
    """What there is to tell of a node that is not finite, whichever step made it so; None for one that is finite.

    >>> import tinygraph as tg
    >>> x = tg.input("x", (2,))
    >>> root = tg.sqrt(x)
    >>> fault_of(root, {x: np.array([4.0, -1.0]), root: np.array([2.0, np.nan])}, {}).text
    'sqrt(x) is nan: x is -1 at [1]'
    """
    return _Account(values, names, fed).fault(node)


class _Account:
    """What is told of values: `names` are those that the reader knows, `fed` the nodes that were given theirs."""

    def __init__(self, values: Mapping["Node", Any], names: Mapping["Node", str], fed: AbstractSet["Node"]):
        self.values, self.names, self.fed = values, names, fed

    def made(self, node: "Node") -> Any:
        """Where the node is worse than what it was computed from: all of its arguments, unless element by element."""
        own = _badness(self.values[node])
        if not own.any():
            return own > 0
        if self.is_leaf(node):
            return own > (node.op.name == "constant") + node.weak
        before = [_badness(self.values[arg]) for arg in node.args]
        return own > reduce(np.maximum, before if node.op.is_elementwise else [x.max(initial=0) for x in before])

    def fault(self, node: "Node") -> Fault | None:
        wrong = _badness(self.values[node]) > 0
        if not wrong.any():
            return None
        made = self.made(node)
        index = tuple(map(int, np.argwhere(made if made.any() else wrong)[0]))
        return Fault(node, index, self.text(node, index))

    def text(self, node: "Node", index: Index) -> str:
        found, at = self.number(node, index), _at(index)
        if self.is_leaf(node):
            is_held = node.op.name in ("parameter", "constant") and node not in self.fed
            how = f"the {node.op.name} holds it" if is_held else "it was fed so"
            return f"{formula(node, self.names)} is {found}{at}: {how}"
        line = expression(node, self.names, depth=4)
        head = f"{self.name(node)} = {line} is {found}" if self.name(node) else f"{line} is {found}"
        inputs = self.inputs(node, index)
        if node.op.is_elementwise:
            told = _listed(f"{self.part(arg, index)} is {self.number(arg, index)}" for arg, _ in inputs) + at
        else:
            head, told = f"{head}{at}", _listed(self.reach(arg, place) for arg, place in inputs)
        because = _listed(text for arg, place in inputs for text in self.causes(arg, place))
        return f"{head}{told and ': '}{told}{because and ', because '}{because}"

    def inputs(self, node: "Node", index: Index) -> list[tuple["Node", Index]]:
        """The arguments, each with the place that went into the result at that index; where many did, the largest."""
        if node.op.is_elementwise:
            places = [index for _ in node.args]
        else:
            arrays = [np.asarray(self.values[arg]) for arg in node.args]
            parts = _met(node, index, [array.shape for array in arrays])
            places = [_largest(array, part) for array, part in zip(arrays, parts, strict=True)]
        return [pair for pair in zip(node.args, places, strict=True) if not self.is_written_out(pair[0])]

    def causes(self, arg: "Node", place: Index) -> list[str]:
        """The values that an argument comes from.

        That of a formula such as 1 - A shows by itself that A is 1: it is told what that comes from, too.
        """
        behind = self.behind(arg) if np.size(self.values[arg]) else []
        texts = [self.equation(cause, place) for cause in behind]
        further = self.behind(behind[0]) if len(behind) == 1 and not self.name(arg) else []
        if further and all(map(self.name, further)):
            texts = [f"{texts[0]} for {_listed(self.equation(cause, place) for cause in further)}"]
        return texts

    def behind(self, node: "Node") -> list["Node"]:
        """The nearest nodes that a value comes from, element by element: those with a name, leaves, sums and such."""

        def looked_through(part: "Node") -> Sequence["Node"]:
            is_open = part.op.is_elementwise and not self.is_leaf(part) and (part is node or not self.name(part))
            return part.args if is_open else ()

        ends = [part for part in order(node, needs=looked_through) if not looked_through(part)]
        return [part for part in ends if part is not node and not self.is_written_out(part)]

    def equation(self, node: "Node", place: Index) -> str:
        return f"{self.part(node, place)} = {self.number(node, place)}"

    def reach(self, node: "Node", place: Index) -> str:
        text = formula(node, self.names)
        is_empty = np.size(self.values[node]) == 0
        return f"{text} has no elements" if is_empty else f"{text} reaches {self.number(node, place)}{_at(place)}"

    def part(self, node: "Node", place: Index) -> str:
        """The node as a formula, with its own place where broadcasting took it from another."""
        text, shape = formula(node, self.names), np.shape(self.values[node])
        own = _under(place, shape)
        if own == place or np.prod(shape) == 1:
            return text
        return f"{text if self.name(node) or node.op.binds == ATOM else f'({text})'}{list(own)}"

    def number(self, node: "Node", place: Index) -> str:
        array = np.asarray(self.values[node])
        return _number(array[_under(place, array.shape)])

    def name(self, node: "Node") -> str | None:
        return node.name or self.names.get(node)

    def is_leaf(self, node: "Node") -> bool:
        return not node.args or node in self.fed or any(arg not in self.values for arg in node.args)

    def is_written_out(self, node: "Node") -> bool:
        """Whether a formula shows the number: a constant's; and a size's, which is no news unless it is 0."""
        if node.op.name not in ("constant", "size") or node.shape or self.name(node):
            return False
        return node.op.name == "constant" or bool(self.values[node])


def _badness(value: Any) -> Any:
    """0 where the value is a number, 1 where it is infinite, 2 where it is NaN."""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return np.zeros(array.shape, np.int8)
    return np.isnan(array) + (~np.isfinite(array)).astype(np.int8)


def _under(index: Index, shape: Sequence[int]) -> Index:
    """The place in an array of that shape which broadcasting copies to the index."""
    return tuple(0 if size == 1 else i for i, size in zip(index[len(index) - len(shape) :], shape, strict=True))


def _met(node: "Node", index: Index, shapes: Sequence[tuple[int, ...]]) -> list[tuple[Any, ...]]:
    """The part of each argument that went into the result at that index; all of it, where the op says no more."""
    whole = slice(None)
    if node.op.name == "matmul":
        x, y = shapes
        row = (*_under(index[:-1] if len(y) > 1 else index, x[:-1]), whole)
        column = (*_under(index[: -2 if len(x) > 1 else -1], y[:-2]), whole, *index[-1:])
        return [row, column[: len(y)]]
    if "axis" in node.params and len(shapes) == 1:
        axis, rank = node.params["axis"], len(shapes[0])
        axes = range(rank) if axis is None else np.atleast_1d(axis)
        rest = iter([i for place, i in enumerate(index) if len(index) < rank or place not in axes])
        is_running = node.op.name == "cumsum" and len(index) == rank
        along = [slice(index[place] + 1) if is_running else whole for place in range(rank)]
        return [tuple(along[place] if place in axes else next(rest) for place in range(rank))]
    return [(...,) for _ in shapes]


def _largest(array: Any, part: tuple[Any, ...]) -> Index:
    """The place of the largest magnitude in that part of the array; of NaN or inf, where it holds such."""
    if array.size == 0:
        return ()
    met = np.zeros(array.shape, bool)
    met[part] = True
    largest = np.argmax(np.where(met, np.abs(array.astype(float)), -1))
    return tuple(map(int, np.unravel_index(largest, array.shape)))


def _at(index: Index) -> str:
    return f" at {list(index)}" if index else ""


def _number(value: Any) -> str:
    """The number to four digits; to all of them next to 1, for arccos takes 1 and not 1.0000000002."""
    text = f"{float(value):.4g}"
    return str(value).removesuffix(".0") if text in ("1", "-1") else text


def _listed(texts: Iterable[str]) -> str:
    told = list(dict.fromkeys(texts))
    return listed(told[:MOST_TOLD] + ["…"] * (len(told) > MOST_TOLD)) if told else ""
