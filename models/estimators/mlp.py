"""A network with hidden layers as scikit-learn has it."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from models.estimators import programs
from models.estimators.classifier import FLOATS, Classifier, codes
from models.estimators.descent import Descent
from models.estimators.epochs import Schedule, train
from models.estimators.lbfgs import lbfgs
from models.estimators.network import ACTIVATIONS, graph, initial
from models.estimators.objective import Objective
from models.estimators.programs import Array
from models.estimators.sample_weights import weights

SCIPY_FTOL = 2.2204460492503131e-09
"""The relative improvement of J below which SciPy's L-BFGS stops by itself, which scikit-learn leaves so here."""


class MLPClassifier(Classifier):
    """Minimizes 1/Σs (Σ s L + alpha/2 ‖W‖²), where L is the cross-entropy of an example and s its weight.

    `hidden_layer_sizes` are the numbers of neurons, `activation` is "relu", "tanh", "logistic", "identity" or "gelu".
    `solver` is "adam" (`beta_1`, `beta_2`, `epsilon`), "sgd" (`momentum`, `nesterovs_momentum`) or "lbfgs". The first
    two take steps of `learning_rate_init` on batches of `batch_size` examples, "auto" being at most 200, which
    `shuffle` draws anew in each epoch. They stop after `max_iter` epochs, with a `ConvergenceWarning`, or where more
    than `n_iter_no_change` epochs in a row have not improved the loss by `tol`; with `early_stopping` it is the
    accuracy on `validation_fraction` of the examples, held out, and the best epoch's parameters stay. "lbfgs" stops
    where no element of the gradient exceeds `tol`. `random_state` draws the first parameters, the order of examples and
    what is held out, as scikit-learn does; so the same settings make the same network there, but for where Adam adds
    epsilon. Examples of weight 0 are left out.

    Fitted, it has `coefs_` [(n_in, n_out), …] and `intercepts_` [(n_out,), …], of X's dtype; `classes_`, `n_iter_`,
    `loss_`, and unless by L-BFGS `loss_curve_`, `best_loss_`, `validation_scores_` and `best_validation_score_`. A
    setting out of range raises `InvalidParameterError`, and a cost that stops being finite `ValueError`.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((10,), activation="tanh", solver="lbfgs", alpha=1.0, max_iter=2000, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.95
    True
    """

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn's way
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate_init=0.001,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "MLPClassifier":
        """Learn from rows X (m, n_x), their classes y (m,), and the weight that each is given, 1 by default."""
        rows, y = validate_data(self, X, y, dtype=FLOATS)
        Y = self._coded(y, rows.dtype)
        s = weights(sample_weight, rows)
        if not s.all():  # a batch of such examples alone would have no mean
            rows, Y, s = rows[s > 0], Y[:, s > 0], s[s > 0]
        hidden = np.ravel(self.hidden_layer_sizes).tolist()
        if not all(isinstance(size, int) and size > 0 for size in hidden):
            raise ValueError(f"hidden_layer_sizes is {hidden}, and each must be a whole number from 1 on")

        rng = check_random_state(self.random_state)
        sizes = [rows.shape[1], *hidden, len(Y)]
        self.n_layers_, self.n_outputs_ = len(sizes), len(Y)
        self.out_activation_ = "logistic" if len(Y) == 1 else "softmax"
        fit = self._fit_by_lbfgs if self.solver == "lbfgs" else self._fit_by_steps
        fit(rows, Y, s, initial(sizes, self.activation, rng, rows.dtype), rng)
        return self

    def _fit_by_lbfgs(self, rows: Array, Y: Array, s: Array, start: list[Array], rng: Any) -> None:  # noqa: ARG002
        cost = programs.cost(self._objective(rows.dtype), len(rows) * _widest(start))
        data = rows.T, Y, s[None], float(self.alpha)
        parameters, self.loss_, self.n_iter_ = lbfgs(
            lambda parameters: cost(*data, *parameters), start, self.tol, self.max_iter, SCIPY_FTOL
        )
        self._keep(parameters)

    def _fit_by_steps(self, rows: Array, Y: Array, s: Array, start: list[Array], rng: Any) -> None:
        score = None
        if self.early_stopping:
            stratify = Y[0] if len(Y) == 1 else None
            split = train_test_split(
                rows, Y.T, s, random_state=rng, test_size=self.validation_fraction, stratify=stratify
            )
            rows, Y, s = split[0], split[2].T, split[4]
            score = self._accuracy(split[1], split[3].T, split[5], _widest(start))
        batch_size = min(200 if self.batch_size == "auto" else self.batch_size, len(rows))
        optimizer, settings = self._optimizer()
        rate = float(self.learning_rate_init)
        objective = self._objective(rows.dtype)
        descent = Descent(objective, batch_size * _widest(start), start, optimizer, rate, **settings)
        schedule = Schedule(batch_size, self.max_iter, self.tol, self.n_iter_no_change, rng if self.shuffle else None)
        history = train(descent, schedule, (rows.T, Y, s[None], float(self.alpha)), score)

        self.n_iter_, self.loss_curve_, self.loss_ = len(history.losses), history.losses, history.losses[-1]
        self.best_loss_ = None if score else -history.best
        self.best_validation_score_ = history.best if score else None
        self.validation_scores_ = history.scores if score else None
        self._keep(history.parameters if score else descent.parameters)

    def _optimizer(self) -> tuple[str, dict[str, float]]:
        """The one of `tg.optim`, and its settings."""
        if self.solver == "adam":
            return "adam", {"beta1": self.beta_1, "beta2": self.beta_2, "epsilon": self.epsilon}
        if self.momentum == 0:
            return "gradient_descent", {}
        return "nesterov" if self.nesterovs_momentum else "momentum", {"momentum": self.momentum}

    def _accuracy(self, rows: Array, Y: Array, s: Array, widest: int) -> Any:
        """The share of held-out examples that parameters get right, as a function of these."""
        Z = programs.scores(self._objective(rows.dtype), len(rows) * widest)
        return lambda parameters: float(np.average(codes(Z(rows.T, *parameters)) == codes(Y), weights=s))

    def _keep(self, parameters: list[Array]) -> None:
        layers = len(parameters) // 2
        self.coefs_, self.intercepts_ = parameters[:layers], [b[:, 0] for b in parameters[layers:]]

    def _objective(self, dtype: np.dtype) -> Objective:
        return graph(self.n_layers_ - 1, self.activation, self.n_outputs_ == 1, dtype)

    def _parameters(self) -> list[Array]:
        return [*self.coefs_, *(b[:, None] for b in self.intercepts_)]


def _widest(parameters: list[Array]) -> int:
    return max(len(parameter) for parameter in parameters)
