"""ONNX: every op, whole models and their training steps give in onnxruntime what they give here."""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from test_compiled_programs import _cases
from test_every_op import DIFFERENTIABLE, ELEMENTWISE, NAMES

import tinygraph as tg
from tinygraph.graph import OPS, as_node
from tinygraph.jacobians import for_each
from tinygraph.onnx.formulas import FORMULAS
from tinygraph.onnx.table import LOWERINGS, REFUSED

onnxruntime.set_default_logger_severity(3)

NO_OP = {"cholesky", "inv", "solve", "log_abs_det", "sign_of_det"}


def session(model):
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def run(model, feeds):
    """The outputs by name; a feed goes in by name where the model has an input of that name, in its dtype."""
    runs = session(model)
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64}
    fed = {
        x.name: np.asarray(feeds[x.name]).astype(kinds.get(x.type, np.asarray(feeds[x.name]).dtype))
        for x in runs.get_inputs()
    }
    return dict(zip([output.name for output in runs.get_outputs()], runs.run(None, fed), strict=True))


DIGITS = {"float64": 12, "float32": 5, "float16": 2}


def agrees(nodes, *feeds, digits=None, **options):
    """One model of these nodes, a dict, gives what they give, for each of several feeds."""
    model = tg.to_onnx(nodes, **options)
    for fed in feeds:
        found = run(model, fed)
        for name, expected in tg.evaluate(nodes, fed).items():
            assert found[name].shape == np.shape(expected), name
            if options.get("dtype") is None:
                assert found[name].dtype == expected.dtype, name
            nearly = 10.0 ** -(digits or DIGITS.get(str(found[name].dtype), 15))
            np.testing.assert_allclose(found[name], expected, nearly, nearly, err_msg=name)
    return model


def ops_of(model):
    return [node.op_type for node in model.graph.node]


# Every op.


def written(op, dtype, count=None, node_of=lambda node, inputs: node):
    """For each case of an op a node of inputs of its own, and what is fed to them; what NumPy refuses is left out."""
    nodes, feeds = {}, {}
    for number, case in enumerate(_cases(op.name)[:count]):
        arrays = case.arrays(dtype)
        inputs = [tg.input(f"{dtype}_{number}_{place}", x.shape, x.dtype) for place, x in enumerate(arrays)]
        try:
            node = node_of(case.op(*inputs, **case.params), inputs)
            node.eval(dict(zip(inputs, arrays, strict=True)))
        except tg.TinygraphError:
            continue
        nodes[f"{dtype} {number}: {case}"] = node
        feeds |= {x.name: array for x, array in zip(inputs, arrays, strict=True)}
    return nodes, feeds


quiet = pytest.mark.filterwarnings(
    "ignore::tinygraph.BroadcastWarning", "ignore::tinygraph.NonFiniteWarning", "ignore::RuntimeWarning"
)


def test_each_op_is_written_or_refused():
    leaves = {"input", "parameter", "constant"}
    assert {*LOWERINGS, *FORMULAS, *REFUSED} | leaves == set(OPS)
    assert set(REFUSED).isdisjoint({*LOWERINGS, *FORMULAS})
    assert set(REFUSED) == NO_OP


@quiet
@pytest.mark.parametrize("name", [name for name in NAMES if name not in REFUSED])
def test_every_op_has_in_onnxruntime_the_nodes_value(name):
    nodes, feeds = written(OPS[name], "float64")
    for dtype in ("float32", "float16", "int64", "int32", "uint8", "bool"):
        more, fed = written(OPS[name], dtype, 8)
        nodes, feeds = nodes | more, feeds | fed
    refused = {
        key for key, node in nodes.items() if node.dtype == np.uint64 or (name == "det" and node.dtype == np.float64)
    }
    for key in refused:
        with pytest.raises(tg.BackendError):
            tg.to_onnx({key: nodes[key]})
    agrees({key: node for key, node in nodes.items() if key not in refused}, feeds, simplify=False)


@quiet
@pytest.mark.parametrize("name", [name for name in NAMES if name not in REFUSED])
def test_every_op_in_float32_of_a_graph_in_float64(name):
    nodes, feeds = written(OPS[name], "float64", 12)
    model = agrees(nodes, feeds, digits=5, dtype=np.float32, simplify=False)
    floats = {onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16}
    told = [*model.graph.input, *model.graph.output, *model.graph.value_info]
    assert floats.isdisjoint(info.type.tensor_type.elem_type for info in told)


