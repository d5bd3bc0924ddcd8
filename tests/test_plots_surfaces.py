"""A cost over two parameters: its contours, the path of gradient descent and its eigenvalues, as NumPy finds them."""

import matplotlib as mpl
import numpy as np
import pytest

import tinygraph as tg
from tinygraph import plots
from tinygraph.plots.surface import Surface

mpl.use("Agg")
from matplotlib import pyplot
from matplotlib.path import Path


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _contours(axes):
    return [drawn for drawn in axes.collections if hasattr(drawn, "levels")]


DATA = (np.array([[-2.0, -1.0, 0.5, 1.0, 3.0]]), np.array([[0.0, 1.0, 0.0, 1.0, 1.0]]))


def _descent(w, b, steps, learning_rate):
    """The notes' gradient descent on one feature, by hand."""
    x, y = DATA
    path = [(w, b)]
    for _ in range(steps):
        dz = _sigmoid(w * x + b) - y
        w, b = w - learning_rate * np.mean(dz * x), b - learning_rate * np.mean(dz)
        path.append((w, b))
    return np.array(path)


@pytest.fixture
def model():
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.array([[0.25]]), "W", dims=("n_x", 1)), tg.parameter(np.array([[-1.0]]), "b")
    A = tg.sigmoid(np.dot(W.T, X) + b)
    return tg.mean(-(Y * np.log(A) + (1 - Y) * np.log(1 - A))), W, b, {X: DATA[0], Y: DATA[1]}


def test_the_path_is_that_of_gradient_descent_and_changes_no_parameter(model):
    J, W, b, feeds = model
    axes = plots.cost_surface(J, [W, b], feeds, learning_rate=0.5, steps=30)
    path, start = axes.lines
    np.testing.assert_allclose(path.get_xydata(), _descent(0.25, -1.0, 30, 0.5), rtol=1e-10)
    np.testing.assert_array_equal(start.get_xydata(), [(0.25, -1.0)])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("W", "b")
    assert (W.value, b.value) == (0.25, -1.0)
    for (low, high), along in zip((axes.get_xlim(), axes.get_ylim()), path.get_xydata().T, strict=True):
        assert low < along.min() <= along.max() < high
    assert [label.get_text() for label in axes.get_legend().get_texts()] == ["gradient descent, 30 steps", "start"]


def test_contours_lie_where_the_cost_has_their_height(model):
    J, W, b, feeds = model
    axes = plots.cost_surface(J, [W, b], feeds, steps=1, ranges=((-1, 3), (-2, 1)))
    assert axes.lines[0].get_label() == "gradient descent, 1 step"
    (filled,) = _contours(axes)
    x, y = DATA

    def cost(w, b):
        A = _sigmoid(np.multiply.outer(w, x[0]) + np.asarray(b)[..., np.newaxis])
        return -np.mean(y[0] * np.log(A) + (1 - y[0]) * np.log(1 - A), axis=-1)

    u, v = np.meshgrid(np.linspace(-1, 3, 41), np.linspace(-2, 1, 41))
    np.testing.assert_allclose([filled.levels[0], filled.levels[-1]], [cost(u, v).min(), cost(u, v).max()], rtol=1e-9)
    points = np.concatenate([path.vertices for path in filled.get_paths()])
    w, b = points[(np.abs(points[:, 0] - 1) < 1.99) & (np.abs(points[:, 1] + 0.5) < 1.49)].T  # not on the border
    nearest = np.abs(cost(w, b)[:, np.newaxis] - filled.levels).min(axis=1)
    assert len(w) > 100
    assert nearest.max() < 0.005


def test_elements_can_be_chosen_and_all_else_is_held():
    W, c = tg.parameter(np.array([[3.0], [5.0], [1.0]])), tg.parameter(2.0)
    scale = np.array([[1.0], [4.0], [10.0]])
    J = tg.sum(scale * W**2) * c
    axes = plots.cost_surface(J, [(W, (0, 0)), (W, (-1, 0))], learning_rate=0.02, steps=3)
    steps = np.arange(4)
    np.testing.assert_allclose(axes.lines[0].get_xdata(), 3 * (1 - 0.02 * 4) ** steps)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 1 * (1 - 0.02 * 40) ** steps, rtol=1e-6)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("W[0, 0]", "W[2, 0]")
    surface = Surface(J, [(W, (0, 0)), (W, (2, 0))], None)
    assert surface.height(np.array([[0.0, 0.0], [1.0, 2.0]])).tolist() == [200.0, 282.0]  # 2 * 4 * 5**2 is held
    np.testing.assert_array_equal(W.value, [[3.0], [5.0], [1.0]])


