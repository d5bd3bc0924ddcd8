"""The held-out examples that the model got most wrong, with what it said of them."""

import numpy as np

from models.report.markup import count, file, name, number, paragraph, percent, table
from models.report.page import Section
from models.report.pixels import photo
from models.results import Judged

MOST, MOST_CERTAIN = 24, 12
"""How many mistakes are shown, and where there is none, how many of the least certain answers."""


def section(test: Judged) -> Section:
    """Up to 24 mistakes, the greatest loss first; or of numbers, those that are furthest off."""
    if not test.data.classes:
        return Section("mistakes", "Answers that are furthest off", _furthest_off(test))
    wrong, shown = int(np.sum(test.guesses != test.labels)), most_wrong(test)
    if wrong:
        title, told = "Most wrongly classified", _how_many(wrong, test)
    else:
        shown = np.argsort(test.of_right, kind="stable")[:MOST_CERTAIN]
        title = "Least certain"
        told = f"No held-out example is put into a wrong class; these {len(shown)} come closest to it."
    if not test.are_probabilities:
        told += " Beside a class stands what the line answers for it, which is no probability."
    content = _cards(test, shown) if test.data.are_pictures else _rows(test, shown)
    return Section("mistakes", title, paragraph(told) + content)


def _how_many(wrong: int, test: Judged) -> str:
    of = f"Of {count(len(test.data), 'held-out example')},"
    if wrong == 1:
        return f"{of} 1 is put into a wrong class."
    which = f"here are {MOST} of them, the" if wrong > MOST else "the"
    return f"{of} {wrong:,} are put into a wrong class; {which} most wrong first."


def most_wrong(test: Judged) -> np.ndarray:
    """The numbers of up to 24 examples in a wrong class: the less probable their own was said to be, the sooner."""
    order = np.argsort(test.of_right, kind="stable")
    return order[test.guesses[order] != test.labels[order]][:MOST]


def _said(test: Judged, example: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """The right class and the guessed one, each with its probability; or where they are one, the next likely."""
    probabilities, right = test.probabilities[example], int(test.labels[example])
    guessed = int(test.guesses[example])
    if guessed == right:
        guessed = int(np.argmax(np.where(np.arange(len(probabilities)) == right, -np.inf, probabilities)))
    tell = percent if test.are_probabilities else lambda answer: number(answer, 3)
    classes = test.data.classes
    return (name(classes[right]), tell(float(probabilities[right]))), (
        name(classes[guessed]),
        tell(float(probabilities[guessed])),
    )


def _cards(test: Judged, shown: np.ndarray) -> str:
    cards = []
    for example in map(int, shown):
        right, other = _said(test, example)
        verb = "not" if test.guesses[example] == test.labels[example] else "taken for"
        alt = f"held-out example {example}, of class {test.data.classes[test.labels[example]]}"
        told = f"<p><span>is <b>{right[0]}</b></span>{right[1]}</p>"
        told += f'<p><span>{verb} <b class="taken">{other[0]}</b></span>{other[1]}</p>'
        picture = photo(test.data.inputs[example], test.data.white, alt)
        cards.append(f"<li><figure>{picture}{told}<figcaption>{_called(test, example)}</figcaption></figure></li>")
    return f'<ol class="mistakes">{"".join(cards)}</ol>'


def _rows(test: Judged, shown: np.ndarray) -> str:
    rows = []
    for example in map(int, shown):
        right, other = _said(test, example)
        rows.append([_called(test, example), *right, *other, _telling(test, example)])
    is_wrong = bool(len(shown)) and test.guesses[shown[0]] != test.labels[shown[0]]
    head = ["example", "is", "given", "was put into" if is_wrong else "could be", "given", "furthest from the mean in"]
    return table(head, rows, kind="words")


def _furthest_off(test: Judged) -> str:
    errors = test.answers[0] - test.labels
    shown = np.argsort(-np.abs(errors), kind="stable")[:MOST]
    rows = [
        [
            _called(test, i),
            number(float(test.labels[i])),
            number(float(test.answers[0, i])),
            number(float(errors[i])),
            photo(test.data.inputs[i], test.data.white, f"example {i}")
            if test.data.are_pictures
            else _telling(test, i),
        ]
        for i in map(int, shown)
    ]
    told = paragraph(f"The {len(shown)} held-out examples whose answer is furthest from their label.")
    last = "picture" if test.data.are_pictures else "furthest from the mean in"
    return told + table(["example", "label", "answer", "off by", last], rows, kind="words")


def _called(test: Judged, example: int) -> str:
    """The file of an example, or its number among the held-out ones."""
    return file(test.data.names[example]) if test.data.names else f"held-out {example}"


def _telling(test: Judged, example: int) -> str:
    """The features that set an example apart, as text; a σ is a standard deviation of the training examples."""
    found = test.telling(example)
    return ", ".join(f"{name(what)} {number(value, 3)} ({_signed(away)} σ)" for what, value, away in found)


def _signed(away: float) -> str:
    return f"{away:+.1f}".replace("-", "−")