@quiet
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_gradient_of_every_op(name):
    def gradient(node, inputs):
        return tg.grad(tg.sum(node * node), next(x for x in inputs if x.dtype.kind == "f"))

    nodes, feeds = written(OPS[name], "float64", 4, gradient)
    if name in (*REFUSED, "det"):
        with pytest.raises(tg.BackendError):
            tg.to_onnx(nodes)
    else:
        agrees(nodes, feeds, digits=11)


@pytest.mark.parametrize("name", REFUSED)
def test_an_op_that_onnx_has_not_is_refused_in_one_sentence(name):
    x = tg.input("x", (2, 2))
    args = [x, x] if name == "solve" else [x]
    node = OPS[name](*args)
    with pytest.raises(tg.BackendError) as caught:
        tg.to_onnx({"out": tg.exp(node)})
    assert str(caught.value) == (
        f"ONNX has no op for {name}, as in node = {name}({', '.join('x' for _ in args)}): export the nodes before it, "
        "or run the NumPy program of tg.compile, whose .source stands alone"
    )


def test_what_onnxruntime_has_for_other_dtypes_alone_is_refused_with_the_remedy():
    x = tg.input("x", (2, 2))
    D = tg.det(x)
    with pytest.raises(
        tg.BackendError, match=r"^onnxruntime has no det of float64, as in D = det\(x\): say dtype=np.f"
    ):
        tg.to_onnx(D)
    agrees({"D": D}, {"x": [[2.0, 1.0], [1.0, 3.0]]}, digits=5, dtype=np.float32)
    total = tg.sum(tg.input("pixels", ("n",), np.uint8))
    with pytest.raises(
        tg.BackendError, match=r"^total = sum\(pixels\) is computed in uint64, .* to another dtype, with tg.astype$"
    ):
        tg.to_onnx(total)
    pixels = tg.input("pixels", ("n",), np.uint8)
    agrees({"total": tg.sum(tg.astype(pixels, np.int64))}, {"pixels": np.array([200, 100], np.uint8)})


# NumPy's rules at the corners.

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, -0.5, 1, -1, 2, -2, 3, 2.5, -2.5, 1e-10, -1e-10, 7, 20, 1e10, -1e10]
LARGE = {np.float64: [1e300, -1e300, 1e155, 1e-155, 4503599627370497.0, 709.9], np.float32: [3e38, -3e38, 88.9]}
ABSOLUTE = {"sigmoid", "elu"}  # whose ops in onnxruntime are right beside 1, and not beside a small result


@quiet
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", sorted(set(ELEMENTWISE) - {"astype"}))
def test_infinities_nan_zeros_and_large_numbers(name, dtype):
    op = OPS[name]
    numbers = np.array([*SPECIAL, *LARGE[dtype]], dtype)
    grids = np.meshgrid(*[numbers[:: 1 if len(op.vjps) < 3 else 3]] * len(op.vjps), indexing="ij")
    inputs = [tg.input(f"x{place}", ("n",), dtype) for place in range(len(grids))]
    try:
        node = op(*inputs)
    except tg.TinygraphError:  # bits of floats
        return
    feeds = {f"x{place}": grid.ravel() for place, grid in enumerate(grids)}
    expected = node.eval(feeds)
    found = run(tg.to_onnx({"out": node}, simplify=False), feeds)["out"]
    eps = np.finfo(dtype).eps
    atol = eps if name in ABSOLUTE else np.finfo(dtype).smallest_normal
    np.testing.assert_allclose(found, expected, rtol=100 * eps, atol=atol)


@quiet
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8, np.uint8])
@pytest.mark.parametrize("name", sorted(set(ELEMENTWISE) - {"astype", "power", "reciprocal"}))
def test_signs_zeros_and_the_largest_whole_numbers(name, dtype):
    op, info = OPS[name], np.iinfo(dtype)
    numbers = np.array(
        [x for x in (info.min, info.min + 1, -7, -2, -1, 0, 1, 2, 5, 7, info.max) if x >= info.min], dtype
    )
    grids = np.meshgrid(*[numbers] * len(op.vjps), indexing="ij")
    inputs = [tg.input(f"x{place}", ("n",), dtype) for place in range(len(grids))]
    try:
        node = op(*inputs)
    except tg.TinygraphError:
        return
    feeds = {f"x{place}": grid.ravel() for place, grid in enumerate(grids)}
    expected = node.eval(feeds)
    found = run(tg.to_onnx({"out": node}, simplify=False), feeds)["out"]
    assert found.dtype == expected.dtype
    rtol = 100 * np.finfo(expected.dtype).eps if expected.dtype.kind == "f" else 0
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-16 if name in ABSOLUTE else 0)


