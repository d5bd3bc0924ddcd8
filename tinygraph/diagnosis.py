"""What explains the numbers of a wrong derivative: a slip that leads to just these, or where they first differ."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, combinations
from typing import Any, NamedTuple

import numpy as np

from tinygraph.conventions import counts_of_means, counts_within
from tinygraph.errors import EvaluationError
from tinygraph.evaluate import needs, run
from tinygraph.feeds import Array
from tinygraph.graph import Node
from tinygraph.notation import formula
from tinygraph.order import order
from tinygraph.sizes import Size
from tinygraph.slips import Slip, derivative_name, derivatives_with_a_slip


class Closeness(NamedTuple):
    """When numbers count as the same: up to a part of them, and up to the noise of rounding."""

    tolerance: float
    noise: float

    def agree(self, x: Array, y: Array) -> bool:
        """Whether x is y, and in the same shape."""
        if x.shape != y.shape:
            return False
        least = 1e-3 * self.tolerance * float(np.max(np.abs(y), initial=0.0)) + self.noise
        with np.errstate(all="ignore"):
            return bool(np.all(np.abs(x - y) <= self.tolerance * np.abs(y) + least))

    def near(self, x: float, y: float) -> bool:
        """Whether the number x is y."""
        return abs(x - y) <= 10 * self.tolerance * abs(y)

    def factor(self, x: Array, y: Array) -> float | None:
        """The number that y must be multiplied with to be x; None where there is none."""
        if x.shape != y.shape or not np.any(np.abs(y) > self.noise):
            return None
        if not np.any(np.abs(x) > self.noise):
            return 0.0
        place = np.unravel_index(np.argmax(np.abs(y)), y.shape)
        factor = float(x[place] / y[place])
        return factor if factor and self.agree(x, factor * y) else None


class Graph:
    """The cost and all its gradients, with their values for the feeds."""

    def __init__(
        self,
        J: Node,
        gradients: Mapping[Node, Node],
        values: dict[Node, Any],
        sizes: dict[str, int],
        names: Mapping[Node, str],
    ):
        self.J, self.gradients, self.values, self.sizes, self.names = J, gradients, values, sizes, names
        self.means = self.numbers(counts_of_means(J))
        self.within = self.numbers(counts_within(J))
        self.lengths = self.numbers(size for node in gradients for size in node.shape)
        self._candidates: dict[Node, list[tuple[Slip, Array]]] = {}

    def numbers(self, sizes: Iterable[Any]) -> dict[str, int]:
        """Each size by its name, with its number; a size of 1 changes nothing."""
        found = {str(size): size.at(self.sizes) if isinstance(size, Size) else size for size in sizes}
        return {text: number for text, number in found.items() if number > 1}

    def computed(self, node: Node) -> Array:
        """The value of a node that is made of known ones."""
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            run(order(node, known=self.values, needs=needs), self.values, self.sizes)
        return np.asarray(self.values[node])

    def called(self, node: Node) -> str:
        """What the derivative with respect to the node is called."""
        return derivative_name(formula(node, self.names))

    def candidates(self, node: Node) -> list[tuple[Slip, Array]]:
        """What the derivative would be with each slip."""
        if node not in self._candidates:
            found = self._candidates[node] = []
            for slip, wrong in derivatives_with_a_slip(self.J, node, self.names):
                with suppress(EvaluationError):
                    found.append((slip, self.computed(wrong)))
        return self._candidates[node]


class Diagnosis:
    """What may be wrong with a derivative of one node, in these numbers.

    The right ones and those of each slip are multiplied with `scale`, where the derivative may be that of a sum.
    """

    def __init__(self, graph: Graph, node: Node, given: Array, true: Array, close: Closeness, scale: float = 1.0):
        self.graph, self.node, self.close = graph, node, close
        self.name = formula(node, graph.names)
        self.given, self.true, self.scale = given, scale * true, scale

    def slips(self) -> list[str]:
        """Each slip that leads to just these numbers, the likeliest first; none where no known one does."""
        if not np.isfinite(self.given).all():
            return []
        given, true, rest = self.given, self.true, ""
        is_flat = np.squeeze(given).shape == np.squeeze(true).shape
        if given.shape != true.shape and is_flat and given.T.shape != true.shape:
            rest = f"it has shape {given.shape}, where {self.name} has {true.shape}"
            given = given.reshape(true.shape)
            if self.close.agree(given, true):
                return [f"the numbers are right, but {rest}"]
        found = list(self._of_all_elements(given)) or list(self._of_one_step(given)) or list(self._of_a_factor(given))
        return [_besides(told, rest) for told in dict.fromkeys(found)]

    def _of_all_elements(self, given: Array) -> Iterator[str]:
        """A factor that is wrong everywhere, and has a known cause; a transpose; or both."""
        factor = self.close.factor(given, self.true)
        if factor == 0:
            yield "it is 0 everywhere"
        elif factor:
            told = self._told_of(factor)
            if told:
                yield told
            if not self.close.near(factor, -1):
                yield from self._steps(given, 1.0, besides=("count",) if told else ())
        elif given.size > 1 and given.ndim > 1:
            factor = self.close.factor(given.T, self.true)
            told = self._told_of(factor) if factor else ""
            if factor and (told or self.close.near(factor, 1)):
                yield _besides("it is transposed", told)

    def _of_a_factor(self, given: Array) -> Iterator[str]:
        """A factor that is wrong everywhere, without a cause that is known; of a single number, any is a multiple."""
        factor = self.close.factor(given, self.true)
        if factor and np.count_nonzero(np.abs(self.true) > self.close.noise) > 1:
            is_square = self.close.near(abs(factor), 2) or self.close.near(abs(factor), 0.5)
            cause = ": is the 2 of a square missing, or too many?" if is_square else ""
            yield f"{_times(factor)} everywhere{cause}"

    def _told_of(self, factor: float) -> str:
        """The likely cause where everything is wrong by this factor; nothing where none is known."""
        near, size = self.close.near, abs(factor)
        J = formula(self.graph.J, self.graph.names)
        J = J if J.isidentifier() else "The cost"
        told = ""
        for text, number in self.graph.means.items():
            examples = f"{number} elements" if text == str(number) else f"{text} = {number} examples"
            large, small = (f"{number} times too {how} everywhere. {J}" for how in ("large", "small"))
            if near(size, number):
                told = f"{large} is a mean over {examples}: is the {over(text)} missing?"
            elif near(size, 1 / number):
                told = f"{small} is a mean over {examples}: is the {over(text)} in it twice?"
            others = {**self.graph.lengths, f"{text} - 1": number - 1, f"{text} + 1": number + 1, **self.graph.means}
            instead = [name for name, other in others.items() if other > 0 and near(size, number / other)]
            if not told and instead and not near(size, 1):
                told = f"{_times(size)} everywhere: is it divided by {' or '.join(instead)} instead of {text}?"
        for text, number in self.graph.within.items():
            if not told and near(size, number):
                told = f"{number} times too large everywhere: is the {over(text)} of a mean missing?"
        for text, number in self.graph.lengths.items():
            if not told and near(size, 1 / number):
                small = f"{number} times too small everywhere. {J}"
                told = f"{small} is no mean over {text}: is a {over(text)} too many?"
        if factor > 0:
            return told
        return _besides("the sign is wrong everywhere", told) if told or near(size, 1) else ""

    def _of_one_step(self, given: Array) -> Iterator[str]:
        """A step of the chain rule that was taken wrongly, and perhaps a factor that is wrong beside it."""
        counts = [float(number) for number in self.graph.means.values()]
        for factor in (1.0, -1.0, *counts, *(1 / count for count in counts), *(-count for count in counts)):
            found = self._steps(given, factor)
            beside = self._told_of(factor) if factor != 1 else ""
            if found:
                yield from (_besides(told, beside) for told in found)
                return
        for other, gradient in self.graph.gradients.items():
            has_name = other.name or other in self.graph.names
            if other is not self.node and has_name and self.close.agree(given, self.graph.values[gradient]):
                yield f"these are the numbers of {self.graph.called(other)}"
        summed = _summed_to(given, self.true.shape)
        if summed is not None and self.close.agree(summed, self.true):
            yield f"it is not summed: its sum over the axes that {self.name} has not would be right"

    def _steps(self, given: Array, factor: float, besides: Sequence[str] = ()) -> list[str]:
        """The slips that lead to what was given, when multiplied with the factor: the first of each kind."""
        found: dict[str, str] = {}
        for slip, candidate in self.graph.candidates(self.node):
            wrong = self.scale * factor * candidate
            kind = slip.told if slip.kind == "local" else slip.kind  # at A = 1/2, A and 1 - A are the same: tell both
            if slip.kind in besides:
                continue
            if self.close.agree(given, wrong) or (slip.kind == "product" and self.close.agree(given.T, wrong)):
                found.setdefault(kind, slip.told)
            elif self.close.agree(given.T, wrong):
                found.setdefault(kind, _besides("it is transposed", slip.told))
            elif candidate.shape != self.true.shape and _is_sum(given, wrong, self.close.agree):
                summed = slip.told.replace("not summed", "summed over the wrong axis")
                found.setdefault(kind, summed if slip.kind == "unsummed" else _besides(slip.told, "it is summed"))
        for vague in ("sign", "count of a way"):  # which can be lost at any step, and say least
            if len(found) > 1:
                found.pop(vague, None)
        return list(found.values())

    def differing(self) -> int:
        """How many elements are wrong; all, where the shape is."""
        if self.given.shape != self.true.shape:
            return self.true.size
        return int(np.sum(np.abs(self.given - self.true) > self.close.tolerance * np.abs(self.true) + self.close.noise))

    def where_it_differs(self) -> str:
        """Where the numbers first differ from the right ones."""
        given, true = self.given, self.true
        if self.node not in self.graph.gradients:
            return f"{formula(self.graph.J, self.graph.names)} does not depend on {self.name}, so it is 0"
        if given.shape != true.shape:
            return f"it has shape {given.shape}, where {self.name} has {true.shape}, and no known slip explains it"
        wrong = np.abs(given - true) > self.close.tolerance * np.abs(true) + self.close.noise
        wrong |= ~np.isfinite(given)
        place = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.any() else ()
        if not np.isfinite(given).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(given))[0])
            return f"it is {given[place]} at {list(place)}, where {true[place]:.6g} is right"
        count = f"{int(np.sum(wrong))} of {wrong.size} elements differ, the first" if wrong.size > 1 else "it differs,"
        return (
            f"no known slip explains it; {count} at {list(place)}: {given[place]:.6g}, and right is {true[place]:.6g}"
        )


def _is_sum(given: Array, whole: Array, agree: Callable[[Array, Array], bool]) -> bool:
    """Whether it is the whole, summed over one axis or two."""
    axes = chain.from_iterable(combinations(range(whole.ndim), count) for count in (1, 2))
    return any(agree(np.squeeze(given), np.squeeze(np.sum(whole, axis=chosen))) for chosen in axes)


def _summed_to(x: Array, shape: tuple[int, ...]) -> Array | None:
    """x summed over the axes that were broadcast from that shape; None where it can't be."""
    if x.ndim < len(shape):
        return None
    padded = (1,) * (x.ndim - len(shape)) + shape
    if any(size not in (1, wide) for size, wide in zip(padded, x.shape, strict=True)):
        return None
    axes = tuple(axis for axis, (size, wide) in enumerate(zip(padded, x.shape, strict=True)) if size != wide)
    return np.asarray(np.sum(x, axis=axes, keepdims=True)).reshape(shape)


def _besides(told: str, rest: str) -> str:
    """Two sentences in one, the second where there is one."""
    it_is = "it is " if rest[:1].isdigit() else ""
    return f"{told}{'' if told.endswith('?') else '.'} Besides, {it_is}{rest}" if rest else told


def over(count: str) -> str:
    """One over the count, as it is written."""
    return f"1/{count}" if count.isidentifier() or count.isdigit() else f"1/({count})"


def _times(factor: float) -> str:
    sign = "the sign is wrong, and it is " if factor < 0 else ""
    factor = abs(factor)
    return f"{sign}{factor:.6g} times too large" if factor > 1 else f"{sign}{1 / factor:.6g} times too small"
