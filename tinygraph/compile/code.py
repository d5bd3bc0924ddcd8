"""How each op is written in NumPy: its value rule is read, so that one declaration serves running and printing."""

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from tinygraph.graph import Node, Op
from tinygraph.ops.indexing import ARRAY, Span, scattered
from tinygraph.sizes import Quotient, Shape, Size

SizeNames = Mapping[str, str]
"""The variable that holds each named size."""


class Code(NamedTuple):
    """A call in Python, with a slot `{0}` for each argument, and the functions and modules that it needs."""

    text: str
    helpers: tuple[Any, ...] = ()


def code(node: Node, sizes: SizeNames) -> Code:
    """How the node's op is called, on arguments yet to be put in."""
    if node.op.name in _SPECIAL:
        return _SPECIAL[node.op.name](node, sizes)
    params = {key: literal(value, sizes) for key, value in node.params.items()} if node.params else {}
    return _call(node.op, tuple(params.items()), len(node.args), _is_operator(node))


def helper_code(helpers: Iterable[Any]) -> str:
    """The text of these functions and of all that they need, as they stand here, without decorators and types."""
    texts = list(helper_texts(helpers).values())[::-1]  # what is needed stands above what needs it
    imports = [text for text in texts if text.startswith("import ")]
    return "\n\n\n".join(filter(None, ["\n".join(imports), *(text for text in texts if text not in imports)]))


def helper_texts(helpers: Iterable[Any]) -> dict[str, str]:
    """The text of each function, constant and module by its name, and of all that they need."""
    found: dict[str, str] = {}
    waiting = list(helpers)
    while waiting:
        helper = waiting.pop(0)
        if isinstance(helper, tuple):
            name, value = helper
            found.setdefault(name, f"{name} = {literal(value, {})}")
        elif isinstance(helper, ModuleType):
            if helper is not np:
                found.setdefault(helper.__name__, f"import {helper.__name__}")
        elif helper_name(helper) not in found:
            tree, globals_used = _definition(_function(helper))
            tree.name = helper_name(helper)
            found[tree.name] = ast.unparse(tree)
            waiting += globals_used
    return found


def helper_name(helper: Any) -> str:
    """What a helper is called where it is printed."""
    return helper.name if isinstance(helper, Op) else helper.__name__


def literal(value: Any, sizes: SizeNames) -> str:
    """A number, dtype, shape or the like as Python writes it; text of a reader's becomes a string at most."""
    if isinstance(value, Size):
        return size_code(value, sizes)
    if isinstance(value, Span):
        return f"slice({', '.join(literal(bound, sizes) for bound in value)})"
    if isinstance(value, tuple):
        entries = ", ".join(literal(entry, sizes) for entry in value)
        return f"({entries},)" if len(value) == 1 else f"({entries})"
    if isinstance(value, list):
        return f"[{', '.join(literal(entry, sizes) for entry in value)}]"
    if isinstance(value, np.dtype):
        return f"np.{value.name}"
    if isinstance(value, float) and not math.isfinite(value):
        return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    raise TypeError(f"{value!r} can't be written as Python")


def array_code(array: Any) -> str:
    """An array written out, to the last digit."""
    array = np.asarray(array)
    if not array.shape:
        return f"np.{array.dtype.name}({literal(array.item(), {})})"
    written = f"np.array({literal(array.tolist(), {})}, np.{array.dtype.name})"
    return written if array.size else f"np.empty({array.shape}, np.{array.dtype.name})"


def number_code(number: Any) -> str:
    """A number as it was thought of: `1 - 0.9` where that is it, to the last digit, and not 0.09999999999999998."""
    rest = 1 - number if isinstance(number, float) else number
    is_shorter = len(repr(rest)) + 8 < len(repr(number)) and 1 - rest == number
    return f"1 - {rest!r}" if is_shorter else literal(number, {})


def full_code(value: Any, node: Node, sizes: SizeNames) -> str:
    """An array of the node's shape and dtype, filled with one number."""
    value = np.asarray(value).item()
    name = {0: "np.zeros", 1: "np.ones"}.get(value)
    number = [] if name else [literal(value, {})]
    dtype = [] if node.dtype == np.float64 else [literal(node.dtype, {})]
    return f"{name or 'np.full'}({', '.join([shape_code(node.shape, sizes), *number, *dtype])})"


