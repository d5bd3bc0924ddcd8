"""What a run knows when training is over: what is reported and saved."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.data import Data, Scaling
from models.model import Model, Recipe
from models.training import History, Settings

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Results:
    """A trained model, the data that it was trained on and those that were held out, and how training went."""

    recipe: Recipe
    model: Model
    settings: Settings
    history: History
    train: Data
    test: Data
    scaling: Scaling

    @cached_property
    def judged(self) -> tuple["Judged", "Judged"]:
        """The answers to the training and to the held-out examples."""
        return Judged.of(self, self.train), Judged.of(self, self.test)

    def scores(self) -> dict[str, tuple[float, int, str]]:
        """How good the answers are: each score with its value, its digits and its unit.

        Accuracy is how many of 100 examples are put into their class. Where numbers are learned, it is R², the part of
        their variance that is explained, and the root of the mean squared error.
        """
        from sklearn.metrics import accuracy_score, root_mean_squared_error

        scores: dict[str, tuple[float, int, str]] = {}
        for name, judged in zip(("train", "test"), self.judged, strict=True):
            if judged.data.classes:
                scores[f"{name} accuracy"] = 100 * accuracy_score(judged.labels, judged.guesses), 2, " %"
            else:
                if len(judged.labels) > 1:
                    scores[f"{name} R²"] = explained(judged.labels, judged.answers[0]), 4, ""
                scores[f"{name} RMSE"] = root_mean_squared_error(judged.labels, judged.answers[0]), 4, ""
        return scores


@dataclass(frozen=True)
class Judged:
    """Examples, X (n_x, m) that was made of them, and the answers A (1, m) or (n_y, m)."""

    results: Results
    data: Data
    X: Array
    answers: Array

    @classmethod
    def of(cls, results: Results, data: Data) -> "Judged":
        """The examples with the answers of the trained model."""
        X = results.scaling.X(data)
        return cls(results, data, X, results.model.answers(X))

    @property
    def labels(self) -> Array:
        """The right classes or numbers, (m,)."""
        return self.data.labels

    @cached_property
    def probabilities(self) -> Array:
        """The probability of each class, (m, classes); those that a line tells may lie outside of [0, 1]."""
        return probabilities(self.results.recipe, self.answers)

    @cached_property
    def guesses(self) -> Array:
        """The number of the class that each example is put into, (m,)."""
        return np.argmax(self.probabilities, axis=1)

    @cached_property
    def of_right(self) -> Array:
        """The probability that each example's own class was given, (m,): the less, the greater its loss."""
        return self.probabilities[np.arange(len(self.data)), self.labels]

    @property
    def are_probabilities(self) -> bool:
        """Whether the answers are probabilities: those of a line are not."""
        return self.results.recipe.tells_probabilities

    @property
    def spoken_for(self) -> list[str]:
        """The classes that the columns of the only weights speak for; none where there are layers, or numbers."""
        if len(self.results.model.weights) > 1:
            return []
        return list(self.data.classes if self.results.recipe.learns == "classes" else self.data.classes[1:])

    def telling(self, example: int, most: int = 3) -> list[tuple[str, float, float]]:
        """The features of a table in which an example is furthest from the mean: name, value, standard deviations."""
        away = self.X[:, example]
        furthest = np.argsort(-np.abs(away), kind="stable")[:most]
        return [(self.data.features[i], float(self.data.inputs[example, i]), float(away[i])) for i in furthest]


def explained(true: Array, found: Array) -> float:
    """R², the part of the variance of true numbers (m,) that those found explain; NaN where there is but one.

    >>> explained(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    """
    from sklearn.metrics import r2_score

    return float(r2_score(true, found)) if len(true) > 1 else float("nan")


def probabilities(recipe: Recipe, A: Array) -> Array:
    """The probability of each class, (m, classes), that the answers A tell."""
    return A.T if recipe.learns == "classes" else np.concatenate([1 - A, A]).T
