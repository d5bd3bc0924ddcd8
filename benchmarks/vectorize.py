"""One training step of the notes' model on the digits: a loop over examples, the notes' vectorized NumPy, the graph.

Run it with `make bench`. The contenders take turns, BLAS has one thread, and medians are told as ratios.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from models import logistic_regression
from models.data import digits
from tinygraph import evaluate
from tinygraph.notation import columns

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
    X, Y = digits(0).columns()
    model = logistic_regression.build(n_x=len(X))
    w = np.random.default_rng(0).normal(size=(len(X), 1)) * 0.01
    model.W.value = w
    contenders: dict[str, Callable[[], Any]] = {
        "loop over examples": lambda: by_loop(X, Y, w, 0.0),
        "vectorized NumPy": lambda: vectorized(X, Y, w, 0.0),
        "the graph, evaluated": lambda: evaluate(model.step, {model.X: X, model.Y: Y}),
    }
    answers = [run() for run in contenders.values()]  # also the warm-up
    for answer in answers[1:]:
        for ours, theirs in zip(answer, answers[0], strict=True):
            np.testing.assert_allclose(np.squeeze(ours), np.squeeze(theirs), rtol=1e-9)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            start = perf_counter()
            run()
            seconds[name].append(perf_counter() - start)
    base = median(seconds["vectorized NumPy"])
    print(f"X {X.shape}, float64, one BLAS thread, medians of {ROUNDS} rounds in turn, NumPy {np.__version__}")
    print(columns([(name, f"{1e3 * median(t):.3f} ms", f"{median(t) / base:.2f}") for name, t in seconds.items()]))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
