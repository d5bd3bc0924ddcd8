"""Random programs of 5 to 40 ops beside JAX: value, gradient, Hessian-vector product; of small ones all derivatives."""

import warnings
from functools import cache
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinygraph as tg

# Most of the time of these tests is JAX's compiler's: so it takes the shortest way.
QUICK = {"xla_cpu_use_fusion_emitters": False}
LARGEST, LONGEST = 72, 3  # elements and axes of a value: a step that makes more is not taken


# Where XLA compiles a whole program it may compute x twice, with other roundings. JAX's own maximum and its kin ask for
# their derivative where x *equals* the result, and then find it nowhere: so here they are written with < and places.


def _max(x, axis=None, keepdims=False):
    if axis is None:
        return jnp.reshape(_max(jnp.ravel(x), 0), (1,) * x.ndim if keepdims else ())
    largest = jnp.take_along_axis(x, jnp.argmax(x, axis=axis, keepdims=True), axis)
    return largest if keepdims else jnp.squeeze(largest, axis)


def _clip(x, low, high):
    return jnp.where(x < low, low, jnp.where(x > high, high, x))


def _norm(x, order=None, **how):
    return _max(jnp.abs(x), **how) if order == np.inf else jnp.linalg.norm(x, order, **how)


def _conv2d(x, w, stride=1, padding=0):
    sides = [(padding, padding)] * 2
    return jax.lax.conv_general_dilated(x, w, (stride, stride), sides)


def _max_pool2d(x, window):
    """The largest of each window, of windows side by side; no two elements of one are equal here."""
    h, w = window
    rows, columns = x.shape[-2] // h, x.shape[-1] // w
    kept = x[..., : rows * h, : columns * w]
    blocks = jnp.swapaxes(jnp.reshape(kept, (*x.shape[:-2], rows, h, columns, w)), -3, -2)
    return _max(jnp.reshape(blocks, (*x.shape[:-2], rows, columns, h * w)), axis=-1)


def _avg_pool2d(x, window):
    h, w = window
    seen = [x[..., i : x.shape[-2] - h + 1 + i, j : x.shape[-1] - w + 1 + j] for i in range(h) for j in range(w)]
    return sum(seen)[..., ::h, ::w] / (h * w)


REWRITTEN = ("max", "min", "maximum", "minimum", "clip", "hypot")
THEIRS = SimpleNamespace(
    **{name: getattr(jnp, name) for name in dir(jnp) if name in tg.__all__ and name not in REWRITTEN},
    **{name: getattr(jnp.linalg, name) for name in ("cholesky", "det", "inv", "slogdet", "solve")},
    **{name: getattr(jax.nn, name) for name in ("elu", "log_sigmoid", "log_softmax", "relu", "sigmoid", "silu")},
    **{name: getattr(jax.nn, name) for name in ("leaky_relu", "logsumexp", "softmax", "softplus")},
    erf=jax.scipy.special.erf,
    gelu=lambda x, approximate=False: jax.nn.gelu(x, approximate),
    max=_max,
    min=lambda x, **how: -_max(-x, **how),
    maximum=lambda x, y: jnp.where(x > y, x, y),
    minimum=lambda x, y: jnp.where(x < y, x, y),
    clip=_clip,
    hypot=lambda x, y: jnp.sqrt(x * x + y * y),
    norm=_norm,
    conv2d=_conv2d,
    max_pool2d=_max_pool2d,
    avg_pool2d=_avg_pool2d,
)


# What makes an argument fit: each of these is itself made of ops.


def _positive(x):
    return x * x + 0.5


def _apart(xp, x):
    """x with no two elements equal, and none 0: so that rounding decides at no kink and in no tie."""
    return xp.sin(x + 0.37 * xp.reshape(xp.cumsum(xp.ones_like(x)), x.shape))


def _rows(x):
    """x with two axes or more."""
    return x if x.ndim > 1 else x.reshape(1, -1)


def _one_matrix(x):
    return _rows(x) if x.ndim < 3 else x[0]


def _pictures(x):
    return x.reshape(1, *x.shape) if x.ndim == 3 else _rows(x)[None, None]


