"""The estimators beside scikit-learn's own: the same interface, checked by its checks, and the same numbers."""

import pickle
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import linear_model, neural_network
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import threadpool_limits

from models import LinearRegression, LogisticRegression, MLPClassifier
from models.estimators import logistic, programs
from models.estimators.network import graph

may_stop_early = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def _scaled(load, dtype=np.float64):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X).astype(dtype), y


def _is_near(found, expected, rel=1e-4):
    np.testing.assert_allclose(found, expected, rtol=rel, atol=rel * np.abs(expected).max())


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Threads of BLAS that share cores with other tests wait for each other, for milliseconds at each call."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def cancer():
    return _scaled(load_breast_cancer)


@pytest.fixture(scope="module")
def iris():
    return _scaled(load_iris)


# scikit-learn's own checks: each passes, and none is expected to fail.


def _passes(estimator):
    results = check_estimator(estimator, on_skip=None)
    others = {result["check_name"] for result in results if result["status"] != "passed"}
    assert others <= {"check_array_api_input"}, (
        "which is skipped unless SCIPY_ARRAY_API is set before SciPy is imported"
    )
    assert len(results) > 50


@may_stop_early
@pytest.mark.parametrize("estimator", [LinearRegression(), LogisticRegression(), MLPClassifier(max_iter=20)], ids=repr)
def test_scikit_learns_checks_pass(estimator):
    _passes(estimator)


@pytest.mark.slow
@may_stop_early
@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(fit_intercept=False),
        LinearRegression(solver="lbfgs", max_iter=50),
        LinearRegression(solver="gradient_descent", max_iter=100),
        LinearRegression(solver="adam", max_iter=100),
        LogisticRegression(C=0.1, class_weight="balanced"),
        LogisticRegression(solver="gradient_descent"),
        LogisticRegression(solver="adam"),
        LogisticRegression(warm_start=True, C=np.inf, max_iter=20),
        MLPClassifier(),
        MLPClassifier((8, 4), "tanh", batch_size=40, max_iter=100, learning_rate_init=0.01),
        MLPClassifier(8, "logistic", solver="sgd", learning_rate_init=0.5, max_iter=100),
        MLPClassifier((8,), solver="lbfgs", max_iter=15),
    ],
    ids=repr,
)
def test_scikit_learns_checks_pass_with_other_settings(estimator):
    _passes(estimator)


# The same numbers as scikit-learn's.


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris, load_digits], ids=lambda load: load.__name__)
@pytest.mark.parametrize("C", [0.01, 1, 100])
def test_logistic_regression_has_scikit_learns_coefficients(load, C):
    X, y = _scaled(load)
    ours = LogisticRegression(C=C, max_iter=1000).fit(X, y)
    theirs = linear_model.LogisticRegression(C=C, max_iter=1000).fit(X, y)
    _is_near(ours.coef_, theirs.coef_)
    _is_near(ours.intercept_, theirs.intercept_)
    _is_near(ours.predict_proba(X), theirs.predict_proba(X))
    _is_near(ours.decision_function(X), theirs.decision_function(X))
    assert ours.n_iter_.tolist() == theirs.n_iter_.tolist()
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris], ids=lambda load: load.__name__)
@pytest.mark.parametrize(
    "same",
    [{"fit_intercept": False}, {"class_weight": "balanced"}, {"class_weight": {0: 3, 1: 0.5}}, {"tol": 1e-6}],
    ids=str,
)
def test_weighted_logistic_regression_has_scikit_learns_coefficients(load, same, rng):
    X, y = _scaled(load)
    weights = rng.uniform(0, 3, len(y))
    ours = LogisticRegression(max_iter=1000, **same).fit(X, y, sample_weight=weights)
    theirs = linear_model.LogisticRegression(max_iter=1000, **same).fit(X, y, sample_weight=weights)
    _is_near(ours.coef_, theirs.coef_)
    _is_near(ours.intercept_, theirs.intercept_)


@pytest.mark.parametrize(("solver", "steps"), [("gradient_descent", 20000), ("adam", 5000)])
def test_all_solvers_of_logistic_regression_reach_the_same(cancer, solver, steps):
    exact = LogisticRegression(C=0.1, tol=1e-10, max_iter=1000).fit(*cancer)
    model = LogisticRegression(C=0.1, solver=solver, tol=1e-7, max_iter=steps).fit(*cancer)
    _is_near(model.coef_, exact.coef_)
    assert 1 < model.n_iter_[0] < steps


