"""What is wrong with a line, in one sentence: which piece of it, what was found, and what to write instead."""

import difflib
import re
from collections.abc import Iterable

from tinygraph.errors import TinygraphError

MOST_QUOTED = 60
"""A piece of a line is quoted up to so many signs."""

REMEDIES = {
    "give feeds=…": "give some with --value or --feeds",
    "say array.reshape(-1, 1) for a column or array.reshape(1, -1) for a row": "a column is [[1],[2]], a row [[1,2]]",
}
"""What the library says to readers who write Python, and what it is to those who write lines."""


class LineError(TinygraphError, ValueError):
    """A line, a leaf or a value that can't be read."""


def quoted(piece: str) -> str:
    """The piece in one line, cut where it is long.

    >>> quoted("mean(L,\\n     axis=1)")
    'mean(L, axis=1)'
    """
    text = " ".join(piece.split())
    return text if len(text) <= MOST_QUOTED else f"{text[: MOST_QUOTED - 1]}…"


def near(name: str, known: Iterable[str]) -> str:
    """The question whether a known name was meant; empty where none is near.

    >>> near("sigmoud", ["sigmoid", "sin"]), near("x", ["X", "Y"]), near("x", ["Y"])
    (': did you mean sigmoid?', ': did you mean X?', '')
    """
    known = list(known)
    found = [each for each in known if each.casefold() == name.casefold()]
    found = found or difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f": did you mean {found[0]}?" if found else ""


def in_lines(message: str) -> str:
    """A message of the library's whose remedy is written for lines, where it was written for Python.

    >>> in_lines('Is 64 n_x? Then say W = tg.parameter(…, dims=("n_x", 1))')
    'Is 64 n_x? Then declare W(n_x, 1)'
    """

    def declared(found: re.Match[str]) -> str:
        return f"declare {found[1] or found[2]}({found[3].replace(chr(34), '').rstrip(',')})"

    message = re.sub(r'say (?:(\w+) = )?tg\.(?:input\("(\w+)", |parameter\(…, dims=)\((.*?)\)\)', declared, message)
    for python, command in REMEDIES.items():
        message = message.replace(python, command)
    return message
