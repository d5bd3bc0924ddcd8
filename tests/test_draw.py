"""Pictures, compared by structure: what stands in each box, which edges there are, and that text stays text."""

import io
import re
import shutil
import sys
import threading
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import resvg_py
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import tinygraph as tg
from tinygraph.draw import render

SVG = "{http://www.w3.org/2000/svg}"


def _boxes(drawing):
    """The lines of text in each box of the picture."""
    root = ET.fromstring(drawing.svg())  # noqa: S314 (our own picture)
    groups = [group for group in root.iter(f"{SVG}g") if group.get("class") == "node"]
    return [["".join(text.itertext()).replace("\xa0", " ") for text in group.iter(f"{SVG}text")] for group in groups]


def _edges(drawing):
    """Each edge as (from, to, label, is a gradient), by the names in the boxes."""
    names = {
        own: label.split("|")[0] for own, label in re.findall(r'^\t*(d?n\d+) \[label="\{(.*?)\}"', drawing.dot, re.M)
    }
    found = []
    for start, end, attributes in re.findall(r"^\t*(d?n\d+) -> (d?n\d+) \[(.*)\]", drawing.dot, re.M):
        label = re.search(r'label="(.*?)"', attributes)
        edge = (names[start], names[end])
        if "dir=back" in attributes:
            edge = edge[::-1]
        found.append((*edge, label.group(1) if label else "", "dashed" in attributes))
    return found


@pytest.fixture(params=["dot", "in process"])
def renderer(request, monkeypatch):
    """Each way to render: with the `dot` program, and without."""
    if request.param == "dot" and not shutil.which("dot"):
        pytest.skip("the dot program is not installed")
    if request.param == "in process":
        monkeypatch.setattr(render.shutil, "which", lambda program: None)
    return request.param


@pytest.fixture
def drawn(notes):
    W, b, Z, A, L, J = notes.W, notes.b, notes.Z, notes.A, notes.L, notes.J  # noqa: F841 (their names are looked up)
    return tg.draw(J, grad=[W, b])


def test_each_node_has_its_name_formula_and_shape(renderer, drawn):
    boxes = _boxes(drawn)
    for box in (
        ["X", "input", "(n_x, m)"],
        ["W", "parameter", "(n_x, 1)"],
        ["Z", "v2 + b", "(1, m)"],
        ["A", "sigmoid(Z)", "(1, m)"],
        ["J", "mean(L)", "()"],
    ):
        assert box in boxes


def test_each_gradient_stands_by_its_node_and_is_called_after_it(renderer, drawn):
    boxes = _boxes(drawn)
    for box in (
        ["dJ", "1.0", "()"],
        ["dZ", "dA * A * (1 - A)", "(1, m)"],
        ["dW", "dv1.T", "(n_x, 1)"],
        ["db", "sum(dZ, axis=1, keepdims=True)", "(1, 1)"],
    ):
        assert box in boxes
    assert not [box for box in boxes if box[0] in ("dX", "dY")]
    assert re.search(r'subgraph cluster_n\d+ \{[^}]*label="\{Z\|[^}]*\}[^}]*label="\{dZ\|', drawn.dot)


def test_gradients_have_a_second_colour(drawn):
    lines = drawn.dot.splitlines()
    forward = next(line for line in lines if 'label="{Z|' in line)
    backward = next(line for line in lines if 'label="{dZ|' in line)
    assert re.search('color="#.*?"', forward).group() != re.search('color="#.*?"', backward).group()


def test_fan_out_and_broadcasting_can_be_seen(drawn):
    edges = _edges(drawn)
    into_dA = [(label, dashed) for start, end, label, dashed in edges if end == "dA"]
    assert sorted(into_dA) == [("adds -dv6", True), ("adds dv3 / A", True)]
    assert ("b", "Z", "copied over m", False) in edges
    assert ("dZ", "db", "summed over m", True) in edges


def test_values_are_shown_or_summed_up(renderer, notes):
    Z, W, b, X, J = notes.Z, notes.W, notes.b, notes.X, notes.J  # noqa: F841
    small = tg.draw(J, grad=W, values=True, feeds={notes.X: np.ones((3, 2)), notes.Y: np.ones((1, 2))})
    boxes = {box[0]: box[3:] for box in _boxes(small)}
    assert boxes["W"] == ["0.3", "-0.2", "0.5"]
    assert boxes["Z"] == ["0.7  0.7"]
    assert "samples" not in small.svg()
    large = tg.draw(Z, values=True, feeds={notes.X: np.linspace(0, 1, 300).reshape(3, 100)})
    boxes = {box[0]: box[3:] for box in _boxes(large)}
    assert boxes["X"] == ["0 … 1", "mean 0.5"]


def test_samples_are_labelled_as_samples(notes):
    drawing = tg.draw(notes.J, values=True)
    assert "values of samples (seed 0): X (3, 4), Y (1, 4)" in drawing.svg()


