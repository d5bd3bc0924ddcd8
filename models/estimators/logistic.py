"""Logistic regression, and for three or more classes softmax regression, as scikit-learn has them."""

from functools import cache
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import validate_data

import tinygraph as tg
from models import logistic_regression, softmax_regression
from models.estimators.classifier import FLOATS, Classifier
from models.estimators.linear_solvers import solve
from models.estimators.objective import Objective, learned, objective
from models.estimators.programs import Array
from models.estimators.sample_weights import weights


@cache
def graph(is_binary: bool, fit_intercept: bool, dtype: np.dtype) -> Objective:
    """Two classes have one row of Y and of Z, more have one each; without intercept b is 0, and no parameter."""
    model, n_y = (logistic_regression, 1) if is_binary else (softmax_regression, "n_y")
    X = tg.input("X", ("n_x", "m"), dtype)
    Y = tg.input("Y", (n_y, "m"), dtype, sums_to_one=None if is_binary else 0)
    W = learned("W", "n_x", n_y, dtype=dtype)
    biases = [learned("b", n_y, 1, dtype=dtype)] if fit_intercept else []
    Z, A = model.forward(X, W, *(biases or [0.0]))
    return objective(X, Y, [W], biases, Z, A, model.loss(A, Y))


class LogisticRegression(Classifier):
    """Minimizes C Σ s L + 1/2 ‖W‖², where L is the cross-entropy of an example and s its weight.

    `C` > 0 is the inverse of the regularization, np.inf none; `class_weight` is a dict from classes to weights,
    "balanced" or None. `solver` is "lbfgs", "gradient_descent" or "adam", the latter two on all examples at once; each
    stops after `max_iter` iterations, with a `ConvergenceWarning`, or where no element of the gradient of the
    objective over C Σ s exceeds `tol`. `learning_rate_init` is theirs; "auto" is one with which gradient descent can't
    diverge, and 0.01 for Adam. With `warm_start` fit goes on from the last one. Nothing here is random, and
    `random_state` is not used.

    Fitted, it has `coef_` (n_classes, n_x) and `intercept_` (n_classes,), for two classes (1, n_x) and (1,), both of
    X's dtype; `classes_`, and `n_iter_` (1,). A setting out of range raises `InvalidParameterError`, a `ValueError`.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=200).fit(X, y)
    >>> model.predict(X[:2]), model.predict_proba(X[:1]).round(2)
    (array([0, 0]), array([[0.98, 0.02, 0.  ]]))
    >>> round(model.score(X, y), 3)
    0.973
    """

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn's way
        "C": [Interval(Real, 0, None, closed="right")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "solver": [StrOptions({"lbfgs", "gradient_descent", "adam"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        *,
        C=1.0,
        tol=1e-4,
        fit_intercept=True,
        class_weight=None,
        random_state=None,
        solver="lbfgs",
        max_iter=100,
        warm_start=False,
        learning_rate_init="auto",
    ):
        self.C = C
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.learning_rate_init = learning_rate_init

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LogisticRegression":
        """Learn from rows X (m, n_x), their classes y (m,), and the weight that each is given, 1 by default."""
        rows, y = validate_data(self, X, y, dtype=FLOATS)
        X, Y = rows.T, self._coded(y, rows.dtype)
        S = weights(sample_weight, rows)
        if self.class_weight is not None:
            S = S * self._class_weights(y, S)
        n_y = Y.shape[0]
        l2, curvature = 1 / float(self.C), 1 / 4 if n_y == 1 else 1 / 2

        parameters = [np.zeros((X.shape[0], n_y), X.dtype), np.zeros((n_y, 1), X.dtype)]
        if self.warm_start and hasattr(self, "coef_"):
            before = [value.astype(X.dtype) for value in self._parameters()]
            if [value.shape for value in before] != [value.shape for value in parameters]:
                found, wanted = before[0].shape, parameters[0].shape
                raise ValueError(
                    f"warm_start goes on from weights of shape {found}, and these examples need {wanted}: set "
                    "warm_start=False where features or classes have changed"
                )
            parameters = before
        cost = graph(n_y == 1, self.fit_intercept, X.dtype)
        start = parameters[: len(cost.parameters)]
        found, n_iter = solve(self, cost, X, Y, S[None], l2, start, curvature)
        W, b = found if self.fit_intercept else (*found, np.zeros((n_y, 1), X.dtype))
        self.coef_, self.intercept_ = W.T, b[:, 0]
        self.n_iter_ = np.array([n_iter], np.int32)
        return self

    def _class_weights(self, y: Array, S: Array) -> Array:
        with np.errstate(divide="ignore"):  # a class all of whose examples have weight 0 would get an infinite one
            of_class = compute_class_weight(self.class_weight, classes=self.classes_, y=y, sample_weight=S)
        return np.nan_to_num(of_class, posinf=0)[np.searchsorted(self.classes_, y)].astype(S.dtype)

    def _objective(self, dtype: np.dtype) -> Objective:
        return graph(len(self.classes_) == 2, True, dtype)

    def _parameters(self) -> list[Array]:
        return [self.coef_.T, self.intercept_[:, None]]
