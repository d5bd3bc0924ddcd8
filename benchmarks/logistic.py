"""One gradient-descent step of the notes' logistic regression, as each library writes it."""

from functools import partial
from typing import Any

import numpy as np

import tinygraph as tg
from benchmarks.contender import Builder, Contender

LEARNING_RATE = 0.001


def by_hand(X: Any, Y: Any) -> Contender:
    """The notes' own lines."""
    m = X.shape[1]
    W, b = np.zeros((len(X), 1)), 0.0

    def step() -> Any:
        nonlocal W, b
        Z = np.dot(W.T, X) + b
        A = 1 / (1 + np.exp(-Z))
        J = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        dZ = A - Y
        dW = np.dot(X, dZ.T) / m
        db = np.sum(dZ) / m
        W = W - LEARNING_RATE * dW
        b = b - LEARNING_RATE * db
        return J

    return Contender(step, lambda: (W, b))


def by_tinygraph(X_array: Any, Y_array: Any) -> Contender:
    """The cost as a graph, differentiated and compiled."""
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.zeros((len(X_array), 1)), dims=("n_x", 1)), tg.parameter(np.zeros((1, 1)))
    Z = np.dot(W.T, X) + b
    A = tg.sigmoid(Z)
    J = -tg.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dW, db = tg.grad(J, [W, b])
    step = tg.compile([X, Y], J, updates={W: W - LEARNING_RATE * dW, b: b - LEARNING_RATE * db})
    return Contender(partial(step, X_array, Y_array), lambda: (W.value, b.value))


def by_jax(X: Any, Y: Any, donate: bool = False) -> Contender:
    """`jax.jit` of the whole step; the data lie on JAX's device before it starts."""
    import jax
    import jax.numpy as jnp

    def cost(W: Any, b: Any, X: Any, Y: Any) -> Any:
        A = jax.nn.sigmoid(jnp.dot(W.T, X) + b)
        return -jnp.mean(Y * jnp.log(A) + (1 - Y) * jnp.log(1 - A))

    @partial(jax.jit, donate_argnums=(0, 1) if donate else ())
    def descend(W: Any, b: Any, X: Any, Y: Any) -> Any:
        J, (dW, db) = jax.value_and_grad(cost, argnums=(0, 1))(W, b, X, Y)
        return J, W - LEARNING_RATE * dW, b - LEARNING_RATE * db

    X, Y, W, b = map(jnp.asarray, (X, Y, np.zeros((len(X), 1)), np.zeros((1, 1))))

    def step() -> Any:
        nonlocal W, b
        J, W, b = jax.block_until_ready(descend(W, b, X, Y))
        return J

    return Contender(step, lambda: (W, b))


def by_torch(X: Any, Y: Any, fused_loss: bool = False) -> Contender:
    """PyTorch eager: `backward`, and an update in place; with the notes' cost, or with PyTorch's own of one kernel."""
    import torch

    torch.set_num_threads(1)
    X, Y = torch.from_numpy(X), torch.from_numpy(Y)
    W = torch.zeros((len(X), 1), dtype=torch.float64, requires_grad=True)
    b = torch.zeros((1, 1), dtype=torch.float64, requires_grad=True)

    def cost() -> Any:
        Z = W.T @ X + b
        if fused_loss:
            return torch.nn.functional.binary_cross_entropy_with_logits(Z, Y)
        A = torch.sigmoid(Z)
        return -torch.mean(Y * torch.log(A) + (1 - Y) * torch.log(1 - A))

    def step() -> Any:
        J = cost()
        J.backward()
        with torch.no_grad():
            for parameter in (W, b):
                parameter -= LEARNING_RATE * parameter.grad
                parameter.grad = None
        return J

    return Contender(step, lambda: (W, b))


def by_pytensor(X_array: Any, Y_array: Any) -> Contender:
    """`pytensor.function` with updates of shared variables, in PyTensor's default mode."""
    import pytensor
    import pytensor.tensor as pt

    X, Y = pt.dmatrix("X"), pt.drow("Y")
    W = pytensor.shared(np.zeros((len(X_array), 1)), shape=(None, 1))
    b = pytensor.shared(np.zeros((1, 1)), shape=(1, 1))
    A = pt.sigmoid(pt.dot(W.T, X) + b)
    J = -pt.mean(Y * pt.log(A) + (1 - Y) * pt.log(1 - A))
    dW, db = pytensor.grad(J, [W, b])
    step = pytensor.function([X, Y], J, updates={W: W - LEARNING_RATE * dW, b: b - LEARNING_RATE * db})
    return Contender(partial(step, X_array, Y_array), lambda: (W.get_value(), b.get_value()))


def by_autograd(X: Any, Y: Any) -> Contender:
    """HIPS autograd: `value_and_grad` of the notes' cost."""
    import autograd
    import autograd.numpy as np

    def cost(W: Any, b: Any) -> Any:
        A = 1 / (1 + np.exp(-(np.dot(W.T, X) + b)))
        return -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))

    differentiate = autograd.value_and_grad(cost, argnum=(0, 1))
    W, b = np.zeros((len(X), 1)), np.zeros((1, 1))

    def step() -> Any:
        nonlocal W, b
        J, (dW, db) = differentiate(W, b)
        W = W - LEARNING_RATE * dW
        b = b - LEARNING_RATE * db
        return J

    return Contender(step, lambda: (W, b))


def by_mygrad(X: Any, Y: Any) -> Contender:
    """MyGrad: NumPy's functions on tensors, and `backward`."""
    import mygrad
    from mygrad.nnet.activations import sigmoid

    W, b = mygrad.tensor(np.zeros((len(X), 1))), mygrad.tensor(np.zeros((1, 1)))

    def step() -> Any:
        A = sigmoid(np.matmul(W.T, X) + b)
        J = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        J.backward()
        W.data -= LEARNING_RATE * W.grad
        b.data -= LEARNING_RATE * b.grad
        return J

    return Contender(step, lambda: (W, b))


CONTENDERS: dict[str, Builder] = {
    "hand-written NumPy": by_hand,
    "tinygraph": by_tinygraph,
    "JAX jit": by_jax,
    "JAX jit, parameters donated": partial(by_jax, donate=True),
    "PyTorch eager": by_torch,
    "PyTorch eager, its fused loss": partial(by_torch, fused_loss=True),
    "PyTensor": by_pytensor,
    "autograd": by_autograd,
    "MyGrad": by_mygrad,
}
