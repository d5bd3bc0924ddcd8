"""A value in a few signs: all of a small matrix; of a large one its range, its mean, and how it is spread."""

from collections.abc import Sequence
from typing import Any

import numpy as np

BLOCKS = "▁▂▃▄▅▆▇█"
BARS = 12
FIGURE_SPACE, POINT_SPACE = "\N{FIGURE SPACE}", "\N{PUNCTUATION SPACE}"
"""As wide as a digit, and as a point."""

DIGITS, MOST_SHOWN, MOST_WHOLE = 3, 12, 100_000
"""An array of more elements is summed up, unless the reader asks for more."""


def shown(value: Any, most: int = MOST_SHOWN) -> list[str]:
    """The value as lines of text.

    >>> shown(np.array([[1.0, 2.0], [3.0, 4.0]]))[0].split()
    ['1', '2']
    >>> shown(np.arange(100.0))
    ['0 … 99, mean 49.5', '█▇▇▇█▇▇▇█▇▇█']
    """
    array = np.asarray(value)
    if array.size == 0:
        return ["no elements"]
    if array.size <= most and array.ndim <= 2:
        return matrix(array)
    finite = finite_part(array)
    return [*summary(array), *([sparkline(finite)] if finite.size else [])]


def summary(array: Any) -> list[str]:
    """The range and the mean, and how many elements are no finite numbers."""
    finite = finite_part(array)
    lost = array.size - finite.size
    told = [f"{lost} of {array.size} are inf or nan"] if lost else []
    if not finite.size:
        return told or ["no elements"]
    low, high, mean = finite.min(), finite.max(), finite.mean()
    if low == high:
        return [f"all {number(low)}", *told]
    is_zero = abs(mean) < 1e-12 * max(-low, high)  # but for rounding
    return [f"{number(low)} … {number(high)}, mean {0 if is_zero else number(mean)}", *told]


def finite_part(array: Any) -> Any:
    """The elements that are finite, as floats."""
    flat = np.asarray(array).ravel().astype(float)
    return flat[np.isfinite(flat)]


def matrix(array: Any) -> list[str]:
    """The elements row by row, so that decimal points line up where digits are equally wide."""
    rows = [[number(entry) for entry in row] for row in np.atleast_2d(array)]
    return ["  ".join(map(_as_wide, row)).replace(" ", FIGURE_SPACE).rstrip() for row in on_the_point(rows)]


def _as_wide(text: str) -> str:
    """The text with a narrow space where a decimal point is missing."""
    missing = len(text) - len(text.rstrip())
    return text if "." in text or not missing else text[:-missing] + POINT_SPACE + " " * (missing - 1)


def on_the_point(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of numbers in columns, in which decimal points stand under each other.

    >>> on_the_point([["1.5", "−0.25"], ["10", "2"]])
    [[' 1.5', '−0.25'], ['10  ', ' 2   ']]
    """
    columns = []
    for column in zip(*rows, strict=True):
        before = [text.partition(".")[0] for text in column]
        left = max(map(len, before))
        texts = [" " * (left - len(whole)) + text for whole, text in zip(before, column, strict=True)]
        wide = max(map(len, texts))
        columns.append([text.ljust(wide) for text in texts])
    return [list(row) for row in zip(*columns, strict=True)]


def number(value: Any) -> str:
    """A number in a few digits; a whole one that is not too long in all of its own."""
    value = np.asarray(value)
    if value.dtype.kind == "b":
        return str(value)
    is_whole = np.isfinite(value) and abs(value) < MOST_WHOLE and value == np.round(value)
    text = str(int(value)) if is_whole else f"{value.item():.{DIGITS}g}"
    return text.replace("-", "−").replace("e−0", "e−").replace("e+0", "e+")


def spread(finite: Any) -> list[float]:
    """How often values fall into each of a few equal ranges, the most frequent as 1."""
    counts, _ = np.histogram(finite, bins=BARS)
    return [float(count) for count in counts / counts.max()]


def sparkline(finite: Any) -> str:
    """How the values are spread, from the smallest to the largest, as a row of bars."""
    if np.min(finite) == np.max(finite):
        return BLOCKS[-1]
    return "".join(BLOCKS[round(height * (len(BLOCKS) - 1))] if height else " " for height in spread(finite))