@quiet
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nan_among_elements_and_no_elements_at_all(dtype):
    x = tg.input("x", ("n", "m"), dtype)
    nodes = {
        **{f"{f.__name__}{axis}": f(x, axis=axis) for f in (tg.max, tg.min) for axis in (None, 0, 1, (0, 1))},
        **{f"{f.__name__}{axis}": f(x, axis=axis) for f in (tg.argmax, tg.argmin, tg.argsort) for axis in (None, 0, 1)},
        **{f"keep{f.__name__}": f(x, keepdims=True) for f in (tg.argmax, tg.argmin, tg.max)},
        "clip": tg.clip(x, 0.0, 1.0),
        "softmax": tg.softmax(x, axis=(0, 1)),
    }
    rows = np.array([[0, np.nan, 2], [3, 1, 1], [np.nan, np.inf, -np.inf], [2, np.nan, np.nan]], dtype)
    agrees(nodes, {"x": rows}, {"x": -rows}, digits=5, simplify=False)
    empty = {
        "sum": tg.sum(x, axis=0),
        "mean": tg.mean(x, axis=0),
        "var": tg.var(x, axis=0),
        "prod": tg.prod(x),
        "any": tg.any(x),
        "all": tg.all(x),
        "logsumexp": tg.logsumexp(x, axis=0),
        "softmax": tg.softmax(x, axis=0),
        "sort": tg.sort(x, axis=0),
        "flat": x.reshape(-1),
        "product": x.T @ x,
        "arange": tg.arange(x.shape[0]) * 1.0,
        "masked": x[x > 0],
    }
    agrees(empty, {"x": np.zeros((0, 3), dtype)}, {"x": np.ones((2, 3), dtype)}, digits=6, simplify=False)


def test_numbers_give_way_to_the_dtype_of_arrays():
    f, i, u = tg.input("f", ("n",), np.float32), tg.input("i", ("n",), np.int32), tg.input("u", ("n",), np.uint8)
    nodes = {
        "f * 2": f * 2,
        "f * 0.5": f * 0.5,
        "i * 2": i * 2,
        "i * 0.5": i * 0.5,
        "i / 2": i / 2,
        "f + i": f + i,
        "u + 200": u + 200,
        "u < 300": u < 300,
        "u == -1": u == -1,
        "f == 0.1": f * 0.1 == 0.1,
        "u - u": u - u - u,
        "f + m": f + f.shape[0],
        "f / m": f / (f.shape[0] + 1),
        "half": np.sqrt(f.shape[0]) / 2 + f,
    }
    feeds = {"f": np.array([1, -2], np.float32), "i": np.array([3, -5], np.int32), "u": np.array([1, 200], np.uint8)}
    agrees(nodes, feeds, digits=6, simplify=False)


# Sizes that are known by name.


@st.composite
def named(draw, dims=3):
    """Shapes that broadcast together, by name, and two choices of numbers for the names."""
    shapes = draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=dims, max_side=3, min_side=1))
    rank = len(shapes.result_shape)

    def by_name(shape):
        first = rank - len(shape)
        return tuple(1 if size == 1 else f"d{first + place}" for place, size in enumerate(shape))

    numbers = [{f"d{place}": draw(st.integers(1, 4)) for place in range(rank)} for _ in range(2)]
    return [by_name(shape) for shape in shapes.input_shapes], numbers


def filled(shape, numbers, rng):
    return rng.uniform(0.5, 2, [numbers.get(size, size) for size in shape])


@quiet
@settings(max_examples=20)
@given(named(), st.data())
def test_broadcasting_by_name_for_any_sizes(drawn, data):
    shapes, numbers = drawn
    names = [name for name in ELEMENTWISE if len(OPS[name].vjps) == 2 and not name.startswith("bitwise")]
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=3, max_size=3, unique=True))
    x, y = (tg.input(name, shape) for name, shape in zip("xy", shapes, strict=True))
    nodes = {name: OPS[name](x, y) for name in chosen}
    nodes["gradient"] = tg.grad(tg.sum((x * y) ** 2), y)
    rng = np.random.default_rng(0)
    agrees(nodes, *({"x": filled(shapes[0], at, rng), "y": filled(shapes[1], at, rng)} for at in numbers), digits=11)


