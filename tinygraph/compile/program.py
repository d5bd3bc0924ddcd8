"""The program that runs: the steps as NumPy calls that write into memory which is kept for each size."""

from typing import Any

import numpy as np

from tinygraph.compile.code import code, helper_code, helper_name, literal, shape_code
from tinygraph.compile.plan import REDUCTIONS, Plan, is_call, is_fresh
from tinygraph.compile.source import SizeVariables, Writer, names_of_helpers
from tinygraph.compile.task import Task
from tinygraph.graph import CONSTANT, Node
from tinygraph.ops import elementwise, linalg

BY_KEYWORD = {elementwise.maximum, elementwise.minimum}
"""Ops whose NumPy function takes `out` by its name alone."""


class Program(Writer):
    """The text of two functions: `make(sizes…)` answers the memory for these sizes, `step(memory, arguments…)` runs.

    `size_names` are the sizes that `make` takes, `given` the arrays that the text names and doesn't show, and `lines`
    says which node each line computes.
    """

    def __init__(self, task: Task):
        self.plan = Plan(task)
        self.calls = dict.fromkeys(_numpy_name(node) for node in self.plan.steps if self._is_call(node))
        others = [node for node in task.steps if not self._is_call(node)]
        super().__init__(task, [*map(_bare, self.calls), *names_of_helpers(others)])
        self.texts: dict[Node, str] = {node: self.variables[node] for node in task.arguments}
        self.made: dict[str, str] = {}  # what `make` computes, by its name
        self.makers: dict[str, Node] = {}
        self.needed: dict[str, None] = {}  # what of it `step` takes
        self.given: dict[str, Any] = {}
        self.known: dict[str, str] = {}
        self.lines: dict[int, Node] = {}
        self.pieces = [self.names.number("m") for _ in self.plan.pieces]
        self.size_names: list[str] = []
        self.text = self._written()

    def _written(self) -> str:
        alike: dict[Any, list[str]] = {}
        for name, kind in zip(self.pieces, self.plan.pieces, strict=True):
            alike.setdefault(kind, []).append(name)
        for (shape, dtype), names in alike.items():
            piece = f"np.empty({shape_code(shape, self.sizes)}, {literal(dtype, {})})"
            together = f"({piece} for _ in range({len(names)}))"
            self.made[", ".join(names)] = together if len(names) > 1 else piece
        for node in self.plan.fixed:
            self._make(node)
        self.all_sizes = self.sizes
        self.sizes = _Needed(self.all_sizes, self.plan.told, self.needed)
        steps = [(f"    {line}", node) for node in self.plan.steps for line in self._lines(node)]
        returned = ", ".join(self._returned())
        self.size_names = [size for size in self.all_sizes if size in self.plan.told]
        needed = ", ".join(self.needed) + ("," if len(self.needed) == 1 else "")
        arguments = ["memory", *(self.variables[node] for node in self.task.arguments)]
        text: list[tuple[str, Node | None]] = [
            ("import numpy as np\n", None),
            *((f"{_bare(name)} = np.{name}", None) for name in self.calls),
            *((f"# {name}: given, {array.shape} {array.dtype}", None) for name, array in self.given.items()),
            *([(helper_code(list(self.helpers.values())), None)] if self.helpers else []),
            (f"\n\ndef make({', '.join(self.all_sizes[size] for size in self.size_names)}):", None),
            *((f"    {name} = {made}", self.makers.get(name)) for name, made in self.made.items()),
            (f"    return {needed or '()'}", None),
            (f"\n\ndef step({', '.join(arguments)}):", None),
            *([(f"    {needed} = memory", None)] if needed else []),
            *steps,
            (f"    return ({returned}{',' if len(self.task.roots) == 1 else ''})\n", None),
        ]
        number = 1
        for lines, maker in text:
            if maker is not None:
                self.lines[number] = maker
            number += lines.count("\n") + 1
        return "\n".join(lines for lines, _ in text)

    def _make(self, node: Node) -> None:
        """A step that depends on sizes and constants alone."""
        if node.op is CONSTANT and node.shape:
            self.texts[node] = self.names.number("c")
            self.given[self.texts[node]] = node.params["array"]
            return
        text = code(node, self.sizes).text.format(*(self.texts[arg] for arg in node.args))
        self.helpers |= {helper_name(helper): helper for helper in code(node, self.sizes).helpers}
        if node.op is CONSTANT and node.weak:
            self.texts[node] = f"({text})" if text.startswith("-") else text
        else:
            self.texts[node] = self._kept("k", text)
            self.makers[self.texts[node]] = node

    def _text(self, node: Node) -> str:
        """How the value is written in `step`."""
        text = self.texts[node]
        if text in self.made:
            self.needed[text] = None
        return text

    def _number(self, node: Node, dtype: Any) -> str:
        """A Python number as an array of no axes, which NumPy's calls take faster."""
        if node not in self.plan.fixed or (node.op is CONSTANT and not _fits(node.params["array"], dtype)):
            return self._text(node)
        text = self.texts[node].removeprefix("(").removesuffix(")") if node.op is CONSTANT else self.texts[node]
        name = self._kept("k", f"np.array({text}, {literal(dtype, {})})")
        self.needed[name] = None
        return name

    def _lines(self, node: Node) -> list[str]:
        """The lines of a step."""
        if node in self.plan.views:
            self.texts[node] = self._view(node.args[0], code(node, self.all_sizes).text)
            return []
        before: list[str] = []
        text = self._call(node) if self._is_call(node) else self._formula(node, before)
        if node in self.plan.place and node not in self.task.names:
            self.texts[node] = self.pieces[self.plan.place[node]]
            return [*before, text]
        named = self.task.names.get(node)
        self.texts[node] = self.names.take(named) if named else self.names.number("t")
        counted = [f"{self.sizes[str(node.shape[0])]} = len({self.texts[node]})"] if node.op.counts else []
        return [*before, f"{self.texts[node]} = {text}", *counted]

    def _is_call(self, node: Node) -> bool:
        """Whether the step is written as a call; numbers among themselves are faster with operators."""
        return is_call(node) and (bool(node.shape) or any(arg.shape for arg in node.args))

    def _formula(self, node: Node, before: list[str]) -> str:
        args = [self._text(arg) for arg in node.args]
        if node.op.name == "where":
            args[1:] = [self._number(arg, node.dtype) if arg.weak else self._text(arg) for arg in node.args[1:]]
        return self._code(node, before).text.format(*args)

    def _call(self, node: Node) -> str:
        """The step as a call that writes into its piece of memory, if it has one."""
        out = self._out(node)
        if node.op in REDUCTIONS:
            axis, keepdims = node.params["axis"], node.params["keepdims"]
            said = [literal(axis, {}), "None", out or "None", "True"] if keepdims else [literal(axis, {}), "None", out]
            args = [self._text(node.args[0]), *filter(None, said)]
            return f"{_bare(_numpy_name(node))}({', '.join(args)})"
        if node.op is linalg.matmul:
            args = [self._text(arg) for arg in node.args]
        else:
            strong = [arg.dtype for arg in node.args if not arg.weak]
            args = [
                self._number(arg, np.result_type(*strong, _python(arg))) if arg.weak else self._operand(arg, node)
                for arg in node.args
            ]
        if out:
            args.append(f"out={out}" if node.op in BY_KEYWORD else out)
        return f"{_bare(_numpy_name(node))}({', '.join(args)})"

    def _operand(self, arg: Node, node: Node) -> str:
        """The argument of an elementwise call; one element as an array of no axes, which NumPy spreads faster."""
        text = self._text(arg)
        if not arg.shape or arg.shape == node.shape or any(size != 1 for size in arg.shape):
            return text
        if arg not in self.plan.place and text not in self.made:
            return f"{text}.reshape(())"
        name = self._view(arg, "{0}.reshape(())")
        self.needed[name] = None
        return name

    def _view(self, arg: Node, template: str) -> str:
        """The name of a view of what lies in a piece of memory, made once."""
        shown = self.pieces[self.plan.place[arg]] if arg in self.plan.place else self.texts[arg]
        return self._kept("v", template.format(shown))

    def _kept(self, letter: str, text: str) -> str:
        """The name of what `make` computes so."""
        name = self.known.get(text)
        if name is None:
            name = self.known[text] = self.names.number(letter)
            self.made[name] = text
        return name

    def _out(self, node: Node) -> str:
        if node not in self.plan.place:
            return ""
        name = self.pieces[self.plan.place[node]]
        self.needed[name] = None
        return name

    def _returned(self) -> list[str]:
        """What is returned, each in memory of its own."""
        computed, seen = set(self.plan.steps), set()
        texts = []
        for root in self.task.roots:
            text = self._text(root)
            is_own = root in computed and is_fresh(root) and root not in seen
            seen.add(root)
            copied = text if is_own else f"np.array({text})"
            texts.append(f"{copied}[()]" if not root.shape and not (is_own and is_call(root)) else copied)
        return texts


def _numpy_name(node: Node) -> str:
    """NumPy's name of the call that a step is."""
    if node.op is linalg.matmul:
        return "dot" if all(arg.ndim <= 2 for arg in node.args) else "matmul"
    return REDUCTIONS.get(node.op) or node.op.compute.__name__


def _bare(name: str) -> str:
    """What that call is bound to in the program: to look it up in NumPy each time would cost a tenth of a step."""
    return name.replace(".", "_")


def _python(node: Node) -> Any:
    return node.dtype.type(1).item()


def _fits(value: Any, dtype: Any) -> bool:
    try:
        np.array(value, dtype)
    except OverflowError:
        return False
    return True


class _Needed(SizeVariables):
    """The variables of sizes, each noted as one that `step` takes."""

    def __init__(self, sizes: dict[str, str], told: set[str], needed: dict[str, None]):
        dict.__init__(self)
        self._sizes, self._told, self._needed = sizes, told, needed

    def __getitem__(self, size: str) -> str:
        name = self._sizes[size]
        if size in self._told:
            self._needed[name] = None
        return name
