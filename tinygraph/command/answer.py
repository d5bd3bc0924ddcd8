"""An answer: what is printed for people, the same for machines, and what is wrong."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from tinygraph.graph import Node
from tinygraph.lines import Model
from tinygraph.samples import told_samples
from tinygraph.sizes import Shape, Size
from tinygraph.table import printable

MOST_TOLD = 1000
"""A message is cut that takes more signs."""


@dataclass(frozen=True)
class Answer:
    """The text of a command, its data for `--json`, and the error of a check that failed."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def told(text: str) -> str:
    """A message in one line, without signs that would move a terminal's cursor.

    >>> told("wrong\\n  here")
    'wrong here'
    """
    return printable(textwrap.shorten(text, MOST_TOLD, placeholder=" …"))


def plain(value: Any) -> Any:
    """The value as JSON can hold it: arrays as lists, a size by its name, and inf and NaN as texts.

    >>> plain({"x": np.array([1.0, np.nan]), "shape": (3,)})
    {'x': [1.0, 'nan'], 'shape': [3]}
    """
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, Size) else value


def shapes(model: Model) -> dict[str, Shape]:
    """The shape of each leaf and each line that is an array, by its name."""
    return {name: node.shape for name, node in model.names.items() if isinstance(node, Node)}


def samples_of(model: Model, fed: Mapping[Node, Any] = MappingProxyType({}), sampled: Sequence[Node] = ()) -> str:
    """Which inputs have samples, and which parameters start as such; empty where none does."""
    values: dict[Node, Any] = dict(fed)
    values |= {node: node.value for node in model.sampled}
    return told_samples(values, [*sampled, *model.sampled], before="" if sampled else "parameters: ")


def named(nodes: Sequence[Node]) -> list[str]:
    """The names of nodes."""
    return [str(node.name) for node in nodes]
