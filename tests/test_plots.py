"""Plots of functions and fits: what is drawn is what NumPy computes by itself, and on the axes that were given."""

import math
import sys

import matplotlib as mpl
import numpy as np
import pytest

import tinygraph as tg
from tinygraph import plots
from tinygraph.plots.curve import curves

mpl.use("Agg")
from matplotlib import pyplot

Z = np.linspace(-5, 5, 1001)
ERF = np.array([math.erf(z / math.sqrt(2)) for z in Z])
FORMULAS = {
    "sigmoid": 1 / (1 + np.exp(-Z)),
    "tanh": np.tanh(Z),
    "relu": Z * (Z > 0),
    "leaky_relu": np.where(Z > 0, Z, 0.01 * Z),
    "elu": np.where(Z > 0, Z, np.exp(Z) - 1),
    "softplus": np.log(1 + np.exp(Z)),
    "silu": Z / (1 + np.exp(-Z)),
    "gelu": Z * (1 + ERF) / 2,
}


@pytest.fixture(autouse=True)
def _closed():
    yield
    pyplot.close("all")


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _labelled(axes):
    """The lines that the legend names, in order."""
    return [line for line in axes.lines if not line.get_label().startswith("_")]


# Curves.


def test_the_sigmoid_and_its_cut_off():
    axes = plots.sigmoid()
    curve, cut_off = axes.lines
    np.testing.assert_allclose(curve.get_ydata(), _sigmoid(curve.get_xdata()), rtol=1e-12)
    assert curve.get_xdata()[0] == -curve.get_xdata()[-1] == -8
    assert cut_off.get_ydata() == [0.5, 0.5]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z", "ŷ")


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_is_drawn_with_its_derivative(name):
    a, da = _labelled(plots.activation(name))
    np.testing.assert_array_equal(a.get_xdata(), Z)
    np.testing.assert_allclose(a.get_ydata(), FORMULAS[name], rtol=1e-12, atol=1e-14)
    slopes = np.gradient(FORMULAS[name], Z)
    is_smooth = np.abs(Z) > 0.02
    found = np.interp(Z, da.get_xdata(), da.get_ydata())
    np.testing.assert_allclose(found[is_smooth][1:-1], slopes[is_smooth][1:-1], atol=5e-5)
    assert a.get_label() == f"a = {name}(z)"


def test_all_activations_are_drawn_side_by_side():
    every = plots.activations()
    assert [_labelled(axes)[0].get_label() for axes in every] == [f"a = {name}(z)" for name in FORMULAS]
    np.testing.assert_allclose(_labelled(every[-1])[0].get_ydata(), FORMULAS["gelu"], rtol=1e-12, atol=1e-14)
    five = plots.activations(["relu", tg.abs, np.exp, "elu", tg.sign], low=-1, high=1)
    assert list(five[0].figure.axes) == list(five)  # and no empty ones beside them
    assert five[2].lines[0].get_ydata()[-1] == pytest.approx(np.e)


@pytest.mark.parametrize(
    ("function", "ends", "stands"),
    [
        (tg.relu, [(0, 0), (0, 1)], [(0, 0)]),
        (lambda z: tg.leaky_relu(z, 0.2), [(0, 0.2), (0, 1)], [(0, 0.2)]),
        (tg.abs, [(0, -1), (0, 1)], [(0, 0)]),
        (lambda z: tg.abs(z - 0.123456), [(0.123456, -1), (0.123456, 1)], [(0.123456, 0)]),
        (lambda z: tg.elu(z, 0.5), [(0, 0.5), (0, 1)], [(0, 0.5)]),
    ],
)
def test_a_derivative_that_jumps_is_torn_there(function, ends, stands):
    axes = plots.activation(function)
    a, da = _labelled(axes)
    assert not np.isnan(a.get_ydata()).any()
    np.testing.assert_allclose(da.get_xdata()[np.isnan(da.get_ydata())], [stands[0][0]])
    assert np.nanmax(np.abs(np.diff(da.get_ydata()))) < 0.01  # no line leads through the jump
    hollow, full = [line for line in axes.lines if line.get_marker() == "o" and line.get_xdata().size]
    np.testing.assert_allclose(hollow.get_xydata(), ends, atol=1e-7)
    np.testing.assert_allclose(full.get_xydata(), stands)
    assert hollow.get_markerfacecolor() == "white" != full.get_markerfacecolor()


