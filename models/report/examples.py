"""The data: how many examples of each class, their shapes, and what they look like."""

import numpy as np

from models.report.markup import count, folded, name, number, paragraph, table, text
from models.report.page import Section
from models.report.pixels import photo
from models.results import Judged

MOST_PICTURES, MOST_OF_A_CLASS = 30, 8
MOST_ROWS = 20
"""Longer tables are shown by a click."""


def section(train: Judged, test: Judged, shapes: str) -> Section:
    """The data and their shapes; the table of shapes comes as text."""
    data = train.data
    notes = list(dict.fromkeys([*data.notes, *test.data.notes]))
    parts = [
        f"<ul>{''.join(f'<li>{text(note)}</li>' for note in notes)}</ul>" if notes else "",
        _classes(train, test) if data.classes else _numbers(train, test),
        f"<h3>Shapes</h3><pre>{text(shapes)}</pre>" if shapes else "",
        _pictures(train) if data.are_pictures else _features(train),
    ]
    return Section("data", "Data and shapes", "\n".join(parts))


def _classes(train: Judged, test: Judged) -> str:
    classes = train.data.classes
    counts = [np.bincount(judged.labels, minlength=len(classes)) for judged in (train, test)]
    rows = [[name(each), *(f"{int(of[i]):,}" for of in counts)] for i, each in enumerate(classes)]
    rows.append(["all", *(f"{int(of.sum()):,}" for of in counts)])
    found = table(["class", "training examples", "held-out examples"], rows)
    return found if len(rows) <= MOST_ROWS else folded(count(len(classes), "class"), found)


def _numbers(train: Judged, test: Judged) -> str:
    rows = [
        [told, f"{len(judged.labels):,}", *(number(float(of(judged.labels))) for of in (np.min, np.mean, np.max))]
        for told, judged in (("training", train), ("held-out", test))
    ]
    return table(["examples", "how many", "least label", "mean", "greatest"], rows)


def _pictures(train: Judged) -> str:
    """The first training examples of each class."""
    data = train.data
    each = int(np.clip(MOST_PICTURES // max(1, len(data.classes)), 1, MOST_OF_A_CLASS))
    shown = data.classes[:MOST_PICTURES] or ("",)
    figures = []
    for number_of, label in enumerate(shown):
        of_class = np.flatnonzero(train.labels == number_of) if label else np.arange(len(data))
        alt = f"a training example of {label}" if label else "a training example"
        strip = "".join(photo(data.inputs[i], data.white, alt, 64) for i in of_class[:each])
        figures.append(f'<figure><div class="strip">{strip}</div><figcaption>{name(label)}</figcaption></figure>')
    left = len(data.classes) - len(shown)
    more = paragraph(f"and {left} more classes.") if left > 0 else ""
    told = "The first training examples of each class" if data.classes else "The first training examples"
    style = f"--strip: {70 * each}px"
    return f'<h3>{told}</h3><div class="classes" style="{style}">{"".join(figures)}</div>{more}'


def _features(train: Judged) -> str:
    data = train.data
    rows = [
        [name(feature), *(number(float(of(data.inputs[:, i])), 3) for of in (np.min, np.mean, np.max, np.std))]
        for i, feature in enumerate(data.features)
    ]
    told = paragraph(
        "Each feature is scaled to mean 0 and standard deviation 1 on the training examples, so that weights can be "
        "compared" + ("; those of categories are 0 or 1, and stay so." if data.categories else ".")
    )
    found = table(["feature", "least", "mean", "greatest", "standard deviation"], rows)
    short = found if len(rows) <= MOST_ROWS else folded(count(len(rows), "feature"), found)
    return f"<h3>Features of the training examples</h3>{told}{short}"
