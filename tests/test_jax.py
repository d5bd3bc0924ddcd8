"""backend="jax": the tests of compiled programs run again on JAX, and what only it has: its device, its settings."""

import gc
import random
import signal
import subprocess
import sys
from functools import partial

import jax
import numpy as np
import pytest
import test_compile
from hypothesis import given
from hypothesis import strategies as st
from test_compile import in_threads, often, told  # noqa: F401 - one is a fixture
from test_compiled_programs import _asked, _cases, _derivable, _feeds, _inputs, graphs, same
from test_every_op import DIFFERENTIABLE, NAMES, _told
from test_random_programs import FITTING, NAMED_SHAPES, _at, _few

import tinygraph as tg

CLOSE = {np.float64: 1e-12, np.float32: 1e-5}

NOT_FOR_JAX = {
    "test_ctrl_c_leaves_no_lock_behind_where_programs_overlap": "JAX swallows a Ctrl-C here and there: see below",
    "test_ctrl_c_leaves_all_parameters_of_one_step": "JAX swallows a Ctrl-C here and there: see below",
    "test_an_index_that_does_not_exist_is_an_evaluation_error": "it isn't told which index: see below",
    "test_memory_is_kept_for_so_many_sizes_and_no_more": "JAX has memory of its own",
    "test_a_compiled_function_is_collected_with_its_memory": "JAX has memory of its own",
    "test_sizes_that_the_data_tell": "jit needs to know every size: see below",
    "test_what_sizes_alone_make_impossible_is_refused_as_eval_refuses_it": "it is told in other words: see below",
    "test_deep_graphs_compile_and_print": "XLA takes minutes for 2000 steps: see below",
    "test_a_compiled_function_tells_what_it_takes": "its program begins with import jax.numpy",
}
for name, _test in vars(test_compile).items():
    if name.startswith("test_") and name not in NOT_FOR_JAX:
        globals()[name] = _test


@pytest.fixture(autouse=True)
def on_jax(monkeypatch):
    """tg.compile takes JAX, unless it is told otherwise; and XLA may round otherwise than NumPy."""
    close, equal, check_text = np.testing.assert_allclose, np.testing.assert_array_equal, test_compile.check_text

    def nearly(x, y, rtol=1e-7, atol=0):
        close(x, y, max(rtol, 1e-12), max(atol, 1e-15))

    def equal_or_nearly(x, y):
        (nearly if np.asarray(y).dtype.kind == "f" else equal)(x, y)

    monkeypatch.setattr(tg, "compile", partial(tg.compile, backend="jax"))
    monkeypatch.setattr(np.testing, "assert_allclose", nearly)
    monkeypatch.setattr(np.testing, "assert_array_equal", equal_or_nearly)
    monkeypatch.setattr(test_compile, "check_text", lambda text: check_text(text.replace("import jax.numpy", "#")))
    yield
    assert jax.numpy.ones(1).dtype == np.float32  # JAX's own setting is as it was


# Every op, and random programs.


def agrees(inputs, nodes, arrays, expected, simplify):
    step = tg.compile(inputs, nodes, simplify=simplify)
    for ours, theirs in zip(step(*arrays), expected, strict=True):
        same(ours, theirs, CLOSE.get(theirs.dtype.type, 0))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::tinygraph.BroadcastWarning")
def test_every_op_on_jax_has_the_nodes_value(name, dtype):
    for case in _cases(name)[:1]:
        arrays = case.arrays(dtype)
        inputs = _inputs(arrays)
        with _told(case):
            try:
                node = case.op(*inputs, **case.params)
                expected = node.eval(_feeds(inputs, arrays))
            except tg.TinygraphError:  # what NumPy refuses of that dtype
                continue
            if case.op.counts:
                assert "BackendError: only data tell how many elements x0 picks" in told(tg.compile, inputs, node)
            else:
                agrees(inputs, [node], arrays, [expected], simplify=dtype is not np.float64)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::tinygraph.BroadcastWarning")
def test_the_gradient_of_every_op_on_jax_is_the_gradient(name):
    for case in _cases(name)[:2]:
        arrays, inputs, node, places = _derivable(case)
        if places:
            with _told(case):
                w = tg.constant(np.random.default_rng(0).uniform(0.5, 1.5, node.shape))
                asked = [node, *tg.grad(tg.sum(w * node * node), [inputs[place] for place in places])]
                agrees(inputs, asked, arrays, tg.evaluate(asked, _feeds(inputs, arrays)), simplify=True)
                break


