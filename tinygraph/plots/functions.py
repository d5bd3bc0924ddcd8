"""Plots of functions of one number: the sigmoid, activations with their derivatives, and the loss."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.errors import DrawError
from tinygraph.graph import input
from tinygraph.ops.activations import elu, gelu, silu, softplus
from tinygraph.ops.elementwise import leaky_relu, log, relu, tanh
from tinygraph.ops.elementwise import sigmoid as logistic
from tinygraph.plots.canvas import BLUE, LETTERS, ORANGE, canvas, finished
from tinygraph.plots.curve import Curve, curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": logistic,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "softplus": softplus,
    "silu": silu,
    "gelu": gelu,
}


def sigmoid(axes: Any = None) -> "Axes":
    """The sigmoid ŷ = σ(z), and the cut-off at 0.5 above which an example is put into class 1.

    >>> from tinygraph import plots
    >>> curve, cut_off = plots.sigmoid().lines
    >>> curve.get_ydata().max().round(3), cut_off.get_ydata()
    (np.float64(1.0), [0.5, 0.5])
    """
    (ax,) = canvas(axes)
    z = np.linspace(-8, 8, 401)
    ax.plot(z, logistic(z), color=BLUE, label="ŷ = σ(z) = 1 / (1 + e⁻ᶻ)")
    ax.axhline(0.5, color=ORANGE, linestyle="--", label="cut-off 0.5")
    ax.text(-8, 0.53, "class 1 above", color=ORANGE, va="bottom", fontsize=LETTERS)
    ax.text(-8, 0.47, "class 0 below", color=ORANGE, va="top", fontsize=LETTERS)
    return finished(ax, "z", "ŷ")


def activation(function: Any = "sigmoid", axes: Any = None, low: float = -5.0, high: float = 5.0) -> "Axes":
    """An activation a(z) with its derivative da/dz, taken by `tg.grad`, for z from low to high.

    `function` is one of tinygraph's, such as `tg.relu`, or its name, or any function of one node that works element by
    element. Where a curve jumps it is torn: a hollow dot ends each side, and a full one stands where the value is.
    Raises `NodeTypeError` for what makes no node of a node, `ShapeError` for what mixes elements, as softmax does, and
    `DrawError` for an unknown name or a range that is none.

    >>> import tinygraph as tg
    >>> from tinygraph import plots
    >>> plots.activation(lambda z: z * tg.sigmoid(z)).get_legend_handles_labels()[1]
    ['a = z * sigmoid(z)', 'da/dz']
    """
    found = _curves(function, low, high)
    (ax,) = canvas(axes)
    return _drawn(ax, *found)


def activations(functions: Any = None, axes: Any = None, low: float = -5.0, high: float = 5.0) -> Any:
    """Several activations with their derivatives side by side: those of the list, or the eight best known.

    `functions` is a list of what `activation` takes, and the errors are its; the answer is an array of as many axes.

    >>> from tinygraph import plots
    >>> plots.activations(["relu", "elu"]).shape
    (2,)
    """
    functions = list(ACTIVATIONS) if functions is None else functions
    if not isinstance(functions, list | tuple) or not functions:
        raise DrawError(f"functions is {functions!r}, and must be a list of activations, as in ['relu', tg.tanh]")
    found = [_curves(function, low, high) for function in functions]
    drawn = canvas(axes, len(found), columns=min(len(found), 4), width=3.4)
    return np.array([_drawn(ax, *each) for ax, each in zip(drawn, found, strict=True)])


def _curves(function: Any, low: float, high: float) -> tuple[str, Curve, Curve]:
    if not -np.inf < low < high < np.inf:
        raise DrawError(f"z can't run from low={low} to high={high}: give two finite numbers, the lower one first")
    if isinstance(function, str) and function not in ACTIVATIONS:
        raise DrawError(f"no activation is called {function!r}: give a function, or one of {', '.join(ACTIVATIONS)}")
    function = ACTIVATIONS[function] if isinstance(function, str) else function
    return curves(function, np.linspace(low, high, 1001))


def _drawn(ax: "Axes", written: str, a: Curve, da: Curve) -> "Axes":
    for curve, color, style, label in ((a, BLUE, "-", f"a = {written}"), (da, ORANGE, "--", "da/dz")):
        ax.plot(curve.x, curve.y, style, color=color, label=label)
        ax.plot(*curve.ends.T, "o", color=color, markerfacecolor="white", markersize=5)
        ax.plot(*curve.stands.T, "o", color=color, markersize=5)
    return finished(ax, "z", "")


def losses(axes: Any = None) -> "Axes":
    """The notes' loss L(ŷ, y) = −(y log ŷ + (1 − y) log(1 − ŷ)) over ŷ, for y = 1 and for y = 0.

    >>> from tinygraph import plots
    >>> plots.losses().get_legend_handles_labels()[1]
    ['y = 1: L = −log ŷ', 'y = 0: L = −log(1 − ŷ)']
    """
    A, Y = input("A", ("n",)), input("Y", ())
    L = -(Y * log(A) + (1 - Y) * log(1 - A))
    between = np.linspace(0, 1, 1001)[1:-1]
    (ax,) = canvas(axes)
    ax.plot(between, L.eval({A: between, Y: 1}), color=BLUE, label="y = 1: L = −log ŷ")
    ax.plot(between, L.eval({A: between, Y: 0}), "--", color=ORANGE, label="y = 0: L = −log(1 − ŷ)")
    return finished(ax, "ŷ", "L")
