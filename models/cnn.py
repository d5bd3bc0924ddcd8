"""A small convolutional network: filters slide over each picture, and what they find is told to a softmax."""

# PYTHON_ARGCOMPLETE_OK: Tab completes the options of its command

import numpy as np

import tinygraph as tg
from models.model import Model, Option, Recipe
from models.softmax_regression import loss


def forward(X, picture, weights, biases):
    """Z and A (n_y, m) of X (n_x, m), whose columns are pictures of (height, width, channels), flattened."""
    (F1, F2, W), (b1, b2, b) = weights, biases
    m = X.shape[1]
    P = X.T.reshape(m, *picture).transpose(0, 3, 1, 2).named("P")  # (m, channels, height, width)

    Z1 = (tg.conv2d(P, F1, padding="same") + b1).named("Z1")
    A1 = tg.relu(Z1).named("A1")
    P1 = tg.max_pool2d(A1, 2).named("P1")

    Z2 = (tg.conv2d(P1, F2, padding="same") + b2).named("Z2")
    A2 = tg.relu(Z2).named("A2")
    P2 = tg.max_pool2d(A2, 2).named("P2")

    V = P2.reshape(m, -1).T.named("V")  # a column of what the filters found, for each picture
    Z = (np.dot(W.T, V) + b).named("Z")
    A = tg.softmax(Z, axis=0).named("A")
    return Z, A


def build(n_y, picture, filters=(32, 64), seed=0):
    """The graph; `picture` is (height, width, channels), and `filters` says how many each layer has, of 3 × 3."""
    rng = np.random.default_rng(seed)
    height, width, channels = picture
    n_1, n_2 = filters
    n_flat = n_2 * (height // 4) * (width // 4)
    X = tg.input("X", (height * width * channels, "m"))
    Y = tg.input("Y", ("n_y", "m"), sums_to_one=0)
    F1, b1 = filters_of((n_1, channels, 3, 3), rng, "F1"), tg.parameter(np.zeros((n_1, 1, 1)), "b1")
    F2, b2 = filters_of((n_2, n_1, 3, 3), rng, "F2"), tg.parameter(np.zeros((n_2, 1, 1)), "b2")
    W = tg.parameter(rng.normal(scale=np.sqrt(2 / n_flat), size=(n_flat, n_y)), "W", dims=(n_flat, "n_y"))
    b = tg.parameter(np.zeros((n_y, 1)), "b", dims=("n_y", 1))

    Z, A = forward(X, picture, [F1, F2, W], [b1, b2, b])
    L = loss(A, Y)
    J = tg.mean(L).named("J")

    return Model(X=X, Y=Y, weights=[F1, F2, W], biases=[b1, b2, b], Z=Z, A=A, L=L, J=J)


def filters_of(shape, rng, name):
    """Filters (how many, channels, 3, 3) of small random numbers, by the same rule as an mlp's weights."""
    return tg.parameter(rng.normal(scale=np.sqrt(2 / np.prod(shape[1:])), size=shape), name)


RECIPE = Recipe(
    "cnn",
    "A convolutional network",
    learns="classes",
    build=lambda sizes, seed, filters: build(sizes.n_y, sizes.picture, filters, seed),
    training={"optimizer": "adam", "learning_rate": 0.003, "epochs": 20, "batch_size": 64},
    options={"filters": Option((32, 64), "filters of the first and of the second layer", count=2)},
    brightest=16,
    pictures=True,
)

if __name__ == "__main__":
    from models.command import main

    raise SystemExit(main(RECIPE))
