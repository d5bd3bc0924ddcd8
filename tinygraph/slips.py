"""Slips of the pen in backprop: what a derivative becomes when one step of the chain rule is taken wrongly."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

from tinygraph.conventions import counts_of_means
from tinygraph.derivatives import contributions, cotangents, one_like, sum_to
from tinygraph.errors import TinygraphError
from tinygraph.graph import Node
from tinygraph.notation import formula
from tinygraph.order import order
from tinygraph.wrong_rules import LOCAL, PRODUCTS, Rule

Change = Callable[[Node, Node, Node, int], Any]
Steps = Mapping[Node, tuple[int, ...]]


class Slip(NamedTuple):
    """Steps taken wrongly: from each node of `steps` back to its arguments at these places, by `change`.

    That makes another part of the right one, the gradient that arrives at the node, the node, and the place; None is no
    part at all.
    """

    kind: str
    told: str
    steps: Steps
    change: Change


def derivatives_with_a_slip(J: Node, x: Node, names: Mapping[Node, str]) -> Iterator[tuple[Slip, Node]]:
    """Each slip that can be made on the way back from J to x, the commonest first, and what the derivative becomes."""
    gradients = cotangents([(J, one_like(J))], [x])
    for slip in _Slips(J, gradients, names).all():
        try:
            found = cotangents([(J, one_like(J))], [x], chain_rule=_with(slip)).get(x)
        except (TinygraphError, ValueError):  # shapes that don't fit: nobody can have come by it
            continue
        if found is not None:
            yield slip, found


def _with(slip: Slip) -> Callable[[Node, Node, Collection[Node]], Iterator[tuple[int, Node]]]:
    """The chain rule with these steps taken wrongly."""

    def chain_rule(node: Node, g: Node, wanted: Collection[Node]) -> Iterator[tuple[int, Node]]:
        for place, part in contributions(node, g, wanted) if g.shape == node.shape else _unsummed(node, g, wanted):
            changed = slip.change(part, g, node, place) if place in slip.steps.get(node, ()) else part
            if changed is not None:
                yield place, changed

    return chain_rule


def _unsummed(node: Node, g: Node, wanted: Collection[Node]) -> Iterator[tuple[int, Node]]:
    """The chain rule for a gradient that a slip has left in another shape: on it goes, as in a learner's NumPy."""
    for place, arg in enumerate(node.args):
        if arg in wanted and _rule(node, place) is not None:
            yield place, _by_rule(_rule(node, place), node, g)


# What a slip makes of a part.
_passed: Change = lambda part, g, node, place: sum_to(g, node.args[place])
_whole: Change = lambda part, g, node, place: _by_rule(_rule(node, place), node, g)
_again: Change = lambda part, g, node, place: _by_rule(_rule(node, place), node, part)
_turned: Change = lambda part, g, node, place: -part
_nothing: Change = lambda part, g, node, place: None


def _scaled(factor: Any) -> Change:
    return lambda part, g, node, place: part * factor


def _by(rule: Rule) -> Change:
    return lambda part, g, node, place: sum_to(_by_rule(rule, node, g), node.args[place])


def _multiplied(product: Rule) -> Change:
    return lambda part, g, node, place: product(g, node.args[1 - place])


