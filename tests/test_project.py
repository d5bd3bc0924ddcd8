"""The project as a whole: what the wheel holds, which way imports run, how long the core is."""

import ast
import io
import subprocess
import sys
import tokenize
import zipfile
from pathlib import Path

import pytest

import tinygraph as tg

ROOT = Path(__file__).parent.parent
LAYERS = [  # a module imports from those above it, and never from those below
    ["errors", "protocol", "structure", "sizes", "files", "order", "remembered", "scope", "options"],
    ["notation", "letters", "formulas", "calls", "board"],
    ["feeds", "remedies", "evaluate", "faults", "report", "notebook"],
    ["graph"],
    ["ops"],
    ["derivatives", "storage", "samples", "sharing", "forms", "costs", "maker", "folding", "terms"],
    ["reading"],
    ["algebra"],
    ["check", "jacobians", "optim", "wrong_rules", "rows", "ring", "loops"],
    ["laws"],
    ["softmaxes"],
    ["steps"],
    ["identities", "linear", "softplus"],
    ["sums"],
    ["rewrite"],
    ["compile", "backprop", "told"],
    ["derive"],
    ["noted"],
    ["draw"],
    ["explain", "table"],
    ["conventions"],
    ["slips"],
    ["diagnosis"],
    ["marking"],
    ["grade"],
    ["whole_numbers"],
    ["exercise", "plots", "onnx", "lines"],
    ["command", "__main__"],
]


@pytest.mark.slow
def test_the_wheel_holds_tinygraph_alone(tmp_path):
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"tinygraph"}
    for path in sorted((ROOT / "tinygraph").rglob("*.py")):
        assert str(path.relative_to(ROOT)) in names
    for name in (
        "py.typed",
        "exercise.html",
        "draw/player.html",
        "draw/fonts/DejaVuSans.ttf",
        "draw/fonts/LICENSE_DEJAVU",
        "draw/fonts/tinygraph-math.woff2",
        "draw/fonts/LICENSE_GUST",
    ):
        assert f"tinygraph/{name}" in names


def _imports(path):
    """The modules of tinygraph that a file imports when it runs, wherever in it the import stands."""
    tree = ast.parse(path.read_text())
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in typing_only and str(node.module).startswith("tinygraph."):
            yield node.module.split(".")[1]


def test_imports_run_one_way():
    rank = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    for path in sorted((ROOT / "tinygraph").rglob("*.py")):
        own = path.relative_to(ROOT / "tinygraph").parts[0].removesuffix(".py")
        if own != "__init__":
            for imported in _imports(path):
                assert rank[imported] <= rank[own], f"{path.name} imports {imported}"
    for path in sorted((ROOT / "tinygraph").rglob("*.py")):
        assert "from models" not in path.read_text()


def _code_lines(path):
    """Lines of code: neither blank, nor a comment, nor a docstring."""
    source = path.read_text()
    docs = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docs.update(range(node.lineno, node.end_lineno + 1))
    skip = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {line for t in tokens if t.type not in skip for line in range(t.start[0], t.end[0] + 1)}
    return len(lines - docs)


def test_the_core_can_be_read_in_one_sitting():
    """The graph, the ops of the notes, and the derivatives."""
    core = ["graph", "ops/elementwise", "ops/shaping", "ops/reductions", "ops/linalg", "derivatives"]
    assert sum(_code_lines(ROOT / "tinygraph" / f"{name}.py") for name in core) < 800


@pytest.mark.parametrize("name", sorted(name for name in vars(tg) if not name.startswith("_")))
def test_every_public_name_says_what_it_is(name):
    value = getattr(tg, name)
    assert (value.__doc__ or "").strip(), name


def test_unknown_attributes_of_the_package_are_errors():
    with pytest.raises(AttributeError):
        _ = tg.nonsense


@pytest.mark.parametrize("name", ["linear_regression", "logistic_regression", "softmax_regression", "mlp", "cnn"])
def test_a_model_is_its_mathematics_alone(name):
    """A model's file imports NumPy, tinygraph, and what a model is; how it is run comes in by its last lines."""
    path = ROOT / "models" / f"{name}.py"
    *body, guard = ast.parse(path.read_text()).body
    modules = {node.module for node in body if isinstance(node, ast.ImportFrom)}
    assert modules <= {"itertools", "models.model", "models.softmax_regression"}
    assert ast.unparse(guard.test) == "__name__ == '__main__'"
    assert _code_lines(path) < 80
