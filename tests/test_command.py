"""The command from end to end: what it prints and writes, its exit codes, and the page about it."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.command import FAILED, GOOD, INTERRUPTED, WRONG_INPUT, main
from tinygraph.command.answer import told
from tinygraph.command.arguments import parser
from tinygraph.command.progress import ERASE, Progress

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
LINES = "Z = W.T @ X + b; A = sigmoid(Z); J = mean(-(Y*log(A) + (1-Y)*log(1-A)))"
LEAVES = ["--input", "X(n_x,m) Y(1,m)", "--parameter", "W(n_x,1) b(1,1)"]
NOTES = [LINES, *LEAVES]
DATA = ["--value", "X=[[4,0,1],[0,3,1]]", "--value", "Y=[[1,0,1]]", "--value", "W=[[0],[0]]", "--value", "b=[[0]]"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    def run(*argv):
        code = main(argv)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def good(run):
    """What a command prints that has nothing to complain of."""

    def good(*argv):
        code, out, err = run(*argv)
        assert (code, err) == (GOOD, "")
        return out

    return good


@pytest.fixture
def wrong(run):
    """The one line in which a command complains."""

    def wrong(*argv):
        code, out, err = run(*argv)
        assert (code, out, err.count("\n")) == (WRONG_INPUT, "", 1)
        return err.removesuffix("\n")

    return wrong


# What each command does.


def test_draw_draws_what_python_draws(good, folder):
    assert good("draw", *NOTES, "--grad") == "wrote graph.svg\n"
    X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", (1, "m"))
    W, b = tg.parameter(np.ones((3, 1)), dims=("n_x", 1)), tg.parameter(np.ones((1, 1)))
    Z = W.T @ X + b
    A = tg.sigmoid(Z)
    J = tg.mean(-(Y * tg.log(A) + (1 - Y) * tg.log(1 - A)))
    assert (folder / "graph.svg").read_text() == tg.draw(J, grad=[W, b]).svg()


def test_draw_has_the_options_of_a_picture(good, folder):
    good("draw", *NOTES, "-o", "a.dot", "--grad", "W", "--direction", "LR", "--detail", "ops", "--theme", "dark")
    dot = (folder / "a.dot").read_text()
    assert "rankdir=LR" in dot
    assert "{W|dW}" in dot
    assert "{b|db}" not in dot
    text = good("draw", *NOTES, "-o", "a.png", "--values", "--of", "Z")
    assert text == "wrote a.png\nparameters: samples (seed 0): W (3, 1), b (1, 1)\n"
    assert (folder / "a.png").read_bytes().startswith(b"\x89PNG")
    good("draw", *NOTES, *DATA, "--values", "-o", "b.dot")
    assert "samples" not in (folder / "b.dot").read_text()


def test_open_opens_what_was_written(good, folder, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    good("draw", *NOTES, "--open")
    good("play", *NOTES, "--open")
    assert opened == [(folder / name).as_uri() for name in ("graph.svg", "play.html")]


def test_explain_derives_as_python_does(good, folder):
    text = good("explain", *NOTES, "--wrt", "Z")
    assert "= 1/m (A − Y)" in text
    assert text.endswith("parameters: samples (seed 0): W (3, 1), b (1, 1)\n")
    assert "dW = " in good("explain", *NOTES)
    assert good("explain", *NOTES, *DATA).endswith("checked on the values given\n")
    assert good("explain", *NOTES, "--latex").startswith(r"\begin{aligned}")
    assert good("explain", *NOTES, "--html", "page.html") == "wrote page.html\n"
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<math" in page


def test_play_writes_a_page(good, folder):
    assert good("play", *NOTES, *DATA) == "wrote play.html\n"
    assert "Content-Security-Policy" in (folder / "play.html").read_text(encoding="utf-8")


def test_table_has_a_row_for_each_line(good):
    text = good("table", *NOTES, *DATA)
    assert re.search(r"^W .*dW = X dZᵀ +−0.833$", text, re.MULTILINE)
    assert "sample" not in text
    assert good("table", *NOTES).endswith("parameters: samples (seed 0): W (3, 1), b (1, 1)\n")


def test_grad_prints_formulas_and_where_all_is_fed_values(good):
    assert good("grad", *NOTES).splitlines()[-3:] == [
        "dZ = 1/m (A − Y)                  (1, m)",
        "dW = X dZᵀ                        (n_x, 1)",
        "db = Σ dZ over m                  (1, 1)",
    ]
    assert "dW =\n[[-0.83333333]\n [ 0.33333333]]" in good("grad", *NOTES, *DATA)
    assert "dW =" not in good("grad", *NOTES, *DATA[:2]).replace("dW = X", "")


def test_grad_prints_a_program_that_stands_alone(good):
    program = good("grad", *NOTES, "--numpy")
    names = {}
    exec(program, names)  # noqa: S102 (what was printed is meant to be run)
    X, Y = np.array([[4.0, 0, 1], [0, 3, 1]]), np.array([[1.0, 0, 1]])
    J, dW, db = names["step"](X, Y, np.zeros((2, 1)), np.zeros((1, 1)))
    np.testing.assert_allclose(dW, [[-5 / 6], [1 / 3]])
    np.testing.assert_allclose(J, np.log(2))
    assert db.shape == (1, 1)


def test_check_tells_right_from_wrong(run, good, monkeypatch):
    text = good("check", *NOTES)
    assert text.count(" right") == 2
    assert text.endswith("samples (seed 0): X (3, 4), Y (1, 4), W (3, 1), b (1, 1)\n")
    monkeypatch.setattr(tg.sigmoid, "vjps", (lambda g, out, x: 2 * g,))
    code, out, err = run("check", *NOTES)
    assert code == FAILED
    assert err.startswith("error: the derivative of J with respect to W is ")
    assert "The rule of sigmoid for its argument 0, Z, is at fault" in err
    assert err.count("\n") == 1
    assert out.startswith("node ")
    code, out, err = run("check", *NOTES, "--json")
    assert code == FAILED
    assert json.loads(out)["right"] is False


def test_ops_lists_all_that_a_line_may_use(good):
    text = good("ops")
    for word in ("sigmoid ", "einsum ", "np.linalg.norm", ".reshape", "newaxis"):
        assert word in text
    assert good("ops", "pool").count("\n") == 2
    assert "np.amax" in good("ops", "amax")
    assert good("ops", "nonsense") == "no function, method or constant has 'nonsense' in its name\n"


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"tinygraph {tg.__version__}\n"


# Where lines and values come from.


def test_lines_come_from_a_file_or_a_pipe(good, folder, monkeypatch):
    Path("notes.txt").write_text(f"\ufeff# input: {LEAVES[1]}\r\n# parameter: {LEAVES[3]}\r\n{LINES}\r\n", "utf-8")
    expected = good("grad", *NOTES)
    assert good("grad", "notes.txt") == expected
    monkeypatch.setattr(sys, "stdin", io.StringIO(Path("notes.txt").read_text("utf-8-sig")))
    assert good("grad", "-") == expected


def test_values_come_from_files(good, wrong):
    X, Y = np.array([[4.0, 0, 1], [0, 3, 1]]), np.array([[1.0, 0, 1]])
    np.savez("data.npz", X=X, Y=Y, other=X)
    tg.save("start.npz", [tg.parameter(np.zeros((2, 1)), "W", ("n_x", 1)), tg.parameter(np.zeros((1, 1)), "b")])
    Path("start.json").write_text('{"W": [[0], [0]], "b": [[0]]}')
    expected = good("grad", *NOTES, *DATA)
    assert good("grad", *NOTES, "--feeds", "data.npz", "--feeds", "start.npz") == expected
    assert good("grad", *NOTES, "--feeds", "data.npz", "--feeds", "start.json") == expected
    assert wrong("grad", *NOTES, "--feeds", "none.npz") == "error: none.npz can't be read: No such file or directory"


# For machines.


@pytest.mark.parametrize("command", ["draw", "explain", "play", "table", "grad", "check"])
def test_json_is_one_object_and_all_that_is_printed(good, command):
    found = json.loads(good(command, *NOTES, *DATA, "--json"))
    assert found["of"] == "J"
    assert found["shapes"] == {"X": ["n_x", "m"], "Y": [1, "m"], "W": ["n_x", 1], "b": [1, 1]} | {
        "Z": [1, "m"],
        "A": [1, "m"],
        "J": [],
    }
    assert found["warnings"] == found["sampled"] == []
    assert found["wrt"] == ([] if command == "draw" else ["W", "b"])


def test_json_holds_what_is_computed(good):
    values = json.loads(good("grad", *NOTES, *DATA, "--json"))["values"]
    np.testing.assert_allclose(values["W"], [[-5 / 6], [1 / 3]])
    steps = json.loads(good("explain", *NOTES, "--wrt", "Z", "--json"))["steps"]
    assert steps[-1]["formula"] == "1/m (A − Y)"
    assert {"of", "rule", "latex", "shape", "error", "why"} <= steps[-1].keys()
    assert json.loads(good("check", *NOTES, "--json"))["checks"][0]["verdict"] == "right"
    assert "sigmoid" in json.loads(good("ops", "--json"))["functions"]


def test_json_tells_what_is_no_number(run):
    code, out, _ = run("grad", "J = sum(log(x))", "--parameter", "x(2)", "--value", "x=[0, 1]", "--json")
    assert code == GOOD
    assert json.loads(out)["values"] == {"x": ["inf", 1]}


# What goes wrong.


def test_warnings_are_one_line_each(run):
    code, out, err = run("draw", "c = a + b; J = sum(c)", "--input", "a(n) b(n,1)")
    assert (code, out) == (GOOD, "wrote graph.svg\n")
    assert err.startswith("warning: a + b has shape (n, n): a (n,) is neither a row nor a column")
    assert err.count("\n") == 1
    far = ["--value", "X=[[9999]]", "--value", "Y=[[1]]", "--value", "W=[[-1]]", "--value", "b=[[0]]"]
    code, out, err = run("grad", *NOTES, *far)
    assert err.startswith("warning: log(A) is -inf") or "warning: " in err
    assert all(line.startswith("warning: ") for line in err.splitlines())
    code, out, err = run("grad", *NOTES, *far, "--json")
    assert err == ""
    assert json.loads(out)["warnings"]


def test_errors_are_one_line(wrong, monkeypatch):
    wrong_line = "error: line 2: there is no function sigmoud: did you mean sigmoid?"
    assert wrong("draw", "Z = X; A = sigmoud(Z)", *LEAVES) == wrong_line
    assert wrong("draw", *NOTES, "-o", "no/a.svg") == "error: there is no folder no to write a.svg into: make it first"
    assert wrong("draw", *NOTES, "-o", "a.gif") == "error: a.gif ends in '.gif': a picture is .svg, .png, .pdf, .dot"
    assert (
        wrong("draw", "notes.txt")
        == "error: there is no file notes.txt, and no line either: a line is NAME = expression"
    )
    assert wrong("draw", ".") == "error: . is a folder: give a file of lines, or the lines themselves"
    assert wrong("explain", *NOTES, "--wrt", "z") == "error: no line and no leaf is called z: did you mean Z?"
    assert wrong("explain", *NOTES, "--of", "Z").startswith(
        "error: Z (1, m) is no single number, so it has no gradient"
    )
    assert wrong("explain", "J = sum(X)", "--input", "X(n)").startswith("error: there is no parameter to derive by")
    Path("a.svg").mkdir()
    assert wrong("draw", *NOTES, "-o", "a.svg") == "error: a.svg can't be written: Is a directory"
    Path("latin").write_bytes(b"J = \xff")
    assert wrong("draw", "latin").startswith("error: latin is no text in UTF-8")
    assert "\x1b" not in wrong("draw", "A = '\x1b[2J' + 1")
    monkeypatch.setattr("tinygraph.command.commands.model_of", lambda options: 1 / 0)
    assert wrong("draw", *NOTES).startswith(
        "error: ZeroDivisionError: division by zero: that is a fault of tinygraph's"
    )


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dra"], "invalid choice: 'dra'"),
        (["draw"], "the following arguments are required: LINES"),
        (["draw", "J = 1", "--theme", "drak"], "did you mean dark?"),
        (["draw", "J = 1", "--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_options_that_are_wrong_are_one_line(argv, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(argv)
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


def test_a_message_is_one_line_of_a_length_that_is_read():
    assert told("a\n  b\tc") == "a b c"
    assert len(told("word " * 1000)) <= 1000


def test_ctrl_c_is_silent(run, monkeypatch):
    def stop(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygraph.command.commands.model_of", stop)
    assert run("draw", *NOTES) == (INTERRUPTED, "", "")


# As a program.


def _program(command, **options):
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(  # noqa: S603 (made here)
        ["/bin/bash", "-c", command], env=environment, capture_output=True, encoding="utf-8", **options
    )


def test_it_runs_as_a_module():
    done = _program("python -m tinygraph ops relu")
    assert (done.returncode, done.stderr) == (0, "")
    assert "leaky_relu" in done.stdout


def test_a_reader_that_has_seen_enough_is_no_error():
    command = [sys.executable, "-m", "tinygraph", "ops"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:  # noqa: S603
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait() == 141


def test_a_terminal_that_has_no_greek_gets_a_sign_for_it():
    done = _program(f"PYTHONIOENCODING=ascii python -m tinygraph grad {shlex.join(NOTES)}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "dZ = 1/m (A ? Y)" in done.stdout


def _completed(line):
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": " "}
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in asked.items())
    done = _program(f"{variables} _ARGCOMPLETE_STDOUT_FILENAME=found python -m tinygraph; cat found")
    return [word for word in done.stdout.split(" ") if word]


def test_tab_completes_commands_options_choices_files_and_names():
    pytest.importorskip("argcomplete")
    Path("model.txt").write_text(f"# input: {LEAVES[1]}\n# parameter: {LEAVES[3]}\n{LINES}\n")
    assert {"draw", "--version"} <= set(_completed("tinygraph "))
    assert _completed("tinygraph draw mod") == ["model.txt"]
    assert _completed("tinygraph draw model.txt --theme d") == ["dark"]
    assert "--theme" in _completed("tinygraph draw model.txt --")
    assert _completed("tinygraph explain model.txt --wrt ") == ["X", "Y", "W", "b", "Z", "A", "J"]
    assert _completed("tinygraph explain 'J = ' --wrt ") == []


def test_argcomplete_finds_its_mark():
    for module in ("__main__.py", "command/__init__.py"):
        assert b"PYTHON_ARGCOMPLETE_OK" in (ROOT / "tinygraph" / module).read_bytes()[:1024]


# Progress.


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_for_terminals_and_vanishes(run, monkeypatch):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    main(["check", *NOTES])
    assert "checking dW" in terminal.getvalue()
    assert "░░ 1/2 checking db" in terminal.getvalue()
    assert terminal.getvalue().endswith(ERASE)
    with Progress(io.StringIO()) as progress:
        progress.show("nothing")


def test_progress_vanishes_before_an_error(monkeypatch):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    main(["explain", *NOTES, "--of", "Z"])
    assert f"{ERASE}error: Z (1, m)" in terminal.getvalue()


# What is said of it.


def _subparsers(made):
    (found,) = [action.choices for action in made._actions if isinstance(action.choices, dict)]
    return found


@pytest.mark.parametrize("command", _subparsers(parser()))
def test_the_example_of_each_help_works(command, good):
    text = _subparsers(parser())[command].format_help()
    example = text.split("example:")[1].replace("\\\n", " ")
    argv = shlex.split(example)
    assert argv[:2] == ["tinygraph", command]
    assert good(*argv[1:])


def test_help_tells_every_command_in_a_sentence():
    text = " ".join(parser().format_help().split())
    for name in _subparsers(parser()):
        assert name in text
    assert "exit codes: 0 good, 1 a check that failed, 2 wrong input, 130 stopped by Ctrl-C" in text
