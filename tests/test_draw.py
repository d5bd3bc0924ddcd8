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
from tinygraph.draw.theme import DARK, LIGHT
from tinygraph.draw.values import matrix, number
from tinygraph.order import order

SVG = "{http://www.w3.org/2000/svg}"


def _boxes(drawing):
    """The lines of text in each box of the picture, by the name of its node."""
    return {box[0]: box[1:] for box in _lines(drawing.svg())}


def _lines(svg):
    root = ET.fromstring(svg)  # noqa: S314 (our own picture)
    groups = [group for group in root.iter(f"{SVG}g") if (group.get("class") or "").startswith("node")]
    texts = [["".join(text.itertext()) for text in group.iter(f"{SVG}text")] for group in groups]
    return [[text.replace("\xa0", " ").replace("\u2007", " ") for text in lines] for lines in texts]


def _text(drawing):
    """All text of the picture."""
    return "".join(ET.fromstring(drawing.svg()).itertext()).replace("\xa0", " ")  # noqa: S314


def _edges(drawing):
    """Each edge as (from, to, label, is a gradient), by the names in the boxes."""
    names = {own: _name(label) for own, label in re.findall(r'^\t*(n\d+) \[label="\{?(.*?)"', drawing.dot, re.M)}
    found = []
    for start, end, attributes in re.findall(r"^\t*(n\d+) -> (n\d+) \[(.*)\]", drawing.dot, re.M):
        label = re.search(r'label="(.*?)"', attributes).group(1).replace("\xa0", " ").strip()
        edge = (names[start], names[end])
        is_back = "dir=back" in attributes
        found.append((*(edge[::-1] if is_back else edge), label, is_back))
    return found


def _name(label):
    return re.split(r"[|}]", label.replace("{", "").replace("\xa0", " "))[0].strip()


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


def test_each_named_node_is_a_box_and_what_lies_between_is_its_formula(renderer, drawn):
    boxes = _boxes(drawn)
    assert set(boxes) == {"X", "Y", "W", "b", "Z", "A", "L", "J"}
    assert boxes["X"] == ["(n_x, m)", "data"]
    assert boxes["Z"][1:3] == ["(1, m)", "Wᵀ X + b"]
    assert boxes["L"][1:3] == ["(1, m)", "−(Y log A + (1 − Y) log(1 − A))"]
    assert boxes["J"][1:3] == ["()", "mean(L)"]
    assert boxes["W"][1:3] == ["(n_x, 1)", "parameter"]


def test_each_gradient_stands_below_its_node_as_it_is_derived(renderer, drawn):
    boxes = _boxes(drawn)
    gradients = {name: (texts[0], texts[3]) for name, texts in boxes.items() if name not in ("X", "Y")}
    assert gradients == {
        "J": ("dJ", "1"),
        "L": ("dL", "1/m"),
        "A": ("dA", "1/m ((1 − Y)/(1 − A) − Y/A)"),
        "Z": ("dZ", "1/m (A − Y)"),
        "W": ("dW", "X dZᵀ"),
        "b": ("db", "Σ dZ over m"),
    }


def test_each_edge_back_tells_the_local_derivative_and_each_edge_has_its_partner(drawn):
    edges = _edges(drawn)
    back = {(start, end): label for start, end, label, is_back in edges if is_back}
    assert back == {
        ("J", "L"): "∂J/∂L = 1/m",
        ("L", "A"): "∂L/∂A = (1 − Y)/(1 − A) − Y/A",
        ("A", "Z"): "∂A/∂Z = A(1 − A)",
        ("Z", "W"): "∂Z/∂W = Xᵀ",
        ("Z", "b"): "Σ over m",
    }
    forward = {(start, end) for start, end, _, is_back in edges if not is_back}
    assert {pair[::-1] for pair in back} < forward
    assert forward - {pair[::-1] for pair in back} == {("X", "Z"), ("Y", "L")}


def test_where_gradients_meet_they_are_said_to_add_up(renderer):
    W, X = tg.parameter(np.ones((2, 2)), dims=("n", "n")), tg.input("X", ("n", "m"))
    A = tg.tanh(W @ X)
    J = tg.sum(A) + tg.sum(W * W)
    drawing = tg.draw(J, grad=W)
    assert _boxes(drawing)["W"][0] == "dW ⊕"
    assert _boxes(drawing)["W"][3] == "2W + (1 − A²) Xᵀ"
    assert {label for _, end, label, is_back in _edges(drawing) if is_back and end == "W"} >= {"∂J/∂W = 2W"}
    assert "⊕ gradients add up" in _text(drawing)