@pytest.mark.parametrize("solver", ["lbfgs", "gradient_descent", "adam"])
def test_no_element_of_the_gradient_exceeds_tol_where_a_solver_stops(cancer, solver):
    X, y = cancer
    model = LogisticRegression(solver=solver, tol=1e-3, max_iter=5000).fit(X, y)
    cost = programs.cost(logistic.graph(True, True, X.dtype), X.size)
    _, gradients = cost(X.T, y[None] * 1.0, np.ones((1, len(y))), 1.0, model.coef_.T, model.intercept_[:, None])
    assert max(np.abs(gradient).max() for gradient in gradients) <= 1e-3


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("solver", ["lstsq", "lbfgs"])
@pytest.mark.parametrize("targets", [1, 2])
def test_linear_regression_has_scikit_learns_coefficients(fit_intercept, solver, targets, rng):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    if solver != "lstsq":
        X = StandardScaler().fit_transform(X)
    y = y if targets == 1 else np.stack([y, X[:, 0] - y], axis=1)
    for weights in (None, rng.uniform(0, 3, len(y))):
        ours = LinearRegression(fit_intercept=fit_intercept, solver=solver).fit(X, y, weights)
        theirs = linear_model.LinearRegression(fit_intercept=fit_intercept).fit(X, y, weights)
        _is_near(ours.coef_, theirs.coef_)
        _is_near(ours.intercept_, theirs.intercept_)
        _is_near(ours.predict(X), theirs.predict(X))
        assert np.shape(ours.coef_) == np.shape(theirs.coef_)


def test_descent_reaches_least_squares():
    X, y = _scaled(load_diabetes)
    X = X[:, :4]  # the others tell nearly the same, which takes descent long
    exact = LinearRegression().fit(X, y)
    for solver, rate in (("gradient_descent", "auto"), ("adam", 1.0)):
        model = LinearRegression(solver=solver, learning_rate_init=rate).fit(X, y)
        _is_near(model.coef_, exact.coef_)
        assert 1 < model.n_iter_ < model.max_iter


@pytest.mark.parametrize("shape", [(40, 6), (6, 40)], ids=["tall", "wide"])
def test_of_all_that_fit_as_well_least_squares_finds_the_least(shape, rng):
    X = rng.normal(size=shape) + 5
    X[:, -1] = X[:, 0] + X[:, 1]
    X[:, 2] = 7  # as a constant feature does, too
    y = rng.normal(size=shape[0])
    ours, theirs = LinearRegression().fit(X, y), linear_model.LinearRegression().fit(X, y)
    _is_near(ours.coef_, theirs.coef_)
    _is_near(ours.predict(X), theirs.predict(X))


def test_least_squares_keeps_its_digits_where_features_differ_in_size_and_lie_far_from_zero(rng):
    true, sizes = rng.normal(size=4), np.array([1e-2, 1, 1e2, 1e3])
    X = rng.normal([0, 1e6, 10, -3], size=(200, 4)) * sizes
    model = LinearRegression().fit(X, X @ true + 3)
    _is_near(model.coef_, true)
    assert model.score(X, X @ true + 3) == pytest.approx(1)


SAME_NETWORKS = [
    {"solver": "sgd", "learning_rate_init": 0.05},
    {
        "solver": "sgd",
        "nesterovs_momentum": False,
        "hidden_layer_sizes": (8, 6),
        "activation": "logistic",
        "alpha": 1.0,
    },
    {"solver": "sgd", "momentum": 0, "shuffle": False, "batch_size": 64, "activation": "identity"},
    {"solver": "sgd", "early_stopping": True, "learning_rate_init": 0.05, "activation": "tanh", "n_iter_no_change": 2},
    {"solver": "lbfgs", "alpha": 0.1, "hidden_layer_sizes": 5, "activation": "tanh"},
]


@may_stop_early
@pytest.mark.parametrize("data", ["cancer", "iris"])
@pytest.mark.parametrize("same", SAME_NETWORKS, ids=str)
def test_the_same_settings_make_scikit_learns_network(data, same, request):
    X, y = request.getfixturevalue(data)
    same = {"hidden_layer_sizes": (10,), "max_iter": 15, "random_state": 0} | same
    ours, theirs = MLPClassifier(**same).fit(X, y), neural_network.MLPClassifier(**same).fit(X, y)
    for found, expected in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        _is_near(found, expected)
    _is_near(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.loss_ == pytest.approx(theirs.loss_)
    names = ["n_iter_", "n_layers_", "n_outputs_", "out_activation_"]
    if same["solver"] != "lbfgs":
        names += ["loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_"]
    for name in names:
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name)), name


