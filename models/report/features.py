"""The weights of a table's features, by name: bars for one neuron, a shaded table for the classes."""

import numpy as np

from models.report.markup import name, number, paragraph, quoted, table
from models.results import Array, Judged

MOST_FEATURES, MOST_COLUMNS = 20, 10
"""The largest weights are shown, and of more classes how large they are all together."""


def by_feature(train: Judged) -> str:
    """The largest weights by the name of their feature; of hidden neurons how large they are."""
    W, names = train.results.model.weights[0].value, train.spoken_for
    most = np.abs(W).max() or 1.0
    size = most * np.sqrt(np.mean((W / most) ** 2, axis=1))
    largest = np.argsort(-size, kind="stable")[:MOST_FEATURES]
    left = f"the {len(largest)} largest of {len(size)}" if len(largest) < len(size) else "all"
    features = [name(train.data.features[i]) for i in largest]
    if W.shape[1] == 1:
        what = (
            f"the more it speaks for {quoted(names[0])}, and to the left, against it" if names else "the more it adds"
        )
        told = f"The weight of each feature ({left}), as it is in X: the further to the right, {what}."
        return paragraph(told) + _bars(features, W[largest, 0], is_signed=True)
    if names and len(names) <= MOST_COLUMNS:
        told = f"The weights of each class by feature ({left}): orange speaks for the class, and blue against it."
        return paragraph(told) + _shaded(features, names, W[largest])
    told = (
        f"How large the weights of each feature are ({left}): the root of the mean of their squares, over "
        f"{W.shape[1]} {'classes' if names else 'neurons of the first layer'}."
    )
    return paragraph(told) + _bars(features, size[largest], is_signed=False)


def _bars(features: list[str], values: Array, is_signed: bool) -> str:
    most = float(np.abs(values).max()) or 1.0
    rows = []
    for feature, value in zip(features, values, strict=True):
        size = abs(value) / most * (50 if is_signed else 100)
        start = 0 if not is_signed else 50 if value >= 0 else 50 - size
        bar = f'<span class="bar{" minus" if value < 0 else ""}" style="--from:{start:.1f};--size:{size:.1f}"></span>'
        rows.append([feature, number(float(value), 3), bar])
    return table(["feature", "weight", ""], rows, kind="bars signed" if is_signed else "bars")


def _shaded(features: list[str], names: list[str], W: Array) -> str:
    most = float(np.abs(W).max()) or 1.0
    head = "".join(f'<th scope="col">{name(each)}</th>' for each in ("feature", *names))
    rows = []
    for feature, row in zip(features, W, strict=True):
        cells = "".join(
            f'<td class="{"other" if w > 0 else ""}" style="--part:{abs(w) / most:.2f}">{number(float(w), 3)}</td>'
            for w in row
        )
        rows.append(f'<tr><th scope="row">{feature}</th>{cells}</tr>')
    top = f"<thead><tr>{head}</tr></thead>"
    return f'<div class="wide"><table class="shaded">{top}<tbody>{"".join(rows)}</tbody></table></div>'
