"""Every example in a docstring or a page runs, and the pictures in docs are those that the pages draw."""

import doctest
import importlib.util
import operator
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import models
import tinygraph
from tinygraph.protocol import ANSWERS

ROOT = Path(__file__).parent.parent
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = [
    module.name
    for package in (tinygraph, models)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of its own for what an example saves."""
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name, folder):
    assert doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed == 0


def _texts(svg):
    return sorted(re.findall("<text.*?>(.*?)</text>", svg))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_snippets_in_pages_run_and_draw_the_pictures_that_are_shown(page, folder):
    found = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS)
    assert found.failed == 0
    assert found.attempted > 0
    for picture in (folder / "pictures").iterdir():
        shown = page.parent / "pictures" / picture.name
        assert _texts(shown.read_text()) == _texts(picture.read_text()), "draw it anew with `make docs`"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["command.md", "models.md"])
def test_commands_in_pages_print_what_is_shown(name, folder):
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    for file, text in re.findall(r"^```text (\S+)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        (folder / file).write_text(text, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    snippets = re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(snippets) > 3
    for snippet in snippets:
        for part in re.split(r"^\$ ", snippet, flags=re.MULTILINE)[1:]:
            command, output = re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*\n)(.*)", part, re.DOTALL).groups()
            done = subprocess.run(  # noqa: S603 (the page is ours)
                ["/bin/bash", "-c", command], env=environment, cwd=folder, capture_output=True, encoding="utf-8"
            )
            printed = done.stdout + done.stderr
            assert doctest.OutputChecker().check_output(output, printed, doctest.ELLIPSIS), f"{command}\n{printed}"


def test_the_tables_of_functions_are_those_of_the_declarations():
    spec = importlib.util.spec_from_file_location("write_functions", ROOT / "docs" / "write_functions.py")
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    assert writer.PAGE.read_text() == writer.page(), "write it anew with `make docs`"
    for function in ANSWERS.keys() - {operator.getitem}:
        assert f"`np.{function.__name__}`" in writer.page() or f".{function.__name__}`" in writer.page(), function


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_pages_lead_somewhere(page):
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (page.parent / target).exists(), target
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)
    }
    assert set(re.findall(r"\]\(#(.*?)\)", text)) <= anchors
