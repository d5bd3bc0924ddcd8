"""Named sizes: an `m` in a shape that is known by its name until data is fed, and does arithmetic until then."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tinygraph.errors import FeedError, ShapeError
from tinygraph.protocol import Operand
from tinygraph.structure import leaves, map_leaves

Entry: TypeAlias = "int | Size"
Shape: TypeAlias = "tuple[Entry, ...]"


class SizeMismatchError(ShapeError):
    """Two sizes that must be equal and are not known to be."""

    def __init__(self, what: str, x: Entry, y: Entry):
        super().__init__(f"{what} {x} and {y} differ")
        self.pair = (x, y)


_FRESH = count(1)


class Quotient(NamedTuple):
    """A floor division that doesn't come out even by name alone, such as (h − 1) // 2."""

    top: "Size"
    bottom: "Size"

    def __str__(self) -> str:
        return f"(({self.top})//({self.bottom}))"


class Symbolic:
    """What is known by name until data is fed: `sources` are what tells the names, `at(sizes)` is what it then is."""

    __slots__ = ()
    sources: Any
    at: Any


class Size(Symbolic, Operand):
    """An entry of a shape that has a name; equal to its name, and a node where an expression needs one.

    A size is a sum of products of names with whole coefficients. `+ - * // %` with whole numbers and sizes
    give sizes (or ints, where all names cancel); every other operation makes a node.

    >>> import tinygraph as tg
    >>> img = tg.input("img", ("h", "w", 3))
    >>> h, w, c = img.shape
    >>> h == "h", h * w * c, (h * w + w) // w, h - h
    (True, 3*h*w, h + 1, 0)
    """

    __slots__ = ("sources", "terms", "text")
    _remedy = (
        "a named size is one where data is fed; "
        "write tg.arange(m) for np.arange(m) and range(m), and a whole number where the size never changes"
    )

    def __init__(self, terms: Mapping[tuple[Any, ...], int], sources: Mapping[str, Any]):
        self.terms = dict(sorted(terms.items(), key=lambda term: (-len(term[0]), str(term[0]))))
        self.sources = dict(sources)  # name → the node whose shape declares it
        self.text = " + ".join(_product(*term) for term in self.terms.items()).replace("+ -", "- ")

    @classmethod
    def named(cls, name: str, source: Any = None) -> "Size":
        """The size of that name, declared by the shape of the leaf `source`."""
        if not name.isidentifier():
            raise ShapeError(f"{name!r} can't name a size: a name is letters, digits and _, as in 'n_x'")
        return cls({(name,): 1}, {name: source})

    @classmethod
    def fresh(cls, name: str) -> "Size":
        """A size that only the data tell, under a name that no other has."""
        return cls.named(f"{name}_{next(_FRESH)}")

    def at(self, sizes: Mapping[str, int]) -> int:
        """The number that this size is where `sizes` gives each name a number."""
        total = 0
        for atoms, coefficient in self.terms.items():
            for atom in atoms:
                coefficient *= self._atom_at(atom, sizes)
            total += coefficient
        return total

    def _atom_at(self, atom: Any, sizes: Mapping[str, int]) -> int:
        if isinstance(atom, Quotient):
            bottom = atom.bottom.at(sizes)
            if bottom == 0:
                raise FeedError(f"the size {atom} has no number: {atom.bottom} is 0")
            return atom.top.at(sizes) // bottom
        if atom not in sizes:
            raise FeedError(f"the size {atom} has no number yet: feed {self.sources[atom]}, whose shape it is part of")
        return sizes[atom]

    def __repr__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Operand) and not isinstance(other, Size):
            return NotImplemented
        return isinstance(other, Size | str) and self.text == str(other)

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    def __hash__(self) -> int:
        return hash(self.text)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if ufunc in _ARITHMETIC and all(_is_whole(x) for x in inputs):  # np.int64(3) * m is a size, as 3 * m is
            return _ARITHMETIC[ufunc](*map(as_size, inputs))
        return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)


def _product(atoms: tuple[Any, ...], coefficient: int) -> str:
    factors = [str(atom) for atom in atoms]
    if coefficient == -1 and factors:
        return "-" + "*".join(factors)
    return "*".join(factors if coefficient == 1 and factors else [str(coefficient), *factors])