def size_code(size: Any, sizes: SizeNames) -> str:
    """A size as an expression of the variables that hold the named sizes."""
    if not isinstance(size, Size):
        return repr(size)
    terms = []
    for atoms, coefficient in size.terms.items():
        factors = [_atom_code(atom, sizes) for atom in atoms]
        if coefficient != 1 or not factors:
            factors.insert(0, str(coefficient))
        terms.append(" * ".join(factors))
    return " + ".join(terms).replace("+ -", "- ")


def shape_code(shape: Shape, sizes: SizeNames) -> str:
    """A shape, where no size is below 0: of nothing, x[1:] takes nothing."""
    texts = [literal(size, sizes) for size in shape]
    entries = ", ".join(f"max({text}, 0)" if "-" in text else text for text in texts)
    return f"({entries},)" if len(texts) == 1 else f"({entries})"


def _atom_code(atom: Any, sizes: SizeNames) -> str:
    if isinstance(atom, Quotient):
        return f"(({size_code(atom.top, sizes)}) // ({size_code(atom.bottom, sizes)}))"
    return sizes[atom]


def _is_operator(node: Node) -> bool:
    """Whether Python's operator does what NumPy's function does: among Python's own numbers, not every one."""
    return not node.weak or node.op.name in ("add", "subtract", "multiply", "negative")


@cache
def _call(op: Op, params: tuple[tuple[str, str], ...], count: int, is_operator: bool) -> Code:
    slots = [f"{{{place}}}" for place in range(count)]
    label = op.label
    if isinstance(label, str) and not label[0].isalpha() and is_operator:
        return Code(label)
    if op.name == "transpose":
        return Code("{0}.T" if params == (("axes", "None"),) else f"{{0}}.transpose({params[0][1]})")
    if isinstance(op.compute, np.ufunc):
        name = op.name if getattr(np, op.name, None) is op.compute else op.compute.__name__
        return Code(f"np.{name}({', '.join(slots)})" if is_operator else f"np.{name}({', '.join(slots)}).item()")
    tree, helpers = _definition(op.compute)
    written = dict(params)
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Return) and tree.body[0].value is not None:
        text = ast.unparse(_inlined(tree, op, written, count))
        for place in range(count):
            text = text.replace(f"_slot{place}_", f"{{{place}}}")
        return Code(text, tuple(helpers))
    given = [f"{key}={value}" for key, value in params if value != literal_default(op, key)]
    return Code(f"{op.name}({', '.join([*slots, *given])})", (op,))


def literal_default(op: Op, key: str) -> str | None:
    """How the default of a parameter is written; None where it has none."""
    return literal(op.defaults[key], {}) if key in op.defaults else None


def _inlined(tree: ast.FunctionDef, op: Op, params: Mapping[str, str], count: int) -> ast.expr:
    """The one expression that the function returns, with slots and parameters in place of their names."""
    (statement,) = tree.body
    arrays = [argument.arg for argument in tree.args.args][: len(op.vjps)]
    slots: list[ast.expr] = [ast.Name(f"_slot{place}_") for place in range(count)]
    values: dict[str, ast.expr] = dict(zip(arrays, slots, strict=False))
    values |= {key: ast.parse(text, mode="eval").body for key, text in params.items()}
    if tree.args.vararg:
        values[tree.args.vararg.arg] = ast.Tuple(slots[len(arrays) :], ast.Load())
    unsaid = {key for key, text in params.items() if text == literal_default(op, key)}
    return _Inline(values, unsaid).visit(statement.value)  # type: ignore[attr-defined]


