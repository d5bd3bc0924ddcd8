"""A call as a line makes it: of known functions, with a node among the arguments, and never long."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.graph import Node, as_node, constant, number
from tinygraph.lines.limits import check_work
from tinygraph.sizes import Size

MAKERS = ("array", "asarray", "arange")
"""Functions that make a node of what is none."""


def called(function: Callable[..., Any], name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What the function gives: nodes, sizes and numbers, or a tuple of them.

    Raises `TooMuchError` for a call that takes long, and whatever the function raises.

    >>> import tinygraph as tg
    >>> called(tg.maximum, "maximum", [[1, 2], 2], {})
    <maximum(array, 2) (2,) int64>
    """
    check_work(name, [*args, *kwargs.values()])
    if name not in MAKERS and not _has_node([*args, *kwargs.values()]):
        args = _with_a_node(args)
    return _without_arrays(function(*args, **kwargs))


def _has_node(value: Any) -> bool:
    return any(map(_has_node, value)) if isinstance(value, tuple | list) else isinstance(value, Node)


def _with_a_node(args: Sequence[Any]) -> Sequence[Any]:
    """The arguments, the first array or number as a node: so no array is computed here, that could be large."""
    for place, value in enumerate(args):
        if isinstance(value, list | tuple):
            return [*args[:place], constant(np.asarray(value)), *args[place + 1 :]]
        if isinstance(value, Size | int | float):
            return [*args[:place], as_node(value), *args[place + 1 :]]
    raise TypeError("an array comes first, without a name before it")


def _without_arrays(result: Any) -> Any:
    if isinstance(result, tuple | list):
        return tuple(map(_without_arrays, result))
    if isinstance(result, np.generic):
        return result.item()
    if isinstance(result, np.ndarray):
        return constant(result)
    return result if number(result) is None else number(result)