def test_elements_that_are_held_do_not_lead_the_path_astray():
    v = tg.parameter(np.array([1.0, 1.0, 1.0]), "v")
    J = tg.sum(v) ** 2
    path = Surface(J, [(v, 0), (v, 1)], None).path(tg.optim.gradient_descent, 0.1, 2)
    total = np.array([3.0, 3.0 - 2 * 0.6])  # v[2] stays, so the sum falls by two parts of 2 * 3 * 0.1, not by three
    assert path[1].tolist() == pytest.approx([0.4, 0.4])
    assert path[2].tolist() == pytest.approx([0.4 - 0.2 * total[1]] * 2)


def test_other_optimizers_remember_their_way():
    w, b = tg.parameter(2.0, "w"), tg.parameter(1.0, "b")
    axes = plots.cost_surface(w**2 + 3 * b**2, [w, b], learning_rate=0.05, steps=9, optimizer=tg.optim.momentum)
    point, velocity, path = np.array([2.0, 1.0]), np.zeros(2), [(2.0, 1.0)]
    for _ in range(9):
        velocity = 0.9 * velocity + np.array([2.0, 6.0]) * point
        point = point - 0.05 * velocity
        path.append(tuple(point))
    np.testing.assert_allclose(axes.lines[0].get_xydata(), path)
    assert axes.lines[0].get_label() == "momentum, 9 steps"


def test_a_parameter_that_is_fed_starts_there_and_inputs_without_a_feed_get_samples(model):
    J, W, b, feeds = model
    path = plots.cost_surface(J, [W, b], {**feeds, W: [[1.0]]}, learning_rate=0.5, steps=2).lines[0]
    np.testing.assert_allclose(path.get_xydata(), _descent(1.0, -1.0, 2, 0.5), rtol=1e-10)
    told = plots.cost_surface(J, [W, b], steps=2).get_title("left")
    assert told == "samples (seed 0): X (1, 3), Y (1, 3)"
    labels = Surface(J, [W, b], None).fed[list(feeds)[1]]
    np.testing.assert_array_equal(labels, np.random.default_rng(0).integers(0, 2, (1, 3)))


def test_a_cost_of_shape_1_1_and_of_float32_will_do():
    w, b = tg.parameter(np.float32([[1.0]]), "w"), tg.parameter(np.float32([[2.0]]), "b")
    J = w @ w + b
    assert J.shape == (1, 1)
    surface = Surface(J, [w, b], None)
    np.testing.assert_allclose(surface.height(np.array([[3.0, 1.0]])), [10.0])
    assert plots.curvature(J, [w, b]).get_title("left").startswith("J: convex")


def test_a_path_that_does_not_move_along_an_axis_lies_in_the_middle_of_some_range():
    w, b = tg.parameter(2.0, "w"), tg.parameter(1.0, "b")
    axes = plots.cost_surface(w**2, [w, b], learning_rate=0.5, steps=1)  # to the minimum in one step
    assert axes.get_xlim() == (-1, 3)
    assert axes.get_ylim() == pytest.approx((1 - 2 / 3, 1 + 2 / 3))
    axes = plots.cost_surface(w**2, [w, b], steps=0)
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 4), (-1, 3))


def test_where_the_cost_is_no_number_nothing_is_drawn():
    w, b = tg.parameter(2.0, "w"), tg.parameter(1.0, "b")
    axes = plots.cost_surface(tg.log(w) ** 2 + b**2, [w, b], steps=2, ranges=((-1, 3), (-1, 1)))
    for path in _contours(axes)[0].get_paths():
        assert not len(path.vertices) or path.vertices[:, 0].min() > 0