@_few(8)
@given(graph=graphs(NAMED_SHAPES, FITTING), seed=st.integers(0, 2**32 - 1))
@pytest.mark.filterwarnings("ignore::tinygraph.BroadcastWarning", "ignore::RuntimeWarning")
def test_random_programs_on_jax(graph, seed):
    inputs, values = graph
    asked = _asked(inputs, values)
    step = tg.compile(inputs, asked)
    rng = np.random.default_rng(seed)
    for sizes in FITTING[:2]:
        arrays = [
            rng.normal(size=_at([str(s) if isinstance(s, tg.Size) else s for s in x.shape], sizes)) for x in inputs
        ]
        for ours, theirs in zip(step(*arrays), tg.evaluate(asked, _feeds(inputs, arrays)), strict=True):
            same(ours, theirs, 1e-9)


def test_dtypes_meet_as_in_numpy_and_not_as_in_jax():
    x, i, k = tg.input("x", (3,), np.float32), tg.input("i", (3,)), tg.input("n", (3,), np.int32)
    n, b = tg.input("k", (3,), np.int8), tg.input("b", (3,), bool)
    asked = [x * k, np.exp(k), np.mean(n), tg.sigmoid(k), np.cumsum(n), np.sum(b), tg.softmax(b * 1), np.where(b, x, k)]
    asked += [n // (n - 1), n % (n - 1), np.round(k, -1), x < k / 3, x @ k, tg.jacobian(tg.sin(x * k), x), i * x]
    arrays = [
        np.float32([0.1, 0.2, 0.3]),
        np.ones(3) / 3,
        np.int32([3, 16, -25]),
        np.int8([1, 2, 100]),
        np.ones(3, bool),
    ]
    with np.errstate(all="ignore"):
        expected = tg.evaluate(asked, dict(zip([x, i, k, n, b], arrays, strict=True)))
    agrees([x, i, k, n, b], asked, arrays, expected, simplify=False)


# What only data tell.


def test_an_index_that_does_not_exist_is_refused_and_changes_no_parameter():
    x, i, w = tg.input("x", ("n",)), tg.input("i", ("k",), int), tg.parameter(0.0, "w")
    for node in (tg.sum(x[i] ** 2), tg.grad(tg.sum(x[i] ** 2), x), tg.jacobian(x[i], x)):
        step = tg.compile([x, i], node, updates={w: w + 1})
        np.testing.assert_allclose(step(np.ones(3), [0, -3]), node.eval(x=np.ones(3), i=[0, -3]))
        held = w.value
        for wrong in (7, 3, -4):
            assert "can't be computed: an index is out of bounds" in told(step, np.ones(3), [0, wrong])
        assert w.value == held
    k, p = tg.input("k", (2,), int), tg.input("p", (2,), int)
    step = tg.compile([k, p], k**p)
    assert step([2, 3], [2, 0]).tolist() == [4, 1]
    assert "k ** p can't be computed: whole numbers have no negative powers" in told(step, [2, 3], [2, -1])


def test_what_sizes_alone_make_impossible_is_refused():
    x, k = tg.input("x", ("n",)), tg.input("k", ("n",), np.int8)
    n = x.shape[0]
    for node in (tg.sum(x) * ((n + 1) // (n - 2)), tg.sum(np.broadcast_to(x, (n, n))[:, n - 3 :])):
        step = tg.compile([x], node)
        for size in (5, 2, 1):
            try:
                expected = node.eval(x=np.ones(size))
            except tg.TinygraphError as error:
                with pytest.raises(type(error)):
                    step(np.ones(size))
            else:
                assert step(np.ones(size)) == expected
    step = tg.compile([k], k * k.shape[0])
    assert step(np.ones(3, np.int8)).tolist() == [3, 3, 3]
    assert "k * n can't be computed: a whole number is out of bounds for int8" in told(step, np.ones(300, np.int8))


def test_what_jit_cannot_do_is_refused_when_it_is_compiled():
    X, y = tg.input("X", ("n", "m")), tg.input("y", ("m",))
    for node in (X[:, y > 0], tg.flatnonzero(y), tg.grad(tg.sum(X[X > 0] ** 2), X), X[:, y > 0].shape[1] * y):
        assert "BackendError: only data tell how many elements" in told(tg.compile, [X, y], node)
    assert "there is no backend 'torch'" in told(partial(tg.compile, [X], X, backend="torch"))


def test_within_what_jax_traces_it_is_refused_and_no_parameter_changes():
    x, w = tg.input("x", (2,)), tg.parameter(np.zeros(2), "w")
    step, alone = tg.compile([x], (), updates={w: w + x}), tg.compile([], (), updates={w: w + 1})
    for function in (step, lambda x: (alone(), x)[1]):
        with jax.enable_x64(True), pytest.raises(tg.BackendError, match="call it outside"):
            jax.jit(function)(np.ones(2))
    assert w.value.tolist() == [0, 0]


# JAX's settings, its device, and what lies there.


def test_floats_are_what_they_are_whatever_jax_is_set_to(notes):
    X, Y = np.ones((3, 2)), np.zeros((1, 2))
    own = jax.jit(lambda x: x * 2)
    step = tg.compile([notes.X, notes.Y], [notes.Z, notes.J], updates={notes.W: notes.W * 0.5})
    for is_on in (False, True, False):
        with jax.enable_x64(is_on):
            Z, J = step(X, Y)
            assert Z.dtype == J.dtype == np.float64
            assert type(J) is np.float64
            assert Z.flags.writeable
            assert jax.config.jax_enable_x64 is is_on
            assert own(jax.numpy.ones(2)).dtype == (np.float64 if is_on else np.float32)
    with pytest.raises(tg.ShapeError):
        step(X, np.zeros((1, 3)))
    assert jax.config.jax_enable_x64 is False


def test_matrix_products_are_of_full_precision_on_every_device():
    x = tg.input("x", (2, 2), np.float32)
    step = tg.compile([x], x @ x)
    with jax.enable_x64(True):
        lowered = jax.jit(lambda x: step._jitted(jax, step._task, step.program)(x)).lower(np.ones((2, 2), np.float32))
    assert "HIGHEST" in lowered.as_text()


def test_parameters_stay_on_the_device_and_everything_else_reads_them(notes, tmp_path):
    W, b, X, Y = notes.W, notes.b, np.ones((3, 2)), np.zeros((1, 2))
    dW = tg.grad(notes.J, W)
    step = tg.compile([notes.X, notes.Y], notes.J, updates={W: W - dW})
    asked = [notes.J, notes.Z, W, W.T, W[::-1], b]
    in_numpy = tg.compile([notes.X, notes.Y], asked, updates={b: b + 1}, backend="numpy")
    step(X, Y)
    there = W._array
    assert isinstance(there, jax.Array)
    alone = tg.compile([], (), updates={W: W * 1})
    alone()
    with jax.transfer_guard("disallow"):
        alone()
    there = W._array
    assert type(W.value) is np.ndarray
    assert not W.value.flags.writeable
    expected = tg.evaluate(asked, {notes.X: X, notes.Y: Y})
    for ours, theirs in zip(in_numpy(X, Y), expected, strict=True):
        same(ours, theirs, 1e-12)
    assert W._array is there  # the NumPy program has read it, no more
    tg.save(tmp_path / "w.npz", [W])
    assert tg.load(tmp_path / "w.npz")["W"].value.tolist() == W.value.tolist()
    W.value = np.zeros((3, 1))
    assert step(X, Y) == pytest.approx(float(notes.J.eval({notes.X: X, notes.Y: Y, W: np.zeros((3, 1))})), rel=1e-12)
    assert W.value.any()


def test_arrays_of_jax_stay_where_they_are_and_remain_the_readers():
    x, w, v = tg.input("x", (1000,)), tg.parameter(np.zeros(1000), "w"), tg.parameter(np.zeros(1000), "v")
    step = tg.compile([x], [tg.sum(x), x], updates={w: x, v: w})
    with jax.enable_x64(True):
        given = jax.numpy.ones(1000)
    narrow = jax.numpy.ones(1000)
    assert narrow.dtype == np.float32
    step(given)
    with jax.transfer_guard_host_to_device("disallow"):
        for array in (given, narrow, given):
            total, out = step(array)
            assert total == 1000
            assert out.dtype == np.float64
    given.delete()
    assert w.value.tolist() == v.value.tolist() == [1] * 1000
    with pytest.raises(RuntimeError, match="deleted"):
        step(given)
    assert "DtypeError" in told(tg.compile([tg.input("k", (1000,), np.float16)], w), narrow)
    y = tg.input("Y", (2, "m"), sums_to_one=0)
    promised = tg.compile([y], tg.sum(y))
    assert promised(jax.numpy.ones((2, 3)) / 2) == 3
    assert "was said to sum to one" in told(promised, jax.numpy.ones((2, 3)))


def test_a_program_is_traced_once_for_each_shape_whatever_goes_in(notes):
    compiled = []
    step = tg.compile(
        [notes.X, notes.Y], notes.J, updates={notes.W: notes.W * 0.5, notes.b: notes.b + notes.X.shape[1]}
    )
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, _, **__: compiled.append(event) if "jaxpr_trace_duration" in event else None
    )

    def traces(run):
        before = len(compiled)
        run()
        return len(compiled) > before

    for m, is_new in ((2, True), (2, False), (5, True), (2, False), (5, False)):
        for array in (np.ones, lambda shape: np.asfortranarray(np.ones(shape)), lambda shape: np.ones(shape).tolist()):
            assert traces(lambda m=m, array=array: step(array((3, m)), np.zeros((1, m)))) is is_new
            is_new = False
    notes.W.value = np.ones((3, 1))
    assert not traces(lambda: step(np.ones((3, 2)), np.zeros((1, 2))))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Ctrl-C in what JAX calls back
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that interrupt")
def test_ctrl_c_leaves_no_lock_behind_and_jax_as_it_was():
    a, b = tg.parameter(0.0, "a"), tg.parameter(0.0, "b")
    one, two = tg.compile([], a, updates={a: a + 1}), tg.compile([], b, updates={b: b + 1})
    both = tg.compile([], (a, b), updates={a: a + 1, b: b + 1})
    chance, interrupted = random.Random(1), 0  # noqa: S311
    both()

    def interrupt(_, frame):
        if frame.f_code.co_filename != __file__:  # within a step, and not in what the test does between two
            raise KeyboardInterrupt

    gc.collect()  # what dies within a step would swallow the interrupt
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(1000):
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-5, 1e-3))
                for _ in range(20):
                    both()
            except KeyboardInterrupt:
                interrupted += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert a.value == b.value
            assert jax.config.jax_enable_x64 is False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 300
    in_threads(3, lambda place: (one, two, both)[place]())


