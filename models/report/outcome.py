"""The head of the report: what came out, against what would come out without learning, and how it was made."""

import numpy as np

from models.report.markup import count, name, number, paragraph, percent, quoted, text
from models.results import Judged, explained


def header(train: Judged, test: Judged, command: str) -> str:
    """The title, one line of the outcome, the numbers that matter most, the command and the settings."""
    results = test.results
    told, tiles = _of_classes(train, test) if test.data.classes else _of_numbers(train, test)
    learned = sum(parameter.value.size for parameter in results.model.parameters)
    tiles |= {
        "training and held-out examples": f"{len(train.data):,} + {len(test.data):,}",
        "numbers learned": f"{learned:,}",
        "epochs": f"{len(results.history.costs):,}",
    }
    shown = "".join(f"<div><dt>{what}</dt><dd>{value}</dd></div>" for what, value in tiles.items())
    return "\n".join(
        [
            f"<h1>{text(results.recipe.title)} on {name(results.train.source)}</h1>",
            f'<p class="outcome">{told}</p>',
            f'<dl class="tiles">{shown}</dl>',
            f"<pre><code>{text(command)}</code></pre>" if command else "",
            paragraph(_settings(test)),
        ]
    )


def _of_classes(train: Judged, test: Judged) -> tuple[str, dict[str, str]]:
    right, seen = (float(np.mean(judged.guesses == judged.labels)) for judged in (test, train))
    common = np.bincount(train.labels, minlength=len(train.data.classes)).argmax()
    without = float(np.mean(test.labels == common))
    told = (
        f"{percent(right, 2)} of {count(len(test.data), 'held-out example')} are put into their class; "
        f"answering {quoted(test.data.classes[common])} to each would be right for {percent(without, 2)}."
    )
    return told, {
        "accuracy on held-out examples": percent(right, 2),
        "accuracy on training examples": percent(seen, 2),
        "accuracy of always answering the most frequent class": percent(without, 2),
    }


def _of_numbers(train: Judged, test: Judged) -> tuple[str, dict[str, str]]:
    from sklearn.metrics import root_mean_squared_error

    off = root_mean_squared_error(test.labels, test.answers[0])
    without = root_mean_squared_error(test.labels, np.full(len(test.labels), train.labels.mean()))
    told = (
        f"On {count(len(test.data), 'held-out example')}, answers are off by {number(off)}, the root of the mean "
        f"squared error; answering the mean to each would be off by {number(without)}."
    )
    return told, {
        "R² on held-out examples": number(explained(test.labels, test.answers[0])),
        "RMSE on held-out examples": number(off),
        "RMSE of always answering the mean": number(without),
    }


def _settings(test: Judged) -> str:
    """How it was trained, in a sentence."""
    how = test.results.settings
    batch = "all examples" if how.batch_size is None else count(how.batch_size, "example")
    l2 = f", with L2 regularization λ = {how.l2:g}" if how.l2 else ""
    patience = f", until the cost had not fallen for {count(how.patience, 'epoch')}" if how.patience else ""
    return (
        f"Trained by {how.optimizer.replace('_', ' ')} with a learning rate of {how.learning_rate:g}, {batch} a step, "
        f"for {'at most ' if patience else ''}{count(how.epochs, 'epoch')}{patience}{l2}; seed {how.seed}."
    )
