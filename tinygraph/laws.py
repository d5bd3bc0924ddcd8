"""Laws of shapes and axes, which no pattern of numbers can say: each is a function of the node that it may replace."""

from collections.abc import Callable
from typing import Any

from tinygraph.costs import is_scalar, uniform
from tinygraph.graph import CONSTANT, OPS, Node, as_node
from tinygraph.maker import Maker
from tinygraph.ops.axes import broadcast_to
from tinygraph.ops.elementwise import divide, multiply, negative
from tinygraph.ops.indexing import scatter
from tinygraph.ops.linalg import matmul
from tinygraph.ops.reductions import axes_along, sum, with_ones
from tinygraph.ops.shaping import reshape, transpose
from tinygraph.report import LAW
from tinygraph.rows import SPREADING
from tinygraph.sizes import sources

Law = Callable[[Node, Maker], "Node | float | None"]
LAWS: dict[str, list[tuple[str, int, str | Callable[[Node], str], Law]]] = {}


def law(text: str, *ops: str, kind: int = LAW, note: str | Callable[[Node], str] = "") -> Callable[[Law], Law]:
    """Register the function below as a law for these ops."""

    def register(function: Law) -> Law:
        for name in ops:
            LAWS.setdefault(name, []).append((text, kind, note, function))
        return function

    return register


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


@law("x @ y → x y", "matmul", note="where one of them is one number")
def _product_with_number(node: Node, make: Maker) -> Node | None:
    x, y = node.args
    if x.ndim < 2 or y.ndim < 2 or (x.shape[-2:] != (1, 1) and y.shape[-2:] != (1, 1)):
        return None
    return make(multiply, x, y)


@law("-x @ y → -(x @ y)", "matmul", note="where it is one number")
def _sign_of_product(node: Node, make: Maker) -> Node | None:
    if not is_scalar(node.shape) or is_scalar(node.args[0].shape):
        return None
    x, y = (_without_sign(arg, make) for arg in node.args)
    if x is node.args[0] and y is node.args[1]:
        return None
    product = make(matmul, x, y)
    return product if x is not node.args[0] and y is not node.args[1] else make(negative, product)


def _without_sign(node: Node, make: Maker) -> Node:
    """x, where the node is -x or its transpose; else the node."""
    if node.op is negative:
        return node.args[0]
    inner = _without_sign(node.args[0], make) if node.op is transpose else None
    return node if inner is None or inner is node.args[0] else make(transpose, inner, **node.params)


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


@law("sum(scatter(x)) → x", "sum", note="where one element is scattered into each sum")
def _sum_of_scattered(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    if inner.op is not scatter:
        return None
    x, like, *places = inner.args
    left = set(range(like.ndim)) - set(axes_along(node.params["axis"], like.ndim))
    if len(left) != 1 or len(places) != like.ndim:
        return None
    (axis,) = left
    size = like.shape[axis]
    is_each = places[axis].op.name == "arange" and places[axis].shape == x.shape == (size,)
    return make(reshape, x, shape=node.shape) if is_each else None


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
