"""Named sizes: equal to their names, whole numbers once fed, and never text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygraph as tg
from tinygraph.sizes import Size, as_size, broadcast

array = np.zeros(3)
m, n, k = (Size.named(name) for name in "mnk")


def test_a_size_equals_its_name_and_hashes_as_it():
    assert m == "m"
    assert m != "n"
    assert m != 3
    assert {m: 1}["m"] == 1
    assert (1, m) == (1, "m")


def test_a_size_is_no_text():
    assert repr(m * 3) == "3*m"
    assert repr(3 * m) == "3*m"
    assert not isinstance(m, str)
    with pytest.raises(TypeError):
        "ab" * m


@pytest.mark.parametrize(
    ("size", "written"),
    [
        (m * n * 3, "3*m*n"),
        (n * m, "m*n"),
        (m + 1, "m + 1"),
        (2 * m - 1, "2*m - 1"),
        (1 - m, "-m + 1"),
        (m * n // n, "m"),
        ((m * n + 2 * n) // n, "m + 2"),
        (6 * m // 3, "2*m"),
        ((m - 1) // 2, "((m - 1)//(2))"),
        (m % 1, 0),
        (np.int64(3) * m, "3*m"),
        ((m + 1) // (m + 1), 1),
        (m - m, 0),
    ],
)
def test_arithmetic_is_exact_and_written_in_one_way(size, written):
    assert size == written


expressions = st.recursive(
    st.sampled_from([m, n, k]) | st.integers(-3, 5),
    lambda inner: st.tuples(st.sampled_from("+-*/%"), inner, inner),
    max_leaves=8,
)


def _compute(expression, of):
    if not isinstance(expression, tuple):
        return of(expression)
    sign, x, y = expression[0], _compute(expression[1], of), _compute(expression[2], of)
    return {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y, "/": lambda: x // y, "%": lambda: x % y}[sign]()


@given(expressions, st.fixed_dictionaries({name: st.integers(1, 9) for name in "mnk"}))
def test_arithmetic_by_name_agrees_with_arithmetic_by_number(expression, sizes):
    try:
        size = _compute(expression, lambda leaf: leaf)
        number = _compute(expression, lambda leaf: sizes[str(leaf)] if isinstance(leaf, Size) else leaf)
        found = as_size(size).at(sizes)
    except (ZeroDivisionError, tg.ShapeError):
        return
    assert found == number


def test_other_operations_make_nodes():
    X = tg.input("X", (3, "m"))
    count = X.shape[1]
    assert isinstance(1 / count, tg.Node)
    assert isinstance(count * 0.5, tg.Node)
    assert isinstance(np.sqrt(2.0) * count, tg.Node)
    assert (1 / count).eval({X: np.zeros((3, 4))}) == 0.25
    assert (X / count).eval(X=np.full((3, 4), 8.0))[0, 0] == 2


def test_a_size_is_bound_by_any_input_that_is_fed():
    X, W = tg.input("X", (3, "m")), tg.parameter(np.ones(2))
    J = tg.sum(W) / X.shape[1]
    assert J.eval({X: np.zeros((3, 4))}) == 0.5
    assert J.eval(X=np.zeros((3, 8))) == 0.25
    other = tg.input("other", ("m",))
    assert J.eval({other: np.zeros(4)}) == 0.5
    with pytest.raises(tg.FeedError, match=r"the size m has no number yet: feed X \(3, m\)"):
        J.eval()


@pytest.mark.parametrize(
    "use", [bool, int, float, range, lambda m: np.zeros((1, m)), lambda m: array[m], lambda m: np.asarray(m)]
)
def test_a_size_that_must_be_a_number_now_says_so(use):
    with pytest.raises(TypeError, match="m is part of a graph and no number yet"):
        use(m)


def test_a_comparison_of_sizes_is_no_truth_value():
    with pytest.raises(tg.NodeTypeError):
        bool(tg.input("X", ("m",)).shape[0] > 3)


@pytest.mark.parametrize("name", ["", "2m", "n x", "a*b", "__import__('os')"])
def test_a_size_has_a_plain_name(name):
    with pytest.raises(tg.ShapeError, match="can't name a size"):
        tg.input("X", (name,))


def test_broadcasting_by_name():
    assert broadcast((1, m), (n, m)) == (n, m)
    assert broadcast((n, 1), (1, m)) == (n, m)
    assert broadcast((), (n, m)) == (n, m)
    assert broadcast((m,), (n, 1)) == (n, m)
    with pytest.raises(tg.ShapeError, match="sizes m and n differ"):
        broadcast((m,), (n,))
    with pytest.raises(tg.ShapeError, match="sizes 3 and m differ"):
        broadcast((3,), (m,))
