"""Plots of a cost over two parameters: the path of gradient descent on it, and where it is convex."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.errors import DrawError
from tinygraph.feeds import Array
from tinygraph.graph import parameter
from tinygraph.ops.elementwise import log, sigmoid
from tinygraph.ops.reductions import mean
from tinygraph.optim import gradient_descent
from tinygraph.plots.canvas import BLUE, INK, LETTERS, LIGHT, ORANGE, PALE, canvas, finished, upright
from tinygraph.plots.examples import examples, standardized
from tinygraph.plots.surface import Ranges, Surface, checked_ranges, ranges_around

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBERS, HEIGHTS = 41, 11
"""How many numbers of each parameter a surface is computed for, and how many heights its contours tell apart."""


def cost_surface(
    J: Any,
    parameters: Any,
    feeds: Mapping[Any, Any] | None = None,
    axes: Any = None,
    *,
    learning_rate: Any = 0.1,
    steps: int = 100,
    optimizer: Callable[..., Any] = gradient_descent,
    ranges: Any = None,
) -> "Axes":
    """The cost J over two parameters as contours, and on them the path of gradient descent.

    `parameters` are two of one element each, as in `[w, b]`, or elements of larger ones, as in
    `[(W, (0, 0)), (W, (1, 0))]`; all else is held. The path leads from the parameters' values, which don't change,
    through so many steps of an optimizer of `tg.optim`. `ranges` says from where to where, as in `((-1, 1), (0, 2))`;
    else the path is in the middle. Inputs without a feed get small samples, and the title says so. Where J is no finite
    number, nothing is drawn.

    Raises `NodeTypeError` for what is no node or no parameter, `ShapeError` where of several elements none is chosen or
    one that isn't there, `GradientError` where J is no single number, `FeedError` for feeds that don't fit, and
    `DrawError` for more or fewer parameters than two, for ranges that are none, for steps that leave what a float can
    hold, and for a J that is the same everywhere.

    >>> import tinygraph as tg
    >>> from tinygraph import plots
    >>> w, b = tg.parameter(3.0), tg.parameter(1.0)
    >>> axes = plots.cost_surface(w ** 2 + b ** 2, [w, b], learning_rate=0.25, steps=2)
    >>> axes.lines[0].get_xydata()
    array([[3.  , 1.  ],
           [1.5 , 0.5 ],
           [0.75, 0.25]])
    """
    surface = Surface(J, parameters, feeds)
    path = surface.path(optimizer, learning_rate, steps)
    ranges = ranges_around(path) if ranges is None else checked_ranges(ranges)
    u, v, points = _grid(ranges)
    height = surface.height(points)
    levels = _levels(height, surface.name)
    (ax,) = canvas(axes)
    _contours(ax, u, v, height, levels, surface.name)
    name = getattr(optimizer, "__name__", "descent").replace("_", " ")
    ax.plot(*path.T, "o-", color=ORANGE, markersize=3, linewidth=1.2, label=f"{name}, {steps} step{'s' * (steps != 1)}")
    ax.plot(*path[0], "o", color=ORANGE, markerfacecolor="white", markersize=7, label="start")
    ax.set(xlim=ranges[0], ylim=ranges[1])
    return finished(ax, *surface.labels, surface.samples)


def curvature(
    J: Any, parameters: Any, feeds: Mapping[Any, Any] | None = None, axes: Any = None, *, ranges: Any = None
) -> "Axes":
    """The cost J over two parameters as contours, hatched where its Hessian has a negative eigenvalue.

    A cost that has none anywhere is convex. The title tells which it is, as found at 41 × 41 points; without `ranges`,
    these reach 4 to each side of the parameters' values. All else, and the errors, are those of `cost_surface`.

    >>> import tinygraph as tg
    >>> from tinygraph import plots
    >>> w, b = tg.parameter(0.0), tg.parameter(0.0)
    >>> print(plots.curvature(w ** 3 + b ** 2, [w, b]).get_title("left"))
    J: not convex
    smallest eigenvalue of the Hessian −24; < 0 in 49 % of the area
    """
    surface = Surface(J, parameters, feeds)
    ranges = [(x - 4, x + 4) for x in surface.start] if ranges is None else checked_ranges(ranges)
    u, v, points = _grid(ranges)
    height, smallest = surface.height(points), surface.smallest_eigenvalue(points)
    levels = _levels(height, surface.name)
    (ax,) = canvas(axes)
    _contours(ax, u, v, height, levels, surface.name)
    lowest = smallest.min()
    if lowest < 0:
        below = (u, v, smallest.reshape(len(v), len(u)), [2 * lowest, 1e-9 * lowest])
        ax.contourf(*below, colors="none", hatches=["//"]).set(edgecolor=ORANGE, linewidth=0, hatch_linewidth=0.5)
        ax.contour(*below, colors=ORANGE, linewidths=0.8, linestyles="solid")
    title = f"{surface.name}: {_verdict(smallest)}\n{surface.samples}"
    return finished(ax, *surface.labels, title.strip())


def _verdict(smallest: Array) -> str:
    """What the smallest eigenvalues say of a cost."""
    lowest, share = smallest.min(), 100 * np.mean(smallest < 0)
    if not share:
        return "convex\nsmallest eigenvalue of the Hessian ≥ 0 everywhere"
    told = f"smallest eigenvalue of the Hessian −{-lowest:.2g}; < 0 in {max(share, 1):.0f} % of the area"
    return f"not convex\n{told}"


def convexity(x: Any = None, y: Any = None, axes: Any = None) -> Any:
    """Two costs of one sigmoid ŷ = σ(wx + b): the cross-entropy, which is convex, and the squared error, which is not.

    x and y are the examples and their labels, both (m,); without them, ten made-up examples. x is standardized first.
    The answer is an array of two axes, drawn as by `curvature`. Raises `FeedError` and `ShapeError` where x and y don't
    fit.

    >>> from tinygraph import plots
    >>> cross_entropy, squared_error = plots.convexity()
    >>> print(cross_entropy.get_title("left"))
    cross-entropy: convex
    smallest eigenvalue of the Hessian ≥ 0 everywhere
    """
    x, y = examples(x, y)
    w, b = parameter(0.0, "w"), parameter(0.0, "b")
    A = sigmoid(w * standardized(x, x) + b)
    cross_entropy = mean(-(y * log(A) + (1 - y) * log(1 - A))).named("cross-entropy")
    squared_error = mean((A - y) ** 2 / 2).named("squared error")
    drawn = zip((cross_entropy, squared_error), canvas(axes, 2, columns=2), strict=True)
    return np.array([curvature(J, [w, b], axes=ax, ranges=((-4, 12), (-8, 8))) for J, ax in drawn])


def _grid(ranges: Ranges) -> tuple[Array, Array, Array]:
    """The numbers of each parameter, and all points of both, (41 * 41, 2), row by row."""
    u, v = (np.linspace(low, high, NUMBERS) for low, high in ranges)
    return u, v, np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)


def _levels(height: Array, name: str) -> Array:
    """The heights of the contours: closer together near the lowest point, where a cost is flat."""
    finite = height[np.isfinite(height)]
    if not finite.size:
        raise DrawError(f"{name} is finite nowhere in these ranges, so it has no contours: give others, by ranges=…")
    part = np.linspace(0, 1, HEIGHTS) ** 2
    levels = (1 - part) * finite.min() + part * finite.max()
    if (np.diff(levels) <= 0).any():
        raise DrawError(
            f"{name} is {finite[0]:g} everywhere in these ranges, so it has no contours: give others, by ranges=…"
        )
    return levels


def _contours(ax: "Axes", u: Array, v: Array, height: Array, levels: Array, name: str) -> None:
    """Filled contours, and a bar that tells their heights."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.ticker import MaxNLocator

    shades = LinearSegmentedColormap.from_list("pale to blue", [PALE, BLUE])
    filled = ax.contourf(
        u, v, np.ma.masked_invalid(height.reshape(len(v), len(u))), levels, cmap=shades, antialiased=True
    )
    filled.set(edgecolor="white", linewidth=0.6)
    bar = ax.figure.colorbar(filled, ax=ax, spacing="proportional", ticks=MaxNLocator(6))
    bar.set_label(name, fontsize=LETTERS, color=INK, **upright(name))
    bar.ax.tick_params(labelsize=LETTERS, labelcolor=INK, color=LIGHT)
    bar.outline.set_visible(False)
