"""One gradient-descent step of a network: a hidden layer, relu, softmax cross-entropy; beside the other libraries."""

from functools import partial
from typing import Any

import numpy as np

import tinygraph as tg
from benchmarks import contest
from benchmarks.contender import Builder, Contender

SIZES = ((784, 128, 10, 128), (20, 16, 3, 8))
LEARNING_RATE = 0.01


def by_hand(X: Any, Y: Any, *start: Any) -> Contender:
    """As a course on vectorization writes it, with the largest score taken off before `exp`."""
    m = X.shape[1]
    W1, b1, W2, b2 = start

    def step() -> Any:
        nonlocal W1, b1, W2, b2
        Z1 = np.dot(W1, X) + b1
        A1 = np.maximum(Z1, 0)
        Z2 = np.dot(W2, A1) + b2
        shifted = Z2 - np.max(Z2, axis=0, keepdims=True)
        exps = np.exp(shifted)
        sums = np.sum(exps, axis=0, keepdims=True)
        J = -1 / m * np.sum(Y * (shifted - np.log(sums)))
        dZ2 = exps / sums - Y
        dW2 = np.dot(dZ2, A1.T) / m
        db2 = np.sum(dZ2, axis=1, keepdims=True) / m
        dZ1 = np.dot(W2.T, dZ2) * (Z1 > 0)
        dW1 = np.dot(dZ1, X.T) / m
        db1 = np.sum(dZ1, axis=1, keepdims=True) / m
        W1 = W1 - LEARNING_RATE * dW1
        b1 = b1 - LEARNING_RATE * db1
        W2 = W2 - LEARNING_RATE * dW2
        b2 = b2 - LEARNING_RATE * db2
        return J

    return Contender(step, lambda: (W1, b1, W2, b2))


def by_tinygraph(X_array: Any, Y_array: Any, *start: Any) -> Contender:
    """The cost as a graph, differentiated and compiled."""
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (len(Y_array), "m"))
    W1 = tg.parameter(start[0], dims=(len(start[0]), "n_x"))
    b1, W2, b2 = map(tg.parameter, start[1:])
    A1 = tg.relu(np.dot(W1, X) + b1)
    Z2 = np.dot(W2, A1) + b2
    J = -tg.mean(tg.sum(Y * tg.log_softmax(Z2, axis=0), axis=0))
    parameters = (W1, b1, W2, b2)
    gradients = tg.grad(J, parameters)
    updates = {p: p - LEARNING_RATE * dp for p, dp in zip(parameters, gradients, strict=True)}
    return Contender(
        partial(tg.compile([X, Y], J, updates=updates), X_array, Y_array), lambda: [p.value for p in parameters]
    )


def by_jax(X: Any, Y: Any, *start: Any) -> Contender:
    """`jax.jit` of the whole step, which may write over the parameters; the data lie on JAX's device before."""
    import jax
    import jax.numpy as jnp

    def cost(parameters: Any, X: Any, Y: Any) -> Any:
        W1, b1, W2, b2 = parameters
        Z2 = W2 @ jax.nn.relu(W1 @ X + b1) + b2
        return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(Z2, axis=0), axis=0))

    @partial(jax.jit, donate_argnums=0)
    def descend(parameters: Any, X: Any, Y: Any) -> Any:
        J, gradients = jax.value_and_grad(cost)(parameters, X, Y)
        return J, jax.tree.map(lambda p, dp: p - LEARNING_RATE * dp, parameters, gradients)

    X, Y = jnp.asarray(X), jnp.asarray(Y)
    parameters = [jnp.array(array) for array in start]

    def step() -> Any:
        nonlocal parameters
        J, parameters = jax.block_until_ready(descend(parameters, X, Y))
        return J

    return Contender(step, lambda: parameters)


def by_torch(X: Any, Y: Any, *start: Any) -> Contender:
    """PyTorch eager, with its own cross-entropy, in its layout of one example a row."""
    import torch

    torch.set_num_threads(1)
    X, Y = torch.from_numpy(X.T.copy()), torch.from_numpy(Y.T.copy())
    W1, b1, W2, b2 = parameters = [torch.from_numpy(array.T.copy()).requires_grad_() for array in start]

    def step() -> Any:
        J = torch.nn.functional.cross_entropy(torch.relu(X @ W1 + b1) @ W2 + b2, Y)
        J.backward()
        with torch.no_grad():
            for parameter in parameters:
                parameter -= LEARNING_RATE * parameter.grad
                parameter.grad = None
        return J

    return Contender(step, lambda: [parameter.detach().T for parameter in parameters])


CONTENDERS: dict[str, Builder] = {
    "hand-written NumPy": by_hand,
    "tinygraph": by_tinygraph,
    "JAX jit": by_jax,
    "PyTorch eager": by_torch,
}


def data(n_x: int, hidden: int, classes: int, m: int) -> tuple[np.ndarray, ...]:
    """Pixels X (n_x, m), labels Y (classes, m) of which one in a column is 1, and W1, b1, W2, b2 to start from."""
    random = np.random.default_rng(0)
    X, Y = random.random((m, n_x)).T.copy(), np.eye(classes)[:, random.integers(classes, size=m)]
    W1, W2 = random.normal(size=(hidden, n_x)) / n_x**0.5, random.normal(size=(classes, hidden)) / hidden**0.5
    return X, Y, W1, np.zeros((hidden, 1)), W2, np.zeros((classes, 1))


def main() -> None:
    """Measure and print."""
    parser = contest.options("benchmarks.mlp", __doc__)
    parser.add_argument(
        "--sizes",
        nargs=4,
        type=int,
        action="append",
        metavar=("N_X", "HIDDEN", "CLASSES", "M"),
        help="of your own; may be repeated",
    )
    chosen = parser.parse_args()
    contest.hold(
        "benchmarks.mlp",
        chosen,
        "A step of a network with one hidden layer: time, ratio to hand-written NumPy, its noise",
        ("jax", "torch"),
        CONTENDERS,
        {
            f"{n_x}-{hidden}-{classes}, {m} examples": partial(data, n_x, hidden, classes, m)
            for n_x, hidden, classes, m in chosen.sizes or SIZES
        },
    )


if __name__ == "__main__":
    main()
