"""A node as it is written on a blackboard, in the reader's own names."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygraph.calls import call
from tinygraph.formulas import Formula

if TYPE_CHECKING:
    from tinygraph.graph import Node

DEEPEST, LONGEST = 40, 400
"""What lies deeper than so many ops below a node, or is longer than so many signs, is written as "…"."""

MATRIX_OPS = {"inv", "det"}
"""They take matrices, as products and ᵀ do: a product in such a line is one of matrices, unless it has ⊙."""

ELLIPSIS = Formula("…", r"\dots")


def written(node: "Node", names: Mapping["Node", str]) -> Formula:
    """The node by its name, or as a formula of named nodes.

    >>> import tinygraph as tg
    >>> W, X = tg.input("W", ("n_x", 1)), tg.input("X", ("n_x", "m"))
    >>> written(W.T @ X, {})
    Formula('Wᵀ X')
    """
    return _in_one_way(names, lambda writer: writer.of(node, DEEPEST))


def made_of(node: "Node", names: Mapping["Node", str]) -> Formula:
    """What the node computes, even where it has a name: `Wᵀ X + b` for Z."""
    return _in_one_way(names, lambda writer: writer.made_of(node, DEEPEST))


def _in_one_way(names: Mapping["Node", str], write: Callable[["_Writer"], Formula]) -> Formula:
    """One line, in which ⊙ stands everywhere or nowhere."""
    found = write(_Writer(names))
    return write(_Writer(names, in_matrices=True)) if found.needs_dot else found


class _Writer:
    """Writes nodes; `in_matrices` as they stand in a line with a matrix product, where one of elements has ⊙."""

    def __init__(self, names: Mapping["Node", str], in_matrices: bool = False):
        self._names, self._in_matrices = names, in_matrices
        self._known: dict[Node, Formula] = {}

    def of(self, node: "Node", depth: int) -> Formula:
        if node not in self._known:
            name = self._names.get(node) or node.name
            found = Formula.name(name, node.shape) if name else self.made_of(node, depth)
            self._known[node] = replace(found, needs_dot=found.needs_dot or (self._in_matrices and not found.is_scalar))
        return self._known[node]

    def made_of(self, node: "Node", depth: int) -> Formula:
        if not node.args:
            return _leaf(node)
        if depth == 0:
            return replace(ELLIPSIS, shape=node.shape)
        args = [self.of(arg, depth - 1) for arg in node.args]
        found = node.op.board(args, node.params)
        has_matrices = node.op.name in MATRIX_OPS or any(arg.needs_dot for arg in args)
        needs_dot = found.needs_dot or (has_matrices and found.seen != ())  # and is no copied number
        return replace(found if len(found.text) <= LONGEST else ELLIPSIS, shape=node.shape, needs_dot=needs_dot)


def _leaf(node: "Node") -> Formula:
    """A leaf without a name: a number, a size, an array."""
    if node.op.name == "constant":
        found = _constant(np.asarray(node.params["array"]))
    elif node.op.name == "arange":
        found = call("arange", [Formula.sized(str(node.params["size"]))])
    else:
        found = Formula.sized(node.op.written(node) if node.op.written else node.op.name)
    return replace(found, shape=node.shape)


def _constant(array: Any) -> Formula:
    if array.size and array.dtype.kind in "iuf" and (array == array.flat[0]).all():
        return Formula.number(array.flat[0].item()).as_seen()
    if array.ndim == 1 and array.dtype.kind in "iu" and (array == np.arange(array.size)).all():
        return call("arange", [Formula.number(array.size)])
    return Formula.name("array")
