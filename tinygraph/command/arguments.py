"""The options of the command, and what `--help` says of them."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

import tinygraph as tg
from tinygraph.command import commands
from tinygraph.command.answer import shapes
from tinygraph.command.source import model_of
from tinygraph.command.words import ops
from tinygraph.errors import TinygraphError
from tinygraph.options import Parser

ABOUT = """Lines of NumPy notation as one computation graph: drawn, derived, played, checked, and written as a program.

LINES are the lines themselves with ; between them, or a file of them, or - for what is piped in. A leaf is declared by
its shape, in options or in comments of the file:

  # input: X(n_x,m) Y(1,m)
  # parameter: W(n_x,1) b(1,1)
  Z = W.T @ X + b
  A = sigmoid(Z)
  J = mean(-(Y*log(A) + (1-Y)*log(1-A)))"""

MODEL = "Z = W.T @ X + b; A = sigmoid(Z); J = mean(-(Y*log(A) + (1-Y)*log(1-A)))"
LEAVES = '--input "X(n_x,m) Y(1,m)" --parameter "W(n_x,1) b(1,1)"'

CODES = "exit codes: 0 good, 1 a check that failed, 2 wrong input, 130 stopped by Ctrl-C"

FORMAT = argparse.RawDescriptionHelpFormatter


def parser() -> Parser:
    """The parser of all commands."""
    top = Parser("tinygraph", description=ABOUT, epilog=CODES, formatter_class=FORMAT)
    top.add_argument("--version", action="version", version=f"tinygraph {tg.__version__}")
    add = top.add_subparsers(metavar="COMMAND", required=True, title="commands").add_parser

    def command(run: Callable[..., Any], options: str = "") -> Any:
        name, about = run.__name__, (run.__doc__ or "").splitlines()[0]
        example = f'example:\n  tinygraph {name} "{MODEL}" \\\n    {LEAVES} {options}'
        made = add(name, help=about, description=about, epilog=example, formatter_class=FORMAT)
        made.set_defaults(run=run)
        _add_model(made)
        return made

    draw = command(commands.draw, "--grad -o graph.svg")
    _add_path(draw, "graph.svg", "the picture: .svg, .png, .pdf or .dot")
    _add_names(draw, "--grad", "draw the gradients by these nodes, too; by all parameters where none is named", "*")
    draw.add_argument("--detail", choices=["names", "ops"], help="a box for each name (the default), or for each op")
    draw.add_argument("--values", action="store_true", help="show values: those given, or small samples")
    draw.add_argument("--direction", choices=["TB", "LR", "BT", "RL"], default="TB", help="where the graph goes")
    draw.add_argument("--theme", choices=["auto", "light", "dark"], default="auto", help="the colours")

    explain = command(commands.explain, "--wrt Z")
    _add_names(explain, "--wrt", "derive by these nodes; all parameters unless named")
    form = explain.add_mutually_exclusive_group()
    form.add_argument("--latex", action="store_true", help="print formulas in LaTeX")
    form.add_argument("--html", metavar="FILE", help="write a page with formulas")

    play = command(commands.play)
    _add_names(play, "--wrt", "derive by these nodes; all parameters unless named")
    _add_path(play, "play.html", "the page")

    _add_names(command(commands.table), "--wrt", "derive by these nodes; all parameters unless named")

    grad = command(commands.grad, "--wrt W b --numpy")
    _add_names(grad, "--wrt", "derive by these nodes; all parameters unless named")
    grad.add_argument("--numpy", action="store_true", help="print a NumPy program that stands alone")

    _add_names(command(commands.check), "--wrt", "check the derivatives by these nodes; by all parameters unless named")

    about = (ops.__doc__ or "").splitlines()[0]
    made = add("ops", help=about, description=about, epilog="example:\n  tinygraph ops pool", formatter_class=FORMAT)
    made.set_defaults(run=ops)
    made.add_argument("word", metavar="WORD", nargs="?", default="", help="only those that have it in their name")
    _add_json(made)
    return top


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("lines", metavar="LINES", help="the lines, a file of them, or - for the standard input")
    for name, example in (("input", "X(n_x,m) Y(1,m)"), ("parameter", "W(n_x,1) b(1,1)")):
        command.add_argument(
            f"--{name}", action="append", default=[], metavar="LEAVES", help=f'{name}s by their shapes: "{example}"'
        )
    command.add_argument(
        "--value", action="append", default=[], metavar="NAME=NUMBERS", help='the value of a leaf: "W=[[1],[2]]"'
    )
    command.add_argument(
        "--feeds", action="append", default=[], metavar="FILE", help="values of leaves by their names: an .npz or .json"
    )
    _with_names(command.add_argument("--of", default="", metavar="NAME", help="the cost; the last line unless named"))
    _add_json(command)


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON object instead, for machines")


def _add_names(command: argparse.ArgumentParser, option: str, about: str, count: str = "+") -> None:
    default: list[str] | None = [] if count == "+" else None
    _with_names(command.add_argument(option, nargs=count, default=default, metavar="NAME", help=about))


def _add_path(command: argparse.ArgumentParser, path: str, about: str) -> None:
    command.add_argument("-o", "--output", default=path, metavar="FILE", help=f"{about}; {path} unless named")
    command.add_argument("--open", action="store_true", help="open what was written")


def _with_names(option: argparse.Action) -> None:
    """Let Tab complete the names of the model's own leaves and lines."""
    option.completer = _names  # type: ignore[attr-defined]


def _names(parsed_args: argparse.Namespace, **_: Any) -> Sequence[str]:
    try:
        return list(shapes(model_of(parsed_args)))
    except (TinygraphError, OSError, TypeError):  # a command line that isn't whole yet
        return []
