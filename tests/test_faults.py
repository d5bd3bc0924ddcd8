"""What is told of the first step that makes inf or NaN: which it is, where, and because of what."""

import linecache
import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tinygraph.evaluate import graph_values
from tinygraph.faults import fault_of, first_fault
from tinygraph.notation import formula
from tinygraph.order import order

X, x, y, s = tg.input("X", ("n", "m")), tg.input("x", ("n",)), tg.input("y", ("n",)), tg.input("s", ())
c, r, f = tg.input("c", ("n", 1)), tg.input("r", (1, "m")), tg.input("f", ("n",), np.float32)
W, b = tg.parameter(np.array([[2.0], [-1.0]]), dims=("n", 1)), tg.parameter(np.array([[0.5]]))
Z = W.T @ X + b
A = tg.sigmoid(Z)
U = tg.sigmoid(W.T @ X + b)
V = 1 - A
twice, eps = x * 2, tg.constant(0.0)
NAMES = {W: "W", b: "b", Z: "Z", A: "A", U: "U", V: "V", twice: "twice", eps: "eps"}


def values_of(node, feeds):
    with warnings.catch_warnings(action="ignore"):
        return graph_values([node], feeds, {})[0]


def fault_in(node, feeds, names=NAMES, fed=()):
    return first_fault(order(node), values_of(node, feeds), names, fed=set(fed))


def test_the_warning_tells_the_step_the_place_and_what_it_comes_from(rng):
    Y = tg.input("Y", (1, "m"))
    J = -tg.mean(Y * tg.log(A) + (1 - Y) * tg.log(1 - A))
    batch = rng.normal(size=(2, 18))
    batch[:, 17] = [-400, 1.8]
    with pytest.warns(tg.NonFiniteWarning) as caught:
        assert J.eval(X=batch, Y=np.ones((1, 18))) == np.inf
    (warning,) = caught
    assert str(warning.message) == "log(A) is -inf: A is 0 at [0, 17], because Z = -801.3"
    assert warning.filename == __file__
    assert "J.eval(" in linecache.getline(__file__, warning.lineno)
    with pytest.warns(tg.NonFiniteWarning, match=r"^log\(1 - A\) is -inf: .* because A = 1 for Z = 802.3$"):
        J.eval(X=-batch, Y=np.zeros((1, 18)))


