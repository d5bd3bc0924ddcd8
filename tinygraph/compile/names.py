"""Names for variables: the reader's own where Python can have them, each once; no other text of his is printed."""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

RESERVED = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "np", "step", "memory"}


class Names:
    """Hands out names, each once.

    >>> names = Names(["sigmoid"])
    >>> names.take("dZ"), names.take("dZ"), names.take("class"), names.take("learning rate!"), names.take("sigmoid")
    ('dZ', 'dZ_2', 'class_2', 'learning_rate', 'sigmoid_2')
    """

    def __init__(self, taken: Iterable[str] = ()):
        self._taken = {*RESERVED, *taken}
        self._next: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """The wanted name, as an identifier that was not taken yet."""
        base = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", wanted)).strip("_") or "x"
        base = base if base.isidentifier() else f"x_{base}" if f"x_{base}".isidentifier() else "x"
        name, number = base, self._next.get(base, 2)
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._next[base] = number
        self._taken.add(name)
        return name

    def number(self, letter: str) -> str:
        """A name for what has none: the letter and a number."""
        count = self._next.get(f"{letter} ", 1)
        while f"{letter}{count}" in self._taken:
            count += 1
        self._next[f"{letter} "] = count + 1
        self._taken.add(f"{letter}{count}")
        return f"{letter}{count}"