def test_only_what_jumps_is_torn():
    for smooth in (tg.tanh, tg.elu, tg.cbrt, lambda z: tg.sigmoid(200 * z), lambda z: 3 * z, lambda z: 0 * z):
        _, a, da = curves(smooth, Z)
        assert not np.isnan(a.y).any()
        assert not len(da.ends) + len(a.ends)
    _, _, small = curves(lambda z: tg.exp(z) + 0.01 * tg.abs(z), Z)
    np.testing.assert_allclose(small.ends[:, 1], [0.99, 1.01], rtol=1e-6)
    _, steps, _ = curves(np.floor, np.linspace(-1.5, 1.5, 100))
    np.testing.assert_allclose(steps.stands, [(-1, -1), (0, 0), (1, 1)])
    np.testing.assert_allclose(steps.ends[:, 1], [-2, -1, -1, 0, 0, 1])
    _, poles, _ = curves(np.tan, Z)
    assert np.isnan(poles.y).sum() >= 4
    assert np.nanmax(np.abs(poles.y)) <= np.abs(np.tan(Z)).max()
    assert not len(poles.ends) + len(poles.stands)
    _, root, _ = curves(np.sqrt, Z)
    np.testing.assert_array_equal(np.isnan(root.y), Z < 0)


def test_what_is_no_curve_is_refused():
    for function in (tg.softmax, tg.sort, tg.flip, tg.cumsum):
        with pytest.raises(tg.ShapeError, match=f"{function.__name__}.z. mixes the elements of z"):
            plots.activation(function)
    for function, kind, told in (
        (tg.sum, tg.ShapeError, r"sum\(z\) has shape \(\) where z has \(n,\): give what works element by element"),
        (lambda z: 3.0, tg.NodeTypeError, "makes a node of a node, such as tg.relu"),
        (3.0, tg.NodeTypeError, "such as tg.relu, not 3.0"),
        (tg.input("q", ("n",)), tg.NodeTypeError, "such as tg.relu"),
        ("swoosh", tg.DrawError, "no activation is called 'swoosh': give a function, or one of sigmoid, tanh, relu"),
    ):
        with pytest.raises(kind, match=told):
            plots.activation(function)
    for low, high in ((1, 1), (2, -2), (0, np.inf), (np.nan, 1)):
        with pytest.raises(tg.DrawError, match="the lower one first"):
            plots.activation("relu", low=low, high=high)
    for functions in ("relu", [], None.__class__):
        with pytest.raises(tg.DrawError, match="must be a list of activations"):
            plots.activations(functions)
    with pytest.raises(tg.ShapeError, match="mixes"):
        plots.activations(["relu", tg.softmax])
    assert not pyplot.get_fignums()  # nothing half drawn is left


def test_the_loss_for_each_label():
    one, zero = plots.losses().lines
    between = one.get_xdata()
    assert 0 < between[0] < 0.002
    assert 0.998 < between[-1] < 1
    np.testing.assert_allclose(one.get_ydata(), -np.log(between), rtol=1e-9)
    np.testing.assert_allclose(zero.get_ydata(), -np.log(1 - between), rtol=1e-9)
    assert "y = 1" in one.get_label()
    assert "y = 0" in zero.get_label()


