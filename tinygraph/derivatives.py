"""Reverse mode: the derivative of a graph is a graph, built by one walk from the result back to the leaves."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy as np

from tinygraph.errors import DtypeError, GradientError, NodeTypeError, ShapeError
from tinygraph.graph import Node, as_node, constant
from tinygraph.ops.elementwise import astype
from tinygraph.ops.reductions import sum
from tinygraph.ops.shaping import broadcast_like, reshape
from tinygraph.order import order
from tinygraph.structure import leaves, map_leaves


def grad(J: Node, wrt: Any) -> Any:
    """The gradient of the number J: for each node of `wrt` a node of its shape, in the structure of `wrt`.

    J has one element, `()` or `(1, 1)`; `wrt` is a node, or a list, tuple or dict of them. A node that J does not
    depend on has the gradient 0. Raises `GradientError` where J is no single number, and `DtypeError` where J
    or a node of `wrt` is no float.

    >>> import numpy as np, tinygraph as tg
    >>> x = tg.input("x", ())
    >>> dx = tg.grad(x ** 3, x)
    >>> dx.eval(x=2.0), tg.grad(dx, x).eval(x=2.0)
    (np.float64(12.0), np.float64(12.0))
    """
    _check_float(J)
    if any(size != 1 for size in J.shape):
        raise GradientError(f"{J} is no single number, so it has no gradient: take tg.sum or tg.mean of it first")
    return vjp(J, wrt, np.ones((1,) * J.ndim, J.dtype))


def vjp(Y: Node, wrt: Any, g: Any) -> Any:
    """The vector-Jacobian product: the gradient of `sum(g * Y)`, where g has the shape of Y and is held fixed.

    The answer has the structure of `wrt`. Raises `ShapeError` where g has another shape than Y.

    >>> import tinygraph as tg
    >>> x = tg.input("x", (2,))
    >>> tg.vjp(x * x, x, [1.0, 10.0]).eval(x=[3.0, 4.0])
    array([ 6., 80.])
    """
    _check_float(Y)
    g = as_node(g)
    if g.shape != Y.shape:
        raise ShapeError(f"g has shape {g.shape}, and {Y} another: they must agree")
    map_leaves(_check_float, wrt)
    gradients = cotangents(Y, leaves(wrt), g)
    return map_leaves(lambda node: gradients[node] if node in gradients else zeros_like(node), wrt)


def cotangents(Y: Node, wrt: Iterable[Node], g: Node) -> dict[Node, Node]:
    """The gradient of every node on a way from `wrt` to Y, in the order of backprop; where ways meet, they add up."""
    graph = order(Y)
    on_the_way = set(wrt)
    for node in graph:
        if any(arg in on_the_way for arg in node.args):
            on_the_way.add(node)
    gradients = {Y: g} if Y in on_the_way else {}
    for node in reversed(graph):
        if node in gradients:
            for arg, part in contributions(node, gradients[node], on_the_way):
                gradients[arg] = gradients[arg] + part if arg in gradients else part
    return gradients


def contributions(node: Node, g: Node, wanted: Collection[Node]) -> Iterator[tuple[Node, Node]]:
    """What the gradient g of node adds to the gradient of each argument that is wanted: the chain rule, once."""
    for arg, rule in zip(node.args, node.op.vjps, strict=True):
        if rule is not None and arg in wanted and arg.dtype.kind == "f":
            part = sum_to(rule(g, node, *node.args, **node.params), arg)
            yield arg, part if part.dtype == arg.dtype else astype(part, arg.dtype)


def sum_to(g: Any, x: Any) -> Any:
    """g summed over the axes along which x was broadcast, so that it has the shape of x; for nodes and for arrays.

    >>> import numpy as np
    >>> sum_to(np.ones((2, 3)), np.ones((2, 1)))
    array([[3.],
           [3.]])
    """
    if g.shape == x.shape:
        return g
    if x.shape == ():
        return sum(g)
    missing = len(g.shape) - len(x.shape)
    copied = [axis for axis, size in enumerate(x.shape, missing) if size == 1 and g.shape[axis] != 1]
    axes = (*range(missing), *copied)
    g = sum(g, axis=axes[0] if len(axes) == 1 else axes, keepdims=True)
    return reshape(g, x.shape) if missing else g


def zeros_like(x: Node) -> Node:
    """Zeros of the shape and dtype of x."""
    return broadcast_like(constant(x.dtype.type(0)), x)


def _check_float(node: Any) -> None:
    if not isinstance(node, Node):
        raise NodeTypeError(f"a derivative is taken of a node and with respect to nodes, not {type(node).__name__}")
    if node.dtype.kind != "f":
        raise DtypeError(
            f"{node} is {node.dtype}: a derivative needs floats, as in tg.parameter(np.array(…, dtype=float))"
        )
