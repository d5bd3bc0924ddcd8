"""tg.compile: what it answers, what it keeps, what it refuses; threads, Ctrl-C, names, and the notes' own program."""

import ast
import builtins
import gc
import keyword
import linecache
import math
import random
import signal
import threading
import weakref
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.compile.compiled import KEPT_SIZES

both = pytest.mark.parametrize("simplify", [True, False], ids=["simplified", "as written"])


PYTHON = set(dir(builtins)) - {"_"}  # which a doctest leaves behind


def pasted(source):
    """`step` of a program that is pasted into a bare interpreter, in which there is `np` alone."""
    space = {"np": np}
    exec(source, space)  # noqa: S102 - what is tested
    return space["step"]


def arrays_in(structure):
    return [part for part in structure if isinstance(part, np.ndarray)]


# Aliasing.


@both
def test_what_is_returned_shares_memory_with_nothing(simplify):
    X, s, w = tg.input("X", (3, 4)), tg.input("s", ()), tg.parameter(np.arange(12.0).reshape(3, 4), "w")
    one, c = tg.input("one", (1, 1)), tg.constant(np.arange(3.0))
    e = np.exp(X)
    asked = [
        *(X, X.T, X.reshape(4, 3), X[1:], X[:, 2], X[::-1], np.broadcast_to(X, (2, 3, 4)), X, np.ravel(X)),
        *(w, w.T, w.reshape(-1), w[0], np.broadcast_to(w[:1], (3, 4)), s, one, one.reshape(()), one.reshape(1)),
        *(e, e.T, e.reshape(2, 6), e[1:], e[0, 0], e, np.squeeze(e[:1]), np.broadcast_to(e, (2, 3, 4)), e.T.T),
        *(c, c[::-1], np.broadcast_to(c, (2, 3)), tg.constant(2.0), s * 1, tg.diag(e[:, :3]), np.einsum("ij->ji", e)),
        *(np.where(X > 0, X, X), np.maximum(X, X), tg.astype(X, "float64"), X + 0, X * 1, np.split(e, 2, axis=1)[0]),
    ]
    step = tg.compile([X, s, one], asked, updates={w: w.T.reshape(3, 4)}, simplify=simplify)
    given = [np.arange(12.0).reshape(3, 4) / 5, np.array(2.0), np.array([[3.0]])]
    expected = tg.evaluate(asked, dict(zip([X, s, one], given, strict=True)))
    held = w.value
    first = step(*given)
    kept = [np.array(x) for x in first]
    for ours, theirs in zip(first, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-15)
    w.value = held
    second = step(*given)
    everything = arrays_in([*first, *second, *given, held, w.value, c.value])
    everything = [x for x in everything if x.size]
    for place, x in enumerate(everything[:-3]):
        assert not any(np.shares_memory(x, y) for y in everything[place + 1 :])
    for x in first:
        if isinstance(x, np.ndarray):
            x[...] = -1
    for ours, theirs in zip(step([[0.0] * 4] * 3, 1, [[1]]), kept, strict=True):
        assert np.shape(ours) == np.shape(theirs)
    w.value = held
    for ours, theirs in zip(step(*given), kept, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@both
def test_a_view_that_is_returned_keeps_its_numbers_while_later_steps_reuse_memory(simplify):
    X = tg.input("X", (1, 1))
    e = np.exp(X)
    for view in (e.reshape(()), e.T, e.reshape(1), e[0], e[0, 0], np.broadcast_to(e, (2, 1)), np.einsum("ii", e)):
        asked = [view, np.sin(np.cos(X)) * 3]
        step = tg.compile([X], asked, simplify=simplify)
        for ours, theirs in zip(step([[1.0]]), tg.evaluate(asked, X=[[1.0]]), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@both
def test_a_parameter_is_a_copy_of_the_input_that_it_was_updated_with(simplify):
    x, w, v = tg.input("x", (2,)), tg.parameter([0.0, 0.0], "w"), tg.parameter([5.0, 6.0], "v")
    step = tg.compile([x], [x, w], updates={w: x, v: w}, simplify=simplify)
    given = np.array([1.0, 2.0])
    step(given)
    given[:] = 9
    assert w.value.tolist() == [1, 2]
    before = w.value
    _, old = step(given)
    old[:] = -1
    assert before.tolist() == [1, 2]
    assert v.value.tolist() == [1, 2]
    assert not np.shares_memory(v.value, before)
    assert not v.value.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        v.value[0] = 1


@both
def test_two_parameters_updated_alike_do_not_share_memory(simplify):
    a, b, x = tg.parameter(np.zeros(2), "a"), tg.parameter(np.zeros(2), "b"), tg.input("x", (2,))
    new = x + 1
    out = tg.compile([x], new, updates={a: new, b: new}, simplify=simplify)(np.zeros(2))
    assert not any(np.shares_memory(p, q) for p, q in [(a.value, b.value), (a.value, out), (b.value, out)])


# Updates and structure.


@both
def test_all_new_values_are_computed_from_the_old_ones(simplify):
    a, b = tg.parameter([1.0, 2.0], "a"), tg.parameter([3.0, 4.0], "b")
    step = tg.compile([], [a, b, a + b], updates={a: b, b: a}, simplify=simplify)
    first = step()
    assert [x.tolist() for x in first] == [[1, 2], [3, 4], [4, 6]]
    assert (a.value.tolist(), b.value.tolist()) == ([3, 4], [1, 2])
    step()
    assert (a.value.tolist(), b.value.tolist()) == ([1, 2], [3, 4])


def test_the_answer_has_the_structure_that_was_asked_for():
    x = tg.input("x", ())
    Pair = namedtuple("Pair", "first second")
    for asked, expected in [
        (x, 2.0),
        ([x], [2.0]),
        ((x,), (2.0,)),
        ({"a": x, "b": x * 2}, {"a": 2.0, "b": 4.0}),
        ([(x, {"c": [x * 3]}), []], [(2.0, {"c": [6.0]}), []]),
        (Pair(x, [x]), Pair(2.0, [2.0])),
        ((), ()),
        ([], []),
        ({}, {}),
    ]:
        answer = tg.compile([x], asked)(2.0)
        assert answer == expected
        assert type(answer) is type(expected) or isinstance(answer, np.float64)


def test_a_program_of_updates_alone_answers_with_nothing():
    w = tg.parameter(1.0, "w")
    step = tg.compile([], (), updates={w: w + 1})
    assert step() == step() == ()
    assert w.value == 3


def test_what_an_update_may_be():
    w, v, k = tg.parameter(np.float32(1), "w"), tg.parameter([1.0, 2.0], "v"), tg.parameter([1.0], "k", dims=("k",))
    n, i = tg.parameter(0.0, "n"), tg.parameter(3, "i")
    step = tg.compile([], [w, k], updates={w: 2.5, v: np.zeros(2), n: k.shape[0], i: i + 1})
    step()
    assert (w.value.tolist(), v.value.tolist(), n.value.tolist(), i.value.tolist()) == (2.5, [0, 0], 1, 4)
    assert [p.value.dtype for p in (w, v, n, i)] == [np.float32, np.float64, np.float64, np.int64]
    assert all(isinstance(p.value, np.ndarray) for p in (w, v, n, i))


@both
def test_float32_stays_float32_step_after_step(simplify):
    X, w = tg.input("X", (1, "m"), np.float32), tg.parameter(np.float32([[0.5]]), "w")
    J = tg.mean(tg.softplus(w * X) * X.shape[1] / 3 + math.sqrt(2))
    step = tg.compile([X], [J, tg.grad(J, w)], updates={w: w - 0.1 * tg.grad(J, w)}, simplify=simplify)
    for _ in range(3):
        out = step(np.ones((1, 3), np.float32))
        assert [x.dtype for x in out] == [np.float32, np.float32]
        assert w.value.dtype == np.float32


def told(function, *args, **named):
    with pytest.raises(tg.TinygraphError) as caught:
        function(*args, **named)
    return f"{type(caught.value).__name__}: {caught.value}"


def test_what_compile_refuses_is_told_with_the_remedy():
    x, y = tg.input("x", ("n",)), tg.input("y", ())
    w, i = tg.parameter(np.zeros(2, np.float32), "w"), tg.parameter(1, "i")
    compile = tg.compile
    assert told(compile, [], x * y) == (
        "FeedError: the program needs x (n,) and y (), which are not among its inputs: add them to the list of inputs"
    )
    assert told(compile, [y], tg.sum(x)) == (
        "FeedError: the program needs x (n,), which is not among its inputs: add it to the list of inputs"
    )
    assert told(compile, tg.sum(x) * y, [x, y]) == (
        "FeedError: the program needs x (n,) and y (), which are not among its inputs: "
        "inputs come first, then outputs, as in tg.compile([X, Y], J)"
    )
    assert told(compile, [x, y, x], y) == "NodeTypeError: an input stands twice in the list: x (n,)"
    for wrong in (None, 3, "x", [x, "x"], [1.0], [x.shape[0]]):
        assert "the inputs of a program are nodes, such as tg.input makes, in a list; not" in told(compile, wrong, y)
    for wrong in (None, 3.0, "x", [x, None], np.zeros(2)):
        assert "an output of a program is a node, or a list, tuple or dict of them, not" in told(compile, [x], wrong)
    assert told(compile, [x], w, {x: w}) == (
        "NodeTypeError: only parameters are updated, and x (n,) is none: make it with tg.parameter(…)"
    )
    for wrong in ([w], w, (w, w), "w"):
        assert "updates are a dict: {W: W - learning_rate * dW}" in told(compile, [x], w, wrong)
    assert told(compile, [x], w, {w: x}) == ("ShapeError: the update of w: x has shape (n,), where (2,) was expected")
    assert "the update of w: 1.0 has shape (), where (2,) was expected" in told(compile, [x], w, {w: 1.0})
    assert told(compile, [x], w, {w: w * np.float64(2)}) == (
        "DtypeError: the update of w is float64, which float32 can't hold without loss: "
        "write tg.astype(…, np.float32), or make w float64"
    )
    assert "the update of i is float64, which int64 can't hold without loss" in told(compile, [], i, {i: i * 1.5})
    assert "i is int64 and was given float64, which it can't hold without loss" in told(compile, [], i, {i: 2.5})
    for wrong in ("a", None, 1j):
        assert "DtypeError" in told(compile, [x], w, {w: wrong})


def test_what_a_call_refuses_is_told_with_the_remedy():
    X, y, w = tg.input("X", ("n", "m")), tg.input("y", (1, "m")), tg.parameter(np.zeros((2, 1)), "w", dims=("n", 1))
    i = tg.input("i", (), int)
    step = tg.compile([X, y, i], tg.sum(w.T @ X * y) + i)
    ok = np.ones((2, 3)), np.ones((1, 3)), 1
    step(*ok)
    assert told(step) == "FeedError: no value for X, y and i: the program takes X, y, i"
    assert told(step, *ok[:2]) == "FeedError: no value for i: the program takes X, y, i"
    assert told(step, *ok, 4) == "FeedError: 4 inputs were given, and the program takes X, y, i"
    assert told(step, *ok, y=1) == "FeedError: y is given twice: in its place, and by name"
    assert told(step, *ok[:2], q=1) == "FeedError: no input is called 'q'; the program takes X, y, i"
    assert told(step, ok[0], np.ones((1, 4)), 1) == (
        "ShapeError: the size m is 3 in X (n, m) = (2, 3), but 4 in y (1, m) = (1, 4)"
    )
    assert told(step, np.ones((4, 3)), ok[1], 1) == (
        "ShapeError: the size n is 2 in w (n, 1) = (2, 1), but 4 in X (n, m) = (4, 3)"
    )
    assert told(step, ok[0], np.ones(3), 1) == (
        "ShapeError: y (1, m) has 2 axes and was given an array of shape (3,), with 1 axis: "
        "say array.reshape(-1, 1) for a column or array.reshape(1, -1) for a row"
    )
    assert told(step, *ok[:2], 1.5) == (
        "DtypeError: i () is int64 and was given float64, which it can't hold without loss: "
        "make it float64, or convert what it is given, with array.astype(np.int64)"
    )
    assert "a masked array, whose mask would be lost" in told(step, np.ma.array(ok[0]), *ok[1:])
    assert "takes real numbers and was given" in told(step, ok[0] * 1j, *ok[1:])
    assert "takes real numbers and was given" in told(step, None, *ok[1:])
    assert step(*ok) == 1


def test_a_size_that_two_inputs_tell_is_checked_again_for_each_new_shape():
    X, Y = tg.input("X", ("m",)), tg.input("Y", ("m",))
    step = tg.compile([X, Y], tg.sum(X) + tg.sum(Y))
    for m in (1, 3):
        step(np.ones(m), np.ones(m))
    assert "the size m is 1 in X (m,) = (1,), but 3 in Y (m,) = (3,)" in told(step, np.ones(1), np.ones(3))


FAILING = {
    "solve": lambda A: tg.solve(A, np.exp(A)),
    "inv": lambda A: tg.inv(A) @ A,
    "cholesky": lambda A: tg.cholesky(A - 1) * 2,
    "log_softmax, then solve": lambda A: tg.solve(A * 1, tg.unfold(tg.log_softmax(A, 0), 1)[:, :, 0, 0]),
}


@both
@pytest.mark.parametrize("name", FAILING)
def test_a_step_that_fails_names_its_node_and_changes_no_parameter(name, simplify):
    A, w, v = tg.input("A", (2, 2)), tg.parameter(1.0, "w"), tg.parameter(1.0, "v")
    result = FAILING[name](A)
    step = tg.compile([A], result, updates={w: w + 1, v: v + tg.sum(result)}, simplify=simplify)
    with pytest.raises(tg.EvaluationError, match=rf"(result|{name.split()[-1]}\(.*) can't be computed: "):
        step(np.zeros((2, 2)))
    assert (w.value, v.value) == (1, 1)
    step(np.array([[5.0, 1], [1, 4]]))
    assert w.value == 2


def test_an_index_that_does_not_exist_is_an_evaluation_error():
    x, i = tg.input("x", ("n",)), tg.input("i", ("k",), int)
    step = tg.compile([x, i], tg.sum(x[i]))
    assert "x[i] can't be computed: index 7 is out of bounds" in told(step, np.ones(3), [0, 7])


@both
def test_a_slice_that_does_not_fit_is_refused_as_eval_refuses_it(simplify):
    x = tg.input("x", ("n",))
    for key in (slice(None, 5), slice(4, None), slice(-5, None), slice(2, 4)):
        step = tg.compile([x], x[key] * 2, simplify=simplify)
        np.testing.assert_array_equal(step(np.ones(6)), (x[key] * 2).eval(x=np.ones(6)))
        for n in (1, 3):
            try:
                expected = (x[key] * 2).eval(x=np.ones(n))
            except tg.EvaluationError:
                assert "EvaluationError" in told(step, np.ones(n))
            else:
                np.testing.assert_array_equal(step(np.ones(n)), expected)


@both
def test_what_sizes_alone_make_impossible_is_refused_as_eval_refuses_it(simplify):
    x, k = tg.input("x", ("n",)), tg.input("k", ("n",), np.int8)
    n = x.shape[0]
    for node in (tg.sum(x) * ((n + 1) // (n - 2)), tg.sum(np.broadcast_to(x, (n, n))[:, n - 3 :])):
        step = tg.compile([x], node, simplify=simplify)
        assert step(np.ones(5)) == node.eval(x=np.ones(5))
        for size in (2, 1):
            try:
                expected = node.eval(x=np.ones(size))
            except tg.TinygraphError as error:
                with pytest.raises(type(error)):
                    step(np.ones(size))
            else:
                np.testing.assert_array_equal(step(np.ones(size)), expected)
    rest = np.sin(np.broadcast_to(x, (n, n))[1:, 1:]) * 2  # of nothing, [1:] takes nothing
    assert tg.compile([x], rest, simplify=simplify)([]).shape == rest.eval(x=[]).shape == (0, 0)
    step = tg.compile([k], k * k.shape[0], simplify=simplify)
    assert step(np.ones(3, np.int8)).tolist() == [3, 3, 3]
    assert "300 out of bounds for int8" in told(step, np.ones(300, np.int8))


# Ctrl-C, threads, memory.


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that interrupt")
def test_ctrl_c_leaves_all_parameters_of_one_step():
    a, b, c = (tg.parameter(np.zeros((120, 120)), name) for name in "abc")
    X = tg.input("X", ("n", "n"))
    product = X @ X
    step = tg.compile([X], tg.sum(product), updates={p: p + 1 for p in (a, b, c)})
    other = tg.compile([X], tg.sum(product), updates={b: b + 1, a: a + 1})
    x, chance = np.zeros((120, 120)), random.Random(0)  # noqa: S311
    step(x)

    def interrupt(_, frame):
        if frame.f_code.co_filename != __file__:  # within a step, and not in what the test does between two
            raise KeyboardInterrupt

    gc.collect()  # what dies within a step would swallow the interrupt
    before = signal.signal(signal.SIGALRM, interrupt)
    interrupted = 0
    try:
        for turn in range(300):
            run = (step, other)[turn % 2]
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-5, 2e-3), 1e-4)
                for _ in range(50):
                    run(x)
            except KeyboardInterrupt:
                interrupted += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert np.array_equal(a.value, b.value)
            assert len(np.unique(c.value)) == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 100
    with ThreadPoolExecutor(1) as pool:  # no lock is left behind
        assert np.isfinite(pool.submit(step, x).result(timeout=20))
        assert np.isfinite(pool.submit(other, x).result(timeout=20))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that interrupt")
def test_ctrl_c_leaves_no_lock_behind_where_programs_overlap():
    """Two parameters that had locks of their own before a program updates both."""
    a, b = tg.parameter(0.0, "a"), tg.parameter(0.0, "b")
    one, two = tg.compile([], a, updates={a: a + 1}), tg.compile([], b, updates={b: b + 1})
    both_ = tg.compile([], (a, b), updates={a: a + 1, b: b + 1})
    chance = random.Random(1)  # noqa: S311

    def interrupt(_, frame):
        if frame.f_code.co_filename != __file__:  # within a step, and not in what the test does between two
            raise KeyboardInterrupt

    gc.collect()  # what dies within a step would swallow the interrupt
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(1500):
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-5, 4e-4), 1e-4)
                while True:
                    both_()
            except KeyboardInterrupt:
                pass
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert a.value == b.value
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    done = []
    others = [threading.Thread(target=lambda run=run: done.append(run()), daemon=True) for run in (one, two, both_)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join(timeout=10)
    assert len(done) == 3


@pytest.fixture
def often():
    """Threads take turns as often as they can."""
    import sys

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(count, work):
    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(work, place) for place in range(count)]:
            done.result(timeout=60)


