"""Labelled examples: what came in, split by a seed, and turned into the notes' X and Y."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.model import Sizes


class DataError(ValueError):
    """Data that can't be read or can't be learned from; the message says which and why."""


@dataclass(frozen=True)
class Data:
    """m examples with their labels.

    `inputs` are pictures (m, height, width) or (m, height, width, 3), or a table (m, n_x) of numbers, in which NaN is a
    gap that `Scaling` fills with the mean; `labels` (m,) are numbers of classes, 0 to len(classes) - 1, or, where
    `classes` is empty, the numbers that are to be learned, which are called `label` where they have a name.
    `features` name the columns of a table; those of `categories` are 0 or 1 and stay so. Pixels are divided by
    `brightest`; the largest that a pixel can be is `white`. `names` tell each example's file, or its name in a
    table, or are empty; `notes` say what was done while reading, and `made` how the inputs came about.
    """

    source: str
    inputs: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    categories: frozenset[str] = frozenset()
    brightest: float = 1
    white: float = 255
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    made: str = ""
    label: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def are_pictures(self) -> bool:
        """Whether the examples can be shown."""
        return self.inputs.ndim > 2

    @property
    def picture(self) -> tuple[int, int, int] | None:
        """(height, width, channels), where the examples are pictures."""
        return (*self.inputs.shape[1:3], 3 if self.inputs.ndim == 4 else 1) if self.are_pictures else None

    def only(self, chosen: np.ndarray[Any, Any]) -> "Data":
        """The chosen examples, by number."""
        names = tuple(self.names[i] for i in chosen) if self.names else ()
        return replace(self, inputs=self.inputs[chosen], labels=self.labels[chosen], names=names)

    def against_the_rest(self, positive: str) -> "Data":
        """Two classes: the one of that name is class 1, and all others class 0."""
        if positive not in self.classes:
            known = ", ".join(self.classes)
            raise DataError(f"{self.source} has no class {positive}; it has: {known or 'numbers'}")
        is_it = self.labels == self.classes.index(positive)
        others = [name for name in self.classes if name != positive]
        rest = others[0] if len(others) == 1 else f"not {positive}"
        return replace(self, labels=is_it.astype(int), classes=(rest, positive))

    def split(self, seed: int, part: float = 0.2, remedy: str = "give --test-data") -> tuple["Data", "Data"]:
        """Two sets, the second with that part of the examples, and of each class, drawn by the seed."""
        from sklearn.model_selection import train_test_split

        try:
            kept, held_out = train_test_split(
                np.arange(len(self)),
                test_size=part,
                random_state=seed,
                stratify=self.labels if self.classes else None,
            )
        except ValueError:
            found = f"there are {len(self)}"
            if self.classes:
                counts = np.bincount(self.labels, minlength=len(self.classes))
                least = min(np.flatnonzero(counts), key=lambda label: counts[label])
                found += (
                    f", of {np.count_nonzero(counts)} classes, and {counts[least]} of the class {self.classes[least]}"
                )
            raise DataError(
                f"{self.source}: too few examples to hold a part of them out, so {remedy}: {found}"
            ) from None
        return self.only(kept), self.only(held_out)

    def Y(self, learns: str) -> np.ndarray[Any, Any]:
        """The labels as the notes' Y: (1, m), or for "classes" (n_y, m) with a 1 in the row of each example's class."""
        if learns == "classes":
            return np.eye(len(self.classes))[:, self.labels]
        return self.labels.reshape(1, -1).astype(float)


@dataclass(frozen=True)
class Scaling:
    """How X is made of the examples: a column for each, less `shift` and divided by `scale`, both (n_x, 1)."""

    shift: np.ndarray[Any, Any]
    scale: np.ndarray[Any, Any]

    @classmethod
    def of(cls, data: Data) -> "Scaling":
        """Pixels are divided by the brightest; a table's numbers get mean 0 and standard deviation 1.

        >>> data = Data("a.csv", np.array([[1.0, 0], [3, 1]]), np.array([0, 1]), features=("age", "is=a"),
        ...     categories=frozenset({"is=a"}))
        >>> Scaling.of(data).X(data)
        array([[-1.,  1.],
               [ 0.,  1.]])
        """
        n_x = int(np.prod(data.inputs.shape[1:]))
        shift, scale = np.zeros((n_x, 1)), np.full((n_x, 1), float(data.brightest))
        if not data.are_pictures:
            numbers = [i for i, name in enumerate(data.features) if name not in data.categories]
            columns = data.inputs[:, numbers]
            there = ~np.isnan(columns)
            means = np.where(there, columns, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
            filled = np.where(there, columns, means)
            # Rounding gives a column of one value, such as 0.1, a tiny spread, which would blow it up.
            is_varied = (filled.max(axis=0) > filled.min(axis=0)) & (filled.std(axis=0) > 0)
            shift[numbers, 0], scale[numbers, 0] = means, np.where(is_varied, filled.std(axis=0), 1)
        return cls(shift, scale)

    def X(self, data: Data) -> np.ndarray[Any, Any]:
        """X (n_x, m); a gap in a table becomes 0, which is the mean of the examples that the scaling is of."""
        X = (data.inputs.reshape(len(data), -1).T - self.shift) / self.scale
        return X if data.are_pictures else np.where(np.isnan(X), 0, X)


def sizes(data: Data, learns: str) -> Sizes:
    """The sizes that a model for this data has."""
    return Sizes(int(np.prod(data.inputs.shape[1:])), len(data.classes) if learns == "classes" else 1, data.picture)
