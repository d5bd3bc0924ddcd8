"""One training step of the notes' model on the digits: a loop over examples, the notes' vectorized NumPy, the graph.

Run it with `make bench`. The contenders take turns, and medians are told as ratios to the vectorized step.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from benchmarks.timing import header, table, take_turns
from models import logistic_regression
from models.data import Scaling
from models.readers import read

ROUNDS = 25


def by_loop(X: Any, Y: Any, w: Any, b: float) -> tuple[float, Any, float]:
    """The notes' step before it is vectorized: one example after the other, one feature after the other."""
    n_x, m = X.shape
    J, db, dw = 0.0, 0.0, np.zeros((n_x, 1))
    for i in range(m):
        z = b
        for j in range(n_x):
            z += w[j, 0] * X[j, i]
        a = 1 / (1 + np.exp(-z))
        J -= Y[0, i] * np.log(a) + (1 - Y[0, i]) * np.log(1 - a)
        dz = a - Y[0, i]
        for j in range(n_x):
            dw[j, 0] += X[j, i] * dz
        db += dz
    return J / m, dw / m, db / m


def vectorized(X: Any, Y: Any, w: Any, b: float) -> tuple[Any, Any, Any]:
    """The notes' step without a loop."""
    m = X.shape[1]
    A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
    J = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dZ = A - Y
    return J, np.dot(X, dZ.T) / m, np.sum(dZ) / m


def main() -> None:
    """Measure and print."""
    digits = read("digits").against_the_rest("0")
    X, Y = Scaling.of(digits).X(digits), digits.Y("two classes")
    model = logistic_regression.build(n_x=len(X))
    w = np.random.default_rng(0).normal(size=(len(X), 1)) * 0.01
    model.weights[0].value = w
    inputs, outputs = [model.X, model.Y], (model.J, *tg.grad(model.J, model.parameters))
    step = tg.compile(inputs, outputs)
    contenders: dict[str, Callable[[], Any]] = {
        "vectorized NumPy": lambda: vectorized(X, Y, w, 0.0),
        "loop over examples": lambda: by_loop(X, Y, w, 0.0),
        "the graph, op by op": lambda: tg.evaluate(outputs, {model.X: X, model.Y: Y}),
        "the graph, compiled": lambda: step(X, Y),
    }
    answers = [run() for run in contenders.values()]  # also the warm-up
    for answer in answers[1:]:
        for ours, theirs in zip(answer, answers[0], strict=True):
            np.testing.assert_allclose(np.squeeze(ours), np.squeeze(theirs), rtol=1e-9)
    print(header(f"A loop over examples, the notes' vectorized NumPy, the graph; X {X.shape}: time, ratio, its noise"))
    print(table(take_turns(contenders, ROUNDS)), end="\n\n")


if __name__ == "__main__":
    main()
