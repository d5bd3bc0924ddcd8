"""Nodes never change, speak NumPy, and know their shapes and dtypes."""

import copy
import gc
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.order import order

X = tg.input("X", ("n_x", "m"))
array = np.arange(6.0).reshape(2, 3)


def test_a_node_never_changes():
    Z = X + 1
    for change in (
        lambda: setattr(Z, "name", "Q"),
        lambda: setattr(Z, "value", 3),
        lambda: delattr(Z, "op"),
        lambda: Z.params.update(axis=3),
    ):
        with pytest.raises(AttributeError):
            change()
    with pytest.raises(tg.NodeTypeError, match="a node never changes"):
        Z += 1
    with pytest.raises(tg.NodeTypeError, match="a node never changes"):
        array.copy().__iadd__(Z)


def test_a_parameter_keeps_its_own_copy_and_what_was_read_stays():
    start = np.zeros((2, 1))
    W = tg.parameter(start)
    start[:] = 9
    before = W.value
    new = np.ones((2, 1))
    W.value = new
    new[:] = 9
    assert before.tolist() == [[0], [0]]
    assert W.value.tolist() == [[1], [1]]
    with pytest.raises(ValueError, match="read-only"):
        W.value[0] = 5
    with pytest.raises(ValueError, match="WRITEABLE"):
        W.value.flags.writeable = True
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        W.value.shape = (1, 2)
    assert W.value.shape == (2, 1)


@pytest.mark.parametrize("wrong", [np.ones(2), np.ones((2, 1), complex), "text", [[1], [2, 3]]])
def test_a_parameter_refuses_what_does_not_fit_and_stays_as_it_was(wrong):
    W = tg.parameter(np.zeros((2, 1)))
    with pytest.raises(tg.TinygraphError, match="W"):
        W.value = wrong
    assert W.value.tolist() == [[0], [0]]


def test_values_handed_out_share_memory_with_nothing():
    fed = array.copy()
    W = tg.parameter(array)
    for node in (X, X.T, X.reshape(-1), W, W.T, tg.broadcast_like(tg.sum(W), W), tg.constant(array)):
        value = node.eval({X: fed})
        assert not np.shares_memory(value, fed)
        assert not np.shares_memory(value, W.value)
        if node is not W:
            assert value.flags.writeable


def test_numpy_on_nodes_makes_nodes():
    results = {
        "np function": np.exp(X),
        "array @ node": array.T @ tg.input("Q", (2, "m")),
        "array - node": array - tg.input("Q", (2, 3)),
        "number / node": 1 / X,
        "list * node": [1.0, 2.0, 3.0] * tg.input("q", (3,)),
        "np.float64 * node": np.float64(2) * X,
        "comparison": X == 3,
        "method": X.sum(axis=0),
        "np.dot": np.dot(X.T, X),
        "np.transpose": np.transpose(X),
        "np.reshape": np.reshape(X, (-1,)),
    }
    assert all(isinstance(result, tg.Node) for result in results.values())


def test_numpy_on_nodes_computes_what_numpy_computes():
    x = tg.input("x", (2, 3))
    x0 = tg.constant(array[:1])
    for function in (
        lambda x: np.exp(x) / (1 + np.exp(x)) - array,
        lambda x: np.sum(x, axis=1, keepdims=True) @ x[:1] if isinstance(x, np.ndarray) else tg.sum(x, 1, True) @ x0,
        lambda x: np.mean(x, axis=(0, 1)) ** 2 + x.mean(0) + x.T.reshape(2, 3) + x.reshape((3, 2)).T,
        lambda x: (x > 1) * x + (x == 2) + (x != 2) + (x < 1) + (x <= 1) + (x >= 1) - (-x),
        lambda x: np.where(x > 2, x, 0.5) * np.tanh(x) + np.log(x + 1),
        lambda x: x.transpose(1, 0) @ x + x.mT @ x + np.dot(x.T, x) + np.matmul(x.T, x) + np.dot(2.0, x.T @ x),
    ):
        np.testing.assert_allclose(function(x).eval(x=array), function(array), rtol=1e-15)


def test_shape_ndim_size_len_of_numpy():
    assert np.shape(X) == X.shape == ("n_x", "m")
    assert np.ndim(X) == X.ndim == 2
    assert np.size(X) == X.size == "m*n_x"
    assert len(tg.input("q", (3, "m"))) == 3


