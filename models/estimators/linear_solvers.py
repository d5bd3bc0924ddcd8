"""The solvers of the linear models, by name."""

from typing import Any

from models.estimators import programs
from models.estimators.descent import Descent, descend, safe_rate
from models.estimators.lbfgs import lbfgs
from models.estimators.objective import Objective
from models.estimators.programs import Array

ADAM_RATE = 0.01


def solve(
    estimator: Any, objective: Objective, X: Array, Y: Array, S: Array, l2: float, start: list[Array], curvature: float
) -> tuple[list[Array], int]:
    """The parameters of least cost, by the estimator's `solver` and its settings, and how many iterations that took.

    X (n_x, m), Y (n_y, m) and S (1, m) have the dtype of the objective; `curvature` bounds the second derivative of L
    in Z.
    """
    tol, max_iter, rate = estimator.tol, estimator.max_iter, estimator.learning_rate_init
    if estimator.solver == "lbfgs":
        cost = programs.cost(objective, Y.size)
        parameters, _, n_iter = lbfgs(lambda parameters: cost(X, Y, S, l2, *parameters), start, tol, max_iter)
        return parameters, n_iter
    if rate == "auto":
        is_adam = estimator.solver == "adam"
        rate = ADAM_RATE if is_adam else safe_rate(X, S, l2, curvature)
    descent = Descent(objective, Y.size, start, estimator.solver, rate)
    return descend(descent, X, Y, S, l2, tol, max_iter)
