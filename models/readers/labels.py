"""Labels as they come, texts or numbers, as the numbers of classes or as numbers to be learned."""

import re
from typing import Any

import numpy as np

from models.data import Data, DataError
from models.readers.arrays import check_they_differ, first

Array = np.ndarray[Any, Any]
MOST_CLASSES = 20
"""So many different whole numbers may be classes; where there are more, they are numbers to be learned."""


def labelled(
    source: str, name: str, values: Array, task: str | None, like: Data | None
) -> tuple[Array, tuple[str, ...]]:
    """Labels and the names of their classes: (m,) of 0 to classes - 1; or (m,) of numbers to be learned, and no names.

    `values` (m,) are texts, booleans or numbers. They are taken as `task` says, "classes" or "number", or as those of
    `like` are. Otherwise texts and booleans are classes, and so are at most `MOST_CLASSES` whole numbers each of which
    stands for two examples or more, on average, and 0 and 1 in any case.
    Raises `DataError` where they can't be that, or all are the same.

    >>> labelled("pets.csv", "kind", np.array(["dog", "cat", "dog"]), None, None)
    (array([1, 0, 1]), ('cat', 'dog'))
    >>> labelled("houses.csv", "price", np.array([1.5, 2, 2.5]), None, None)
    (array([1.5, 2. , 2.5]), ())
    """
    if like is not None:
        task = "classes" if like.classes else "number"
    are_numbers = values.dtype.kind in "iuf"
    if are_numbers and not np.isfinite(values).all():
        at = first(~np.isfinite(values))
        raise DataError(f"{source}: {name} is {values[at]} in example {at}, and labels are finite")
    if task == "number" and not are_numbers:
        raise DataError(f"{source}: {name} has labels such as {str(values[0])!r}, and this model learns numbers")
    if task == "number" or (task is None and are_numbers and not _are_classes(values)):
        if like is None:
            check_they_differ(source, values, "examples", "labels that differ are needed")
        return values.astype(float), ()
    texts = np.array([text(value) for value in values.tolist()], object)
    classes = tuple(sorted(set(texts.tolist()), key=natural))
    if like is None and len(classes) == len(texts) > 2:
        kind = "a model that learns numbers" if are_numbers else "a column whose values come again"
        raise DataError(f"{source}: {name} is different in each example, and that makes no classes: choose {kind}")
    if like is None:
        check_they_differ(source, texts, "examples")
    number = {called: i for i, called in enumerate(classes)}
    return np.array([number[called] for called in texts]), classes


def _are_classes(values: Array) -> bool:
    different = np.unique(values)
    are_whole = bool((different == np.round(different)).all())
    is_few = len(different) <= min(MOST_CLASSES, len(values) / 2) or set(different.tolist()) == {0, 1}
    return are_whole and is_few


def text(value: object) -> str:
    """How a value of a table is written in names: whole numbers without a point, whatever they are stored as.

    >>> text(2.0), text(2.5), text("2.0"), text(True)
    ('2', '2.5', '2.0', 'True')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def natural(name: str) -> list[tuple[bool, int | str]]:
    """The key that sorts names with numbers in them as people do.

    >>> sorted(["b", "a10", "a2", "-1", "10", "9"], key=natural)
    ['-1', '9', '10', 'a2', 'a10', 'b']
    """
    if re.fullmatch(r"-\d+", name):
        return [(False, int(name))]
    parts = re.split(r"(\d+)", name)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else part) for part in parts if part]