def test_one_function_called_from_many_threads_answers_each_its_own(often):
    X, W = tg.input("X", ("n_x", "m")), tg.parameter(np.arange(3.0).reshape(3, 1), "W", dims=("n_x", 1))
    A = tg.sigmoid(W.T @ X) * 3
    step = tg.compile([X], [tg.sum(np.sin(A) + np.cos(A) * A), A + 0.5, X.shape[1] * tg.mean(np.exp(A))])
    alone = tg.compile([X], [tg.sum(np.sin(A) + np.cos(A) * A), A + 0.5, X.shape[1] * tg.mean(np.exp(A))])
    cases = [np.random.default_rng(m).normal(size=(3, m % 20 + 1)) for m in range(40)]
    expected = [alone(x) for x in cases]

    def work(place):
        for turn in range(60):
            which = (7 * place + turn) % len(cases)
            for ours, theirs in zip(step(cases[which]), expected[which], strict=True):
                np.testing.assert_array_equal(ours, theirs)

    in_threads(8, work)


def test_every_step_of_many_threads_counts(often):
    t, s = tg.parameter(0.0, "t"), tg.parameter(np.zeros(2), "s")
    X = tg.input("X", ("m",))
    step = tg.compile([X], t, updates={t: t + 1})
    both_ = tg.compile([X], (t, s), updates={s: s + 1, t: t + 1})
    other = tg.compile([X], s, updates={s: s + 1})

    def work(place):
        for turn in range(200):
            (step, both_, other)[(place + turn) % 3](np.ones(turn % 5))

    in_threads(8, work)
    total = 8 * 200
    assert t.value + s.value[0] == total + sum((p + u) % 3 == 1 for p in range(8) for u in range(200))
    assert s.value[0] == s.value[1] == sum((p + u) % 3 != 0 for p in range(8) for u in range(200))


