"""Text, numbers and tables as HTML, in which whatever comes from data stays text."""

import html
import re
from collections.abc import Sequence

UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def text(value: object) -> str:
    """The value as text: no sign of it is markup, and none is one that a page can't hold.

    >>> text("</script><b>")
    '&lt;/script&gt;&lt;b&gt;'
    """
    return html.escape(UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(value)))


def name(value: object) -> str:
    """A name that came with the data, which may be written from right to left amid text that is not."""
    return f"<bdi>{text(value)}</bdi>"


def file(value: object) -> str:
    """The path of a file, which is written from left to right whatever its folders are called."""
    return f'<bdi dir="ltr">{text(value)}</bdi>'


def quoted(value: object) -> str:
    """A name that came with the data, in a sentence."""
    return f"“{name(value)}”"


def number(value: float, digits: int = 4) -> str:
    """A number of so many digits, or a dash where there is none.

    >>> number(-0.00123456), number(123456.0), number(float("nan"))
    ('−0.001235', '123456', '–')
    """
    if value != value:
        return "–"
    told = f"{value:.{digits}g}"
    return (f"{value:.0f}" if "e+" in told and abs(value) < 1e9 else told).replace("-", "−")


def percent(part: float, digits: int = 1) -> str:
    """A part of one as a percentage, which is told as 0 or 100 % only where it is.

    >>> percent(0.1234), percent(0.99999), percent(1.0), percent(float("nan"))
    ('12.3\\xa0%', '>\\xa099.9\\xa0%', '100\\xa0%', '–')
    """
    if part != part:
        return "–"
    least = 10.0**-digits
    if part in (0, 1):
        return f"{100 * part:.0f}\N{NO-BREAK SPACE}%"
    if 0 < part < least / 200 or 1 - least / 200 < part < 1:
        sign, edge = ("<", least) if part < 0.5 else (">", 100 - least)
        return f"{sign}\N{NO-BREAK SPACE}{edge:.{digits}f}\N{NO-BREAK SPACE}%"
    return f"{100 * part:.{digits}f}\N{NO-BREAK SPACE}%".replace("-", "−")


def count(how_many: int, what: str) -> str:
    """How many there are of a thing.

    >>> count(1, "example"), count(1437, "example"), count(2, "class")
    ('1 example', '1,437 examples', '2 classes')
    """
    ending = "" if how_many == 1 else "es" if what.endswith("s") else "s"
    return f"{how_many:,} {what}{ending}"


def paragraph(*sentences: str) -> str:
    """Sentences of markup, those that are empty left out."""
    return f"<p>{' '.join(filter(None, sentences))}</p>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """A table of markup, whose first column names the rows; `kind` is its class in the style."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    return f'<div class="wide"><table class="{kind}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def folded(summary: str, content: str) -> str:
    """Markup that is shown when its summary is clicked, without a script."""
    return f"<details><summary>{summary}</summary>{content}</details>"
