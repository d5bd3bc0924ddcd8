"""Nodes read as sums of terms, and sums written as nodes again: what school algebra works on, and what it comes to."""

from collections.abc import Callable, Mapping, Sequence, Set
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from tinygraph.graph import SIZE, Node, as_node
from tinygraph.ops.elementwise import add, divide, multiply, negative, power, subtract, where
from tinygraph.ops.shaping import broadcast_like
from tinygraph.sharing import Sharing
from tinygraph.sizes import Size
from tinygraph.terms import Factor, Sum, Term, alone, is_size


class Reader:
    """Reads nodes as sums; nodes that are `named` are not looked into, and equal nodes are one."""

    def __init__(self, named: Set[Node] | Mapping[Node, str]):
        self._named, self._sharing = named, Sharing()
        self._read: dict[Node, Sum] = {}

    def read(self, node: Node) -> Sum:
        """The node as a sum of terms, as it was written."""
        if node not in self._read:
            self._read[node] = self._of(node)
        return self._read[node]

    def _of(self, node: Node) -> Sum:
        number = _number(node)
        if number is not None:
            return Sum([Term(number, ())] if number else [])
        if node.op is SIZE:
            return self._size(node)
        if node in self._named or node.op.name not in RULES or node.dtype.kind != "f":
            return Sum([alone(self.atom(node))])
        return RULES[node.op.name](self, node)

    def _size(self, node: Node) -> Sum:
        """A size as a number times names: 2 and m for 2*m."""
        size = node.params["size"]
        if len(size.terms) > 1 or not all(isinstance(name, str) for name in next(iter(size.terms))):
            return Sum([alone(self._shared(node))])
        ((names, coefficient),) = size.terms.items()
        term = Term(Fraction(coefficient), ())
        for name in names:
            term = term.times(alone(self._sharing.shared(as_node(Size.named(name, size.sources[name])))))
        return Sum([term])

    def atom(self, node: Node) -> Node:
        """The node as a factor: the same for all that are equal."""
        return node if node in self._named else self._shared(node)

    def _shared(self, node: Node) -> Node:
        if node in self._named or not node.args:
            return self._sharing.shared(node) if node.op.name == "size" else node
        return self._sharing.with_args(node, tuple(map(self._shared, node.args)))


def _number(node: Node) -> Fraction | None:
    """The number that all elements of an unnamed constant are."""
    if node.op.name != "constant" or node.name:
        return None
    array = np.asarray(node.params["array"])
    if (
        not array.size
        or array.dtype.kind not in "iuf"
        or not np.isfinite(array).all()
        or (array != array.flat[0]).any()
    ):
        return None
    return Fraction(array.flat[0].item())


def _quotient(reader: Reader, node: Node) -> Sum:
    top, bottom = map(reader.read, node.args)
    if not bottom.terms:
        return Sum([alone(reader.atom(node))])
    inverse = bottom.as_term().inverse()
    return top.scaled(inverse) if len(top.terms) == 1 else Sum([top.as_term().times(inverse)])


def _product(reader: Reader, node: Node) -> Sum:
    x, y = map(reader.read, node.args)
    if not x.terms or not y.terms:
        return Sum([])
    return Sum([x.as_term().times(y.as_term())])


def _power(reader: Reader, node: Node) -> Sum:
    exponent, base = _number(node.args[1]), reader.read(node.args[0])
    if exponent is None or exponent.denominator != 1 or not 1 <= abs(exponent) <= 8 or not base.terms:
        return Sum([alone(reader.atom(node))])
    term = base.as_term()
    raised = reduce(Term.times, [term] * abs(int(exponent)))
    return Sum([raised if exponent > 0 else raised.inverse()])


def _reshaped(reader: Reader, node: Node) -> Sum:
    """A number has no shape to speak of; anything else keeps what its axes mean."""
    inner = reader.read(node.args[0])
    is_number = all(is_size(factor) for term in inner.terms for factor, _ in term.factors)
    return inner if is_number else Sum([alone(reader.atom(node))])


