"""What an estimator minimizes, as a graph whose sizes all have names: so one program serves all data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import tinygraph as tg
from models.model import squares


@dataclass(frozen=True, eq=False)
class Objective:
    """The nodes: inputs X (n_x, m), Y (n_y, m), weights S (1, m) of the examples, l2 (), and what is computed of them.

    `parameters` are W of each layer, then b of each. Z (n_y, m) is the last linear part, A (n_y, m) the answer, and
    J () the cost.
    """

    X: tg.Node
    Y: tg.Node
    S: tg.Node
    l2: tg.Node
    parameters: list[tg.Parameter]
    Z: tg.Node
    A: tg.Node
    J: tg.Node

    @property
    def data(self) -> list[tg.Node]:
        """All that is fed beside the parameters."""
        return [self.X, self.Y, self.S, self.l2]


def objective(
    X: tg.Node,
    Y: tg.Node,
    weights: Sequence[tg.Parameter],
    biases: Sequence[tg.Parameter],
    Z: tg.Node,
    A: tg.Node,
    L: tg.Node,
) -> Objective:
    """The objective of a model whose examples have the losses L (1, m): J = 1/Σs (Σ s L + l2/2 ‖W‖²).

    With l2 = 1/C that is scikit-learn's C Σ s L + 1/2 ‖W‖², divided by C Σ s; and 1/m has become 1/Σ s.
    """
    S = tg.input("S", (1, "m"), X.dtype)
    l2 = tg.input("l2", (), X.dtype)
    J = ((tg.sum(S * L) + l2 / 2 * squares(weights)) / tg.sum(S)).named("J")
    return Objective(X, Y, S, l2, [*weights, *biases], Z, A, J)


def learned(name: str, *dims: str | int, dtype: np.dtype) -> tg.Parameter:
    """A parameter of which the graph knows no more than the names of its sizes: its value is given at each call."""
    return tg.parameter(np.zeros([1] * len(dims), dtype), name, dims=dims)