def test_values_that_are_no_plain_floats_can_be_shown(renderer):
    i, t, e = tg.input("i", (3,), int), tg.input("t", (2,), bool), tg.input("e", (0,))
    feeds = {i: [1, 2, 3], t: [True, False], e: []}
    boxes = {box[0]: box[3:] for box in _boxes(tg.draw(i * 1, t == 1, e * 1, values=True, feeds=feeds))}
    assert boxes["i"] == ["1  2  3"]
    assert boxes["t"] == ["True  False"]
    assert boxes["e"] == ["no elements"]
    x = tg.input("x", (2,))
    boxes = {box[0]: box[3:] for box in _boxes(tg.draw(x + 1, values=True, feeds={x: [np.nan, np.inf]}))}
    assert boxes["x"] == ["nan  inf"]


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "dot", "SVG"])
def test_every_format_is_written(renderer, drawn, tmp_path, suffix):
    path = tmp_path / f"graph.{suffix}"
    drawn.save(path)
    start = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph"}[suffix.lower()]
    assert path.read_bytes().startswith(start)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_the_png_has_text_in_it_without_any_font_on_the_machine():
    text = f'<text x="9" y="20" font-family="{render.FAMILIES}">Wᵀ σ ∂</text>'
    svg = f'<svg width="200pt" height="40pt" xmlns="http://www.w3.org/2000/svg">{text}</svg>'
    options = {"dpi": 96, "skip_system_fonts": True, "sans_serif_family": render.FONT}
    with_ours = resvg_py.svg_to_bytes(svg_string=svg, font_files=[render.FONT_FILE], **options)
    without = resvg_py.svg_to_bytes(svg_string=svg, **options)
    assert len(with_ours) > len(without)
    assert render.to_png(svg).startswith(b"\x89PNG")


def test_the_picture_is_not_blank(renderer, drawn, tmp_path):
    drawn.save(tmp_path / "graph.png")
    image = np.asarray(Image.open(tmp_path / "graph.png").convert("L"))
    assert image.shape[0] > 500
    assert 0.01 < np.mean(image < 128) < 0.5


def test_a_huge_picture_has_a_png_of_bounded_size():
    svg = '<svg width="90000pt" height="20000pt" xmlns="http://www.w3.org/2000/svg"></svg>'
    with Image.open(io.BytesIO(render.to_png(svg))) as image:
        assert 0.9 * render.MOST_PIXELS < image.width * image.height < 1.1 * render.MOST_PIXELS


def test_text_fits_into_its_box(renderer, drawn):
    """No cell is narrower than its text in the font that it is drawn with."""
    from PIL import ImageFont

    font = ImageFont.truetype(render.FONT_FILE, 12)
    root = ET.fromstring(drawn.svg())  # noqa: S314
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "node":
            points = [float(point.split(",")[0]) for point in group.find(f"{SVG}polygon").get("points").split()]
            widest = max(font.getlength("".join(text.itertext())) for text in group.iter(f"{SVG}text"))
            assert max(points) - min(points) > widest + 4


HOSTILE = [
    '<b>"&\\n',
    '<b>"&\n',
    "a|b",
    "{a}",
    "<port> a",
    "\\N \\G \\l",
    "&amp;",
    "&lt;",
    "  two  spaces ",
    "%s {0} {{1}}",
    "σ ∂ ᵀ 漢字 🙂",
    "</text><script>alert(1)</script>",
    "]]>",
    "\\",
    '"',
    "// -> ; digraph",
    "a\nb",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_drawn_as_that_text_and_nothing_else(renderer, name):
    drawing = tg.draw(tg.sum(tg.input(name, ("n",))).named(name + "!"))
    boxes = _boxes(drawing)
    assert len(boxes) == 2
    for box, expected in zip(boxes, (name, name + "!"), strict=True):
        assert "\n".join(box).startswith(expected)


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=12))
def test_any_name_can_be_drawn(name):
    x = tg.input(name, ())
    drawing = tg.draw(x * x, grad=x)
    ET.fromstring(render._svg_in_process(drawing.dot))  # noqa: S314


@pytest.mark.parametrize("name", ["\n", "\n\n", "a\n", "\x00\x1a", "\ud800", "\ufffe\uffff", "\r\t", " "])
def test_a_name_that_no_picture_can_hold_is_drawn_as_near_as_it_can(renderer, name):
    assert len(_boxes(tg.draw(tg.input(name, ())))) == 1


def test_several_nodes_are_drawn_into_one_picture():
    x = tg.input("x", ())
    s, p = x + 1, x * 2
    names = [box[0] for box in _boxes(tg.draw(s, p))]
    assert sorted(names) == ["p", "s", "x"]


def test_a_leaf_or_a_number_alone_can_be_drawn():
    assert _boxes(tg.draw(tg.input("x", (3,)))) == [["x", "input", "(3,)"]]
    assert len(_boxes(tg.draw(tg.constant(3.0)))) == 1


