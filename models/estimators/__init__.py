"""The models with scikit-learn's interface: rows are examples, and what is learned stands in `coef_` and the like."""

from models.estimators.linear import LinearRegression
from models.estimators.logistic import LogisticRegression
from models.estimators.mlp import MLPClassifier

__all__ = ["LinearRegression", "LogisticRegression", "MLPClassifier"]
