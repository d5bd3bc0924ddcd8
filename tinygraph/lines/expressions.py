"""Expressions: Python's own grammar, walked by these rules alone, each for one kind of expression; nothing is run."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygraph.errors import DtypeError, TinygraphError
from tinygraph.graph import Node, constant
from tinygraph.lines.calls import called
from tinygraph.lines.errors import LineError, in_lines, near, quoted
from tinygraph.lines.limits import checked, power
from tinygraph.lines.words import (
    ATTRIBUTES,
    CONSTANTS,
    METHODS,
    NUMPY,
    OURS,
    function_called,
    no_attribute,
    unknown_function,
)
from tinygraph.sizes import Size

BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: power,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
REMEDIES: Mapping[type[ast.AST], str] = {
    ast.BoolOp: "write & for and, | for or, each side in brackets",
    ast.Not: "write ~ for not",
    ast.IfExp: "write where(condition, x, y) for x if condition else y",
    ast.Lambda: "write the expression itself",
    ast.JoinedStr: "write the text itself",
    ast.NamedExpr: "write a line for it before",
    ast.Starred: "write each argument",
    ast.ListComp: "write one expression for the whole array",
    ast.GeneratorExp: "write one expression for the whole array",
}


class Expressions:
    """Reads expressions of these names: each is a node, a size, a number or a tuple of them."""

    def __init__(self, names: Mapping[str, Any], text: str):
        self.names, self.text = names, text

    def value(self, node: ast.AST) -> Any:
        """What the expression comes to. Raises `LineError`, which quotes the piece that is wrong."""
        rule = RULES.get(type(node))
        if rule is None:
            raise self.wrong(
                node, REMEDIES.get(type(node), "that is no arithmetic, no index and no call of a function")
            )
        try:
            return checked(rule(self, node))
        except LineError:
            raise
        except TinygraphError as error:  # it tells the piece itself
            raise LineError(in_lines(str(error))) from None
        except Exception as error:  # an odd argument can fail in NumPy in any way
            raise self.wrong(node, str(error)) from None

    def piece(self, node: ast.AST) -> str:
        """The piece of the line that the expression stands in."""
        return quoted(ast.get_source_segment(self.text, node) or "")

    def wrong(self, node: ast.AST, what: str) -> LineError:
        """The error that says what is wrong with a piece."""
        return LineError(f"{self.piece(node)}: {what}")

    def constant(self, node: ast.Constant) -> Any:
        """A number, a text, True, False, None or `...`."""
        if isinstance(node.value, bytes | complex):
            raise self.wrong(node, "that is no real number")
        return node.value

    def name(self, node: ast.Name) -> Any:
        """A leaf, a line before, a size, or a constant such as pi."""
        if node.id in self.names:
            return self.names[node.id]
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        if function_called(node.id):
            raise LineError(f"{node.id} is a function: call it, as in {node.id}(…)")
        declared = f': declare it, as in --input "{node.id}(1,m)", or write a line for it before'
        raise LineError(f"{node.id} is not known{near(node.id, self.names) or declared}")

    def sequence(self, node: ast.Tuple | ast.List) -> Any:
        """A tuple or a list."""
        found = [self.value(entry) for entry in node.elts]
        return tuple(found) if isinstance(node, ast.Tuple) else found

    def binary(self, node: ast.BinOp) -> Any:
        """Two operands and what stands between them."""
        if type(node.op) not in BINARY:
            raise self.wrong(node, "there is no << and >> of arrays")
        pair = self.operands(node.left, node.right)
        try:
            return BINARY[type(node.op)](*pair)
        except DtypeError as error:
            if isinstance(node.op, ast.BitXor):
                raise self.wrong(node, "^ is for truth values: write ** for a power") from error
            raise

    def operands(self, *nodes: ast.expr) -> list[Any]:
        """The operands of an operator: nodes, sizes or numbers; and lists beside a node, which makes arrays of them."""
        found = [self.value(node) for node in nodes]
        beside = any(isinstance(value, Node) for value in found)
        for place, (node, value) in enumerate(zip(nodes, found, strict=True)):
            if isinstance(value, list) and beside:
                found[place] = constant(np.asarray(value))
            elif not isinstance(value, Node | Size | int | float):
                remedy = f": write array({self.piece(node)})" if isinstance(value, list | tuple) else ""
                raise self.wrong(node, f"that is no array and no number to compute with{remedy}")
        return found

    def unary(self, node: ast.UnaryOp) -> Any:
        """A sign or ~ before an operand."""
        if type(node.op) not in UNARY:
            raise self.wrong(node, REMEDIES[type(node.op)])
        return UNARY[type(node.op)](*self.operands(node.operand))

    def comparison(self, node: ast.Compare) -> Any:
        """x < y, element by element."""
        if len(node.ops) > 1:
            raise self.wrong(node, "write (x < y) & (y < z) for x < y < z")
        if type(node.ops[0]) not in COMPARISONS:
            raise self.wrong(node, "there is no is and no in of arrays: write ==")
        return COMPARISONS[type(node.ops[0])](*self.operands(node.left, node.comparators[0]))

    def attribute(self, node: ast.Attribute) -> Any:
        """Z.T, X.shape, np.pi."""
        path = self.path(node)
        if path:
            if path.split(".", 1)[1] in CONSTANTS:
                return CONSTANTS[path.split(".", 1)[1]]
            known = f"{path} is a function: call it, as in {path}(…)" if function_called(path) else None
            raise LineError(known or unknown_function(path))
        value = self.value(node.value)
        if not isinstance(value, Node) or node.attr not in ATTRIBUTES:
            raise self.wrong(node, no_attribute(value, node.attr))
        return getattr(value, node.attr)

    def path(self, node: ast.expr) -> str:
        """np.linalg.norm as a text; empty where it is no name of a module's."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        is_module = isinstance(node, ast.Name) and node.id in (*NUMPY, *OURS) and node.id not in self.names
        return ".".join([node.id, *reversed(parts)]) if is_module and isinstance(node, ast.Name) else ""

    def call(self, node: ast.Call) -> Any:
        """A function of ours or of NumPy's, or a method of a node's."""
        function, name, before = self.function(node.func)
        args = [*before, *map(self.value, node.args)]
        kwargs = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.wrong(node, REMEDIES[ast.Starred])
            kwargs[keyword.arg] = self.value(keyword.value)
        return called(function, name, args, kwargs)

    def function(self, node: ast.expr) -> tuple[Callable[..., Any], str, list[Any]]:
        """The function that is called, its name, and the node whose method it is."""
        if isinstance(node, ast.Name) and node.id in self.names:
            remedy = f"write np.{node.id}" if function_called(node.id) else "is a * missing?"
            raise LineError(f"{self.piece(node)} is a line or a leaf here, and no function: {remedy}")
        path = node.id if isinstance(node, ast.Name) else self.path(node)
        if path:
            function = function_called(path)
            if function is None:
                raise LineError(unknown_function(path))
            return function, path.split(".")[-1], []
        if not isinstance(node, ast.Attribute):
            raise self.wrong(node, "that is no function: is a * missing?")
        value = self.value(node.value)
        if not isinstance(value, Node) or node.attr not in METHODS:
            raise self.wrong(node, no_attribute(value, node.attr))
        return getattr(Node, node.attr), node.attr, [value]

    def subscript(self, node: ast.Subscript) -> Any:
        """X[0], X[:, 1:], X[X > 0], X.shape[1]."""
        value = self.value(node.value)
        if not isinstance(value, Node | tuple | list):
            raise self.wrong(node.value, "that is no array, and has no elements to pick")
        return value[self.key(node.slice)]

    def key(self, node: ast.expr) -> Any:
        """What stands between the brackets of an index."""
        if isinstance(node, ast.Tuple):
            return tuple(map(self.key, node.elts))
        if isinstance(node, ast.Slice):
            return slice(*(bound and self.value(bound) for bound in (node.lower, node.upper, node.step)))
        return self.value(node)


RULES: Mapping[type[ast.AST], Callable[[Expressions, Any], Any]] = {
    ast.Constant: Expressions.constant,
    ast.Name: Expressions.name,
    ast.Tuple: Expressions.sequence,
    ast.List: Expressions.sequence,
    ast.BinOp: Expressions.binary,
    ast.UnaryOp: Expressions.unary,
    ast.Compare: Expressions.comparison,
    ast.Attribute: Expressions.attribute,
    ast.Call: Expressions.call,
    ast.Subscript: Expressions.subscript,
}