@may_stop_early
def test_adam_trains_scikit_learns_network_but_for_epsilon(cancer):
    same = {"hidden_layer_sizes": (10,), "max_iter": 20, "random_state": 0, "alpha": 1.0}
    ours, theirs = MLPClassifier(**same).fit(*cancer), neural_network.MLPClassifier(**same).fit(*cancer)
    assert ours.loss_curve_ == pytest.approx(theirs.loss_curve_, rel=1e-3)


@pytest.mark.parametrize("is_binary", [True, False])
def test_the_cost_and_its_gradient_are_those_of_scikit_learns_network(is_binary, cancer, iris):
    X, y = cancer if is_binary else iris
    weights = np.linspace(0.5, 2, len(y))
    theirs = neural_network.MLPClassifier((4, 3), "tanh", solver="sgd", alpha=5, max_iter=1, learning_rate_init=1e-300)
    with pytest.warns(ConvergenceWarning):
        theirs.fit(X, y)  # has not moved
    sizes = [X.shape[1], 4, 3, theirs.n_outputs_]
    Y = theirs._label_binarizer.transform(y)
    expected, dW, db = theirs._backprop(
        X, Y, weights, [X, *[None] * 3], [None] * 3, [np.empty(pair) for pair in pairwise(sizes)], [None] * 3
    )
    cost = programs.cost(graph(3, "tanh", is_binary, X.dtype), X.size)
    parameters = [*theirs.coefs_, *(b[:, None] for b in theirs.intercepts_)]
    J, gradients = cost(X.T, Y.T.astype(float), weights[None], 5.0, *parameters)
    assert float(J) == pytest.approx(expected)
    for found, gradient in zip(gradients, [*dW, *(b[:, None] for b in db)], strict=True):
        _is_near(found, gradient, rel=1e-9)


# Weights of examples.


@may_stop_early
@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(),
        LogisticRegression(),
        LogisticRegression(class_weight="balanced"),
        MLPClassifier((4,), "tanh", max_iter=5, random_state=0, shuffle=False),
    ],
    ids=repr,
)
@settings(max_examples=15)
@given(weights=st.lists(st.integers(0, 3), min_size=12, max_size=12).filter(lambda w: sum(w[:6]) and sum(w[6:])))
def test_a_whole_weight_is_as_many_examples(model, weights):
    X = np.random.default_rng(0).normal(size=(12, 3))
    y = np.arange(12) // 6
    weighted = clone(model).fit(X, y, sample_weight=weights)
    repeated = clone(model).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-5, atol=1e-7)
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-4, atol=1e-6)


@may_stop_early
@pytest.mark.parametrize("model", [LinearRegression(), LogisticRegression(), MLPClassifier(max_iter=2)], ids=repr)
def test_weights_that_are_none_are_refused(model, iris):
    with pytest.raises(ValueError, match="Negative"):
        model.fit(*iris, sample_weight=np.linspace(-1, 1, 150))
    with pytest.raises(ValueError, match="zero"):
        model.fit(*iris, sample_weight=np.zeros(150))


@may_stop_early
def test_a_batch_of_examples_of_weight_zero_leaves_the_network_finite(iris):
    weights = np.arange(150) % 50 < 10
    model = MLPClassifier((3,), max_iter=3, batch_size=5, shuffle=False).fit(*iris, sample_weight=weights)
    assert np.isfinite(model.coefs_[0]).all()


def test_classes_are_balanced_where_one_has_no_weight(iris):
    X, y = iris
    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(X, y, sample_weight=y != 2)
    assert np.isfinite(model.coef_).all()
    assert model.score(X[y != 2], y[y != 2]) == 1


# What scikit-learn does with estimators.


def test_cross_validation_in_a_pipeline():
    X, y = load_breast_cancer(return_X_y=True)
    assert cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), X, y, cv=5).mean() >= 0.97


@pytest.mark.parametrize("n_jobs", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_grid_search(n_jobs, cancer):
    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.001, 1]}, cv=3, n_jobs=n_jobs).fit(*cancer)
    theirs = GridSearchCV(linear_model.LogisticRegression(max_iter=1000), {"C": [0.001, 1]}, cv=3).fit(*cancer)
    assert search.best_params_ == theirs.best_params_
    assert search.cv_results_["mean_test_score"] == pytest.approx(theirs.cv_results_["mean_test_score"])


@may_stop_early
@pytest.mark.parametrize("model", [LinearRegression(), LogisticRegression(), MLPClassifier((5,), max_iter=3)], ids=repr)
def test_what_is_learned_can_be_pickled_and_predicts_in_threads(model, cancer):
    X, y = cancer
    expected = model.fit(X, y).predict(X)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - made here
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(again.predict, [X] * 16):
            assert np.array_equal(found, expected)
    with ThreadPoolExecutor(4) as pool:
        fits = list(pool.map(lambda _: clone(model).set_params(**_seeded(model)).fit(X, y).predict(X), range(8)))
    assert all(np.array_equal(found, fits[0]) for found in fits)


