"""Factors that are one number wait until they meet: `(X @ (dZ / m).T) * rate` is one pass over the product."""

from typing import NamedTuple

from tinygraph.compile.lower import is_ones, is_sum
from tinygraph.compile.task import Task
from tinygraph.graph import Node, as_node
from tinygraph.sharing import Sharing

LINEAR = {"transpose", "reshape", "negative", "sum", "matmul"}
"""Ops that a factor passes through."""


class Scaled(NamedTuple):
    """A node times numbers, and divided by numbers."""

    base: Node
    times: tuple[Node, ...] = ()
    over: tuple[Node, ...] = ()


def hoisted(task: Task, sharing: Sharing) -> Task:
    """The same task with fewer passes over arrays for factors that are one number."""
    can_wait = _can_wait(task)
    if not any(node in can_wait and _factor(node) for node in task.steps):
        return task
    waiting: dict[Node, Scaled] = {}
    now: dict[Node, Node] = {node: node for node in task.arguments}

    def value(node: Node) -> Node:
        if node not in now:
            now[node] = _multiplied(waiting[node], sharing)
        return now[node]

    def parts(node: Node) -> Scaled:
        return waiting.get(node) or Scaled(value(node))

    for node in task.steps:
        if node in now:
            continue
        factor = _factor(node)
        if factor is not None:
            inner = parts(factor.base)
            times, over = map(value, factor.times), map(value, factor.over)
            waiting[node] = Scaled(inner.base, (*inner.times, *times), (*inner.over, *over))
        elif node.op.name in LINEAR and any(arg in waiting for arg in node.args):
            inside = [parts(arg) for arg in node.args]
            base = sharing.with_args(node, tuple(part.base for part in inside))
            waiting[node] = Scaled(
                base,
                tuple(factor for part in inside for factor in part.times),
                tuple(factor for part in inside for factor in part.over),
            )
        else:
            now[node] = sharing.with_args(node, tuple(map(value, node.args)))
        if node not in can_wait:
            value(node)
    return task.replaced(now)


def _can_wait(task: Task) -> set[Node]:
    """The nodes whose factor meets another factor on every way on, or has less to be multiplied by there."""
    users: dict[Node, list[Node]] = {}
    for node in task.steps:
        for arg in node.args:
            users.setdefault(arg, []).append(node)
    roots = set(task.roots)
    found: set[Node] = set()
    for node in reversed(task.steps):
        if node not in roots and all(_takes_factor(user, node, found) for user in users.get(node, ())):
            found.add(node)
    return found


def _takes_factor(user: Node, node: Node, can_wait: set[Node]) -> bool:
    factor = _factor(user)
    is_further = user.op.name in LINEAR and (user.op.name == "sum" or is_sum(user) or user in can_wait)
    return is_further or (factor is not None and factor.base is node)


def _factor(node: Node) -> Scaled | None:
    """The node as an array times a number, if that is what it is."""
    if node.op.name not in ("multiply", "divide") or node.dtype.kind != "f" or not node.shape:
        return None
    x, y = node.args
    if is_ones(node):
        return None
    if not y.shape and x.shape == node.shape and x.dtype == node.dtype:
        return Scaled(x, times=(y,)) if node.op.name == "multiply" else Scaled(x, over=(y,))
    if not x.shape and y.shape == node.shape and y.dtype == node.dtype and node.op.name == "multiply":
        return Scaled(y, times=(x,))
    return None


def _multiplied(scaled: Scaled, sharing: Sharing) -> Node:
    """The node, with all its numbers multiplied first."""
    base, times, over = scaled
    if not times and len(over) == 1:
        return sharing.shared(base / over[0])
    factor = _product(times, sharing)
    if over:
        factor = sharing.shared(factor / _product(over, sharing))
    return sharing.shared(base * factor)


def _product(factors: tuple[Node, ...], sharing: Sharing) -> Node:
    total = factors[0] if factors else as_node(1.0)
    for factor in factors[1:]:
        total = sharing.shared(total * factor)
    return total
