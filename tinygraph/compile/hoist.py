"""Factors that are one number wait until they meet: `(X @ (dZ / m).T) * rate` is one pass over the product."""

from tinygraph.compile.factors import Factor, multiplied, split
from tinygraph.compile.lower import is_sum
from tinygraph.compile.task import Task
from tinygraph.graph import Node
from tinygraph.sharing import Sharing

LINEAR = {"transpose", "reshape", "negative", "sum", "matmul"}
"""Ops that a factor passes through."""


def hoisted(task: Task, sharing: Sharing) -> Task:
    """The same task with fewer passes over arrays for factors that are one number."""
    can_wait = _can_wait(task)
    if not any(node in can_wait and split(node) for node in task.steps):
        return task
    waiting: dict[Node, tuple[Node, Factor]] = {}
    now: dict[Node, Node] = {node: node for node in task.arguments}

    def value(node: Node) -> Node:
        if node not in now:
            now[node] = multiplied(*waiting[node], sharing)
        return now[node]

    for node in task.steps:
        if node in now:
            continue
        parts = split(node)
        if parts:
            base, factor = parts
            inner, waits = waiting.get(base) or (value(base), Factor())
            waiting[node] = inner, waits * Factor(*(tuple(map(value, numbers)) for numbers in factor))
        elif node.op.name in LINEAR and any(arg in waiting for arg in node.args):
            inside = [waiting.get(arg) or (value(arg), Factor()) for arg in node.args]
            waits = Factor()
            for _, factor in inside:
                waits *= factor
            waiting[node] = sharing.with_args(node, tuple(arg for arg, _ in inside)), waits
        else:
            now[node] = sharing.with_args(node, tuple(map(value, node.args)))
        if node not in can_wait:
            value(node)
            waiting.pop(node, None)
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
    parts = split(user)
    is_further = user.op.name in LINEAR and (user.op.name == "sum" or is_sum(user) or user in can_wait)
    return is_further or (parts is not None and parts[0] is node)
