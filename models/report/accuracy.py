"""How often the model is right, all in all and class by class."""

import numpy as np

from models.report.markup import count, folded, name, paragraph, percent, table
from models.report.page import Section
from models.results import Judged

MOST_ROWS = 20


def section(train: Judged, test: Judged) -> Section:
    """Accuracy on both sets, and precision and recall of each class on the held-out examples."""
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    classes = test.data.classes
    rows = [
        [told, f"{int(np.sum(judged.guesses == judged.labels)):,}", f"{len(judged.data):,}",
         percent(accuracy_score(judged.labels, judged.guesses), 2)]
        for told, judged in (("training", train), ("held-out", test))
    ]  # fmt: skip
    scores = precision_recall_fscore_support(
        test.labels, test.guesses, labels=range(len(classes)), zero_division=np.nan
    )
    by_class = [
        [name(each), percent(precision), percent(recall), percent(f1), f"{support:,}"]
        for each, precision, recall, f1, support in zip(classes, *scores, strict=True)
    ]
    each_class = table(["class", "precision", "recall", "F1", "held-out examples"], by_class)
    content = [
        table(["examples", "right", "of", "accuracy"], rows),
        "<h3>Class by class, on held-out examples</h3>",
        paragraph(
            "Precision is how many of the examples that were put into a class belong there; recall is how many "
            "of those that belong there were put there; F1 is their harmonic mean. A dash stands where there was none."
        ),
        each_class if len(classes) <= MOST_ROWS else folded(count(len(classes), "class"), each_class),
    ]
    return Section("accuracy", "Accuracy", "\n".join(content))
