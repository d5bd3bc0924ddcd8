"""A network with hidden layers as a graph of any sizes, and the parameters that scikit-learn's starts from."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np

import tinygraph as tg
from models import logistic_regression, mlp, softmax_regression
from models.estimators.objective import Objective, learned, objective
from models.estimators.programs import Array

ACTIVATIONS = {**mlp.ACTIVATIONS, "logistic": tg.sigmoid, "identity": lambda Z: Z}


@cache
def graph(layers: int, activation: str, is_binary: bool, dtype: np.dtype) -> Objective:
    """The network with so many layers, of any sizes; for two classes the last is one sigmoid, and no softmax."""
    names = ["n_x", *(f"n_{layer}" for layer in range(1, layers)), 1 if is_binary else "n_y"]
    X = tg.input("X", ("n_x", "m"), dtype)
    Y = tg.input("Y", (names[-1], "m"), dtype, sums_to_one=None if is_binary else 0)
    weights = [learned(f"W{layer}", *names[layer - 1 : layer + 1], dtype=dtype) for layer in range(1, layers + 1)]
    biases = [learned(f"b{layer}", names[layer], 1, dtype=dtype) for layer in range(1, layers + 1)]
    Z, A = mlp.forward(X, weights, biases, ACTIVATIONS[activation])
    if is_binary:
        A = tg.sigmoid(Z).named(f"A{layers}")
        L = logistic_regression.loss(A, Y)
    else:
        L = softmax_regression.loss(A, Y)
    return objective(X, Y, weights, biases, Z, A, L)


def initial(sizes: Sequence[int], activation: str, rng: np.random.RandomState, dtype: np.dtype) -> list[Array]:
    """W (n_in, n_out) of each layer, then b (n_out, 1) of each: uniform, and so that what goes through keeps its size.

    They are the numbers that scikit-learn draws for the same `random_state`.
    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".

    >>> W, b = initial([2, 3], "relu", np.random.RandomState(0), np.float64)
    >>> W.shape, b.shape
    ((2, 3), (3, 1))
    """
    weights, biases = [], []
    for n_in, n_out in pairwise(sizes):
        bound = np.sqrt((2 if activation == "logistic" else 6) / (n_in + n_out))
        weights.append(rng.uniform(-bound, bound, (n_in, n_out)).astype(dtype))
        biases.append(rng.uniform(-bound, bound, (n_out, 1)).astype(dtype))
    return [*weights, *biases]