def test_op_by_op_each_op_is_a_box_with_its_gradient(renderer, notes):
    W, b, Z, A, L, J = notes.W, notes.b, notes.Z, notes.A, notes.L, notes.J  # noqa: F841
    boxes = _boxes(tg.draw(J, grad=[W, b], detail="ops"))
    assert len(boxes) == len([node for node in order(J) if node.args or node.shape]) == 17
    assert boxes["Z"][2] == "v2 + b"
    assert ["log A", "−1/m Y"] in [texts[2:4] for texts in boxes.values()]


def test_kinds_of_boxes_differ_in_colour_and_the_legend_tells_them():
    x, w, c = tg.input("x", ("n",)), tg.parameter(2.0, "w"), tg.constant([1.0, 2.0], "c", dims=("n",))
    y = w * x + c
    drawing, fills = tg.draw(tg.sum(y), grad=w), {}
    for kind in ("data", "constant", "parameter", "step"):
        line = next(line for line in drawing.dot.splitlines() if re.search(rf'class="?{kind}\b', line))
        fills[kind] = re.search(r'fillcolor="(.*?)"', line).group(1)
    assert len(set(fills.values())) == 4
    names = ("data", "constant", "parameter", "computed", "gradient", "forward")
    assert all(f">{name}<" in drawing.svg() for name in names)


def test_values_are_shown_or_summed_up(renderer, notes):
    Z, W, b, X, J = notes.Z, notes.W, notes.b, notes.X, notes.J  # noqa: F841
    small = tg.draw(J, grad=W, values=True, feeds={notes.X: np.ones((3, 2)), notes.Y: np.ones((1, 2))})
    boxes = _boxes(small)
    assert [text.strip() for text in boxes["W"][4:7]] == ["0.3", "−0.2", "0.5"]
    assert boxes["Z"][4] == "0.7  0.7"
    assert "samples" not in small.svg()
    feeds = {notes.X: np.linspace(0, 1, 300).reshape(3, 100)}
    assert _boxes(tg.draw(Z, values=True, feeds=feeds))["X"][2:] == ["0 … 1, mean 0.5", "████████████"]
    assert len(_boxes(tg.draw(Z, values=300, feeds=feeds))["X"]) == 2 + 3


def test_samples_are_labelled_as_samples(notes):
    drawing = tg.draw(notes.J, values=True)
    assert "values of samples (seed 0): X (3, 4), Y (1, 4)" in _text(drawing)


def test_values_that_are_no_plain_floats_can_be_shown(renderer):
    i, t, e = tg.input("i", (3,), int), tg.input("t", (2,), bool), tg.input("e", (0,))
    feeds = {i: [1, 2, 3], t: [True, False], e: []}
    boxes = _boxes(tg.draw(i * 1, t == 1, e * 1, values=True, feeds=feeds))
    assert boxes["i"][2:] == ["1  2  3"]
    assert boxes["t"][2:] == ["True  False"]
    assert boxes["e"][2:] == ["no elements"]


def test_the_first_inf_or_nan_is_marked_and_told_with_its_cause(renderer):
    x = tg.input("x", (2,))
    a = tg.log(x)
    y = a + 1
    with pytest.warns(tg.NonFiniteWarning):
        drawing = tg.draw(y, values=True, feeds={x: [1.0, 0.0]})
    assert [name for name in _boxes(drawing) if name.startswith("⚠")] == ["⚠ a"]
    assert "is -inf: x is 0 at [1]" in _text(drawing)
    assert "first inf or nan" in _text(drawing)


def _network(layers):
    A = tg.input("X", ("n", "m"))
    for layer in range(1, layers + 1):
        with tg.scope(f"layer {layer}"):
            W = tg.parameter(np.eye(2), f"W{layer}", dims=("n", "n"))
            A = tg.tanh((W @ A).named(f"Z{layer}")).named(f"A{layer}")
    return A


def test_a_scope_is_a_frame_and_folded_one_box(renderer):
    A = _network(2)
    with_frames = tg.draw(A)
    assert with_frames.dot.count("subgraph cluster_") == 2
    assert "layer 1" in _text(with_frames)
    boxes = _boxes(tg.draw(A, fold=True))
    assert list(boxes) == ["X", "layer 1 … layer 2: 2 alike"]
    assert boxes["layer 1 … layer 2: 2 alike"] == ["(n, m)", "Z2 = W2 A1", "A2 = tanh(Z2)"]


def test_fifty_layers_are_still_a_picture(renderer):
    A = _network(50)
    weights = [node for node in order(A) if node.op.name == "parameter"]
    boxes = _boxes(tg.draw(tg.sum(A), grad=weights))
    assert len(boxes) == 3
    (folded,) = (boxes[name] for name in boxes if "50 alike" in name)
    assert "dW1, dW2, dW3, dW4, …" in folded


