"""Every op of the table: its value beside an oracle, its shape and dtype, its derivatives beside differences."""

import contextlib
import itertools
import re
import zlib
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import tinygraph as tg
from tinygraph.board import made_of
from tinygraph.draw.page import mathml
from tinygraph.graph import OPS, Op
from tinygraph.notation import expression
from tinygraph.ops.indexing import Span

FOR_EACH = {"for_each"}  # its parameter is a loop's body: the tests of Jacobians and Hessians run it
NAMES = [name for name, op in OPS.items() if (op.vjps or op.is_variadic) and name not in FOR_EACH]
DIFFERENTIABLE = [name for name in NAMES if any(OPS[name].rules(len(OPS[name].vjps) + OPS[name].is_variadic))]
ELEMENTWISE = [name for name in NAMES if OPS[name].is_elementwise]

SHAPES = [(), (3,), (1, 3), (2, 3), (3, 1), (3, 3), (2, 3, 3), (2, 3, 4), (1, 2, 4, 5), (1, 1, 2, 2), (2, 2, 2, 2)]
SHAPES += [(0,), (0, 3), (3, 0), (2, 0, 3)]

# Values to try for a parameter of that name; what an op's own rules refuse is left out.
VOCABULARY: dict[str, list[Any]] = {
    "alpha": [1.0, 0.7],
    "axes": [None, (1, 0), (-1, 0, 1), (0, 1, 2), (3, 1, 0, 2)],
    "axis": [None, 0, -1, 1, (0, -1), (1, 0, 2), ()],
    "constant_values": [0, 1.5],
    "ddof": [0, 1],
    "decimals": [0, 1, -1],
    "dilation": [1, 2, (2, 1)],
    "dtype": ["float64", "float32", "int64", "bool"],
    "keepdims": [False, True],
    "pad_width": [0, 2, (1, 0), ((0, 2), (1, 3)), ((0, 0), (1, 2), (2, 1))],
    "shape": [(), 6, (3, -1), (2, 3), (1, -1, 1), (4, 2, 3), (2, 3, 3), (0,), (0, 3)],
    "slope": [0.01, 0.3],
    "stride": [1, 2, (1, 2)],
    "subscripts": [
        *("i->i", "ij->ji", "ij->i", "ij->", "abc->cb", "abcd->db"),
        *("ij,ij->", "ij,jk->ik", "i,j->ij", "ij,j->i", "ij,k->k", ",i->i", "bij,jk->kib", "i,ij->ij"),
        *("ij,jk,k->i", "i,j,k->kj", "i,,ij->j"),
    ],
    "window": [1, 2, (1, 2), (2, 3)],
}

# The ops of indexing have a key that is settled before: it fits one shape alone.
KEYS = [
    ((2, 3), (), (Span(), Span())),
    ((2, 3), (), (1, Span(None, None, -1))),
    ((2, 3, 4), (), (Span(0, 1), None, Span(2, None, -2), Span(1, 4, 2))),
    ((2, 3), ((2,),), ("[]", Span())),
    ((2, 3), ((2, 4),), (Span(), "[]")),
    ((2, 3, 4), ((2, 1), (3,)), ("[]", Span(), "[]")),
    ((2, 3, 4), ((5,),), (None, 1, "[]", Span())),
    ((2, 3), ((),), ("[]", Span())),
    ((2, 3), ((0,),), ("[]", Span())),
    ((0, 3), (), (Span(), Span(1, None))),
]
HINTED = {
    "getitem": [((x, *arrays), {"key": key}) for x, arrays, key in KEYS],
    "scatter": [
        ((OPS["getitem"].shape(like, *arrays, key=key), like, *arrays), {"key": key}) for like, arrays, key in KEYS
    ],
}


def _matrix(x):
    """Well-conditioned: the diagonal outweighs the rest."""
    return 0.3 * x + 3 * np.eye(x.shape[-1])


def _positive_definite(x):
    return 0.1 * (x + x.mT) + 3 * np.eye(x.shape[-1])


def _places(x):
    """Indices from both ends that fit an axis of two elements, with repeats."""
    return np.arange(-1, x.size - 1).reshape(x.shape) % 4 - 2


# Where an argument is no plain float: what to make of the numbers drawn for it, by its place.
ARGUMENTS = {
    "where": {0: lambda x: x > 0},
    "bitwise_and": {0: lambda x: x > 0, 1: lambda x: x > 0},
    "bitwise_or": {0: lambda x: x > 0, 1: lambda x: x > 0},
    "bitwise_xor": {0: lambda x: x > 0, 1: lambda x: x > 0},
    "invert": {0: lambda x: x > 0},
    "flatnonzero": {0: lambda x: np.where(x > 0, x, 0)},
    "getitem": {1: _places, 2: _places},
    "scatter": {2: _places, 3: _places},
    "inv": {0: _matrix},
    "solve": {0: _matrix},
    "det": {0: _matrix},
    "sign_of_det": {0: _matrix},
    "log_abs_det": {0: _matrix},
    "cholesky": {0: _positive_definite},
}


def _with_jax(function):
    def computed(*args, **params):
        with jax.enable_x64(True):
            return np.asarray(function(*args, **params))

    return computed


def _key(key, arrays):
    remaining = iter(arrays)
    return tuple(
        next(remaining) if isinstance(entry, str) else slice(*entry) if isinstance(entry, Span) else entry
        for entry in key
    )


def _scatter(x, like, *arrays, key):
    zeros = np.zeros(like.shape, x.dtype)
    np.add.at(zeros, _key(key, arrays), x)
    return zeros


