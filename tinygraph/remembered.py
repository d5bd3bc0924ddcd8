"""What is known of a node besides the node itself, and is forgotten with it."""

from collections.abc import Hashable
from typing import Any, Generic, TypeVar
from weakref import ref

T = TypeVar("T")


class Remembered(Generic[T]):
    """Something for each object, as long as the object lives; by identity, since == of nodes is elementwise.

    >>> import tinygraph as tg
    >>> notes, x = Remembered(), tg.input("x", ())
    >>> notes[x] = "an input"
    >>> notes.get(x), notes.get(x + 1)
    ('an input', None)
    """

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[ref[Any], T]] = {}

    def __setitem__(self, key: Any, value: T) -> None:
        place = id(key)
        self._held[place] = (ref(key, lambda _: self._held.pop(place, None) and None), value)

    def get(self, key: Any) -> T | None:
        """What is remembered of it, or None."""
        found = self._held.get(id(key))
        return found[1] if found else None