def _definite(xp, x):
    """A symmetric, positive definite matrix, or a stack of them, that is well conditioned."""
    rows = xp.tanh(_rows(x))
    square = rows @ rows.mT
    return square + 1.5 * xp.tril(xp.triu(xp.ones_like(square)))


def _regular(xp, x):
    """A matrix with an inverse, or a stack of them, that is not symmetric."""
    square = _definite(xp, x)
    return square + 0.5 * xp.triu(xp.sin(square), 1)


def _masked(xp, x):
    """A sum over the elements that a mask keeps; for JAX, which would need their number, the rest is 0."""
    mask = _apart(xp, x) > 0.1
    return xp.sum(x[mask] * xp.sin(x)[mask]) if xp is tg else xp.sum(xp.where(mask, x * xp.sin(x), 0))


def _index(*key):
    return lambda xp, x: x[key]


INTEGERS = np.array([-1, 0, 0, -1])  # which every axis has

# Every op once, for both libraries: xp is tinygraph or JAX, the rest are nodes or JAX's arrays.
UNARY = {
    "exp of tanh": lambda xp, x: xp.exp(xp.tanh(x)),
    "exp2": lambda xp, x: xp.exp2(xp.tanh(x)),
    "expm1": lambda xp, x: xp.expm1(xp.tanh(x)),
    "log": lambda xp, x: xp.log(_positive(x)),
    "log2": lambda xp, x: xp.log2(_positive(x)),
    "log10": lambda xp, x: xp.log10(_positive(x)),
    "log1p": lambda xp, x: xp.log1p(x * x),
    "sqrt": lambda xp, x: xp.sqrt(_positive(x)),
    "cbrt": lambda xp, x: xp.cbrt(_positive(x)),
    "square": lambda xp, x: xp.square(xp.tanh(x)),
    "reciprocal": lambda xp, x: xp.reciprocal(_positive(x)),
    "sin": lambda xp, x: xp.sin(x),
    "cos": lambda xp, x: xp.cos(x),
    "tan": lambda xp, x: xp.tan(xp.sin(x)),
    "arcsin": lambda xp, x: xp.arcsin(0.9 * xp.sin(x)),
    "arccos": lambda xp, x: xp.arccos(0.9 * xp.sin(x)),
    "arctan": lambda xp, x: xp.arctan(x),
    "sinh": lambda xp, x: xp.sinh(xp.tanh(x)),
    "cosh": lambda xp, x: xp.cosh(xp.tanh(x)),
    "arcsinh": lambda xp, x: xp.arcsinh(x),
    "arccosh": lambda xp, x: xp.arccosh(_positive(x) + 1),
    "arctanh": lambda xp, x: xp.arctanh(0.9 * xp.sin(x)),
    "degrees": lambda xp, x: xp.rad2deg(xp.tanh(x)) * 0.01 + xp.deg2rad(x),
    "abs": lambda xp, x: xp.abs(_apart(xp, x)),
    "steps": lambda xp, x: x * xp.sign(_apart(xp, x)) + xp.floor(_apart(xp, x)) * xp.tanh(x),
    "rounded": lambda xp, x: xp.rint(3 * _apart(xp, x)) * xp.sin(x) + xp.round(_apart(xp, x), 1),
    "remainder": lambda xp, x: xp.remainder(_apart(xp, x), 0.7),
    "sigmoid": lambda xp, x: xp.sigmoid(x),
    "sigmoid written out": lambda xp, x: 1 / (1 + xp.exp(-xp.tanh(x))),
    "tanh": lambda xp, x: xp.tanh(x),
    "relu": lambda xp, x: xp.relu(x),
    "leaky_relu": lambda xp, x: xp.leaky_relu(_apart(xp, x)),
    "elu": lambda xp, x: xp.elu(_apart(xp, x)),
    "softplus": lambda xp, x: xp.softplus(x),
    "log_sigmoid": lambda xp, x: xp.log_sigmoid(x),
    "silu": lambda xp, x: xp.silu(x),
    "gelu": lambda xp, x: xp.gelu(x),
    "gelu, by tanh": lambda xp, x: xp.gelu(x, approximate=True),
    "erf": lambda xp, x: xp.erf(x),
    "power": lambda xp, x: _positive(x) ** 1.5,
    "cube": lambda xp, x: xp.tanh(x) ** 3,
    "number to a power": lambda xp, x: 1.7 ** xp.tanh(x),
    "negative": lambda xp, x: -x,
    "where": lambda xp, x: xp.where(_apart(xp, x) > 0.1, x, 0.5 * x),
    "clip": lambda xp, x: xp.clip(_apart(xp, x), -0.7, 0.8),
    "transpose": lambda xp, x: x.T,
    "mT": lambda xp, x: _rows(x).mT,
    "reshape": lambda xp, x: x.reshape(-1),
    "rows kept": lambda xp, x: xp.reshape(_rows(x), (_rows(x).shape[0], -1)),
    "ravel": lambda xp, x: xp.ravel(x),
    "moveaxis": lambda xp, x: xp.moveaxis(_rows(x), 0, -1),
    "swapaxes": lambda xp, x: xp.swapaxes(_rows(x), 0, 1),
    "expand_dims": lambda xp, x: xp.expand_dims(x, -1),
    "squeeze": lambda xp, x: xp.squeeze(xp.expand_dims(x, 0), 0),
    "flip": lambda xp, x: xp.flip(x),
    "flip one": lambda xp, x: xp.flip(_rows(x), axis=1),
    "roll": lambda xp, x: xp.roll(x, 1),
    "roll both": lambda xp, x: xp.roll(_rows(x), (1, -1), (0, 1)),
    "tile": lambda xp, x: xp.tile(x, (2, 1)),
    "repeat": lambda xp, x: xp.repeat(_rows(x), 2, axis=0),
    "repeat flat": lambda xp, x: xp.repeat(x, 2),
    "broadcast_to": lambda xp, x: xp.broadcast_to(x, (2, *x.shape)),
    "pad": lambda xp, x: xp.pad(_rows(x), ((1, 0), (0, 2))[: x.ndim] + ((1, 1),) * (_rows(x).ndim - min(x.ndim, 2))),
    "pad with a number": lambda xp, x: xp.pad(x, 1, constant_values=0.4),
    "split": lambda xp, x: xp.split(_rows(x), [1], axis=-1)[0] * 1.5,
    "concatenate": lambda xp, x: xp.concatenate([_rows(x), xp.tanh(_rows(x)), _rows(x)], axis=-1),
    "concatenate flat": lambda xp, x: xp.concatenate([x, 2 * x], axis=None),
    "stack": lambda xp, x: xp.stack([x, xp.sin(x)], axis=-1),
    "first": _index(0),
    "last of all": _index(..., -1),
    "all but the first": _index(slice(1, None)),
    "backwards": _index(slice(None, None, -1)),
    "every other": _index(..., slice(None, None, 2)),
    "new axis": _index(None),
    "integers": _index(INTEGERS),
    "integers in the second axis": _index(slice(None), INTEGERS[:2]),
    "integers of both": _index(INTEGERS, INTEGERS[::-1]),
    "integers that broadcast": _index(INTEGERS[:3, None], INTEGERS[:2]),
    "integers apart": _index(INTEGERS[:2], slice(None), INTEGERS[:2]),
    "integers and a number": _index(0, slice(None), INTEGERS[:3]),
    "mask": lambda xp, x: xp.sin(_masked(xp, x)),
    "sort": lambda xp, x: xp.sort(_apart(xp, x), axis=-1),
    "take": lambda xp, x: xp.take(x, INTEGERS[:3], axis=-1),
    "take flat": lambda xp, x: xp.take(x, INTEGERS.reshape(2, 2)),
    "the largest's place": lambda xp, x: xp.take_along_axis(x, xp.argmax(_apart(xp, x), axis=-1, keepdims=True), -1),
    "sum": lambda xp, x: xp.sin(xp.sum(x)),
    "sum of rows": lambda xp, x: xp.tanh(xp.sum(x, axis=-1, keepdims=True)),
    "mean of columns": lambda xp, x: xp.mean(x, axis=0),
    "mean of two axes": lambda xp, x: xp.mean(x, axis=(0, -1), keepdims=True),
    "var": lambda xp, x: xp.var(x),
    "var of rows": lambda xp, x: xp.var(_apart(xp, x), axis=-1, keepdims=True),
    "std": lambda xp, x: xp.sqrt(0.1 + xp.std(xp.stack([x, x + 1 + x * x]), axis=0, ddof=1)),
    "prod": lambda xp, x: xp.prod(1 + 0.3 * xp.tanh(x), axis=-1),
    "prod of all": lambda xp, x: xp.prod(1 + 0.3 * xp.tanh(x), keepdims=True),
    "max": lambda xp, x: xp.max(_apart(xp, x), axis=0),
    "max of all": lambda xp, x: xp.max(_apart(xp, x)),
    "min": lambda xp, x: xp.min(_apart(xp, x), axis=-1, keepdims=True),
    "ties": lambda xp, x: xp.max(xp.stack([x, x]), axis=0),
    "logsumexp": lambda xp, x: xp.logsumexp(x, axis=-1, keepdims=True),
    "logsumexp of all": lambda xp, x: xp.logsumexp(x),
    "softmax": lambda xp, x: xp.softmax(x, axis=0),
    "log_softmax": lambda xp, x: xp.tanh(xp.log_softmax(x, axis=-1)),
    "cumsum": lambda xp, x: xp.sin(xp.cumsum(x, axis=-1)),
    "cumsum flat": lambda xp, x: xp.sin(xp.cumsum(x)),
    "norm": lambda xp, x: xp.norm(_positive(x)),
    "norm of rows": lambda xp, x: xp.norm(_positive(x), axis=-1, keepdims=True),
    "norm with 1": lambda xp, x: xp.norm(xp.tanh(_apart(xp, _one_matrix(x))), 1),
    "norm with 3": lambda xp, x: xp.norm(xp.ravel(_positive(xp.tanh(x))), 3),
    "norm with inf": lambda xp, x: xp.norm(_apart(xp, xp.ravel(x)), np.inf),
    "trace": lambda xp, x: xp.trace(_definite(xp, _one_matrix(x))),
    "diagonal": lambda xp, x: xp.diag(xp.sin(_definite(xp, _one_matrix(x)))),
    "diag": lambda xp, x: xp.diag(xp.ravel(x)),
    "diag beside": lambda xp, x: xp.diag(xp.ravel(x), -1),
    "tril": lambda xp, x: xp.tril(_rows(x)),
    "triu": lambda xp, x: xp.triu(_rows(x), 1),
    "inv": lambda xp, x: xp.inv(_regular(xp, x)),
    "det": lambda xp, x: xp.log(_positive(xp.det(_regular(xp, x)))),
    "slogdet": lambda xp, x: xp.slogdet(_regular(xp, x))[1],
    "cholesky": lambda xp, x: xp.cholesky(_definite(xp, x)),
    "solve": lambda xp, x: xp.solve(_regular(xp, x), xp.sin(_rows(x))),
    "solve for a vector": lambda xp, x: xp.solve(_regular(xp, _one_matrix(x)), xp.sin(_one_matrix(x)[:, 0])),
    "conv2d": lambda xp, x: xp.tanh(xp.conv2d(_pictures(x), xp.sin(_pictures(x))[:, :, :2, :1]))[0],
    "conv2d padded": lambda xp, x: xp.tanh(xp.conv2d(_pictures(x), xp.cos(_pictures(x))[..., :1], 2, 1))[0],
    "max_pool2d": lambda xp, x: xp.max_pool2d(_apart(xp, _rows(x)), (1, 2)),
    "avg_pool2d": lambda xp, x: xp.avg_pool2d(_rows(x), (2, 1)),
    "einsum, a diagonal": lambda xp, x: xp.einsum("...ii->...i", xp.tanh(_definite(xp, x))),
    "einsum, a sum": lambda xp, x: xp.tanh(xp.einsum("ij->j", _one_matrix(x))),
}
BINARY = {
    "add": lambda xp, x, y: x + y,
    "subtract": lambda xp, x, y: x - y,
    "multiply": lambda xp, x, y: x * xp.tanh(y),
    "divide": lambda xp, x, y: x / _positive(y),
    "power": lambda xp, x, y: _positive(xp.tanh(x)) ** xp.sigmoid(y),
    "maximum": lambda xp, x, y: xp.maximum(x, y + 0.01 * _apart(xp, y)),
    "minimum": lambda xp, x, y: xp.minimum(x, y + 0.01 * _apart(xp, y)),
    "tie": lambda xp, x, y: xp.maximum(x + y, x + y),
    "arctan2": lambda xp, x, y: xp.arctan2(x, _positive(y)),
    "hypot": lambda xp, x, y: xp.hypot(x, _positive(y)),
    "logaddexp": lambda xp, x, y: xp.logaddexp(x, y),
    "where": lambda xp, x, y: xp.where(_apart(xp, x) > 0, x * y, y),
    "clip": lambda xp, x, y: xp.clip(_apart(xp, x), xp.tanh(y) - 0.6, 0.8),
    "matmul": lambda xp, x, y: xp.tanh(x @ y),
    "matmul, transposed": lambda xp, x, y: xp.tanh(_rows(x) @ _rows(y).mT),
    "dot": lambda xp, x, y: xp.tanh(xp.dot(x, y)),
    "inner": lambda xp, x, y: xp.tanh(xp.inner(x, y)),
    "outer": lambda xp, x, y: xp.outer(xp.tanh(x), y),
    "kron": lambda xp, x, y: xp.kron(xp.tanh(x), xp.sin(y)),
    "tensordot": lambda xp, x, y: xp.tanh(xp.tensordot(x, y, 1)),
    "tensordot, of pairs": lambda xp, x, y: xp.tanh(xp.tensordot(_rows(x), _rows(y), ([0, -1], [0, -1]))),
    "einsum": lambda xp, x, y: xp.tanh(xp.einsum("...ij,...kj->...ik", _rows(x), _rows(y))),
    "einsum, of three": lambda xp, x, y: xp.tanh(xp.einsum("ij,ij,kj->ki", _one_matrix(x), xp.sin(_one_matrix(x)), y)),
    "concatenate": lambda xp, x, y: xp.concatenate([x, y], axis=0),
    "stack": lambda xp, x, y: xp.stack([x, y]),
    "solve": lambda xp, x, y: xp.solve(_regular(xp, x), y),
}
OPS = UNARY | {f"{name} of two": op for name, op in BINARY.items()}
NAMES = sorted(OPS)