def test_a_graph_of_many_steps():
    x = tg.input("x", ("m",))
    y = x
    for _ in range(200):
        y = np.sin(y) + x
    assert tg.compile([x], tg.sum(y), simplify=False)([1.0]) == pytest.approx(float(tg.sum(y).eval(x=[1.0])), rel=1e-12)


@pytest.mark.parametrize("name", ["fold", "erf", "numpy", "each", "jax", "_np"])
def test_a_name_of_the_librarys_is_free_for_a_reader(name):
    x, c = tg.input(name, ("m",)), tg.constant([1.0, 2.0], name, dims=("m",))
    node = (tg.sigmoid(x) * c * np.sqrt(x.shape[0] * 1.0)).named(name)
    np.testing.assert_allclose(tg.compile([x], node)([1.0, 2.0]), node.eval({x: [1.0, 2.0]}))


# In a process of its own.


def run(program, **environment):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_tinygraph_does_not_import_jax_and_without_it_one_sentence_says_what_to_do():
    out = run(
        "import sys, tinygraph as tg\n"
        "assert 'jax' not in sys.modules\n"
        "sys.modules['jax'] = None\n"
        "x = tg.input('x', ())\n"
        "assert tg.compile([x], x)(1) == 1\n"
        "try: tg.compile([x], x, backend='jax')\n"
        "except tg.BackendError as error: print(error)"
    )
    assert out.startswith("backend='jax' needs JAX: pip install jax")
    assert out.count("\n") == 1


