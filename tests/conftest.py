"""What all tests share: how hypothesis searches, and the notes' model."""

from types import SimpleNamespace

import hypothesis
import numpy as np
import pytest

import tinygraph as tg

hypothesis.settings.register_profile("tinygraph", deadline=None, derandomize=True)
hypothesis.settings.load_profile("tinygraph")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def notes():
    """The notes' logistic regression with the cross-entropy as written, n_x = 3."""
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.array([[0.3], [-0.2], [0.5]]), dims=("n_x", 1)), tg.parameter(np.array([[0.1]]))
    Z = np.dot(W.T, X) + b
    A = tg.sigmoid(Z)
    L = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    return SimpleNamespace(X=X, Y=Y, W=W, b=b, Z=Z, A=A, L=L, J=tg.mean(L))
