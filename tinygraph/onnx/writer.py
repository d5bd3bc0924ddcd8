"""The writer: adds ONNX nodes one after the other, and knows under which name the value of each node goes."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import partial, reduce
from typing import Any

import numpy as np

from tinygraph.errors import BackendError
from tinygraph.feeds import Array
from tinygraph.graph import Node, number
from tinygraph.notation import expression
from tinygraph.sizes import Entry, Quotient, Size, as_size, is_name

Lowering = Callable[["Writer", Node], str]
"""What writes the ONNX nodes of a node, and answers with the name of its value."""


def package() -> Any:
    """The package onnx; raises `BackendError` where it is not installed."""
    try:
        import onnx
    except ImportError:
        raise BackendError("tg.to_onnx needs one more package: pip install 'tinygraph[onnx]'") from None
    return onnx


class Writer:
    """Writes ONNX nodes: `w("Add", x, y)` adds one, and answers with the name of what it computes.

    An argument is the name of a value, or an array, which becomes a constant of the model. `names` are the reader's
    names of nodes, `tellers` are for each named size a node and the axis of it that has this size, and `lower` writes
    the ONNX nodes of a node. `told` are the leaves that told a size.
    """

    def __init__(self, names: Mapping[Node, str], tellers: Mapping[str, tuple[Node, int]], lower: Lowering):
        self.onnx = package()
        self.names, self._tellers, self._lower = names, tellers, lower
        self.nodes: list[Any] = []
        self.infos: list[Any] = []
        self.initializers: dict[Any, Any] = {}
        self.outputs: list[tuple[str, Node]] = []
        self.values: dict[Node, str] = {}
        self.told: set[Node] = set()
        self._known: dict[Any, str] = {}
        self._kept: set[str] = set()
        self._taken: dict[str, int] = {}

    def inner(self) -> "Writer":
        """A writer for a graph within this one, which sees all that is written so far."""
        writer = copy(self)
        writer.nodes, writer.infos = [], []
        writer.values, writer._known = dict(self.values), dict(self._known)
        return writer

    def take(self, wanted: str) -> str:
        """The wanted name, or one with a number, where it is taken."""
        name, count = wanted, self._taken.get(wanted, 1)
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken[wanted] = self._taken[name] = count
        return name

    def __call__(self, op_type: str, *args: "str | Array", **attributes: Any) -> str:
        """Add an ONNX node; the answer is the name of its value."""
        return self.several(op_type, 1, *args, **attributes)[0]

    def several(self, op_type: str, count: int, *args: "str | Array", **attributes: Any) -> list[str]:
        """Like a call, for an op that has so many results."""
        outputs = [self.take(op_type.lower()) for _ in range(count)]
        inputs = [arg if isinstance(arg, str) else self.constant(arg) for arg in args]
        self.nodes.append(self.onnx.helper.make_node(op_type, inputs, outputs, name=outputs[0], **attributes))
        return outputs

    def constant(self, array: Any, name: str = "constant") -> str:
        """An array of the model's own; an equal one that has no name is used again."""
        array = np.asarray(array)
        key = (array.dtype, array.shape, array.tobytes()) if name == "constant" else len(self.initializers)
        if key not in self.initializers:
            self.initializers[key] = self.onnx.numpy_helper.from_array(array, self.take(name))
        return str(self.initializers[key].name)

    def write(self, node: Node) -> None:
        """The ONNX nodes of one node; the last one goes under the reader's name."""
        if node in self.values or number(node) is not None:
            return
        before = len(self.nodes)
        value = self._leaf(node) if node.op.held else self._lower(self, node)
        is_new = len(self.nodes) > before and value in self.nodes[-1].output
        if is_new and value not in self._kept:  # else it goes under a name already
            output = next((name for name, output in self.outputs if output is node), None)
            name = output or node.name or self.names.get(node)
            if name:
                value = self._renamed(value, output or self.take(name))
                self.nodes[-1].doc_string = self.line(node)
            self.infos.append(self.info(value, node))
        self.values[node] = value

    def _leaf(self, node: Node) -> str:
        array = np.asarray(node.op.held(node))  # type: ignore[misc]
        return self.constant(array, node.name or self.names.get(node) or node.op.name)

    def _renamed(self, value: str, name: str) -> str:
        """The value, which the last ONNX node computes, under another name."""
        last = self.nodes[-1]
        last.output[list(last.output).index(value)] = last.name = name
        return name

    def line(self, node: Node) -> str:
        """The node as the reader may have written it: `Z = W.T @ X + b`."""
        name, written = node.name or self.names.get(node), expression(node, self.names, depth=3)
        return f"{name} = {written}" if name else written

    def finish(self) -> None:
        """Each output under its own name: a leaf, too, and what is an output twice."""
        for name, node in self.outputs:
            if self.of(node) != name:
                self.nodes.append(self.onnx.helper.make_node("Identity", [self.of(node)], [name], name=name))

    def info(self, name: str, node: Node) -> Any:
        """The name with the dtype and shape of a node."""
        shape = [size if isinstance(size, int) else str(size) for size in node.shape]
        return self.onnx.helper.make_tensor_value_info(name, self.type(node.dtype), shape)

    def type(self, dtype: Any) -> int:
        """ONNX's number for a dtype."""
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def cast(self, x: str, old: Any, new: Any) -> str:
        """The value in another dtype."""
        return x if old == new else self("Cast", x, to=self.type(new))

    def of(self, node: Node, dtype: Any = None) -> str:
        """The value of a node that is written, in this dtype; a number of the formula is one of this dtype at once."""
        dtype = np.dtype(dtype or node.dtype)
        if number(node) is not None:
            return self.constant(np.asarray(number(node), dtype))
        if dtype == node.dtype:
            return self.values[node]
        return self._once((node, dtype), lambda: self.cast(self.values[node], node.dtype, dtype))

    def _once(self, key: Any, write: Callable[[], str]) -> str:
        """What is needed again and again, written when it is first."""
        if key not in self._known:
            self._known[key] = write()
            self._kept.add(self._known[key])
        return self._known[key]

    def size(self, entry: Entry) -> str:
        """The number of a size, which is read from the shapes of what is fed."""
        if not isinstance(entry, Size):
            return self.constant(np.int64(entry))
        return self._once(entry.text, lambda: self._renamed(self("Squeeze", self._row(entry)), self.take(entry.text)))

    def sizes(self, entries: Iterable[Entry]) -> str:
        """A shape, or what else consists of sizes, as one row of numbers."""
        entries = list(entries)
        if not any(isinstance(entry, Size) for entry in entries):
            return self.constant(np.array(entries, np.int64))
        rows = [self._row(entry) for entry in entries]
        return rows[0] if len(rows) == 1 else self("Concat", *rows, axis=0)

    def _row(self, entry: Entry) -> str:
        """A size as a row of one number, in which form ONNX tells it."""
        if not isinstance(entry, Size):
            return self.constant(np.array([entry], np.int64))
        return self._once((entry.text,), lambda: self._told(entry) if is_name(entry) else self._computed(entry))

    def _told(self, name: Size) -> str:
        node, axis = self._tellers[name.text]
        if node.op.held:
            return self._row(np.shape(node.op.held(node))[axis])
        self.told.add(node)
        return self("Shape", self.of(node), start=axis, end=axis + 1)

    def _computed(self, size: Size) -> str:
        """A sum of products of names and of quotients."""
        products = []
        for atoms, coefficient in size.terms.items():
            factors = [self._atom(atom, size) for atom in atoms]
            numbers = [] if coefficient == 1 and factors else [self._row(coefficient)]
            products.append(reduce(partial(self, "Mul"), [*factors, *numbers]))
        return reduce(partial(self, "Add"), products)

    def _atom(self, atom: Any, size: Size) -> str:
        """A name, or a quotient rounded down: Div rounds toward 0, but the rest that Mod leaves is Python's."""
        if not isinstance(atom, Quotient):
            return self._row(Size.named(atom, size.sources[atom]))
        top, bottom = (self._row(part if part.sources else part.at({})) for part in map(as_size, atom))
        return self("Div", self("Sub", top, self("Mod", top, bottom)), bottom)
