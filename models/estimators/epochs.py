"""Epochs of minibatches, until the loss or the score on held-out examples stops improving: scikit-learn's rules."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches, shuffle

from models.estimators.descent import Descent
from models.estimators.programs import Array


@dataclass
class History:
    """What each epoch came to, and the best so far: the least loss, or where a score is watched, the greatest score."""

    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best: float = -np.inf
    parameters: list[Array] = field(default_factory=list)
    epochs_in_vain: int = 0

    def add(self, value: float, tol: float, parameters: list[Array]) -> None:
        """Count the epoch, of which greater is better, as in vain unless it improved by `tol`."""
        self.epochs_in_vain = self.epochs_in_vain + 1 if value < self.best + tol else 0
        if value > self.best:
            self.best, self.parameters = value, parameters


@dataclass(frozen=True)
class Schedule:
    """How long it goes on, in steps of how many examples, and in which order: `rng` is None where none shuffles."""

    batch_size: int
    max_iter: int
    tol: float
    n_iter_no_change: float
    rng: np.random.RandomState | None


def train(
    descent: Descent,
    schedule: Schedule,
    data: tuple[Array, Array, Array, float],
    score: Callable[[list[Array]], float] | None = None,
) -> History:
    """Step through the examples in `data`, X (n_x, m), Y (n_y, m), S (1, m) and l2, epoch by epoch.

    It stops once more than `n_iter_no_change` epochs in a row have not improved the loss, or the `score` of the
    parameters where that is given, by `tol`; `ConvergenceWarning` says that `max_iter` epochs were not enough.
    """
    history, order = History(), np.arange(data[0].shape[1])
    for _ in range(schedule.max_iter):
        if schedule.rng is not None:
            order = shuffle(order, random_state=schedule.rng)
        history.losses.append(_epoch(descent, order, schedule.batch_size, *data))
        if score is not None:
            history.scores.append(score(descent.parameters))
        value = -history.losses[-1] if score is None else history.scores[-1]
        history.add(value, schedule.tol, descent.parameters)
        if history.epochs_in_vain > schedule.n_iter_no_change:
            return history
    warnings.warn(
        f"the {'loss' if score is None else 'score'} still improved in the last of max_iter={schedule.max_iter} epochs "
        f"(tol={schedule.tol}): raise max_iter",
        ConvergenceWarning,
        stacklevel=2,
    )
    return history


def _epoch(descent: Descent, order: Array, batch_size: int, X: Array, Y: Array, S: Array, l2: float) -> float:
    """The mean of the loss over the examples, each before the step that it is a part of."""
    total = 0.0
    for batch in gen_batches(len(order), batch_size):
        chosen = order[batch]
        # X.T has examples in rows, each of which lies in one piece.
        J, _ = descent.step(X.T[chosen].T, Y[:, chosen], S[:, chosen], l2)
        total += J * S[0, chosen].sum()
    return float(total / S.sum())