# The numbers of the named sizes. What fits at these and at a third is no chance: it must fit by name, too.
SIZES = ({"n": 2, "m": 3}, {"n": 4, "m": 2})
FITTING = (*SIZES, {"n": 5, "m": 7})
FIXED_SHAPES = [(), (3,), (1, 3), (2, 1), (2, 3), (3, 2), (2, 2, 3)]
NAMED_SHAPES = [(), ("m",), ("n", 1), ("n", "m"), ("m", "n"), (2, "m"), (1, "n", "m")]
SMALL_SHAPES = [(), (2,), (2, 1), (1, 3)]


@cache
def _shape(name, *shapes):
    """The shape of what JAX makes of these shapes; None where they don't fit, or it is more than these tests take."""
    try:
        made = jax.eval_shape(lambda *xs: OPS[name](THEIRS, *xs), *(jax.ShapeDtypeStruct(s, float) for s in shapes))
    except (TypeError, ValueError, IndexError, AttributeError):
        return None
    is_small = 0 < np.prod(made.shape) <= LARGEST and len(made.shape) <= LONGEST
    return made.shape if is_small else None


def _at(shape, sizes):
    return tuple(sizes.get(size, size) for size in shape)


@st.composite
def programs(draw, shapes, fewest, most, sizes=({},)):
    """The shapes of the leaves, and for each step the op and the earlier values that it takes."""
    leaves = draw(st.lists(st.sampled_from(shapes), min_size=2, max_size=3))
    values = [tuple(_at(shape, each) for each in sizes) for shape in leaves]
    steps = []
    wanted = draw(st.integers(fewest, most))
    for _ in range(4 * most):
        if len(steps) == wanted:
            break
        name = draw(st.sampled_from(NAMES))
        places = range(len(values))
        taken = [(i,) for i in places] if name in UNARY else [(i, j) for i in places for j in places]
        made = {t: tuple(_shape(name, *of) for of in zip(*(values[i] for i in t), strict=True)) for t in taken}
        fitting = [t for t, shapes in made.items() if None not in shapes]
        if fitting:
            steps.append((name, draw(st.sampled_from(fitting))))
            values.append(made[steps[-1][1]])
    return leaves, steps