def test_layers_that_differ_are_boxes_of_their_own():
    x = tg.input("x", ("n",))
    with tg.scope("one"):
        y = tg.tanh(x).named("y")
    with tg.scope("two"):
        z = tg.exp(y).named("z")
    assert set(_boxes(tg.draw(z, fold=True))) == {"x", "one", "two"}


def test_what_simplify_made_is_drawn_beside_what_was_written_with_changes_marked(renderer):
    z = tg.input("z", ("n",))
    A = tg.sigmoid(z)
    J = tg.sum(tg.log(A))
    drawing = tg.draw(tg.simplify(J))
    classes = re.findall(r'^\t+(n\d+) \[.* class="?([\w ]+?)"? color', drawing.dot, re.M)
    assert [kind for _, kind in classes].count("data") == 2
    assert any("changed" in kind for _, kind in classes)
    assert any("gone" in kind for _, kind in classes)
    text = _text(drawing)
    assert "as written" in text
    assert "simplified" in text
    assert "log(sigmoid(x)) → -softplus(-x)" in text


def test_directions_and_themes(renderer, notes):
    A, sizes = _network(6), {}
    for direction in ("TB", "LR"):
        found = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', tg.draw(A, direction=direction).svg())
        sizes[direction] = float(found.group(1)) / float(found.group(2))
    assert sizes["LR"] > 2 * sizes["TB"]
    auto, light, dark = (tg.draw(notes.J, theme=theme).svg() for theme in ("auto", "light", "dark"))
    assert "prefers-color-scheme:dark" in auto
    assert "<style>" not in light + dark
    assert DARK.page in dark
    assert DARK.page not in light


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("kind", ["step", "data", "constant", "parameter", "gradient", "fault", "changed"])
def test_text_and_lines_stand_out_from_what_is_below_them(theme, kind):
    """WCAG's contrast: 4.5 for text, 3 for lines."""
    fill, line = theme.ink(kind)
    assert _contrast(theme.text, fill) >= 7
    assert _contrast(line, fill) >= 3
    assert _contrast(line, theme.page) >= 4.5


def _contrast(one, other):
    lights = sorted(_luminance(color) for color in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(color):
    channels = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


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
    """No cell is narrower than its text in the font that it is drawn with: none touches a wall."""
    from PIL import ImageFont

    font = ImageFont.truetype(render.FONT_FILE, 12)
    root = ET.fromstring(drawn.svg())  # noqa: S314
    for group in root.iter(f"{SVG}g"):
        if (group.get("class") or "").startswith("node"):
            outline = group.find(f"{SVG}path").get("d")
            right = max(float(x) for x in re.findall(r"([-\d.]+),", outline))
            left = min(float(x) for x in re.findall(r"([-\d.]+),", outline))
            for text in group.iter(f"{SVG}text"):
                half, middle = font.getlength("".join(text.itertext())) / 2, float(text.get("x"))
                walls = [float(x) for line in group.iter(f"{SVG}polyline") for x in _upright(line)]
                assert middle - half > max(x for x in [left, *walls] if x < middle) + 3
                assert middle + half < min(x for x in [right, *walls] if x > middle) - 3


def _upright(line):
    (x, _), (x2, _) = (point.split(",") for point in line.get("points").split())
    return [x] if x == x2 else []


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
    boxes = _lines(tg.draw(tg.sum(tg.input(name, ("n",))).named(name + "!")).svg())
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
    assert len(_lines(tg.draw(tg.input(name, ())).svg())) == 1


def test_several_nodes_are_drawn_into_one_picture():
    x = tg.input("x", ())
    s, p = x + 1, x * 2
    assert set(_boxes(tg.draw(s, p))) == {"p", "s", "x"}


def test_a_leaf_or_a_number_alone_can_be_drawn():
    assert _boxes(tg.draw(tg.input("x", (3,)))) == {"x": ["(3,)", "data"]}
    assert len(_boxes(tg.draw(tg.constant(3.0)))) == 1


def test_a_node_that_J_does_not_depend_on_has_a_zero_gradient():
    x, w = tg.input("x", ()), tg.parameter(np.ones(2), name="w")
    J = x * x
    assert _boxes(tg.draw(J, grad=[x, w]))["w"] == ["dw", "(2,)", "parameter", "0"]
    unused = tg.input("unused", ("k",))
    assert _boxes(tg.draw(J, grad=unused, values=True))["unused"][-1] == "0  0  0"
    constant = tg.constant(3.0)
    assert _boxes(tg.draw(constant, grad=x))["x"][:1] == ["dx"]


def test_no_two_boxes_have_one_name():
    y, dy = tg.input("y", ()), tg.input("dy", ())
    names = [name for box in _lines(tg.draw(y * dy, grad=[y, dy]).svg()) for name in box[:2]]
    assert sorted(names) == sorted(["y", "∂J/∂y", "dy", "ddy", "J", "dJ"])


def test_what_nobody_named_is_cut_where_a_formula_would_be_too_long():
    x = tg.input("x", ("n",))
    y = x
    for _ in range(60):
        y = tg.tanh(y) + 1
    boxes = _boxes(tg.draw(y))
    assert 4 < len(boxes) < 30
    assert all(len(line) < 60 for texts in boxes.values() for line in texts)


def test_the_graph_of_a_derivative_can_be_drawn_too(notes):
    dW = tg.grad(notes.J, notes.W)
    assert "dW" in _boxes(tg.draw(dW))


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
            lambda: tg.draw(chain, detail="ops"),
            "a picture of 2501 boxes, whose edges cross 2500 rows, is more than anyone could look at",
        ),
        (lambda: tg.draw(x).save(tmp_path / "x.gif"), "x.gif ends in '.gif': a picture is .svg, .png, .pdf, .dot"),
        (lambda: tg.draw(x).save(tmp_path / "x"), "x has no ending: a picture is .svg"),
    ):
        with pytest.raises(tg.DrawError, match=told):
            ask()
    for option, told in (
        ({"detail": "op"}, "detail='op' is unknown: it is 'names' or 'ops'"),
        ({"direction": "right"}, "direction='right' is unknown: it is 'LR' or 'TB' or 'RL' or 'BT'"),
        ({"theme": "blue"}, "theme='blue' is unknown: it is 'light' or 'dark' or 'auto'"),
    ):
        with pytest.raises(tg.DrawError, match=told):
            tg.draw(x, **option)
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
    assert len(_boxes(tg.draw(y, detail="ops"))) == 1001