# fmt: off
TOLD = [
    # One argument, and what it comes from.
    (tg.log(A), {X: [[0.0, -400.0], [0.0, 1.8]]},
     "log(A) is -inf: A is 0 at [0, 1], because Z = -801.3"),
    (tg.log(U), {X: [[-400.0], [1.8]]},
     "log(U) is -inf: U is 0 at [0, 0], because W.T @ X = -801.8 and b = 0.5"),
    (tg.log(tg.sigmoid(Z)), {X: [[-400.0], [1.8]]},
     "log(sigmoid(Z)) is -inf: sigmoid(Z) is 0 at [0, 0], because Z = -801.3"),
    (tg.log(1 - A), {X: [[400.0], [-1.3]]},
     "log(1 - A) is -inf: 1 - A is 0 at [0, 0], because A = 1 for Z = 801.8"),
    (tg.log(V), {X: [[400.0], [-1.3]]}, "log(V) is -inf: V is 0 at [0, 0], because A = 1"),
    (tg.log(1 - x), {x: [0.5, 1.0]},
     "log(1 - x) is -inf: 1 - x is 0 at [1], because x = 1"),
    (tg.exp(1000 * tg.tanh(tg.sqrt(tg.abs(x)))), {x: [-400.0]},
     "exp(1000 * tanh(sqrt(…))) is inf: 1000 * tanh(sqrt(…)) is 1000 at [0], because x = -400"),
    (tg.log(tg.relu(twice)), {x: [-3.0]},
     "log(relu(twice)) is -inf: relu(twice) is 0 at [0], because twice = -6 for x = -3"),
    (tg.exp(x), {x: [1.0, 801.3]}, "exp(x) is inf: x is 801.3 at [1]"),
    (tg.exp(W.T @ X), {X: [[400.0], [0.0]]}, "exp(W.T @ X) is inf: W.T @ X is 800 at [0, 0]"),
    (tg.log(s), {s: 0.0}, "log(s) is -inf: s is 0"),
    (tg.exp(f * 3), {f: [1.0, 30.1]}, "exp(f * 3) is inf: f * 3 is 90.3 at [1], because f = 30.1"),
    (tg.log(x).named("L"), {x: [0.0]}, "L = log(x) is -inf: x is 0 at [0]"),
    # Several arguments: but for numbers that the line shows.
    (x / y, {x: [1.0, 0.0], y: [1.0, 0.0]}, "x / y is nan: x is 0 and y is 0 at [1]"),
    (x / x, {x: [0.0]}, "x / x is nan: x is 0 at [0]"),
    (1 / s, {s: 0.0}, "1 / s is inf: s is 0"),
    (x / 0.0, {x: [-1.0]}, "x / 0.0 is -inf: x is -1 at [0]"),
    (x / eps, {x: [1.0]}, "x / eps is inf: x is 1 and eps is 0 at [0]"),
    (x / tg.constant([0.0], dims="n"), {x: [1.0]}, "x / array is inf: x is 1 and array is 0 at [0]"),
    (tg.sum(x) / x.shape[0], {x: []}, "sum(x) / n is nan: sum(x) is 0 and n is 0"),
    (s * 1e300 * x.shape[0], {x: [1.0, 2.0], s: 1e8},
     "s * (1e+300) * n is inf: s * (1e+300) is 1e+308, because s = 1e+08"),
    (1 / x.shape[0] + s - s, {x: [], s: 1.0}, "1 / n is inf: n is 0"),
    (tg.log(x * y), {x: [0.0], y: [7.0]}, "log(x * y) is -inf: x * y is 0 at [0], because x = 0 and y = 7"),
    (tg.log(twice * y), {x: [0.0], y: [7.0]},
     "log(twice * y) is -inf: twice * y is 0 at [0], because twice = 0 and y = 7"),
    (1e308 * x.shape[0], {x: [1.0, 2.0]}, "(1e+308) * n is inf"),
    (twice / (x - x), {x: [3.0]},
     "twice / (x - x) is inf: twice is 6 and x - x is 0 at [0], because x = 3"),
    (1 / (s * sum(tg.input(name, ()) for name in "defgh")), {s: 0.0, **dict.fromkeys("defgh", 1.0)},
     "1 / (s * (… + g + h)) is inf: s * (… + g + h) is 0, because s = 0, d = 1, e = 1, f = 1 and …"),
    # Broadcasting: each with its own place, where that is another.
    (c * r, {c: [[1.0], [1e200]], r: [[2.0, 1e200]]},
     "c * r is inf: c[1, 0] is 1e+200 and r[0, 1] is 1e+200 at [1, 1]"),
    (tg.log(c * r), {c: [[1.0], [0.0]], r: [[2.0, 3.0]]},
     "log(c * r) is -inf: c * r is 0 at [1, 0], because c = 0 and r[0, 0] = 2"),
    (X * (c + s), {X: [[1.0, 1.0], [1.0, 1e200]], c: [[1.0], [1e200]], s: 0.0},
     "X * (c + s) is inf: X is 1e+200 and (c + s)[1, 0] is 1e+200 at [1, 1], because c[1, 0] = 1e+200 and s = 0"),
    (X * tg.sum(X, axis=1, keepdims=True), {X: [[1.0, 1.0], [1.0, 1e200]]},
     "X * sum(X, axis=1, keepdims=True) is inf: "
     "X is 1e+200 and sum(X, axis=1, keepdims=True)[1, 0] is 1e+200 at [1, 1]"),
    (X.T / x, {X: np.ones((2, 1)), x: [1.0, 0.0]}, "X.T / x is inf: X.T is 1 and x[1] is 0 at [0, 1]"),
    # Many numbers that go into one: the largest of them.
    (W.T @ X, {X: [[1.0, 1e308], [1e306, -3e306]]},
     "W.T @ X is inf at [0, 1]: W.T reaches 2 at [0, 0] and X reaches 1e+308 at [0, 1]"),
    (tg.sum(X, axis=1), {X: [[1.7e308, 0.0], [1e308, 1.1e308]]},
     "sum(X, axis=1) is inf at [1]: X reaches 1.1e+308 at [1, 1]"),
    (tg.sum(tg.exp(x)), {x: [1.0, 709.4, 709.5]},
     "sum(exp(x)) is inf: exp(x) reaches 1.355e+308 at [2], because x = 709.5"),
    (tg.mean(-x), {x: [1e308, 1.2e308]}, "mean(-x) is -inf: -x reaches -1.2e+308 at [1], because x = 1.2e+308"),
    (tg.cumsum(x), {x: [1e308, 1.1e308, 1.7e308]}, "cumsum(x) is inf at [1]: x reaches 1.1e+308 at [1]"),
    (tg.norm(x), {x: [1.0, -1e200]}, "norm(x) is inf: x reaches -1e+200 at [1]"),
    (tg.inv(tg.constant([[1e-320, 0.0], [0.0, 1.0]], "C")), {}, "inv(C) is inf at [0, 0]: C reaches 1 at [1, 1]"),
    (tg.mean(tg.square(f)), {f: [1.0, 1e30]}, "square(f) is inf: f is 1e+30 at [1]"),
    (tg.var(x), {x: []}, "var(x) is nan: x has no elements"),
    # All digits next to 1, where four of them would hide what is wrong.
    (tg.arccos(x), {x: [1.0, -1.0000000002]}, "arccos(x) is nan: x is -1.0000000002 at [1]"),
]
# fmt: on


