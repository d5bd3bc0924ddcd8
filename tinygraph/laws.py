"""The laws: rows `pattern → replacement`, written in the library's own ops, and what each op is counted to cost."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from tinygraph.graph import CONSTANT, INPUT, OPS, Node, Op, as_node, input
from tinygraph.notation import expression
from tinygraph.ops.activations import log_sigmoid, log_softmax, softmax, softplus
from tinygraph.ops.axes import broadcast_to
from tinygraph.ops.elementwise import divide, exp, log, multiply, relu, sigmoid, tanh, where
from tinygraph.ops.functions import abs, cosh, exp2, expm1, log1p, log2, logaddexp, sinh, sqrt, square
from tinygraph.ops.linalg import matmul
from tinygraph.ops.reductions import axes_along, sum, with_ones
from tinygraph.ops.shaping import reshape, transpose
from tinygraph.ops.statistics import logsumexp
from tinygraph.report import ASSUMPTION, LAW, LIMIT, POLICY
from tinygraph.sizes import Shape, sources

# What an op costs, in passes over an array. Every row lowers the cost of what it replaces, so rewriting ends.

COSTS = {
    **dict.fromkeys(["input", "parameter", "constant", "size", "arange"], 0.0),
    **dict.fromkeys(["transpose", "reshape", "broadcast_to", "broadcast_like"], 1 / 8),
    **dict.fromkeys(["add", "subtract", "multiply", "divide", "reciprocal", "square"], 1.0),
    **dict.fromkeys(["sign", "maximum", "minimum", "relu", "where", "astype"], 1.0),
    **dict.fromkeys(["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"], 1.0),
    **dict.fromkeys(["negative", "abs", "fabs"], 3 / 4),
    **dict.fromkeys(["sum", "mean", "max", "min"], 1.0),
    "sqrt": 2.0,
    "sigmoid": 4.5,  # as one op it is less than the exp, the sum and the quotient that it stands for
    "softplus": 6.0,
    "logaddexp": 7.0,
    "log_sigmoid": 8.0,
    **dict.fromkeys(["logsumexp", "softmax", "log_softmax"], 8.0),
    "matmul": 16.0,
}
OTHER = 4.0  # exp, log, tanh, power and whatever is not listed
DANGER = 2.0  # so many times the cost of exp where it may overflow
SCALAR = 1 / 16  # for one number, the share of the cost for an array


def is_scalar(shape: Shape) -> bool:
    """Whether it is the shape of one number."""
    for size in shape:  # noqa: SIM110 - asked so often that all(…) would take half of the time
        if size.__class__ is not int or size != 1:
            return False
    return True


def cost(node: Node) -> float:
    """What the last step of a node costs."""
    full = COSTS.get(node.op.name, OTHER)
    if node.op is exp and may_overflow(node.args[0]):
        full *= DANGER
    if node.op is CONSTANT and not node.weak and not node.shape:
        return SCALAR / 4  # so that np.float64(2.0) * x becomes 2.0 * x
    small = is_scalar(node.shape) and all(is_scalar(arg.shape) for arg in node.args)
    return full * SCALAR if small else full


# What is known of a node's values.

NOT_NEGATIVE = {"exp", "exp2", "sigmoid", "softplus", "square", "abs", "fabs", "sqrt", "softmax", "relu", "var", "std"}


def is_not_negative(node: Node) -> bool:
    """Whether no value can be below 0, by the op that makes it."""
    value = uniform(node)
    return node.op.name in NOT_NEGATIVE if value is None else bool(value >= 0)


def may_overflow(node: Node) -> bool:
    """Whether exp of the node can be more than 1: not where it is written as the opposite of what is not negative."""
    return not (node.op.name == "negative" and is_not_negative(node.args[0]))


FEW = 64  # elements of an array that is looked through for one number


def uniform(node: Node) -> Any:
    """The one number that all elements of a node are known to be; None where there is none.

    A constant with a name is kept as it is, so that the reader still sees it.
    """
    while node.op.name in ("broadcast_to", "broadcast_like"):
        node = node.args[0]
    if node.op is not CONSTANT or node.name:
        return None
    array = node.params["array"]
    if node.weak:
        return array
    if not 0 < array.size <= FEW or not (array == array.flat[0]).all():
        return None
    return array.flat[0].item()


class Maker(Protocol):
    """What makes the nodes that a law asks for, each once and simplified at once."""

    def __call__(self, op: Op, *args: Any, **params: Any) -> Node:
        """The op on nodes and numbers."""

    def filled(self, value: float, like: Node) -> Node:
        """That number everywhere, in the shape and dtype of a node."""

    def shared(self, node: Node) -> Node:
        """The node, or the equal one that there is."""

    def rebuilt(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The node with other arguments."""

    def tell(self, law: str, before: Node, after: Node, kind: int = LAW, note: str = "") -> None:
        """Report that a law was applied."""


