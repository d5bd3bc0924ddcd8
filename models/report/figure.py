"""Plots as pictures in the page, whose colours are the page's own, so that they are light and dark as it is."""

import io
import re
from typing import TYPE_CHECKING, Any

from models.report.markup import text
from tinygraph.plots.canvas import BLUE, INK, LIGHT, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = 4.7, 3.3
"""In inches: wide enough to be read, and narrow enough that a phone need not shrink the letters."""

COLORS = {BLUE: "var(--forward)", ORANGE: "var(--gradient)", INK: "var(--ink)", LIGHT: "var(--line)"}


def axes(rows: int = 1, heights: tuple[int, ...] = (1,)) -> Any:
    """Axes of a plot for the page, or an array of so many, one below the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    return figure.subplots(rows, sharex=True, height_ratios=heights)


def figure(drawn: "Axes", told: str, caption: str = "") -> str:
    """The plot that these axes belong to as a figure of the page; `told` is what a screen reader says.

    The same plot is the same text each time.
    """
    from matplotlib import rc_context

    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": told}):
        drawn.figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    svg = file.getvalue()
    svg = _with_needed_ids(svg[svg.index("<svg") :])
    for color, own in COLORS.items():
        svg = svg.replace(color, own)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{text(told)}"', 1)
    below = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure>{svg}{below}</figure>"


def _with_needed_ids(svg: str) -> str:
    """The picture without the names of its parts, which other plots on the page have too: figure_1, axes_1, …"""
    needed = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    return re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in needed else "", svg)