def _values(xp, steps, leaves):
    values = list(leaves)
    for name, taken in steps:
        values.append(OPS[name](xp, *(values[i] for i in taken)))
    return values


def _total(xp, steps, leaves):
    *before, last = _values(xp, steps, leaves)
    total = xp.mean(xp.sin(last))
    for value in before:
        total = total + 0.1 * xp.mean(xp.tanh(value))
    return total


def _close(ours, theirs):
    assert np.shape(ours) == np.shape(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9 * max(1, np.max(np.abs(theirs), initial=0)))


def _all_close(ours, theirs):
    ours, theirs = jax.tree.leaves(ours), jax.tree.leaves(theirs)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        _close(mine, other)


def _inputs(letter, shapes):
    return [tg.input(f"{letter}{place}", shape) for place, shape in enumerate(shapes)]


def _jitted(function):
    return jax.jit(function, compiler_options=QUICK)


def _agrees_with_jax(program, sizes, seed):
    """One graph, fed with arrays of each of the sizes: J, its gradient, and its Hessian times a direction."""
    shapes, steps = program
    leaves, directions = _inputs("x", shapes), _inputs("v", shapes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tg.BroadcastWarning)  # the program's own; its derivatives have none
        J = _total(tg, steps, leaves)
    asked = J, tg.grad(J, leaves), tg.hvp(J, leaves, directions)
    rng = np.random.default_rng(seed)
    for each in sizes:
        arrays, along = ([rng.normal(size=_at(shape, each)) for shape in shapes] for _ in range(2))
        ours = tg.evaluate(asked, dict(zip(leaves + directions, arrays + along, strict=True)))
        with jax.enable_x64(True):
            f = jax.value_and_grad(lambda leaves: _total(THEIRS, steps, leaves))
            (value, gradient), (_, product) = _jitted(lambda at, along, f=f: jax.jvp(f, [at], [along]))(arrays, along)
            _all_close(ours, (value, gradient, product))


