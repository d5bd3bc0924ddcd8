"""Which columns of a table are learned from, and the features that they become: numbers, or a 0 or 1 a category."""

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from models.data import DataError
from models.readers.choices import listed
from models.readers.labels import natural, text

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 50
FEWEST_NAMES = 20
"""So many texts that all differ are names of the examples; fewer may be categories by chance."""

COUNTERS = ("id", "index", "row", "no", "nr", "number")


def left_out(frame: "pd.DataFrame") -> dict[str, str]:
    """The columns that nothing can be learned from, and what is in them: nothing, names and numbers of the rows.

    >>> import pandas as pd
    >>> left_out(pd.DataFrame({"id": [1.0, 2.0, 3.0], "age": [7.0, 7.0, 8.0]}))
    {'id': 'numbers of the rows'}
    """
    reasons = {}
    for name in map(str, frame):
        column = frame[name]
        if column.isna().all():
            reasons[name] = "empty"
        elif are_names(column):
            reasons[name] = "another text in each row"
        elif column.dtype.kind == "f" and _is_counter(name) and (column.diff()[1:] == 1).all():
            reasons[name] = "numbers of the rows"
    return reasons


def are_names(column: "pd.Series[Any]") -> bool:
    """Whether the texts of a column tell the rows apart, and so tell nothing else."""
    return column.dtype.kind == "O" and column.nunique() == len(column) > FEWEST_NAMES


def _is_counter(name: str) -> bool:
    """By values alone, a column that counts the rows may be the years of a series."""
    return name.lower().startswith("unnamed: ") or name.lower() in COUNTERS or name.lower().endswith("id")


def features_of(source: str, frame: "pd.DataFrame") -> tuple[tuple[str, ...], frozenset[str]]:
    """The names of the features, and those among them that are 0 or 1: `colour=red` is one of a column of texts.

    Raises `DataError` where a column has too many categories, or a name which that of a category could be.

    >>> import pandas as pd
    >>> features_of("a.csv", pd.DataFrame({"age": [7.0, 8.0], "colour": ["red", "blue"]}))[0]
    ('age', 'colour=blue', 'colour=red')
    """
    many = {str(name): frame[name].nunique() for name in frame if frame[name].dtype.kind == "O"}
    many = {name: count for name, count in many.items() if count > MOST_CATEGORIES}
    if many:
        told = listed([f"{name} has {count}" for name, count in many.items()], 5)
        remedy = f"--drop {' '.join(map(shlex.quote, many))} leaves {'it' if len(many) == 1 else 'them'} out"
        raise DataError(f"{source} has too many categories, of which {MOST_CATEGORIES} are allowed: {told}; {remedy}")
    features: list[str] = []
    categories: list[str] = []
    for name in map(str, frame):
        column = frame[name]
        found = [name]
        if column.dtype.kind == "O":
            found = [f"{name}={level}" for level in sorted({text(value) for value in column}, key=natural)]
        features += found
        categories += found if column.dtype.kind != "f" else []
    for name in map(str, frame):
        if "=" in name and (frame[name].dtype.kind != "f" or name in categories):
            raise DataError(
                f"{source}: column {name} has a = in its name, as the features of categories have: rename it"
            )
    return tuple(features), frozenset(categories)


def columns_of(features: Iterable[str], categories: frozenset[str]) -> dict[str, list[str] | None]:
    """The columns that such features come from, in their order, with their categories, or None for other columns.

    >>> columns_of(("age", "colour=blue", "colour=red"), frozenset({"colour=blue", "colour=red"}))
    {'age': None, 'colour': ['blue', 'red']}
    """
    columns: dict[str, list[str] | None] = {}
    for feature in features:
        name, sign, level = feature.partition("=") if feature in categories else (feature, "", "")
        if not sign:
            columns[name] = None
        else:
            columns[name] = [*(columns.get(name) or []), level]
    return columns


def encoded(frame: "pd.DataFrame", features: tuple[str, ...], categories: frozenset[str]) -> np.ndarray[Any, Any]:
    """The table (m, n_x) of these features; a text that is none of the categories is 0 in each of them.

    >>> import pandas as pd
    >>> features = ("colour=blue", "colour=red")
    >>> encoded(pd.DataFrame({"colour": ["red", "green"]}), features, frozenset(features))
    array([[0., 1.],
           [0., 0.]])
    """
    columns = []
    for name, levels in columns_of(features, categories).items():
        if levels is None:
            columns.append(frame[name].to_numpy(float))
        else:
            texts = np.array([text(value) for value in frame[name]], object)
            columns += [(texts == level).astype(float) for level in levels]
    return np.stack(columns, axis=1)
