"""Numbers that arrays are multiplied by: the fast program multiplies as seldom as it can, and by the same product."""

import numpy as np
import pytest

import tinygraph as tg

X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
AT = {"X": np.array([[4.0, 0, 1], [0, 3, 1]]), "Y": np.array([[1.0, 0, 1]])}


def _model():
    W = tg.parameter(np.array([[0.5], [-0.25]]), "W", dims=("n_x", 1))
    b = tg.parameter(np.array([[0.1]]), "b")
    J = tg.mean((np.dot(W.T, X) + b - Y) ** 2)
    return J, W, b


def _count(program, call):
    return program.split("def step")[1].count(f"{call}(")


def _agree(inputs, outputs, updates, parameters):
    """What a step answers and leaves is what the graph says."""
    feeds = {node: AT[node.name] for node in inputs}
    expected = tg.evaluate([outputs, [updates[parameter] for parameter in parameters]], feeds)
    step = tg.compile(inputs, outputs, updates=updates)
    np.testing.assert_allclose(step(*feeds.values()), expected[0], rtol=1e-14)
    for parameter, value in zip(parameters, expected[1], strict=True):
        np.testing.assert_allclose(parameter.value, value, rtol=1e-14)
    return step


def test_the_rate_is_given_once_to_what_all_gradients_are_made_of():
    J, W, b = _model()
    dW, db = tg.grad(J, [W, b])
    step = _agree([X, Y], J, {W: W - 0.1 * dW, b: b - 0.1 * db}, [W, b])
    assert _count(step.program, "multiply") == 2  # the square in J, and rate * 2 / m beside dZ
    assert "dZ" not in step.program  # no line bears the name of what it is no longer
    assert "dW = X @ " in step.source


def test_a_network_multiplies_by_its_rate_once():
    W1, b1 = tg.parameter(np.ones((3, 2)), dims=(3, "n_x")), tg.parameter(np.zeros((3, 1)))
    W2, b2 = tg.parameter(np.ones((1, 3))), tg.parameter(np.zeros((1, 1)))
    A1 = np.tanh(W1 @ X + b1)
    J = tg.mean((W2 @ A1 + b2 - Y) ** 2)
    parameters = [W1, b1, W2, b2]
    step = _agree([X, Y], J, tg.optim.gradient_descent(J, parameters, 0.1), parameters)
    assert _count(step.program, "multiply") <= 4  # the square in J, the factor, and 1 - A1 * A1 times dA1


def test_a_gradient_that_is_returned_is_not_scaled():
    J, W, b = _model()
    dW, db = tg.grad(J, [W, b])
    step = tg.compile([X, Y], [J, dW], updates={W: W - 0.1 * dW, b: b - 0.1 * db})
    expected = tg.evaluate(dW, AT)
    np.testing.assert_allclose(step(**AT)[1], expected, rtol=1e-14)


@pytest.mark.parametrize("largest", [1e-3, 1e3])
def test_a_rate_that_is_made_of_the_gradients_stays_where_it_is(largest):
    J, W, b = _model()
    dW, db = tg.grad(J, [W, b])
    norm = tg.sqrt(tg.sum(dW**2) + tg.sum(db**2))
    rate = 0.1 * tg.minimum(1.0, largest / norm)
    _agree([X, Y], J, {W: W - rate * dW, b: b - rate * db}, [W, b])


def test_different_rates_stay_apart():
    J, W, b = _model()
    dW, db = tg.grad(J, [W, b])
    _agree([X, Y], J, {W: W - 0.1 * dW, b: b - 0.2 * db}, [W, b])


def test_a_rate_that_is_a_parameter_is_read_at_each_call():
    J, W, b = _model()
    rate = tg.parameter(0.1, "rate")
    dW, db = tg.grad(J, [W, b])
    step = tg.compile([X, Y], J, updates={W: W - rate * dW, b: b - rate * db, rate: rate / 2})
    for _ in range(3):
        expected = tg.evaluate([W - rate * dW, b - rate * db], AT)
        step(**AT)
        np.testing.assert_allclose(W.value, expected[0], rtol=1e-14)
        np.testing.assert_allclose(b.value, expected[1], rtol=1e-14)


def test_one_number_is_written_beside_the_other():
    x = tg.input("x", (1, 1))
    program = tg.compile([x], np.exp(np.tanh(np.sinh(x)))).program
    lines = [line.strip() for line in program.split("def step")[1].splitlines() if "np." not in line and "(" in line]
    for line in lines:  # in NumPy a call that writes over one number takes three times as long
        args = line.partition("(")[2].rstrip(")").split(", ")
        assert len(args) == len(set(args)), line