@pytest.mark.parametrize(
    ("use", "told"),
    [
        (bool, "no number yet"),
        (float, "no number yet"),
        (np.asarray, "no number yet"),
        (lambda x: np.array([x, x]), "no number yet"),
        (lambda x: np.array([x], dtype=object), "no number yet"),
        (len, r"has no len\(\)"),
        (list, "can't be looped over"),
        (lambda x: [0][x], "no number yet"),
        (lambda x: 1 if x == 3 else 0, "no number yet"),
        (copy.deepcopy, r"X \(n_x, m\) can't be copied or pickled: keep parameters with tg.save"),
        (pickle.dumps, "can't be copied or pickled"),
        (np.cumprod, r"np.cumprod has no op yet, so it can't make a node: write np.exp\(np.cumsum\(np.log\(x\)\)\)"),
        (np.nancumsum, "np.nancumsum has no op yet, so it can't make a node: docs/functions.md lists those"),
        (np.linalg.svd, "np.linalg.svd has no op yet, so it can't make a node: docs/functions.md lists those that"),
        (lambda x: np.busday_count(x, x), "np.busday_count has no op yet, so it can't make a node: docs/functions.md"),
        (lambda x: x["a"], "'a' is no index"),
        (lambda x: x[0.5], "0.5 is no index"),
        (lambda x: x[True], "True is no index"),
        (lambda x: x[x], r"<X \(n_x, m\) float64> is no index"),
        (lambda x: f"{x:.3f}", "no number yet"),
        (np.add.reduce, "np.add.reduce has no op yet"),
        (lambda x: np.exp(x, out=array), "write into what exists"),
        (lambda x: np.exp(x, dtype=float), "unexpected keyword argument 'dtype'"),
        (lambda x: np.sum(x, dtype=float), "np.sum on nodes takes x, axis, keepdims, and has no dtype yet"),
        (lambda x: x + "text", "real numbers"),
        (lambda x: x + None, "real numbers"),
        (lambda x: x + np.array([x], dtype=object), "no number yet"),
        (lambda x: x + 1j, "real numbers"),
    ],
)
def test_what_a_node_is_not_is_a_type_error_that_says_what_to_write(use, told):
    with pytest.raises(TypeError, match=told):
        use(X)


def test_a_missing_attribute_says_what_to_write():
    with pytest.raises(AttributeError, match=r"tg.grad\(J, node\)"):
        _ = X.grad
    with pytest.raises(AttributeError, match="no op yet"):
        X.argpartition(1)
    with pytest.raises(AttributeError, match="a node has no attribute 'nonsense'"):
        _ = X.nonsense


def test_names():
    assert (X + 1).named("Z").name == "Z"
    with pytest.raises(tg.ImmutableError, match="name it where it is made"):
        X.named("Q")
    for wrong in ("", 3, None):
        with pytest.raises(tg.NodeTypeError, match="a node's name"):
            tg.input(wrong, ())


def test_dtypes_follow_numpy_also_where_python_numbers_and_sizes_are_weak():
    x = tg.input("x", ("m",), np.float32)
    m = x.shape[0]
    for node in (x * 2, x * 2.5, x / m, 1 / m * x, tg.mean(x), x**2, tg.sigmoid(x), tg.relu(x), tg.leaky_relu(x)):
        assert node.dtype == np.float32
        assert node.eval(x=np.ones(3, np.float32)).dtype == np.float32
    assert tg.grad(tg.mean(tg.sigmoid(x) ** 2 / m), x).dtype == np.float32
    assert (x * np.float64(2)).dtype == np.float64
    assert (tg.input("i", (), int) / 2).dtype == np.float64
    assert (tg.input("i", (), int) * 2).dtype == np.int64
    assert (x > 0).dtype == np.bool_
    assert tg.sum(tg.input("t", (3,), bool)).dtype == np.int64
    assert x.astype(np.float64).dtype == np.float64


def test_leaves_refuse_what_is_no_shape_or_no_number():
    for shape in ((-1,), (2.5,), (None,), ((2, 3),)):
        with pytest.raises(tg.ShapeError, match="is no size"):
            tg.input("X", shape)
    with pytest.raises(tg.DtypeError):
        tg.input("X", (), dtype=complex)
    with pytest.raises(tg.DtypeError):
        tg.constant("text")
    with pytest.raises(tg.ShapeError, match="axis 1 must be 2"):
        tg.parameter(np.ones((3, 1)), dims=("n_x", 2))
    with pytest.raises(tg.ShapeError, match="the size n is 3"):
        tg.parameter(np.ones((3, 1)), dims=("n", "n"))


