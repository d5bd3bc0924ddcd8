"""Where numbers are learned: how far answers are off, beside what the mean alone would do, and where."""

import numpy as np

from models.report.figure import axes, figure
from models.report.markup import number, paragraph, table
from models.report.page import Section
from models.results import Judged, explained
from tinygraph.plots.canvas import BLUE, INK, finished

MOST_DOTS = 1000
"""A plot has no more: the page would become heavy, and the cloud no clearer."""


def section(train: Judged, test: Judged) -> Section:
    """R² and the root mean squared error, answers against labels, and what is left over."""
    from sklearn.metrics import mean_absolute_error, root_mean_squared_error

    rows = []
    for told, judged in (("training", train), ("held-out", test)):
        true, found = judged.labels, judged.answers[0]
        errors = root_mean_squared_error(true, found), mean_absolute_error(true, found)
        without = root_mean_squared_error(true, np.full_like(true, train.labels.mean(), dtype=float))
        rows.append([told, *map(number, (explained(true, found), *errors, without))])
    head = ["examples", "R²", "root of the mean squared error", "mean absolute error", "the first for the mean alone"]

    shown = np.unique(np.linspace(0, len(test.labels) - 1, MOST_DOTS).astype(int))
    true, found = test.labels[shown], test.answers[0, shown]
    ends = [min(true.min(), found.min()), max(true.max(), found.max())]
    ax = axes()
    ax.plot(ends, ends, "--", color=INK, linewidth=1)
    ax.plot(true, found, "o", color=BLUE, markersize=4, alpha=0.7)
    beside = axes()
    beside.axhline(0, color=INK, linewidth=1, linestyle="--")
    beside.plot(found, true - found, "o", color=BLUE, markersize=4, alpha=0.7)
    plots = [
        figure(finished(ax, "label y", "answer ŷ"), "Answers against labels; the dashed line is where they are equal.",
               "On the dashed line, answers are right."),
        figure(finished(beside, "answer ŷ", "left over: y − ŷ"), "What is left over, by answer.",
               "If a bow or a funnel is seen here, a straight line is not the whole story."),
    ]  # fmt: skip
    told = (
        "R² is the part of the variance of the labels that the answers explain: 1 is all, 0 is what the mean alone does"
    )
    content = f'{paragraph(f"{told}.")}{table(head, rows)}<div class="plots">{"".join(plots)}</div>'
    return Section("accuracy", "How far answers are off", content)
