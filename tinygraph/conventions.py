"""What is free to choose in a right derivative: when the 1/m of a mean comes in, and what stands at a kink."""

from collections.abc import Callable, Collection, Iterable, Iterator

from tinygraph.derivatives import contributions, cotangents, one_like, sum_to
from tinygraph.graph import OPS, Node
from tinygraph.ops.elementwise import where
from tinygraph.order import order
from tinygraph.sizes import Entry, names_in, product
from tinygraph.wrong_rules import CHOICES, TURNED


def counts_of_means(J: Node) -> list[Entry]:
    """What the cost is divided by, as a mean is: m for tg.mean, and 2*m and m for 1 / (2 * m) * tg.sum."""
    found: dict[Entry, None] = {}
    for node in order(J):
        for count in _divisors(node):
            found.update(dict.fromkeys([count, *names_in(count)]))
    return [count for count in found if count != 1]


def counts_within(J: Node) -> list[Entry]:
    """What means along axes divide by, somewhere in the graph: the features of a layer norm."""
    return [_count(node) for node in order(J) if node.op.name == "mean" and not _divisors(node)]


def _divisors(node: Node) -> list[Entry]:
    """The counts that this node divides a single number by."""
    if any(size != 1 for size in node.shape):
        return []
    if node.op.name == "mean":
        return [_count(node)]
    factors = [arg for arg in node.args if arg.weak] if node.op.name in ("multiply", "divide") else []
    return [part.params["size"] for part in order(*factors) if part.op.name == "size"]


def _count(node: Node) -> Entry:
    return product(node.args[0].shape) // product(node.shape)


def of_the_sum(J: Node, wrt: Iterable[Node], count: Entry) -> dict[Node, Node]:
    """The gradients of J as the notes write them, where the last step to J, the division by the count, comes later."""

    def chain_rule(node: Node, g: Node, wanted: Collection[Node]) -> Iterator[tuple[int, Node]]:
        is_divided = any(count == divisor or count in names_in(divisor) for divisor in _divisors(node))
        for place, part in contributions(node, g, wanted):
            yield place, part * count if is_divided else part

    return cotangents([(J, one_like(J))], wrt, chain_rule=chain_rule)


def with_other_choices(J: Node, wrt: Iterable[Node]) -> Iterator[dict[Node, Node]]:
    """The gradients of J with the other values that a derivative may be given at a kink, where graphs have one."""
    wrt = list(wrt)
    if any(node.op.name in (*CHOICES, "where") for node in order(J)):
        for choice in (0, 1):
            yield cotangents([(J, one_like(J))], wrt, chain_rule=_choosing(choice))


def _choosing(choice: int) -> Callable[[Node, Node, Collection[Node]], Iterator[tuple[int, Node]]]:
    def chain_rule(node: Node, g: Node, wanted: Collection[Node]) -> Iterator[tuple[int, Node]]:
        for place, part in contributions(node, g, wanted):
            rules = CHOICES.get(node.op.name, ())
            if node.op is where and choice and node.args[0].op.name in TURNED:
                condition = node.args[0]
                turned = OPS[TURNED[condition.op.name]](*condition.args)
                part = sum_to(where(turned, g, 0) if place == 1 else where(turned, 0, g), node.args[place])
            elif place < len(rules):
                part = sum_to(rules[place][choice](g, node, *node.args, **node.params), node.args[place])
            yield place, part

    return chain_rule
