"""What the classifiers share: from the graph's Z and A to scikit-learn's scores, probabilities and classes."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from models.estimators import programs
from models.estimators.objective import Objective
from models.estimators.programs import Array

FLOATS = [np.float64, np.float32]


class Classifier(ClassifierMixin, BaseEstimator):
    """A classifier whose `_objective(dtype)` is a graph, and whose `_parameters()` are what that has learned."""

    def _objective(self, dtype: np.dtype) -> Objective:
        raise NotImplementedError

    def _parameters(self) -> list[Array]:
        raise NotImplementedError

    def decision_function(self, X: Any) -> Array:
        """Z of rows X (m, n_x): (m, n_classes), or (m,) for two classes, where > 0 means the second."""
        Z = self._answers(programs.scores, X)
        return Z[:, 0] if Z.shape[1] == 1 else Z

    def predict_proba(self, X: Any) -> Array:
        """The probabilities (m, n_classes) of rows X (m, n_x), in the order of `classes_`; none rounds to 0."""
        return self._answers(programs.probabilities, X)

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms (m, n_classes) of the probabilities of rows X (m, n_x), finite however small these are."""
        return self._answers(programs.log_probabilities, X)

    def predict(self, X: Any) -> Array:
        """The class (m,) of each of the rows X (m, n_x)."""
        Z = self._answers(programs.scores, X).T
        return self.classes_[codes(Z)]

    def _answers(self, program: Any, rows: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, rows, reset=False, dtype=FLOATS).T
        parameters = self._parameters()
        dtype = np.result_type(X, *parameters)
        widest = max(parameter.shape[1] for parameter in parameters)
        answer = program(self._objective(dtype), X.shape[1] * widest)
        return answer(X.astype(dtype, copy=False), *(value.astype(dtype, copy=False) for value in parameters)).T

    def _coded(self, y: Array, dtype: np.dtype) -> Array:
        """Y of the classes y (m,), which become `classes_`: (1, m) of 0 and 1, or a row for each of three or more.

        Raises `ValueError` where y is of one class, or no classes but numbers.
        """
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            (only,) = self.classes_.tolist()
            raise ValueError(f"{type(self).__name__} needs at least 2 classes, and y has 1 class: {only!r}")
        kinds = [1] if len(self.classes_) == 2 else range(len(self.classes_))
        return np.equal.outer(kinds, codes).astype(dtype)


def codes(Z: Array) -> Array:
    """The place in `classes_` (m,) of the class that Z (n_y, m), or Y, tells of each example.

    >>> codes(np.array([[2.0, -1.0]])), codes(np.array([[2.0, -1.0], [0.0, 0.0], [1.0, 3.0]]))
    (array([1, 0]), array([0, 2]))
    """
    return (Z[0] > 0).astype(int) if len(Z) == 1 else Z.argmax(axis=0)
