"""What `tg.compile` answers: it checks what it is called with, runs the program, and then updates the parameters."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np

from tinygraph.compile.entry import entry
from tinygraph.compile.listing import listing
from tinygraph.compile.program import Program
from tinygraph.compile.source import source
from tinygraph.compile.task import Task
from tinygraph.errors import EvaluationError, FeedError
from tinygraph.feeds import Array, bind_sizes, check_assumptions, to_dtype
from tinygraph.graph import CONSTANT, Node, Parameter
from tinygraph.notation import PROGRAMS, formula, listed
from tinygraph.ops.indexing import check_spans, getitem
from tinygraph.remembered import Remembered
from tinygraph.report import Report
from tinygraph.sizes import Size, resolve, sizes_in
from tinygraph.structure import map_leaves

KEPT_SIZES = 16
"""For how many shapes of the inputs memory is kept; then what was met first is given up."""

_LOCKS: Remembered[Any] = Remembered()

FAULTS = (TypeError, ValueError, ArithmeticError, LookupError)
"""What NumPy raises where a step can't be computed."""

# In C, so that Ctrl-C and other threads find either all parameters before a step or all after it.
read: Callable[[Parameter], Any] = vars(Parameter)["_array"].__get__
write: Callable[[Parameter, Any], None] = vars(Parameter)["_array"].__set__