@quiet
@settings(max_examples=20)
@given(st.data())
def test_reductions_by_name_for_any_sizes(data):
    rank = data.draw(st.integers(0, 4))
    shape = tuple(data.draw(st.sampled_from([f"d{place}", 1, 3])) for place in range(rank))
    x = tg.input("x", shape)
    axes = st.lists(st.integers(0, max(rank - 1, 0)), max_size=rank, unique=True).map(tuple)
    nodes = {}
    for function in (tg.sum, tg.mean, tg.max, tg.min, tg.prod, tg.std, tg.var, tg.logsumexp, tg.any, tg.all):
        axis = data.draw(st.none() | axes)
        nodes[function.__name__] = function(x, axis=axis, keepdims=data.draw(st.booleans()))
    numbers = [{f"d{place}": data.draw(st.integers(1, 4)) for place in range(rank)} for _ in range(2)]
    rng = np.random.default_rng(0)
    feeds = [{"x": filled(shape, at, rng)} for at in numbers]
    agrees(nodes, *feeds, digits=11, simplify=data.draw(st.booleans()))


def test_shapes_of_sizes_for_any_sizes(rng):
    x = tg.input("x", ("m", "h", "w", 3))
    m, h, w, _ = x.shape
    y = tg.moveaxis(x, -1, 1)
    nodes = {
        "flat": x.reshape(m, -1).T,
        "merged": x.reshape(m * h, w * 3),
        "tile": tg.tile(x, (1, 2, 1, 1)),
        "roll": tg.roll(x, 1, 1),
        "repeat": tg.repeat(x, 2, 1),
        "half": x[:, h // 2, 1:],
        "last": x[m - 1],
        "slice": x[..., 1 : w - 1, ::-1],
        "picked": x[:, [0, 0, 1], :, [1, 2, 0]],
        "apart": x[0, :, [[0], [1]]],
        "arange": tg.arange(h * w + 1) / h,
        "pad": tg.pad(x, ((0, 0), (1, 1), (h, 0), (0, 0))),
        "joined": tg.concatenate([x, x * 2], 1),
        "windows": tg.unfold(y, (2, h - 1)),
        "back": tg.fold(tg.unfold(y, 2), y),
        "triangle": tg.tril(y),
        "sorted": tg.sort(x, axis=1),
        "place": tg.take_along_axis(x, tg.argmax(x, axis=2, keepdims=True), 2),
        "copied": tg.broadcast_to(x[:1], (m, h, w, 3)),
        "like": tg.ones_like(x) + x.size,
        "diagonal": tg.diag(x[0, :, 0, 0]),
        "einsum": tg.einsum("mhwc,mvwc->hv", x, x),
        "number": tg.sum(x) * (m // 2) % 3,
        "gradient": tg.grad(tg.sum(x[:, 1:] * x[:, :-1]) + tg.sum(x[:, [0, 0, 1], :, [1, 2, 0]] ** 2), x),
    }
    feeds = [{"x": rng.normal(size=(m, h, w, 3))} for m, h, w in ((2, 3, 4), (3, 5, 6), (1, 2, 3))]
    agrees(nodes, *feeds)
    model = agrees(nodes, *feeds, simplify=False)
    dims = {output.name: output.type.tensor_type.shape.dim for output in model.graph.output}
    assert [size.dim_param or size.dim_value for size in dims["merged"]] == ["h*m", "3*w"]


def test_sizes_that_masks_tell(rng):
    x = tg.input("x", ("n", "m"))
    positive = x[x > 0]
    nodes = {
        "positive": positive,
        "mean": tg.sum(positive) / positive.shape[0],
        "numbered": positive[::-1] * tg.arange(positive.shape[0]),
        "gradient": tg.grad(tg.sum(positive**2), x),
    }
    feeds = [{"x": rng.normal(size=shape)} for shape in ((3, 4), (1, 7))]
    nodes["rows"] = tg.jacobian(positive * positive.shape[0], x)
    agrees(nodes, *feeds)
    agrees(nodes, *feeds, simplify=False)


def test_what_is_needed_twice_keeps_its_name():
    x, y = tg.input("x", ("n",), np.int8), tg.input("y", ())
    wide = tg.sum(x, axis=())
    nodes = {
        "count": as_node(x.shape[0]),
        "more": y * x.shape[0],
        "wide": wide,
        "total": tg.sum(x),
        "shape": wide.reshape(1, -1),
    }
    agrees(nodes, {"x": np.array([100, 100], np.int8), "y": 2.0}, simplify=False)


def test_a_shape_without_elements_is_laid_out_anew():
    x = tg.input("x", ("m", 0))
    agrees({"turned": x.reshape(0, x.shape[0])}, {"x": np.zeros((3, 0))}, {"x": np.zeros((0, 0))}, simplify=False)


def test_a_size_that_an_unused_input_or_a_parameter_tells():
    X, y = tg.input("X", ("n", "m")), tg.input("y", ())
    W = tg.parameter(np.zeros((2, 1)), dims=("n", 1))
    model = agrees({"out": y * X.shape[1]}, {"X": np.ones((2, 3)), "y": 2.0})
    assert [x.name for x in model.graph.input] == ["y", "X"]
    model = agrees({"out": y * X.shape[0] + W}, {"X": np.ones((2, 3)), "y": 2.0})
    assert [x.name for x in model.graph.input] == ["y"]
    model = tg.to_onnx({"out": y * W.shape[0]})
    assert [x.name for x in model.graph.input] == ["y"]
    assert run(model, {"y": 2.0}) == {"out": 4}


def test_jacobians_and_hessians_are_loops(rng):
    x, w = tg.input("x", ("k",)), tg.parameter(rng.normal(size=3))
    Y = tg.tanh(x) * tg.sum(x) + tg.erf(w[0] * x)
    nodes = {"J": tg.jacobian(Y, x), "w": tg.jacobian(Y, w), "H": tg.hessian(tg.sum(Y * x), x)}
    feeds = [{"x": rng.normal(size=k)} for k in (1, 4)]
    assert "Scan" in ops_of(agrees(nodes, *feeds, simplify=False))
    agrees(nodes, *feeds)
    agrees(nodes, *feeds, dtype=np.float32, digits=4)


def test_a_loop_leaves_nothing_behind_that_is_known_in_it_alone(rng):
    x, y, i = tg.input("x", ("k",)), tg.input("y", (), np.float32), tg.constant(0, "i")
    copied = tg.broadcast_to(y, (x.shape[0],))
    nodes = {
        "rows": for_each(range(3), i, tg.broadcast_to(i, (x.shape[0],)) * x),
        "numbers": for_each(range(3), i, i),
        "same": for_each(range(3), i, x * 2),
        "after": copied + x,
    }
    feeds = [{"x": rng.normal(size=k), "y": np.float32(2)} for k in (4, 1)]
    agrees(nodes, *feeds)
    agrees(nodes, *feeds, simplify=False)


# Models.


def batches(rng, n_x, n_y, *sizes):
    return [{"X": rng.normal(size=(n_x, m)), "Y": np.eye(n_y)[:, rng.integers(0, n_y, m)]} for m in sizes]


@pytest.mark.parametrize("simplify", [True, False])
@pytest.mark.parametrize(("dtype", "digits"), [(None, 13), (np.float32, 6)])
def test_the_notes_model_and_its_gradients(notes, rng, simplify, dtype, digits):
    dW, db = tg.grad(notes.J, [notes.W, notes.b])
    nodes = {"A": notes.A, "J": notes.J, "dW": dW, "db": db, "W": notes.W - 0.5 * dW}
    feeds = [{"X": rng.normal(size=(3, m)), "Y": rng.integers(0, 2, (1, m)) * 1.0} for m in (1, 4, 100)]
    agrees(nodes, *feeds, dtype=dtype, digits=digits, simplify=simplify)


@pytest.mark.parametrize(("dtype", "digits"), [(None, 12), (np.float32, 5)])
def test_softmax_regression(rng, dtype, digits):
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (3, "m"), sums_to_one=0)
    W, b = tg.parameter(rng.normal(size=(4, 3)), dims=("n_x", 3)), tg.parameter(np.zeros((3, 1)))
    P = tg.softmax(W.T @ X + b, axis=0)
    J = -tg.mean(tg.sum(Y * tg.log(P), axis=0))
    dW, db = tg.grad(J, [W, b])
    feeds = batches(rng, 4, 3, 1, 5)
    nodes = {"P": P, "J": J, "dW": dW, "db": db, "class": tg.argmax(P, axis=0)}
    model = agrees(nodes, *feeds, dtype=dtype, digits=digits)
    assert "Softmax" in ops_of(model)
    agrees(nodes, *feeds, dtype=dtype, digits=digits, simplify=False)


@pytest.mark.parametrize(("dtype", "digits"), [(None, 11), (np.float32, 4)])
def test_a_training_step_of_a_network_with_two_hidden_layers(rng, dtype, digits):
    X, Y = tg.input("X", (4, "m")), tg.input("Y", (3, "m"), sums_to_one=0)
    A, weights = X, []
    for before, after, activation in ((4, 6, tg.gelu), (6, 5, tg.softplus), (5, 3, lambda Z: tg.softmax(Z, axis=0))):
        W, b = tg.parameter(rng.normal(size=(after, before)) / 2), tg.parameter(np.zeros((after, 1)))
        A, weights = activation(W @ A + b), [*weights, W, b]
    J = -tg.mean(tg.sum(Y * tg.log(A), axis=0))
    becomes = {f"new{place}": value for place, value in enumerate(tg.optim.adam(J, weights, 0.01).values())}
    agrees({"A": A, "J": J} | becomes, *batches(rng, 4, 3, 1, 7), dtype=dtype, digits=digits)


def pictures(rng):
    x, y = tg.input("x", ("m", 1, 8, 8)), tg.input("y", ("m",), np.int64)
    F, c = tg.parameter(rng.normal(size=(2, 1, 3, 3))), tg.parameter(rng.normal(size=(2, 1, 1)))
    W = tg.parameter(rng.normal(size=(8, 3)))
    A = tg.relu(tg.conv2d(x, F, padding=1) + c)
    A = tg.avg_pool2d(tg.max_pool2d(A, 3, 2, padding=1), 2)
    P = tg.softmax(A.reshape(A.shape[0], -1) @ W)
    J = -tg.mean(tg.log(P[tg.arange(P.shape[0]), y]))
    dF, dW = tg.grad(J, [F, W])
    feeds = [{"x": rng.normal(size=(m, 1, 8, 8)), "y": rng.integers(0, 3, m)} for m in (1, 5)]
    return {"P": P}, {"J": J, "dF": dF, "dW": dW}, feeds


def test_a_convolutional_network_has_onnx_own_ops_in_float32(rng):
    model, step, feeds = pictures(rng)
    found = ops_of(agrees(model, *feeds, dtype=np.float32, digits=5))
    assert found == ["Conv", "Add", "Relu", "MaxPool", "AveragePool", "Reshape", "MatMul", "Softmax"]
    agrees(model | step, *feeds, dtype=np.float32, digits=4)
    found = ops_of(agrees(model | step, *feeds))
    assert "Conv" not in found  # onnxruntime has it for no float64
    assert "MaxPool" in found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"), [(1, 0, 1), (2, (1, 2), 1), ((1, 2), 1, (2, 1)), (1, "same", 2)]
)
def test_convolutions_slide_as_here(rng, stride, padding, dilation, dtype):
    x, w = tg.input("x", ("m", 2, "H", "W"), dtype), tg.input("w", (3, 2, 2, 3), dtype)
    nodes = {"out": tg.conv2d(x, w, stride, padding, dilation)}
    feeds = [
        {"x": rng.normal(size=(m, 2, h, v)).astype(dtype), "w": rng.normal(size=(3, 2, 2, 3)).astype(dtype)}
        for m, h, v in ((1, 5, 6), (2, 7, 8))
    ]
    model = agrees(nodes, *feeds, digits=5 if dtype == np.float32 else 12)
    assert ("Conv" in ops_of(model)) == (dtype == np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_pooling_of_pictures_of_any_rank(rng, dtype):
    x, y = tg.input("x", ("m", 2, "H", "W"), dtype), tg.input("y", ("H", "W"), dtype)
    nodes = {f"{name} max": tg.max_pool2d(node, (2, 3), stride=(1, 2)) for name, node in (("x", x), ("y", y))}
    nodes |= {f"{name} mean": tg.avg_pool2d(node, 2, padding=1) for name, node in (("x", x), ("y", y))}
    feeds = {"x": rng.integers(-9, 9, size=(2, 2, 5, 6)).astype(dtype), "y": rng.integers(-9, 9, (5, 6)).astype(dtype)}
    model = agrees(nodes, feeds, digits=6)
    assert ops_of(model).count("MaxPool") == (dtype != np.int64)
    assert ops_of(model).count("AveragePool") == (dtype == np.float32)


def test_what_only_looks_like_pooling_is_none(rng):
    x = tg.input("x", (1, 1, 4, 4), np.float32)
    seen = tg.unfold(x, 2, 2)
    flat, more = seen.reshape(1, 1, 2, 2, 4), tg.unfold(-x, 2, 2).reshape(1, 1, 2, 2, 4)
    other = tg.unfold(tg.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=5.0), 2, 2)
    nodes = {
        "smallest": tg.sum(tg.where(tg.arange(4) == tg.argmin(flat, -1, keepdims=True), flat, 0), axis=-1),
        "backward": tg.sum(tg.where(tg.argmax(flat, -1, keepdims=True) == tg.constant([3, 2, 1, 0]), flat, 0), axis=-1),
        "all but": tg.sum(tg.where(tg.arange(4) != tg.argmax(flat, -1, keepdims=True), flat, 0), axis=-1),
        "else 1": tg.sum(tg.where(tg.arange(4) == tg.argmax(flat, -1, keepdims=True), flat, 1), axis=-1),
        "of another": tg.sum(tg.where(tg.arange(4) == tg.argmax(more, -1, keepdims=True), flat, 0), axis=-1),
        "of twice": tg.sum(tg.where(tg.arange(4) == tg.argmax(flat, -1, keepdims=True), 2 * flat, 0), axis=-1),
        "rows": tg.mean(seen, axis=(3, 5)),
        "border": tg.mean(other, axis=(-2, -1)),
        "filters": tg.einsum("mcyxhw,fchw->myxf", other, np.ones((2, 1, 2, 2), np.float32)),
    }
    model = agrees(nodes, {"x": rng.normal(size=(1, 1, 4, 4)).astype(np.float32)}, digits=5, simplify=False)
    assert {"MaxPool", "AveragePool", "Conv"}.intersection(ops_of(model)) <= {"AveragePool"}
    assert ops_of(model).count("AveragePool") == 1  # of what has the border already


