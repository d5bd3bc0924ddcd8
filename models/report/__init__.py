"""The report of a training run: one page, offline, that shows the data, the graph and all that came out."""

from models.report import (
    accuracy,
    calibration,
    confusion,
    curves,
    derivation,
    examples,
    graph,
    line,
    mistakes,
    numbers,
    outcome,
    weights,
)
from models.report.page import page
from models.results import Results


def report(results: Results, shapes: str, command: str = "") -> str:
    """The whole page; `shapes` is the table of shapes as text, and `command` what was typed.

    The same results make the same page, byte by byte. Raises `DrawError` where math-core or matplotlib is missing.
    """
    train, test = results.judged
    if results.train.classes:
        quality = [accuracy.section(train, test), confusion.section(test), calibration.section(test)]
    else:
        quality = [numbers.section(train, test)]
    is_line = results.recipe.learns == "a number" and results.train.classes
    sections = [
        examples.section(train, test, shapes),
        graph.section(results),
        derivation.section(train),
        curves.section(results),
        *quality,
        *([line.section(train, test, command)] if is_line else []),
        weights.section(train),
        mistakes.section(test),
    ]
    return page(f"{results.recipe.title} on {results.train.source}", outcome.header(train, test, command), sections)