class _Slips:
    """The slips that can be made on a way back."""

    def __init__(self, J: Node, gradients: Mapping[Node, Node], names: Mapping[Node, str]):
        self.counts, self.names = counts_of_means(J), names
        self.steps = [
            (node, place)
            for node in gradients
            for place, arg in enumerate(node.args)
            if arg in gradients and _rule(node, place) is not None
        ]
        self.d: dict[Node, str] = {}
        called = {gradients[node]: derivative_name(node.name or names[node]) for node in gradients if node in names}
        for node, gradient in gradients.items():  # one gradient may be that of several nodes: dZ is d(W.T @ X), too
            own = derivative_name(formula(node, names))
            self.d[node] = own if node in names else called.get(gradient, own)

    def all(self) -> Iterator[Slip]:
        """The commonest first."""
        for kind in (self._left_out, self._unsummed, self._product, self._local, self._sign, self._twice):
            for node, place in self.steps:
                yield from kind(node, place)
        yield from self._left_out_everywhere()
        yield from self._summands()
        yield from self._ways()

    def _told(self, told: str, node: Node, place: int) -> str:
        out, arg = formula(node, self.names), formula(node.args[place], self.names)
        factor = ("1 / " if node.op.name == "divide" else "") + formula(node.args[place - 1], self.names)
        dout, darg = self.d[node], self.d[node.args[place]]
        return told.format(out=out, arg=arg, dout=dout, darg=darg, factor=factor, σ=f"{out} * (1 - {out})")

    def _left_out(self, node: Node, place: int) -> Iterator[Slip]:
        kind, told = "left out", "the derivative of {out} with respect to {arg} is left out: {dout} is used as {darg}"
        if node.op.name == "negative" or (node.op.name == "subtract" and place == 1):
            told = "the minus in {out} is left out on the way back to {arg}"
        elif node.op.name in ("multiply", "divide") and node.args[place - 1] not in self.d:
            counts = [part for part in order(node.args[place - 1]) if part.op.name == "size"]
            kind = "count" if counts else "factor"
            told = "the factor {factor} in {out} is left out on the way back to {arg}"
        if node.op.is_elementwise or node.op.name in ("softmax", "log_softmax"):
            yield Slip(kind, self._told(told, node, place), {node: (place,)}, _passed)

    def _unsummed(self, node: Node, place: int) -> Iterator[Slip]:
        narrow, wide = node.args[place].shape, node.shape
        if node.op.is_elementwise and narrow != wide:
            told = f"it is not summed where {{arg}} {narrow} was copied to {wide}: each copy adds its part"
            yield Slip("unsummed", self._told(told, node, place), {node: (place,)}, _whole)

    def _product(self, node: Node, place: int) -> Iterator[Slip]:
        if node.op.name != "matmul":
            return
        other = node.args[1 - place]
        right = self._right_product(node, place)
        by_element = f"it is a product element by element, where a matrix product belongs: {right}"
        missing = f"the factor {self._factor(other)} of the matrix product is left out: {right}"
        disordered = f"the matrix product has its factors in the wrong order, or one transposed: {right}"
        wrong: list[tuple[str, Rule]] = [(by_element, lambda g, y: g * y), (by_element, lambda g, y: g * y.mT)]
        wrong += [(missing, lambda g, y: g), *((disordered, product) for product in PRODUCTS[place])]
        for told, product in wrong:
            yield Slip("product", told, {node: (place,)}, _multiplied(product))

    def _right_product(self, node: Node, place: int) -> str:
        """How the derivative is written: of W, where W.T is what is multiplied."""
        arg, other, d = node.args[place], node.args[1 - place], self.d[node]
        d = d if d.isidentifier() else f"({d})"
        if _is_transpose(arg):
            factors = [self._factor(other), f"{d}.T"]
            arg = arg.args[0]
        else:
            factors = [d, self._factor(other.args[0] if _is_transpose(other) else other.T)]
        name = derivative_name(formula(arg, self.names))
        return f"{name} is {' @ '.join(factors if place == 0 else factors[::-1])}"

    def _factor(self, node: Node) -> str:
        text = formula(node, self.names)
        return text if text.replace(".T", "").isidentifier() else f"({text})"

    def _local(self, node: Node, place: int) -> Iterator[Slip]:
        for of_place, wrong, told in LOCAL.get(node.op.name, ()):
            if of_place == place:
                yield Slip("local", self._told(told, node, place), {node: (place,)}, _by(wrong))

    def _sign(self, node: Node, place: int) -> Iterator[Slip]:
        told = "the sign is wrong on the way back from {out} to {arg}"
        yield Slip("sign", self._told(told, node, place), {node: (place,)}, _turned)

    def _twice(self, node: Node, place: int) -> Iterator[Slip]:
        if len(node.args) == 1 and node.op.is_elementwise:
            told = "the derivative of {out} with respect to {arg} is in it twice"
            yield Slip("twice", self._told(told, node, place), {node: (place,)}, _again)

    def _left_out_everywhere(self) -> Iterator[Slip]:
        found: dict[str, dict[Node, tuple[int, ...]]] = {}
        for node, place in self.steps:
            if len(node.args) == 1 and node.op.is_elementwise:
                found.setdefault(node.op.name, {})[node] = (place,)
        for name, steps in found.items():
            if len(steps) > 1:
                yield Slip("left out", f"the derivative of {name} is left out, all {len(steps)} times", steps, _passed)

    def _summands(self) -> Iterator[Slip]:
        """Where the cost is a sum: a part of it, such as a penalty, that is left out or has a wrong factor."""
        for node, place in self.steps:
            other = node.args[1 - place] if node.op.name in ("add", "subtract") else None
            if other is not None and other in self.d:
                part = formula(node.args[place], self.names)
                told = self._told(f"the part {part} of {{out}} is left out", node, place)
                yield Slip("way", told, {node: (place,)}, _nothing)
                yield from self._counted(f"the part {part} of the cost", {node: (place,)})

    def _ways(self) -> Iterator[Slip]:
        """Where a node is used more than once: a way back to it that is left out, or has a wrong factor."""
        users: dict[Node, dict[Node, tuple[int, ...]]] = {}
        for node, place in self.steps:
            ways = users.setdefault(node.args[place], {})
            ways[node] = (*ways.get(node, ()), place)
        for arg, ways in users.items():
            name = formula(arg, self.names)
            for node, places in ways.items():
                way = formula(node, self.names)
                others = {other: ways[other] for other in ways if other is not node}
                if len(places) > 1:
                    told = f"{name} is in {way} {len(places)} times, and each time adds its part"
                    yield Slip("way", told, {node: places[:1]}, _nothing)
                if others:
                    told = f"the way through {way} is left out: {name} has {len(ways)} ways to the cost, which add up"
                    yield Slip("way", told, {node: places}, _nothing)
                    yield from self._counted(f"the way through {way}", {node: places})
                if len(others) > 1:
                    told = f"only the way through {way} is in it: {name} has {len(ways)} ways to the cost, which add up"
                    yield Slip("way", told, others, _nothing)

    def _counted(self, way: str, steps: Steps) -> Iterator[Slip]:
        for count in (2, *self.counts):
            yield Slip("count of a way", f"{way} has a 1/{count} too few", steps, _scaled(count))
            yield Slip("count of a way", f"{way} has a 1/{count} too many", steps, _scaled(1 / count))


def derivative_name(name: str) -> str:
    """What a learner calls the derivative with respect to what has this name."""
    return f"d{name}" if name.isidentifier() else f"d({name})"


def _rule(node: Node, place: int) -> Any:
    return node.op.rules(len(node.args))[place]


def _by_rule(rule: Rule, node: Node, g: Node) -> Node:
    return rule(g, node, *node.args, **node.params)


def _is_transpose(node: Node) -> bool:
    return node.op.name == "transpose" and node.params["axes"] is None