def test_a_linear_output_leaves_0_to_1_and_a_logistic_does_not():
    for given in ((), ([0.0, 10.0, 20.0, 30.0, 90.0], [0, 1, 0, 1, 1])):
        axes = plots.linear_against_logistic(*given)
        linear, logistic, examples = _labelled(axes)
        x, y = examples.get_data()
        np.testing.assert_allclose(linear.get_ydata(), np.polyval(np.polyfit(x, y, 1), linear.get_xdata()), atol=1e-9)
        assert linear.get_ydata().max() > 1
        assert 0 <= logistic.get_ydata().min() < logistic.get_ydata().max() <= 1
        z = np.log(logistic.get_ydata() / (1 - logistic.get_ydata()))[:50]  # a straight line again, w x + b
        w, b = np.polyfit(logistic.get_xdata()[:50], z, 1)
        residual = _sigmoid(w * x + b) - y
        np.testing.assert_allclose([residual.sum(), residual @ x / np.ptp(x)], 0, atol=1e-4)  # where the cost is least
        above, below = (sorted((box.get_y(), box.get_y() + box.get_height())) for box in axes.patches)
        assert (below[1], above[0]) == (0, 1)
        assert (below[0], above[1]) == axes.get_ylim()


@pytest.mark.parametrize(
    ("x", "y", "kind", "told"),
    [
        ([1.0, 2.0], None, tg.FeedError, "y is missing"),
        (None, [0, 1], tg.FeedError, "x is missing"),
        ([1.0, 2.0], [0, 1, 1], tg.ShapeError, r"x has shape \(2,\) and y \(3,\)"),
        ([[1.0, 2.0]], [[0, 1]], tg.ShapeError, r"both must be \(m,\)"),
        ([1.0, 2.0], [0, 2], tg.FeedError, "y holds 2, where a label is 0 or 1"),
        ([1.0, np.nan], [0, 1], tg.FeedError, "x must hold finite numbers"),
        ([1.0, 1.0], [0, 1], tg.FeedError, "at least two of them different"),
    ],
)
def test_examples_that_do_not_fit_are_refused(x, y, kind, told):
    for plot in (plots.linear_against_logistic, plots.convexity):
        with pytest.raises(kind, match=told):
            plot(x, y)


# Axes.

w, b = tg.parameter(1.0, "w"), tg.parameter(1.0, "b")


def test_plots_are_drawn_on_the_axes_that_are_given():
    _, (left, right) = pyplot.subplots(1, 2)
    for plot in (plots.sigmoid, plots.losses, plots.activation, plots.linear_against_logistic):
        assert plot(axes=left) is left
    assert list(plots.convexity(axes=(left, right))) == [left, right]
    assert list(plots.activations(["relu", "elu"], axes=np.array([left, right]))) == [left, right]
    assert plots.cost_surface(w**2 + b**2, [w, b], axes=right) is right
    assert plots.curvature(w**2 + b**2, [w, b], axes=[right]) is right
    assert len(pyplot.get_fignums()) == 1


def test_axes_that_are_none_or_too_many_are_refused():
    figure, both = pyplot.subplots(1, 2)
    for axes, given in ((both, "Axes, Axes"), (figure, "Figure"), ([], "nothing")):
        with pytest.raises(tg.DrawError, match=f"drawn on one pair of axes, and was given {given}: leave axes out"):
            plots.sigmoid(axes)
    for axes, given in ((both[0], "Axes"), ((both[0], "x"), "Axes, str")):
        with pytest.raises(tg.DrawError, match=f"drawn on 2 pairs of axes, and was given {given}"):
            plots.convexity(axes=axes)


def test_legends_lie_above_their_curves():
    for axes in (plots.sigmoid(), plots.losses(), plots.activation("gelu"), plots.linear_against_logistic()):
        axes.figure.canvas.draw()
        assert axes.get_legend().get_window_extent().y0 >= axes.get_window_extent().y1
        assert axes.get_window_extent().width > 0.75 * axes.figure.bbox.width  # and take no room from them


@pytest.mark.parametrize("missing", ["matplotlib", "matplotlib.pyplot"])
def test_without_matplotlib_one_sentence_says_what_to_install(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delattr(mpl, "pyplot", raising=False)
    for plot in (plots.sigmoid, plots.activations, lambda: plots.curvature(w**2 + b**2, [w, b])):
        with pytest.raises(tg.DrawError, match=r"plots need matplotlib, .*: pip install 'tinygraph\[plots\]'"):
            plot()