def _seeded(model):
    return {"random_state": 0} if "random_state" in model.get_params() else {}


def test_labels_and_features_may_have_names():
    frame, y = load_iris(return_X_y=True, as_frame=True)
    model = LogisticRegression(max_iter=200).fit(frame, load_iris().target_names[y])
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert model.feature_names_in_.tolist() == list(frame.columns)
    assert model.predict(frame[:1]).tolist() == ["setosa"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[frame.columns[::-1]])


def test_fit_goes_on_from_the_last_with_a_warm_start(cancer):
    model = LogisticRegression(warm_start=True, tol=1e-5, max_iter=1000).fit(*cancer)
    reached = model.coef_
    for solver in ("lbfgs", "gradient_descent", "adam"):
        model.set_params(solver=solver, tol=1e-4).fit(*cancer)
        assert model.n_iter_[0] <= 1
        assert np.array_equal(model.coef_, reached)
    assert LogisticRegression().fit(*cancer).fit(*cancer).n_iter_[0] > 1


@may_stop_early
def test_random_state_determines_the_network(iris):
    first, second, other = (
        MLPClassifier((4,), max_iter=3, random_state=seed).fit(*iris).coefs_[0] for seed in (1, 1, 2)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


# Numbers: memory, dtypes, and what is large or small.


@pytest.mark.parametrize("solver", ["lbfgs", "gradient_descent"])
@may_stop_early
def test_examples_are_not_copied(solver, rng, monkeypatch):
    X = rng.normal(size=(20000, 50))
    y = (X[:, 0] + rng.normal(size=20000) > 0).astype(int)
    fed = []
    for name in ("cost", "step", "scores"):
        original = getattr(programs, name)
        monkeypatch.setattr(
            programs, name, lambda *args, original=original, **kwargs: _spying(original, fed, *args, **kwargs)
        )
    model = LogisticRegression(solver=solver, max_iter=3)
    model.fit(X[:100], y[:100]).predict(X[:100])  # what is compiled takes memory, too
    fed.clear()
    tracemalloc.start()
    model.fit(X, y).predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(fed) > 3
    assert all(array.shape == (50, 20000) and np.shares_memory(array, X) for array in fed)
    assert peak < X.nbytes / 2


def _spying(original, fed, *args, **kwargs):
    program = original(*args, **kwargs)

    def spy(run):
        return lambda X, *rest: (fed.append(X), run(X, *rest))[1]

    return (spy(program[0]), program[1]) if isinstance(program, tuple) else spy(program)


def test_the_program_of_large_data_is_forgotten_with_them(iris, monkeypatch):
    objective = graph(2, "relu", False, np.dtype(np.float64))
    small = programs.scores(objective, programs.LARGEST_REMEMBERED)
    assert programs.scores(objective, 1) is small
    assert programs.scores(objective, programs.LARGEST_REMEMBERED + 1) is not small


@may_stop_early
@pytest.mark.parametrize("model", [LinearRegression(), LogisticRegression(), MLPClassifier((5,), max_iter=3)], ids=repr)
def test_float32_stays_float32(model, iris):
    X, y = iris
    model.fit(X.astype(np.float32), y)
    answer = model.predict_proba if hasattr(model, "predict_proba") else model.predict
    assert answer(X.astype(np.float32)).dtype == np.float32
    assert answer(X).dtype == np.float64
    assert {a.dtype for a in (getattr(model, "coefs_", None) or [model.coef_])} == {np.dtype(np.float32)}


def test_float32_has_the_coefficients_of_float64(cancer):
    X, y = cancer
    ours = LogisticRegression().fit(X.astype(np.float32), y)
    _is_near(ours.coef_, LogisticRegression().fit(X, y).coef_)


@pytest.mark.parametrize("data", ["cancer", "iris"])
def test_probabilities_sum_to_one_and_never_round_to_zero(data, request):
    X, y = request.getfixturevalue(data)
    model = LogisticRegression(C=1e3, max_iter=1000).fit(X, y)
    for size in (1, 1e3, 1e100):
        P, log_P = model.predict_proba(size * X), model.predict_log_proba(size * X)
        assert np.abs(P.sum(axis=1) - 1).max() <= 4 * np.finfo(float).eps
        assert (P > 0).all()
        assert np.isfinite(log_P).all()
        usual = P > 1e-300
        np.testing.assert_allclose(log_P[usual], np.log(P[usual]), rtol=1e-9, atol=1e-12)
        assert (P.argmax(axis=1) == log_P.argmax(axis=1)).all()


@may_stop_early
@pytest.mark.parametrize("size", [1e6, 1e100])
def test_large_features_make_no_nan(size, cancer):
    X, y = cancer
    model = LogisticRegression(max_iter=50).fit(size * X, y)
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.predict_proba(size * X)).all()