# What the model is called, and what it holds.


def dims(info):
    return [size.dim_param or size.dim_value for size in info.type.tensor_type.shape.dim]


def test_names_are_the_readers():
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.ones((3, 1)), dims=("n_x", 1)), tg.parameter(np.zeros((1, 1)))
    Z = W.T @ X + b
    A = tg.sigmoid(Z)
    J = tg.mean(-(Y * np.log(A) + (1 - Y) * np.log(1 - A)))
    dW, db = tg.grad(J, [W, b])
    model = tg.to_onnx([A, J, dW, db])
    assert {x.name: dims(x) for x in model.graph.input} == {"X": ["n_x", "m"], "Y": [1, "m"]}
    assert {x.name: dims(x) for x in model.graph.output} == {"A": [1, "m"], "J": [], "dW": ["n_x", 1], "db": [1, 1]}
    assert {"W", "b"} <= {array.name for array in model.graph.initializer}
    outputs = {node.output[0]: node for node in model.graph.node}
    assert {"Z", "A", "m", "dZ"} <= outputs.keys()
    assert outputs["Z"].doc_string == "Z = W.T @ X + b"
    assert "Z" in {info.name for info in model.graph.value_info}
    assert model.opset_import[0].version == 22
    assert model.ir_version == 10


def test_outputs_in_every_structure(notes):
    A, named = notes.A, notes.Z.named("score")

    def outputs(model):
        return [x.name for x in model.graph.output]

    assert outputs(tg.to_onnx(A)) == outputs(tg.to_onnx([A])) == outputs(tg.to_onnx((A,))) == ["A"]
    assert outputs(tg.to_onnx({"probability": A, "cost": notes.J})) == ["probability", "cost"]
    assert outputs(tg.to_onnx([named, A * 2, A * 3])) == ["score", "output1", "output2"]
    assert outputs(tg.to_onnx([A, A])) == ["A", "A_2"]
    twice = run(tg.to_onnx({"one": A, "two": A}), {"X": np.ones((3, 2))})
    np.testing.assert_array_equal(twice["one"], twice["two"])