def test_arrays_of_several_devices():
    run(
        "import jax, numpy as np, tinygraph as tg\n"
        "x, w = tg.input('x', (4,)), tg.parameter(np.zeros(4), 'w')\n"
        "step = tg.compile([x], [tg.sum(x), x], updates={w: w + x}, backend='jax')\n"
        "one, two = jax.devices()\n"
        "array = jax.device_put(np.ones(4, np.float32), two)\n"
        "for turn in range(3): assert step(array)[0] == 4\n"
        "assert w._array.devices() == {two} and w.value.tolist() == [3] * 4\n"
        "assert step(np.ones(4))[0] == 4\n"
        "try: step(jax.device_put(np.ones(4, np.float32), one))\n"
        "except tg.EvaluationError as error: assert 'device' in str(error)\n"
        "assert w.value.tolist() == [4] * 4\n"
        "mesh = jax.sharding.Mesh(np.array([one, two]), ('m',))\n"
        "spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec('m'))\n"
        "v = tg.parameter(np.zeros(4), 'v')\n"
        "step = tg.compile([x], tg.sum(x), updates={v: v + x}, backend='jax')\n"
        "for turn in range(2): assert step(jax.device_put(np.ones(4, np.float32), spread)) == 4\n"
        "assert v.value.tolist() == [2] * 4\n",
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
        JAX_PLATFORMS="cpu",
    )
