"""Small whole numbers for a model, from which its derivatives can be worked out by hand, digit by digit."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from tinygraph.backprop import Backprop
from tinygraph.conventions import counts_of_means, with_other_choices
from tinygraph.errors import EvaluationError, FeedError
from tinygraph.evaluate import graph_values
from tinygraph.feeds import Array, bind_sizes
from tinygraph.graph import Node, number
from tinygraph.order import order
from tinygraph.sizes import Size
from tinygraph.table import leaves_first, names_of

TRIES, STAGES = 200, ((3, True), (2, True), (1, True), (1, False), (2, False), (3, False))
"""So many draws in each stage: of how large numbers, and whether all that comes of them must be handy, too."""

HANDY = (0.01, 100)
"""Between these a number in four digits is easily written."""

MOST, MOST_KEPT = 40, 4
"""An array of more elements is too long for a sheet; a parameter's named size beyond the second is chosen anew."""

DIGITS = 4
"""How many digits of each number stand on a sheet."""

ROUNDED, LOST, LEARNERS = 5e-3, 0.5 * 10.0 ** (1 - DIGITS), 8
"""What is right in three digits is off by no more than the first part of it. Where results lose the second part, since
they are rounded before they go on, so many learners must all be right, or the sheet is drawn anew."""

TINY = 1e-12
"""What rounding leaves of 0."""


def arrays_in(J: Node) -> list[Node]:
    """The constants that a formula can't show, as it shows a number."""
    arrays = [node for node in order(J) if node.op.name == "constant" and node.shape]
    return [node for node in arrays if len(np.unique(node.params["array"])) > 1]


class Draw:
    """Small whole numbers for the inputs and parameters of a model, drawn until its derivatives can be worked out."""

    def __init__(self, back: Backprop, wrt: Sequence[Node], seed: int):
        self.back, self.wrt, self.rng = back, wrt, np.random.default_rng(seed)
        self.names, self.d = back.folded.names, back.folded.d
        self.graph = order(back.J)
        self.asked = [box for box in back.boxes if back.parts[box]]
        for node in wrt:
            if node not in set(self.asked):
                same = int(node is back.J)
                raise FeedError(f"{self.d[node]} is {same}, whatever the numbers: leave {self.names[node]} out of wrt")
        if len(self.asked) > MOST:
            raise FeedError(f"{len(self.asked)} derivatives are too many for a worksheet, which has room for {MOST}")
        self.leaves = [box for box in leaves_first(back.folded) if box.op.name in ("input", "parameter")]
        self.labels = dict(_labels(self.graph, set(counts_of_means(back.J))))
        self.sizes = self._sizes()
        self.others = [
            (box, found[box]) for found in with_other_choices(back.J, self.asked) for box in self.asked if box in found
        ]

    def _sizes(self) -> dict[str, int]:
        """What is known of a constant, or small in a parameter; all others are 2, 3, …, and no two are alike."""
        held = {leaf: leaf.op.held(leaf) for leaf in self.graph if leaf.op.held and leaf.shape}
        sizes = bind_sizes({leaf: value for leaf, value in held.items() if leaf.op.name == "constant"})
        sizes |= {name: size for name, size in bind_sizes(held).items() if size <= MOST_KEPT}
        taken = {entry for leaf in self.leaves for entry in leaf.shape} | set(sizes.values())
        fresh = (size for size in count(2) if size not in taken)
        for name in names_of([leaf.shape for leaf in self.leaves]):
            if name not in sizes:
                sizes[name] = next(fresh)
        return sizes

    def workable(self) -> tuple[dict[Node, Array], Mapping[Node, Any], Mapping[str, int]]:
        """The numbers, with the values and the sizes that come of them."""
        roots = [
            *self.back.folded.boxes,
            *(self.back.true[box] for box in self.asked),
            *(other for _, other in self.others),
        ]
        for span, is_handy in (stage for stage in STAGES for _ in range(TRIES)):
            feeds = {leaf: self._drawn(leaf, span) for leaf in self.leaves}
            with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
                try:
                    values, sizes = graph_values(roots, feeds, {})
                except EvaluationError as error:  # a matrix that has no inverse, for instance
                    trouble = str(error)
                    continue
                self._refuse_long(values)
                trouble = next(self._troubles(values, is_handy), "")
            if not trouble:
                return feeds, values, sizes
        raise FeedError(
            f"{TRIES * len(STAGES)} draws of small whole numbers make no worksheet; at the last, {trouble}: "
            "for numbers of your own there are tg.table and tg.explain, which take feeds=…"
        )

    def _refuse_long(self, values: Mapping[Node, Any]) -> None:
        for box in self.back.folded.boxes:
            if np.size(values[box]) > MOST:
                raise FeedError(
                    f"{self.names[box]} has {np.size(values[box])} numbers, and a worksheet has room for {MOST}: "
                    "build the model with smaller sizes, or name them by dims=…, so that small ones can be chosen"
                )

    def _troubles(self, values: Mapping[Node, Any], is_handy: bool) -> Iterator[str]:
        """Why nobody could work out the derivatives from the sheet."""
        true = {box: np.asarray(values[self.back.true[box]]) for box in self.asked}
        written = [(self.names[box], values[box]) for box in self.back.folded.boxes]
        for name, value in [*written, *((self.d[box], value) for box, value in true.items())]:
            size = np.abs(np.asarray(value, float))
            if not np.isfinite(size).all():
                yield f"{name} is inf or nan"
            if is_handy and not np.all((size < TINY) | ((size >= HANDY[0]) & (size < HANDY[1]))):
                yield f"{name} holds very large or small numbers"
        for leaf in self.leaves:
            if is_handy and leaf.op.name == "input" and leaf not in self.labels and _repeats(values[leaf]):
                yield f"{self.names[leaf]} has two columns alike"
        for box in self.wrt:
            if not (np.abs(true[box]) > TINY).any():
                yield f"{self.d[box]} is 0"
        for box, other in self.others:
            if not np.allclose(values[other], true[box]):
                yield f"{self.d[box]} stands at a kink"
        for _ in range(LEARNERS):
            by_hand = _by_hand(self.back, values, self.rng)
            for box, value in true.items():
                if not np.all(np.abs(by_hand[box] - value) <= ROUNDED / 2 * np.abs(value) + TINY):
                    yield f"{self.d[box]} can't be told from {DIGITS} digits"

    def _drawn(self, leaf: Node, span: int) -> Array:
        """Numbers for a leaf: labels, or whole ones where the ops it goes into are defined; quarters, where few are."""
        shape = tuple(entry.at(self.sizes) if isinstance(entry, Size) else entry for entry in leaf.shape)
        if leaf in self.labels:
            return self._label(shape, self.labels[leaf]).astype(leaf.dtype)
        low, high = (-min(span, 2.0), min(span, 2.0)) if leaf.op.name == "parameter" else (-span, span + 1.0)
        if leaf.dtype.kind in "iu":
            low = 0
        for user in self.graph:
            if any(arg is leaf for arg in user.args):
                low, high = (
                    max(low, user.op.domain[0] + 0.1),
                    min(max(high, user.op.domain[0] + 2), user.op.domain[1] - 0.1),
                )
        whole, quarters = (np.arange(np.ceil(low * part), np.floor(high * part) + 1) / part for part in (1, 4))
        if leaf.op.name == "parameter":  # 0 would hide what it is multiplied by
            whole = whole[whole != 0]
        return self.rng.choice(whole if whole.size > 1 else quarters, shape).astype(leaf.dtype)

    def _label(self, shape: tuple[int, ...], axis: int | None) -> Array:
        """As many of one kind as of another, in any order: 0 and 1, or one-hot along an axis."""
        kinds = 2 if axis is None else shape[axis]
        rest = shape if axis is None else (*shape[:axis], *shape[axis + 1 :])
        found = self.rng.permutation(np.arange(np.prod(rest, dtype=int)) + self.rng.integers(kinds)) % kinds
        return found.reshape(rest) if axis is None else np.moveaxis(np.eye(kinds)[found.reshape(rest)], -1, axis)