@pytest.mark.parametrize("updates", ["none", "of another parameter"])
def test_a_call_sees_the_parameters_of_one_step(often, updates):
    a, b, c = (tg.parameter(np.zeros(4), name) for name in "abc")
    step = tg.compile([], (), updates={a: a + 1, b: b + 1})
    look = tg.compile([], a - b, updates={c: c + a - b} if updates != "none" else None)
    stop = threading.Event()

    def write():
        while not stop.is_set():
            step()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        torn = sum(bool(look().any()) for _ in range(15000))
    finally:
        stop.set()
        writer.join()
    assert torn == 0
    assert not c.value.any()


def memories(step):
    """What is kept for each shape of the inputs."""
    return step._call.__globals__["memories"]


def test_memory_is_kept_for_so_many_sizes_and_no_more():
    X = tg.input("X", ("m",))
    step = tg.compile([X], tg.sum(np.exp(np.sin(X)) * 2))
    for m in range(100):
        assert step(np.zeros(m)) == pytest.approx(2 * m)
        assert len(memories(step)) <= KEPT_SIZES
    assert step(np.zeros(3)) == pytest.approx(6)


def test_a_compiled_function_is_collected_with_its_memory():
    X = tg.input("X", ("m",))
    step = tg.compile([X], np.exp(np.sin(X)) @ X)
    step(np.ones(1000))
    pieces = [weakref.ref(part) for memory in memories(step).values() for part in memory.free[0] if part.ndim]
    assert pieces
    gone = weakref.ref(step)
    del step
    gc.collect()
    assert gone() is None
    assert all(piece() is None for piece in pieces)


