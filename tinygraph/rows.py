"""Rows `pattern → replacement`, written in the library's own ops: the laws that a formula can say."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tinygraph.costs import is_not_negative, may_overflow, uniform
from tinygraph.graph import CONSTANT, Node, input
from tinygraph.maker import Maker
from tinygraph.notation import expression
from tinygraph.ops.activations import log_sigmoid, softplus
from tinygraph.ops.elementwise import exp, log, relu, sigmoid, tanh, where
from tinygraph.ops.functions import abs, cosh, exp2, expm1, log1p, log2, logaddexp, sinh, sqrt, square
from tinygraph.report import DIGITS, LAW, LIMIT, POLICY

SPREADING = ("broadcast_to", "broadcast_like")


class Row(NamedTuple):
    """A law: what matches the pattern may be written as the replacement, which costs less.

    In a pattern x, y and z stand for any node, a number for every array that is filled with it.
    """

    pattern: Node
    replacement: Node | int
    kind: int = LAW
    note: str = ""
    when: Callable[..., bool] = lambda **nodes: True

    @property
    def law(self) -> str:
        """The law as it is written on paper."""
        return f"{_bare(self.pattern)} → {_bare(self.replacement)}"


def _bare(side: Node | int) -> str:
    return expression(side, {}, depth=9) if isinstance(side, Node) else str(side)


x, y, z = (input(name, ()) for name in "xyz")
size = abs(x)
ROUNDS = "1 + x keeps no digits of a small x; this does"
HALF = "1 + tanh(x) keeps no digits where tanh(x) is close to -1; this does"
OVERFLOWS = "exp overflows where the result does not: inf - inf or inf / inf becomes the true limit"

# fmt: off
ROWS = [
    # Neutral elements.
    Row(x + 0,                    x),
    Row(x - 0,                    x),
    Row(0 - x,                    -x),
    Row(x * 1,                    x),
    Row(x / 1,                    x),
    Row(x ** 1,                   x),
    Row(x * -1,                   -x),
    Row(x / -1,                   -x),
    # Absorbing elements: true of numbers, while 0 * inf and 0 / 0 are NaN.
    Row(x * 0,                    0, POLICY, "NaN or inf times 0 becomes 0"),
    Row(0 / x,                    0, POLICY, "0 / 0 and NaN become 0"),
    Row(x - x,                    0, POLICY, "NaN and inf - inf become 0"),
    Row(x / x,                    1 + 0, POLICY, "0 / 0, inf / inf and NaN become 1"),
    Row(x ** 0,                   1),
    # Signs.
    Row(-(-x),                    x),  # noqa: B002
    Row(x + -y,                   x - y),
    Row(x - -y,                   x + y),
    Row(-(x - y),                 y - x),
    Row(-x * -y,                  x * y),
    Row(-x / -y,                  x / y),
    Row(abs(-x),                  abs(x)),
    Row(abs(abs(x)),              abs(x)),
    Row(square(-x),               square(x)),
    Row(square(abs(x)),           square(x)),
    Row(abs(x) * abs(x),          x * x),
    Row(abs(square(x)),           square(x)),
    # Powers and roots.
    Row(x ** 2,                   square(x)),
    Row(x ** -1,                  1 / x),
    Row(x ** 0.5,                 sqrt(x), POLICY, "(-inf) ** 0.5 is inf, and sqrt(-inf) NaN"),
    Row(1 / (1 / x),              x, POLICY, "1 / (1 / x) is 0 or inf where x is too small or large for its inverse"),
    Row(sqrt(square(x)),          abs(x), LIMIT, "finite where the square overflows"),
    Row(sqrt(x * x),              abs(x), LIMIT, "finite where the square overflows"),
    # exp and log.
    Row(log(exp(x)),              x, LIMIT, "finite where exp overflows, and where it rounds to 0"),
    Row(exp(log(x)),              x, when=lambda x: is_not_negative(x)),
    Row(log(1 + x),               log1p(x), DIGITS, ROUNDS),
    Row(exp(x) - 1,               expm1(x), DIGITS, "exp(x) - 1 keeps no digits of a small x; this does"),
    Row(log1p(expm1(x)),          x, LIMIT, "finite where exp overflows"),
    Row(expm1(log1p(x)),          x, when=lambda x: is_not_negative(x)),
    Row(log2(exp2(x)),            x, LIMIT, "finite where exp2 overflows"),
    Row(logaddexp(x, 0),          softplus(x)),
    Row(log(exp(x) + exp(y)),     logaddexp(x, y), LIMIT, "finite where exp overflows, or both round to 0"),
    # Hyperbolic functions.
    Row((exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x), LIMIT, OVERFLOWS),
    Row(expm1(x) / (exp(x) + 1),  tanh(x / 2), LIMIT, OVERFLOWS),
    Row(sinh(x) / cosh(x),        tanh(x), LIMIT, OVERFLOWS),
    Row(log(cosh(x)),             size + log1p(expm1(-2 * size) / 2), LIMIT, "finite where cosh overflows"),
    Row((exp(x) + exp(-x)) / 2,   cosh(x)),
    Row((exp(x) - exp(-x)) / 2,   sinh(x), DIGITS, "keeps the digits of a small x, which the difference loses"),
    # The logistic function, however it is written.
    Row(1 / (1 + exp(-x)),        sigmoid(x), note="silent where exp overflows"),
    Row(1 / (1 + exp(x)),         sigmoid(-x), note="silent where exp overflows"),
    Row(exp(x) / (1 + exp(x)),    sigmoid(x), LIMIT, OVERFLOWS),
    Row(sigmoid(-x) * exp(x),     sigmoid(x), LIMIT, OVERFLOWS),
    Row(log(sigmoid(x)),          -softplus(-x), LIMIT, "finite where sigmoid rounds to 0: log(0) = -inf"),
    Row(log(1 - sigmoid(x)),      -softplus(x), LIMIT, "finite where sigmoid rounds to 1: log(1 - 1) = -inf"),
    Row(log1p(-sigmoid(x)),       -softplus(x), LIMIT, "finite where sigmoid rounds to 1: log(1 - 1) = -inf"),
    Row(exp(log_sigmoid(x)),      sigmoid(x)),
    Row((1 + tanh(x)) / 2,        sigmoid(2 * x), DIGITS, HALF),
    Row(0.5 * (1 + tanh(x)),      sigmoid(2 * x), DIGITS, HALF),
    Row(0.5 * tanh(x) + 0.5,      sigmoid(2 * x), DIGITS, HALF),
    Row(log1p(exp(x)),            softplus(x), LIMIT, "finite where exp overflows", when=lambda x: may_overflow(x)),
    # Rectifiers, conditions.
    Row(relu(relu(x)),            relu(x)),
    Row(where(x, y, y),           y),
    Row(where(0, x, y),           y),
    Row(where(1, x, y),           x),
]
# fmt: on


_CANDIDATES: dict[Any, list[Row]] = {}


def rows_for(node: Node) -> list[Row]:
    """The rows whose pattern the node may be, by its op and those of its arguments; for most nodes there is none."""
    args = node.args
    is_twice = len(args) > 1 and args[-1] is args[-2]
    key = (node.op.name, is_twice, *(arg.op.name for arg in args))
    found = _CANDIDATES.get(key)
    if found is None:
        found = _CANDIDATES[key] = [row for row in ROWS if row.pattern.op is node.op and _may_match(row.pattern, node)]
    return found


def _may_match(pattern: Node, node: Node) -> bool:
    """Whether the arguments' ops fit, in one order or the other, and arguments are one where the pattern's are."""
    pairs = [zip(pattern.args, args, strict=True) for args in (node.args, node.args[::-1])[: 1 + _commutes(node)]]
    if len(pattern.args) > 1 and pattern.args[-1] is pattern.args[-2] and node.args[-1] is not node.args[-2]:
        return False
    return any(all(_may_be(part, arg) for part, arg in pair) for pair in pairs)


def _may_be(pattern: Node, node: Node) -> bool:
    if pattern.op is CONSTANT:
        return node.op is CONSTANT or node.op.name in SPREADING
    return pattern.op.name == "input" or pattern.op is node.op


def _commutes(node: Node) -> bool:
    return node.op.name in COMMUTATIVE


COMMUTATIVE = {"add", "multiply", "maximum", "minimum", "logaddexp"}


def bindings(pattern: Node, node: Node) -> Iterator[dict[str, Node]]:
    """Each way in which the node is the pattern: what its wildcards stand for."""
    return _matches([(pattern, node)], {})


def _matches(pairs: list[tuple[Node, Node]], bound: dict[str, Node]) -> Iterator[dict[str, Node]]:
    if not pairs:
        yield bound
        return
    (pattern, node), *rest = pairs
    if pattern.op.name == "input":
        name = str(pattern.name)
        if bound.get(name, node) is node:
            yield from _matches(rest, {**bound, name: node})
    elif pattern.op is CONSTANT:
        value = uniform(node)
        if value is not None and value == pattern.params["array"]:
            yield from _matches(rest, bound)
    elif pattern.op is node.op:
        yield from _matches([*zip(pattern.args, node.args, strict=True), *rest], bound)
        if _commutes(node):
            yield from _matches([*zip(pattern.args, reversed(node.args), strict=True), *rest], bound)


def filled(pattern: Node | int, bound: Mapping[str, Node], make: Maker) -> Node | int:
    """The replacement with its wildcards filled in."""
    if isinstance(pattern, int):
        return pattern
    if pattern.op.name == "input":
        return bound[str(pattern.name)]
    if pattern.op is CONSTANT:
        return make.shared(pattern)
    return make(pattern.op, *(filled(arg, bound, make) for arg in pattern.args), **pattern.params)
