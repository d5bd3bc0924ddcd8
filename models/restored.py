"""A trained model, as it was saved: its graph with what it learned, and how X is made for it."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import saved
from models.data import Data, DataError, Scaling
from models.model import Model, Recipe, Sizes
from models.readers import Reading, kind_of, read, read_picture
from models.readers.reading import TABLE
from models.results import probabilities

ABOUT = ("n_x", "n_y", "picture", "seed", "classes", "features", "categories", "white")
RECIPES = ("linear_regression", "logistic_regression", "softmax_regression", "mlp", "cnn")


@dataclass(frozen=True)
class Restored:
    """A model that was read from a file; `about` is what the file tells of it."""

    recipe: Recipe
    model: Model
    scaling: Scaling
    about: dict[str, Any]

    @classmethod
    def of(cls, path: str | Path) -> "Restored":
        """The model of a file that training wrote; a checkpoint is one, too.

        Raises `SavedError` where there is no such file, or it holds none of these models.
        """
        about, arrays = saved.read(path)
        if about.get("model") not in RECIPES:
            raise saved.SavedError(f"{path} holds the model {about.get('model')}, and there are {', '.join(RECIPES)}")
        recipe = importlib.import_module(f"models.{about['model']}").RECIPE
        missing = [name for name in ABOUT if name not in about]
        if missing:
            raise saved.SavedError(f"{path} does not tell the {missing[0]} of its model: it was changed")
        try:
            sizes = Sizes(about["n_x"], about["n_y"], about["picture"] and tuple(about["picture"]))
            model = recipe.build(sizes, about["seed"], **{name: about[name] for name in recipe.options})
        except Exception as error:  # each model has ways of its own to refuse such settings
            raise saved.SavedError(f"{path} tells settings of which {recipe.name} can't be built: {error}") from error
        column = np.empty((sizes.n_x, 1))
        learned = {parameter.name: parameter.value for parameter in model.parameters}
        saved.check_numbers(path, arrays, learned | {"shift": column, "scale": column})
        for parameter in model.parameters:
            parameter.value = arrays[parameter.name]
        return cls(recipe, model, Scaling(arrays["shift"], arrays["scale"]), about)

    def picture(self, path: Path) -> Data:
        """A picture, as those that the model was trained on; raises `DataError` where it can't be read."""
        height, width, channels = self.about["picture"]
        pixels = read_picture(path, (height, width), channels == 3) * (self.about["white"] / 255)
        return Data(str(path), pixels[np.newaxis], np.array([-1]), tuple(self.about["classes"]), names=(str(path),))

    def table(self, path: Path) -> Data:
        """The rows of a table, which needs no label; raises `DataError` where it has not the same columns."""
        kind = kind_of(path)
        if kind != TABLE:
            raise DataError(f"{path} is {kind}, and examples are told from {TABLE}")
        about = self.about
        features, categories = tuple(about["features"]), frozenset(about["categories"])
        like = Data(
            "the model", np.empty((0, len(features))), np.empty(0), tuple(about["classes"]), features, categories
        )
        return read(path, Reading(missing="mean"), like)

    def answers(self, data: Data) -> np.ndarray[Any, Any]:
        """The probability of each class, (m, classes), or the number that is answered, (m,)."""
        A = self.model.answers(self.scaling.X(data))
        return probabilities(self.recipe, A) if self.about["classes"] else A[0]
