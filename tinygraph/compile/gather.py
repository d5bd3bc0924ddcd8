"""A factor that several products are multiplied by is given once, to what they are made of.

`X @ dZ.T * rate` and `sum(dZ) * rate` become the products of `dZ * rate`.
"""

from collections.abc import Mapping
from typing import NamedTuple

from tinygraph.compile.factors import Factor, multiplied, split
from tinygraph.compile.task import Task
from tinygraph.graph import Node
from tinygraph.order import order
from tinygraph.sharing import Sharing

CARRIERS = {"transpose", "reshape", "negative", "sum", "matmul", "multiply", "divide"}
"""Ops whose value is multiplied by what one of their arguments is multiplied by; a quotient, its numerator."""


class Wish(NamedTuple):
    """The factor that all that is made of a node gets, in so many steps over arrays."""

    factor: Factor
    steps: int


def gathered(task: Task, sharing: Sharing) -> Task:
    """The same task with one multiplication where several by the same number come from one array."""
    wishes = _wishes(task)
    if not wishes:
        return task
    source = _sources(task, wishes)
    wishes = _wishes(task, source)
    starts = {node for node, wish in wishes.items() if wish.steps > 1 and source.get(node) not in wishes}
    if not starts:
        return task
    scaled: set[Node] = set()
    now: dict[Node, Node] = {node: node for node in task.arguments}

    def again(node: Node) -> Node:
        if node not in now:
            now[node] = sharing.with_args(node, tuple(now[arg] for arg in node.args))
        return now[node]

    for node in task.steps:
        base, own = split(node) or (node, Factor())
        if base in scaled:
            now[node] = now[base]
        elif source.get(node) in scaled:
            scaled.add(node)
            again(node)
        elif node in starts:  # the numbers are not made of it: it would have a user with another wish
            scaled.add(node)
            whole = wishes[node].factor * own
            for number in order(*whole.times, *whole.over, known=now):
                again(number)
            now[node] = multiplied(again(base), Factor(*(tuple(map(again, numbers)) for numbers in whole)), sharing)
        else:
            again(node)
    return task.replaced({node: new for node, new in now.items() if node not in scaled})  # is no dZ any more


def _wishes(task: Task, source: Mapping[Node, Node] | None = None) -> dict[Node, Wish]:
    """What all users of a node wish; a user has it from its source only, where that is told."""
    users: dict[Node, list[Node]] = {}
    for node in task.steps:
        for arg in node.args:
            users.setdefault(arg, []).append(node)
    roots = set(task.roots)
    wishes: dict[Node, Wish] = {}
    for node in reversed(task.steps):
        found = [_wish(user, node, wishes, source) for user in users.get(node, ())] if node.args else []
        first = found[0] if found else None
        if node not in roots and first and all(wish and wish.factor.is_same(first.factor) for wish in found):
            wishes[node] = Wish(first.factor, sum(wish.steps for wish in found if wish))
    return wishes


def _wish(user: Node, node: Node, wishes: Mapping[Node, Wish], source: Mapping[Node, Node] | None) -> Wish | None:
    """What one user of the node wishes: it is multiplied by a number, or all that is made of it is."""
    parts = split(user)
    if parts:
        base, factor = parts
        return Wish(factor, 1) if base is node and user not in wishes else None
    is_source = _carries(user, node) if source is None else source.get(user) is node
    return wishes[user] if user in wishes and is_source else None


def _sources(task: Task, wishes: Mapping[Node, Wish]) -> dict[Node, Node]:
    """Which argument a node passes its wish on to: that from which the most steps are saved."""
    source: dict[Node, Node] = {}
    saved: dict[Node, int] = {}
    for node in task.steps:
        if node in wishes:
            saved[node] = wishes[node].steps
            able = [arg for arg in node.args if arg in wishes and _carries(node, arg)] if not split(node) else []
            if able:
                source[node] = max(able, key=lambda arg: saved[arg])
                saved[node] = max(saved[node], saved[source[node]])
    return source


def _carries(user: Node, node: Node) -> bool:
    """Whether the user's value is multiplied by whatever the node is multiplied by."""
    is_factor = user.op.name in CARRIERS and sum(arg is node for arg in user.args) == 1
    return is_factor and user.dtype == node.dtype and (user.op.name != "divide" or user.args[0] is node)
