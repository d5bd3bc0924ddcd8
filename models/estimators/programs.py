"""The compiled programs of an objective, which are pure functions: parameters go in at each call, and come out."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

import tinygraph as tg
from models.estimators.objective import Objective

Array = np.ndarray[Any, Any]
Program = Callable[..., Any]
T = TypeVar("T")
Settings = ParamSpec("Settings")

LARGEST_REMEMBERED = 2**20
"""How many numbers an array in a program may have, for the program to be kept with the memory that it works in."""


def _remembered(
    compiled: Callable[Concatenate[Objective, Settings], T],
) -> Callable[Concatenate[Objective, int, Settings], T]:
    """Compile once for each objective, unless data are large: the program's memory shall go when they go."""
    cached = lru_cache(maxsize=64)(compiled)

    def remembered(objective: Objective, largest: int, *args: Settings.args, **kwargs: Settings.kwargs) -> T:
        return (cached if largest <= LARGEST_REMEMBERED else compiled)(objective, *args, **kwargs)

    return remembered


@_remembered
def scores(objective: Objective) -> Program:
    """Z (n_y, m), as a function of X and the parameters."""
    return tg.compile([objective.X, *objective.parameters], objective.Z)


@_remembered
def probabilities(objective: Objective) -> Program:
    """The probability of each class (n_classes, m), as a function of X and the parameters."""
    Z, A = objective.Z, objective.A
    # 1 - A would round to 0 where A rounds to 1.
    P = tg.concatenate([tg.sigmoid(-Z), A], axis=0) if _is_binary(objective) else A
    return tg.compile([objective.X, *objective.parameters], tg.maximum(P, np.finfo(P.dtype).smallest_subnormal))


@_remembered
def log_probabilities(objective: Objective) -> Program:
    """Its logarithm, as stable as the cost, where the logarithm of what rounds to 0 would be -inf."""
    A = objective.A
    logs = tg.concatenate([tg.log(1 - A), tg.log(A)], axis=0) if _is_binary(objective) else tg.log(A)
    return tg.compile([objective.X, *objective.parameters], logs)


def _is_binary(objective: Objective) -> bool:
    return objective.A.shape[0] == 1


@_remembered
def cost(objective: Objective) -> Program:
    """J, and its gradient with respect to each parameter, as a function of X, Y, S, l2 and the parameters."""
    gradients = tg.grad(objective.J, objective.parameters)
    return tg.compile([*objective.data, *objective.parameters], [objective.J, gradients])


@_remembered
def step(objective: Objective, optimizer: str, **settings: float) -> tuple[Program, list[tg.Parameter]]:
    """One step of an optimizer of `tg.optim`, and what it remembers from step to step, as parameters.

    The step is a function of X, Y, S, l2, the learning rate, the parameters and what is remembered; it answers with J,
    the gradients, the next parameters, and what is remembered next.
    """
    rate = tg.input("rate", (), objective.X.dtype)
    updates = getattr(tg.optim, optimizer)(objective.J, objective.parameters, rate, **settings)
    gradients = tg.grad(objective.J, objective.parameters)
    parameters = [updates.pop(parameter) for parameter in objective.parameters]
    inputs = [*objective.data, rate, *objective.parameters, *updates]
    return tg.compile(inputs, [objective.J, gradients, parameters, list(updates.values())]), list(updates)
