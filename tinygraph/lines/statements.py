"""Statements: which lines there are, and what each adds to the names that are known."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from tinygraph.errors import ShapeError
from tinygraph.graph import Node, constant
from tinygraph.lines.errors import LineError, in_lines, quoted
from tinygraph.lines.expressions import Expressions
from tinygraph.lines.limits import MOST_DEEP, MOST_SIGNS
from tinygraph.sizes import Size

FORM = "a line is NAME = expression"
REMEDIES: Mapping[type[ast.stmt], str] = {
    ast.Import: "np and tg are known without an import: leave the line out",
    ast.ImportFrom: "np and tg are known without an import: leave the line out",
    ast.AugAssign: "an array never changes: write Z = Z + … for Z += …",
    ast.Expr: f"the result has no name: {FORM}",
}

OF_PYTHON = {
    "invalid syntax": f"that can't be read: {FORM}, in the notation of NumPy",
    "invalid decimal literal": "is a * missing?",
    "Exceeds the limit": "that number is too long",
}
"""What Python says of a line, and what is said of it here."""


def read_statements(text: str, leaves: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """All names that are known after the last line, those of the leaves among them; and the last line's name.

    Raises `LineError` for a line that can't be read, which it names by its number; where all stand in one line with
    `;` between them, each counts as a line.

    >>> import tinygraph as tg
    >>> names, last = read_statements("Z = 2 * x  # twice\\nJ = sum(Z)", {"x": tg.input("x", ("n",))})
    >>> names["Z"], last
    (<Z (n,) float64>, 'J')
    """
    names, last = dict(leaves), ""
    for line, statement in _statements(text):
        expressions = Expressions(names, text)
        try:
            made = _made(statement, expressions)
        except LineError as error:
            raise LineError(f"line {line}: {error}") from None
        names |= made
        last = next(reversed(made), last)
    if not last:
        raise LineError(f"there is no line to read: {FORM}, as in Z = W.T @ X + b")
    return names, last


def _statements(text: str) -> Iterator[tuple[int, ast.stmt]]:
    """Each statement with the number of its line."""
    if len(text) > MOST_SIGNS:
        raise LineError(f"the lines have {len(text):,} signs, and {MOST_SIGNS:,} are the most that is read")
    try:
        with warnings.catch_warnings(action="ignore"):  # of odd signs in a text, by Python
            found = ast.parse(text).body
    except SyntaxError as error:
        raise LineError(_told(error, text)) from None
    except (RecursionError, MemoryError):
        raise LineError("brackets or signs stand too deep within each other: give parts names of their own") from None
    except ValueError as error:
        raise LineError(f"the lines can't be read: {error}") from None
    for place, statement in enumerate(found, 1):
        line = place if _is_one_line(text) else statement.lineno
        if _depth(statement) > MOST_DEEP:
            raise LineError(f"line {line}: it is more than {MOST_DEEP} deep: give parts of it names of their own")
        yield line, statement


def _told(error: SyntaxError, text: str) -> str:
    """What Python says of a line that it can't read."""
    line, column = error.lineno or 1, error.offset or 0
    lines = text.splitlines() or [""]
    written = lines[min(line, len(lines)) - 1]
    if _is_one_line(text):
        line = written[:column].count(";") + 1
        written = written.split(";")[line - 1] if line <= len(written.split(";")) else written
    why = next((ours for theirs, ours in OF_PYTHON.items() if theirs in error.msg), error.msg).replace(" or ':='", "")
    return f"line {line}: {quoted(written)}: {why}"


def _is_one_line(text: str) -> bool:
    """Whether all statements stand in one line, with `;` between them."""
    return len(text.strip().splitlines()) == 1


def _depth(tree: ast.AST) -> int:
    """How deep one thing stands within another; counted without Python's own calls, which it is to protect."""
    deepest, todo = 0, [(tree, 0)]
    while todo:
        node, depth = todo.pop()
        deepest = max(deepest, depth)
        todo += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    return deepest


def _made(statement: ast.stmt, expressions: Expressions) -> dict[str, Any]:
    """The names that a statement makes."""
    if isinstance(statement, ast.Assert):
        _check(statement, expressions)
        return {}
    if not isinstance(statement, ast.Assign):
        raise expressions.wrong(statement, REMEDIES.get(type(statement), FORM))
    if len(statement.targets) > 1:
        raise expressions.wrong(statement, "write a line for each name")
    (target,) = statement.targets
    value = expressions.value(statement.value)
    targets, parts = (target.elts, value) if isinstance(target, ast.Tuple | ast.List) else ([target], (value,))
    names = [each.id for each in targets if isinstance(each, ast.Name)]
    if len(names) < len(targets):
        raise expressions.wrong(target, f"that is no name: {FORM}, and an array never changes")
    if not isinstance(parts, tuple) or len(parts) != len(names):
        count = f"{len(parts)} values" if isinstance(parts, tuple) else "one value"
        raise expressions.wrong(statement, f"{count} can't be given {len(names)} names")
    return {name: _kept(part, name, statement, expressions) for name, part in zip(names, parts, strict=True)}


def _kept(value: Any, name: str, statement: ast.stmt, expressions: Expressions) -> Any:
    """The value under its name: a node that has none takes it."""
    if isinstance(value, Node):
        if value.name or (not value.args and value.op.name != "constant"):
            return value
        return value.named(name) if value.args else constant(value.params["array"], name)
    is_flat = isinstance(value, tuple) and not any(isinstance(part, tuple | list) for part in value)
    if not is_flat and not isinstance(value, Size | int | float):
        raise expressions.wrong(statement, "that is no array and no number: write array([…]) for a list of numbers")
    return value


def _check(statement: ast.Assert, expressions: Expressions) -> None:
    """The notes' assert: `assert Z.shape == (1, m)`."""
    match statement.test:
        case ast.Compare(ast.Attribute(of, "shape"), [ast.Eq()], [shape]):
            node, wanted = expressions.value(of), expressions.value(shape)
        case _:
            node, wanted = None, None
    if not isinstance(node, Node) or not isinstance(wanted, tuple):
        raise expressions.wrong(statement, "an assert is of a shape, as in assert Z.shape == (1, m)")
    try:
        node.expect(wanted)
    except ShapeError as error:
        raise LineError(in_lines(str(error))) from None
