"""jacobian, hessian, hvp and jvp: of any order, over structures, with named sizes; beside JAX and differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tinygraph as tg


@pytest.fixture
def net():
    """A small network, its leaves, feeds, and the same as a function for JAX."""
    rng = np.random.default_rng(0)
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (2, "m"))
    W = tg.parameter(rng.normal(size=(2, 3)), dims=(2, "n_x"))
    b = tg.parameter(rng.normal(size=(2, 1)))
    feeds = {X: rng.normal(size=(3, 4)), Y: rng.normal(size=(2, 4))}

    def of(xp, W, b, X, Y):
        A = xp.tanh(W @ X + b)
        return A, xp.mean((A - Y) ** 2) + 0.1 * xp.sum(W**3)

    A, J = of(tg, W, b, X, Y)
    return A, J, {"W": W, "b": b}, feeds, lambda p: of(jnp, p["W"], p["b"], feeds[X], feeds[Y])


def _agree(ours, theirs, feeds):
    flat = jax.tree.leaves(theirs)
    found = jax.tree.leaves(tg.evaluate(ours, feeds))
    assert len(found) == len(flat)
    for mine, other in zip(found, flat, strict=True):
        assert np.shape(mine) == np.shape(other)
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-12)


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def test_a_jacobian_has_the_axes_of_both_and_the_structure_of_both(net):
    A, J, params, feeds, f = net
    values = {name: jnp.asarray(node.value) for name, node in params.items()}
    found = tg.jacobian({"A": A, "J": J}, params)
    assert found["A"]["W"].shape == (2, "m", 2, "n_x")
    assert found["J"]["b"].shape == (2, 1)
    A_by, J_by = jax.jacobian(f)(values)
    _agree(found, {"A": A_by, "J": J_by}, feeds)


def test_a_hessian_is_that_of_jax(net):
    _, J, params, feeds, f = net
    values = {name: jnp.asarray(node.value) for name, node in params.items()}
    found = tg.hessian(J, params)
    assert found["W"]["b"].shape == (2, "n_x", 2, 1)
    _agree(found, jax.hessian(lambda p: f(p)[1])(values), feeds)


def test_one_hessian_serves_every_size(net):
    _, J, params, feeds, _ = net
    H = tg.hessian(J, params["b"])
    X, Y = feeds
    for m in (1, 2, 7):
        fed = {X: np.ones((3, m)), Y: np.zeros((2, m))}
        columns = [np.zeros((2, 1)) for _ in range(2)]
        for place, step in enumerate(columns):
            step[place] = 1e-6
            b = params["b"].value
            up, down = (tg.grad(J, params["b"]).eval({**fed, params["b"]: b + sign * step}) for sign in (1, -1))
            np.testing.assert_allclose(H.eval(fed)[:, :, place, 0], (up - down) / 2e-6, atol=1e-8)


def test_products_with_the_jacobian_and_the_hessian_agree_with_the_whole_matrices(net):
    A, J, params, feeds, _ = net
    rng = np.random.default_rng(1)
    v = {name: rng.normal(size=node.value.shape) for name, node in params.items()}
    g = rng.normal(size=(2, 4))
    whole = tg.evaluate(tg.jacobian(A, params), feeds)
    along = sum(np.tensordot(whole[name], v[name], 2) for name in params)
    _agree(tg.jvp(A, params, v), along, feeds)
    back = {name: np.tensordot(g, whole[name], 2) for name in params}
    _agree(tg.vjp(A, params, g), back, feeds)
    H = tg.evaluate(tg.hessian(J, params), feeds)
    product = {one: sum(np.tensordot(H[one][other], v[other], 2) for other in params) for one in params}
    _agree(tg.hvp(J, params, v), product, feeds)


def test_third_derivatives_and_gradients_through_a_hessian(net):
    _, J, params, feeds, f = net
    b = params["b"]
    values = {name: jnp.asarray(node.value) for name, node in params.items()}
    third = tg.jacobian(tg.hessian(J, b), b)
    of_b = lambda b: f({**values, "b": b})[1]
    _agree(third, jax.jacobian(jax.hessian(of_b))(values["b"]), feeds)
    assert "wrong" not in str(tg.check_grad(tg.sum(tg.hessian(J, b) ** 2), list(params.values()), feeds))


def test_a_jvp_of_several_outputs_over_lists_and_tuples():
    x, y = tg.input("x", (2,)), tg.input("y", ())
    first, second = tg.jvp([x * y, tg.sum(x)], (x, y), ([1.0, 0.0], 10.0))
    feeds = {x: [3.0, 4.0], y: 2.0}
    assert first.eval(feeds).tolist() == [2 + 30, 40]
    assert second.eval(feeds) == 1


def test_what_Y_does_not_depend_on_is_zeros_in_every_transform():
    x, other = tg.input("x", ("n",)), tg.input("other", (2,))
    feeds = {x: [1.0, 2.0, 3.0], other: [0.0, 0.0]}
    assert tg.jacobian(x * x, other).eval(feeds).tolist() == np.zeros((3, 2)).tolist()
    assert tg.jvp(x * x, other, np.ones(2)).eval(feeds).tolist() == [0, 0, 0]
    assert tg.hvp(tg.sum(x), x, np.ones(3)).eval(feeds).tolist() == [0, 0, 0]
    assert tg.hessian(tg.sum(x), x).eval(feeds).tolist() == np.zeros((3, 3)).tolist()


def test_float32_stays_float32():
    x = tg.input("x", (3,), np.float32)
    J = tg.sum(tg.tanh(x) ** 2)
    for node in (tg.jacobian(x * x, x), tg.hessian(J, x), tg.hvp(J, x, np.ones(3)), tg.jvp(x * x, x, np.ones(3))):
        assert node.dtype == np.float32
        assert node.eval(x=np.ones(3, np.float32)).dtype == np.float32


def test_an_empty_Y_has_an_empty_jacobian():
    x = tg.input("x", ("n",))
    assert tg.jacobian(x * x, x).eval(x=np.zeros(0)).shape == (0, 0)


@pytest.mark.parametrize(
    ("ask", "error", "told"),
    [
        (lambda x, i: tg.jacobian(i, x), tg.DtypeError, r"i \(3,\) is int64: a derivative needs floats"),
        (lambda x, i: tg.jacobian(x, i), tg.DtypeError, "a derivative needs floats"),
        (lambda x, i: tg.hessian(x, x), tg.GradientError, r"x \(n,\) is no single number"),
        (lambda x, i: tg.hvp(x, x, x), tg.GradientError, "is no single number"),
        (lambda x, i: tg.jvp(x, x, np.ones((3, 1))), tg.ShapeError, r"v has shape \(3, 1\), and x \(n,\) another"),
        (
            lambda x, i: tg.jvp(x, [x], x),
            tg.NodeTypeError,
            "v must have the structure of wrt, a list of 1, not one Node",
        ),
        (lambda x, i: tg.jvp(x, {"x": x}, {"y": x}), tg.NodeTypeError, "v must have the structure of wrt"),
        (
            lambda x, i: tg.vjp([x, x], x, [x]),
            tg.NodeTypeError,
            "g must have the structure of Y, a list of 2, not a list",
        ),
        (lambda x, i: tg.vjp(x, x, "g"), tg.DtypeError, "real numbers"),
    ],
)
def test_what_has_no_derivative_is_a_clear_error(ask, error, told):
    x, i = tg.input("x", ("n",)), tg.input("i", (3,), int)
    with pytest.raises(error, match=told):
        ask(x, i)


def test_an_array_for_a_named_size_is_checked_when_it_is_fed():
    x = tg.input("x", ("n",))
    node = tg.jvp(x * x, x, np.ones(3))
    assert node.eval(x=[1.0, 2.0, 3.0]).tolist() == [2, 4, 6]
    with pytest.raises(tg.ShapeError, match="the size n is"):
        node.eval(x=[1.0, 2.0])
