"""A form as steps: in which order its sums and products are written, what that costs, and the nodes that they are."""

from collections.abc import Callable, Sequence
from typing import Any

from tinygraph.costs import COSTS, OTHER, SCALAR, cost, is_part, is_scalar, uniform
from tinygraph.forms import Atoms, Coefficient, Form, Monomial, opposite, over_whole, primitive, times
from tinygraph.graph import Node, Op, as_node
from tinygraph.maker import Maker
from tinygraph.ops.activations import softmax
from tinygraph.ops.elementwise import add, divide, exp, maximum, multiply, negative, subtract
from tinygraph.ops.functions import log1p, square
from tinygraph.sizes import Shape

CHOICES = 4
"""So many written sums that begin alike are remembered."""

ROUNDED = 8.0
"""What a quotient by a number costs that may have been rounded to 0: more than what it could save."""

REDUCTIONS = ("sum", "mean")


def is_scaling(node: Node) -> bool:
    """Whether the node is an array times, or over, one number: of several such steps a program makes one."""
    if node.op is not multiply and node.op is not divide:
        return False
    x, y = node.args
    return (is_scalar(x.shape) or is_scalar(y.shape)) and not is_scalar(node.shape)


def step_cost(op: Op, shape: Shape, args: Sequence[tuple[Shape, bool]]) -> float:
    """What a step costs whose arguments have these shapes; for each is told whether it is scaled already."""
    full = COSTS.get(op.name, OTHER)
    if is_scalar(shape):
        return full * SCALAR
    if op is multiply or op is divide:
        (x, x_scaled), (y, y_scaled) = args
        if (x_scaled and is_scalar(y)) or (y_scaled and is_scalar(x)):
            return SCALAR
    return full


def node_cost(node: Node) -> float:
    """What the last step of the node costs."""
    if is_part(node) or (node.op is not multiply and node.op is not divide):
        return cost(node)
    danger = ROUNDED if node.op is divide and node.args[1].op is softmax else 0
    return danger + step_cost(node.op, node.shape, [(arg.shape, is_scaling(arg)) for arg in node.args])


