"""A contender is a training step as one library writes it; all of them must compute the same."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

STEPS = 3


@dataclass(frozen=True)
class Contender:
    """A step that returns the cost and updates the parameters, and how these are read as arrays."""

    step: Callable[[], Any]
    parameters: Callable[[], Iterable[Any]]


Builder = Callable[..., Contender]


def build(builders: Mapping[str, Builder], only: Iterable[str], *data: Any) -> dict[str, Callable[[], Any]]:
    """The steps whose name holds one of the words, and the first; what isn't installed is left out, and said to be.

    Raises `AssertionError` where costs or parameters differ from the first one's after some steps.
    """
    built: dict[str, Contender] = {}
    for name, builder in builders.items():
        if built and not any(word.lower() in name.lower() for word in only):
            continue
        try:
            built[name] = builder(*data)
        except ModuleNotFoundError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    agree(built)
    return {name: contender.step for name, contender in built.items()}


def agree(contenders: Mapping[str, Contender]) -> None:
    """Check the costs of some steps, and the parameters after them, against the first contender's."""
    seen: dict[str, list[Any]] = {}
    for name, contender in contenders.items():
        costs = [float(np.squeeze(_array(contender.step()))) for _ in range(STEPS)]
        seen[name] = [np.array(costs), *map(_array, contender.parameters())]
    first, *others = seen
    for name in others:
        for own, its in zip(seen[name], seen[first], strict=True):
            np.testing.assert_allclose(np.squeeze(own), np.squeeze(its), rtol=1e-9, atol=1e-12, err_msg=name)


def _array(value: Any) -> np.ndarray:
    return np.asarray(value.detach() if hasattr(value, "detach") else getattr(value, "data", value))
