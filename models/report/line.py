"""What goes wrong when a line classifies: answers that are no probabilities, and a cost for being too right."""

import re

import numpy as np

from models.report.figure import axes, figure
from models.report.markup import count, number, paragraph, percent, table, text
from models.report.page import Section
from models.results import Array, Judged
from tinygraph import plots

MOST, MOST_DOTS = 2000, 200
"""Of so many examples the lines are fitted anew, and so many are drawn."""

FAR, PART = (3.0, 4.0), 0.1
"""Where examples are added, in answers of the line, of which 1 is class 1; and how many, as a part of all."""


def section(train: Judged, test: Judged, command: str) -> Section:
    """Three findings in numbers, the last one an experiment, and where to go from here."""
    content = [_outside(train, test), _too_right(train), _experiment(train), _instead(command)]
    return Section("line", "What goes wrong when a line classifies", "\n".join(content))


def _outside(train: Judged, test: Judged) -> str:
    rows = []
    for told, judged in (("training", train), ("held-out", test)):
        answers = judged.answers[0]
        outside = int(np.sum((answers < 0) | (answers > 1)))
        rows.append(
            [told, f"{outside:,} of {len(answers):,}", percent(outside / len(answers)),
             number(float(answers.min()), 3), number(float(answers.max()), 3)]
        )  # fmt: skip
    told = (
        "A probability lies between 0 and 1. Nothing holds wᵀx + b there: a line goes on for ever, so that its answers "
        "can't be read as probabilities."
    )
    head = ["examples", "outside of [0, 1]", "part", "least answer", "greatest answer"]
    return f"<h3>Its answers are no probabilities</h3>{paragraph(told)}{table(head, rows)}"


def _too_right(train: Judged) -> str:
    answers, y = train.answers[0], train.labels
    loss = (answers - y) ** 2 / 2
    is_beyond = np.where(y == 1, answers > 1, answers < 0)
    part = float(loss[is_beyond].sum() / loss.sum()) if loss.sum() else 0.0
    told = (
        f"Of {len(y):,} training examples, {int(is_beyond.sum()):,} lie on the right side, and beyond their label: no "
        "answer could be more right. The squared error punishes them all the same. They make "
        f"{percent(part)} of the cost, and on their account the line is turned away from those that need it. The "
        "cross-entropy of logistic regression only ever falls as an answer gets more right."
    )
    return f"<h3>It is punished for being too right</h3>{paragraph(told)}"


def _experiment(train: Judged) -> str:
    """The line and the logistic curve, fitted anew along z before and after far examples of class 1 are added."""
    chosen = np.unique(np.linspace(0, len(train.data) - 1, MOST).astype(int))
    z, y = train.answers[0, chosen], train.labels[chosen]
    if len(np.unique(z)) < 2:
        return ""
    added = max(1, round(PART * len(z)))
    far = np.concatenate([z, np.linspace(*FAR, added)]), np.concatenate([y, np.ones(added)])
    which = f"the {len(z):,} examples", f"these and {added:,} more, far on the right side"
    pictures, wrong = zip(_fitted(which[0], z, y, z, y), _fitted(which[1], *far, z, y), strict=True)
    line_more, curve_more = np.subtract(wrong[1], wrong[0])
    told = (
        "An experiment with one feature, z, which is what the line answers. Now "
        f"{count(added, 'example')} of class 1 are added where z is {FAR[0]:g} to {FAR[1]:g}: they are of the right "
        "class beyond any doubt, and should change nothing. But to come near to their label, the line has to become "
        f"flatter{', and examples that it had right fall on the wrong side' if line_more > 0 else ''}.",
        "The logistic curve stays nearly where it was." if curve_more < line_more else "",
    )
    rows = [[name, *(f"{each:,}" for each in counts)] for name, counts in zip(which, wrong, strict=True)]
    numbers = table(["fitted to", "of the first, the line gets wrong", "and the logistic curve"], rows)
    plotted = f'<div class="plots">{"".join(pictures)}</div>'
    return f"<h3>Examples that are beyond doubt spoil it</h3>{paragraph(*told)}{numbers}{plotted}"


def _fitted(told: str, x: Array, labels: Array, z: Array, y: Array) -> tuple[str, list[int]]:
    """Line and curve, fitted to x and its labels, as a picture; and how many of the examples z each gets wrong."""
    ax = plots.linear_against_logistic(x, labels, axes())
    ax.set_xlabel("z: what the line above answers")
    ax.lines[2].set(markersize=3, alpha=0.5, markevery=-(-len(x) // MOST_DOTS))
    wrong = [int(np.sum((np.interp(z, *curve.get_data()) > 0.5) != y)) for curve in ax.lines[:2]]
    return figure(ax, f"The line and the logistic curve, fitted to {told}.", f"Fitted to {told}"), wrong


def _instead(command: str) -> str:
    logistic = command.replace("models.linear_regression", "models.logistic_regression")
    logistic = re.sub(r" --out[ =]\S+", "", logistic) or "python -m models.logistic_regression"  # not over this page
    told = "Logistic regression has none of this: it puts wᵀx + b through σ, which stays between 0 and 1."
    return f"<h3>What to take instead</h3>{paragraph(told)}<pre><code>{text(logistic)}</code></pre>"
