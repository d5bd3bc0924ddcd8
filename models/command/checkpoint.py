"""A checkpoint of a training run: written now and then, and what a run that was killed goes on from."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import saved
from models.data import Data, Scaling, sizes
from models.model import Recipe
from models.training import Training


@dataclass(frozen=True)
class Checkpoint:
    """The file of a training run, and what it tells of the model, its data and its settings."""

    path: Path
    training: Training
    scaling: Scaling
    about: dict[str, Any]

    def write(self) -> None:
        """Write all that training needs to go on, to the last bit."""
        arrays = self.training.state() | asdict(self.scaling)
        saved.write(self.path, self.about, arrays, self.training.model.parameters)

    def write_model(self, path: Path) -> None:
        """Write the model alone: what `python -m models.predict` needs."""
        parameters = self.training.model.parameters
        arrays = {parameter.name: parameter.value for parameter in parameters} | asdict(self.scaling)
        saved.write(path, self.about, arrays, parameters)

    def resume(self) -> str:
        """Go on from the file, if there is one; what was done is told in a sentence.

        Raises `SavedError` where it is damaged, or of another model, other shapes, data or settings.
        """
        if not self.path.exists():
            return f"there is no {self.path} yet: starting from the beginning"
        about, state = saved.read(self.path)
        saved.check_same(self.path, about, self.about)
        saved.check_numbers(self.path, state, self.training.memory())
        if not {"costs", "held-out costs"} <= state.keys():
            raise saved.SavedError(f"{self.path} holds a model, and no checkpoint of its training: leave out --resume")
        done, wanted = len(state["costs"]), self.training.settings.epochs
        if done > wanted:
            raise saved.SavedError(f"{self.path} has {done} epochs already, and --epochs is {wanted}: give more")
        self.training.go_on_from(state)
        return f"going on from {self.path}, after {done} epochs"


def about(recipe: Recipe, own: dict[str, Any], training: Training, data: Data) -> dict[str, Any]:
    """What a file tells of a model: which it is, how it was built and trained, and what it learned from."""
    settings = asdict(training.settings)
    del settings["epochs"]  # a run may be resumed to go on for longer
    return {
        "model": recipe.name,
        **asdict(sizes(data, recipe.learns)),
        **own,
        **settings,
        "data": _fingerprint(training.X, training.Y, *training.held_out),
        "classes": list(data.classes),
        "features": list(data.features),
        "categories": sorted(data.categories),
        "white": data.white,
    }


def _fingerprint(*arrays: np.ndarray[Any, Any]) -> str:
    """Sixteen digits that other data would not have."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]
