"""How much a line may ask for, so that a slip such as `9**9**9` is one sentence, and no machine that stands still."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinygraph.errors import FeedError
from tinygraph.graph import Node
from tinygraph.sizes import Entry, Shape, Size

MOST_SIGNS = 50_000
"""So long may all lines be together."""

MOST_DEEP = 150
"""So deep may one thing stand within another in a line: the reader goes down in Python's own calls."""

MOST_BITS = 63
"""A whole number is one that NumPy can hold."""

MOST_ELEMENTS = 10_000_000
"""So many elements may an array have whose sizes are numbers; in one whose sizes have names, each counts as 10."""

MOST_AXES = 16

MOST_WRITTEN = 200
"""So many signs may a size take that is computed of names."""

JOINING = ("concat", "concatenate", "stack", "vstack", "hstack", "column_stack")
"""What goes through an array row by row, where it is given one instead of a list."""

WORK: Mapping[str, Callable[[int, int, int], int]] = {
    "arange": lambda elements, longest, n: n,
    "diag": lambda elements, longest, n: (longest + n) ** 2,
    "diff": lambda elements, longest, n: n * 100_000,
    "max_pool2d": lambda elements, longest, n: n * n,
    "pad": lambda elements, longest, n: n,
    "repeat": lambda elements, longest, n: elements * n,
    "round": lambda elements, longest, n: n,
    "split": lambda elements, longest, n: n * 10_000,
    "tensordot": lambda elements, longest, n: n,
    "tril": lambda elements, longest, n: longest**2,
    "triu": lambda elements, longest, n: longest**2,
    **dict.fromkeys(JOINING, lambda elements, longest, n: longest * 10_000),
}
"""How much these functions compute or build as soon as they are called, for arrays of so many elements, whose longest
axis has so many, and a largest whole number n among the arguments. All others make a node, or a few."""


class TooMuchError(ValueError):
    """What is more than a line may ask for."""


def checked(value: Any) -> Any:
    """The value, where it is no more than a line may ask for.

    >>> import tinygraph as tg
    >>> checked(tg.tile(tg.input("x", ("n",)), 10**9))
    Traceback (most recent call last):
    tinygraph.lines.limits.TooMuchError: an array of shape (1000000000*n,) has more than 10,000,000 elements
    """
    if isinstance(value, Node):
        check_shape(value.shape)
    elif isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise TooMuchError(f"a whole number has at most {MOST_BITS} bits, and this one {value.bit_length():,}")
    elif isinstance(value, Size) and len(value.text) > MOST_WRITTEN:
        raise TooMuchError(f"a size that takes more than {MOST_WRITTEN} signs is too long to be read")
    elif isinstance(value, tuple | list):
        for entry in value:
            checked(entry)
    return value


def check_shape(shape: Shape) -> None:
    """Raises `TooMuchError` for the shape of an array that no line should ask for.

    >>> check_shape((28, 28, 1000))
    """
    if len(shape) > MOST_AXES:
        raise TooMuchError(f"an array has at most {MOST_AXES} axes here, and this one {len(shape)}")
    for size in shape:
        checked(size)
    if elements(shape) > MOST_ELEMENTS:
        raise TooMuchError(f"an array of shape {shape} has more than {MOST_ELEMENTS:,} elements")


def elements(shape: Shape) -> int:
    """The number of elements, where a size that has a name counts as 10.

    >>> elements((3, 4)), elements(())
    (12, 1)
    """
    total = 1
    for size in shape:
        total *= _counted(size)
    return total


def _counted(size: Entry) -> int:
    if not isinstance(size, Size):
        return size
    try:
        return abs(size.at(dict.fromkeys(size.sources, 10)))
    except FeedError:  # a quotient of names that is none for 10
        return 10


def power(x: Any, y: Any) -> Any:
    """x ** y of two numbers, where that is no number without end.

    >>> power(2, 10), power(2.0, -1)
    (1024, 0.5)
    """
    if isinstance(x, int) and isinstance(y, int) and abs(y) * x.bit_length() > 2 * MOST_BITS:
        raise TooMuchError(f"a whole number has at most {MOST_BITS} bits, and this one has more")
    try:
        found = x**y
    except OverflowError:
        raise TooMuchError("the number is larger than a float can be") from None
    if isinstance(found, complex):
        raise TooMuchError("a root of a negative number is no real number")
    return found


def check_work(name: str, args: Sequence[Any]) -> None:
    """Raises `TooMuchError` where the function of that name would compute for long on these arguments.

    >>> check_work("repeat", [3, 10**9])
    Traceback (most recent call last):
    tinygraph.lines.limits.TooMuchError: 1000000000 is too large a number for repeat here
    """
    if name not in WORK:
        return
    largest = max((abs(number) for number in _whole_numbers(args)), default=1)
    shapes = [arg.shape for arg in args if isinstance(arg, Node)]
    longest = max((_counted(size) for shape in shapes for size in shape), default=1)
    if WORK[name](max(map(elements, shapes), default=1), longest, largest) > MOST_ELEMENTS:
        told = f"{largest} is too large a number for {name} here" if largest > longest else ""
        raise TooMuchError(told or f"an axis of {longest:,} is too long for {name} here")


def _whole_numbers(value: Any) -> list[int]:
    if isinstance(value, tuple | list):
        return [number for entry in value for number in _whole_numbers(entry)]
    return [value] if isinstance(value, int) else []