class _Inline(ast.NodeTransformer):
    """Puts values in place of names, and leaves out what says nothing but a default."""

    def __init__(self, values: Mapping[str, ast.expr], unsaid: set[str]):
        self.values, self.unsaid = values, unsaid

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A parameter's name as its value."""
        return self.values.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call without the keywords that only pass a default on."""
        node.keywords = [
            keyword
            for keyword in node.keywords
            if not (isinstance(keyword.value, ast.Name) and keyword.value.id in self.unsaid & {keyword.arg})
        ]
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Starred(self, node: ast.Starred) -> Any:
        """All arrays, one by one."""
        inner = self.visit(node.value)
        return inner.elts if isinstance(inner, ast.Tuple) else ast.Starred(inner, ast.Load())


def _function(helper: Any) -> Callable[..., Any]:
    return helper.compute if isinstance(helper, Op) else inspect.unwrap(helper)


def _definition(function: Callable[..., Any]) -> tuple[ast.FunctionDef, list[Any]]:
    """The function as it stands in its file, without decorators, types and docstring; and what else it names."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef)  # noqa: S101
    tree.decorator_list, tree.returns = [], None
    for argument in [*tree.args.args, *tree.args.kwonlyargs, tree.args.vararg, tree.args.kwarg]:
        if argument is not None:
            argument.annotation = None
    if ast.get_docstring(tree) and len(tree.body) > 1:
        tree.body = tree.body[1:]
    outside: dict[str, Any] = {}
    for part in ast.walk(tree):
        if isinstance(part, ast.Name) and part.id in function.__globals__ and part.id not in outside:
            value = function.__globals__[part.id]
            outside[part.id] = value if callable(value) or isinstance(value, ModuleType) else (part.id, value)
    return tree, list(outside.values())


def _key_code(entries: Sequence[Any], slots: Sequence[str], sizes: SizeNames) -> str:
    """What stands in the brackets of `x[…]`."""
    remaining = iter(slots)
    texts = []
    for entry in entries:
        if isinstance(entry, Span):
            bounds = ["" if bound is None else literal(bound, sizes) for bound in entry]
            texts.append(":".join(bounds if entry.step != 1 else bounds[:2]))
        else:
            texts.append(next(remaining) if isinstance(entry, str) and entry == ARRAY else literal(entry, sizes))
    while len(texts) > 1 and texts[-1] == ":":
        texts.pop()
    return ", ".join(texts) or "()"


def _getitem(node: Node, sizes: SizeNames) -> Code:
    slots = [f"{{{place}}}" for place in range(1, len(node.args))]
    return Code(f"{{0}}[{_key_code(node.params['key'], slots, sizes)}]")


def _scatter(node: Node, sizes: SizeNames) -> Code:
    slots = [f"{{{place}}}" for place in range(2, len(node.args))]
    key = f"np.s_[{_key_code(node.params['key'], slots, sizes)}]"
    return Code(f"scattered({{0}}, np.shape({{1}}), {key})", (scattered,))


def _astype(node: Node, sizes: SizeNames) -> Code:  # noqa: ARG001
    array = "np.asarray({0})" if node.args[0].weak else "{0}"
    return Code(f"{array}.astype({literal(node.dtype, {})})")


def _size(node: Node, sizes: SizeNames) -> Code:
    return Code(size_code(node.params["size"], sizes))


def _arange(node: Node, sizes: SizeNames) -> Code:
    return Code(f"np.arange({size_code(node.params['size'], sizes)})")


def _constant(node: Node, sizes: SizeNames) -> Code:  # noqa: ARG001
    array = node.params["array"]
    return Code(literal(array, {}) if node.weak else array_code(array))


def _reshape(node: Node, sizes: SizeNames) -> Code:
    return Code(f"np.reshape({{0}}, {literal(node.params['shape'], sizes)})")


def _broadcast_to(node: Node, sizes: SizeNames) -> Code:
    return Code(f"np.broadcast_to({{0}}, {shape_code(node.params['shape'], sizes)})")


_SPECIAL: dict[str, Callable[[Node, SizeNames], Code]] = {
    "getitem": _getitem,
    "scatter": _scatter,
    "astype": _astype,
    "size": _size,
    "arange": _arange,
    "reshape": _reshape,  # these two are in almost every program, and to read their rules takes a millisecond
    "broadcast_to": _broadcast_to,
    "constant": _constant,
}
