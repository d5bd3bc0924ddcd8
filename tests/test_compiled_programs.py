"""Compiled and printed programs beside the graph itself: every op of the table, and random programs of many ops."""

import zlib
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_every_op import DIFFERENTIABLE, NAMES, _derivable, _feeds, _inputs, _possible, _told
from test_random_programs import FITTING, FIXED_SHAPES, NAMED_SHAPES, UNARY, _at, _few
from test_random_programs import NAMES as STEPS
from test_random_programs import OPS as OPS_BY_NAME

import tinygraph as tg
from tinygraph.graph import OPS

pytestmark = [
    pytest.mark.filterwarnings("ignore::tinygraph.BroadcastWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # of values that are inf or NaN, as eval's are
]


@cache
def _cases(name):
    """Of what the op takes and has a number for: each shape, each rank together, and each parameter."""
    taken = [case for case, is_taken in _possible(OPS[name]) if is_taken]
    seen, chosen = set(), []
    for place in np.random.default_rng(zlib.crc32(name.encode())).permutation(len(taken)):
        case = taken[place]
        ranks = tuple(map(len, case.shapes))
        traits = {ranks, *enumerate(case.shapes), *((len(ranks), *param) for param in case.params.items())}
        if not traits <= seen and _has_value(case):
            chosen.append(case)
            seen |= traits
    return chosen


def _has_value(case):
    try:
        with np.errstate(all="ignore"):
            return bool(np.all(np.isfinite(case.op(*case.arrays(), **case.params))))
    except ValueError:
        return False


def pasted(source):
    """`step` of a program that is pasted into a bare interpreter, in which there is `np` alone."""
    space = {"np": np}
    exec(source, space)  # noqa: S102 - what is tested
    return space["step"]


def same(ours, theirs, tolerance=0):
    """The same type, shape and dtype, and the same numbers but for rounding beside the largest of them."""
    assert type(ours) is type(theirs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if tolerance and theirs.dtype.kind == "f":
        finite = theirs[np.isfinite(theirs)]
        scale = max(1.0, np.max(np.abs(finite), initial=0))
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale)
    else:
        np.testing.assert_array_equal(ours, theirs)


def _is_apart(args):
    arrays = [x for x in args if isinstance(x, np.ndarray)]
    return not any(np.shares_memory(x, y) for place, x in enumerate(arrays) for y in arrays[:place])


def agrees(inputs, nodes, arrays, tolerance, simplify=True, with_source=True):
    """Compiled, printed and evaluated: the same numbers, in memory of their own, twice."""
    expected = tg.evaluate(nodes, _feeds(inputs, arrays))
    step = tg.compile(inputs, nodes, simplify=simplify)
    kept = [x.copy() for x in arrays]
    first = step(*arrays)
    before = [np.array(x) for x in first]
    second = step(*arrays)
    assert _is_apart([*first, *second, *arrays])
    for ours, again, early, theirs in zip(first, second, before, expected, strict=True):
        same(ours, theirs, tolerance)
        np.testing.assert_array_equal(again, early)
        np.testing.assert_array_equal(ours, early)
    for x, as_given in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(x, as_given)
    if with_source:
        for ours, theirs in zip(pasted(step.source)(*arrays), expected, strict=True):
            assert np.shape(ours) == theirs.shape
            assert np.asarray(ours).dtype == theirs.dtype
            same(np.array(ours)[()], theirs, tolerance)


EPS = {np.float64: 4e-15, np.float32: 3e-6}


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::tinygraph.NonFiniteWarning")
def test_every_op_compiled_and_printed_has_the_nodes_value(name, dtype):
    for place, case in enumerate(_cases(name)):
        arrays = case.arrays(dtype)
        inputs = _inputs(arrays)
        with _told(case):
            try:
                node = case.op(*inputs, **case.params)
                expected = node.eval(_feeds(inputs, arrays))
            except tg.TinygraphError:  # what NumPy refuses of that dtype
                continue
            tolerance = EPS.get(expected.dtype.type, 0)
            agrees(inputs, [node], arrays, tolerance, simplify=place % 2 == 0, with_source=place < 3)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_gradient_of_every_op_compiled_and_printed_is_the_gradient(name):
    for place, case in enumerate(_cases(name)[:6]):
        arrays, inputs, node, places = _derivable(case)
        if places:
            with _told(case):
                w = tg.constant(np.random.default_rng(0).uniform(0.5, 1.5, node.shape))
                gradients = tg.grad(tg.sum(w * node * node), [inputs[place] for place in places])
                agrees(inputs, [node, *gradients], arrays, 1e-12, simplify=place % 2 == 0, with_source=place < 2)


@pytest.mark.parametrize("name", NAMES)
def test_every_op_of_what_the_program_itself_computes(name):
    """So that an argument lies in memory that is used again, and is a view of it."""
    for place, case in enumerate(_cases(name)[:8]):
        arrays = case.arrays()
        inputs = _inputs(arrays)
        inner = [(x * 1.5) if x.dtype.kind == "f" and name not in ("getitem", "scatter") else x for x in inputs]
        laid = [x / 1.5 if node is not x0 else x for x, node, x0 in zip(arrays, inner, inputs, strict=True)]
        with _told(case):
            node = case.op(*inner, **case.params)
            after = [tg.sin(x * 2 + 1) for x in inner if x.dtype.kind == "f"]
            agrees(inputs, [node, *after], laid, 1e-12, simplify=place % 2 == 0, with_source=False)


def _size(shape, sizes):
    return int(np.prod([size.at(sizes) if isinstance(size, tg.Size) else size for size in shape]))


@st.composite
def graphs(draw, shapes, sizes):
    """Inputs, and the values of 3 to 14 steps of small shapes, each made of earlier ones."""
    inputs = [
        tg.input(f"x{place}", shape)
        for place, shape in enumerate(draw(st.lists(st.sampled_from(shapes), min_size=2, max_size=3)))
    ]
    values = list(inputs)
    wanted = draw(st.integers(3, 14))
    for _ in range(4 * wanted):
        name = draw(st.sampled_from(STEPS))
        count = 1 if name in UNARY else 2
        taken = [values[draw(st.integers(0, len(values) - 1))] for _ in range(count)]
        try:
            made = OPS_BY_NAME[name](tg, *taken)
            is_small = made.ndim <= 3 and all(0 < _size(made.shape, each) <= 72 for each in sizes)
        except (tg.TinygraphError, IndexError):
            continue
        values += [made] if is_small else []
        if len(values) == len(inputs) + wanted:
            break
    return inputs, values[len(inputs) :]


def _asked(inputs, values):
    """A number that depends on all steps, its gradient, and some of the steps themselves."""
    J = tg.mean(tg.sin(inputs[0]))
    for value in values:
        J = J + 0.1 * tg.mean(tg.tanh(value))
    return [J, *values[-2:], *tg.grad(J, inputs)]


def _value_or_error(run):
    try:
        return run()
    except tg.TinygraphError as error:
        return type(error)


def _check_graph(graph, sizes, seed):
    inputs, values = graph
    asked = _asked(inputs, values)
    steps = [tg.compile(inputs, asked), tg.compile(inputs, asked, simplify=False)]
    printed = [pasted(step.source) for step in steps]
    rng = np.random.default_rng(seed)
    for each in [*sizes, *sizes]:  # one program, by turns
        arrays = [rng.normal(size=_at(map(_plain, x.shape), each)) for x in inputs]
        expected = _value_or_error(lambda arrays=arrays: tg.evaluate(asked, _feeds(inputs, arrays)))
        if isinstance(expected, type):
            for step in steps:
                assert _value_or_error(lambda step=step, arrays=arrays: step(*arrays)) is expected
            continue
        for run in (*steps, *printed):
            for ours, theirs in zip(run(*arrays), expected, strict=True):
                found = np.array(ours)[()]
                if 0 in each.values():  # a sum over nothing times 1 / 0 is NaN, and over nothing of 1 / 0 it is 0
                    found = np.where(np.isnan(found), theirs, found)[()]
                same(found, theirs, 1e-9)


def _plain(size):
    return str(size) if isinstance(size, tg.Size) else size


@_few(40)
@given(graphs(FIXED_SHAPES, [{}]), st.integers(0, 2**32 - 1))
def test_random_programs_and_their_gradients_compiled_printed_and_evaluated_agree(graph, seed):
    _check_graph(graph, [{}], seed)


@_few(30)
@given(graphs(NAMED_SHAPES, FITTING), st.integers(0, 2**32 - 1))
def test_one_random_program_serves_several_sizes_by_turns(graph, seed):
    _check_graph(graph, [*FITTING, {"n": 1, "m": 1}, {"n": 3, "m": 0}], seed)