def _windows(like, window, stride, dilation):
    """The place of each window's elements in the last two axes, one array for the rows and one for the columns."""
    starts = [
        np.arange(0, size - (w - 1) * d, s)
        for size, w, s, d in zip(like.shape[-2:], window, stride, dilation, strict=True)
    ]
    steps = [np.arange(w) * d for w, d in zip(window, dilation, strict=True)]
    rows, columns = (np.add.outer(start, step) for start, step in zip(starts, steps, strict=True))
    return rows[:, None, :, None], columns[None, :, None, :]


def _pairs(*numbers):
    return [number if isinstance(number, tuple) else (number, number) for number in numbers]


def _unfold(x, window, stride, dilation):
    return x[(..., *_windows(x, *_pairs(window, stride, dilation)))]


def _fold(x, like, stride, dilation):
    zeros = np.zeros(like.shape, x.dtype)
    np.add.at(zeros, (..., *_windows(like, x.shape[-2:], *_pairs(stride, dilation))), x)
    return zeros


# What an op must equal that is no function of NumPy's, or is one by another name or order.
ORACLES = {
    "astype": lambda x, dtype: x.astype(dtype),
    "broadcast_like": lambda x, like: np.broadcast_to(x, like.shape),
    "clipped": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "concatenate": lambda *xs, axis: np.concatenate(xs, axis),
    "einsum": lambda *xs, subscripts: np.einsum(subscripts, *xs),
    "elu": _with_jax(jax.nn.elu),
    "erf": _with_jax(jax.scipy.special.erf),
    "fold": _fold,
    "getitem": lambda x, *arrays, key: x[_key(key, arrays)],
    "leaky_relu": _with_jax(jax.nn.leaky_relu),
    "log_abs_det": lambda x: np.linalg.slogdet(x)[1],
    "log_sigmoid": _with_jax(jax.nn.log_sigmoid),
    "log_softmax": _with_jax(jax.nn.log_softmax),
    "logsumexp": lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
    "norm": lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
    "pad": lambda x, pad_width, constant_values: np.pad(x, pad_width, constant_values=constant_values),
    "relu": _with_jax(jax.nn.relu),
    "reshape": lambda x, shape: np.reshape(x, shape),  # whose keyword NumPy 2.1 renamed
    "scatter": _scatter,
    "sigmoid": _with_jax(jax.nn.sigmoid),
    "sign_of_det": lambda x: np.linalg.slogdet(x)[0],
    "softmax": _with_jax(jax.nn.softmax),
    "softplus": _with_jax(jax.nn.softplus),
    "unfold": _unfold,
}
BY_PLACE = {"elu", "leaky_relu", "reshape"}  # where the oracle calls the parameter by another name


class Case(NamedTuple):
    """An op with the shapes of its arguments and its parameters."""

    op: Op
    shapes: tuple
    params: dict

    def arrays(self, dtype=np.float64, seed=0):
        """Arrays in the op's domain, all elements distinct, and away from 0, where many ops have a kink."""
        rng = np.random.default_rng(seed)
        low, high = max(self.op.domain[0], -2.0), min(self.op.domain[1], 2.0)
        margin = 0.05 * (high - low)
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        grid = np.linspace(low + margin, high - margin, 2 * sum(sizes) + 9)
        numbers = rng.permutation(grid[np.abs(grid) > 0.3])[: sum(sizes)] + 1e-3 * rng.uniform(-1, 1, sum(sizes))
        parts = np.split(numbers, np.cumsum(sizes)[:-1])
        parts = [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]
        made = ARGUMENTS.get(self.op.name, {})
        parts = [np.asarray(made[place](x)) if place in made else x for place, x in enumerate(parts)]
        return [_as_dtype(x, dtype) for x in parts]

    def oracle(self, *arrays):
        """What the op must give."""
        function = ORACLES.get(self.op.name) or next(iter(self.op.numpy), None)
        assert function, f"{self.op.name} has no function of NumPy's: name in ORACLES what it must equal"
        if self.op.name in BY_PLACE:
            return function(*arrays, *self.params.values())
        return function(*arrays, **self.params)

    def has_value(self):
        """Whether NumPy has a number for it: not for the maximum or the mean of nothing, for instance."""
        arrays = self.arrays()
        try:
            with np.errstate(all="raise"):
                return bool(np.all(np.isfinite(self.oracle(*arrays))))
        except (ValueError, RuntimeWarning, ZeroDivisionError, FloatingPointError):
            if not all(x.size for x in arrays) or self.params.get("ddof"):
                return False
            raise

    def __repr__(self):
        return f"{self.op.name} of {self.shapes} with {self.params}"


def _as_dtype(x, dtype):
    if x.dtype.kind != "f" or np.dtype(dtype).kind == "f":
        return x.astype(dtype) if x.dtype.kind == "f" else x
    return np.asarray(x > 0.6) if np.dtype(dtype) == bool else np.asarray(np.rint(2 * np.abs(x)) + 1, dtype)


@contextlib.contextmanager
def _told(case, *more):
    """Whatever goes wrong inside says for which case."""
    try:
        yield
    except Exception as error:
        error.add_note(" ".join(map(str, (case, *more))))
        raise


