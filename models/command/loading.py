"""The examples that a model is trained on, and those that are held out, as the options say."""

import argparse

from models.data import Data, DataError
from models.model import Recipe
from models.readers import Reading, read, read_both


def load(recipe: Recipe, chosen: argparse.Namespace) -> tuple[Data, Data]:
    """The examples to train on and the held-out ones.

    Raises `DataError` where they can't be read, or are not what this model learns from.
    """
    how = Reading(
        label=chosen.label,
        size=chosen.size,
        colour=not chosen.grey,
        skip_broken=chosen.skip_broken,
        missing=chosen.missing,
        drop=tuple(chosen.drop),
        brightest=recipe.brightest,
        task=chosen.task,
    )
    if chosen.test_data is None:
        return _fitting(recipe, read(chosen.data, how), chosen).split(chosen.seed)
    train, test = (_fitting(recipe, data, chosen) for data in read_both(chosen.data, chosen.test_data, how))
    return train, test


def _fitting(recipe: Recipe, data: Data, chosen: argparse.Namespace) -> Data:
    """The examples, with the labels that this model learns."""
    title = recipe.title[0].lower() + recipe.title[1:]
    if recipe.pictures and not data.are_pictures:
        raise DataError(f"{data.source} has no pictures, which {title} slides over: python -m models.mlp takes tables")
    if recipe.pictures and min(data.picture[:2]) < 4:
        raise DataError(f"the pictures of {data.source} are {data.picture[:2]} pixels, and {title} needs 4 or more")
    if recipe.learns == "classes":
        if not data.classes:
            raise DataError(f"{data.source} has numbers to learn, and no classes: python -m models.linear_regression")
        return data
    positive = chosen.positive or ("0" if data.source == "digits" else None)
    if positive is not None:
        return data.against_the_rest(positive)
    if recipe.learns == "two classes" and not data.classes:
        raise DataError(f"{data.source} has numbers to learn, and no classes: python -m models.linear_regression")
    if len(data.classes) > 2:
        names = ", ".join(data.classes)
        raise DataError(
            f"{data.source} has {len(data.classes)} classes ({names}), and {title} tells two apart: choose class 1 by "
            "--class, or take python -m models.softmax_regression"
        )
    return data
