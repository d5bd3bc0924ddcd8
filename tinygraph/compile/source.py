"""The steps as a learner would write them: a line for each name, in the order of the notes, and NumPy alone."""

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from tinygraph.compile.code import Code, array_code, code, helper_code, helper_name, helper_texts, literal
from tinygraph.compile.names import Names
from tinygraph.compile.task import Task
from tinygraph.graph import CONSTANT, Node
from tinygraph.jacobians import Body, each

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


class Writer:
    """What has been written so far: the variable of each node and size, and the functions that are needed."""

    def __init__(self, task: Task, taken: Iterable[str], numbers: str = "np"):
        self.task, self._numbers = task, numbers
        self.names = Names(taken)
        self.variables: dict[Node, str] = {}
        self.sizes: dict[str, str] = SizeVariables(self.names)
        self.helpers: dict[str, Any] = {}
        self.constants: list[str] = []
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
            if node.args and (has_line or (uses.get(node, 0) > 1 and not _is_short(node, text))):
                name = self.names.take(self.task.names[node]) if node in self.task.names else self.names.number("t")
                lines.append(f"{name} = {ast.unparse(text)}")
                text = ast.Name(name)
                if node.op.counts:
                    lines.append(f"{self.sizes[str(node.shape[0])]} = len({name})")
            texts[node] = text
        return lines, [ast.unparse(texts[root]) for root in roots]

    def _code(self, node: Node, lines: list[str]) -> Code:
        if node.op is CONSTANT and node.shape:
            name = self.names.take(self.task.names.get(node) or node.name or "c")
            self.constants.append(f"{name} = {array_code(node.params['array'])}")
            return Code(name)
        if node.op.name == "for_each":
            return self._loop(node, lines)
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