def _hessians(cost, points, h=1e-4):
    """By central differences of the cost alone."""
    (e, f) = np.eye(2) * h
    rows = []
    for p in points:
        ww = (cost(p + e) - 2 * cost(p) + cost(p - e)) / h**2
        bb = (cost(p + f) - 2 * cost(p) + cost(p - f)) / h**2
        wb = (cost(p + e + f) - cost(p + e - f) - cost(p - e + f) + cost(p - e - f)) / (4 * h**2)
        rows.append([[ww, wb], [wb, bb]])
    return np.array(rows)


def test_eigenvalues_are_those_of_the_hessian(rng):
    X, Y = tg.input("X", ("m",)), tg.input("Y", ("m",))
    w, b = tg.parameter(0.0, "w"), tg.parameter(0.0, "b")
    x, y = DATA[0][0], DATA[1][0]
    A = tg.sigmoid(w * X + b)
    points = rng.uniform(-3, 3, (20, 2))
    for J, cost in (
        (tg.mean((A - Y) ** 2), lambda p: np.mean((_sigmoid(p[0] * x + p[1]) - y) ** 2)),
        (tg.mean(tg.exp(w * X) * b), lambda p: np.mean(np.exp(p[0] * x) * p[1])),
    ):
        found = Surface(J, [w, b], {X: x, Y: y}).smallest_eigenvalue(points)
        expected = np.linalg.eigvalsh(_hessians(cost, points))[:, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        rows = [np.array(tg.evaluate(tg.hessian(J, [w, b]), {X: x, Y: y, w: p, b: q})) for p, q in points]
        np.testing.assert_allclose(found, np.linalg.eigvalsh(rows)[:, 0], rtol=1e-9, atol=1e-12)


def test_eigenvalues_of_two_elements_are_those_of_their_block():
    W = tg.parameter(np.array([[1.0, 2.0], [3.0, 4.0]]), "W")
    J = W[0, 0] * W[1, 1] * 5 + W[0, 1] ** 2 * 100
    surface = Surface(J, [(W, (0, 0)), (W, (1, 1))], None)
    np.testing.assert_allclose(surface.smallest_eigenvalue(np.zeros((1, 2))), [-5.0])


def test_the_cross_entropy_is_convex_beside_the_squared_error_which_is_not():
    cross_entropy, squared_error = plots.convexity(DATA[0][0], DATA[1][0])
    assert cross_entropy.get_title("left").splitlines() == [
        "cross-entropy: convex",
        "smallest eigenvalue of the Hessian ≥ 0 everywhere",
    ]
    s = (DATA[0][0] - DATA[0].mean()) / DATA[0].std()
    u, v = np.meshgrid(np.linspace(-4, 12, 41), np.linspace(-8, 8, 41))
    A = _sigmoid(np.multiply.outer(u, s) + v[..., np.newaxis])
    bend = A * (1 - A) * (A * (1 - A) + (A - DATA[1][0]) * (1 - 2 * A))  # d²/dz² of ½ (σ(z) − y)²
    H = np.array([[bend @ s**2, bend @ s], [bend @ s, bend.sum(axis=-1)]]) / 5
    smallest = np.linalg.eigvalsh(np.moveaxis(H, (0, 1), (2, 3)))[..., 0]
    share = 100 * np.mean(smallest < -1e-11 * np.abs(smallest).max())
    verdict, told = squared_error.get_title("left").splitlines()
    assert verdict == "squared error: not convex"
    assert f"Hessian −{-smallest.min():.2g};" in told
    assert float(told.split()[-5]) == pytest.approx(share, abs=0.6)
    assert (cross_entropy.get_xlim(), cross_entropy.get_ylim()) == ((-4, 12), (-8, 8))
    assert [drawn.hatches for drawn in _contours(cross_entropy)] == [(None,)]
    hatched = next(drawn for drawn in _contours(squared_error) if "//" in drawn.hatches)
    clear = (np.abs(smallest) > 1e-3) & (np.abs(u - 4) < 8) & (np.abs(v) < 8)  # of the edge of both areas
    points = np.stack([u[clear], v[clear]], axis=-1)
    edges = hatched.get_paths()[0].to_polygons()
    inside = np.logical_xor.reduce([Path(edge).contains_points(points) for edge in edges])
    np.testing.assert_array_equal(inside, smallest[clear] < 0)


def test_a_saddle_is_not_convex_and_a_valley_is():
    w, b = tg.parameter(1.0, "w"), tg.parameter(0.0, "b")
    saddle = plots.curvature(w * w - b * b, [w, b])
    assert saddle.get_title("left").endswith("Hessian −2; < 0 in 100 % of the area")
    assert saddle.get_xlim() == (-3, 5)
    valley = (2.6 * w + 3.6 * b) ** 2  # one eigenvalue is 0, and -2e-15 after rounding
    assert "valley: convex" in plots.curvature(valley, [w, b]).get_title("left")
    dent = w**2 + b**2 - 2 * tg.exp(-((w - 1) ** 2 + b**2) / 0.005)
    assert plots.curvature(dent, [w, b]).get_title("left").endswith("< 0 in 1 % of the area")  # 4 points of 1681


W = tg.parameter(np.zeros((2, 1)), "W", dims=("n_x", 1))
w, b = tg.parameter(1.0, "w"), tg.parameter(1.0, "b")


@pytest.mark.parametrize(
    ("J", "parameters", "kind", "told"),
    [
        (3.0, [w, b], tg.NodeTypeError, "J is a float, where a node of one number is needed"),
        (W * w, [w, b], tg.GradientError, "no single number"),
        (w * b, [w], tg.DrawError, r"parameters holds 1: give two, as in \[w, b\]"),
        (w * b, [w, b, W], tg.DrawError, "parameters holds 3"),
        (w * b, w, tg.DrawError, "parameters is a Parameter"),
        (w * b, [w, w], tg.DrawError, "both are the same element of w"),
        (w * b, [w, 1.0], tg.NodeTypeError, "not a float"),
        (w * b, [w, b * 2], tg.NodeTypeError, r"b \* 2 \(\) is no parameter"),
        (
            tg.sum(W) * w,
            [w, W],
            tg.ShapeError,
            r"W \(n_x, 1\) holds 2 elements, .*: give \(W, \(0, 0\)\) for its first",
        ),
        (tg.sum(W) * w, [w, (W, 2)], tg.ShapeError, r"of shape \(2, 1\), which has no element \(2,\)"),
        (tg.sum(W) * w, [w, (W, 1)], tg.ShapeError, r"no element \(1,\)"),
        (tg.sum(W) * w, [w, (W, (2, 0))], tg.ShapeError, r"no element \(2, 0\)"),
        (tg.sum(W) * w, [w, (W, ("a", 0))], tg.ShapeError, "no element"),
        (0 * w * b, [w, b], tg.DrawError, "J is 0 everywhere in these ranges"),
    ],
)
def test_what_has_no_surface_is_refused(J, parameters, kind, told):
    for plot in (plots.cost_surface, plots.curvature):
        with pytest.raises(kind, match=told):
            plot(J, parameters)
    assert not pyplot.get_fignums()


def test_a_descent_or_a_range_that_can_not_be_drawn_is_refused():
    J = w**4 + b**2
    with pytest.raises(tg.DrawError, match=r"step \d+ of the descent .*: give a smaller learning_rate than 9"):
        plots.cost_surface(J, [w, b], learning_rate=9)
    for steps in (-1, 1.5, None):
        with pytest.raises(tg.DrawError, match=r"steps is .*, and must be a whole number from 0 on"):
            plots.cost_surface(J, [w, b], steps=steps)
    for ranges in (3, (1, 2), ((1, 2), (2, 1)), ((0, 1), (0, np.inf)), ((0, 1),), ("ab", "cd")):
        for plot in (plots.cost_surface, plots.curvature):
            with pytest.raises(tg.DrawError, match="must say from where to where for each axis"):
                plot(J, [w, b], ranges=ranges)
    with pytest.raises(
        tg.DrawError, match=r"J or a second derivative of it is not finite at w = -4, b = -3: give narrower"
    ):
        plots.curvature(tg.log(w) + b, [w, b], ranges=((-4, 4), (-3, 3)))
    with pytest.raises(tg.DrawError, match="J is finite nowhere"):
        plots.cost_surface(tg.log(w) + b, [w, b], steps=0, ranges=((-4, -2), (0, 1)))
    with pytest.raises(tg.FeedError):
        plots.cost_surface(J, [w, b], feeds={"nonsense": 1.0})