class Steps:
    """Writes forms: numbers first, sums last, what is positive before what is negative, one division at the end.

    `make` makes nodes, and `final` tells the node that is to be computed for one that was written.
    """

    def __init__(self, atoms: Atoms, make: Maker, final: Callable[[Node], Node]):
        self.atoms, self.make, self.final = atoms, make, final
        self.uses: dict[Node, int] = {}  # by how many others a node is used
        self.instead: dict[int, Node] = {}  # a node to take for an atom that is a sum, since it keeps more digits
        self.rounded: set[Node] = set()  # nodes that may be rounded to 0
        self.dear: dict[Node, float] = {}  # atoms that have to be computed first
        self.busy: set[Node] = set()  # nodes that are being written, and so can't be part of what is written
        self._groups: dict[Monomial, list[tuple[Node, Form]]] = {}  # the sums that were written, by their first term

    def remember(self, node: Node, form: Form) -> None:
        """Let the sum be written as this node wherever its terms are part of another sum."""
        known = self._groups.setdefault(next(iter(form)), [])
        if len(known) < CHOICES:
            known.append((node, form))

    def cost(self, form: Form, is_shared_free: bool = False) -> float:
        """What it costs to compute the form; what others use as well can be free."""
        counter = _Counter(self, is_shared_free)
        self._written(form, counter)
        return counter.total

    def made(self, form: Form) -> Node:
        """The node that computes the form, which is not 0."""
        out: Node = self._written(form, _Builder(self))
        return out

    def atom_cost(self, node: Node) -> float:
        """What an atom costs that is counted with the sum that it stands in; most are computed anyway."""
        if node in self.dear:
            return self.dear[node]
        if node.op.name in REDUCTIONS:
            return cost(node)
        if node.op.name in ("softplus", "log_sigmoid"):
            return cost(node) + (cost(node.args[0]) if node.args[0].op is negative else 0)
        if node.op is maximum and uniform(node.args[1]) == 0:
            return cost(node)
        if node.op is log1p and node.args[0].op is exp and node.args[0].args[0].op is negative:  # log1p(exp(-abs(z)))
            return 2 * cost(node) + cost(node.args[0].args[0]) + COSTS["abs"]
        return 0

    def _written(self, form: Form, builder: "_Counter | _Builder") -> Any:
        if not form:
            return builder.number(0)
        coefficient, common, terms = primitive(form) if len(form) > 1 else (1, (), form)
        if coefficient not in (1, -1) or common:
            return self.product(coefficient, times(common, self.atoms.sum(terms)), builder)
        if len(form) == 1:
            ((monomial, coefficient),) = form.items()
            return self.product(coefficient, monomial, builder)
        known = self.atoms.number_of(form) if self.instead else None
        return self._sum(form, builder) if known not in self.instead else builder.atom(self.instead[known])

    def _sum(self, form: Form, builder: "_Counter | _Builder") -> Any:
        if all(coefficient < 0 for coefficient in form.values()):
            return builder.call(negative, self._sum(opposite(form), builder))
        parts = sorted(self._grouped(form), key=lambda part: (self._is_rest(part[1]), part[0] < 0, not part[1]))
        out = None
        for coefficient, monomial, group in parts:
            part = self.product(abs(coefficient), monomial, builder) if group is None else builder.group(*group)
            if out is None:
                out = part if coefficient > 0 else builder.call(negative, part)
            else:
                out = builder.call(add if coefficient > 0 else subtract, out, part)
        return out

    def _grouped(self, form: Form) -> list[tuple[Coefficient, Monomial, tuple[Node, Form] | None]]:
        """The terms as they were written; where some of them were written as a sum of their own, that sum for them."""
        parts: list[tuple[Coefficient, Monomial, tuple[Node, Form] | None]] = []
        left = dict(form)
        for monomial in form:
            if monomial not in left:
                continue
            for node, own in reversed(self._groups.get(monomial, ())):  # the longer ones came later
                sign = 1 if own[monomial] == left[monomial] else -1
                is_part = len(own) + (sign < 0) <= len(form) and node not in self.busy
                if is_part and all(left.get(key) == sign * value for key, value in own.items()):
                    parts.append((sign, monomial, (node, own)))
                    for key in own:
                        del left[key]
                    break
            else:
                parts.append((left.pop(monomial), monomial, None))
        return parts

    def _is_rest(self, monomial: Monomial) -> bool:
        """Whether it is the small rest of a softplus, which is added last: a large term would take its digits."""
        for atom, _ in monomial:
            content = self.atoms[atom]
            if isinstance(content, Node) and content.op is log1p:
                return True
        return False

    def product(self, coefficient: Coefficient, monomial: Monomial, builder: "_Counter | _Builder") -> Any:
        """A number times atoms with their powers, as the builder's steps."""
        above: dict[bool, Any] = {}  # whether it is one number → product
        below: dict[bool, Any] = {}
        sign = 1 if coefficient > 0 else -1
        for atom, power in sorted(monomial, key=self._place):
            content = self.atoms[atom]
            is_turned = False
            if isinstance(content, Node):
                base = builder.atom(content)
            elif atom in self.instead:
                base = builder.atom(self.instead[atom])
            else:  # -(x - y) is y - x, at no cost
                is_turned = sign < 0 and power % 2 == 1 and any(value < 0 for value in content.values())
                base = self._sum(opposite(content) if is_turned else content, builder)
            sign = -sign if is_turned else sign
            if power < 0 and self.may_vanish(atom):
                builder.discourage()
            factor = self._power(base, abs(power), builder)
            line, kind = below if power < 0 else above, builder.is_scalar(base)
            line[kind] = builder.call(multiply, line[kind], factor) if kind in line else factor
        return self._fraction(sign, abs(coefficient), above, below, builder)

    def may_vanish(self, atom: int) -> bool:
        """Whether it is known to be more than 0 and may be rounded to 0, as the share of a softmax may be."""
        content = self.atoms[atom]
        return content in self.rounded or content.op is softmax if isinstance(content, Node) else atom in self.instead

    def _place(self, factor: tuple[int, int]) -> tuple[bool, int]:
        """Sums come last, as in x * (y - z), and what is larger before what is smaller."""
        content = self.atoms[factor[0]]
        return (False, sum(size == 1 for size in content.shape)) if isinstance(content, Node) else (True, 0)

    def _power(self, base: Any, power: int, builder: "_Counter | _Builder") -> Any:
        """The base to a whole power from 1 on, by squares."""
        if power == 1:
            return base
        half = builder.call(square, self._power(base, power // 2, builder))
        return builder.call(multiply, half, base) if power % 2 else half

    def _fraction(self, sign: int, coefficient: Coefficient, above: Any, below: Any, builder: Any) -> Any:
        """A number times arrays times numbers, over arrays, over numbers."""
        top, bottom = over_whole(coefficient)
        arrays, numbers = above.get(False), above.get(True)
        if arrays is None:
            arrays, numbers = numbers, None
        if arrays is None or top != 1:
            number = builder.number(sign * top)
            arrays, sign = (number if arrays is None else builder.call(multiply, number, arrays)), 1
        out = arrays if numbers is None else builder.call(multiply, arrays, numbers)
        if False in below:
            out = builder.call(divide, out, below[False])
        divisor = below.get(True)
        if bottom != 1:
            number = builder.number(bottom)
            divisor = number if divisor is None else builder.call(multiply, number, divisor)
        if divisor is not None:
            out = builder.call(divide, out, divisor)
        return builder.call(negative, out) if sign < 0 else out


class _Counter:
    """Counts what the steps cost. A value is its shape, of one number or of an array, and whether it is scaled."""

    NUMBER: Any = ((), False)
    ARRAY: Any = ((2,), False)

    def __init__(self, steps: Steps, is_shared_free: bool):
        self._steps, self._is_shared_free, self.total = steps, is_shared_free, 0.0
        self._seen: set[Node] = set()

    def number(self, _: float) -> Any:
        return self.NUMBER

    def atom(self, node: Node) -> Any:
        if node not in self._seen:
            self._seen.add(node)
            is_free = self._is_shared_free and self._steps.uses.get(node, 1) > 1
            self.total += 0 if is_free else self._steps.atom_cost(node)
        return self.NUMBER if is_scalar(node.shape) else self.ARRAY

    def group(self, node: Node, own: Form) -> Any:
        if not self._is_shared_free or self._steps.uses.get(node, 1) < 2:
            for monomial, coefficient in own.items():
                self._steps.product(abs(coefficient), monomial, self)
            self.total += (len(own) - 1) * (SCALAR if is_scalar(node.shape) else COSTS["add"])
        return self.NUMBER if is_scalar(node.shape) else self.ARRAY

    def discourage(self) -> None:
        self.total += ROUNDED

    def is_scalar(self, value: Any) -> bool:
        return not value[0]

    def call(self, op: Op, *args: Any) -> Any:
        shape = () if all(not of for of, _ in args) else (2,)
        self.total += step_cost(op, shape, args)
        return shape, bool(shape) and op in (multiply, divide) and any(not of for of, _ in args)


class _Builder:
    """Makes the steps."""

    def __init__(self, steps: Steps):
        self._steps, self.call = steps, steps.make

    def number(self, value: float) -> Node:
        return self.call.shared(as_node(value))

    def atom(self, node: Node) -> Node:
        return self._steps.final(node)

    def group(self, node: Node, _: Form) -> Node:
        return self._steps.final(node)

    def discourage(self) -> None:
        """What was chosen is made."""

    def is_scalar(self, value: Node) -> bool:
        return is_scalar(value.shape)