def test_leaves_and_sizes_can_be_outputs(notes):
    X, W = notes.X, notes.W
    nodes = {"same": X, "weights": W, "m": tg.sum(X.shape[1] * 1), "two": tg.constant(2.0), "size": X.shape[0] * 1.0}
    found = run(tg.to_onnx(nodes), {"X": np.ones((3, 2))})
    assert {name: value.tolist() for name, value in found.items()} == {
        "same": [[1, 1]] * 3,
        "weights": W.value.tolist(),
        "m": 2,
        "two": 2,
        "size": 3,
    }
    assert run(tg.to_onnx(X.shape[1]), {"X": np.ones((3, 2))}) == {"output0": 2}


def test_parameters_and_constants_keep_their_names_and_dtypes():
    x = tg.input("x", ("n",), np.float32)
    W, c = tg.parameter(np.ones(3, np.float32), "weights"), tg.constant(np.array([1, 2, 3]), "codes")
    twin = tg.parameter(np.zeros(3), "weights")
    y = x[:3] * W + c + twin
    model = tg.to_onnx({"x2": y}, dtype=np.float32)
    held = {array.name: onnx.numpy_helper.to_array(array) for array in model.graph.initializer}
    assert {"weights", "weights_2", "codes"} <= held.keys()
    assert held["weights_2"].dtype == np.float32
    assert held["codes"].dtype == np.int64
    wide = tg.to_onnx({"x2": y}, dtype=np.float64)
    assert wide.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.DOUBLE


