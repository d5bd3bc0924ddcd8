"""Each way to feed a graph wrongly has one clear error, and nothing is lost on the way."""

import numpy as np
import pytest

import tinygraph as tg

X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
W = tg.parameter(np.ones((2, 1)), "W", dims=("n_x", 1))
Z = W.T @ X - Y
good = {"X": np.ones((2, 3)), "Y": np.ones((1, 3))}


def test_feeds_by_name_and_by_node_are_alike():
    expected = [[1.0, 1.0, 1.0]]
    assert Z.eval(**good).tolist() == expected
    assert Z.eval({X: good["X"], Y: good["Y"]}).tolist() == expected
    assert Z.eval({X: good["X"]}, Y=good["Y"]).tolist() == expected
    assert Z.eval({"X": good["X"], Y: good["Y"]}).tolist() == expected
    assert Z.eval(X=[[1, 1, 1], [1, 1, 1]], Y=[[1, 1, 1]]).tolist() == expected


def test_a_parameter_and_a_node_in_the_middle_can_be_fed():
    assert Z.eval({W: np.zeros((2, 1))}, **good).tolist() == [[-1.0, -1.0, -1.0]]
    assert Z.eval({"W": np.zeros((2, 1))}, **good).tolist() == [[-1.0, -1.0, -1.0]]
    A = Z * 2
    assert A.eval({Z: np.ones((1, 3))}).tolist() == [[2.0, 2.0, 2.0]]


def test_a_parameter_without_a_name_is_fed_by_its_variable():
    x, w = tg.input("x", ()), tg.parameter(1.0)
    assert (x * w).eval(x=1.0, w=3.0) == 3
    tg.input("w", ())  # an input of that name elsewhere changes nothing
    assert (x * w).eval(x=1.0, w=3.0) == 3


def test_an_input_that_only_declares_a_size_can_be_fed_by_name():
    x = tg.input("x", ("k",))
    y = tg.input("y", (x.shape[0] + 1,))
    assert (y * 1).eval(y=np.ones(3), x=np.ones(2)).shape == (3,)
    with pytest.raises(tg.ShapeError, match=r"axis 0 must be k \+ 1 = 4"):
        (y * 1).eval(y=np.ones(3), x=np.ones(3))


def test_feeds_that_are_no_feeds():
    for wrong in (good["X"], [1], "X"):
        with pytest.raises(tg.NodeTypeError, match=r"by name or by node, as in Z.eval\(X=array\)"):
            Z.eval(wrong)
        with pytest.raises(tg.NodeTypeError, match="by name or by node"):
            tg.check_grad(tg.sum(Z), W, wrong)
    with pytest.raises(tg.NodeTypeError, match="only nodes have values to compute, not 3"):
        tg.evaluate(3)


def test_an_input_that_the_graph_does_not_use_can_be_fed_by_node():
    assert tg.sum(W).eval({X: np.ones((2, 5))}) == 2


def test_one_set_of_feeds_serves_a_cost_and_derivatives_that_depend_on_less():
    x, y = tg.input("x", ()), tg.input("y", ())
    J = x * y + x
    dx, dy = tg.grad(J, (x, y))
    assert tg.evaluate((J, dx, dy), x=2.0, y=3.0) == (8, 4, 2)
    assert (dx.eval(x=2.0, y=3.0), dy.eval(x=2.0, y=3.0)) == (4, 2)


