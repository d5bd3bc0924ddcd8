"""A network with hidden layers: each is the notes' Z = WᵀX + b with an activation, of what the layer before gave."""

# PYTHON_ARGCOMPLETE_OK: Tab completes the options of its command

from itertools import pairwise

import numpy as np

import tinygraph as tg
from models.model import Model, Option, Recipe
from models.softmax_regression import loss

ACTIVATIONS = {"relu": tg.relu, "tanh": tg.tanh, "sigmoid": tg.sigmoid, "gelu": tg.gelu}


def forward(X, weights, biases, activation=tg.relu):
    """Z and A (n_y, m) of the last layer, for X (n_x, m): the classes' probabilities of each example."""
    A = X
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), 1):
        is_last = layer == len(weights)
        with tg.scope(f"layer {layer}"):
            Z = (np.dot(W.T, A) + b).named(f"Z{layer}")
            A = (tg.softmax(Z, axis=0) if is_last else activation(Z)).named(f"A{layer}")
    return Z, A


def initial(sizes, rng):
    """W (n_in, n_out) and b (n_out, 1) of each layer: small random numbers, so that neurons differ, and zeros.

    The numbers have variance 2 / n_in, by which the layers of a network of ReLUs keep the size of what goes through
    them: He and others 2015, arXiv:1502.01852.
    """
    names = ["n_x", *(f"n_{layer}" for layer in range(1, len(sizes) - 1)), "n_y"]
    weights, biases = [], []
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), 1):
        W = rng.normal(scale=np.sqrt(2 / n_in), size=(n_in, n_out))
        weights.append(tg.parameter(W, f"W{layer}", dims=(names[layer - 1], names[layer])))
        biases.append(tg.parameter(np.zeros((n_out, 1)), f"b{layer}", dims=(names[layer], 1)))
    return weights, biases


def build(n_x, n_y, hidden=(64,), activation="relu", seed=0):
    """The graph; `hidden` holds the number of neurons of each hidden layer."""
    X = tg.input("X", ("n_x", "m"))
    Y = tg.input("Y", ("n_y", "m"), sums_to_one=0)
    weights, biases = initial([n_x, *hidden, n_y], np.random.default_rng(seed))

    Z, A = forward(X, weights, biases, ACTIVATIONS[activation])
    L = loss(A, Y)
    J = tg.mean(L).named("J")

    return Model(X=X, Y=Y, weights=weights, biases=biases, Z=Z, A=A, L=L, J=J)


RECIPE = Recipe(
    "mlp",
    "A network with hidden layers",
    learns="classes",
    build=lambda sizes, seed, hidden, activation: build(sizes.n_x, sizes.n_y, hidden, activation, seed),
    training={"optimizer": "adam", "learning_rate": 0.003, "epochs": 50, "batch_size": 32},
    options={
        "hidden": Option((64,), "neurons of each hidden layer", count="*"),
        "activation": Option("relu", "of the hidden layers", choices=sorted(ACTIVATIONS)),
    },
    brightest=16,
)

if __name__ == "__main__":
    from models.command import main

    raise SystemExit(main(RECIPE))