def _possible(op):
    """Every combination of shapes and parameters, and whether the op takes it."""
    if op.name in HINTED:
        for shapes, params in HINTED[op.name]:
            yield Case(op, shapes, params), True
        return
    names = list(op.signature.parameters)[len(op.vjps) + op.is_variadic :]
    if not isinstance(op.compute, np.ufunc):
        missing = [name for name in names if name not in VOCABULARY]
        assert not missing, f"{op.name} has the parameter {missing[0]!r}: add values for it to VOCABULARY"
    counts = [len(op.vjps) + more for more in ((1, 2, 3) if op.is_variadic else (0,))]
    for count in counts:
        for values in itertools.product(*(VOCABULARY[name] for name in names)):
            params = dict(zip(names, values, strict=True))
            for shapes in itertools.product(SHAPES, repeat=count):
                yield Case(op, shapes, params), _is_taken(op, shapes, params)


def _is_taken(op, shapes, params):
    try:
        op.shape(*shapes, **op.settle(*shapes, **params))
    except ValueError:
        return False
    return True


_FOUND: dict[str, list[Case]] = {}


def _cases(op):
    """Cases that show, of what the op takes, each shape, the ranks together, and each parameter with each rank."""
    if op.name in _FOUND:
        return _FOUND[op.name]
    taken = [case for case, is_taken in _possible(op) if is_taken]
    order = np.random.default_rng(zlib.crc32(op.name.encode())).permutation(len(taken))
    seen: set[Any] = set()
    chosen = []
    for case in (taken[place] for place in order):
        ranks = tuple(map(len, case.shapes))
        traits = {ranks, *enumerate(case.shapes), *((ranks[0], *param) for param in case.params.items())}
        if not traits <= seen and case.has_value():
            chosen.append(case)
            seen |= traits
    assert chosen, f"no shape of SHAPES with values of VOCABULARY suits {op.name}: add some, or a hint to HINTED"
    _FOUND[op.name] = chosen
    return chosen


def _inputs(arrays):
    return [tg.input(f"x{place}", x.shape, x.dtype) for place, x in enumerate(arrays)]


def _feeds(inputs, arrays):
    return dict(zip(inputs, arrays, strict=True))


def _check_value(case):
    arrays = case.arrays()
    kept = [x.copy() for x in arrays]
    expected = np.asarray(case.oracle(*arrays))
    inputs = _inputs(arrays)
    node = case.op(*inputs, **case.params)
    for x in arrays:
        x.flags.writeable = False
    value, at_once = node.eval(_feeds(inputs, arrays)), case.op(*arrays, **case.params)
    if not case.op.counts:
        assert node.shape == value.shape
    assert value.shape == np.shape(at_once) == expected.shape
    assert node.dtype == value.dtype == np.asarray(at_once).dtype == expected.dtype
    np.testing.assert_array_equal(value, at_once)
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-15)
    for x, before in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(x, before)


def _check_layouts(case):
    """Strided, reversed, column by column, read-only: the same numbers give the same value."""
    arrays = case.arrays()
    inputs = _inputs(arrays)
    node = case.op(*inputs, **case.params)
    expected = node.eval(_feeds(inputs, arrays))
    for lay in (
        lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
        lambda x: np.flip(np.flip(x).copy()),
        lambda x: np.array(x, order="F"),
    ):
        laid = [np.asarray(lay(x)).view() for x in arrays]
        for x in laid:
            x.flags.writeable = False
        np.testing.assert_allclose(node.eval(_feeds(inputs, laid)), expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(case.op(*laid, **case.params), expected, rtol=1e-12, atol=1e-15)


def _check_dtype(case, dtype):
    """What NumPy makes of that dtype, a node says before; what NumPy refuses, no node computes."""
    arrays = case.arrays(dtype)
    inputs = _inputs(arrays)
    compute = case.oracle if case.op.numpy else partial(case.op, **case.params)
    try:
        with np.errstate(all="ignore"):
            expected = np.asarray(compute(*arrays))
    except (TypeError, ValueError):
        assert case.op.numpy or dtype == "float16"
        with pytest.raises(tg.TinygraphError):
            case.op(*inputs, **case.params).eval(_feeds(inputs, arrays))
        return
    node = case.op(*inputs, **case.params)
    value = node.eval(_feeds(inputs, arrays))
    assert node.dtype == value.dtype == expected.dtype
    np.testing.assert_allclose(value, expected, rtol=0 if value.dtype.kind in "iub" else np.finfo(value.dtype).eps)
    if value.dtype.kind == "f":
        wide = [
            x.astype(np.float64) if like.dtype.kind == "f" else x for x, like in zip(arrays, case.arrays(), strict=True)
        ]
        with np.errstate(all="ignore"):
            expected = case.op(*wide, **case.params)
        eps = float(np.finfo(value.dtype).eps)
        np.testing.assert_allclose(value, expected, rtol=50 * eps, atol=50 * eps)


def _derivable(case, dtype=np.float64):
    """The case as a graph whose derivatives are wanted: arrays, inputs, the node, and the places to derive at."""
    arrays = case.arrays(dtype)
    inputs = _inputs(arrays)
    node = case.op(*inputs, **case.params)
    rules = case.op.rules(len(arrays))
    places = [i for i, rule in enumerate(rules) if rule is not None and arrays[i].dtype.kind == "f"]
    return arrays, inputs, node, places if node.dtype.kind == "f" else []


def _assert_near(ours, theirs, rounding, eps, what):
    """Near beside the largest element, but for what the rounding of differences explains."""
    assert np.shape(ours) == np.shape(theirs)
    if np.size(ours):
        scale = max(np.max(np.abs(ours)), np.max(np.abs(theirs)))
        np.testing.assert_allclose(
            ours, theirs, rtol=0, atol=100 * (eps ** (2 / 3)) * (1 + scale + rounding), err_msg=what, strict=False
        )


def _check_first(case, dtype=np.float64):
    """Reverse mode and forward mode, both beside central differences."""
    arrays, inputs, node, places = _derivable(case, dtype)
    if not places:
        return
    rng = np.random.default_rng(1)
    w = rng.uniform(0.5, 1.5, node.shape)
    wrt = [inputs[place] for place in places]
    feeds = _feeds(inputs, arrays)
    v = [rng.uniform(0.5, 1.5, arrays[place].shape).astype(dtype) for place in places]
    J = tg.sum(tg.constant(w.astype(dtype)) * node * node)
    backward = tg.vjp(J, wrt, tg.constant(np.ones((), J.dtype)))
    forward = tg.jvp(node, wrt, v)
    assert [g.dtype for g in backward] == [x.dtype for x in wrt]
    assert [g.shape for g in backward] == [x.shape for x in wrt]
    assert (forward.dtype, forward.shape) == (node.dtype, node.shape)
    backward, forward = tg.evaluate((backward, forward), feeds)

    exact = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in arrays]
    out = np.asarray(case.op(*exact, **case.params))
    eps = max(np.finfo(out.dtype).eps, np.finfo(dtype).eps)
    h = np.finfo(out.dtype).eps ** (1 / 3)

    def moved(place, by):
        return np.float64(case.op(*exact[:place], exact[place] + by, *exact[place + 1 :], **case.params))

    along = np.zeros(out.shape)
    for place, ours, direction in zip(places, backward, v, strict=True):
        differences = np.zeros(exact[place].shape)
        for index in np.ndindex(differences.shape):
            by = np.zeros(differences.shape)
            by[index] = h
            up, down = moved(place, by), moved(place, -by)
            differences[index] = np.sum(w * (up * up - down * down)) / (2 * h)
            along = along + direction[index] * (up - down) / (2 * h)
        _assert_near(ours, differences, np.sum(w * out * out), eps, f"the rule for argument {place} of {case}")
    _assert_near(forward, along, np.max(np.abs(out), initial=0), eps, f"forward mode of {case}")


