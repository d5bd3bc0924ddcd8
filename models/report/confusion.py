"""The confusion matrix: how many examples of each class were put into which."""

from typing import Any

import numpy as np

from models.report.markup import count, name, paragraph, percent, table
from models.report.page import Section
from models.results import Judged

MOST_CLASSES, MOST_PAIRS = 20, 20
"""A matrix of more classes is no table that anyone could look at: then the pairs stand that are confused most."""


def section(test: Judged) -> Section:
    """The matrix as a table, or of many classes the pairs that are confused most."""
    from sklearn.metrics import confusion_matrix

    classes = test.data.classes
    counts = confusion_matrix(test.labels, test.guesses, labels=range(len(classes)))
    content = _matrix(counts, classes) if len(classes) <= MOST_CLASSES else _pairs(counts, classes)
    return Section("confusion", "Confusion matrix", content)


def _matrix(counts: Any, classes: tuple[str, ...]) -> str:
    rows = []
    for right, row in enumerate(counts):
        cells = [_cell(how_many, row.sum(), right == guessed) for guessed, how_many in enumerate(row)]
        rows.append(f'<tr><th scope="row">{name(classes[right])}</th>{"".join(cells)}</tr>')
    head = "".join(f'<th scope="col">{name(each)}</th>' for each in classes)
    told = (
        "Each row holds the held-out examples of one class, and each column those that were put into one: what is "
        "right stands on the diagonal, in blue, and what is wrong beside it, in orange. The larger its part of the "
        "row, the stronger the colour."
    )
    return (
        f'{paragraph(told)}<div class="wide" tabindex="0"><table class="shaded confusion">'
        f'<thead><tr><th rowspan="2" scope="col">class</th><th colspan="{len(classes)}" scope="colgroup">was put into'
        f"</th></tr><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(how_many: int, of: int, is_right: bool) -> str:
    if not how_many:
        return '<td class="nothing">0</td>'
    part = np.sqrt(how_many / of)  # the root, so that one of many is seen
    return f'<td class="{"right" if is_right else "other"}" style="--part:{part:.2f}">{how_many:,}</td>'


def _pairs(counts: Any, classes: tuple[str, ...]) -> str:
    wrong = np.where(np.eye(len(classes), dtype=bool), 0, counts)
    worst = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    pairs = [divmod(int(place), len(classes)) for place in worst if wrong.flat[place]]
    told = f"A matrix of {count(len(classes), 'class')} would be too large to look at."
    if not pairs:
        return paragraph(told, "No held-out example was put into a wrong class.")
    rows = [
        [name(classes[i]), name(classes[j]), f"{int(counts[i, j]):,}", percent(counts[i, j] / counts[i].sum())]
        for i, j in pairs
    ]
    ways = f"Examples are confused in {count(int(np.count_nonzero(wrong)), 'way')}; these are the most frequent."
    return paragraph(told, ways) + table(["class", "was put into", "how many", "of the class"], rows)