def _few(examples):
    return settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.slow
@_few(16)
@given(programs(FIXED_SHAPES, 5, 40), st.integers(0, 2**32 - 1))
def test_value_gradient_and_hessian_vector_product_agree_with_jax(program, seed):
    _agrees_with_jax(program, [{}], seed)


@pytest.mark.slow
@_few(10)
@given(programs(NAMED_SHAPES, 5, 40, FITTING), st.integers(0, 2**32 - 1))
def test_one_graph_with_named_sizes_agrees_with_jax_at_two_sizes(program, seed):
    _agrees_with_jax(program, SIZES, seed)


@pytest.mark.slow
@_few(15)
@given(programs(SMALL_SHAPES, 5, 10), st.integers(0, 2**32 - 1))
def test_jvp_jacobian_and_hessian_agree_with_jax(program, seed):
    shapes, steps = program
    rng = np.random.default_rng(seed)
    arrays, along = ([rng.normal(size=shape) for shape in shapes] for _ in range(2))
    leaves = _inputs("x", shapes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tg.BroadcastWarning)
        J, Y = _total(tg, steps, leaves), _values(tg, steps, leaves)[-1]
    asked = tg.jvp(Y, leaves, along), tg.jacobian(Y, leaves), tg.hessian(J, leaves)
    ours = tg.evaluate(asked, dict(zip(leaves, arrays, strict=True)))
    last = lambda at: _values(THEIRS, steps, at)[-1]
    total = lambda at: _total(THEIRS, steps, at)
    theirs = lambda at, along: (jax.jvp(last, [at], [along])[1], jax.jacobian(last)(at), jax.hessian(total)(at))
    with jax.enable_x64(True):
        _all_close(ours, _jitted(theirs)(arrays, along))


@pytest.mark.parametrize(("shapes", "sizes"), [(FIXED_SHAPES, ({},)), (NAMED_SHAPES, FITTING)], ids=["fixed", "named"])
def test_programs_can_take_every_op(shapes, sizes):
    def fits(name, taken):
        return all(_shape(name, *(_at(shape, each) for shape in taken)) is not None for each in sizes)

    choices = {1: [(x,) for x in shapes], 2: [(x, y) for x in shapes for y in shapes]}
    never = [name for name in NAMES if not any(fits(name, taken) for taken in choices[1 if name in UNARY else 2])]
    assert not never
