"""The one training loop: full batch or minibatches, any optimizer, early stopping, a state from which it goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygraph as tg
from models.model import Model, blocks

Array = np.ndarray[Any, Any]
OPTIMIZERS = ("gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw")


@dataclass(frozen=True)
class Settings:
    """How a model is trained; `batch_size` None is the full batch, `patience` None is no early stopping.

    An epoch is one pass over the examples: a single step where the batch is the full one.
    """

    optimizer: str = "gradient_descent"
    learning_rate: float = 0.005
    epochs: int = 2000
    batch_size: int | None = None
    l2: float = 0
    patience: int | None = None
    seed: int = 0


@dataclass
class History:
    """The cost of each epoch on the training examples, and on held-out ones where it was computed: (epoch, cost).

    Both are the mean of the loss; what L2 adds is not in them.
    """

    costs: list[float] = field(default_factory=list)
    held_out: list[tuple[int, float]] = field(default_factory=list)
    stopped: str = ""


class Training:
    """A model in training, epoch by epoch; `state` is all that it needs to go on.

    X (n_x, m) and Y (n_y, m) are learned from; on `held_out`, another such pair, the cost is watched. Each step is one
    call of a compiled program, which updates the parameters.
    """

    def __init__(self, model: Model, settings: Settings, X: Array, Y: Array, held_out: tuple[Array, Array]):
        self.model, self.settings, self.X, self.Y, self.held_out = model, settings, X, Y, held_out
        self.history = History()
        self.best: dict[str, Array] = {}
        self.least = (-1, np.inf)  # the epoch whose held-out cost was least, and that cost
        m = X.shape[1]
        J = model.regularized(settings.l2, None if settings.batch_size is None else m).J
        updates = getattr(tg.optim, settings.optimizer)(J, model.parameters, settings.learning_rate)
        self._learned = {parameter.name: parameter for parameter in updates}
        self._step = tg.compile([model.X, model.Y], model.J, updates)
        self._cost = tg.compile([model.X, model.Y], model.J)

    def run(self, after_each: Callable[[int, float], bool]) -> bool:
        """Train for as many epochs as the settings say, or until held-out data stop it.

        After each epoch `after_each(epoch, cost)` says whether to go on; where it says no, the answer is False.
        Raises `FloatingPointError` where the cost or a parameter stops being finite.
        """
        with np.errstate(over="raise", invalid="raise"):
            while len(self.history.costs) < self.settings.epochs and not self._has_stopped():
                try:
                    self._epoch()
                except (tg.EvaluationError, FloatingPointError):
                    rate, epoch = self.settings.learning_rate, len(self.history.costs)
                    raise FloatingPointError(
                        f"the learning rate {rate:g} is too large: in epoch {epoch} the numbers left what a float can "
                        f"hold; try --learning-rate {rate / 10:g}"
                    ) from None
                costs = self.history.costs
                if not after_each(len(costs) - 1, costs[-1]) and len(costs) < self.settings.epochs:
                    self.history.stopped = f"stopped by hand after {len(costs)} epochs"
                    return False
        return True

    def keep_the_best(self) -> None:
        """Where held-out data were to stop training, the parameters become those of the epoch that was best on them."""
        if self.best:
            for parameter in self.model.parameters:
                parameter.value = self.best[parameter.name]

    def _epoch(self) -> None:
        epoch, m, size = len(self.history.costs), self.X.shape[1], self.settings.batch_size
        if size is None:
            cost = float(self._step(self.X, self.Y))
        else:
            shuffled = np.random.default_rng([self.settings.seed, epoch]).permutation(m)
            cost = _mean_over(self._step, self.X, self.Y, [shuffled[block] for block in blocks(m, size)])
        if not all(np.isfinite(array).all() for array in (cost, *self.memory().values())):
            raise FloatingPointError  # not every BLAS tells of an overflow
        self.history.costs.append(cost)
        self._watch(epoch)

    def _watch(self, epoch: int) -> None:
        """Compute the cost on held-out data: each epoch where it may stop training, else for a curve of 200 points."""
        patience, every = self.settings.patience, max(1, self.settings.epochs // 200)
        if patience is None and epoch % every and epoch + 1 < self.settings.epochs:
            return
        cost = _mean_over(self._cost, *self.held_out, blocks(self.held_out[0].shape[1]))
        self.history.held_out.append((epoch, cost))
        if patience is not None and cost < self.least[1]:
            self.least = (epoch, cost)
            self.best = {parameter.name: parameter.value.copy() for parameter in self.model.parameters}

    def _has_stopped(self) -> bool:
        best, cost = self.least
        if self.settings.patience is None or len(self.history.costs) - 1 - best < self.settings.patience:
            return False
        self.history.stopped = f"stopped early: the held-out cost was least in epoch {best}, at {cost:.6f}"
        return True

    def memory(self) -> dict[str, Array]:
        """The parameters and what the optimizer remembers, by name."""
        return {name: parameter.value for name, parameter in self._learned.items()}

    def state(self) -> dict[str, Array]:
        """All that changes as training goes on, by name: parameters, what the optimizer remembers, costs, the best."""
        return {
            **self.memory(),
            **{f"best {name}": value for name, value in self.best.items()},
            "costs": np.array(self.history.costs),
            "held-out costs": np.array(self.history.held_out).reshape(-1, 2),
        }

    def go_on_from(self, state: dict[str, Array]) -> None:
        """Take up training where that state left it, to the last bit."""
        for name, parameter in self._learned.items():
            parameter.value = state[name]
        self.best = {p.name: state[f"best {p.name}"] for p in self.model.parameters if f"best {p.name}" in state}
        held_out = [(int(epoch), float(cost)) for epoch, cost in state["held-out costs"]]
        self.history.costs[:], self.history.held_out[:] = state["costs"].tolist(), held_out
        if self.best:
            self.least = min(held_out, key=lambda pair: pair[1])


def safe_rate(X: Array) -> float:
    """A learning rate at which full-batch gradient descent on half the squared error of WᵀX + b can't diverge.

    Below 2/λ it can't, λ being the largest eigenvalue of the Hessian, which is at most the sum of them: 1 for b, and
    the mean of ‖x‖² over the columns of X (n_x, m).

    >>> safe_rate(np.array([[3.0, 1.0], [0.0, 2.0]]))
    0.125
    """
    return float(1 / (1 + np.sum(X * X) / X.shape[1]))


def _mean_over(cost: Callable[..., Any], X: Array, Y: Array, parts: Sequence[Any]) -> float:
    """The mean cost of the examples in these parts, each computed by one call."""
    costs = [(float(cost(X[:, part], Y[:, part])), Y[:, part].shape[1]) for part in parts]
    return sum(cost * count for cost, count in costs) / sum(count for _, count in costs)