def test_a_value_assigned_later_changes_no_model_made_before():
    x, w = tg.input("x", ()), tg.parameter(2.0)
    model = tg.to_onnx({"y": x * w})
    w.value = 3.0
    assert run(model, {"x": 5.0})["y"] == 10


def test_the_file_is_the_model(notes, tmp_path):
    path = tmp_path / "model.onnx"
    A = notes.A
    model = tg.to_onnx(A, path)
    assert path.read_bytes() == model.SerializeToString()
    assert onnx.load(path).graph.output[0].name == "A"
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    tg.to_onnx(A, str(path))
    with pytest.raises(tg.FolderError, match=r"^there is no folder .* to write model.onnx into"):
        tg.to_onnx(A, tmp_path / "nowhere" / "model.onnx")
    with pytest.raises(tg.BackendError):
        tg.to_onnx(tg.inv(tg.input("M", (2, 2))), path)
    assert path.read_bytes() == model.SerializeToString()


def test_a_deep_graph_needs_no_recursion():
    x = tg.input("x", ())
    y = x
    for _ in range(3000):
        y = tg.tanh(y)
    assert ops_of(tg.to_onnx({"y": y}, simplify=False)) == ["Tanh"] * 3000


@pytest.mark.parametrize(
    ("nodes", "options", "error", "told"),
    [
        (np.ones(3), {}, tg.NodeTypeError, r"^a model is of a node, or of a list, tuple or dict of them, not of array"),
        ([], {}, tg.NodeTypeError, "^a model is of one node or more, and there is none$"),
        ({1: "node"}, {}, tg.NodeTypeError, "^a key names an output of the model, so it is a text that isn't empty"),
        ({"x": "node"}, {}, tg.BackendError, "^the output 'x' is called as an input is: give it another key$"),
        ("node", {"simplify": 1}, tg.NodeTypeError, "^simplify is True or False, not 1$"),
        ("node", {"dtype": np.float16}, tg.DtypeError, "^the floats of a model are np.float32 or np.float64, not"),
        ("node", {"dtype": "none"}, tg.DtypeError, "^the floats of a model are np.float32 or np.float64, not 'none'$"),
    ],
)
def test_what_is_no_model_is_refused(nodes, options, error, told):
    node = tg.input("x", ("n",)) * 2
    nodes = node if isinstance(nodes, str) else nodes
    nodes = dict.fromkeys(nodes, node) if isinstance(nodes, dict) else nodes
    with pytest.raises(error, match=told):
        tg.to_onnx(nodes, **options)


def test_inputs_of_one_name_are_refused():
    with pytest.raises(
        tg.BackendError, match=r"^two inputs are called x, by which a model is fed: give one another name$"
    ):
        tg.to_onnx({"y": tg.input("x", ()) + tg.input("x", ())})


def test_without_the_package_onnx_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    x = tg.input("x", ())
    with pytest.raises(tg.BackendError, match=r"^tg.to_onnx needs one more package: pip install 'tinygraph\[onnx\]'$"):
        tg.to_onnx(x * 2)


def test_no_module_needs_onnx_to_be_imported():
    folder = Path(tg.__file__).parent
    for path in folder.rglob("*.py"):
        assert not any(line.startswith(("import onnx", "from onnx")) for line in path.read_text().splitlines()), path
