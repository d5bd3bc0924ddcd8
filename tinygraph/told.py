"""What is said about a step, in a few words: `σ′ = σ(1 − σ)`, product rule, b was copied over m, shapes."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np

from tinygraph.board import made_of
from tinygraph.formulas import Formula
from tinygraph.graph import INPUT, Node, Op, as_node
from tinygraph.reading import Reader, write
from tinygraph.rewrite import Rewriting
from tinygraph.sizes import Shape, Size

WORDS = {
    **dict.fromkeys(["add", "subtract", "negative"], ""),
    "multiply": "product rule",
    "divide": "quotient rule",
    "matmul": "matrix product",
    "sum": "sum: each counts 1",
    "mean": "mean: each counts the same",
    "maximum": "max passes g to the larger, half to each of equals",
    "minimum": "min passes g to the smaller, half to each of equals",
    **dict.fromkeys(["max", "min"], "an extreme passes g to its place"),
    "where": "where passes g to the branch that is taken",
    "clipped": "clip passes g where it is within its bounds",
    "getitem": "an index passes g back to its place",
    **dict.fromkeys(["concatenate", "pad"], "what is joined takes g apart"),
    "logsumexp": "log Σ exp: its derivative is softmax",
    **dict.fromkeys(["transpose", "reshape", "broadcast_like", "broadcast_to", "astype"], ""),
}
MOST_TOLD = 3

_identities: dict[Any, str] = {}


def rules_of(nodes: Iterable[Node], on_the_way: Set[Node], names: Mapping[Node, str]) -> str:
    """The rules for these nodes, which the chain rule links; none for what a sign or a sum needs.

    What is not on the way is held fixed, so a product with it needs no product rule.
    """
    found = list(dict.fromkeys(filter(None, (_rule_of(node, on_the_way, names) for node in nodes))))
    return ", ".join(found) if len(found) <= MOST_TOLD else ", ".join([*found[:MOST_TOLD], "…"])


def _rule_of(node: Node, on_the_way: Set[Node], names: Mapping[Node, str]) -> str:
    name = node.op.name
    if name in ("softmax", "log_softmax"):
        a, z = names.get(node, "a"), names.get(node.args[0], "z")
        derivative = f"{a}ᵢ(δᵢⱼ − {a}ⱼ)" if name == "softmax" else f"δᵢⱼ − softmax({z})ⱼ"
        return f"{name}: ∂{a}ᵢ/∂{z}ⱼ = {derivative}"
    if (name == "multiply" and not set(node.args) <= on_the_way) or (
        name == "divide" and node.args[1] not in on_the_way
    ):
        return ""
    if name == "power":
        return "power rule"
    if name == "mean" and (sizes := _sizes(node)):
        return f"mean: each counts 1/{sizes}"
    return WORDS[name] if name in WORDS else identity(node.op, node.params) or name


def _sizes(node: Node) -> str:
    axis = node.params["axis"]
    size = node.args[0].size if axis is None else None
    return "" if size is None else str(size) if isinstance(size, int) else Formula.sized(str(size)).held().text


def identity(op: Op, params: Mapping[str, Any] | None = None) -> str:
    """The derivative of a function of one number, as its identity.

    >>> import tinygraph as tg
    >>> identity(tg.sigmoid), identity(tg.log)
    ('σ′ = σ(1 − σ)', '(log x)′ = 1/x')
    """
    params = op.defaults if params is None else params
    key = (op.name, *params.items())
    if key not in _identities:
        _identities[key] = _identity(op, params)
    return _identities[key]


def _identity(op: Op, params: Mapping[str, Any]) -> str:
    rule = op.vjps[0] if op.is_elementwise and len(op.vjps) == 1 else None
    if rule is None:
        return ""
    shape = (Size.named("n"),)
    x = Node(INPUT, (), {}, shape, np.float64, "x")
    out = Node(op, (x,), params, shape, np.float64)
    call = op.board([Formula.name("x", shape)], params)
    derivative = Rewriting([rule(as_node(1.0), out, x, **params)], known={out}).roots[0]
    derivative = write(Reader({x, out}).read(derivative))
    found = made_of(derivative, {out: call.text, x: "x"}) if derivative is not out else call
    function = call.text.removesuffix("(x)")
    short = found.text.replace(call.text, function)
    if function != call.text and "x" not in short.replace("exp", "").replace("max", ""):
        return f"{function}′ = {short}"
    left = call.text if call.text.endswith(")") and function != call.text else f"({call.text})"
    return f"{left}′ = {found.text}"


def transposes(text: str) -> str:
    """What was done to the transposes of this formula, when it was simplified."""
    if text.endswith(")ᵀ"):
        return "(U V)ᵀ = Vᵀ Uᵀ"
    return "(Uᵀ)ᵀ = U" if "ᵀ)ᵀ" in text else "simplified"


def is_only_way(x: Node, y: Node) -> bool:
    """Whether x @ y is the one product of the two, transposed or not, that has its shape."""
    wanted = (x.shape[0], y.shape[1])
    sides = [(left, right) for pair in ((x, y), (y, x)) for left in _both(pair[0]) for right in _both(pair[1])]
    return sum(left[1] == right[0] and (left[0], right[1]) == wanted for left, right in sides) == 1


def _both(node: Node) -> tuple[Shape, Shape]:
    return node.shape, node.shape[::-1]


def copied_over(box: Node, user: Node) -> list[str]:
    """The sizes over which a box was copied on its way into its user."""
    narrow = (1,) * (user.ndim - box.ndim) + box.shape
    if len(narrow) != user.ndim:
        return []
    return [
        str(wide) if isinstance(wide, Size) else f"axis {axis}"
        for axis, (size, wide) in enumerate(zip(narrow, user.shape, strict=True))
        if size == 1 and wide != 1
    ]