def _gated(reader: Reader, node: Node) -> Sum:
    """What is 0 unless a condition holds, as what it is then, times the condition as 1 or 0."""
    condition, x, y = node.args
    if _number(y) != 0 or _number(x) == 1:
        return Sum([alone(reader.atom(node))])
    gate = where(condition, as_node(1.0), as_node(0.0))
    inner = reader.read(x)
    return Sum([inner.as_term().times(alone(reader.atom(gate)))]) if inner.terms else inner


def _square(reader: Reader, node: Node) -> Sum:
    base = reader.read(node.args[0])
    return Sum([base.as_term().times(base.as_term())] if base.terms else [])


RULES: dict[str, Callable[[Reader, Node], Sum]] = {
    "add": lambda reader, node: reader.read(node.args[0]) + reader.read(node.args[1]),
    "subtract": lambda reader, node: reader.read(node.args[0]) + _opposite(reader.read(node.args[1])),
    "negative": lambda reader, node: _opposite(reader.read(node.args[0])),
    "multiply": _product,
    "divide": _quotient,
    "power": _power,
    "square": _square,
    "reshape": _reshaped,
    "where": _gated,
    "broadcast_like": lambda reader, node: reader.read(node.args[0]),
    "broadcast_to": lambda reader, node: reader.read(node.args[0]),
}


def _opposite(x: Sum) -> Sum:
    return x.scaled(Term(Fraction(-1), ()))


def write(x: Sum, like: Node | None = None) -> Node:
    """The sum as a node, of the shape of `like` where one is given."""
    node = _written_sum(x)
    if like is not None and node.shape != like.shape:
        node = broadcast_like(node, like)
    return node


def _written_sum(x: Sum) -> Node:
    if not x.terms:
        return as_node(0.0)
    first, *rest = x.terms
    total = _written_term(first)
    for term in rest:
        join = subtract if term.number < 0 else add
        total = join(total, _written_term(Term(abs(term.number), term.factors)))
    return total


def _written_term(term: Term) -> Node:
    """The term as a node: its numbers and sizes first, as in 2/m (A − Y)."""
    if term.number < 0:
        return negative(_written_term(Term(-term.number, term.factors)))
    has_arrays = any(not _is_scalar(factor) for factor, _ in term.factors)
    scalars = [pair for pair in term.factors if is_size(pair[0]) or (has_arrays and _is_scalar(pair[0]))]
    others = [pair for pair in term.factors if not (is_size(pair[0]) or (has_arrays and _is_scalar(pair[0])))]
    number = term.number
    is_short = number.denominator <= 1000 or float(number) != number
    top = number.numerator if is_short else float(number)
    bottom = number.denominator if is_short else 1
    if not any(exponent > 0 for _, exponent in others):
        whole = _quotient_of(top, bottom, term.factors)
        return as_node(1.0) if whole is None else whole
    parts = [part for part in (_quotient_of(top, bottom, scalars), _quotient_of(1, 1, others)) if part is not None]
    return reduce(multiply, parts)


def _is_scalar(factor: Factor) -> bool:
    return isinstance(factor, Node) and not factor.shape


def _quotient_of(top: Any, bottom: Any, factors: Sequence[tuple[Factor, int]]) -> Node | None:
    above = [_raised(factor, exponent) for factor, exponent in factors if exponent > 0]
    below = [_raised(factor, -exponent) for factor, exponent in factors if exponent < 0]
    above = ([as_node(top)] if top != 1 else []) + above
    below = ([as_node(bottom)] if bottom != 1 else []) + below
    if not above and not below:
        return None
    upper = reduce(multiply, above) if above else as_node(1)
    return divide(upper, reduce(multiply, below)) if below else upper


def _raised(factor: Factor, exponent: int) -> Node:
    base = factor if isinstance(factor, Node) else _written_sum(factor)
    return base if exponent == 1 else power(base, exponent)
