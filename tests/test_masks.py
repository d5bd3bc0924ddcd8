"""Elements that a mask picks: how many, only the data tell, and everything else works as with any other size."""

import numpy as np
import pytest

import tinygraph as tg

x, y = tg.input("x", ("n",)), tg.input("y", ("n",))
feeds = {x: [1.0, -2.0, 3.0, -4.0], y: [10.0, 20.0, 30.0, 40.0]}


def test_one_mask_picks_as_many_elements_wherever_it_is_used():
    mask = x > 0
    assert (x[mask] * y[mask]).eval(feeds).tolist() == [10, 90]
    assert (x[x > 0] * y[x > 0]).eval(feeds).tolist() == [10, 90]
    assert (x[(x > 0) & (y < 20)] + y[(x > 0) & (y < 20)]).eval(feeds).tolist() == [11]


def test_other_masks_may_pick_other_numbers_of_elements():
    with pytest.raises(tg.ShapeError, match=r"sizes nonzero_\d+ and nonzero_\d+ differ"):
        x[x > 0] + x[x > 1]
    with pytest.raises(tg.ShapeError, match="differ"):
        x[x > 0] + x[x < 0]


def test_the_size_of_what_is_picked_takes_part_in_expressions():
    kept = x[x > 0]
    k = kept.shape[0]
    for node, value in ((tg.mean(kept), 2), (tg.sum(kept) / k, 2), (k * 1.0, 2), (tg.sum(tg.arange(k)), 1)):
        assert node.eval(feeds) == value
    assert kept.reshape(-1, 1).shape == (k, 1)
    assert tg.zeros_like(kept).eval(feeds).tolist() == [0, 0]


def test_gradients_come_back_to_the_elements_that_were_picked():
    J = tg.mean(x[x > 0] ** 2)
    assert tg.grad(J, x).eval(feeds).tolist() == [1, 0, 3, 0]
    assert np.diag(tg.hessian(J, x).eval(feeds)).tolist() == [1, 0, 1, 0]
    assert tg.jacobian(x[x > 0], x).eval(feeds).tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]]
    assert tg.grad(tg.sum(x[x > 100]), x).eval(feeds).tolist() == [0, 0, 0, 0]


def test_a_mask_that_is_fed_and_one_of_several_axes():
    M, keep = tg.input("M", ("a", "b", 2)), tg.input("keep", ("a", "b"), bool)
    data, mask = np.arange(12.0).reshape(2, 3, 2), np.array([[True, False, True], [False, False, True]])
    assert M[keep].eval(M=data, keep=mask).tolist() == data[mask].tolist()
    assert M[:, :, 0][keep].eval(M=data, keep=mask).tolist() == data[:, :, 0][mask].tolist()
    assert tg.grad(tg.sum(M[keep] ** 2), M).eval(M=data, keep=mask).tolist() == (2 * data * mask[..., None]).tolist()


def test_a_mask_in_numbers_picks_a_number_that_is_known():
    v = tg.input("v", (3,))
    mask = np.array([True, False, True])
    assert v[mask].shape == (2,)
    with pytest.raises(tg.ShapeError, match="the mask's and the array's sizes 2 and 3 differ"):
        v[np.array([True, False])]
    with pytest.raises(tg.ShapeError, match="differ"):
        x[tg.input("other", ("k",)) > 0]


def test_a_mask_can_be_drawn_checked_and_fed_in_the_middle():
    mask = x > 0
    J = tg.sum(x[mask])
    assert "flatnonzero" in tg.draw(J, grad=x).dot
    assert "right" in str(tg.check_grad(J, x, feeds))
    assert J.eval({x: feeds[x], mask: [True, True, False, False]}) == -1


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ((slice(None, 5),), r"the slice :5 does not fit into an axis of size 4"),
        ((7,), "index 7 is out of bounds for axis 0 with size 4"),
        (([0, 9],), "index 9 is out of bounds"),
    ],
)
def test_a_place_that_a_named_size_turns_out_not_to_have_names_the_line(key, told):
    with pytest.raises(tg.EvaluationError, match=told):
        x[key].eval(feeds)


@pytest.mark.parametrize(
    ("key", "error", "told"),
    [
        ((3,), tg.ShapeError, "there is no place 3 along an axis of size 3"),
        (([0, -4],), tg.ShapeError, "there is no place -4 along an axis of size 3"),
        ((0, 0), tg.ShapeError, r"\[0, 0\] has 2 indices, and the array 1 axes"),
        ((..., ...), tg.ShapeError, "has more than one …"),
        ((slice(None, None, 0),), tg.ShapeError, "the step of a slice is not 0"),
        (("a",), tg.DtypeError, "'a' is no index: an index is a whole number, a slice, an array"),
        ((1.0,), tg.DtypeError, "1.0 is no index"),
        (([0.5],), tg.DtypeError, "is no index"),
        ((slice(0.5, 1),), tg.DtypeError, "is no index"),
    ],
)
def test_a_key_that_does_not_fit_is_a_clear_error(key, error, told):
    v = tg.input("v", (3,))
    with pytest.raises(error, match=told):
        v[key]


def test_a_node_keeps_its_elements():
    with pytest.raises(tg.ImmutableError, match=r"write tg.where\(condition, new, old\)"):
        x[0] = 1.0


def test_rows_of_a_node_can_be_looped_over_and_unpacked():
    M = tg.input("M", (2, "m"))
    first, second = M
    assert (first.shape, second.shape) == (("m",), ("m",))
    assert [row.eval(M=[[1, 2], [3, 4]]).tolist() for row in M] == [[1, 2], [3, 4]]