def test_the_lines_of_a_program_are_given_up_with_it():
    X = tg.input("X", ("m",))
    step = tg.compile([X], np.exp(np.sin(X)) @ X)
    name = step._filename
    linecache.checkcache()
    assert "".join(linecache.getlines(name)) == step.program
    del step
    gc.collect()
    assert linecache.getlines(name) == []
    before = len(linecache.cache)
    for _ in range(10):
        tg.compile([X], np.exp(X))
        gc.collect()
    assert len(linecache.cache) <= before + 1


def test_a_program_may_die_while_a_traceback_looks_its_lines_up():
    class Dying(dict):
        """The cache of linecache, in which a program dies once its names were listed."""

        def keys(self):
            names = list(super().keys())
            programs.clear()
            gc.collect()
            return names

    programs = [tg.compile([], tg.parameter(np.zeros(3)) * 2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linecache, "cache", Dying(linecache.cache))
        linecache.checkcache()
    assert not programs


def test_a_parameter_is_not_kept_alive_by_what_was_compiled():
    def used():
        w = tg.parameter(np.zeros(3))
        tg.compile([], w * 2, updates={w: w + 1})()
        return weakref.ref(w)

    gone = used()
    gc.collect()
    assert gone() is None


# Names.

HOSTILE = [
    *("class", "lambda", "None", "print", "np", "step", "memory", "sum", "len", "match", "_", "__import__('os')", "ﬁ"),
    *("λ", "θ₁", "a b", "it's", 'say "x"', "new\nline", "x\n    import os", "sigmoid", "each", "scattered", "m", "n_x"),
    *("free", "make", "call", "t1", "k1", "m1", "c1", "v1", "row1", "exp", "add_reduce", "dot", "{0}", "{", "\\", "#"),
    *("9lives", "²", "\u2028", "\x00", "A", "A ", "dZ", "pieces", "fault", "x0", "y0", "new0", "ndarray", "any", "map"),
    *("parameter0", "dtype0", "é", "e\u0301", "__debug__", "__builtins__", "axis", "numbers", "out", "🎈", "softmax"),
]


def check_text(text):
    tree = ast.parse(text)
    for part in ast.walk(tree):
        names = []
        if isinstance(part, ast.Name):
            names = [part.id]
        elif isinstance(part, ast.arg):
            names = [part.arg]
        elif isinstance(part, ast.FunctionDef):
            names = [part.name]
        bound = isinstance(part, ast.arg | ast.FunctionDef) or (
            isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        )
        for name in names:
            assert name.isidentifier()
            assert not keyword.iskeyword(name)
            assert not name.startswith("__")
            if bound:
                assert name not in PYTHON, f"{name} would hide Python's own"
                assert name != "np"
        assert not isinstance(part, ast.Constant) or part.value not in HOSTILE, part.value
        assert not isinstance(part, ast.Import) or all(alias.name in ("numpy", "math") for alias in part.names)
        if isinstance(part, ast.Attribute):
            assert not part.attr.startswith("_")


def hostile_graph(names):
    inputs = [tg.input(name, ("m",)) for name in names]
    held = [tg.parameter(np.full(3, 0.5 + place), name) for place, name in enumerate(names)]
    total = tg.input("total", ("m",))
    inputs.append(total)
    steps = []
    for name, x in zip(names, inputs, strict=False):
        total = (tg.softmax(np.sin(total) + x) * 0.5 + tg.sigmoid(x) * x.shape[0]).named(name)
        steps.append(total)
    c = [tg.constant(np.arange(3.0) + place, name) for place, name in enumerate(names)]
    J = tg.sum(total) + sum(tg.sum(h * k) for h, k in zip(held, c, strict=True))
    return inputs, held, J, steps


@both
def test_no_text_of_a_readers_reaches_a_program(simplify):
    inputs, held, J, steps = hostile_graph(HOSTILE)
    dx = tg.grad(J, inputs[:3])
    asked = [J, *dx, *steps[::7]]
    step = tg.compile(inputs, asked, updates={p: p + 1 for p in held}, simplify=simplify)
    arrays = [np.random.default_rng(place).normal(size=5) for place in range(len(inputs))]
    expected = tg.evaluate(asked, dict(zip(inputs, arrays, strict=True)))
    values = [p.value for p in held]
    printed = pasted(step.source)(*arrays, *values)
    for ours, theirs, again in zip(step(*arrays), expected, printed, strict=False):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(again, theirs, rtol=1e-11, atol=1e-12)
    for text in (step.source, step.program):
        check_text(text)
        for raw in ("__import__(", "import os", "it's", "say ", "\u2028", "\x00", "🎈", "ﬁ"):
            assert raw not in text


@pytest.mark.parametrize("name", HOSTILE)
def test_an_input_and_a_size_of_any_name_go_in_by_place_and_by_name(name):
    x = tg.input(name, ("m",))
    p = tg.parameter(2.0, name)
    y = (tg.sigmoid(np.exp(x)) * p + x.shape[0]).named(name)
    step = tg.compile([x], [tg.sum(y), y])
    expected = tg.sum(y).eval({x: [1.0, 2.0]})
    assert step([1.0, 2.0])[0] == pytest.approx(expected)
    assert step(**{name: [1.0, 2.0]})[0] == pytest.approx(expected)
    assert pasted(step.source)(np.array([1.0, 2.0]), p.value)[0] == pytest.approx(expected)
    check_text(step.source)
    check_text(step.program)


@pytest.mark.parametrize(
    "name",
    ["X", "step", "make", "memory", "np", "sum", "class", "k1", "t1", "m1", "x0", "sigmoid", "exp", "λ", "_", "m"],
)
def test_a_size_may_have_any_name_that_python_has(name):
    X, Y = tg.input("X", (name, "n")), tg.input(name, (name,))
    size = X.shape[0]
    node = tg.sum(tg.sigmoid(np.exp(X)) / size, axis=0) * (size + 1) + tg.mean(Y) * X.shape[1]
    step = tg.compile([X, Y], [node, size])
    for shape in ((2, 3), (4, 1), (4, 4)):
        arrays = np.ones(shape), np.arange(float(shape[0]))
        expected = node.eval({X: arrays[0], Y: arrays[1]})
        np.testing.assert_allclose(step(*arrays)[0], expected, rtol=1e-14)
        np.testing.assert_allclose(pasted(step.source)(*arrays)[0], expected, rtol=1e-14)
        assert step(*arrays)[1] == shape[0]


def test_variables_name_the_lines_and_names_win():
    x = tg.input("x", ("m",))
    s = np.exp(x)
    hidden = (s * 2).named("twice")
    dx = tg.grad(tg.sum(hidden * s), x)
    step = tg.compile([x], [hidden, dx], simplify=False)
    for text in (step.source, step.program):
        assert "    s = " in text
        assert "    twice = " in text
        assert "    dx = " in text
    assert "hidden" not in step.source + step.program


# Inputs.


@both
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # NumPy's, of its matrices
def test_inputs_are_taken_as_eval_takes_them(simplify):
    X, y, i = tg.input("X", ("n", "m")), tg.input("y", ()), tg.input("i", ("m",), int)
    node = np.exp(X.T @ X) * y + i
    step = tg.compile([X, y, i], node, simplify=simplify)
    base = np.arange(6.0).reshape(2, 3) / 7
    expected = step(base, np.array(2.0), np.array([1, 2, 3]))
    np.testing.assert_allclose(expected, node.eval(X=base, y=2.0, i=[1, 2, 3]), rtol=1e-14)
    read_only = base.copy()
    read_only.flags.writeable = False
    for X_ in (
        *(base.tolist(), base.astype(object).tolist(), np.asfortranarray(base), base.astype(">f8"), read_only),
        *(np.repeat(base, 2, axis=1)[:, ::2], base[::-1, ::-1][::-1, ::-1], tuple(map(tuple, base)), np.matrix(base)),
    ):
        for y_ in (2, 2.0, np.float64(2), np.float32(2), np.array(2), True + 1):
            found = step(X_, y_, [1, 2, 3])
            assert type(found) is np.ndarray
            np.testing.assert_allclose(found, expected, rtol=1e-14)
            np.testing.assert_array_equal(step(X_, i=(1, 2, 3), y=y_), found)
    np.testing.assert_array_equal(step(i=np.int8([1, 2, 3]), X=base, y=2), expected)
    narrow = base.astype(np.float32)
    np.testing.assert_allclose(step(narrow, 2, [1, 2, 3]), expected, rtol=1e-6)
    assert step(narrow, 2, [1, 2, 3]).dtype == np.float64
    assert step(np.ones((2, 0)), 1, np.empty(0, int)).shape == (0, 0)


def test_a_float32_program_takes_whole_and_python_numbers():
    x = tg.input("x", ("m",), np.float32)
    step = tg.compile([x], x * 2)
    for value in ([1, 2], [1.0, 2.0], np.array([1, 2], np.int8), np.array([1, 2], np.float32)):
        assert step(value).dtype == np.float32
    assert "DtypeError" in told(step, np.array([1.0, 2.0]))


def test_a_parameter_can_be_an_input_and_keeps_its_value():
    W, x = tg.parameter([1.0, 2.0], "W"), tg.input("x", (2,))
    J = tg.sum(W * W * x)
    step = tg.compile([x, W], [J, tg.grad(J, W)])
    J_, dW = step([1, 1], W=[3.0, 4.0])
    assert (J_, dW.tolist(), W.value.tolist()) == (25, [6, 8], [1, 2])
    moving = tg.compile([W], W * 2, updates={W: W + 1})
    assert moving([10.0, 20.0]).tolist() == [20, 40]
    assert W.value.tolist() == [11, 21]


def test_an_intermediate_node_can_be_an_input_and_what_lies_before_it_is_not_asked_for():
    X, W = tg.input("X", ("n", "m")), tg.parameter(np.ones((2, 1)), "W", dims=("n", 1))
    Z = W.T @ X
    A = tg.sigmoid(Z)
    step = tg.compile([Z], [A, Z.shape[1] * tg.sum(A)])
    given = np.array([[0.0, 1.0, 2.0]])
    np.testing.assert_allclose(step(given)[0], 1 / (1 + np.exp(-given)), rtol=1e-14)
    np.testing.assert_allclose(pasted(step.source)(given)[0], 1 / (1 + np.exp(-given)), rtol=1e-14)
    assert step(Z=given)[1] == pytest.approx(3 * np.sum(1 / (1 + np.exp(-given))))


def test_a_program_without_inputs_reads_its_parameters_at_each_call():
    w = tg.parameter([1.0, 2.0], "w", dims=("k",))
    step = tg.compile([], [tg.sum(w), w.shape[0]])
    assert step() == [3, 2]
    w.value = [5, 5]
    assert step()[0] == 10
    assert told(step, 1) == "FeedError: 1 input was given, and the program takes none"


def test_an_input_that_the_graph_does_not_use_tells_its_sizes_and_is_checked():
    X, unused = tg.input("X", (2, "m")), tg.input("unused", ("k", "m"))
    step = tg.compile([X, unused], tg.sum(X) * unused.shape[0])
    assert step(np.ones((2, 3)), np.ones((5, 3))) == 30
    assert "the size m is 3 in X" in told(step, np.ones((2, 3)), np.ones((5, 4)))
    assert pasted(step.source)(np.ones((2, 3)), np.ones((5, 3))) == (30,)


def test_a_size_that_no_input_tells_is_asked_for():
    x, y = tg.input("x", ("n",)), tg.input("y", ("k",))
    message = told(lambda: tg.compile([x], tg.sum(x) * y.shape[0])([1.0]))
    assert "the size k" in message
    assert "y" in message


def test_what_is_promised_of_an_input_is_checked():
    P, Y = tg.input("P", ("k", "m")), tg.input("Y", ("k", "m"), sums_to_one=0)
    J = tg.sum(tg.sum(Y, axis=0) * P)
    step = tg.compile([P, Y], J)
    with pytest.raises(tg.TinygraphError, match="Y"):
        step(np.ones((2, 2)), np.ones((2, 2)))
    assert step(np.ones((2, 2)), np.eye(2)) == 4


# What is odd about a graph.


@both
def test_a_number_to_a_power_is_bracketed(simplify):
    x, n = tg.input("x", ()), tg.input("n", ("m",))
    m = n.shape[0]
    asked = [(-2) ** x, (-2.0) ** x * 3, (-3) ** m, -(x**2), (-x) ** 2, 2.0 - (x - 1), (x - 1) - (x - 2), x / (x * 3)]
    asked += [(-1) ** (m + 1) * x, -1 * (-x), 1 - (m - 3) * x, (m - 3) ** 2 * x, x ** (-m), (m + 1) / (m - 7) * x]
    step = tg.compile([x, n], asked, simplify=simplify)
    for value in (2.0, 3.0):
        expected = tg.evaluate(asked, x=value, n=[1.0, 1.0])
        np.testing.assert_allclose(step(value, [1, 1]), expected, rtol=1e-14)
        np.testing.assert_allclose(pasted(step.source)(np.array(value), np.ones(2)), expected, rtol=1e-14)


@both
def test_sizes_that_the_data_tell(simplify):
    X, y = tg.input("X", ("n", "m")), tg.input("y", ("m",))
    kept = X[:, y > 0]
    J = tg.mean(kept**2) + tg.sum(X[X > 0.5]) / X[X > 0.5].shape[0]
    asked = [kept, J, tg.grad(J, X), kept.shape[1], y[y > 0] * kept.shape[1], kept.T.reshape(-1), tg.flatnonzero(y)]
    step = tg.compile([X, y], asked, simplify=simplify)
    run = pasted(step.source)
    for m in (5, 3, 5, 8):
        X_, y_ = np.random.default_rng(m).normal(size=(2, m)) + 0.5, np.random.default_rng(m).normal(size=m) + 0.5
        expected = [node.eval(X=X_, y=y_) if isinstance(node, tg.Node) else int(np.sum(y_ > 0)) for node in asked]
        for ours, again, theirs in zip(step(X_, y_), run(X_, y_), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-13)
            np.testing.assert_allclose(again, theirs, rtol=1e-13)


LOOPS = {
    "of a square": lambda X: tg.jacobian(X * X, X),
    "of columns": lambda X: tg.jacobian(tg.sum(np.sin(X) * X, axis=0) * X.shape[1], X),
    "of a product": lambda X: tg.jacobian(X.T @ X, X),
    "Hessian": lambda X: tg.hessian(tg.sum(X**3 * np.sin(X)) / X.shape[1], X),
    "gradient of a Hessian": lambda X: tg.grad(tg.sum(tg.hessian(tg.sum(np.exp(X) * X), X)), X),
    "of a Jacobian": lambda X: tg.jacobian(tg.jacobian(tg.sum(X * X * X, axis=0), X), X),
}


@both
@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("shape", [(2, 2), ("n", "m")])
def test_loops_of_jacobians_and_hessians(name, shape, simplify):
    X = tg.input("X", shape)
    node = LOOPS[name](X)
    step = tg.compile([X], [node, X * 2], simplify=simplify)
    for sizes in ((2, 2), (2, 3), (1, 1)) if shape[0] == "n" else ((2, 2),):
        x = np.random.default_rng(0).normal(size=sizes)
        expected = node.eval(X=x)
        np.testing.assert_allclose(step(X=x)[0], expected, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(pasted(step.source)(x)[0], expected, rtol=1e-12, atol=1e-13)


@both
def test_a_loop_with_constants_parameters_and_names_like_those_outside(simplify):
    x, w = tg.input("x", ("n",)), tg.parameter([0.5, 2.0], "i", dims=("n",))
    y = np.tanh(x * w) * tg.constant([1.0, -1.0], "numbers", dims=("n",))
    node = tg.jacobian(y, x) @ y + tg.hessian(tg.sum(y * y), x) @ w
    step = tg.compile([x], node, updates={w: w + node}, simplify=simplify)
    expected, held = node.eval(x=[0.3, 0.4]), w.value
    np.testing.assert_allclose(pasted(step.source)(np.array([0.3, 0.4]), held)[0], expected, rtol=1e-13)
    np.testing.assert_allclose(step(x=[0.3, 0.4]), expected, rtol=1e-13)
    np.testing.assert_allclose(w.value, held + expected, rtol=1e-13)


@both
def test_constants_ranges_and_numbers_alone(simplify):
    x = tg.input("x", ("n",))
    n = x.shape[0]
    big = np.random.default_rng(0).normal(size=(40, 50))
    special = np.array([np.inf, -np.inf, np.nan, -0.0, 1e-320, 1e308])
    asked = [
        *(tg.constant(big), tg.constant(special), tg.constant(np.array([True, False])), tg.constant(3), n, n * 2 + 1),
        *(tg.arange(n) * x, tg.arange(n), tg.constant(np.float32([0.1, 1e-40])), np.pi * tg.constant(2), n / 2),
        *(tg.constant(np.zeros((0, 3))), tg.constant(np.array(7, np.int8)), tg.sum(tg.constant(big)) * n, x * np.inf),
    ]
    step = tg.compile([x], asked, simplify=simplify)
    with np.errstate(all="ignore"):
        expected = [tg.Node.eval(node, x=[1.0, 2.0]) if isinstance(node, tg.Node) else None for node in asked]
        found, printed = step([1.0, 2.0]), pasted(step.source)(np.array([1.0, 2.0]))
    for ours, again, theirs, node in zip(found, printed, expected, asked, strict=True):
        if theirs is None:
            assert ours == again == node.at({"n": 2})
            continue
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
        np.testing.assert_allclose(again, theirs, rtol=1e-12)
        assert (type(ours), ours.dtype, ours.shape) == (type(theirs), theirs.dtype, theirs.shape)
        assert np.asarray(again).dtype == theirs.dtype
        np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))


