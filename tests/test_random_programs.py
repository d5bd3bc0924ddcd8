"""Random programs of 5 to 40 ops beside JAX: value, gradient, and the gradient's own gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinygraph as tg

SHAPES = [(), (3,), (1, 3), (2, 1), (2, 3), (3, 2)]


def _leaky(x):
    return jnp.where(x > 0, x, 0.01 * x)


# name: (rank-free conditions on shapes, tinygraph, JAX)
UNARY = {
    "exp of tanh": (lambda x: tg.exp(tg.tanh(x)), lambda x: jnp.exp(jnp.tanh(x))),
    "log": (lambda x: tg.log(x * x + 1), lambda x: jnp.log(x * x + 1)),
    "sigmoid": (tg.sigmoid, jax.nn.sigmoid),
    "sigmoid written out": (lambda x: 1 / (1 + np.exp(-tg.tanh(x))), lambda x: 1 / (1 + jnp.exp(-jnp.tanh(x)))),
    "tanh": (np.tanh, jnp.tanh),
    "relu": (tg.relu, jax.nn.relu),
    "leaky_relu": (tg.leaky_relu, _leaky),
    "power": (lambda x: (x * x + 0.5) ** 1.5, lambda x: (x * x + 0.5) ** 1.5),
    "negative": (lambda x: -x, lambda x: -x),
    "transpose": (lambda x: x.T, lambda x: x.T),
    "reshape": (lambda x: x.reshape(-1), lambda x: x.reshape(-1)),
    "sum of rows": (lambda x: tg.sum(x, axis=-1, keepdims=True), lambda x: jnp.sum(x, axis=-1, keepdims=True)),
    "mean of columns": (lambda x: np.mean(x, axis=0), lambda x: jnp.mean(x, axis=0)),
    "where": (lambda x: tg.where(x > 0.5, x, 0.5 * x), lambda x: jnp.where(x > 0.5, x, 0.5 * x)),
}
BINARY = {
    "add": (lambda x, y: x + y, lambda x, y: x + y),
    "subtract": (lambda x, y: x - y, lambda x, y: x - y),
    "multiply": (lambda x, y: x * tg.tanh(y), lambda x, y: x * jnp.tanh(y)),
    "divide": (lambda x, y: x / (y * y + 1), lambda x, y: x / (y * y + 1)),
    "matmul": (lambda x, y: tg.tanh(x @ y), lambda x, y: jnp.tanh(x @ y)),
    "power": (lambda x, y: (x * x + 0.5) ** tg.sigmoid(y), lambda x, y: (x * x + 0.5) ** jax.nn.sigmoid(y)),
}


@st.composite
def programs(draw):
    """The shapes of the leaves, and for each step the op and the earlier values that it takes."""
    leaves = draw(st.lists(st.sampled_from(SHAPES), min_size=2, max_size=3))
    values = [np.zeros(shape) for shape in leaves]
    steps = []
    for _ in range(draw(st.integers(5, 40))):
        name = draw(st.sampled_from([*UNARY, *BINARY]))
        taken = [draw(st.integers(0, len(values) - 1)) for _ in range(1 if name in UNARY else 2)]
        try:
            value = np.asarray({**UNARY, **BINARY}[name][1](*(jnp.asarray(values[i]) for i in taken)))
        except (TypeError, ValueError, IndexError):
            continue  # shapes that don't fit, or an axis that isn't there
        if value.size <= 36 and value.ndim <= 3:
            steps.append((name, taken))
            values.append(value)
    return leaves, steps


def _run(program, leaves, which):
    values = list(leaves)
    for name, taken in program:
        values.append({**UNARY, **BINARY}[name][which](*(values[i] for i in taken)))
    xp = (tg, jnp)[which]
    total = xp.mean(values[-1])
    for value in values[:-1]:
        total = total + 0.1 * xp.mean(xp.tanh(value))
    return total


def _close(ours, theirs):
    assert np.shape(ours) == np.shape(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9 * max(1, np.max(np.abs(theirs), initial=0)))


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(programs(), st.integers(0, 2**32 - 1))
def test_value_gradient_and_second_derivative_agree_with_jax(program, seed):
    shapes, steps = program
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=shape) for shape in shapes]
    directions = [rng.normal(size=shape) for shape in shapes]

    leaves = [tg.input(f"x{i}", shape) for i, shape in enumerate(shapes)]
    J = _run(steps, leaves, 0)
    first = tg.grad(J, leaves)
    along = sum(tg.sum(g * v) for g, v in zip(first, directions, strict=True))
    second = tg.grad(along, leaves)
    ours = tg.evaluate((J, first, second), dict(zip(leaves, arrays, strict=True)))

    with jax.enable_x64(True):
        args = tuple(map(jnp.asarray, arrays))
        f = lambda *leaves: _run(steps, leaves, 1)
        gradient = jax.grad(f, argnums=tuple(range(len(args))))
        theirs_along = lambda *leaves: sum(jnp.sum(g * v) for g, v in zip(gradient(*leaves), directions, strict=True))
        _close(ours[0], f(*args))
        for mine, theirs in zip(ours[1], gradient(*args), strict=True):
            _close(mine, theirs)
        for mine, theirs in zip(ours[2], jax.grad(theirs_along, argnums=tuple(range(len(args))))(*args), strict=True):
            _close(mine, theirs)
