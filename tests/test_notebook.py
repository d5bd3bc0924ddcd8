"""In a notebook each thing shows itself: a node its card, a drawing its picture, a derivation its formulas."""

import re
import warnings

import numpy as np
import pytest

import tinygraph as tg

HOSTILE = "</td><script>alert(1)</script>"


@pytest.fixture
def cell():
    """Runs a cell of a notebook, and answers with what its last value shows, by kind."""
    module = pytest.importorskip("IPython.core.interactiveshell", reason="IPython runs the cells")
    with warnings.catch_warnings(action="ignore"):  # what IPython warns of is not ours
        shell = module.InteractiveShell.instance()
        shell.history_manager.enabled = False
        shown = []
        shell.displayhook.write_format_data = lambda format_dict, md_dict=None: shown.append(format_dict)
        shell.displayhook.write_output_prompt = lambda: None

        def run(code):
            shown.clear()
            shell.run_cell(code, store_history=False).raise_error()
            return shown[-1] if shown else {}

        run("import numpy as np, tinygraph as tg")
        run("X = tg.input('X', ('n', 'm')); W = tg.parameter(np.ones((2, 1)), dims=('n', 1))")
        run("Z = np.dot(W.T, X); A = tg.sigmoid(Z); J = tg.mean(tg.log(A))")
        yield run
        module.InteractiveShell.clear_instance()


def _cells(html):
    return dict(re.findall(r"<tr><th[^>]*>(.*?)</th><td>(.*?)</td></tr>", html))


def test_a_node_shows_name_formula_shape_and_dtype_by_the_cells_own_variables(cell):
    shown = cell("Z")
    assert _cells(shown["text/html"]) == {
        "name": "Z",
        "is": "Wᵀ X",
        "shape": "(1, m)",
        "dtype": "float64",
        "value": "fed by .eval(…): X",
    }
    assert shown["text/plain"] == "<Z (1, m) float64>"


def test_a_node_without_inputs_shows_its_value(cell):
    assert "[[2.]\n [2.]]" in cell("W * 2")["text/html"]
    assert _cells(cell("W")["text/html"])["name"] == "W"


def test_a_drawing_shows_its_picture_and_a_derivation_its_formulas(cell):
    assert cell("tg.draw(J, grad=W)")["text/html"].startswith("<svg")
    shown = cell("tg.explain(J, Z)")
    assert r"\begin{aligned}" in shown["text/latex"]
    assert "dZ = dA ⊙ ∂A/∂Z" in shown["text/plain"]


def test_two_pictures_on_a_page_share_no_id(notes):
    ids = [set(re.findall(r' id="([^"]+)"', tg.draw(node).svg())) for node in (notes.J, notes.L)]
    assert not ids[0] & ids[1]


def test_a_table_shows_itself(cell):
    assert "<table" in cell("tg.table(J, W)")["text/html"]


def test_a_name_stays_text():
    x = tg.input(HOSTILE, ("n",))
    assert "<script" not in (x * 2)._repr_mimebundle_()["text/html"]
    assert "&lt;script&gt;" in x._repr_mimebundle_()["text/html"]


def test_what_cannot_be_computed_is_told_in_the_card():
    singular = tg.inv(tg.parameter(np.zeros((2, 2)), "W"))
    assert "can&#x27;t be computed" in singular._repr_mimebundle_()["text/html"]
