"""What each model here is to the training loop and to the report: its nodes, and how they are built from data."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from typing import Any

import numpy as np

import tinygraph as tg


@dataclass(frozen=True)
class Model:
    """The nodes of a model: inputs X (n_x, m) and Y (n_y, m), what is learned, and what is computed of them.

    Z (n_y, m) is the last linear part, A (n_y, m) the answer ŷ, L (1, m) the loss of each example, J () the cost.
    """

    X: tg.Node
    Y: tg.Node
    weights: list[tg.Parameter]
    biases: list[tg.Parameter]
    Z: tg.Node
    A: tg.Node
    L: tg.Node
    J: tg.Node

    @property
    def parameters(self) -> list[tg.Parameter]:
        """All that is learned, layer by layer: W1, b1, W2, b2, …"""
        return [parameter for layer in zip(self.weights, self.biases, strict=True) for parameter in layer]

    @cached_property
    def _program(self) -> Any:
        return tg.compile([self.X], self.A)

    def answers(self, X: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """A for X (n_x, m): (1, m), or (n_y, m) for classes."""
        return np.concatenate([self._program(X[:, block]) for block in blocks(X.shape[1])], axis=1)

    def regularized(self, l2: float, m: int | None = None) -> "Model":
        """The model whose cost also has `l2 / (2 m)` times the sum of the squares of the weights, not of the biases.

        Where steps see only a part of the examples, `m` is the number of all of them.
        """
        if l2 == 0:
            return self
        m = self.X.shape[1] if m is None else m
        return replace(self, J=(self.J + l2 / (2 * m) * squares(self.weights)).named("J"))


def squares(weights: Sequence[tg.Node]) -> tg.Node:
    """The sum of the squares of all weights, which L2 keeps small."""
    return reduce(operator.add, [tg.sum(W**2) for W in weights])


def blocks(m: int, size: int = 512) -> list[slice]:
    """The m examples in blocks: a network that looks at all of them at once may need more memory than there is."""
    return [slice(start, start + size) for start in range(0, m, size)]


@dataclass(frozen=True)
class Sizes:
    """What a model must know of the data: n_x features, n_y rows of Y, and for pictures (height, width, channels)."""

    n_x: int
    n_y: int
    picture: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Option:
    """A setting of a model's own: names to choose from, or whole numbers, `count` of them or as many as are given."""

    default: Any
    help: str
    choices: Sequence[str] | None = None
    count: int | str = "+"


@dataclass(frozen=True)
class Recipe:
    """A model as a command runs it: its name, what it learns, how it is built, and how it is trained by default.

    `learns` is "a number", "two classes" or "classes": Y (1, m) of numbers, Y (1, m) of 0 and 1, or Y (n_y, m) with a 1
    in the row of each example's class. `options` are settings of its own, which `build(sizes, seed, …)` takes by name.
    Without a learning rate in `training`, it is one that is safe for a squared error. `data` is learned from where
    nothing else is given. The pixels of the digits, 0 to 16, are divided by `brightest`; those of other pictures always
    by 255. `pictures` says that the model takes nothing else.
    """

    name: str
    title: str
    learns: str
    build: Callable[..., Model]
    training: Mapping[str, Any]
    options: Mapping[str, Option] = field(default_factory=dict)
    data: str = "digits"
    brightest: float = 1
    pictures: bool = False

    @property
    def tells_probabilities(self) -> bool:
        """Whether answers are probabilities: those of a line are not."""
        return self.learns != "a number"
