"""The steps as a learner would write them: a line for each name, in the order of the notes, and NumPy alone."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from tinygraph.compile.code import (
    Code,
    array_code,
    code,
    full_code,
    helper_code,
    helper_name,
    helper_texts,
    literal,
    number_code,
)
from tinygraph.compile.names import Names
from tinygraph.compile.task import Task
from tinygraph.graph import CONSTANT, Node
from tinygraph.jacobians import Body, each
from tinygraph.notation import formula
from tinygraph.ops.axes import broadcast_to
from tinygraph.ops.elementwise import divide, multiply, negative
from tinygraph.order import order

WIDTH = 88
"""From which length on a formula is given a line, and a name, of its own."""


def source(task: Task, numbers: str = "np") -> str:
    """The text of `def step(inputs…, parameters…)`, which runs by itself after `import numpy as np`.

    `numbers` is what NumPy is called where Python's own numbers are computed.
    """
    writer = Writer(task, names_of_helpers(task.steps), numbers)
    lines, results = writer.block(task.steps, task.roots, writer.variables)
    parts = [helper_code(list(writer.helpers.values())), "\n".join(writer.constants)]
    body = "\n".join(f"    {line}" for line in [*writer.size_lines(), *lines, _returned(results)])
    arguments = ", ".join(writer.variables[node] for node in task.arguments)
    return "\n\n\n".join([*filter(None, parts), f"def step({arguments}):\n{body}\n"])


def numpy_line(node: Node, names: Mapping[Node, str]) -> str:
    """What the node computes as one expression in NumPy, of the nodes that have names.

    >>> import tinygraph as tg
    >>> W, X = tg.input("W", ("n_x", 1)), tg.input("X", ("n_x", "m"))
    >>> numpy_line(tg.mean(np.log(W.T @ X)), {W: "W", X: "X"})
    'np.mean(np.log(W.T @ X))'
    """
    texts: dict[Node, ast.expr] = {}
    named = {known for known in names if known is not node}
    for step in order(node, known=named):
        if step in named:
            texts[step] = ast.Name(names[step])
        elif step.op is CONSTANT and step.shape:
            texts[step] = ast.Name("…")
        elif step.op.name == "for_each":
            return formula(node, names, depth=9)
        else:
            texts[step] = _filled(code(step, _OwnNames()).text, [texts[arg] for arg in step.args])
    return ast.unparse(_sign_first(texts[node]))


class _OwnNames(dict[str, str]):
    """Each size called by its own name."""

    def __missing__(self, size: str) -> str:
        return size


class Writer:
    """What has been written so far: the variable of each node and size, and the functions that are needed."""

    def __init__(self, task: Task, taken: Iterable[str], numbers: str = "np"):
        self.task, self._numbers = task, numbers
        self.names = Names(taken)
        self.variables: dict[Node, str] = {}
        self.sizes: dict[str, str] = SizeVariables(self.names)
        self.helpers: dict[str, Any] = {}
        self.constants: list[str] = []
        floats = {node.dtype for node in task.steps if node.dtype.kind == "f" and not node.weak}
        self._is_double = floats <= {np.dtype(np.float64)} and numbers == "np"
        for node in task.arguments:
            self.variables[node] = self.names.take(task.names.get(node) or node.name or "parameter")

    def size_lines(self) -> list[str]:
        """A line for each size that was used: `m = X.shape[1]`."""
        tellers = self.task.tellers()
        return [f"{name} = {self._told(*tellers[size])}" for size, name in self.sizes.items() if size in tellers]

    def _told(self, node: Node, axis: int) -> str:
        if node.op is CONSTANT:
            return str(node.params["array"].shape[axis])
        return f"{self.variables[node]}.shape[{axis}]"

    def block(
        self, steps: Sequence[Node], roots: Sequence[Node], known: Mapping[Node, str]
    ) -> tuple[list[str], list[str]]:
        """The lines that compute the roots of what is known, by its variables, and the formulas that they end in."""
        steps = [node for node in steps if node not in known]
        uses: dict[Node, int] = {}
        for node in [*(arg for step in steps for arg in step.args), *roots]:
            uses[node] = uses.get(node, 0) + 1
        texts: dict[Node, ast.expr] = {node: ast.Name(name) for node, name in known.items()}
        lines: list[str] = []
        for node in steps:
            text = _filled(self._code(node, lines).text, [texts[arg] for arg in node.args])
            has_line = node in self.task.names or node.op.counts or len(ast.unparse(text)) > WIDTH
            if node.op is negative and _first_factor(node.args[0]).dtype.kind in "if":
                text = _sign_first(text)
            if node.args and (has_line or (uses.get(node, 0) > 1 and not _is_short(node, text))):
                name = self._name(node)
                lines.append(f"{name} = {ast.unparse(text)}")
                text = ast.Name(name)
                if node.op.counts:
                    lines.append(f"{self.sizes[str(node.shape[0])]} = len({name})")
            texts[node] = text
        return lines, [ast.unparse(texts[root]) for root in roots]

    def _name(self, node: Node) -> str:
        """The reader's own name for a node; for the next value of a parameter, the parameter's; else a number."""
        if node in self.task.names:
            return self.names.take(self.task.names[node])
        for parameter, new in self.task.updates.items():
            if new is node and parameter in self.variables:
                return self.names.take(f"new_{self.variables[parameter]}")
        return self.names.number("t")

    def _code(self, node: Node, lines: list[str]) -> Code:
        if node.op is CONSTANT and node.shape:
            name = self.names.take(self.task.names.get(node) or node.name or "c")
            self.constants.append(f"{name} = {array_code(node.params['array'])}")
            return Code(name)
        if node.op is CONSTANT and node.weak:
            return Code(number_code(node.params["array"]))
        if node.op.name == "for_each":
            return self._loop(node, lines)
        if node.op is divide and node.weak and self._is_double:
            return Code("np.float64({0}) / {1}")  # of Python's own numbers 1 / 0 is an error, and not inf
        if node.op is broadcast_to and node.args[0].op is CONSTANT and not node.args[0].shape:
            return Code(full_code(node.args[0].params["array"], node, self.sizes))
        found = code(node, self.sizes)
        self.helpers |= {helper_name(helper): helper for helper in found.helpers}
        return Code(found.text.replace("np.", f"{self._numbers}.")) if node.weak else found

    def _loop(self, node: Node, lines: list[str]) -> Code:
        """A loop over the rows of a Jacobian: each row is computed by a function of its own."""
        body: Body = node.params["body"]
        self.helpers[each.__name__] = each
        row = self.names.number("row")
        held = {
            part: self.names.take(part.name or self.task.names.get(part) or "x") for part in [body.number, *body.held]
        }
        inner, (result,) = self.block(body.steps, [body.node], held)
        lines += [f"def {row}({', '.join(held.values())}):", *(f"    {line}" for line in [*inner, f"return {result}"])]
        slots = ", ".join(f"{{{place}}}" for place in range(1, len(node.args)))
        shape, dtype = literal(body.node.shape, self.sizes), literal(node.dtype, {})
        return Code(f"each({row}, {{0}}, [{slots}], {shape}, {dtype})")


class SizeVariables(dict[str, str]):
    """The variable of each named size, taken when it is first asked for."""

    def __init__(self, names: Names):
        super().__init__()
        self._names = names

    def __missing__(self, size: str) -> str:
        self[size] = self._names.take(size)
        return self[size]


def names_of_helpers(steps: Sequence[Node]) -> set[str]:
    """The name of every function that these steps are printed with, so that no variable takes it."""
    any_size = SizeVariables(Names())
    names: set[str] = set()
    for node in steps:
        if node.op.name == "for_each":
            names |= {each.__name__} | names_of_helpers(node.params["body"].steps)
        elif node.args:
            names |= set(helper_texts(code(node, any_size).helpers))
    return names


def _is_short(node: Node, text: ast.expr) -> bool:
    """Whether it is as well written again as given a name: `X.T`, `1 / m`."""
    return (node.op.name == "transpose" and isinstance(text, ast.Attribute) and isinstance(text.value, ast.Name)) or (
        node.weak and len(ast.unparse(text)) < 12
    )


def _first_factor(node: Node) -> Node:
    """What a product or quotient begins with, which takes a sign unless it is a bool, or a whole number from 0 on."""
    while node.op is multiply or node.op is divide:
        node = node.args[0]
    return node


def _sign_first(text: ast.expr) -> ast.expr:
    """-(x * y) as -x * y, which is the same number."""
    inner = text.operand if isinstance(text, ast.UnaryOp) else None
    if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.USub):
        return inner.operand
    if not isinstance(inner, ast.BinOp) or not isinstance(inner.op, ast.Mult | ast.Div):
        return text
    return ast.BinOp(_sign_first(ast.UnaryOp(ast.USub(), inner.left)), inner.op, inner.right)


def _returned(results: Sequence[str]) -> str:
    line = f"return {', '.join(results)}{',' if len(results) == 1 else ''}" if results else "return ()"
    if len(line) <= WIDTH:
        return line
    return "return (\n" + "".join(f"        {result},\n" for result in results) + "    )"


@cache
def _parsed(template: str) -> ast.expr:
    return ast.parse(template.format(*(f"_{place}_" for place in range(template.count("{")))), mode="eval").body


def _filled(template: str, args: Sequence[ast.expr]) -> ast.expr:
    """The template with a formula in each slot; Python's own printer then sets the brackets that are needed."""
    return _Slots({f"_{place}_": arg for place, arg in enumerate(args)}).visit(_copied(_parsed(template)))


def _copied(tree: Any) -> Any:
    """A copy of the tree, to be filled."""
    if isinstance(tree, list):
        return [_copied(part) for part in tree]
    if not isinstance(tree, ast.AST):
        return tree
    return type(tree)(**{name: _copied(part) for name, part in ast.iter_fields(tree)})


class _Slots(ast.NodeTransformer):
    def __init__(self, args: Mapping[str, ast.expr]):
        self.args = args

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.args.get(node.id, node)
