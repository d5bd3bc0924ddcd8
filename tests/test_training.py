"""The one training loop: its steps are those written by hand, and what is taken up again ends in the same bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import linear_regression, logistic_regression, mlp, softmax_regression
from models.training import OPTIMIZERS, Settings, Training


def _examples(seed=0, n_x=4, m=30, classes=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_x, m))
    labels = np.argmax(rng.normal(size=(classes, n_x)) @ X + rng.normal(size=(classes, m)), axis=0)
    return X, np.eye(classes)[:, labels]


def _training(model, how, X, Y, held_out=None):
    return Training(model, how, X, Y, held_out or (X[:, :10], Y[:, :10]))


def _always(*_):
    return True


def test_full_batch_descent_is_the_notes_own_loop():
    X, Y = _examples()
    Y = Y[:1]
    model = logistic_regression.build(4)
    training = _training(model, Settings(learning_rate=0.3, epochs=50), X, Y)
    assert training.run(_always)
    w, b, m, costs = np.zeros((4, 1)), 0.0, 30, []
    for _ in range(50):
        A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
        costs.append(-1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)))
        dZ = A - Y
        w, b = w - 0.3 / m * np.dot(X, dZ.T), b - 0.3 / m * np.sum(dZ)
    np.testing.assert_allclose(model.weights[0].value, w, rtol=1e-9)
    np.testing.assert_allclose(model.biases[0].value, [[b]], rtol=1e-9)
    np.testing.assert_allclose(training.history.costs, costs, rtol=1e-9)


def test_minibatches_go_through_all_examples_in_an_order_of_the_seed_and_the_epoch():
    X, Y = _examples()
    model = softmax_regression.build(4, 3)
    training = _training(model, Settings(learning_rate=0.1, epochs=3, batch_size=8, seed=5), X, Y)
    training.run(_always)
    W, b, costs = np.zeros((4, 3)), np.zeros((3, 1)), []
    for epoch in range(3):
        order, total = np.random.default_rng([5, epoch]).permutation(30), 0.0
        for batch in (order[:8], order[8:16], order[16:24], order[24:]):
            Z = W.T @ X[:, batch] + b
            A = np.exp(Z) / np.exp(Z).sum(axis=0)
            total -= np.sum(Y[:, batch] * np.log(A))
            dZ = (A - Y[:, batch]) / len(batch)
            W, b = W - 0.1 * X[:, batch] @ dZ.T, b - 0.1 * dZ.sum(axis=1, keepdims=True)
        costs.append(total / 30)
    np.testing.assert_allclose(model.weights[0].value, W, rtol=1e-9)
    np.testing.assert_allclose(model.biases[0].value, b, rtol=1e-9)
    np.testing.assert_allclose(training.history.costs, costs, rtol=1e-9)


def test_l2_shrinks_the_weights_by_its_share_of_all_examples_and_leaves_the_biases():
    X, Y = _examples()
    plain, shrunk = (mlp.build(4, 3, hidden=(5,)) for _ in range(2))
    W, m = plain.weights[0].value.copy(), X.shape[1]
    _training(plain, Settings(learning_rate=0.1, epochs=1), X, Y).run(_always)
    _training(shrunk, Settings(learning_rate=0.1, epochs=1, l2=0.5), X, Y).run(_always)
    np.testing.assert_allclose(plain.weights[0].value - shrunk.weights[0].value, 0.1 * 0.5 / m * W, rtol=1e-6)
    np.testing.assert_array_equal(plain.biases[0].value, shrunk.biases[0].value)


def test_a_smaller_batch_makes_l2_no_stronger():
    X, Y = np.zeros((4, 16)), np.eye(3)[:, np.zeros(16, int)]
    model = mlp.build(4, 3, hidden=(5,))  # X is 0, so that L2 alone moves W1
    W = model.weights[0].value.copy()
    _training(model, Settings(learning_rate=0.1, epochs=1, batch_size=8, l2=0.5), X, Y).run(_always)
    np.testing.assert_allclose(model.weights[0].value, W * (1 - 0.1 * 0.5 / 16) ** 2, rtol=1e-12)


def test_early_stopping_keeps_the_parameters_that_were_best_on_held_out_data():
    X, Y = _examples(m=12)
    held_out = _examples(seed=9, m=40)  # of another rule, so that what is learned soon makes it worse
    model = mlp.build(4, 3, hidden=(20,))
    how = Settings("adam", 0.05, epochs=500, patience=7)
    training = _training(model, how, X, Y, held_out)
    assert training.run(_always)
    best, cost = min(training.history.held_out, key=lambda pair: pair[1])
    assert len(training.history.costs) == best + 7 + 1 < 500
    assert training.history.stopped == f"stopped early: the held-out cost was least in epoch {best}, at {cost:.6f}"
    assert model.J.eval({model.X: held_out[0], model.Y: held_out[1]}) > cost
    training.keep_the_best()
    np.testing.assert_allclose(model.J.eval({model.X: held_out[0], model.Y: held_out[1]}), cost, rtol=1e-12)


def test_of_equal_held_out_costs_the_first_is_the_best():
    X, Y = np.zeros((4, 9)), np.eye(3)[:, np.arange(9) % 3]  # nothing can be learned
    training = _training(softmax_regression.build(4, 3), Settings(epochs=50, patience=3), X, Y, (X, Y))
    assert training.run(_always)
    assert training.least[0] == 0
    assert len(training.history.costs) == 4


def test_without_early_stopping_the_last_parameters_stay():
    X, Y = _examples()
    model = softmax_regression.build(4, 3)
    training = _training(model, Settings(epochs=5), X, Y)
    training.run(_always)
    last = model.weights[0].value.copy()
    training.keep_the_best()
    np.testing.assert_array_equal(model.weights[0].value, last)


@settings(max_examples=30, deadline=None)
@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    batch_size=st.sampled_from([None, 7, 30]),
    l2=st.sampled_from([0, 0.1]),
    patience=st.sampled_from([None, 2, 100]),
    stops=st.integers(1, 9),
)
def test_a_run_that_is_taken_up_again_ends_in_the_same_bits(optimizer, batch_size, l2, patience, stops):
    X, Y = _examples()
    how = Settings(optimizer, 0.02, 10, batch_size, l2, patience, seed=3)

    def fresh():
        return _training(mlp.build(4, 3, hidden=(6,), seed=3), how, X, Y)

    whole, first, second = fresh(), fresh(), fresh()
    whole.run(_always)
    first.run(lambda epoch, _: epoch + 1 < stops)
    second.go_on_from({name: array.copy() for name, array in first.state().items()})
    second.run(_always)
    for training in (whole, second):
        training.keep_the_best()
    assert whole.state().keys() == second.state().keys()
    for name, array in whole.state().items():
        np.testing.assert_array_equal(array, second.state()[name], strict=True, err_msg=name)


def test_being_stopped_by_hand_is_told():
    X, Y = _examples()
    training = _training(softmax_regression.build(4, 3), Settings(epochs=50), X, Y)
    assert not training.run(lambda epoch, _: epoch < 4)
    last = _training(softmax_regression.build(4, 3), Settings(epochs=5), X, Y)
    assert last.run(lambda epoch, _: epoch < 4)  # asked to stop where it ends anyway
    assert len(training.history.costs) == 5
    assert training.history.stopped == "stopped by hand after 5 epochs"


def test_held_out_costs_are_a_curve_of_about_200_points_up_to_the_last_epoch():
    X, Y = _examples()
    training = _training(linear_regression.build(4), Settings(epochs=1001), X, Y[:1])
    training.run(_always)
    epochs = [epoch for epoch, _ in training.history.held_out]
    assert epochs[0] == 0
    assert epochs[-1] == 1000
    assert 190 <= len(epochs) <= 210


def test_numbers_beyond_what_a_float_can_hold_are_one_sentence():
    model = logistic_regression.build(n_x=2)
    X, Y = np.array([[1e200, -1e200], [1.0, 2.0]]), np.array([[1.0, 0.0]])
    told = r"the learning rate 1e\+200 is too large: in epoch \d+ .* hold; try --learning-rate 1e\+199"
    with pytest.raises(FloatingPointError, match=told):
        Training(model, Settings(learning_rate=1e200, epochs=10), X, Y, (X, Y)).run(_always)


def test_a_parameter_that_is_not_finite_is_noticed_in_the_last_epoch_too(monkeypatch):
    X, Y = _examples()
    training = _training(softmax_regression.build(4, 3), Settings(epochs=1), X, Y)
    step = training._step

    def silently_wrong(*args):
        cost = step(*args)
        training.model.biases[0].value = np.full((3, 1), np.inf)
        return cost

    monkeypatch.setattr(training, "_step", silently_wrong)
    with pytest.raises(FloatingPointError, match="too large: in epoch 0"):
        training.run(_always)
