"""The graph as it is written in ONNX: floats of the wanted dtype, and formulas for what ONNX has no op for."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.errors import BroadcastWarning
from tinygraph.evaluate import needs
from tinygraph.graph import CONSTANT, PARAMETER, Node
from tinygraph.jacobians import Body, for_each
from tinygraph.onnx.formulas import FORMULAS
from tinygraph.ops.elementwise import astype
from tinygraph.order import order
from tinygraph.sharing import Sharing


def prepared(nodes: Sequence[Node], dtype: Any) -> Mapping[Node, Node]:
    """For each node, and whatever it depends on, the node to write; with a dtype, all floats are of that dtype."""
    work = _Work(dtype)
    now: dict[Node, Node] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BroadcastWarning)  # who wrote the lines was warned
        for node in order(*nodes, needs=needs):
            now[node] = work.part(node, tuple(now[arg] for arg in node.args))
    return now


class _Work:
    def __init__(self, dtype: Any):
        self._dtype = dtype
        self._sharing = Sharing()

    def part(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The node to write, of arguments that are prepared."""
        if node.op.name == "for_each":
            return self._loop(node, args)
        node = self._sharing.shared(self._converted(node, args))
        rule = FORMULAS.get(node.op.name)
        return self._written_out(rule, node) if rule else node

    def _kind(self, dtype: Any) -> Any:
        return self._dtype if self._dtype is not None and dtype.kind == "f" else dtype

    def _converted(self, node: Node, args: tuple[Node, ...]) -> Node:
        dtype, op, params = self._kind(node.dtype), node.op, node.params
        if dtype != node.dtype and op in (PARAMETER, CONSTANT):
            if node.weak:
                return node  # a number is written in whatever dtype it meets
            op, params = CONSTANT, {"array": np.asarray(node.op.held(node), dtype)}  # type: ignore[misc]
        is_same = dtype == node.dtype and all(new is old for new, old in zip(args, node.args, strict=True))
        return node if is_same else Node(op, args, params, node.shape, dtype, node.name, node.weak)

    def _written_out(self, rule: Any, node: Node) -> Node:
        """What the formula says, each part of which may need one in turn; in float32 for a float16."""
        dtype = np.dtype(np.float32) if node.dtype == np.float16 else node.dtype
        args = tuple(x if x.weak or x.dtype == dtype else self._sharing.call(astype, x, dtype=dtype) for x in node.args)
        out = Node(node.op, args, node.params, node.shape, dtype, weak=node.weak)
        result = rule(out, *args, **node.params)
        if result is out:
            return node
        now: dict[Node, Node] = {arg: arg for arg in args}
        for part in order(result, known=args):
            if part not in now:
                now[part] = self.part(part, tuple(now[arg] for arg in part.args))
        result = now[result]
        return result if result.dtype == node.dtype else self._sharing.call(astype, result, dtype=node.dtype)

    def _loop(self, node: Node, args: Sequence[Node]) -> Node:
        """The loop over what each step of its body becomes."""
        body: Body = node.params["body"]
        now = {body.number: body.number, **dict(zip(body.held, args[1:], strict=True))}
        for part in body.steps:
            now[part] = self.part(part, tuple(now[arg] for arg in part.args))
        return for_each(args[0], body.number, now[body.node])