@both
def test_deep_graphs_compile_and_print(simplify):
    x, w = tg.input("x", ("m",)), tg.parameter(1.0, "w")
    y = x
    for _ in range(100 if simplify else 2000):
        y = np.sin(y) * w
    step = tg.compile([x], tg.sum(y), updates={w: w + tg.grad(tg.sum(y), w)}, simplify=simplify)
    held = w.value
    assert step([1.0]) == tg.sum(y).eval({x: [1.0], w: held})
    assert pasted(step.source)(np.ones(1), held)[0] == pytest.approx(float(tg.sum(y).eval({x: [1.0], w: held})))


@both
def test_memory_that_is_used_again_never_mixes_up_values(simplify):
    """Transposes, slices and reshapes of what lies in memory that is soon free."""
    X = tg.input("X", (3, 3))
    e = np.exp(X)
    s = np.sin(e)
    r = e.reshape(9)[::-1].reshape(3, 3)
    asked = [s + s.T, (s + 1).T @ (s * 2), np.cos(r) + e.T, np.sum(s.T, axis=0) * s[0], e.T.reshape(9) * r.T.ravel()]
    asked += [tg.sum(np.where(s > 0, e.T, s)), np.maximum(e.T, e), (e - e.T) * (e.T + r), np.linalg.inv(s + 5 * e)]
    x = np.random.default_rng(0).normal(size=(3, 3))
    expected = tg.evaluate(asked, X=x)
    for count in range(1, len(asked) + 1):
        for ours, theirs in zip(tg.compile([X], asked[:count], simplify=simplify)(x), expected, strict=False):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@both