# Faults.


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (LogisticRegression(C=0), ["'C'", "(0.0, inf]", "Got 0"]),
        (
            LogisticRegression(solver="newton-x"),
            ["'solver'", "'lbfgs'", "'gradient_descent'", "'adam'", "Got 'newton-x'"],
        ),
        (LogisticRegression(max_iter=0), ["'max_iter'", "[1, inf)", "Got 0"]),
        (LogisticRegression(class_weight="equal"), ["'class_weight'", "'balanced'", "Got 'equal'"]),
        (LinearRegression(solver="sgd"), ["'solver'", "'lstsq'", "Got 'sgd'"]),
        (LinearRegression(tol=-1), ["'tol'", "[0.0, inf)", "Got -1"]),
        (MLPClassifier(activation="step"), ["'activation'", "'relu'", "Got 'step'"]),
        (MLPClassifier(alpha=-1), ["'alpha'", "Got -1"]),
    ],
    ids=repr,
)
def test_a_setting_out_of_range_is_named_with_what_was_expected_and_found(model, words, iris):
    with pytest.raises(InvalidParameterError) as caught:
        model.fit(*iris)
    for word in words:
        assert word in str(caught.value)


def test_layers_without_neurons_are_refused(iris):
    with pytest.raises(ValueError, match=r"hidden_layer_sizes is \[3, 0\], and each must be a whole number from 1 on"):
        MLPClassifier((3, 0)).fit(*iris)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (LogisticRegression(max_iter=2), "L-BFGS has not converged after 2 iterations .max_iter=2"),
        (LogisticRegression(max_iter=2, solver="adam"), "has not converged after max_iter=2 steps"),
        (LinearRegression(max_iter=2, solver="gradient_descent"), "has not converged after max_iter=2 steps"),
        (MLPClassifier((3,), max_iter=2), "the loss still improved in the last of max_iter=2 epochs"),
        (MLPClassifier((3,), max_iter=2, early_stopping=True), "the score still improved in the last of max_iter=2"),
        (MLPClassifier((3,), max_iter=2, solver="lbfgs"), "L-BFGS has not converged after 2 iterations"),
    ],
    ids=repr,
)
def test_what_has_not_converged_warns(model, words, iris):
    with pytest.warns(ConvergenceWarning, match=words):
        model.fit(*iris)


def test_a_learning_rate_that_is_too_large_is_named(rng):
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    with pytest.raises(ValueError, match="learning_rate_init=100 is too large"):
        LinearRegression(solver="gradient_descent", learning_rate_init=100).fit(X, y)


def test_data_of_other_kinds_are_refused(iris):
    X, y = iris
    with pytest.raises(ValueError, match="needs at least 2 classes, and y has 1 class: 0"):
        LogisticRegression().fit(X, np.zeros(150, int))
    with pytest.raises(ValueError, match="Unknown label type"):
        LogisticRegression().fit(X, np.linspace(0, 1, 150))
    with pytest.raises(ValueError, match="1d array"):
        MLPClassifier().fit(X, np.stack([y, y], axis=1))
    with pytest.warns(DataConversionWarning):
        LogisticRegression().fit(X, y[:, None])
    with pytest.raises(TypeError, match="Sparse data"):
        LogisticRegression().fit(scipy.sparse.csr_array(X), y)
    with pytest.raises(NotFittedError):
        LogisticRegression().predict(X)
    with pytest.raises(ValueError, match="NaN"):
        LinearRegression().fit(pd.DataFrame(X).where(X < 2), y)


# What a command doesn't need, it doesn't wait for.


def _run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603


def test_scikit_learn_is_imported_where_an_estimator_is_asked_for():
    found = _run("import sys, models.logistic_regression; print('sklearn' in sys.modules or 'scipy' in sys.modules)")
    assert found.stdout.strip() == "False", found.stderr


def test_without_scikit_learn_the_error_says_what_to_install():
    found = _run("import sys; sys.modules['sklearn'] = None; from models import LogisticRegression")
    assert "ImportError: models.LogisticRegression needs scikit-learn, which is not installed" in found.stderr
    assert "pip install '.[models]'" in found.stderr
    assert "has no attribute 'Nonsense'" in _run("import models; models.Nonsense").stderr
