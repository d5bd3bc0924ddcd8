"""Linear regression, the notes' output option 1: ŷ = wᵀx + b, which may be any number."""

# PYTHON_ARGCOMPLETE_OK: Tab completes the options of its command

import numpy as np

import tinygraph as tg
from models.model import Model, Recipe


def forward(X, W, b):
    """ŷ (1, m) of X (n_x, m): a number for each example, and no probability."""
    return (np.dot(W.T, X) + b).named("Z")


def loss(Z, Y):
    """L (1, m): half the squared error of each example."""
    return (1 / 2 * (Z - Y) ** 2).named("L")


def build(n_x):
    """The graph, with parameters that start at zero."""
    X = tg.input("X", ("n_x", "m"))
    Y = tg.input("Y", (1, "m"))
    W = tg.parameter(np.zeros((n_x, 1)), "W", dims=("n_x", 1))
    b = tg.parameter(np.zeros((1, 1)), "b")

    Z = forward(X, W, b)
    L = loss(Z, Y)
    J = tg.mean(L).named("J")

    return Model(X=X, Y=Y, weights=[W], biases=[b], Z=Z, A=Z, L=L, J=J)


RECIPE = Recipe(
    "linear_regression",
    "Linear regression",
    learns="a number",
    build=lambda sizes, seed: build(sizes.n_x),
    training={"learning_rate": None, "epochs": 2000},
    data="diabetes",
    brightest=16,
)

if __name__ == "__main__":
    from models.command import main

    raise SystemExit(main(RECIPE))