@pytest.mark.filterwarnings("ignore::tinygraph.NonFiniteWarning")
def test_an_inf_or_nan_is_where_eval_has_it(simplify):
    x = tg.input("x", ("m",))
    asked = [np.log(x), 1 / x, tg.max(x), tg.sum(x) * x.shape[0], np.exp(x) + np.sqrt(x), x.shape[0] / (x.shape[0] - 2)]
    step = tg.compile([x], asked, simplify=simplify)
    for value in ([0.0, 1.0], [np.nan, 1.0], [np.inf, -np.inf], [800.0, -800.0]):
        expected = [node.eval(x=value) for node in asked]
        with np.errstate(all="ignore"):
            for ours, theirs in zip(step(value), expected, strict=True):
                np.testing.assert_array_equal(ours, theirs)


# The notes' model.


def notes_step(notes, **how):
    X, Y, W, b, J = notes.X, notes.Y, notes.W, notes.b, notes.J
    Z, A = notes.Z, notes.A  # noqa: F841 - named by their variables
    dW, db = tg.grad(J, [W, b])
    return tg.compile([X, Y], J, updates={W: W - 0.005 * dW, b: b - 0.005 * db}, **how)


def test_the_notes_program_is_printed_as_the_notes_write_it(notes):
    body = notes_step(notes).source
    assert body[body.index("def step") :].splitlines() == [
        "def step(X, Y, W, b):",
        "    m = X.shape[1]",
        "    Z = W.T @ X + b",
        "    A = sigmoid(Z)",
        "    J = np.mean(np.maximum(Z, 0) - Y * Z + np.log1p(np.exp(-np.abs(Z))))",
        "    dZ = (A - Y) / m",
        "    dW = X @ dZ.T",
        "    db = np.sum(dZ, axis=1, keepdims=True)",
        "    return J, W - 0.005 * dW, b - 0.005 * db",
    ]


