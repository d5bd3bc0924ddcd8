"""Linear regression as scikit-learn has it."""

from functools import cache
from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.linalg
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

import tinygraph as tg
from models import linear_regression
from models.estimators import programs
from models.estimators.classifier import FLOATS
from models.estimators.linear_solvers import solve
from models.estimators.objective import Objective, learned, objective
from models.estimators.programs import Array
from models.estimators.sample_weights import weights


@cache
def graph(fit_intercept: bool, dtype: np.dtype) -> Objective:
    """Each row of Y is a number to predict; without intercept b is 0, and no parameter."""
    X = tg.input("X", ("n_x", "m"), dtype)
    Y = tg.input("Y", ("n_y", "m"), dtype)
    W = learned("W", "n_x", "n_y", dtype=dtype)
    biases = [learned("b", "n_y", 1, dtype=dtype)] if fit_intercept else []
    Z = linear_regression.forward(X, W, *(biases or [0.0]))
    return objective(X, Y, [W], biases, Z, Z, linear_regression.loss(Z, Y))


class LinearRegression(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Minimizes 1/2 Σ s (ŷ − y)², where s is the weight of an example.

    `solver` is "lstsq", "lbfgs", "gradient_descent" or "adam". "lstsq" solves at once, by singular values, of which it
    takes those below `tol` times the greatest for 0: of all W that are as good it finds the least. The others work on
    all examples at once, and stop after `max_iter` iterations, with a `ConvergenceWarning`, or where no element of the
    gradient of the cost over Σ s exceeds `tol`. `learning_rate_init` is for descent and Adam; "auto" is one with which
    gradient descent can't diverge, and 0.01 for Adam.

    Fitted, it has `coef_` (n_x,) and `intercept_`, or (n_y, n_x) and (n_y,) where y was (m, n_y), of X's dtype; and
    `n_iter_`. A setting out of range raises `InvalidParameterError`, a `ValueError`.

    >>> model = LinearRegression().fit([[0], [1], [2]], [1, 3, 5])
    >>> model.coef_.round(6), float(model.intercept_.round(6)), model.predict([[3]]).round(6)
    (array([2.]), 1.0, array([7.]))
    """

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn's way
        "fit_intercept": ["boolean"],
        "solver": [StrOptions({"lstsq", "lbfgs", "gradient_descent", "adam"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    }

    def __init__(self, *, fit_intercept=True, solver="lstsq", tol=1e-6, max_iter=1000, learning_rate_init="auto"):
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.learning_rate_init = learning_rate_init

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LinearRegression":
        """Learn from rows X (m, n_x), numbers y (m,) or (m, n_y), and the weight that each is given, 1 by default."""
        rows, y = validate_data(self, X, y, dtype=FLOATS, y_numeric=True, multi_output=True)
        X, Y = rows.T, np.atleast_2d(y.T).astype(rows.dtype, copy=False)
        S = weights(sample_weight, rows)[None]
        start = [np.zeros((len(X), len(Y)), X.dtype), np.zeros((len(Y), 1), X.dtype)]
        if self.solver == "lstsq":
            found, self.n_iter_ = _least_squares(X, Y, S, self.fit_intercept, self.tol), 1
        else:
            cost = graph(self.fit_intercept, X.dtype)
            given = start[: len(cost.parameters)]
            found, self.n_iter_ = solve(self, cost, X, Y, S, l2=0.0, start=given, curvature=1)
        W, b = [*found, *start[len(found) :]]
        self.coef_, self.intercept_ = (W[:, 0], b[0, 0]) if y.ndim == 1 else (W.T, b[:, 0])
        return self

    def predict(self, X: Any) -> Array:
        """ŷ (m,), or (m, n_y) where it has learned such, of rows X (m, n_x)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=FLOATS).T
        W, b = np.atleast_2d(self.coef_).T, np.reshape(self.intercept_, (-1, 1))
        dtype = np.result_type(X, W)
        answer = programs.scores(graph(True, dtype), X.shape[1] * W.shape[1])
        Z = answer(*(array.astype(dtype, copy=False) for array in (X, W, b)))
        return Z[0] if self.coef_.ndim == 1 else Z.T


def _least_squares(X: Array, Y: Array, S: Array, fit_intercept: bool, tol: float) -> list[Array]:
    """W (n_x, n_y), and b (n_y, 1) where it is learned: Newton's step, which ends at the minimum, for J is quadratic.

    The step solves X S Xᵀ W = X S Yᵀ, by the singular values of X √S, since X S Xᵀ has their squares, and those of
    features that nearly tell the same are lost in it. Centred examples do without b, which follows from their means.
    """
    X_mean, Y_mean = [X @ S.T / S.sum(), Y @ S.T / S.sum()] if fit_intercept else np.zeros((2, 1, 1), X.dtype)
    root = np.sqrt(S)
    W = scipy.linalg.lstsq((root * (X - X_mean)).T, (root * (Y - Y_mean)).T, cond=tol, overwrite_a=True)[0]
    return [W, Y_mean - W.T @ X_mean] if fit_intercept else [W]
