"""Softmax regression: as many neurons as classes, whose answers are probabilities that sum to one."""

# PYTHON_ARGCOMPLETE_OK: Tab completes the options of its command

import numpy as np

import tinygraph as tg
from models.model import Model, Recipe


def forward(X, W, b):
    """Z and A (n_y, m) of X (n_x, m): each column of A holds the probabilities of the classes, for one example."""
    Z = (np.dot(W.T, X) + b).named("Z")
    A = tg.softmax(Z, axis=0).named("A")
    return Z, A


def loss(A, Y):
    """L (1, m): the cross-entropy, minus the log of the probability of the right class."""
    return (-tg.sum(Y * np.log(A), axis=0, keepdims=True)).named("L")


def build(n_x, n_y):
    """The graph, with parameters that start at zero; each column of Y has a 1 in the row of its class."""
    X = tg.input("X", ("n_x", "m"))
    Y = tg.input("Y", ("n_y", "m"), sums_to_one=0)
    W = tg.parameter(np.zeros((n_x, n_y)), "W", dims=("n_x", "n_y"))
    b = tg.parameter(np.zeros((n_y, 1)), "b", dims=("n_y", 1))

    Z, A = forward(X, W, b)
    L = loss(A, Y)
    J = tg.mean(L).named("J")

    return Model(X=X, Y=Y, weights=[W], biases=[b], Z=Z, A=A, L=L, J=J)


RECIPE = Recipe(
    "softmax_regression",
    "Softmax regression",
    learns="classes",
    build=lambda sizes, seed: build(sizes.n_x, sizes.n_y),
    training={"learning_rate": 0.005, "epochs": 1000},
)

if __name__ == "__main__":
    from models.command import main

    raise SystemExit(main(RECIPE))