def exact_notes(X, Y, W, b):
    """J and its derivatives in 50 digits."""
    mpmath = pytest.importorskip("mpmath")
    mpmath.mp.dps = 50
    n_x, m = X.shape
    number = lambda x: mpmath.mpf(float(x))
    z = [sum((number(W[j, 0]) * number(X[j, k]) for j in range(n_x)), number(b[0, 0])) for k in range(m)]
    y = [number(v) for v in Y[0]]
    softplus = lambda v: mpmath.log1p(mpmath.exp(v)) if v < 0 else v + mpmath.log1p(mpmath.exp(-v))
    J = sum(yk * softplus(-zk) + (1 - yk) * softplus(zk) for zk, yk in zip(z, y, strict=True)) / m
    dz = [(1 / (1 + mpmath.exp(-zk)) - yk) / m for zk, yk in zip(z, y, strict=True)]
    dW = [sum(number(X[j, k]) * dz[k] for k in range(m)) for j in range(n_x)]
    return float(J), np.array([list(map(float, dz))]), np.array([[float(v)] for v in dW]), float(sum(dz))


@pytest.mark.parametrize("saturation", [1.0, 30.0, 800.0])
def test_saturated_inputs_beside_50_digits(notes, saturation):
    X = np.array([[1.0, -1.0, 1.0, -1.0, 0.0, 0.5], [0.0] * 6, [0.0, 0, 0, 0, 0, 1e-3]])
    Y = np.array([[1.0, 0.0, 0.0, 1.0, 1.0, 0.0]])
    W, b = np.array([[saturation], [0.0], [0.3]]), np.array([[0.0]])
    notes.W.value, notes.b.value = W, b
    dZ, dW, db = tg.grad(notes.J, [notes.Z, notes.W, notes.b])
    step = tg.compile([notes.X, notes.Y], [notes.J, dZ, dW, db])
    exact = exact_notes(X, Y, W, b)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = step(X, Y)
        printed = pasted(step.source)(X, Y, W, b)
    for ours, again, theirs in zip(found, printed, exact, strict=True):
        np.testing.assert_allclose(np.squeeze(ours), np.squeeze(theirs), rtol=4e-15, atol=1e-16)
        np.testing.assert_allclose(np.squeeze(again), np.squeeze(theirs), rtol=4e-15, atol=1e-16)


