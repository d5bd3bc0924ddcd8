"""Reverse mode: the derivative of a graph is a graph, built by one walk from the result back to the leaves."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any
from weakref import ref

import numpy as np

from tinygraph.errors import DtypeError, GradientError, NodeTypeError, ShapeError
from tinygraph.graph import Node, as_node, constant
from tinygraph.ops.axes import zeros_like
from tinygraph.ops.elementwise import astype
from tinygraph.ops.reductions import sum
from tinygraph.ops.shaping import in_shape
from tinygraph.order import order
from tinygraph.remembered import Remembered
from tinygraph.sizes import Size, is_name
from tinygraph.structure import leaves, map_leaves

WALKS: Remembered[list[tuple[ref[Node], ref[Node]]]] = Remembered()
"""The walk back that a gradient comes from: each node on the way with its own gradient, for those who name them."""


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
    check_cost(J, wrt)
    return vjp(J, wrt, one_like(J))


def check_cost(J: Node, wrt: Any) -> None:
    """Raises the errors of `grad`, and builds nothing."""
    map_leaves(_check_float, [J, wrt])
    if any(size != 1 for size in J.shape):
        raise GradientError(f"{J} is no single number, so it has no gradient: take tg.sum or tg.mean of it first")


def asked(J: Node, wrt: Any) -> list[Node]:
    """The nodes of `wrt`, each once; raises the errors of `grad`, and `NodeTypeError` where there is none."""
    check_cost(J, wrt)
    found = list(dict.fromkeys(leaves(wrt)))
    if not found:
        raise NodeTypeError("there is no derivative to ask for: give a node or more, as in [W, b]")
    return found


def one_like(J: Node) -> Node:
    """The derivative of a number with respect to itself."""
    return constant(np.ones((1,) * J.ndim, J.dtype))


def vjp(Y: Any, wrt: Any, g: Any) -> Any:
    """The vector-Jacobian product: the gradient of `sum(g * Y)`, where g has the shape of Y and is held fixed.

    Y may be a list, tuple or dict of nodes, and g then is one of their gradients.
    The answer has the structure of `wrt`.
    Raises `ShapeError` where g has another shape than Y.

    >>> import tinygraph as tg
    >>> x = tg.input("x", (2,))
    >>> tg.vjp(x * x, x, [1.0, 10.0]).eval(x=[3.0, 4.0])
    array([ 6., 80.])
    """
    map_leaves(_check_float, (Y, wrt))
    gradients = cotangents(paired(Y, g, "g", "Y"), leaves(wrt))
    walk = [(ref(node), ref(gradient)) for node, gradient in gradients.items()]
    for node in leaves(wrt):
        if node in gradients:
            WALKS[gradients[node]] = walk
    return map_leaves(lambda node: gradients[node] if node in gradients else zeros_like(node), wrt)


def jvp(Y: Any, wrt: Any, v: Any) -> Any:
    """The Jacobian-vector product: how Y changes along v, where v has the structure and the shapes of `wrt`.

    `vjp` is linear in g, and its transpose is this: so no op needs a rule for it. The answer has the structure of Y.
    Raises `ShapeError` where v has another shape than `wrt`.

    >>> import tinygraph as tg
    >>> x = tg.input("x", (2,))
    >>> tg.jvp(x * x, x, [1.0, 10.0]).eval(x=[3.0, 4.0])
    array([ 6., 80.])
    """
    map_leaves(_check_float, (Y, wrt))
    g = map_leaves(zeros_like, Y)
    directions = [v for _, v in paired(wrt, v, "v", "wrt")]
    return vjp(vjp(Y, leaves(wrt), g), g, directions)


def hvp(J: Node, wrt: Any, v: Any) -> Any:
    """The Hessian-vector product: how the gradient of J changes along v, without the Hessian itself.

    v has the structure and the shapes of `wrt`, and so has the answer. Raises `GradientError` where J is no number.

    >>> import tinygraph as tg
    >>> x = tg.input("x", (2,))
    >>> tg.hvp(tg.sum(x ** 3), x, [1.0, 10.0]).eval(x=[3.0, 4.0])
    array([ 18., 240.])
    """
    gradients = grad(J, leaves(wrt))
    return vjp(gradients, wrt, [v for _, v in paired(wrt, v, "v", "wrt")])  # the Hessian is symmetric


def paired(nodes: Any, arrays: Any, what: str, whose: str) -> list[tuple[Node, Node]]:
    """Each node beside its array, as a node of its dtype; raises `ShapeError` where their shapes differ.

    A plain array has the node's named sizes: which numbers they are is checked when it is computed.
    """
    if isinstance(nodes, Node) and not any(isinstance(part, Node) for part in leaves(arrays) if part is not arrays):
        if not isinstance(arrays, Node | Size) and np.ndim(arrays) == nodes.ndim:
            numbers = np.shape(arrays)
            dims = [size if is_name(size) else number for size, number in zip(nodes.shape, numbers, strict=True)]
            arrays = constant(arrays, dims=dims)
        arrays = as_node(arrays)
        if arrays.shape != nodes.shape:
            raise ShapeError(f"{what} has shape {arrays.shape}, and {nodes} another: they must agree")
        return [(nodes, arrays if arrays.dtype == nodes.dtype else astype(arrays, nodes.dtype))]
    is_dict = isinstance(nodes, dict)
    if type(arrays) is not type(nodes) or len(arrays) != len(nodes) or (is_dict and arrays.keys() != nodes.keys()):
        raise NodeTypeError(f"{what} must have the structure of {whose}, {_structure(nodes)}, not {_structure(arrays)}")
    keys = nodes if is_dict else range(len(nodes))
    return [pair for key in keys for pair in paired(nodes[key], arrays[key], what, whose)]


def _structure(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, dict):
        return f"a dict of {', '.join(map(str, value))}"
    return f"a {kind} of {len(value)}" if isinstance(value, list | tuple) else f"one {kind}"


def contributions(node: Node, g: Node, wanted: Collection[Node]) -> Iterator[tuple[int, Node]]:
    """The chain rule, once: what the gradient g of node adds to that of each argument that is wanted, by its place."""
    for place, (arg, rule) in enumerate(zip(node.args, node.op.rules(len(node.args)), strict=True)):
        if rule is not None and arg in wanted and arg.dtype.kind == "f":
            part = sum_to(rule(g, node, *node.args, **node.params), arg)
            yield place, part if part.dtype == arg.dtype else astype(part, arg.dtype)


def cotangents(
    roots: Iterable[tuple[Node, Node]],
    wrt: Iterable[Node],
    fixed: Collection[Node] = (),
    chain_rule: Callable[[Node, Node, Collection[Node]], Iterable[tuple[int, Node]]] = contributions,
) -> dict[Node, Node]:
    """The gradient of every node on a way from `wrt` to the roots, each given with its own, in the order of backprop.

    Where ways meet, gradients add up. No way leads through a node that is held fixed.
    """
    roots = list(roots)
    graph = order(*(root for root, _ in roots), known=fixed)
    on_the_way = set(wrt)
    for node in graph:
        if node not in fixed and any(arg in on_the_way for arg in node.args):
            on_the_way.add(node)
    gradients: dict[Node, Node] = {}

    def add(node: Node, part: Node) -> None:
        gradients[node] = gradients[node] + part if node in gradients else part

    for root, g in roots:
        if root in on_the_way:
            add(root, g)
    for node in reversed(graph):
        if node in gradients and node not in fixed:
            for place, part in chain_rule(node, gradients[node], on_the_way):
                add(node.args[place], part)
    return gradients


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
    return in_shape(sum(g, axis=axes[0] if len(axes) == 1 else axes, keepdims=True), x.shape)


def _check_float(node: Any) -> None:
    if not isinstance(node, Node):
        raise NodeTypeError(f"a derivative is taken of a node and with respect to nodes, not {type(node).__name__}")
    if node.dtype.kind != "f":
        raise DtypeError(
            f"{node} is {node.dtype}: a derivative needs floats, as in tg.parameter(np.array(…, dtype=float))"
        )
