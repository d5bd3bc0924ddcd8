"""Leaves as they are declared: `X(n_x,m) Y(1,m)`, each with its shape and, where it isn't float64, its dtype."""

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tinygraph.lines.errors import LineError, near, quoted
from tinygraph.lines.words import DTYPES, NUMPY, OURS

LEAF = re.compile(r"(?P<name>[^\W\d]\w*)\s*\((?P<shape>[^()]*)\)(?:\s*:\s*(?P<dtype>\w+))?")
BETWEEN = re.compile(r"[\s,;]*")
MOST_DIGITS = 18


@dataclass(frozen=True)
class Leaf:
    """The name, the shape and the dtype of an input or a parameter."""

    name: str
    shape: tuple[int | str, ...]
    dtype: str = "float64"


def read_leaves(text: str) -> list[Leaf]:
    """The leaves that a text declares, with blanks, commas or semicolons between them.

    A size is a name or a whole number; `()` is a number. Raises `LineError` for what is no leaf.

    >>> read_leaves("X(n_x, m); y(m):int64")
    [Leaf(name='X', shape=('n_x', 'm'), dtype='float64'), Leaf(name='y', shape=('m',), dtype='int64')]
    """
    found, place = [], _skipped(text, 0)
    while place < len(text):
        leaf = LEAF.match(text, place)
        if leaf is None:
            raise LineError(f"{quoted(text[place:])!r} declares no leaf: write its name and its shape, as in X(n_x,m)")
        found.append(_leaf(leaf["name"], leaf["shape"], leaf["dtype"] or "float64"))
        place = _skipped(text, leaf.end())
    return found


def _skipped(text: str, place: int) -> int:
    between = BETWEEN.match(text, place)
    return between.end() if between else place


def _leaf(name: str, shape: str, dtype: str) -> Leaf:
    if keyword.iskeyword(name) or name in (*NUMPY, *OURS):
        raise LineError(f"{name} has a meaning of its own in a line: call the leaf something else")
    if dtype not in DTYPES:
        raise LineError(f"{name}({shape}):{dtype}: there is no dtype {dtype}{near(dtype, DTYPES) or _listed(DTYPES)}")
    sizes = [size.strip() for size in shape.split(",")]
    if sizes[-1] == "":  # as in (m,) and ()
        sizes.pop()
    return Leaf(name, tuple(_size(size, f"{name}({shape})") for size in sizes), dtype)


def _listed(names: Iterable[str]) -> str:
    return f": it is one of {', '.join(names)}"


def _size(text: str, leaf: str) -> int | str:
    if text.isdecimal() and len(text) <= MOST_DIGITS and int(text) > 0:
        return int(text)
    if text.isidentifier() and not keyword.iskeyword(text):
        return text
    raise LineError(f"{quoted(leaf)}: {quoted(text)!r} is no size: a size is a name or a whole number, as in X(n_x,3)")


def check_names(leaves: Iterable[Leaf]) -> None:
    """Raises `LineError` where two leaves have one name, or a leaf has that of a size.

    >>> check_names(read_leaves("X(n,m) m()"))
    Traceback (most recent call last):
    tinygraph.lines.errors.LineError: m is the name of a size and of a leaf: call one of them something else
    """
    leaves = list(leaves)
    sizes = {size for leaf in leaves for size in leaf.shape}
    seen: set[str] = set()
    for leaf in leaves:
        if leaf.name in seen:
            raise LineError(f"{leaf.name} is declared twice")
        if leaf.name in sizes:
            raise LineError(f"{leaf.name} is the name of a size and of a leaf: call one of them something else")
        seen.add(leaf.name)
