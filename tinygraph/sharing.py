"""Sharing: of nodes that compute the same of the same, only one is kept."""

from typing import Any

import numpy as np

from tinygraph.graph import CONSTANT, INPUT, PARAMETER, Node, Op, as_node, number


class Sharing:
    """Makes nodes, each once: asked for an equal one, it answers with the one that it has.

    >>> import tinygraph as tg
    >>> from tinygraph.ops.elementwise import exp
    >>> shared, x = Sharing(), tg.input("x", ())
    >>> shared.call(exp, x) is shared.call(exp, x)
    True
    """

    def __init__(self) -> None:
        self._known: dict[Any, Node] = {}

    def call(self, op: Op, *args: Any, **params: Any) -> Node:
        """The op on these nodes and numbers; of numbers alone it is a number, where that is finite."""
        nodes = tuple(arg if isinstance(arg, Node) else self.shared(as_node(arg)) for arg in args)
        shapes = [node.shape for node in nodes]
        params = op.settle(*shapes, **{**op.defaults, **params})
        key = _key_of(op, nodes, params)
        if key not in self._known:
            self._known[key] = self._made(op, nodes, params, op.shape(*shapes, **params))
        return self._known[key]

    def _made(self, op: Op, nodes: tuple[Node, ...], params: dict[str, Any], shape: Any) -> Node:
        weak = not shape and all(node.weak for node in nodes)
        if weak and all(node.op is CONSTANT for node in nodes):
            with np.errstate(all="ignore"):
                value = np.asarray(op.compute(*map(number, nodes), **params)).item()
            if np.isfinite(value):
                return self.shared(as_node(value))
        kinds = [type(node.dtype.type(1).item()) if node.weak else node.dtype for node in nodes]
        return Node(op, nodes, params, shape, op.dtype(*kinds, **params), weak=weak)

    def with_args(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The node with these arguments, of the shapes and dtypes of its own; itself, where they are its own."""
        if any(map(_differs, args, node.args)):
            node = Node(node.op, args, node.params, node.shape, node.dtype, node.name, node.weak)
        return self.shared(node)

    def shared(self, node: Node) -> Node:
        """The node, or the equal one that is known already."""
        return self._known.setdefault(_key(node), node)


def _differs(new: Node, old: Node) -> bool:
    return new is not old


def _key(node: Node) -> Any:
    op = node.op
    if op is INPUT or op is PARAMETER or (op is CONSTANT and node.name):  # a loop's number is a constant with a name
        return id(node)
    if op is CONSTANT:
        array = node.params["array"]
        text = repr(array) if node.weak else array.tobytes()
        return (node.weak, node.dtype, node.shape, text)
    return _key_of(op, node.args, node.params)


def _key_of(op: Op, args: tuple[Node, ...], params: Any) -> Any:
    places = tuple(map(id, args))
    return (op.name, places, tuple(params.items())) if params else (op.name, places)
