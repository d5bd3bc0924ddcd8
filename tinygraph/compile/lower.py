"""Ops that NumPy has no single call for, as the calls that they are made of; equal ones among those are shared."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.compile.task import Task
from tinygraph.graph import CONSTANT, Node, constant
from tinygraph.ops.axes import broadcast_to
from tinygraph.ops.elementwise import exp, log, maximum, minimum, multiply, where
from tinygraph.ops.extremes import max
from tinygraph.ops.functions import abs, copysign, isfinite, log1p
from tinygraph.ops.linalg import matmul
from tinygraph.ops.reductions import axes_along, count, sum
from tinygraph.ops.shaping import in_shape, reshape
from tinygraph.order import order
from tinygraph.sharing import Sharing
from tinygraph.sizes import Entry


def lowered(task: Task, sharing: Sharing) -> Task:
    """The same task in calls that write into memory."""
    now: dict[Node, Node] = {node: node for node in task.arguments}
    for node in task.steps:
        if node in now:
            continue
        args = tuple(now[arg] for arg in node.args)
        same = sharing.with_args(node, args)
        rule = RULES.get(node.op.name) if node.dtype.kind == "f" and node.dtype.itemsize > 2 else None
        if rule and all(arg.dtype == node.dtype and not arg.weak for arg in args):
            same = _shared(rule(same, *args, **node.params), args, sharing)
        now[node] = same
    return task.replaced(now)


def _shared(result: Node, args: tuple[Node, ...], sharing: Sharing) -> Node:
    now: dict[Node, Node] = {arg: arg for arg in args}
    for part in order(result, known=args):
        if part not in now:
            now[part] = sharing.with_args(part, tuple(now[arg] for arg in part.args))
    return now[result]


def _decay(x: Node) -> Node:
    """exp(-|x|), which never overflows."""
    return exp(copysign(x, -1))


def _shifted(x: Node, axis: Any) -> Node:
    return x - max(x, axis=axis, keepdims=True)


def _is_never_empty(x: Node, axis: Any) -> bool:
    """Whether there is an element along the axis for sure, so that there is a largest one."""
    return isinstance(count(x, axis), int) and count(x, axis) > 0


def _softmax(x: Node, axis: Any) -> Node:
    e = exp(_shifted(x, axis))
    return e / sum(e, axis=axis, keepdims=True)


def _log_softmax(x: Node, axis: Any) -> Node:
    shifted = _shifted(x, axis)
    return shifted - log(sum(exp(shifted), axis=axis, keepdims=True))


def _logsumexp(x: Node, axis: Any) -> Node:
    top = max(x, axis=axis, keepdims=True)
    top = where(isfinite(top), top, 0)
    return log(sum(exp(x - top), axis=axis, keepdims=True)) + top


def _sum(x: Node, axis: Any, keepdims: bool) -> Node:
    """The sum; along a row as its product with ones, which is faster."""
    out = sum(x, axis=axis, keepdims=keepdims)
    is_row = all(size == 1 for size in x.shape[:-1]) and x.ndim - 1 in axes_along(axis, x.ndim)
    if not is_row or x.dtype != np.float64:  # the product adds one by one, for which smaller floats are too coarse
        return out
    length = x.shape[-1]
    if not out.shape:
        return matmul(in_shape(x, (length,)), reshape(_ones(length), (length,)))
    return in_shape(matmul(in_shape(x, (1, length)), _ones(length)), out.shape)


def _ones(length: Entry) -> Node:
    """A column of ones, in memory of its own."""
    return broadcast_to(constant(1.0), (length, 1)) * 1.0


def is_sum(node: Node) -> bool:
    """Whether the node is the sum along a row, as it is written here."""
    return node.op is matmul and any(is_ones(part) for part in (node.args[1], *node.args[1].args))


def is_ones(node: Node) -> bool:
    """Whether the node is the ones that are written here."""
    return node.op is multiply and node.args[0].op is broadcast_to and node.args[0].args[0].op is CONSTANT


# fmt: off
RULES: dict[str, Callable[..., Node]] = {
    "sigmoid":     lambda out, x: exp(minimum(x, 0)) / (1 + _decay(x)),  # 1 / (1 + exp(-x)), or exp(x) / (1 + exp(x))
    "negative":    lambda out, x: copysign(x.args[0], -1) if x.op is abs else out,
    "softplus":    lambda out, x: maximum(x, 0) + log1p(_decay(x)),
    "log_sigmoid": lambda out, x: minimum(x, 0) - log1p(_decay(x)),
    "relu":        lambda out, x: maximum(x, 0),
    "square":      lambda out, x: x * x,
    "sum":         lambda out, x, axis, keepdims: _sum(x, axis, keepdims),
    "mean":        lambda out, x, axis, keepdims: _sum(x, axis, keepdims) / count(x, axis),
    "softmax":     lambda out, x, axis: _softmax(x, axis) if _is_never_empty(x, axis) else out,
    "log_softmax": lambda out, x, axis: _log_softmax(x, axis) if _is_never_empty(x, axis) else out,
    "logsumexp":   lambda out, x, axis, keepdims: (
        in_shape(_logsumexp(x, axis), out.shape) if _is_never_empty(x, axis) else out
    ),
}
# fmt: on