def _is_whole(x: object) -> bool:
    return isinstance(x, Size | int | np.integer) and not isinstance(x, bool)


def as_size(x: Any) -> Size:
    """A whole number or size as a Size, so that both are added and multiplied alike."""
    return x if isinstance(x, Size) else Size({(): operator.index(x)}, {})


def _collect(terms: Iterator[tuple[tuple[Any, ...], int]], *parts: Size) -> Entry:
    total: dict[tuple[Any, ...], int] = {}
    for atoms, coefficient in terms:
        total[atoms] = total.get(atoms, 0) + coefficient
    total = {atoms: coefficient for atoms, coefficient in total.items() if coefficient}
    if not set(total) - {()}:
        return total.get((), 0)
    return Size(total, {name: node for part in parts for name, node in part.sources.items()})


def _add(x: Size, y: Size) -> Entry:
    return _collect((term for part in (x, y) for term in part.terms.items()), x, y)


def _multiply(x: Size, y: Size) -> Entry:
    terms = ((tuple(sorted(a + b, key=str)), j * k) for a, j in x.terms.items() for b, k in y.terms.items())
    return _collect(terms, x, y)


def _subtract(x: Size, y: Size) -> Entry:
    return _add(x, as_size(_multiply(as_size(-1), y)))


def _floor_divide(x: Size, y: Size) -> Entry:
    if x == y:
        return 1
    if y == "0":
        raise ShapeError(f"the size {x} can't be divided by 0")
    terms = _divided(x, y) or {(Quotient(x, y),): 1}
    return _collect(iter(terms.items()), x, y)


def _divided(x: Size, y: Size) -> dict[tuple[Any, ...], int] | None:
    """The terms of x over the one term of y; None where y has several or the division leaves a rest."""
    if len(y.terms) > 1:
        return None
    ((divisor, k),) = y.terms.items()
    quotient = {}
    for atoms, coefficient in x.terms.items():
        rest = list(atoms)
        for atom in divisor:
            if atom not in rest:
                return None
            rest.remove(atom)
        if coefficient % k:
            return None
        quotient[tuple(rest)] = coefficient // k
    return quotient


def _remainder(x: Size, y: Size) -> Entry:
    return _subtract(x, as_size(_multiply(as_size(_floor_divide(x, y)), y)))


_ARITHMETIC: dict[np.ufunc, Callable[[Size, Size], Entry]] = {
    np.add: _add,
    np.subtract: _subtract,
    np.multiply: _multiply,
    np.floor_divide: _floor_divide,
    np.remainder: _remainder,
}


def is_name(entry: Entry) -> bool:
    """Whether it is a size that is a name and nothing else, such as m, and not m + 1 or 3."""
    return isinstance(entry, Size) and entry.text in entry.sources


def names_in(entry: Entry) -> list[Entry]:
    """The names that a size is made of, each as a size: m and n in 2*m*n; none in a number."""
    if not isinstance(entry, Size):
        return []
    return [Size.named(name, source) for name, source in entry.sources.items()]


def product(shape: Shape) -> Entry:
    """The number of elements of an array of that shape."""
    total: Entry = 1
    for size in shape:
        total = total * size
    return total


def resolve(value: Any, sizes: Mapping[str, int]) -> Any:
    """A parameter of an op with every size in it turned into its number."""
    return map_leaves(lambda part: part.at(sizes) if isinstance(part, Symbolic) else part, value)


def sizes_in(values: Iterable[Any]) -> list[Size]:
    """The sizes in these parameters or shapes."""
    return [part for part in leaves(list(values)) if isinstance(part, Size)]


def sources(values: Iterable[Any]) -> list[Any]:
    """The nodes that tell the sizes in these parameters or shapes."""
    found = [part for part in leaves(list(values)) if isinstance(part, Symbolic)]
    return [node for part in found for node in part.sources.values()]


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcasting, by name: sizes are equal, or one of them is 1."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(_common(*entries) for entries in zip(*padded, strict=True))


def _common(*entries: Entry) -> Entry:
    distinct = list(dict.fromkeys(entry for entry in entries if entry != 1))
    if len(distinct) > 1:
        raise SizeMismatchError("sizes", *distinct[:2])
    return distinct[0] if distinct else 1
