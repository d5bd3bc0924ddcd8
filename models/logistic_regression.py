"""Logistic regression, a network of one neuron, as the notes write it.

These lines are all that there is to write: `tg.grad(J, [W, b])` derives the notes' dW and db from them, and training.py
makes the step W := W - α dW of that.
"""

# PYTHON_ARGCOMPLETE_OK: Tab completes the options of its command

import numpy as np

import tinygraph as tg
from models.model import Model, Recipe


def forward(X, W, b):
    """Z and A (1, m) of X (n_x, m): A is the probability that y = 1, for each example."""
    Z = (np.dot(W.T, X) + b).named("Z")
    A = tg.sigmoid(Z).named("A")
    return Z, A


def loss(A, Y):
    """L (1, m): the cross-entropy of each example."""
    return (-(Y * np.log(A) + (1 - Y) * np.log(1 - A))).named("L")


def build(n_x):
    """The graph, with parameters that start at zero."""
    X = tg.input("X", ("n_x", "m"))
    Y = tg.input("Y", (1, "m"))
    W = tg.parameter(np.zeros((n_x, 1)), "W", dims=("n_x", 1))
    b = tg.parameter(np.zeros((1, 1)), "b")

    Z, A = forward(X, W, b)
    L = loss(A, Y)
    J = tg.mean(L).named("J")

    return Model(X=X, Y=Y, weights=[W], biases=[b], Z=Z, A=A, L=L, J=J)


RECIPE = Recipe(
    "logistic_regression",
    "Logistic regression",
    learns="two classes",
    build=lambda sizes, seed: build(sizes.n_x),
    training={"learning_rate": 0.005, "epochs": 2000},
)

if __name__ == "__main__":
    from models.command import main

    raise SystemExit(main(RECIPE))
