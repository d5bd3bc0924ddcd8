"""Steps of an optimizer of `tg.optim`, each one call of a compiled program, and descent on all examples at once."""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from models.estimators import programs
from models.estimators.objective import Objective
from models.estimators.programs import Array


class Descent:
    """An optimizer on its way: the values of the parameters, which each step changes, and what it remembers.

    A step raises `ValueError` where the cost stops being finite.
    """

    def __init__(
        self, objective: Objective, largest: int, start: Sequence[Array], optimizer: str, rate: float, **settings: float
    ):
        self.parameters, self.rate = list(start), rate
        self._step, remembered = programs.step(objective, largest, optimizer, **settings)
        zeros = {W.shape: np.zeros_like(value) for W, value in zip(objective.parameters, start, strict=True)}
        zeros[()] = np.zeros(())  # the count of steps
        self._memory = [zeros[node.shape] for node in remembered]

    def step(self, X: Array, Y: Array, S: Array, l2: float) -> tuple[float, list[Array]]:
        """J and the gradients before the step."""
        with np.errstate(over="ignore", invalid="ignore"):
            J, gradients, self.parameters, self._memory = self._step(
                X, Y, S, l2, self.rate, *self.parameters, *self._memory
            )
        if not np.isfinite(J):
            raise ValueError(
                f"the cost is {J}, for learning_rate_init={self.rate:.3g} is too large for these features: "
                "scale them, or lower it"
            )
        return float(J), gradients


def descend(
    descent: Descent, X: Array, Y: Array, S: Array, l2: float, tol: float, max_iter: int
) -> tuple[list[Array], int]:
    """The parameters where no element of the gradient exceeds `tol`, and how many steps that took.

    `ConvergenceWarning` says that `max_iter` steps were not enough.
    """
    for n_iter in range(1, max_iter + 1):
        before = descent.parameters
        _, gradients = descent.step(X, Y, S, l2)
        steepest = max(float(np.abs(gradient).max()) for gradient in gradients)
        if steepest <= tol:
            return before, n_iter
    warnings.warn(
        f"the descent has not converged after max_iter={max_iter} steps: the gradient has an element of "
        f"{steepest:.3g}, and tol is {tol}; raise max_iter, scale the features, or set learning_rate_init",
        ConvergenceWarning,
        stacklevel=2,
    )
    return descent.parameters, max_iter


def safe_rate(X: Array, S: Array, l2: float, curvature: float) -> float:
    """A learning rate with which gradient descent on a linear model can't diverge.

    It is one over a bound of J's second derivative: the mean of ‖x‖² + 1 over the examples, times the greatest second
    `curvature` of L in Z, and what l2 adds.
    Source: Nesterov 2004, "Introductory lectures on convex optimization", section 1.2.3.
    """
    squares = np.einsum("ij,ij->j", X, X)
    return float(S.sum() / (curvature * (S[0] @ squares + S.sum()) + l2))
