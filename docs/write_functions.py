"""The tables of functions.md, from the declarations of the ops: `python docs/write_functions.py` writes them anew."""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tinygraph as tg
from tinygraph.graph import Op
from tinygraph.notation import expression
from tinygraph.protocol import ANSWERS

PAGE = Path(__file__).parent / "functions.md"


def functions() -> Iterator[tuple[str, Any]]:
    """Every function on nodes that is public, by its name."""
    for name in tg.__all__:
        value = getattr(tg, name)
        if isinstance(value, Op) or (inspect.isfunction(value) and value.__module__.startswith("tinygraph.ops")):
            yield name, value


def numpy_names(function: Any) -> str:
    """The functions of NumPy's that it answers for."""
    found = [theirs for theirs, ours in ANSWERS.items() if ours is function]
    return ", ".join(f"`np.{_qualified(theirs)}`" for theirs in found if _qualified(theirs))


def _qualified(function: Callable[..., Any]) -> str:
    home = (getattr(function, "__module__", "") or "numpy").removeprefix("numpy").removeprefix(".")
    name = f"{home}.{function.__name__}" if home else function.__name__
    return "" if home.startswith("_operator") else name


def elementwise() -> Iterator[str]:
    """A row for each op that works element by element: its formula, its derivatives, NumPy's name."""
    yield "| function | is | derivative | NumPy |"
    yield "|---|---|---|---|"
    for name, op in functions():
        if isinstance(op, Op) and op.is_elementwise:
            node = _call(op)
            yield f"| `{name}` | `{_escaped(expression(node, {}))}` | {_derivatives(node)} | {numpy_names(op)} |"


def _call(op: Op) -> tg.Node:
    letters = ("condition", "x", "y") if op is tg.where else ("x", "y")
    params = {"dtype": "float32"} if op is tg.astype else {}
    dtypes = (bool, float, float) if op is tg.where else (float, float)
    try:
        return op(*_inputs(letters, dtypes)[: len(op.vjps)], **params)
    except tg.DtypeError:  # what takes truth values alone
        return op(*_inputs(letters, (bool, bool))[: len(op.vjps)])


def _inputs(letters: tuple[str, ...], dtypes: tuple[type, ...]) -> list[tg.Node]:
    return [tg.input(letter, ("n",), dtype) for letter, dtype in zip(letters, dtypes, strict=True)]


def _derivatives(node: tg.Node) -> str:
    g = tg.input("g", ("n",), node.dtype)
    out = node.named("out")
    rules = zip(out.args, out.op.rules(len(out.args)), strict=True)
    found = [rule(g, out, *out.args, **out.params) for _, rule in rules if rule is not None]
    return ", ".join(f"`{expression(part, {}, depth=9) if part.args else part.name}`" for part in found)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def others() -> Iterator[str]:
    """A row for each other function: what it does, NumPy's name."""
    yield "| function | what it does | NumPy |"
    yield "|---|---|---|"
    for name, function in functions():
        if not (isinstance(function, Op) and function.is_elementwise):
            sentence = re.split(r"\n\n|\n    \n", inspect.getdoc(function) or "")[0].replace("\n", " ")
            yield f"| `{name}` | {_escaped(sentence)} | {numpy_names(function)} |"


def page() -> str:
    """The page with its tables as they must be."""
    text = PAGE.read_text()
    for name, rows in (("elementwise", elementwise()), ("others", others())):
        table = "\n".join(["", *rows, ""])
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda found, t=table: found[1] + t + "\n" + found[2],
            text,
            flags=re.S,
        )
    return text


if __name__ == "__main__":
    PAGE.write_text(page())