@pytest.mark.parametrize(("node", "feeds", "told"), TOLD, ids=[told.partition(":")[0] for *_, told in TOLD])
def test_what_is_told(node, feeds, told):
    assert fault_in(node, feeds).text == told


def test_the_first_step_is_told_and_not_what_follows_from_it():
    fault = fault_in(tg.sum((1 - x) * tg.log(x)), {x: [0.5, 0.0, 1.0]})
    assert (fault.node.op.name, fault.index) == ("log", (1,))


def test_a_step_is_told_where_it_makes_it_and_not_where_it_passes_it_on():
    L, P = tg.log(x), X @ r.T
    assert fault_of(L, values_of(L, {x: [np.nan, 0.0]}), NAMES).text == "log(x) is -inf: x is 0 at [1]"
    assert fault_of(L, values_of(L, {x: [1.0, np.inf]}), NAMES).text == "log(x) is inf: x is inf at [1]"
    feeds = {X: [[1.0, np.inf]], r: [[0.0, 0.0]]}
    assert fault_of(P, values_of(P, feeds), NAMES).text == (
        "X @ r.T is nan at [0, 0]: X reaches inf at [0, 1] and r.T reaches 0 at [0, 0]"
    )


def test_what_was_fed_so_is_told_to_be():
    assert fault_in(tg.sum(x), {x: [1.0, np.inf]}).text == "x is inf at [1]: it was fed so"
    w = tg.parameter(np.array(np.nan))
    assert fault_in(w * s, {s: 1.0}, {w: "w"}).text == "w is nan: the parameter holds it"
    assert fault_in(w * s, {s: 1.0, w: np.inf}, {w: "w"}, fed=[s, w]).text == "w is inf: it was fed so"
    data = tg.constant([1.0, np.nan], dims="n")
    assert fault_in(x * data, {x: [1.0, 2.0]}).text == "array is nan at [1]: the constant holds it"


