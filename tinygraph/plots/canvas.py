"""What all plots share: the axes that they are drawn on, their colours, letters and legends."""

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.draw.theme import LIGHT as COLORS
from tinygraph.errors import DrawError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

(PALE, BLUE), (_, ORANGE) = COLORS.step, COLORS.gradient
INK, LIGHT = "#3b4450", "#e3e6ea"
LETTERS = 10.0


def canvas(axes: Any, count: int = 1, columns: int = 1, width: float = 5.4) -> list["Axes"]:
    """The axes as a list of so many; made, in so many columns of that width in inches, where none are given."""
    if axes is None:
        axes = _made(count, columns, width)
    found = list(np.ravel(np.asarray(axes, dtype=object)))
    if len(found) != count or not all(hasattr(ax, "contourf") for ax in found):
        given = ", ".join(type(ax).__name__ for ax in found) or "nothing"
        wanted = "one pair of axes" if count == 1 else f"{count} pairs of axes"
        raise DrawError(f"this plot is drawn on {wanted}, and was given {given}: leave axes out, and they are made")
    return found


def _made(count: int, columns: int, width: float) -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise DrawError("plots need matplotlib, which is not there: pip install 'tinygraph[plots]'") from error
    rows = -(-count // columns)
    size = (columns * width, rows * width * 0.7)
    _, grid = pyplot.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for unused in grid.flat[count:]:
        unused.remove()
    return grid.flat[:count]


def finished(ax: "Axes", xlabel: str, ylabel: str, title: str = "") -> "Axes":
    """The axes with their letters, a light grid behind the curves, and a legend above them, where it covers none."""
    ax.set_xlabel(xlabel, fontsize=LETTERS, color=INK)
    ax.set_ylabel(ylabel, fontsize=LETTERS, color=INK, **upright(ylabel))
    ax.tick_params(labelsize=LETTERS, labelcolor=INK, color=LIGHT)
    ax.grid(color=LIGHT, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(LIGHT)
    labels = ax.get_legend_handles_labels()[1]
    if title:
        ax.set_title(title, loc="left", fontsize=LETTERS, color=INK, pad=24 if labels else 6)
    if labels:
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(labels),
            columnspacing=1.4,
            borderaxespad=0.2,
            borderpad=0.2,
            fontsize=LETTERS,
            labelcolor=INK,
            frameon=False,
        )
    return ax


def upright(label: str) -> dict[str, Any]:
    """How the label of a vertical axis is turned: a single letter not at all."""
    return {"rotation": 0 if len(label) == 1 else 90, "va": "center", "labelpad": 8}
