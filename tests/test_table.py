"""A table shows what is computed, lines up in a terminal, and keeps a reader's text text."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import tinygraph as tg
from tinygraph.table import GAP, HEAD, MOST_WIDE, WIDE, cell, on_the_point, table, wrapped

HOSTILE = "</script><img src=x onerror=alert(1)>"


def _numbers(lines):
    return np.array([[float(text.replace("−", "-")) for text in line.split()] for line in lines])


def _parts(text):
    """The heading, the rows and the foot of a printed table."""
    lines = text.splitlines()
    first, last = [place for place, line in enumerate(lines) if set(line) == {"─"}]
    return lines[:first], lines[first + 1 : last], lines[last + 1 :]


@pytest.fixture
def model(rng):
    """The notes' logistic regression, its feeds, and the table of it, in which nodes have these variables' names."""
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.array([[0.3], [-0.2], [0.5]]), dims=("n_x", 1)), tg.parameter(np.array([[0.1]]))
    Z = np.dot(W.T, X) + b
    A = tg.sigmoid(Z)
    L = -(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    J = tg.mean(L)
    feeds = {X: rng.normal(size=(3, 3)), Y: [[1, 0, 1]]}
    return SimpleNamespace(**locals(), made=table(J, [W, b], feeds), sampled=table(J, W))


def test_each_line_has_its_formula_its_shape_its_value_and_its_gradient(model):
    rows = {row.line: row for row in model.made.rows}
    assert list(rows) == ["X", "Y", "W", "b", "Z", "A", "L", "J"]
    assert [rows[name].formula for name in "XWZ"] == ["data", "parameter", "Wᵀ X + b"]
    assert [rows[name].shape for name in "XWZJ"] == ["(n_x, m)", "(n_x, 1)", "(1, m)", "()"]
    assert rows["Z"].gradient == "dZ = 1/m (A − Y)"
    assert rows["J"].gradient == "dJ = 1"
    assert rows["X"].gradient == rows["Y"].gradient == ""
    for name, row in rows.items():
        node = getattr(model, name)
        np.testing.assert_allclose(_numbers(row.value), np.atleast_2d(node.eval(model.feeds)), rtol=6e-3)
        if row.gradient:
            d = tg.grad(model.J, node).eval(model.feeds)
            np.testing.assert_allclose(_numbers(row.gradient_value), np.atleast_2d(d), rtol=6e-3)


def test_a_table_is_narrow_enough_for_a_projector_and_lines_up(model):
    text = str(model.made)
    head, rows, foot = _parts(text)
    assert max(map(len, text.splitlines())) <= WIDE
    assert "\N{FIGURE SPACE}" not in text
    assert [part for part in re.split(r"\s{2,}", head[1]) if part] == list(HEAD)
    starts = [found.start() for found in re.finditer(r"\S+", head[1])]
    for line in rows:
        for start in starts[1:]:
            assert line[start - len(GAP) : start].strip() == "", f"a cell runs into the next one: {line}"
    assert (head[0].index("↓ forward"), head[0].index("↑ gradient")) == (0, starts[4])
    assert foot == ["n_x = 3, m = 3"]
    assert repr(model.made) == text


def test_a_long_formula_is_wrapped_and_none_of_it_is_lost(model):
    head, rows, _ = _parts(str(model.made))
    starts = [found.start() for found in re.finditer(r"\S+", head[1])]
    place = next(i for i, line in enumerate(rows) if line.startswith("L"))
    of_L = [rows[place], *(line for line in rows[place + 1 :] if line.startswith("     "))]
    assert len(of_L) > 1
    assert " ".join(line[starts[1] : starts[2]].strip() for line in of_L) == model.made.rows[6].formula


@given(arrays.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(-1e4, 1e4, width=16)))
def test_decimal_points_stand_under_each_other(array):
    texts = [[f"{x:.4g}" for x in row] for row in array]
    rows = on_the_point(texts)
    assert [[text.strip() for text in row] for row in rows] == texts
    for column in zip(*rows, strict=True):
        assert len({len(text) for text in column}) == 1
        assert len({len(text.partition(".")[0].rstrip()) for text in column}) == 1


OPERANDS, SIGNS = ["Wᵀ X", "log A", "(1 − Y)", "σ(Z)", "1/m"], ["+", "−", "⊙", "="]


@given(st.lists(st.tuples(st.sampled_from(SIGNS), st.sampled_from(OPERANDS)), min_size=1), st.integers(14, 60))
def test_wrapping_loses_nothing_and_breaks_behind_no_sign_and_in_no_brackets(words, width):
    text = " ".join(part for pair in words for part in pair)
    lines = wrapped(text, width)
    assert " ".join(lines) == text
    for line in lines:
        assert len(line) <= width
        assert line.split()[-1] not in [*SIGNS, "log"]
        assert line.count("(") == line.count(")")


def test_a_value_that_takes_too_much_room_is_summed_up(rng):
    assert cell(np.arange(4.0)) == ["0 1 2 3"]
    wide = cell(rng.normal(size=(1, 8)))
    assert max(map(len, wide)) <= MOST_WIDE
    assert "…" in wide[0]
    assert wide[1].startswith("mean ")
    large = cell(np.array([*np.zeros(98), np.nan, 7.0]))
    assert large[:3] == ["0 … 7", "mean 0.0707", "1 of 100 are inf or nan"]


def test_inputs_without_a_feed_get_samples_and_the_foot_says_so(model):
    assert _parts(str(model.sampled))[2] == ["n_x = 3, m = 4", "samples (seed 0): X (3, 4), Y (1, 4)"]
    assert "samples" not in str(model.made)


def test_the_first_inf_is_marked_and_told_below():
    Z = tg.input("Z", (2,))
    A = tg.sigmoid(Z)
    L = tg.log(A)
    J = -tg.mean(L)
    with pytest.warns(tg.NonFiniteWarning):
        made = table(J, Z, {Z: [1.5, -801.3]})
    assert [row.line for row in made.rows if row.is_fault] == ["L"]
    _, rows, foot = _parts(str(made))
    assert [line[:3] for line in rows if "⚠" in line] == ["L ⚠"]
    assert foot == ["⚠ L = log(A) is -inf: A is 0 at [1], because Z = -801.3"]
    assert '<th scope="row">L ⚠</th>' in made._repr_html_()


def test_what_the_cost_does_not_depend_on_has_the_gradient_0():
    x, c = tg.input("x", (2,)), tg.parameter(np.ones(2))
    J = tg.sum(x * x)
    row = next(row for row in table(J, [x, c]).rows if row.line == "c")
    assert (row.gradient, row.gradient_value) == ("dc = 0", ["0 0"])


class _Text(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, _):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_a_readers_text_stays_text():
    w = tg.parameter(np.ones(2), f"{HOSTILE}\x1b[2J\n\u202e")
    x = tg.input(f"x{HOSTILE}\x1b[2J", (2,))
    made = table(tg.sum(w**2 * x), w)
    page = _Text(made._repr_html_())
    assert set(page.tags) == {"table", "thead", "tbody", "tr", "th", "td", "p"}
    assert any(HOSTILE in text for text in page.texts)
    assert not set("\x1b\u202e") & set(str(made))
    assert all(line.isprintable() for line in str(made).splitlines())


def test_a_notebook_shows_the_same_numbers(model):
    page = _Text(model.made._repr_html_())
    assert page.tags.count("tr") == len(model.made.rows) + 2
    for row in model.made.rows:
        assert {row.line, row.shape} <= set(page.texts)
        assert "\n".join(row.value) in page.texts


def test_what_has_no_gradient_is_a_clear_error(notes):
    with pytest.raises(tg.GradientError, match="no single number"):
        table(notes.Z, notes.W)
    with pytest.raises(tg.FeedError, match="no input is called 'no such input'"):
        table(notes.J, notes.W, {"no such input": 1})
