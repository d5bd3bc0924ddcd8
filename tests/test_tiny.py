"""The two-minute tour: what tinygraph promises, on the notes' own model."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import tinygraph as tg


def _close(ours, expected):
    """Equal to 1e-12 of the largest element."""
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12 * np.max(np.abs(expected)))


def _digits():
    digits = load_digits()
    return digits.images.reshape(len(digits.images), -1).T / 16, (digits.target == 0).astype(float).reshape(1, -1)


def _random(soft):
    rng = np.random.default_rng(1)
    Y = rng.uniform(size=(1, 50))
    return rng.normal(size=(7, 50)), Y if soft else np.round(Y)


DATA = {"random": _random(soft=False), "random, Y soft": _random(soft=True), "digits": _digits()}
DATA["digits, Y soft"] = (DATA["digits"][0], 0.1 + 0.8 * DATA["digits"][1])


@pytest.mark.parametrize("written", [tg.sigmoid, lambda Z: 1 / (1 + np.exp(-Z))], ids=["sigmoid", "written out"])
@pytest.mark.parametrize("data", DATA)
def test_dZ_is_A_minus_Y(data, written):
    """The test that the project is named for: the graph's own backprop gives the formulas of the notes."""
    X_, Y_ = DATA[data]
    n_x, m_ = X_.shape

    X = tg.input("X", ("n_x", "m"))
    Y = tg.input("Y", (1, "m"))
    W = tg.parameter(np.random.default_rng(2).normal(size=(n_x, 1)) * 0.1, dims=("n_x", 1))
    b = tg.parameter(np.zeros((1, 1)))
    m = X.shape[1]
    Z = np.dot(W.T, X) + b
    A = written(Z)
    L = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    J = 1 / m * np.sum(L)
    assert Z.shape == (1, m)

    feeds = {X: X_, Y: Y_}
    A_ = A.eval(feeds)
    dZ = tg.grad(tg.sum(L), Z)
    _close(dZ.eval(feeds), A_ - Y_)
    _close((m * tg.grad(J, Z)).eval(feeds), A_ - Y_)
    _close((m * tg.grad(tg.mean(L), Z)).eval(feeds), A_ - Y_)

    dW, db = tg.grad(J, [W, b])
    _close(dW.eval(feeds), 1 / m_ * np.dot(X_, (A_ - Y_).T))
    _close(db.eval(feeds), 1 / m_ * np.sum(A_ - Y_, axis=1, keepdims=True))
    _close((1 / m * np.dot(X, dZ.T)).eval(feeds), dW.eval(feeds))


def test_one_graph_serves_every_batch_size(notes):
    dW = tg.grad(notes.J, notes.W)
    for m in (1, 2, 17):
        X, Y = np.ones((3, m)), np.zeros((1, m))
        A = notes.A.eval(X=X)
        _close(dW.eval(X=X, Y=Y), X @ (A - Y).T / m)


def test_gradient_descent_learns(notes, rng):
    X = rng.normal(size=(3, 200))
    Y = (X[:1] + 0.5 * X[1:2] > 0).astype(float)
    dW, db = tg.grad(notes.J, [notes.W, notes.b])
    costs = []
    for _ in range(200):
        cost, dW_, db_ = tg.evaluate((notes.J, dW, db), X=X, Y=Y)
        notes.W.value = notes.W.value - 1.0 * dW_
        notes.b.value = notes.b.value - 1.0 * db_
        costs.append(cost)
    assert np.all(np.diff(costs) < 0)
    assert np.mean((notes.A.eval(X=X) > 0.5) == Y) > 0.97


def test_the_second_derivative_is_the_derivative_of_the_first(notes, rng):
    X, Y = rng.normal(size=(3, 5)), np.ones((1, 5))
    dZ = tg.grad(tg.sum(notes.L), notes.Z)
    A = notes.A.eval(X=X)
    _close(tg.grad(tg.sum(dZ), notes.Z).eval(X=X, Y=Y), A * (1 - A))