def _check_second(case):
    """The gradient's own derivative along a direction, in both modes, beside central differences of the gradient."""
    arrays, inputs, node, places = _derivable(case)
    if not places or node.dtype != np.float64:
        return
    rng = np.random.default_rng(2)
    wrt = [inputs[place] for place in places]
    v = [rng.uniform(0.5, 1.5, arrays[place].shape) for place in places]
    J = tg.sum(tg.constant(rng.uniform(0.5, 1.5, node.shape)) * node * node)
    gradients = tg.grad(J, wrt)
    backward, forward = tg.evaluate((tg.vjp(gradients, wrt, v), tg.jvp(gradients, wrt, v)), _feeds(inputs, arrays))

    h = np.finfo(np.float64).eps ** (1 / 3)

    def gradients_at(step):
        moved = list(arrays)
        for place, direction in zip(places, v, strict=True):
            moved[place] = arrays[place] + step * direction
        return tg.evaluate(gradients, _feeds(inputs, moved))

    for place, ours, theirs, up, down in zip(places, backward, forward, gradients_at(h), gradients_at(-h), strict=True):
        differences, rounding = (up - down) / (2 * h), np.max(np.abs(up), initial=0)
        what = f"second derivative, argument {place} of {case}"
        _assert_near(ours, differences, rounding, 1e-15, what)
        _assert_near(theirs, differences, rounding, 1e-15, what + ", forward")


pytestmark = pytest.mark.filterwarnings("ignore::tinygraph.BroadcastWarning")
every_op = pytest.mark.parametrize("name", NAMES)


@every_op
def test_value_shape_and_dtype_are_the_oracles(name):
    for case in _cases(OPS[name]):
        with _told(case):
            _check_value(case)


@pytest.mark.parametrize("name", [name for name in NAMES if OPS[name].numpy])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_an_op_refuses_numpy_refuses_too(name):
    """But for an axis of a number, which has none."""
    op = OPS[name]
    refused = [
        case for case, is_taken in _possible(op) if not is_taken and not ("axis" in case.params and () in case.shapes)
    ]
    for place in np.random.default_rng(0).permutation(len(refused))[:60]:
        case = refused[place]
        with _told(case):
            try:
                case.oracle(*map(np.ones, case.shapes))
            except (ValueError, TypeError, IndexError, np.linalg.LinAlgError):
                continue
            raise AssertionError(f"NumPy takes {case}, and the op refuses it")


@every_op
@pytest.mark.filterwarnings("ignore::tinygraph.NonFiniteWarning")
def test_numpys_own_functions_on_nodes_are_the_op(name):
    op = OPS[name]
    for function, case in itertools.product(op.numpy, _cases(op)[:4]):
        for dtype in (np.float64, np.float32, np.int64):
            arrays = case.arrays(dtype)
            inputs = _inputs(arrays)
            params, by_place = (case.params, ()) if name != "reshape" else ({}, case.params.values())
            with _told(case, function, dtype), np.errstate(all="ignore"):
                expected = np.asarray(function(*arrays, *by_place, **params))
                node = function(*inputs, *by_place, **params)
                assert node.dtype == expected.dtype
                np.testing.assert_allclose(node.eval(_feeds(inputs, arrays)), expected, rtol=1e-6)


@every_op
def test_strided_reversed_and_read_only_arrays_are_no_special_case(name):
    for case in _cases(OPS[name]):
        with _told(case):
            _check_layouts(case)