def test_a_node_that_J_does_not_depend_on_has_a_zero_gradient():
    x, w = tg.input("x", ()), tg.parameter(np.ones(2), name="w")
    J = x * x
    assert ["dw", "broadcast_like(0.0, w)", "(2,)"] in _boxes(tg.draw(J, grad=[x, w]))
    unused = tg.input("unused", ("k",))
    assert ["dunused", "broadcast_like(0.0, unused)", "(k,)", "0  0  0"] in _boxes(tg.draw(J, grad=unused, values=True))
    constant = tg.constant(3.0)
    assert ["dx", "broadcast_like(0.0, x)", "()"] in _boxes(tg.draw(constant, grad=x))


def test_no_two_boxes_have_one_name():
    y, dy = tg.input("y", ()), tg.input("dy", ())
    names = [box[0] for box in _boxes(tg.draw(y * dy, grad=[y, dy]))]
    assert sorted(names) == sorted(["y", "dy", "∂y", "ddy", "v1", "dv1"])


def test_the_graph_of_a_derivative_can_be_drawn_too(notes):
    dW = tg.grad(notes.J, notes.W)
    assert any(box[0] == "dW" for box in _boxes(tg.draw(dW)))


def test_what_cannot_be_drawn_is_a_clear_error(tmp_path, notes):
    x = tg.input("x", ())
    chain = x
    for _ in range(2500):
        chain = tg.tanh(chain)
    for ask, told in (
        (lambda: tg.draw(), "one node or more"),
        (lambda: tg.draw("x"), "only nodes can be drawn, not str"),
        (lambda: tg.draw(x, x * 2, grad=x), "exactly one where it is to draw gradients"),
        (
            lambda: tg.draw(chain),
            "a picture of 2501 boxes, whose edges cross 2500 rows, is more than anyone could look at",
        ),
        (lambda: tg.draw(x).save(tmp_path / "x.gif"), "x.gif ends in '.gif': a picture is .svg, .png, .pdf, .dot"),
        (lambda: tg.draw(x).save(tmp_path / "x"), "x has no ending: a picture is .svg"),
    ):
        with pytest.raises(tg.DrawError, match=told):
            ask()
    with pytest.raises(tg.FolderError, match=r"there is no folder .*no to write x.svg into"):
        tg.draw(x).save(tmp_path / "no" / "x.svg")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(tg.GradientError, match="no single number"):
        tg.draw(notes.L, grad=notes.W)


def test_bad_dot_is_an_error_and_the_next_picture_is_right(renderer, drawn, capfd):
    with pytest.raises(tg.DrawError, match="could not draw"):
        render.to_svg("digraph { this is not DOT")
    assert _boxes(drawn)
    assert capfd.readouterr().out == ""


def test_many_threads_may_draw_at_once(monkeypatch, drawn):
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    found = []
    threads = [threading.Thread(target=lambda: found.append(drawn.svg())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_thousand_nodes_are_drawn(monkeypatch):
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    x = tg.input("x", ())
    y = x
    for _ in range(1000):
        y = tg.tanh(y)
    assert len(_boxes(tg.draw(y))) == 1001


def test_no_edge_is_lost(renderer):
    """Here is a picture of which Graphviz lost an edge while each cluster was ranked by itself."""
    z = tg.input("z", ("n",))
    s = 1 / (1 + np.exp(-z))
    for _ in range(3):
        s = tg.grad(tg.sum(s), z)
    assert tg.draw(s).svg().count('class="edge"') == 118


def test_a_lost_edge_is_an_error_and_not_a_wrong_picture(monkeypatch, drawn):
    whole = drawn.svg()
    monkeypatch.setattr(sys.modules[type(drawn).__module__], "to_svg", lambda dot: whole.replace('class="edge"', "", 1))
    with pytest.raises(tg.DrawError, match="lost an edge"):
        drawn.svg()


def test_edges_that_cross_many_rows_are_straight_or_refused(renderer):
    x = tg.input("x", ())
    y = x
    for count in range(1, 501):
        y = y * x
        if count == 60:
            drawing = tg.draw(y, grad=x)
    assert "splines=line" in drawing.dot
    assert len(_boxes(drawing)) == 122
    with pytest.raises(tg.DrawError, match=r"whose edges cross .* rows, is more than anyone could look at"):
        tg.draw(y)


def test_a_notebook_shows_the_picture_itself(drawn):
    assert drawn._repr_mimebundle_()["text/html"].startswith("<svg")
    assert "DOT" in repr(drawn)


def test_both_renderers_draw_the_same_boxes(drawn, monkeypatch):
    if not shutil.which("dot"):
        pytest.skip("the dot program is not installed")
    by_program = sorted(_boxes(drawn))
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    assert sorted(_boxes(drawn)) == by_program