@pytest.mark.parametrize(
    ("feeds", "error", "told"),
    [
        ({"X": good["X"]}, tg.FeedError, r"no value for Y \(1, m\): feed it"),
        ({}, tg.FeedError, r"no value for X \(n_x, m\) and Y \(1, m\)"),
        ({**good, X: good["X"]}, tg.FeedError, r"X \(n_x, m\) is fed twice"),
        ({**good, "bias": 1}, tg.FeedError, "no input is called 'bias'; the graph has: W, X, Y"),
        ({**good, 3: 1}, tg.FeedError, "by name or by node, not by 3"),
        ({**good, "Y": np.ones((1, 4))}, tg.ShapeError, r"the size m is 3 in X \(n_x, m\) = \(2, 3\), but 4 in Y"),
        ({**good, "X": np.ones((5, 3))}, tg.ShapeError, r"the size n_x is 5 in X.*but 2 in W"),
        ({**good, "Y": np.ones((2, 3))}, tg.ShapeError, r"Y \(1, m\) was given shape \(2, 3\): axis 0 must be 1"),
        ({**good, "Y": np.ones(3)}, tg.ShapeError, r"2 axes .* shape \(3,\), with 1 axis: say array.reshape\(-1, 1\)"),
        ({**good, "X": np.float64(3)}, tg.ShapeError, r"2 axes .* shape \(\), with 0 axes"),
        ({**good, "Y": np.ones((1, 3), complex)}, tg.DtypeError, "real numbers"),
        ({**good, "Y": np.array([["a", "b", "c"]])}, tg.DtypeError, "real numbers and was given ndarray of dtype <U1"),
        ({**good, "Y": [[1], [2, 3]]}, tg.FeedError, "what can't become an array"),
        ({**good, "Y": None}, tg.DtypeError, "real numbers and was given NoneType"),
        ({**good, "Y": np.ones((1, 3), "M8[s]")}, tg.DtypeError, "real numbers"),
        ({**good, "Y": np.ma.masked_array(np.ones((1, 3)))}, tg.DtypeError, "mask would be lost"),
        ({**good, "Y": np.full((1, 3), 2**53 + 1)}, tg.DtypeError, "can't hold the int64 numbers"),
        ({**good, "Y": X}, TypeError, "no number yet"),
    ],
)
def test_a_wrong_feed_is_one_clear_error(feeds, error, told):
    with pytest.raises(error, match=told):
        Z.eval(feeds)


def test_two_inputs_of_one_name_are_fed_by_node():
    twin = tg.input("X", ())
    both = tg.sum(X) + twin
    with pytest.raises(tg.FeedError, match="two leaves are called 'X'"):
        both.eval(X=1.0)
    assert both.eval({X: np.ones((1, 1)), twin: 1.0}) == 2


def test_dtypes_are_widened_where_nothing_is_lost():
    x = tg.input("x", ("n",), np.float32)
    assert (x * 1).eval(x=np.ones(2, np.float16)).dtype == np.float32
    assert (x * 1).eval(x=np.ones(2, np.int8)).dtype == np.float32
    assert (x * 1).eval(x=[True, False]).dtype == np.float32
    assert tg.input("s", (), np.float32).eval(s=0.1) == np.float32(0.1)
    assert x.eval(x=[0.1, 2]).tolist() == np.float32([0.1, 2]).tolist()
    with pytest.raises(tg.DtypeError, match="can't hold"):
        x.eval(x=[1e300])
    for wrong in (np.ones(2), np.ones(2, np.int64)):
        with pytest.raises(tg.DtypeError, match=r"is float32 and was given.*convert what it is given"):
            x.eval(x=wrong)
    with pytest.raises(tg.DtypeError):
        tg.input("i", (), int).eval(i=0.5)
    with pytest.raises(tg.DtypeError, match="can't hold"):
        tg.input("i", (), np.int8).eval(i=300)


def test_computed_sizes_are_checked_too():
    m = X.shape[1]
    longer = tg.input("longer", (m + 1,))
    J = tg.sum(longer) + tg.sum(X)
    assert J.eval(longer=np.ones(4), X=np.ones((2, 3))) == 10
    with pytest.raises(tg.ShapeError, match=r"axis 0 must be m \+ 1 = 4"):
        J.eval(longer=np.ones(5), X=np.ones((2, 3)))


def test_the_first_step_that_is_not_finite_is_named_with_its_place_and_cause():
    A = tg.sigmoid(X)
    L = np.log(A) * 0.0
    with pytest.warns(tg.NonFiniteWarning, match=r"log\(A\) is -inf: A is 0 at \[0, 1\], because X = -1000$") as caught:
        assert np.isnan(tg.sum(L).eval(X=[[0.0, -1000.0]]))
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_a_product_that_is_not_finite_is_told_with_the_largest_of_its_row_and_column():
    P = tg.input("P", (2, 2))
    told = r"P @ P is inf at \[0, 0\]: P reaches 1e\+308 at \[0, 1\] and P reaches 1e\+10 at \[1, 0\]$"
    with pytest.warns(tg.NonFiniteWarning, match=told):
        (P @ P).eval(P=[[0.0, 1e308], [1e10, 0.0]])


def test_what_is_written_is_what_is_computed_inf_included():
    with pytest.warns(tg.NonFiniteWarning, match=r"exp\(X\) is inf: X is 1000 at \[0, 0\]$"):
        assert (1 / (1 + np.exp(X))).eval(X=[[1000.0]]) == 0
    assert np.isinf((X + 1).eval(X=[[np.inf]])).all()  # what was fed is nobody's fault