@every_op
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int32", "uint8", "bool"])
@pytest.mark.filterwarnings("ignore::tinygraph.NonFiniteWarning")
def test_a_node_knows_the_dtype_of_its_value(name, dtype):
    for case in _cases(OPS[name]):
        with _told(case, dtype):
            _check_dtype(case, dtype)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_first_derivatives_in_both_modes_agree_with_differences(name, dtype):
    for case in _cases(OPS[name]):
        with _told(case, dtype):
            _check_first(case, dtype)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_second_derivatives_in_both_modes_agree_with_differences_of_the_gradient(name):
    for case in _cases(OPS[name]):
        with _told(case):
            _check_second(case)


DTYPES = (np.float64, np.float32, np.int64, np.bool_)


@given(st.data())
@pytest.mark.filterwarnings("ignore::tinygraph.NonFiniteWarning")
def test_broadcasting_in_every_direction_with_dtypes_that_differ(data):
    """(1, n) → (m, n), (m, 1) → (m, n), number → (m, n), and all that NumPy allows beyond, empty arrays too."""
    op = OPS[data.draw(st.sampled_from([name for name in ELEMENTWISE if len(OPS[name].vjps) > 1]))]
    count = len(op.vjps)
    drawn = mutually_broadcastable_shapes(num_shapes=count, max_dims=3, max_side=3, min_side=0)
    case = Case(op, data.draw(drawn).input_shapes, {})
    dtypes = [data.draw(st.sampled_from(DTYPES)) for _ in range(count)]
    arrays = [case.arrays(dtype)[place] for place, dtype in enumerate(dtypes)]
    inputs = _inputs(arrays)
    with _told(case, dtypes), np.errstate(all="ignore"):
        try:
            expected = np.asarray(case.oracle(*arrays))
        except TypeError:
            return
        out = op(*inputs)
        assert (out.shape, out.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(out.eval(_feeds(inputs, arrays)), expected, rtol=1e-5)
        floats = [x for x in inputs if x.dtype.kind == "f"]
        if out.dtype.kind == "f" and floats:
            gradients = tg.grad(tg.sum(out), floats)
            assert [(g.shape, g.dtype) for g in gradients] == [(x.shape, x.dtype) for x in floats]
        if op.name in DIFFERENTIABLE:
            _check_first(case)
            _check_second(case)


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if len(OPS[name].vjps) == 2])
@pytest.mark.parametrize("number", [2, 1.5, True])
@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint8, np.bool_])
def test_a_python_number_beside_an_array_gives_way_as_in_numpy(name, number, dtype):
    op = OPS[name]
    x = np.array([1, 0, 1], dtype)
    for args in ((x, number), (number, x)):
        try:
            with np.errstate(all="ignore"):
                expected = op.numpy[0](*args)
        except TypeError:
            continue
        assert op(*(tg.input("x", (3,), dtype) if arg is x else arg for arg in args)).dtype == expected.dtype


@every_op
def test_each_way_of_writing_an_op_has_every_argument(name):
    silent = {"where", "broadcast_like", "scatter", "getitem"}  # on a board what is 0, or only like, is not said
    for case in _cases(OPS[name]):
        node = case.op(*_inputs(case.arrays()), **case.params)
        label, board = expression(node, {}), made_of(node, {})
        for text, names in ((label, "x{}"), (board.text, "x{}"), (board.latex, "x_{{{}}}")):
            found = [names.format(place) in text or f"x_{place}" in text for place in range(len(node.args))]
            assert all(found) or (name in silent and text is not label), text
        assert not re.search(r"\{\d\}", label), label
        assert mathml(board.latex).startswith("<math")


@every_op
def test_every_derivative_of_an_op_is_derived_in_steps_that_are_right(name):
    """Each line of `tg.explain` computes the gradient, and can be shown as a formula."""
    for case in _cases(OPS[name]):
        arrays, inputs, node, places = _derivable(case)
        if not places:
            continue
        derived = tg.explain(tg.sum(node * node), [inputs[place] for place in places], _feeds(inputs, arrays))
        for step in derived:
            assert step.error <= 1e-6, (str(case), step.text, step.error)
            assert step.mathml.startswith("<math")


# The checks can fail: each op is given a wrong rule, and a new op with a right one and a wrong one.


def _is_noticed(op):
    for case in _cases(op):
        try:
            _check_first(case)
            _check_second(case)
        except AssertionError:
            return True
    return False


def _scaled(rule):
    return lambda g, *args, **params: 1.001 * rule(g, *args, **params)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_a_wrong_rule_planted_in_any_op_is_noticed(name, monkeypatch):
    op = OPS[name]
    for place, rule in enumerate(op.vjps):
        if rule is not None:
            with monkeypatch.context() as planted:
                planted.setattr(op, "vjps", (*op.vjps[:place], _scaled(rule), *op.vjps[place + 1 :]))
                assert _is_noticed(op), f"the rule for argument {place}"
    if op.rest:
        rest = op.rest
        monkeypatch.setattr(op, "rest", lambda place, g, *args, **params: 1.001 * rest(place, g, *args, **params))
        assert _is_noticed(op)


@pytest.mark.parametrize("name", ["concatenate", "einsum"])
def test_a_rule_that_is_wrong_for_the_second_of_several_alone_is_noticed(name, monkeypatch):
    op, rest = OPS[name], OPS[name].rest
    wrong = lambda place, g, *args, **params: (1.001 if place == 1 else 1) * rest(place, g, *args, **params)
    monkeypatch.setattr(op, "rest", wrong)
    assert _is_noticed(op)


@pytest.fixture
def new_op():
    """Declares ops that are gone from the table after the test."""
    before = dict(OPS)
    yield Op
    for name in set(OPS) - set(before):
        del OPS[name]
        _FOUND.pop(name, None)


