"""What each op is counted to cost, and what is known of a node's values.

Costs are in passes over an array. Every law lowers the cost of what it replaces, so rewriting ends.
"""

from typing import Any

from tinygraph.graph import CONSTANT, SIZE, Node
from tinygraph.ops.elementwise import divide, exp
from tinygraph.ops.functions import cosh, sinh
from tinygraph.sizes import Shape

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
DANGER = 2.0  # so many times the cost of exp and its kin where they may overflow
PART = 1 / 2  # for a number over a size: 1 / m * x is rather written as x / m
SCALAR = 1 / 16  # for one number, the share of the cost for an array


def is_scalar(shape: Shape) -> bool:
    """Whether it is the shape of one number."""
    for size in shape:  # noqa: SIM110 - asked so often that all(…) would take half of the time
        if size.__class__ is not int or size != 1:
            return False
    return True


def is_part(node: Node) -> bool:
    """Whether it is a number over a size: 1 / m."""
    return node.weak and node.op is divide and any(arg.op is SIZE for arg in node.args)


def cost(node: Node) -> float:
    """What the last step of a node costs."""
    full = COSTS.get(node.op.name, OTHER)
    if node.op in (cosh, sinh) or (node.op is exp and may_overflow(node.args[0])):
        full *= DANGER
    if node.op is CONSTANT and not node.weak and not node.shape:
        return SCALAR / 4  # so that np.float64(2.0) * x becomes 2.0 * x
    if is_part(node):
        return PART
    small = is_scalar(node.shape) and all(is_scalar(arg.shape) for arg in node.args)
    return full * SCALAR if small else full


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
