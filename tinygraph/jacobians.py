"""Jacobians and Hessians: one row for each element, each row a gradient, and all rows from one node."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np

from tinygraph.derivatives import cotangents, grad, vjp
from tinygraph.evaluate import needs, run
from tinygraph.graph import Node, as_node, constant, op
from tinygraph.ops.axes import zeros_like
from tinygraph.ops.elementwise import astype
from tinygraph.ops.indexing import index
from tinygraph.ops.picking import arange
from tinygraph.ops.reductions import sum
from tinygraph.ops.shaping import in_shape
from tinygraph.order import order
from tinygraph.sizes import Shape, Symbolic, product, resolve, sources
from tinygraph.structure import map_leaves


class Body(Symbolic):
    """What is computed for each number of a loop: a node, as a function of the leaf `number` and of what it holds.

    `held` is whatever the node depends on and the number does not change, so that it is computed once.
    """

    def __init__(self, node: Node, number: Node):
        self.node, self.number = node, number
        self.sizes: Mapping[str, int] = {}
        graph = order(node, needs=needs)
        varying = {number}
        for part in graph:
            if any(arg in varying for arg in part.args):
                varying.add(part)
        self.steps = [part for part in graph if part in varying and part is not number]
        used = dict.fromkeys(arg for part in self.steps for arg in part.args if arg not in varying)
        self.held = tuple(used) if node in varying else (node,)
        found = sources([*node.shape, *(part for step in self.steps for part in step.params.values())])
        self.sources = {str(place): source for place, source in enumerate(dict.fromkeys(found))}

    def at(self, sizes: Mapping[str, int]) -> "Body":
        """The same with a number for each size."""
        body = copy(self)
        body.sizes = sizes
        return body

    def __call__(self, number: int, *held: Any) -> Any:
        """The value for one number."""
        values = {self.number: np.int64(number), **dict(zip(self.held, held, strict=True))}
        run(self.steps, values, dict(self.sizes))
        return values[self.node]

    def vjp(self, place: int, g: Node) -> Node:
        """The gradient of what it holds at that place, for the gradient of one number's row; all else is held fixed."""
        x, row = self.held[place], index(g, self.number)
        return cotangents([(self.node, row)], [x], fixed=set(self.held)).get(x, zeros_like(x))

    def __repr__(self) -> str:
        return f"{self.node} for each {self.number.name}"


def _shape_for_each(numbers: Shape, *_: Shape, body: Body) -> Shape:
    return (*numbers, *body.node.shape)


@op(
    None,
    rest=lambda i, g, out, numbers, *held, body: sum(for_each(numbers, body.number, body.vjp(i, g)), axis=0),
    shape=_shape_for_each,
    dtype=lambda numbers, *held, body: body.node.dtype,
    label="for_each({args})",
)
def _for_each(numbers: Any, *held: Any, body: Body) -> Any:
    return each(body, numbers, held, resolve(body.node.shape, body.sizes), body.node.dtype)


def each(row: Callable[..., Any], numbers: Any, held: Sequence[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    """The row for each number, one below the other; the row is a function of a number and of all that is held."""
    out = np.empty((len(numbers), *shape), dtype)
    for place, number in enumerate(numbers):
        out[place] = row(number, *held)
    return out


def for_each(numbers: Any, number: Node, node: Node) -> Node:
    """The node for each of the numbers, one below the other; in the node they stand as the leaf `number`.

    >>> import tinygraph as tg
    >>> x, i = tg.input("x", ("n",)), tg.input("i", (), int)
    >>> powers = for_each(range(3), i, x ** i)
    >>> powers.shape, powers.eval(x=[2, 10])
    ((3, n), array([[  1.,   1.],
           [  2.,  10.],
           [  4., 100.]]))
    """
    body = Body(node, number)
    return _for_each(as_node(numbers), *body.held, body=body)


def jacobian(Y: Any, wrt: Any) -> Any:
    """The derivative of each element of Y with respect to each element: nodes of shape `Y.shape + x.shape`.

    Y and `wrt` are nodes, or lists, tuples or dicts of them; for each node of Y the answer has the structure of `wrt`.
    Each element of Y costs one walk back through its graph; in a picture that walk is one box, `for_each`.
    Raises `DtypeError` where a node is no float.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ("n",))
    >>> dY = tg.jacobian(x * x, x)
    >>> dY.shape, dY.eval(x=[1, 2])
    ((n, n), array([[2., 0.],
           [0., 4.]]))
    """
    return map_leaves(lambda node: map_leaves(lambda x: _jacobian(node, x), wrt), Y)


def _jacobian(Y: Node, x: Node) -> Node:
    if Y.shape == ():
        return vjp(Y, x, np.ones((), Y.dtype))
    places = arange(product(Y.shape))
    i = constant(np.int64(0), "i")
    row = vjp(Y, x, astype(in_shape(as_node(places) == i, Y.shape), Y.dtype))
    return in_shape(for_each(places, i, row), (*Y.shape, *x.shape))


def hessian(J: Node, wrt: Any) -> Any:
    """The second derivatives of the number J: for each pair of nodes of `wrt` one of both shapes, one after the other.

    The answer has the structure of `wrt`, and in each place again, as in JAX. Raises `GradientError` where J is no
    single number.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ("n",))
    >>> tg.hessian(tg.sum(x ** 3), x).eval(x=[1, 2])
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(J, wrt), wrt)
