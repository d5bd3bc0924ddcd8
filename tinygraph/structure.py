"""A node, or a list, tuple or dict of them: taken apart, and put together again in the same structure."""

from collections.abc import Callable
from typing import Any


def map_leaves(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure with `function` applied to whatever in it is no list, tuple or dict.

    >>> map_leaves(len, {"W": "abc", "layers": ["a", ("ab",)]})
    {'W': 3, 'layers': [1, (2,)]}
    """
    if isinstance(structure, dict):
        return {key: map_leaves(function, part) for key, part in structure.items()}
    if isinstance(structure, list | tuple):
        parts = [map_leaves(function, part) for part in structure]
        if hasattr(structure, "_fields"):  # a named tuple takes its parts one by one
            return type(structure)(*parts)
        return type(structure)(parts)
    return function(structure)


def leaves(structure: Any) -> list[Any]:
    """Whatever in the structure is no list, tuple or dict, from left to right."""
    found: list[Any] = []
    map_leaves(found.append, structure)
    return found
