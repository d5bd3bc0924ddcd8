"""What NumPy does unasked, written out as steps for JAX, which does not: conversions of dtypes, and refusals."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinygraph.compile.task import Task
from tinygraph.graph import CONSTANT, Node, number
from tinygraph.jacobians import Body, for_each
from tinygraph.ops.elementwise import astype, where
from tinygraph.ops.functions import isfinite, round
from tinygraph.ops.indexing import ARRAY
from tinygraph.ops.statistics import all, any
from tinygraph.sharing import Sharing


def explicit(task: Task) -> Task:
    """The same task, where each argument has the dtype in which NumPy computes: to JAX int64 * float32 is float32."""
    sharing = Sharing()
    now = {node: node for node in task.arguments}
    for node in task.steps:
        if node not in now:
            now[node] = _converted(sharing, node, [now[arg] for arg in node.args])
    return task.replaced(now)


def _converted(sharing: Sharing, node: Node, args: Sequence[Node]) -> Node:
    if node.op.name == "for_each":
        return _loop(sharing, node, args)
    if not node.args or node.weak or node.op is astype:
        return sharing.with_args(node, tuple(args))
    dtypes = [x.dtype if x.weak else dtype for x, dtype in zip(args, _dtypes(node), strict=True)]
    same = [x if x.dtype == dtype else astype(x, dtype) for x, dtype in zip(args, dtypes, strict=True)]
    out = sharing.with_args(node, tuple(map(sharing.shared, same)))
    rule = WHOLE.get(node.op.name) if node.dtype.kind in "iu" else None
    return rule(*out.args, **node.params) if rule else out


def _loop(sharing: Sharing, node: Node, args: Sequence[Node]) -> Node:
    body: Body = node.params["body"]
    now = {body.number: body.number, **dict(zip(body.held, args[1:], strict=True))}
    for part in body.steps:
        now[part] = _converted(sharing, part, [now[arg] for arg in part.args])
    return for_each(args[0], body.number, now[body.node])


def _dtypes(node: Node) -> Sequence[Any]:
    """The dtype in which NumPy takes each argument: a ufunc says so; elsewhere it is that of the result."""
    if isinstance(node.op.compute, np.ufunc):
        kinds = [type(x.dtype.type(1).item()) if x.weak and x.dtype != bool else x.dtype for x in node.args]
        return node.op.compute.resolve_dtypes((*kinds, None))[:-1]
    rules = node.op.rules(len(node.args))
    return [node.dtype if rule and node.dtype != bool else x.dtype for rule, x in zip(rules, node.args, strict=True)]


# fmt: off
WHOLE: dict[str, Callable[..., Node]] = {
    "floor_divide": lambda x, y: where(y == 0, 0, x // where(y == 0, 1, y)),
    "remainder":    lambda x, y: where(y == 0, 0, x % where(y == 0, 1, y)),
    "round":        lambda x, decimals: x if decimals >= 0 else astype(round(astype(x, float), decimals), x.dtype),
}
"""How whole numbers are computed where JAX has no answer, or another one."""
# fmt: on


def refusals(task: Task) -> list[tuple[Node, Node, str]]:
    """What NumPy would refuse once it sees the data: the step, whether it is so, and what then is wrong."""
    known = {*task.inputs, *task.steps}
    parts = [part for node in task.steps for part in (node, *_inside(node))]
    found = ((part, *refusal) for part in parts for refusal in _refusals(part))
    return [(part, is_wrong, told) for part, on, is_wrong, told in found if known.issuperset(on)]


def _inside(node: Node) -> Iterator[Node]:
    """The steps of a loop."""
    if node.op.name == "for_each":
        for part in node.params["body"].steps:
            yield part
            yield from _inside(part)


def _refusals(node: Node) -> Iterator[tuple[Sequence[Node], Node, str]]:
    """On what it depends whether the step is refused, whether it is, and why."""
    args = node.args
    if node.op.name in ("getitem", "scatter"):
        first = 1 if node.op.name == "getitem" else 2
        places = iter(args[first:])
        axes = iter(args[first - 1].shape)
        for entry in node.params["key"]:
            size: Any = None if entry is None else next(axes)
            if isinstance(entry, str) and entry == ARRAY:
                i = next(places)
                if i.op is not CONSTANT or not isinstance(size, int):
                    wide = astype(i, np.int64)
                    yield [i], any((wide < -size) | (wide >= size)), "an index is out of bounds"
    elif node.op.name in ("solve", "inv", "cholesky"):
        kind = "positive definite" if node.op.name == "cholesky" else "invertible"
        is_wrong = ~all(isfinite(node))
        for x in args:
            is_wrong = is_wrong & all(isfinite(x))
        yield [node, *args], is_wrong, f"the matrix is not {kind}"
    elif node.op.name == "power" and node.dtype.kind in "iu" and number(args[1]) is None and not node.weak:
        yield args, any(args[1] < 0), "whole numbers have no negative powers"
    if node.dtype.kind in "iu" and not node.weak and isinstance(node.op.compute, np.ufunc):
        for x in args:
            if x.weak and x.op is not CONSTANT:
                least, most = (int(bound) for bound in (np.iinfo(node.dtype).min, np.iinfo(node.dtype).max))
                wide = astype(x, np.int64)
                yield [x], (wide < least) | (wide > most), f"a whole number is out of bounds for {node.dtype}"