def _labels(graph: Sequence[Node], examples: set[Any]) -> Iterator[tuple[Node, int | None]]:
    """The inputs that are labels, each with the axis along which it is one-hot; None for 0 and 1."""
    for leaf in graph:
        if leaf.op.name != "input":
            continue
        users = [node for node in graph if any(arg is leaf for arg in node.args)]
        classes = [axis for axis, size in enumerate(leaf.shape) if size != 1 and size not in examples]
        if leaf.params.get("sums_to_one") is not None:
            yield leaf, leaf.params["sums_to_one"]
        elif not all(node.op.is_elementwise for node in users):
            continue
        elif leaf.dtype.kind == "b" or any(
            node.dtype.kind == "b" or (node.op.name == "subtract" and number(node.args[0]) == 1) for node in users
        ):
            yield leaf, None
        elif classes and any(
            node.op.name == "multiply" and any("log" in arg.op.name for arg in node.args) for node in users
        ):
            yield leaf, classes[0]


def _by_hand(back: Backprop, values: Mapping[Node, Any], rng: np.random.Generator) -> dict[Node, Array]:
    """The derivatives as they come of the numbers on the sheet, where each loses a little before it goes on."""
    known = {box: _rounded(values[box]) for box in back.folded.boxes if box.op.name != "constant"}
    found: dict[Node, Array] = {}
    for box in back.boxes:
        if back.parts[box]:
            node = back.gradient(box)
            computed, _ = graph_values([node], known, {})
            kept = 1 + LOST * rng.uniform(-1, 1, np.shape(values[box]))
            found[box] = known[back.arriving[box]] = (computed[node] * kept).astype(box.dtype)
    return found


def _rounded(value: Any) -> Array:
    """The value in the digits in which it is written."""
    value = np.asarray(value)
    if value.dtype.kind != "f":
        return value
    return np.array([float(f"{x:.{DIGITS}g}") for x in value.flat], value.dtype).reshape(value.shape)


def _repeats(value: Any) -> bool:
    """Whether two columns are the same: an example that comes twice teaches nothing new."""
    return np.ndim(value) == 2 and np.unique(value, axis=1).shape[1] < np.shape(value)[1]
