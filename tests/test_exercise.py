"""A worksheet can be worked out by hand, gives nothing away, and marks what was worked out."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tinygraph.errors import DrawError, FeedError, FolderError, GradientError, NodeTypeError
from tinygraph.exercise import BLANK, exercise

HOSTILE = "</script><img src=x onerror=alert(1)>"
ENDING = re.compile(r"^Backward.*", re.MULTILINE | re.DOTALL)


def logistic(seed=0, n_x=2):
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.full((n_x, 1), 0.5), dims=("n_x", 1)), tg.parameter(np.zeros((1, 1)))
    Z = np.dot(W.T, X) + b
    A = tg.sigmoid(Z)
    L = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    J = tg.mean(L)
    wrt, sheet = [W, b], exercise(J, [W, b], seed)
    return SimpleNamespace(**locals())


def linear(seed=0, n_x=2):
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.full((n_x, 1), 0.5), dims=("n_x", 1)), tg.parameter(np.zeros((1, 1)))
    Z = W.T @ X + b
    J = tg.mean((Z - Y) ** 2)
    wrt, sheet = [W, b], exercise(J, [W, b], seed)
    return SimpleNamespace(**locals())


def softmax(seed=0, sums_to_one=0):
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", ("k", "m"), sums_to_one=sums_to_one)
    W, b = tg.parameter(np.zeros((3, 2)), dims=("k", "n_x")), tg.parameter(np.zeros((3, 1)), dims=("k", 1))
    Z = W @ X + b
    A = tg.softmax(Z, axis=0)
    J = -tg.mean(tg.sum(Y * tg.log(A), axis=0))
    wrt, sheet = [W, b], exercise(J, [W, b], seed)
    return SimpleNamespace(**locals())


def two_layers(seed=0):
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W1, b1 = tg.parameter(np.zeros((4, 2)), dims=("n_h", "n_x")), tg.parameter(np.zeros((4, 1)), dims=("n_h", 1))
    W2, b2 = tg.parameter(np.zeros((1, 4)), dims=(1, "n_h")), tg.parameter(np.zeros((1, 1)))
    Z1 = W1 @ X + b1
    A1 = tg.relu(Z1)
    Z2 = W2 @ A1 + b2
    A2 = tg.sigmoid(Z2)
    J = tg.mean(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)))
    wrt = [W1, b1, W2, b2]
    sheet = exercise(J, wrt, seed)
    return SimpleNamespace(**locals())


MODELS = [logistic, linear, softmax, lambda seed: softmax(seed, sums_to_one=None), two_layers]


def _rounded(value, digits):
    value = np.asarray(value)
    return np.array([float(f"{x:.{digits}g}") for x in value.flat]).reshape(value.shape)


def _solved(model, digits=None):
    """The derivatives of all nodes with a name, that the sheet asks for."""
    nodes = [node for name, node in vars(model).items() if f"d{name} = ∂J/∂{name} " in str(model.sheet)]
    values = tg.evaluate({node: tg.grad(model.J, node) for node in nodes}, model.sheet.feeds)
    return {node: _rounded(value, digits) if digits else value for node, value in values.items()}


def _numbers(text):
    return [float(found.replace("−", "-")) for found in re.findall(r"−?\d+\.?\d*(?:e−?\d+)?", text)]


def _told(grade):
    return {mark.name: mark.text for mark in grade.marks}


# What is given.


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("write", MODELS)
def test_a_sheet_gives_small_whole_numbers_from_which_no_derivative_is_lost(write, seed):
    model = write(seed)
    leaves = {model.X, model.Y, *model.wrt}
    assert set(model.sheet.feeds) == leaves
    for value in model.sheet.feeds.values():
        assert np.array_equal(value, np.round(value))
        assert np.all((value >= -3) & (value <= 4))
    for node, dnode in _solved(model).items():
        assert np.isfinite(dnode).all()
        if node in set(model.wrt):
            assert np.any(np.abs(dnode) > 1e-9)
    X = model.sheet.feeds[model.X]
    assert len(set(X.shape)) == 2, "two sizes are alike"
    assert len({tuple(column) for column in X.T}) == X.shape[1], "two examples are alike"
    assert all(np.all(model.sheet.feeds[node] != 0) for node in model.wrt)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("write", MODELS)
def test_numbers_on_the_sheet_are_neither_very_large_nor_very_small(write, seed):
    model = write(seed)
    nodes = [node for node in vars(model).values() if isinstance(node, tg.Node) and node.args]
    for value in [*_solved(model).values(), *tg.evaluate(nodes, model.sheet.feeds)]:
        size = np.abs(value)
        assert np.all((size < 1e-9) | ((size >= 0.01) & (size < 100)))


@pytest.mark.parametrize("write", MODELS)
def test_parameters_keep_their_own_values(write):
    before = {node: np.array(node.value) for node in write(0).wrt}
    model = write(0)
    assert all(np.array_equal(node.value, value) for node, value in zip(model.wrt, before.values(), strict=True))
    assert any(not np.array_equal(node.value, model.sheet.feeds[node]) for node in model.wrt)


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_0_and_1_or_one_hot(seed):
    for write in (logistic, two_layers):
        model = write(seed)
        assert set(np.unique(model.sheet.feeds[model.Y])) == {0, 1}
    for sums_to_one in (0, None):
        model = softmax(seed, sums_to_one)
        Y = model.sheet.feeds[model.Y]
        assert set(np.unique(Y)) == {0, 1}
        assert np.array_equal(Y.sum(axis=0), np.ones(Y.shape[1]))


def test_numbers_are_drawn_by_the_seed():
    texts = [str(logistic(seed).sheet) for seed in range(6)]
    assert texts == [str(logistic(seed).sheet) for seed in range(6)]
    assert len({text.partition("\n")[2] for text in texts}) == 6


def test_a_small_size_of_a_parameter_stays_and_a_large_one_is_chosen_anew():
    small, large = logistic(n_x=4), logistic(n_x=64)
    assert small.sheet.feeds[small.W].shape == (4, 1)
    assert large.sheet.feeds[large.W].shape == (2, 1)
    assert large.W.value.shape == (64, 1)


def test_a_size_of_a_constant_stays():
    w = tg.input("w", ("n",))
    sheet = exercise(tg.sum((tg.constant(np.arange(12.0).reshape(2, 6), dims=("k", "n")) @ w) ** 2), w)
    assert sheet.feeds[w].shape == (6,)
    assert "0  1  2  3   4   5" in str(sheet), "an array that a formula can't show is given"


@pytest.mark.parametrize("f", [tg.log, tg.sqrt, tg.arcsin, tg.arccosh, tg.log1p], ids=lambda f: f.name)
@pytest.mark.parametrize("seed", range(4))
def test_numbers_lie_where_ops_are_defined(f, seed):
    x = tg.parameter(np.ones(20))  # so many that no luck would do
    J = tg.sum(f(x))
    sheet = exercise(J, x, seed)
    assert np.isfinite(tg.grad(J, x).eval(sheet.feeds)).all()
    assert np.any(sheet.feeds[x] != 0)


@pytest.mark.parametrize("seed", range(10))
def test_nothing_stands_at_a_kink(seed):
    x, y = tg.input("x", (3,)), tg.input("y", (3,))
    sheet = exercise(tg.sum(tg.abs(x) + tg.maximum(x, y)), [x, y], seed)
    assert np.all(sheet.feeds[x] != 0)
    assert np.all(sheet.feeds[x] != sheet.feeds[y])


# What stands on the sheet.


@pytest.mark.parametrize("write", MODELS)
def test_the_sheet_has_a_blank_for_each_number_and_gives_none_away(write):
    model = write(0)
    text = str(model.sheet)
    derivatives = _solved(model)
    (blanks,) = ENDING.findall(text)
    assert blanks.count(BLANK) == sum(value.size for value in derivatives.values())
    assert _numbers(re.sub(r"\w*[A-Za-z]\d|\(.*?\)|^.*\n", "", blanks)) == []
    solved = model.sheet.solution
    assert BLANK not in solved
    assert text.splitlines()[1:8] == solved.splitlines()[1:8]


@pytest.mark.parametrize("write", MODELS)
def test_the_solution_has_the_numbers_and_the_rules(write):
    model = write(1)
    lines = model.sheet.solution.splitlines()
    for name, node in vars(model).items():
        if any(node is other for other in _solved(model)):
            place = next(i for i, line in enumerate(lines) if line.startswith(f"  d{name} = ∂J/∂{name} "))
            rows = [
                line.rpartition("[ ")[2].removesuffix(" ]")
                for line in lines[place:]
                if "[ " in line and "=  " not in line
            ]
            value = np.atleast_2d(_solved(model)[node])
            found = [_numbers(row) for row in rows[: len(value)]]
            np.testing.assert_allclose(found, value, rtol=6e-4, atol=1e-12)
            assert lines[place + len(value)].startswith("      = ")
    assert "  multiply out" in logistic().sheet.solution
    assert "= 1/m (A − Y)" in logistic().sheet.solution


def test_columns_line_up():
    rows = [line for line in str(two_layers().sheet).splitlines() if "[" in line]
    assert len({line.index("[ ") for line in rows}) == 1
    assert all(line.endswith(" ]") for line in rows)


def test_what_is_given_comes_first_and_derivatives_are_asked_for_from_the_cost_down():
    text = str(two_layers().sheet)
    (blanks,) = ENDING.findall(text)
    assert re.findall(r"^  (\w+) (?!=)", text, re.MULTILINE) == ["X", "Y", "W1", "W2", "b1", "b2"]
    assert re.findall(r"  (d\w+) =", blanks) == ["dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"]


# What is filled in.


@pytest.mark.parametrize("digits", [None, 4, 3])
@pytest.mark.parametrize("write", MODELS)
def test_what_is_right_is_right_in_three_digits(write, digits):
    model = write(2)
    found = model.sheet.grade(_solved(model, digits))
    assert found.is_right, found
    assert len(found.marks) == len(_solved(model))


@given(st.integers(1, 4), st.integers(0, 10**6))
@settings(max_examples=20)
def test_what_is_right_is_right_for_any_size_and_seed(n_x, seed):
    model = logistic(seed, n_x)
    assert model.sheet.grade(_solved(model, 3)).is_right


def _by_hand(model, digits=4):
    """A learner has A in four digits, and rounds each result before it goes on."""
    X, Y = (model.sheet.feeds[node] for node in (model.X, model.Y))
    A, m = _rounded(model.A.eval(model.sheet.feeds), digits), X.shape[1]
    if len(Y) == 1:
        dA = _rounded(((1 - Y) / (1 - A) - Y / A) / m, digits)
        dZ = _rounded(dA * A * (1 - A), digits)
    else:
        dA = _rounded(-Y / A / m, digits)
        dZ = _rounded(A * (dA - np.sum(dA * A, axis=0)), digits)
    dW, db = (X @ dZ.T if len(Y) == 1 else dZ @ X.T), np.sum(dZ, axis=1, keepdims=True)
    return {model.A: dA, model.Z: dZ, model.W: _rounded(dW, digits), model.b: _rounded(db, digits)}


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("write", [logistic, softmax])
def test_what_the_sheets_own_numbers_lead_to_is_right(write, seed):
    model = write(seed)
    found = model.sheet.grade(_by_hand(model))
    assert found.is_right, found


@pytest.mark.parametrize("seed", range(8))
def test_no_value_is_given_in_so_few_digits_that_a_derivative_is_lost(seed):
    x = tg.input("x", (1,))
    A = tg.tanh(x)
    J = tg.sum(0.001 / (1 - A))  # of a tanh near 1, four digits tell little
    sheet = exercise(J, x, seed)
    given = _rounded(A.eval(sheet.feeds), 4)
    assert sheet.grade({A: _rounded(0.001 / (1 - given) ** 2, 4)}).is_right


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("write", [logistic, linear])
def test_a_wrong_number_is_wrong(write, seed):
    model = write(seed)
    for node, dnode in _solved(model, 4).items():
        for place in np.ndindex(dnode.shape):
            wrong = np.array(dnode)
            wrong[place] *= 1.1
            assert not model.sheet.grade({node: wrong}).is_right or dnode[place] == 0


def test_a_slip_is_told_though_numbers_are_rounded():
    model = logistic()
    W, b, Z, m = model.W, model.b, model.Z, model.sheet.feeds[model.X].shape[1]
    right = _solved(model)
    told = _told(model.sheet.grade({Z: right[Z], W: _rounded(m * right[W], 3), b: _rounded(-right[b], 3)}))
    assert told["dZ"].startswith("right")
    assert "is the 1/m missing?" in told["dW"]
    assert told["db"] == "wrong: the sign is wrong everywhere"
    told = _told(model.sheet.grade({Z: _rounded(-right[Z], 4), b: _rounded(-right[b], 4)}))
    assert told["dZ"] == "wrong: the sign is wrong everywhere"
    assert told["db"].startswith("wrong, but only because dZ is")


def test_the_notes_dZ_is_right():
    model = logistic()
    Z, W, right = model.Z, model.W, _solved(model)
    dZ = _rounded(right[Z] * model.sheet.feeds[model.X].shape[1], 3)
    told = _told(model.sheet.grade({Z: dZ, W: _rounded(right[W], 3)}))
    assert told["dZ"] == "right as the notes write it, where the 1/m of the mean comes in later"
    assert told["dW"].startswith("right")


def test_formulas_are_marked_too():
    model = logistic()
    dZ = (model.A - model.Y) / model.X.shape[1]
    found = model.sheet.grade({model.W: model.X @ dZ.T, model.b: dZ})
    assert _told(found)["dW"].startswith("right")
    assert "not summed" in _told(found)["db"]


def test_nodes_have_the_readers_names_wherever_they_are_graded():
    def elsewhere(sheet, node, value):
        return sheet.grade({node: value})

    model = logistic()
    assert str(elsewhere(model.sheet, model.W, [[0], [0]])).startswith("dZ  not given\ndW  wrong")


# Pages and files.


class _Page(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.attributes = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("write", MODELS)
def test_the_page_has_boxes_to_write_in_and_the_solution_only_if_asked(write):
    model = write(0)
    count = sum(value.size for value in _solved(model).values())
    blank, solved = (_Page(model.sheet.html(solution)) for solution in (False, True))
    assert blank.attributes.count(("td", "class", "blank")) == count
    assert solved.attributes.count(("td", "class", "blank")) == count
    assert (blank.tags.count("main"), solved.tags.count("main")) == (1, 2)
    assert (blank.tags.count("section"), solved.tags.count("section")) == (3, 4)
    assert "math" in blank.tags
    assert sum(tag == "td" for tag in solved.tags) >= sum(tag == "td" for tag in blank.tags) + count
    assert len(solved.texts) > len(blank.texts)
    page = model.sheet.html()
    cells = re.findall(r"<td>([\s−]*\d[\s\d.]*)</td>", model.sheet.html(solution=True))
    assert len(cells) > count
    assert not [text for text in cells if " " in text], "only a figure space is as wide as a digit"
    assert model.sheet.html(solution=True).startswith(page[: page.index("</main>")])


def test_the_page_needs_no_script_and_no_network():
    page = logistic().sheet.html(solution=True)
    found = _Page(page)
    assert not {"script", "link", "img", "iframe"} & set(found.tags)
    assert ("meta", "http-equiv", "Content-Security-Policy") in found.attributes
    urls = re.findall(r"url\(.(.{5})", page) + re.findall(r"(?:https?:)?//\w+", re.sub(r"base64,[^\"]*", "", page))
    assert [url for url in urls if "w3.org" not in url] == ["data:"]
    assert "@page { size: A4" in page


def test_a_readers_text_stays_text():
    w = tg.parameter(np.ones(2), f"{HOSTILE}\x1b[2J\n{{{{font}}}}")
    sheet = exercise(tg.sum(w**2).named(f"J{HOSTILE}\x1b[2J"), w)
    assert f"J{HOSTILE}" in "".join(_Page(sheet.html()).texts)
    for page in (sheet.html(solution=True), sheet._repr_html_()):
        found = _Page(page)
        assert not {"script", "img"} & set(found.tags)
        assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    texts = [text.replace("\N{NO-BREAK SPACE}", " ") for text in _Page(sheet.html()).texts]
    assert any(HOSTILE in text and text.endswith("{{font}}") for text in texts)
    assert all(line.isprintable() for line in sheet.solution.splitlines())


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    sheet = logistic().sheet
    found = _Page(sheet._repr_html_())
    assert found.tags == ["iframe"]
    assert ("iframe", "srcdoc", sheet.html()) in found.attributes
    assert ("iframe", "sandbox", None) in found.attributes


def test_the_files_ending_says_how_it_is_saved(tmp_path):
    sheet = logistic().sheet
    sheet.save(tmp_path / "sheet.txt")
    assert (tmp_path / "sheet.txt").read_text() == f"{sheet}\n"
    sheet.save(str(tmp_path / "solved.TXT"), solution=True)
    assert (tmp_path / "solved.TXT").read_text() == f"{sheet}\n\n\n{sheet.solution}\n"
    sheet.save(tmp_path / "sheet.html", solution=True)
    assert (tmp_path / "sheet.html").read_text() == f"{sheet.html(solution=True)}\n"
    for name, told in (("sheet.pdf", r"ends in '\.pdf'"), ("sheet", "has no ending")):
        with pytest.raises(DrawError, match=f"{told}: a worksheet is .html or .txt"):
            sheet.save(tmp_path / name)
    with pytest.raises(FolderError):
        sheet.save(tmp_path / "nowhere" / "sheet.txt")
    assert len(list(tmp_path.iterdir())) == 3


# What can't be.

x, c = tg.input("x", (3,)), tg.parameter(np.ones(2), "c")
W = tg.parameter(np.ones((64, 1)), "W")


@pytest.mark.parametrize(
    ("ask", "error", "told"),
    [
        (lambda: exercise(2 * x, x), GradientError, "no single number"),
        (lambda: exercise(tg.sum(x), "x"), NodeTypeError, "with respect to nodes, not str"),
        (lambda: exercise(tg.sum(x), []), NodeTypeError, "there is no derivative to ask for: give a node"),
        (lambda: exercise(tg.sum(x), [x, c]), FeedError, "^dc is 0, whatever the numbers: leave c out of wrt$"),
        (lambda: exercise(tg.sum(x), x, -1), FeedError, "^seed=-1 draws no numbers: it is a whole number from 0 on$"),
        (lambda: exercise(tg.sum(x), x, True), FeedError, "^seed=True draws no numbers"),
        (lambda: exercise(tg.sum(W * W), W), FeedError, "^W has 64 numbers, and a worksheet has room for 40: build"),
        (lambda: exercise(tg.sum(tg.log(-x * x)), x), FeedError, "at the last, J is inf or nan: for numbers of your"),
        (lambda: exercise(tg.sum(0 * x), x), FeedError, "at the last, dx is 0: for numbers of your own there are"),
        (lambda: exercise(tg.sum(x), x).grade({}), NodeTypeError, "this worksheet asks for dx$"),
        (lambda: exercise(tg.sum(x), x).grade({c: 1}), NodeTypeError, "this worksheet asks for dx$"),
        (lambda: exercise(tg.sum(x), x).grade([1, 1, 1]), NodeTypeError, "this worksheet asks for dx$"),
        (lambda: exercise(tg.sum(x), x).grade({x: "one"}), tg.DtypeError, "^dx takes real numbers"),
    ],
)
def test_what_can_not_be_a_worksheet_is_a_clear_error(ask, error, told):
    with pytest.raises(error, match=told):
        ask()