def test_what_was_fed_in_the_middle_comes_from_nothing():
    J = tg.sum(Z) + tg.sum(tg.log(A))
    feeds = {X: [[1.0], [2.0]], A: [[0.0]]}
    assert fault_in(J, feeds, fed=feeds).text == "log(A) is -inf: A is 0 at [0, 0]"
    feeds[A] = [[-np.inf]]
    assert fault_in(J, feeds, fed=feeds).text == "A is -inf at [0, 0]: it was fed so"
    assert fault_in(tg.log(A), {A: [[np.inf]]}).text == "A is inf at [0, 0]: it was fed so"  # nothing is before it
    with pytest.warns(tg.NonFiniteWarning, match=r"A is 0 at \[0, 0\]$"):
        J.eval({X: [[1.0], [2.0]], A: [[0.0]]})


def test_an_infinite_constant_is_meant():
    masked = tg.softmax(tg.where(x > 0, x, -np.inf))
    assert fault_in(masked, {x: [1.0, -1.0]}) is None
    assert fault_in(x + tg.constant([np.inf], dims="n"), {x: [1.0]}) is None
    assert fault_in(tg.clip(x, 0.0), {x: [-1.0]}) is None
    assert fault_in(x + np.nan, {x: [1.0]}) is None  # so is NaN that the line itself shows
    difference = fault_in(tg.log(0 * x) - (-np.inf), {x: [2.0]})
    assert difference.text == "log(0 * x) is -inf: 0 * x is 0 at [0], because x = 2"


def test_a_number_that_no_float_holds_is_a_number():
    assert fault_in(s * 10**30, {s: 1.0}) is None


def test_what_has_no_value_is_passed_over():
    values = values_of(tg.sum(tg.log(A)), {A: [[0.0]]})
    assert first_fault(order(tg.sum(tg.log(A)), Z), values, {}) is None


def test_a_long_chain_without_names_is_no_special_case():
    node = x
    for _ in range(20_000):
        node = -node
    assert fault_in(tg.log(node), {x: [0.0]}).text.endswith("is 0 at [0], because x = 0")
    node = x
    for _ in range(60):  # 2 ** 60 ways back
        node = node + node
    assert fault_in(tg.log(node), {x: [0.0]}).text.endswith("is 0 at [0], because x = 0")


# The largest that is told is one that went in: for another op than these, the largest of all.

STACKS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((4, 1, 2, 3), (5, 3, 2)), ((3,), (4, 3, 2)),
          ((4, 2, 3), (3,)), ((1, 2, 3), (4, 3, 2))]  # fmt: skip
P = tg.input("P", (2, 3, 4))
GATHERING = [
    *(tg.input("P", left) @ tg.input("Q", right) for left, right in STACKS),
    *(op(P, axis=axis) for op in (tg.sum, tg.cumsum, tg.softmax, tg.logsumexp) for axis in (0, 1, 2)),
    *(tg.sum(P, axis=axis, keepdims=True) for axis in (1, (0, 2), None)),
    *(tg.sum(P, axis=axis) for axis in ((2, 0), None)),
    tg.cumsum(tg.input("P", (5,))),
]


@pytest.mark.parametrize("node", GATHERING, ids=[f"{node} {[arg.shape for arg in node.args]}" for node in GATHERING])
def test_the_largest_that_is_told_is_one_that_went_in(node, rng):
    args = [rng.permutation(np.prod(arg.shape)).reshape(arg.shape) + 1.0 for arg in node.args]
    with_nan = [  # the results that change with each element of each argument
        {
            place: np.isnan(node.op.compute(*_with(args, number, place), **node.params))
            for place in np.ndindex(array.shape)
        }
        for number, array in enumerate(args)
    ]
    out = node.op.compute(*args, **node.params)
    for index in np.ndindex(out.shape):
        values = dict(zip(node.args, args, strict=True))
        told = fault_of(node, values | {node: _with([out], 0, index)[0]}, {}).text
        for arg, array, changed in zip(node.args, args, with_nan, strict=True):
            number, at = re.search(rf"{arg.name} reaches (\S+) at (\[.*?\])", told).groups()
            assert float(number) == max(array[place] for place in changed if changed[place][index])
            assert float(number) == array[tuple(map(int, re.findall(r"\d+", at)))]


