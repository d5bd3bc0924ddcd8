"""Data that a model has not been trained on, matched to those that it has been."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.data import Data, DataError
from models.readers.choices import listed
from models.readers.columns import row
from models.readers.features import columns_of
from models.readers.labels import text

if TYPE_CHECKING:
    import pandas as pd


def matched(data: Data, like: Data) -> Data:
    """The same data with the classes and the range of pixels of `like`, and labels that are the numbers of its classes.

    Raises `DataError`, which names both sources, where pictures are of another size, a table has other features, or
    there is a class that `like` hasn't.

    >>> cats = Data("cats", np.zeros((2, 8, 8)), np.array([0, 1]), ("cat", "dog"))
    >>> matched(Data("more", np.zeros((1, 8, 8)), np.array([0]), ("dog",)), cats).labels
    array([1])
    >>> matched(Data("more", np.zeros((1, 6, 6)), np.array([0]), ("dog",)), cats)
    Traceback (most recent call last):
    models.data.DataError: images of two sizes: (8, 8) in cats and (6, 6) in more
    """
    both = f"in {like.source} and {{}} in {data.source}"
    if data.are_pictures != like.are_pictures:
        kinds = ("pictures", "a table") if like.are_pictures else ("a table", "pictures")
        raise DataError(f"data of two kinds: {kinds[0]} {both.format(kinds[1])}")
    if data.are_pictures and data.inputs.shape[1:] != like.inputs.shape[1:]:
        raise DataError(f"images of two sizes: {like.inputs.shape[1:]} {both.format(data.inputs.shape[1:])}")
    if data.features != like.features:
        other = [name for name in like.features if name not in data.features] or data.features
        first = f"{other[0]} is not in both" if set(data.features) != set(like.features) else "in another order"
        raise DataError(
            f"tables of two kinds: {len(like.features)} features {both.format(len(data.features))}, {first}"
        )
    if bool(data.classes) != bool(like.classes):
        kinds = ("classes", "numbers") if like.classes else ("numbers", "classes")
        raise DataError(f"labels of two kinds: {kinds[0]} {both.format(kinds[1])}")
    if data.white != like.white:  # the digits' pixels are 0 to 16, and those of all other pictures 0 to 255
        data = replace(data, inputs=data.inputs * (like.white / data.white), white=like.white)
    return _relabelled(replace(data, brightest=like.brightest), like)


def _relabelled(data: Data, like: Data) -> Data:
    new = [name for name in data.classes if name not in like.classes]
    if new:
        raise DataError(f"{data.source} has the class {new[0]}, and {like.source} has only: {listed(like.classes)}")
    if data.classes == like.classes:
        return data
    numbers = np.array([like.classes.index(name) for name in data.classes])
    return replace(data, labels=numbers[data.labels], classes=like.classes)


def check_columns(source: str, frame: "pd.DataFrame", like: Data) -> tuple[str, ...]:
    """Tell the texts that `like` has no category for; raise `DataError` where a column is no more of the same kind."""
    notes = []
    for name, levels in columns_of(like.features, like.categories).items():
        column = frame[name]
        if levels is not None:
            unknown = column[~column.map(text).isin(levels)]
            if len(unknown):
                texts = listed([repr(value) for value in unknown.unique()], 3)
                count = f"{len(unknown)} row{'s' if len(unknown) > 1 else ''}"
                notes.append(f"{name} is {texts} in {count}, which {like.source} never has: taken as none of its own")
            continue
        is_either = name in like.categories
        wrong = ~column.isin([0, 1]) if is_either else column.notna() & (column.dtype.kind == "O")
        if wrong.any():
            found = f"{column[wrong].iloc[0]!r} in {row(wrong)}"
            other = "true or false" if is_either else "a number"
            raise DataError(f"{source}: column {name} is {found}, and in {like.source} it is {other}")
    return tuple(notes)
