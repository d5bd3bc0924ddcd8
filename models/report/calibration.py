"""The calibration curve: whether of the answers that are given with 80 % probability, 80 % are right."""

import numpy as np

from models.report.figure import axes, figure
from models.report.markup import count, paragraph, percent, quoted, table
from models.report.page import Section
from models.results import Array, Judged
from tinygraph.plots.canvas import BLUE, INK, finished

BINS, FEW = 10, 10
"""How many bins the probabilities go into, and of how few examples the part that is right tells little."""


def section(test: Judged) -> Section:
    """The curve on held-out examples, with how many there are in each bin; of two classes, for class 1."""
    title = "Calibration curve"
    if not test.are_probabilities:
        told = "The answers of a line are no probabilities, so there is nothing that could be calibrated."
        return Section("calibration", title, paragraph(told))
    given, found, sizes, means = _bins(test)
    few = int(np.sum(sizes < FEW))
    gap = float(np.average(np.abs(means - found), weights=sizes))
    of_two = test.results.recipe.learns == "two classes"
    what = "probability of class 1" if of_two else "probability of the guess"
    share = "part in class 1" if of_two else "part right"

    named = f"class 1, {quoted(test.data.classes[1])}" if of_two else "the class that is guessed"
    told = [
        f"The {count(len(test.data), 'held-out example')} go into {BINS} bins by the probability of {named}. On the "
        "dashed line, it is as often right as it says; above, it says too little, and below, too much. The distance is "
        f"{percent(gap)} on average over examples.",
        f"Hollow dots are bins of fewer than {FEW} examples, which tell little: {few} of {len(sizes)}." if few else "",
        f"With {count(len(test.data), 'example')} in all, the curve is a rough one." if len(test.data) < 200 else "",
    ]
    rows = [
        [f"{g / BINS:.1f} to {(g + 1) / BINS:.1f}", f"{size:,}", percent(mean), percent(part)]
        for g, size, mean, part in zip(given, sizes, means, found, strict=True)
    ]
    numbers = table(["probability", "examples", "mean", share], rows)
    plot = _plot(given, found, sizes, means, what, share)
    return Section("calibration", title, f'{paragraph(*told)}\n<div class="plots">{plot}{numbers}</div>')


def _plot(given: Array, found: Array, sizes: Array, means: Array, what: str, share: str) -> str:
    """The curve, and below it how many examples each bin has; bins of few are hollow dots."""
    ax, below = axes(2, (3, 1))
    ax.plot([0, 1], [0, 1], "--", color=INK, linewidth=1)
    ax.plot(means, found, color=BLUE, linewidth=1)
    is_few = sizes < FEW
    ax.plot(means[~is_few], found[~is_few], "o", color=BLUE)
    ax.plot(means[is_few], found[is_few], "o", color=BLUE, fillstyle="none")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.04, 1.04))
    below.bar((given + 0.5) / BINS, sizes, width=0.9 / BINS, color=BLUE)
    finished(ax, "", share)
    finished(below, what, "examples")
    return figure(ax, f"{share} by {what}, and below it the number of examples; the table has the numbers.")


def _bins(test: Judged) -> tuple[Array, ...]:
    """Of each bin that isn't empty: its number, the part that is right, how many, and the mean probability."""
    from sklearn.calibration import calibration_curve

    if test.results.recipe.learns == "two classes":
        is_so, told = test.labels == 1, test.probabilities[:, 1]
    else:
        is_so, told = test.guesses == test.labels, test.probabilities.max(axis=1)
    told = np.clip(told, 0, 1)  # a sum of probabilities may be 1 + 2e-16
    found, means = calibration_curve(is_so, told, n_bins=BINS)
    sizes = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], told), minlength=BINS)
    given = np.flatnonzero(sizes)
    return given, found, sizes[given], means
