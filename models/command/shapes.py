"""What came in, and what X and Y are: the notes' table of shapes, for pictures and for tables."""

from textwrap import wrap
from typing import Any

import numpy as np

from models.data import Data, Scaling

Array = np.ndarray[Any, Any]
Row = tuple[str, str, str]
WIDE = 60
"""A longer list would push the table off the screen."""


def rows(data: Data, X: Array, Y: Array, scaling: Scaling) -> list[Row]:
    """Name, shape and meaning of each step from what came in to X (n_x, m) and Y (n_y, m).

    >>> from tinygraph.notation import columns
    >>> data = Data("cats.h5", np.zeros((5, 4, 4, 3)), np.array([0, 1, 0, 0, 1]), ("non-cat", "cat"), brightest=255)
    >>> scaling = Scaling.of(data)
    >>> print(columns(rows(data, scaling.X(data), data.Y("two classes"), scaling)))
    images           (5, 4, 4, 3)  m = 5 images; class 1: cat
    img = images[0]  (4, 4, 3)     one image
                     (48, 1)       img.reshape((img.shape[0]*img.shape[1]*3, 1)), a column
    X                (48, 5)       (n_x, m): images.reshape(m, -1).T / 255, a column for each image
    Y                (1, 5)        (1, m): labels, 2 of them 1
    """
    came = _pictures(data, X) if data.are_pictures else _table(data, X, scaling)
    return [*came, *_labels(data, Y)]


def _pictures(data: Data, X: Array) -> list[Row]:
    img = data.inputs[0]
    sizes = "*".join(["img.shape[0]", "img.shape[1]", "3"][: img.ndim])
    scaled = "" if data.brightest == 1 else f" / {data.brightest:g}"
    return [
        ("images", str(data.inputs.shape), _count(data, "image")),
        ("img = images[0]", str(img.shape), "one image"),
        ("", str(img.reshape(-1, 1).shape), f"img.reshape(({sizes}, 1)), a column"),
        ("X", str(X.shape), f"(n_x, m): images.reshape(m, -1).T{scaled}, a column for each image"),
    ]


def _table(data: Data, X: Array, scaling: Scaling) -> list[Row]:
    m, n_x = data.inputs.shape
    numbers = [i for i, name in enumerate(data.features) if name not in data.categories]
    others = [name for name in data.features if name in data.categories]
    table = [
        ("table", str(data.inputs.shape), _count(data, "example")),
        ("x = table[0]", str((n_x,)), "one example"),
        ("", str((n_x, 1)), "x.reshape((x.shape[0], 1)), a column"),
    ]
    if numbers:
        first = numbers[0]
        shift, scale = scaling.shift[first, 0], scaling.scale[first, 0]
        sign = "−" if shift >= 0 else "+"
        names = _listed([data.features[i] for i in numbers], 5)
        table += [
            ("numbers", str((m, len(numbers))), f"(x − mean) / std of the training examples: {names}"),
            ("", "", f"such as ({data.features[first]} {sign} {abs(shift):.4g}) / {scale:.4g}"),
        ]
    if others:
        table.append(("categories", str((m, len(others))), f"0 or 1 as they are: {_listed(others, 5)}"))
    scaled = "scaled so, " if numbers else ""
    return [*table, ("X", str(X.shape), f"(n_x, m): table.T, {scaled}a column for each example")]


def _labels(data: Data, Y: Array) -> list[Row]:
    if len(Y) > 1:
        counts = [f"{name}: {count:.0f}" for name, count in zip(data.classes, Y.sum(axis=1), strict=True)]
        told = "(n_y, m): a 1 in the row of each example's class"
        return [
            ("Y", str(Y.shape), told),
            *(("", "", line) for line in wrap(f"examples of {_listed(counts, 10)}", WIDE)),
        ]
    if len(data.classes) == 2:
        return [("Y", str(Y.shape), f"(1, m): labels, {int(Y.sum())} of them 1")]
    what = f"{data.label}, " if data.label else ""
    return [("Y", str(Y.shape), f"(1, m): {what}numbers from {Y.min():g} to {Y.max():g}")]


def _count(data: Data, what: str) -> str:
    """How many there are, how they were made, and of which classes."""
    made = f", {data.made}" if data.made else ""
    ones = {0: "", 2: f"; class 1: {data.classes[-1]}" if data.classes else ""}
    classes = ones.get(len(data.classes), f"; {len(data.classes)} classes")
    return f"m = {len(data)} {what}{'' if len(data) == 1 else 's'}{made}{classes}"


def _listed(names: list[str], most: int) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