class Compiled:
    """A compiled graph: called with its inputs, in order or by name, it answers with its outputs.

    `source` is the program as a learner would write it, `program` the text that runs, and `report` what was simplified.
    """

    def __init__(self, task: Task, readable: Task, structure: Any, report: Report | None):
        self._task, self._readable, self.report = task, readable, report
        self._names = [node.name or task.names.get(node) or "an input" for node in task.inputs]
        self._lines: dict[int, Node] = {}
        self._count = len(task.inputs)
        self.program, self._call = self._built(structure, _locks(list(task.updates)))

    def _built(self, structure: Any, locks: Sequence[Any]) -> tuple[str, Callable[..., Any]]:
        """The text, and the function that runs it."""
        task, written = self._task, Program(self._task)
        self._lines = written.lines
        memories: dict[Any, Memory] = {}
        growing = RLock()

        def met(*args: Array) -> Memory:
            sizes = self._sizes(args)
            memory = Memory([sizes[name] for name in written.size_names])
            try:
                memory.free.append(names["make"](*memory.sizes))
            except FAULTS as fault:
                raise self._explained(fault) from fault
            with growing:
                if len(memories) >= KEPT_SIZES:
                    del memories[next(iter(memories))]
                return memories.setdefault(tuple(array.shape for array in args), memory)

        names = self._run(written.text, dict(written.given)) | {
            "ndarray": np.ndarray, "asarray": np.asarray, "memories": memories, "met": met,
            "converted": self._converted, "explained": self._explained, "answer": answering(structure),
            "parameters": task.parameters, "updated": list(task.updates), "check": check_assumptions,
            "read": read, "write": write, "faults": FAULTS,
        }  # fmt: skip
        names |= {f"lock{place}": lock for place, lock in enumerate(locks)}
        for place, node in enumerate(task.inputs):
            names |= {f"input{place}": node, f"dtype{place}": node.dtype}
        names |= {f"parameter{place}": parameter for place, parameter in enumerate(task.parameters)}
        text = entry(task, isinstance(structure, Node | Size), len(locks))
        exec(compile(text, f"{PROGRAMS}entry>", "exec"), names)  # noqa: S102 - no text of a reader's is in it
        return written.text, names["call"]

    def _run(self, text: str, names: dict[str, Any]) -> dict[str, Any]:
        """What the text defines; tracebacks and warnings show its lines, as long as this object lives."""
        self._filename = listing(self, text)
        exec(compile(text, self._filename, "exec"), names)  # noqa: S102 - each name in it is of this library's making
        return names

    @cached_property
    def source(self) -> str:
        """The same steps as a learner would write them: `step(inputs…, parameters…)`, after `import numpy as np`."""
        return source(self._readable)

    def __call__(self, /, *args: Any, **named: Any) -> Any:
        """The outputs for these inputs; the parameters are updated once all outputs are computed.

        Raises `FeedError` for an input that is missing or unknown, `ShapeError` and `DtypeError` for one that doesn't
        fit, and `EvaluationError` where a step can't be computed; then no parameter has changed.
        """
        if named or len(args) != self._count:
            args = self._in_order(args, named)
        return self._call(*args)

    def _sizes(self, args: Sequence[Array]) -> dict[str, int]:
        """The number of each size, where inputs of these shapes fit the graph."""
        values = {node: node.params["array"] for node in self._task.steps if node.op is CONSTANT and node.shape}
        values |= {parameter: parameter.value for parameter in self._task.parameters}
        sizes = bind_sizes(values | dict(zip(self._task.inputs, args, strict=True)))
        for node in self._task.steps:
            told = [*node.params.values(), *(arg.shape for arg in node.args)] if node.params else []
            if told and all(name in sizes for size in sizes_in(told) for name in size.sources):
                params = resolve(dict(node.params), sizes)
                if node.op is getitem:
                    try:
                        check_spans(resolve(node.args[0].shape, sizes), params["key"])
                    except ValueError as error:
                        raise self._fault(node, error) from None
        return sizes

    def _converted(self, *args: Any) -> list[Array]:
        """The inputs as arrays of their dtypes."""
        return [to_dtype(value, node.dtype, node) for node, value in zip(self._task.inputs, args, strict=True)]

    def _in_order(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        names = self._names
        takes = f"the program takes {', '.join(names) or 'none'}"
        if len(args) > len(names):
            count = "1 input was" if len(args) == 1 else f"{len(args)} inputs were"
            raise FeedError(f"{count} given, and {takes}")
        if len(args) == 1 and isinstance(args[0], Mapping):
            raise FeedError(
                f"inputs are given in order or by name, as in step(X, Y) or step(X=X, Y=Y), in no dict; {takes}"
            )
        given = dict(zip(names, args, strict=False))
        for name, value in named.items():
            if name not in names:
                raise FeedError(f"no input is called {name!r}; {takes}")
            if names.count(name) > 1:
                raise FeedError(f"{names.count(name)} inputs are called {name!r}: give them in order; {takes}")
            if name in given:
                raise FeedError(f"{name} is given twice: in its place, and by name")
            given[name] = value
        missing = [name for name in names if name not in given]
        if missing:
            raise FeedError(f"no value for {listed(missing)}: {takes}")
        return tuple(given[name] for name in names)

    def _explained(self, error: Exception) -> EvaluationError:
        """The error with the node whose step raised it."""
        trace, line = error.__traceback__, 0
        while trace:
            is_step = trace.tb_frame.f_code.co_filename == self._filename and trace.tb_lineno in self._lines
            line = trace.tb_lineno if is_step else line
            trace = trace.tb_next
        return self._fault(self._lines.get(line), error)

    def _fault(self, node: Node | None, error: Exception) -> EvaluationError:
        told = "the program" if node is None else formula(node, self._task.names)
        return EvaluationError(f"{told} can't be computed: {error}")

    def __repr__(self) -> str:
        return f"<compiled step({', '.join(self._names)})>"


class Memory:
    """What the program writes into, for inputs of one shape: a set for each call that runs at the same time."""

    def __init__(self, sizes: Sequence[int]):
        self.sizes = sizes
        self.free: list[Any] = []


def answering(structure: Any) -> Callable[[Sequence[Any]], Any]:
    """What puts the outputs into the structure that was asked for."""

    def answer(results: Sequence[Any]) -> Any:
        remaining = iter(results)
        return map_leaves(lambda _: next(remaining), structure)

    return answer


def _locks(parameters: Sequence[Parameter]) -> list[Any]:
    """The locks of parameters that are updated together: one, unless some of them are updated elsewhere, too.

    They are always taken in the same order, so that no two calls wait for each other.
    """
    found = {id(lock): lock for lock in map(_LOCKS.get, parameters) if lock is not None}
    if not found and parameters:
        new = RLock()
        found[id(new)] = new
    for parameter in parameters:
        if _LOCKS.get(parameter) is None:
            _LOCKS[parameter] = next(iter(found.values()))
    return [found[place] for place in sorted(found)]