@pytest.mark.parametrize("name", ["exp", "sin", "multiply", "matmul", "softmax", "norm"])
def test_a_rule_whose_own_derivative_is_wrong_is_noticed(name, monkeypatch, new_op):
    held = new_op("held", np.positive, [None])
    op = OPS[name]
    rule = op.vjps[0]
    fixed = lambda g, out, *args, **params: rule(g, held(out), *map(held, args), **params)
    monkeypatch.setattr(op, "vjps", (fixed, *op.vjps[1:]))
    for case in _cases(op):
        _check_first(case)
    assert _is_noticed(op)


def test_a_new_op_is_covered_at_once(new_op, monkeypatch):
    x3 = lambda x, alpha: alpha * np.asarray(x) ** 3
    right = new_op("new_cube", lambda x, alpha=1.0: x3(x, alpha), [lambda g, out, x, alpha: 3 * alpha * g * x * x])
    wrong = new_op("new_wrong", lambda x, alpha=1.0: x3(x, alpha), [lambda g, out, x, alpha: 2 * alpha * g * x * x])
    with pytest.raises(AssertionError, match="new_cube has no function of NumPy's: name in ORACLES"):
        _cases(right)
    for op in (right, wrong):
        monkeypatch.setitem(ORACLES, op.name, x3)
        for case in _cases(op):
            _check_value(case)
    assert not _is_noticed(right)
    assert _is_noticed(wrong)
    odd = new_op("new_odd", lambda x, colour: x, [lambda g, out, x, colour: g])
    with pytest.raises(AssertionError, match="new_odd has the parameter 'colour': add values for it to VOCABULARY"):
        _cases(odd)
    monkeypatch.setitem(VOCABULARY, "axis", [9])
    with pytest.raises(AssertionError, match="no shape of SHAPES with values of VOCABULARY suits new_sum"):
        _cases(new_op("new_sum", lambda x, axis=None: np.sum(x, axis), [None], settle=OPS["softmax"].settle))


def test_sigmoid_is_accurate_and_silent_over_the_whole_range():
    """Relative error under 1e-15 against 60-digit arithmetic, wherever the true value is a normal number."""
    import decimal

    decimal.getcontext().prec = 60
    decimal.getcontext().Emin, decimal.getcontext().Emax = -10000, 10000
    xs = np.concatenate([np.linspace(-1000, 1000, 3001), np.linspace(-40, 40, 2001), [1e-300, -1e-300, 1e308, -1e308]])
    with np.errstate(all="raise"):
        found = tg.sigmoid(xs)
    for x, ours in zip(xs, found, strict=True):
        if abs(x) > 10_000:
            assert ours == (x > 0)
            continue
        true = 1 / (1 + (-decimal.Decimal(float(x))).exp())
        if true >= decimal.Decimal(np.finfo(float).tiny):
            assert abs(decimal.Decimal(float(ours)) / true - 1) < decimal.Decimal("1e-15"), x
    assert np.isnan(tg.sigmoid(np.nan))


def test_sigmoid_of_whole_numbers_and_truth_values():
    for dtype in (np.uint8, np.uint64, np.int8, bool):
        x = np.array([0, 1], dtype)
        np.testing.assert_allclose(tg.sigmoid(x), [0.5, 1 / (1 + np.exp(-1.0))], rtol=1e-15)
        node = tg.sigmoid(tg.input("x", (2,), dtype))
        assert node.eval(x=x).dtype == node.dtype


def test_an_infinite_gradient_stops_at_a_gate_that_is_shut():
    x = tg.input("x", ())
    for node in (tg.log(tg.relu(x)), tg.relu(x) ** 0.5):
        with pytest.warns(tg.NonFiniteWarning):
            assert tg.grad(node, x).eval(x=-1.0) == 0


def test_derivatives_of_a_power_at_the_exponent_0():
    x, p = tg.input("x", ()), tg.parameter(0.0)
    dx, dp = tg.grad(x**p, (x, p))
    assert tg.grad(dx, p).eval(x=2.0) == tg.grad(dp, x).eval(x=2.0) == 0.5
    assert dx.eval(x=0.0) == 0


def test_a_parameter_of_an_op_is_a_plain_number():
    x = tg.input("x", (2,), np.float32)
    assert tg.leaky_relu(x, np.float64(0.1)).eval(x=[-1, 1]).dtype == np.float32
    for slope in (np.ones(2), tg.parameter(0.5), "a", np.ones((1, 1))):
        with pytest.raises(tg.TinygraphError, match=r"plain number|one number"):
            tg.leaky_relu(x, slope)


@pytest.mark.parametrize("dtype", [object, complex, str, "M8[s]", "foo"])
def test_astype_makes_no_node_of_what_is_no_real_number(dtype):
    with pytest.raises(tg.DtypeError):
        tg.input("x", ()).astype(dtype)


def test_axes_and_shapes_are_settled_in_one_form():
    X = tg.input("X", ("m", 4))
    m = X.shape[0]
    assert tg.sum(X, axis=-1).params["axis"] == 1
    assert tg.sum(X, axis=[0, -1]).params["axis"] == (0, 1)
    assert X.reshape(m, -1).params["shape"] == (m, 4)
    assert X.reshape(np.array([-1, 2])).shape == (2 * m, 2)
    assert X.transpose(1, 0).params["axes"] is None
    assert X.transpose(-2, -1).params["axes"] == (0, 1)
    assert X.reshape(m, -1).eval(X=np.ones((0, 4))).shape == (0, 4)