def test_the_order_has_arguments_first_and_each_node_once():
    Z = X + 1
    J = tg.sum(Z * Z + Z)
    found = order(J)
    assert len(found) == len(set(found))
    places = {node: place for place, node in enumerate(found)}
    assert all(places[arg] < places[node] for node in found for arg in node.args)


def test_a_chain_of_100000_nodes_is_no_special_case():
    x = tg.input("x", ())
    y = x
    for _ in range(50_000):
        y = y * 0.99999 + x
    g = tg.grad(y, x)
    assert np.isclose(g.eval(x=1.0), y.eval(x=1.0))  # y is linear in x
    del y, g
    gc.collect()  # taking the chain apart must not recurse either


def test_numpys_own_argument_order_works_on_nodes_and_in_methods():
    x, array = tg.input("x", (3, 4)), np.arange(12.0).reshape(3, 4)
    for function in (
        lambda x: np.sum(x, 0, None, None, True),
        lambda x: x.sum(0, None, None, True),
        lambda x: np.var(x, 0, None, None, 1, True),
        lambda x: x.std(0, None, None, 1),
        lambda x: np.max(x, 0, None, True),
        lambda x: x.clip(2, 5) + np.clip(x, a_min=1, a_max=None) + x.clip(max=3),
        lambda x: np.ravel(x, "C") + x.reshape(12, order="C") + x.flatten(),
        lambda x: np.einsum("ij->j", x, optimize=True),
        lambda x: np.concatenate((x, x), axis=1, dtype=None),
        lambda x: np.pad(x, ((1, 0), (0, 2)), "constant", constant_values=3),
        lambda x: np.sum(a=x, axis=1),
    ):
        np.testing.assert_allclose(function(x).eval(x=array), function(array))
    assert np.size(x, 1) == 4


def test_what_a_function_of_numpys_has_and_a_node_has_not_is_told():
    for ask in (lambda: np.sum(X, initial=3.0), lambda: X.sum(initial=3.0)):
        with pytest.raises(tg.NodeTypeError, match=r"np.sum on nodes takes x, axis, keepdims, and has no initial yet"):
            ask()
    with pytest.raises(tg.ShapeError, match="keepdims is True or False, not <class 'float'>"):
        tg.sum(X, 0, float)
    with pytest.raises(AttributeError, match="'sort': that method of NumPy's has no op"):
        X.sort()


@pytest.mark.parametrize(("flat", "column"), [(("n",), ("n", 1)), ((3,), (3, 1))])
@pytest.mark.parametrize(
    "write", [np.add, np.multiply, np.arctan2, np.maximum, lambda x, y: y - x, lambda x, y: tg.where(y > 0, x, y)]
)
def test_a_rank_1_array_that_meets_a_column_warns_where_it_is_written(flat, column, write):
    a, b = tg.input("a", flat), tg.input("b", column)
    with pytest.warns(tg.BroadcastWarning, match=r"If a is a column, too, write a.reshape\(-1, 1\)") as told:
        node = write(a, b)
    assert [Path(warning.filename).name for warning in told] == ["test_graph.py"] * len(told)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # and says nothing more
        tg.evaluate(tg.grad(tg.sum(node * node), [a, b]), {a: np.ones(3), b: np.ones((3, 1))})
        tg.hessian(tg.sum(node * node), a)
    assert len(told) == 1


def test_what_is_no_trap_does_not_warn():
    n, row, column = tg.input("a", ("n",)), tg.input("r", (1, "n")), tg.input("c", ("m", 1))
    for x, y in ((n, row), (n, column), (row, row.T), (n, n), (tg.input("one", (1,)), tg.input("c1", (1, 1)))):
        assert (x + y).ndim > 0
    assert (n.reshape(1, -1) + n.reshape(-1, 1)).shape == ("n", "n")


def test_expect_asserts_a_shape_by_name():
    W = tg.input("W", ("n_x", 1))
    assert W.expect("n_x", 1) is W
    assert X.expect(X.shape) is X
    assert tg.sum(X).expect() is not None
    Z = W.T @ X
    with pytest.raises(tg.ShapeError, match=r"Z has shape \(1, m\), where \(m, 1\) was expected. Did you mean Z.T\?"):
        Z.expect("m", 1)
    with pytest.raises(tg.ShapeError, match=r"W has shape \(n_x, 1\), where \(64, 1\) was expected"):
        W.expect(64, 1)
    with pytest.raises(tg.ShapeError, match=r"where \(n_x,\) was expected"):
        W.expect("n_x")