def _with(arrays, number, place):
    """The arrays with NaN at one place of one of them."""
    arrays = [np.array(array, float) for array in arrays]
    arrays[number][place] = np.nan
    return arrays


# Of every graph of steps element by element, what is told is true.

LEAVES = [tg.input("p", (2, 3)), tg.input("q", (1, 3)), tg.input("u", (2, 1)), tg.input("t", ())]
STEPS = [tg.sigmoid, tg.tanh, tg.abs, tg.relu, tg.negative, lambda x: 1 - x, lambda x: x * 2]
JOINING = [tg.add, tg.subtract, tg.multiply, tg.maximum, lambda x, y: y - x]
RISKY = [tg.exp, tg.log, tg.sqrt, tg.reciprocal, tg.square, lambda x: x - x, lambda x: 3 / x, lambda x: x / x]
EXTREMES = [0.0, 1.0, 40.0, 801.3, -801.3, 1e200, 1e-320]


@st.composite
def graphs(draw):
    nodes, names = [LEAVES[0] * draw(st.sampled_from(LEAVES))], {}
    for number, kind in enumerate(draw(st.lists(st.sampled_from([STEPS, JOINING, RISKY]), min_size=3))):
        others = [draw(st.sampled_from(LEAVES + nodes))] if kind is JOINING else []
        nodes.append(draw(st.sampled_from(kind))(nodes[-1], *others))
        if draw(st.booleans()):
            names[nodes[-1]] = f"v{number}"
    rng, used = np.random.default_rng(draw(st.integers(0, 999))), set(order(nodes[-1]))
    numbers = {leaf: rng.uniform(0.1, 2, leaf.shape) for leaf in LEAVES if leaf in used}
    feeds = {leaf: np.where(rng.random(x.shape) < 0.3, rng.choice(EXTREMES, x.shape), x) for leaf, x in numbers.items()}
    return nodes[-1], feeds, names


@settings(max_examples=300)
@given(graphs())
def test_what_is_told_is_true(graph):
    root, feeds, names = graph
    values = values_of(root, feeds)
    fault = first_fault(order(root), values, names)
    if fault is None:
        assert all(np.isfinite(value).all() for value in values.values())
        return
    assert not np.isfinite(values[fault.node][fault.index])
    assert all(np.isfinite(values[arg]).all() for arg in order(fault.node) if arg is not fault.node)
    known = {}
    for node in order(root):
        known.setdefault(formula(node, names), []).append(node)
    told = fault.text.partition(": ")[2]
    pattern = "|".join(re.escape(text) for text in sorted(known, key=len, reverse=True))
    quoted = re.findall(rf"(?<![^ ])\(?({pattern})\)?(\[[\d, ]+\])? (?:is|=) ([^ ,]+)", told)
    assert quoted
    shape = np.shape(values[fault.node])
    for text, at, number in quoted:
        assert any(_is_told(values[node], shape, fault.index, at, number) for node in known[text]), (fault.text, text)


def _is_told(value, shape, index, at, number):
    """Whether broadcasting takes that number, to four digits, from that place of the value to the index."""
    value = np.asarray(value)
    element = np.broadcast_to(np.arange(value.size).reshape(value.shape), shape)[index]
    own = [int(i) for i in np.unravel_index(element, value.shape)]
    return f"{value.flat[element]:.3e}" == f"{float(number):.3e}" and at in ("", str(own))