@pytest.mark.parametrize("how", [{}, {"simplify": False}])
def test_the_notes_program_trains_as_its_graph_does(notes, how):
    rng = np.random.default_rng(0)
    sizes = [5, 1, 7, 5, 2]
    batches = [(rng.normal(size=(3, m)), (rng.uniform(size=(1, m)) > 0.5) * 1.0) for m in sizes]
    dW, db = tg.grad(notes.J, [notes.W, notes.b])
    step = notes_step(notes, **how)
    W, b = notes.W.value, notes.b.value
    for X, Y in batches:
        feeds = {notes.X: X, notes.Y: Y, notes.W: W, notes.b: b}
        J_, dW_, db_ = tg.evaluate((notes.J, dW, db), feeds)
        assert step(X, Y) == pytest.approx(float(J_), rel=1e-13)
        W, b = W - 0.005 * dW_, b - 0.005 * db_
        np.testing.assert_allclose(notes.W.value, W, rtol=1e-13)
        np.testing.assert_allclose(notes.b.value, b, rtol=1e-13)


def test_no_examples_at_all(notes):
    step = tg.compile([notes.X, notes.Y], [notes.Z, tg.sum(notes.L), *tg.grad(tg.sum(notes.L), [notes.W, notes.b])])
    Z, total, dW, db = step(np.ones((3, 0)), np.ones((1, 0)))
    assert (Z.shape, total, dW.tolist(), db.tolist()) == ((1, 0), 0, [[0], [0], [0]], [[0]])


def test_a_compiled_function_tells_what_it_takes(notes):
    step = notes_step(notes)
    assert repr(step) == "<compiled step(X, Y)>"
    assert step.program.startswith("import numpy as np")
    assert "out" in str(step.report) or str(step.report)