# Rows. In a pattern x, y and z stand for any node, a number for every array that is filled with it.


class Row(NamedTuple):
    """A law: what matches the pattern may be written as the replacement, which costs less."""

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
ROUNDS = "1 + x keeps no digits of a small x; this does"
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
    Row(log(1 + x),               log1p(x), note=ROUNDS),
    Row(exp(x) - 1,               expm1(x), note="exp(x) - 1 keeps no digits of a small x; this does"),
    Row(log1p(expm1(x)),          x, LIMIT, "finite where exp overflows"),
    Row(expm1(log1p(x)),          x, when=lambda x: is_not_negative(x)),
    Row(log2(exp2(x)),            x, LIMIT, "finite where exp2 overflows"),
    Row(logaddexp(x, 0),          softplus(x)),
    Row((exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x), LIMIT, OVERFLOWS),
    Row((exp(x) + exp(-x)) / 2,   cosh(x)),
    Row((exp(x) - exp(-x)) / 2,   sinh(x), note="keeps the digits of a small x, which the difference loses"),
    # The logistic function, however it is written.
    Row(1 / (1 + exp(-x)),        sigmoid(x), note="silent where exp overflows"),
    Row(1 / (1 + exp(x)),         sigmoid(-x), note="silent where exp overflows"),
    Row(exp(x) / (1 + exp(x)),    sigmoid(x), LIMIT, OVERFLOWS),
    Row(sigmoid(-x) * exp(x),     sigmoid(x), LIMIT, OVERFLOWS),
    Row(log(sigmoid(x)),          -softplus(-x), LIMIT, "finite where sigmoid rounds to 0: log(0) = -inf"),
    Row(log(1 - sigmoid(x)),      -softplus(x), LIMIT, "finite where sigmoid rounds to 1: log(1 - 1) = -inf"),
    Row(log1p(-sigmoid(x)),       -softplus(x), LIMIT, "finite where sigmoid rounds to 1: log(1 - 1) = -inf"),
    Row(exp(log_sigmoid(x)),      sigmoid(x)),
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


# Laws of shapes and axes, which no pattern of numbers can say: each is a function of the node that it may replace.

Law = Callable[[Node, Maker], "Node | float | None"]
LAWS: dict[str, list[tuple[str, int, str | Callable[[Node], str], Law]]] = {}


def law(text: str, *ops: str, kind: int = LAW, note: str | Callable[[Node], str] = "") -> Callable[[Law], Law]:
    """Register the function below as a law for these ops."""

    def register(function: Law) -> Law:
        for name in ops:
            LAWS.setdefault(name, []).append((text, kind, note, function))
        return function

    return register


SPREADING = ("broadcast_to", "broadcast_like")
ELEMENTWISE = [name for name, op in OPS.items() if op.is_elementwise and (op.vjps or op.is_variadic)]


