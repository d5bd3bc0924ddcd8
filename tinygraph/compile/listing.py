"""Where tracebacks and warnings find the lines of a program that never was a file."""

import linecache
from collections import deque
from itertools import count
from weakref import finalize

from tinygraph.notation import PROGRAMS

_NUMBERS = count(1)
_FREE: deque[str] = deque()


def listing(owner: object, text: str) -> str:
    """The file name under which the lines are found, as long as the owner lives; then another program may have it."""
    try:
        name = _FREE.pop()
    except IndexError:
        name = f"{PROGRAMS}program {next(_NUMBERS)}>"
    _show(name, text)
    finalize(owner, _give_back, name)
    return name


def _show(name: str, text: str) -> None:
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def _give_back(name: str) -> None:
    # Blanked and not taken out: owners die at any moment, and linecache fails on an entry that goes while it looks.
    _show(name, "")
    _FREE.append(name)
