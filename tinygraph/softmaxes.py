"""Laws of softmax and of sums of exp, in all the ways in which they are written."""

from typing import Any

from tinygraph.graph import INPUT, Node
from tinygraph.laws import law
from tinygraph.maker import Maker
from tinygraph.ops.activations import log_softmax, softmax
from tinygraph.ops.elementwise import divide, exp, log, multiply, negative, sigmoid
from tinygraph.ops.indexing import getitem
from tinygraph.ops.reductions import axes_along, sum, with_ones
from tinygraph.ops.shaping import reshape, transpose
from tinygraph.ops.statistics import logsumexp
from tinygraph.report import ASSUMPTION, LIMIT
from tinygraph.rows import OVERFLOWS
from tinygraph.sizes import Shape


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


@law("log(softmax(x)[key]) → log_softmax(x)[key]", "log", kind=LIMIT, note="finite where it rounds to 0: log(0) = -inf")
def _log_of_picked(node: Node, make: Maker) -> Node | None:
    (inner,) = node.args
    views = []
    while inner.op in (getitem, reshape, transpose):
        views.append(inner)
        inner = inner.args[0]
    if not views or inner.op not in (softmax, sigmoid):
        return None
    out = make(log, inner)
    for view in reversed(views):
        out = make(view.op, out, *view.args[1:], **view.params)
    return out


@law("reshape(c / sum(exp(x))) → c / sum(exp(x), keepdims=True)", "reshape", note="beside exp(x) it becomes softmax")
def _sum_kept(node: Node, make: Maker) -> Node | None:
    return _kept(node.args[0], node.shape, make)


def _kept(node: Node, shape: Shape, make: Maker) -> Node | None:
    """A sum of exp, or what numbers make of one, in a shape with axes of size 1 for those that were summed."""
    if node.op is sum and node.args[0].op is exp:
        axis = node.params["axis"]
        is_same = not node.params["keepdims"] and with_ones(node.args[0].shape, axis) == shape
        return make(sum, node.args[0], axis=axis, keepdims=True) if is_same else None
    if node.op not in (multiply, divide, negative, log):
        return None
    args = [arg if not arg.shape else _kept(arg, shape, make) for arg in node.args]
    return None if not node.shape or any(arg is None for arg in args) else make(node.op, *args)


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
