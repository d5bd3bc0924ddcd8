"""How the cost fell while the model was trained, on the training examples and on those it never saw."""

import numpy as np

from models.report.figure import axes, figure
from models.report.markup import number, paragraph, table, text
from models.report.page import Section
from models.results import Results
from tinygraph.plots.canvas import BLUE, ORANGE, finished

MOST_POINTS = 600
"""A curve has no more: nobody sees them."""

WIDE = 5
"""Costs of which the largest is so many times the smallest are drawn on a logarithmic scale."""

MOST = 1e100
"""A cost that is larger is drawn as if it were so large: no axis reaches further."""

RISEN = 1.02
"""How much larger than its least the held-out cost is in the end, where that is worth a sentence."""


def section(results: Results) -> Section:
    """Both curves, with the best epoch where training was to stop there, and what they tell."""
    history = results.history
    if not history.costs:
        return Section("curves", "Cost curves", paragraph("No epoch was run."))
    epochs = np.unique(np.linspace(0, len(history.costs) - 1, MOST_POINTS).astype(int))
    watched = np.array(history.held_out, dtype=float).reshape(-1, 2)
    least = watched[np.argmin(watched[:, 1])] if len(watched) else None

    ax = axes()
    marker = {"marker": "o", "markersize": 4} if len(history.costs) < 30 else {}
    ax.plot(epochs, np.minimum(history.costs, MOST)[epochs], color=BLUE, label="training", **marker)
    ax.plot(watched[:, 0], np.minimum(watched[:, 1], MOST), "--", color=ORANGE, label="held out", **marker)
    is_watched = results.settings.patience is not None
    if least is not None and is_watched:
        ax.plot(least[0], min(least[1], MOST), "o", color=ORANGE, markersize=8, label=f"best: epoch {least[0]:.0f}")
    ax.xaxis.get_major_locator().set_params(integer=True)
    costs = np.minimum(np.concatenate([history.costs, watched[:, 1]]), MOST)
    if costs.min() > 0 and costs.max() > WIDE * costs.min():
        ax.set_yscale("log", subs=())
        ax.yaxis.get_major_locator().set_params(subs=(1, 2, 5))
        ax.yaxis.set_major_formatter("{x:g}")
    finished(ax, "epoch", "mean loss")

    training = np.stack([np.arange(len(history.costs)), history.costs], axis=1)
    rows = [[what, *_ends(curve)] for what, curve in (("training", training), ("held out", watched)) if len(curve)]
    told = [
        f"Training was {text(history.stopped)}." if history.stopped else "",
        _overfitting(watched, least) if least is not None and not is_watched else "",
        "The parameters are those of the best epoch." if is_watched else "",
        "What L2 adds to the cost is not in the curves." if results.settings.l2 else "",
    ]
    numbers = table(["", "first", "last", "least", "in epoch"], rows)
    summary = "The cost by epoch on training examples and on held-out examples; the table has its numbers."
    content = f'{paragraph(_watched(results), *told)}\n<div class="plots">{figure(ax, summary)}{numbers}</div>'
    return Section("curves", "Cost curves", content)


def _ends(curve: np.ndarray) -> list[str]:
    """The first, the last and the least cost of a curve, (epochs, 2), and the epoch of the least."""
    least = curve[np.argmin(curve[:, 1])]
    return [*map(number, (curve[0, 1], curve[-1, 1], least[1])), f"{least[0]:.0f}"]


def _watched(results: Results) -> str:
    if results.settings.patience is None:
        return "The held-out examples are not learned from: their cost tells how the model does on what it never saw."
    return (
        "Held out are here a tenth of the training examples, which decide when to stop; the scores below are of the "
        "test examples, which decide nothing."
    )


def _overfitting(watched: np.ndarray, least: np.ndarray) -> str:
    if watched[-1, 1] <= RISEN * least[1]:
        return ""
    return (
        f"On them the cost was least in epoch {least[0]:.0f} and has risen since: the model has begun to learn the "
        "training examples by heart. <code>--early-stopping</code> would keep the best epoch, and <code>--l2</code> "
        "holds the weights small."
    )