def test_no_edge_is_lost(renderer):
    """Here is a picture of which Graphviz lost an edge while each cluster was ranked by itself."""
    z = tg.input("z", ("n",))
    s = 1 / (1 + np.exp(-z))
    for _ in range(3):
        s = tg.grad(tg.sum(s), z)
    assert tg.draw(s, detail="ops").svg().count('class="edge ') == len(_edges(tg.draw(s, detail="ops"))) > 100


def test_a_lost_edge_is_an_error_and_not_a_wrong_picture(monkeypatch, drawn):
    whole = drawn.svg()
    monkeypatch.setattr(
        sys.modules[type(drawn).__module__], "to_svg", lambda dot: whole.replace('class="edge ', 'class="', 1)
    )
    with pytest.raises(tg.DrawError, match="lost an edge"):
        drawn.svg()


def test_edges_that_cross_many_rows_are_straight_or_refused(renderer):
    x = tg.input("x", ())
    y = x
    for count in range(1, 501):
        y = y * x
        if count == 60:
            drawing = tg.draw(y, grad=x, detail="ops")
    assert "splines=line" in drawing.dot
    assert len(_boxes(drawing)) == 61
    with pytest.raises(tg.DrawError, match=r"whose edges cross .* rows, is more than anyone could look at"):
        tg.draw(y, detail="ops")


def test_a_notebook_shows_the_picture_itself(drawn):
    assert drawn._repr_mimebundle_()["text/html"].startswith("<svg id=")
    assert "DOT" in repr(drawn)


def test_both_renderers_draw_the_same_boxes(drawn, monkeypatch):
    if not shutil.which("dot"):
        pytest.skip("the dot program is not installed")
    by_program = _boxes(drawn)
    monkeypatch.setattr(render.shutil, "which", lambda program: None)
    assert _boxes(drawn) == by_program


def test_the_two_sides_of_a_simplification_share_no_name_of_ours():
    z = tg.input("z", ("n",))
    drawing = tg.draw(tg.simplify(tg.sum(tg.log(tg.sigmoid(z)) * tg.log(1 - tg.sigmoid(z)))))
    names = [name for name in (box[0] for box in _lines(drawing.svg())) if re.fullmatch(r"v\d+", name)]
    assert len(names) == len(set(names)) > 3


def test_numbers_are_short_and_zero_has_no_sign():
    numbers = {-0.0: "0", 1000.0: "1000", -0.5: "−0.5", 1 / 3: "0.333", 1e-300: "1e−300", 123456.7: "1.23e+5"}
    assert [number(value) for value in numbers] == list(numbers.values())
    assert number(np.True_) == "True"


def test_decimal_points_stand_below_each_other():
    first, second = matrix(np.array([[1.0, -0.25], [10.5, 2.0]]))
    assert first == "\N{FIGURE SPACE}1\N{PUNCTUATION SPACE}\N{FIGURE SPACE}" + 2 * "\N{FIGURE SPACE}" + "−0.25"
    assert second.startswith("10.5")