@law("(xᵀ)ᵀ → x", "transpose")
def _transposed_twice(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    rank = inner.ndim
    axes = node.params["axes"] or tuple(reversed(range(rank)))
    if axes == tuple(range(rank)) or (is_scalar(inner.shape) and node.shape == inner.shape):
        return inner
    if inner.op is not transpose:
        return None
    before = inner.params["axes"] or tuple(reversed(range(rank)))
    return make(transpose, inner.args[0], axes=tuple(before[axis] for axis in axes))


@law("np.float64(c) → c among arrays of its dtype", "add", "subtract", "multiply", "divide")
def _plain_number(node: Node, make: Maker) -> Node | None:
    for place, other in enumerate(reversed(node.args)):
        if not other.weak and other.dtype == node.dtype:
            number = _as_weak(node.args[place], node.dtype, make)
            if number is not None:
                return make(node.op, *(number if at == place else arg for at, arg in enumerate(node.args)))
    return None


def _as_weak(node: Node, dtype: Any, make: Maker) -> Node | None:
    """One number of that dtype as one of Python's; None where more than numbers and sizes are in it."""
    if node.weak or node.shape or node.dtype != dtype or len(node.args) > 2:
        return None
    if node.op is CONSTANT:
        return None if node.name else as_node(node.params["array"].item())
    if node.op.name not in ("add", "subtract", "multiply", "divide", "negative"):
        return None
    args = [arg if arg.weak else _as_weak(arg, dtype, make) for arg in node.args]
    return None if any(arg is None for arg in args) else make(node.op, *args)


@law("(x y)ᵀ → yᵀ xᵀ", "transpose", note="where it saves a transpose")
def _product_transposed(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    if inner.op is not matmul or inner.ndim != 2 or not any(arg.op is transpose for arg in inner.args):
        return None
    left, right = inner.args
    if left.ndim != 2 or right.ndim != 2:
        return None
    return make(matmul, make(transpose, right, axes=None), make(transpose, left, axes=None))


@law("(xᵀ c)ᵀ → x c", "transpose", note="where c is one number")
def _scaled_transposed(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    if inner.op not in (multiply, divide) or node.params["axes"] is not None:
        return None
    x, y = inner.args
    if x.op is transpose and is_scalar(y.shape) and x.shape == inner.shape:
        return make(inner.op, make(transpose, x), y)
    if y.op is transpose and is_scalar(x.shape) and y.shape == inner.shape:
        return make(inner.op, x, make(transpose, y))
    return None


@law("reshape(reshape(x)) → reshape(x)", "reshape")
def _reshaped_twice(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    if inner.shape == node.shape:
        return inner
    return make(reshape, inner.args[0], shape=node.shape) if inner.op is reshape else None


@law("a number in another shape → the number, spread", "reshape", "transpose")
def _number_reshaped(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    if inner.op.name in SPREADING and is_scalar(inner.args[0].shape) and not inner.args[0].shape:
        return make(broadcast_to, inner.args[0], shape=node.shape)
    return None


@law("spread to its own shape → itself", *SPREADING)
def _spread_to_itself(node: Node, _: Maker) -> Node | None:
    return node.args[0] if node.args[0].shape == node.shape else None


@law("spread twice → spread once", *SPREADING)
def _spread_twice(node: Node, make: Maker) -> Node | None:
    inner = node.args[0]
    return make(node.op, inner.args[0], *node.args[1:], **node.params) if inner.op.name in SPREADING else None


@law("spread like an array → spread to its shape", "broadcast_like")
def _spread_to_shape(node: Node, make: Maker) -> Node | None:
    if any(source.args for source in sources(node.shape)):  # a size that only the data tell
        return None
    return make(broadcast_to, node.args[0], shape=node.shape)


@law("an op spreads its arguments itself", *ELEMENTWISE)
def _spread_argument(node: Node, make: Maker) -> Node | None:
    if not any(arg.op.name in SPREADING for arg in node.args):
        return None
    bare = [arg.args[0] if arg.op.name in SPREADING else arg for arg in node.args]
    return make(node.op, *bare, **node.params)


@law("where(c, x, x) → x", "where", note="where x is one number")
def _where_either(node: Node, _: Maker) -> float | None:
    x, y = map(uniform, node.args[1:])
    return x if x is not None and x == y else None


@law("sum(sum(x)) → sum(x)", "sum")
def _summed_twice(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    if inner.op is not sum or inner.params["keepdims"]:
        return None
    if node.params["axis"] is not None or node.params["keepdims"]:
        return None
    return make(sum, inner.args[0])


@law("sum over axes of size 1 → the same elements", "sum", "mean", "max", "min")
def _of_one(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    axis = node.params["axis"]
    if axis == () or with_ones(inner.shape, axis) == inner.shape:
        return make(reshape, inner, shape=node.shape)
    return None


@law("astype(x, its own dtype) → x", "astype")
def _own_dtype(node: Node, _: Maker) -> Node | None:
    (inner,) = node.args
    return inner if inner.dtype == node.dtype and not inner.weak else None


# Softmax, in all the ways in which it is written.


def _axis(node: Node) -> Any:
    return node.params["axis"] if node.params["axis"] is not None else tuple(range(node.args[0].ndim))


@law("log(sum(exp(x))) → logsumexp(x)", "log", kind=LIMIT, note="finite where exp overflows, or all of them round to 0")
def _log_sum_exp(node: Node, make: Maker) -> Node | None:
    (total,) = node.args
    if total.op is not sum or total.args[0].op is not exp:
        return None
    return make(logsumexp, total.args[0].args[0], **total.params)


@law("logsumexp(x - max(x)) + max(x) → logsumexp(x)", "add")
def _log_sum_exp_by_hand(node: Node, make: Maker) -> Node | None:
    for inner, shift in (node.args, reversed(node.args)):
        if inner.op is logsumexp and inner.args[0].op.name == "subtract" and inner.args[0].args[1] is shift:
            whole = inner.args[0].args[0]
            if is_constant_along(shift, whole, _axis(inner)) and inner.params["keepdims"]:
                return make(logsumexp, whole, **inner.params)
    return None


def is_constant_along(node: Node, like: Node, axis: Any) -> bool:
    """Whether the node, spread to the shape of `like`, has the same elements all along the axes."""
    shape = (1,) * (like.ndim - node.ndim) + node.shape
    return with_ones(shape, axis) == shape


@law("exp(x) / sum(exp(x)) → softmax(x)", "divide", kind=LIMIT, note=OVERFLOWS)
def _softmax(node: Node, make: Maker) -> Node | None:
    top, bottom = node.args
    if top.op is exp and bottom.op is sum and bottom.args[0] is top and _keeps(bottom):
        return make(softmax, top.args[0], axis=_axis(bottom))
    return None


def _keeps(node: Node) -> bool:
    """Whether the sum stands beside what it sums: it kept its axes, or took all of them."""
    return bool(node.params["keepdims"]) or not node.shape


@law("softmax(x - c) → softmax(x)", "softmax", "log_softmax", note="c is the same along the axis, such as max(x)")
def _shift(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    bare = unshifted(inner, _axis(node))
    return None if bare is inner else make(node.op, bare, **node.params)


def unshifted(node: Node, axis: Any) -> Node:
    """x of x - c or x + c, where c is the same all along the axis; else the node itself."""
    if node.op.name in ("subtract", "add"):
        for x, shift in (node.args, node.args[::-1] if node.op.name == "add" else node.args):
            if x.shape == node.shape and is_constant_along(shift, node, axis):
                return x
    return node


@law("log(softmax(x)) → log_softmax(x)", "log", kind=LIMIT, note="finite where softmax rounds to 0: log(0) = -inf")
def _log_softmax(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    return make(log_softmax, inner.args[0], **inner.params) if inner.op is softmax else None


@law("exp(log_softmax(x)) → softmax(x)", "exp")
def _exp_log_softmax(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    return make(softmax, inner.args[0], **inner.params) if inner.op is log_softmax else None


@law("x - logsumexp(x) → log_softmax(x)", "subtract")
def _less_log_sum_exp(node: Node, make: Maker) -> Node | None:
    whole, total = node.args
    if total.op is logsumexp and total.args[0] is whole and _keeps(total):
        return make(log_softmax, whole, axis=_axis(total))
    return None


@law("sum(softmax(x)) → 1", "sum", note="along the axes of softmax")
def _whole_softmax(node: Node, _: Maker) -> int | None:
    (inner,) = node.args
    return 1 if inner.op is softmax and sums_to_one(inner) == set(axes_along(node.params["axis"], inner.ndim)) else None


@law(
    "sum(Y) → 1, as was said of Y",
    "sum",
    kind=ASSUMPTION,
    note=lambda node: f"assumed: {node.args[0].name} sums to one along axis {node.args[0].params['sums_to_one']}",
)
def _whole_input(node: Node, _: Maker) -> int | None:
    (inner,) = node.args
    return 1 if inner.op is INPUT and sums_to_one(inner) == set(axes_along(node.params["axis"], inner.ndim)) else None


def sums_to_one(node: Node) -> set[int] | None:
    """The axes along which the elements are known to sum to one: those of softmax, and what is said of an input."""
    if node.op is softmax:
        return set(axes_along(node.params["axis"], node.ndim))
    stated = node.params.get("sums_to_one") if node.op is INPUT else None
    return None if stated is None else {stated}
