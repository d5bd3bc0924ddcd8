"""A plot of why the output is logistic: a straight line leaves [0, 1]."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.compile.compile import compile
from tinygraph.feeds import Array
from tinygraph.graph import parameter
from tinygraph.ops.elementwise import log, sigmoid
from tinygraph.ops.matrices import solve
from tinygraph.ops.reductions import mean
from tinygraph.optim import gradient_descent
from tinygraph.plots.canvas import BLUE, INK, LETTERS, LIGHT, ORANGE, canvas, finished
from tinygraph.plots.examples import examples, standardized

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS, LEARNING_RATE = 2000, 2.0
"""Of gradient descent on standardized x, where every learning rate below 4 leads down: the Hessian stays below 1/2."""


def linear_against_logistic(x: Any = None, y: Any = None, axes: Any = None) -> "Axes":
    """The linear output ŷ = wx + b, which leaves [0, 1], and the logistic ŷ = σ(wx + b), which does not.

    Both are fitted to the examples x and their labels y, both (m,), or to ten made-up ones: the line has the least
    squared error, and the other comes of 2000 steps of gradient descent on the cross-entropy. What lies outside [0, 1]
    is hatched. Raises `FeedError` and `ShapeError` where x and y don't fit.

    >>> from tinygraph import plots
    >>> linear, logistic = plots.linear_against_logistic().lines[:2]
    >>> [line.get_ydata().max().round(2) for line in (linear, logistic)]
    [np.float64(1.5), np.float64(1.0)]
    """
    x, y = examples(x, y)
    margin = np.ptp(x) / 8
    along = np.linspace(x.min() - margin, x.max() + margin, 201)
    s, at = standardized(x, x), standardized(along, x)
    linear, logistic = _line(s, y)(at), _logistic(s, y)(at)
    low, high = min(linear.min(), -0.25) - 0.1, max(linear.max(), 1.25) + 0.1
    (ax,) = canvas(axes)
    ax.plot(along, linear, "--", color=ORANGE, label="linear: wx + b")
    ax.plot(along, logistic, color=BLUE, label="logistic: σ(wx + b)")
    ax.plot(x, y, "o", color=INK, markersize=5, label="y")
    for edge, end in ((1, high), (0, low)):
        ax.axhspan(edge, end, facecolor="none", edgecolor=LIGHT, hatch="///", linewidth=0)
        ax.axhline(edge, color=INK, linewidth=0.8)
    ax.text(along[2], (1 + high) / 2, "no probability", color=INK, va="center", fontsize=LETTERS)
    ax.set(xlim=(along[0], along[-1]), ylim=(low, high))
    return finished(ax, "x", "ŷ")


def _line(x: Array, y: Array) -> Callable[[Array], Array]:
    """The line with the least squared error, by the normal equations."""
    X = np.stack([x, np.ones_like(x)])
    w, b = solve(X @ X.T, X @ y)
    return lambda x: w * x + b


def _logistic(x: Array, y: Array) -> Callable[[Array], Array]:
    w, b = parameter(0.0), parameter(0.0)
    A = sigmoid(w * x + b)
    J = mean(-(y * log(A) + (1 - y) * log(1 - A)))
    step = compile([], J, gradient_descent(J, [w, b], LEARNING_RATE))
    for _ in range(STEPS):
        step()
    return lambda x: sigmoid(w.value * x + b.value)