def test_what_numpy_cannot_compute_names_the_step():
    i, t = tg.input("i", (2,), np.int64), tg.input("t", (2,), bool)
    with pytest.raises(tg.EvaluationError, match=r"i \*\* \(-1\) can't be computed: Integers to negative"):
        (i**-1).eval(i=[1, 2])
    with pytest.raises(tg.DtypeError, match=r"-t \(2,\): .*boolean negative"):
        -t  # noqa: B018
    n = tg.input("n", ("n",)).shape[0]
    with pytest.raises(tg.FeedError, match="n is 0"):
        (tg.sum(i) * ((n + 1) // n)).eval({"i": [1, 2], tg.input("z", ("n",)): []})


def _gradient_at(function, *values):
    """The gradient of the sum of a function of nodes, at these numbers; for several arguments a list."""
    inputs = [tg.input(f"x{place}", np.shape(value)) for place, value in enumerate(values)]
    found = tg.evaluate(tg.grad(tg.sum(function(*inputs)), inputs), dict(zip(inputs, values, strict=True)))
    return [g.tolist() for g in found] if len(found) > 1 else found[0].tolist()


@pytest.mark.parametrize(("ours", "theirs"), [(tg.max, jax.numpy.max), (tg.min, jax.numpy.min)])
def test_ties_of_max_and_min_share_the_gradient_equally_as_in_jax(ours, theirs):
    for values in ([2.0, 2.0, 2.0, 2.0], [1.0, 2.0, 2.0, 1.0]):
        shares = [0.25] * 4 if len(set(values)) == 1 else [0.5 * (v == ours(values)) for v in values]
        assert _gradient_at(ours, values) == shares == jax.grad(theirs)(np.array(values)).tolist()
    assert _gradient_at(lambda x: ours(x, axis=1), [[3, 3], [1, 1]]) == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize(("ours", "theirs"), [(np.maximum, jax.numpy.maximum), (np.minimum, jax.numpy.minimum)])
def test_ties_of_maximum_and_minimum_give_half_to_each_as_in_jax(ours, theirs):
    assert _gradient_at(ours, 2.0, 2.0) == [0.5, 0.5] == [float(g) for g in jax.grad(theirs, (0, 1))(2.0, 2.0)]


def test_clip_at_its_bounds_has_the_derivative_1_as_in_pytorch():
    assert _gradient_at(lambda x: np.clip(x, -1, 1), [-2.0, -1.0, 0.0, 1.0, 2.0]) == [0, 1, 1, 1, 0]
    assert _gradient_at(np.clip, 1.0, 1.0, 3.0) == [1, 0, 0]
    assert _gradient_at(np.clip, 3.0, 1.0, 3.0) == [1, 0, 0]
    assert _gradient_at(np.clip, 0.0, 1.0, 3.0) == [0, 1, 0]
    assert _gradient_at(np.clip, 4.0, 1.0, 3.0) == [0, 0, 1]


def test_abs_at_0_has_the_derivative_0_as_in_pytorch():
    assert _gradient_at(np.abs, 0.0) == _gradient_at(np.fabs, 0.0) == 0  # JAX has 1


def test_steps_have_no_derivative_so_that_none_comes_through():
    for function in (np.sign, np.floor, np.ceil, np.trunc, np.rint, np.round):
        assert _gradient_at(lambda x, function=function: function(x) * x, 0.0) == 0
        assert _gradient_at(lambda x, function=function: function(x) * 1.0, 1.5) == 0


def test_rectifiers_at_0_follow_pytorch_and_jax():
    assert _gradient_at(tg.relu, 0.0) == jax.grad(jax.nn.relu)(0.0) == 0
    assert _gradient_at(lambda x: tg.leaky_relu(x, 0.1), 0.0) == 0.1  # as in PyTorch; JAX has 1
    assert _gradient_at(lambda x: tg.elu(x, 0.7), 0.0) == 0.7
    assert _gradient_at(tg.elu, 0.0) == jax.grad(jax.nn.elu)(0.0) == 1


def test_max_pool2d_gives_all_of_the_gradient_to_the_first_of_equals_as_in_pytorch_and_jax():
    ones = np.ones((1, 1, 2, 4))
    assert _gradient_at(lambda x: tg.max_pool2d(x, 2), ones) == [[[[1, 0, 1, 0], [0, 0, 0, 0]]]]
    assert _gradient_at(lambda x: tg.max_pool2d(x, 2), [[1.0, 2.0], [2.0, 2.0]]) == [[0, 1], [0, 0]]
    assert _gradient_at(lambda x: tg.max_pool2d(x, 2, padding=1), [[-1.0]]) == [[1]]


def test_norms_at_0_have_the_derivative_0_as_in_pytorch():
    for order in (None, 1, 2, 3, 2.5, np.inf):
        assert _gradient_at(lambda x, order=order: np.linalg.norm(x, order), [0.0, 0.0]) == [0, 0]
    assert _gradient_at(lambda x: np.linalg.norm(x, axis=1), [[0.0, 0.0], [0.0, 4.0]]) == [[0, 0], [0, 1]]


def test_std_where_all_are_equal_has_the_derivative_0_as_in_pytorch():
    assert _gradient_at(np.std, [2.0, 2.0, 2.0]) == [0, 0, 0]


def test_powers_at_0_follow_pytorch():
    assert _gradient_at(lambda x: x**2, 0.0) == _gradient_at(lambda x: x**0, 0.0) == 0
    assert _gradient_at(lambda x: x**1, 0.0) == 1
    assert _gradient_at(lambda x, y: x**y, 0.0, 2.0) == [0, 0]


def test_a_negative_base_has_a_derivative_where_the_exponent_is_whole():
    assert _gradient_at(lambda x: x**3, -2.0) == 12
    assert _gradient_at(lambda x: x**-1, -2.0) == -0.25


def test_products_with_0_among_them_have_the_derivatives_of_the_others():
    assert _gradient_at(np.prod, [0.0, 2.0, 5.0]) == [10, 0, 0]
    assert _gradient_at(np.prod, [0.0, 0.0, 5.0]) == [0, 0, 0]


def test_what_would_overflow_as_it_is_written_does_not():
    big = np.array([-1000.0, 0.0, 1000.0])
    np.testing.assert_allclose(tg.softplus(big), [0, np.log(2), 1000])
    np.testing.assert_allclose(tg.log_sigmoid(big), [-1000, -np.log(2), 0])
    np.testing.assert_allclose(tg.softmax(big), [0, 0, 1])
    np.testing.assert_allclose(tg.log_softmax(big), [-2000, -1000, 0])
    assert tg.logsumexp(big) == 1000
    with np.errstate(divide="ignore"):
        assert tg.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    for function in (tg.softplus, tg.log_sigmoid, tg.softmax, tg.log_softmax, tg.logsumexp, tg.elu, tg.erf):
        assert np.all(np.isfinite(_gradient_at(function, big)))


def test_a_square_is_derived_as_one_writes_it():
    x = tg.input("x", ())
    dy = tg.grad(x**2, x)
    assert expression(dy, {}, depth=9) == "1.0 * 2 * x ** 1"


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda a, b: a @ b, "matmul: W (n_x, 1) @ X (n_x, m): inner sizes 1 and n_x differ. Did you mean W.T @ X?"),
        (lambda a, b: a + b.T, "add: W (n_x, 1) + X.T (m, n_x): sizes n_x and m differ. Did you mean W.T + X.T?"),
        (lambda a, b: tg.sum(b, axis=2), "sum(X (n_x, m), axis=2): axis 2 does not exist: the array has 2 axes"),
        (lambda a, b: b.reshape(3, -1), "reshape: *"),
        (lambda a, b: b.reshape(-1, -1), "*more than one size open with -1*"),
        (lambda a, b: b.reshape(b.shape[1], 7), "*m*n_x elements can't fill the new shape (m, 7), which has 7*m*"),
        (
            lambda a, b: np.sum(b, 0, keepdims=True) + np.ones(3),
            '*m and 3 differ. Is 3 m? Then say tg.constant(…, dims=("m",))',
        ),
        (lambda a, b: b.transpose(2, 3), "*axis 2 does not exist: the array has 2 axes"),
        (lambda a, b: tg.sum(b).transpose(0), "*axis 0 does not exist: the array has 0 axes"),
        (lambda a, b: tg.sum(b).mT, "*holds no matrix to transpose*"),
        (lambda a, b: tg.sum(b, axis=(0, 0)), "*axis (0, 0) names an axis twice"),
        (lambda a, b: tg.sum(b, axis="a"), "*an axis is a whole number, not 'a'"),
        (
            lambda a, b: b.reshape("m", 2),
            "*'m' is no size: a size is a whole number from 0 on, or one such as X.shape*",
        ),
        (lambda a, b: b.reshape(None), "*None is no size*"),
        (lambda a, b: b.reshape(-2, -6), "*-2 is no size*"),
        (lambda a, b: b.reshape(2.0, 6), "*2.0 is no size*"),
        (lambda a, b: (b + 1) @ b, "matmul: (X + 1) (n_x, m) @ X (n_x, m): *differ. Did you mean (X + 1) @ X.T?"),
        (lambda a, b: b.T @ (a * 2).T, "*Did you mean X.T @ (W [*] 2)?"),
        (lambda a, b: b.transpose(0, 0), "*axes (0, 0) are no reordering of the 2 axes of (n_x, m)*"),
        (lambda a, b: tg.broadcast_like(b, a), "*(n_x, m) does not spread to (n_x, 1)*"),
        (lambda a, b: b @ tg.constant(2.0), "*write [*] to scale by a number*"),
    ],
)
def test_shape_errors_name_the_line_and_the_remedy(write, told):
    import fnmatch

    W, X = tg.input("W", ("n_x", 1)), tg.input("X", ("n_x", "m"))
    if told == "reshape: *":
        W, X = tg.input("W", (4, 1)), tg.input("X", (2, 2))
        told = "reshape(X (2, 2), shape=(3, -1)): 4 elements can't fill the new shape (3, -1)"
    with pytest.raises(tg.ShapeError) as caught:
        write(W, X)
    assert fnmatch.fnmatchcase(str(caught.value), told) or str(caught.value) == told


def test_a_number_that_meets_a_name_is_asked_about():
    X = tg.input("X", ("n_x", "m"))
    W = tg.parameter(np.zeros((64, 1)))
    with pytest.raises(tg.ShapeError) as caught:
        W.T @ X
    assert str(caught.value) == (
        "matmul: W.T (1, 64) @ X (n_x, m): inner sizes 64 and n_x differ. "
        'Is 64 n_x? Then say W = tg.parameter(…, dims=("n_x", 1))'
    )


def test_matmul_of_every_pair_of_ranks_has_numpys_shape():
    for left, right in itertools.product([(3,), (2, 3), (4, 2, 3)], [(3,), (3, 5), (4, 3, 5)]):
        node = tg.input("x", left) @ tg.input("y", right)
        assert node.shape == (np.ones(left) @ np.ones(right)).shape
