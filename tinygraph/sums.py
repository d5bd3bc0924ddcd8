"""Sums of products in one normal form, so that what cancels in them is found, however it was written.

Each node of arithmetic has a form, made of those of its arguments. What goes into any other op is made a node again:
of its form where that costs less than what was written, else as the author wrote it.
"""

from collections.abc import Callable
from typing import Any

from tinygraph.costs import is_part, is_scalar, uniform
from tinygraph.forms import (
    POWER,
    Atoms,
    Form,
    Monomial,
    atoms_in,
    exact,
    scaled,
    times,
)
from tinygraph.graph import SIZE, Node, as_node, constant
from tinygraph.identities import Identities
from tinygraph.linear import Linear
from tinygraph.maker import Maker
from tinygraph.ops.activations import softmax
from tinygraph.ops.axes import broadcast_to
from tinygraph.ops.elementwise import add, divide, multiply, subtract
from tinygraph.report import LIMIT, POLICY
from tinygraph.ring import Ring
from tinygraph.rows import SPREADING
from tinygraph.sizes import Size
from tinygraph.softplus import Softplus
from tinygraph.steps import REDUCTIONS, ROUNDED, Steps, node_cost

REGION = 24
"""So many nodes at most are looked at to tell what a sum costs as it was written."""

APART = 1000
"""Numbers that differ by more than this factor are not added up ahead of what stands between them."""

NORMAL = "sums of products: like terms collected, common factors cancelled or taken out"
POLICY_NOTE = "true of numbers: rounding may differ, and inf - inf, 0 * inf and 0 / 0 in what cancels become 0 or 1"


class Sums:
    """The forms of a graph's arithmetic, and the nodes to compute for it; `make` makes them, and is told of changes."""

    def __init__(self, make: Maker):
        self.make = make
        self.atoms = Atoms()
        self.steps = Steps(self.atoms, make, self.final)
        self.ring = Ring(self.atoms, self.steps.cost, self.steps.instead)
        self._forms: dict[Node, Form] = {}  # as those who use a node see it
        self.identities = Identities(self.atoms, self.steps, make, self._forms)
        self.linear = Linear(self.atoms, self.ring, make, self.form, self._made)
        self._softplus = Softplus(self.atoms, self.steps, make, self.form)
        self._own: dict[Node, Form] = {}  # what a node of arithmetic is made of
        self._closed: set[Node] = set()  # nodes whose own form is too large for those who use them
        self._met: set[Node] = set()  # nodes in which something met itself: they may be less than what was written
        self._final: dict[Node, Node] = {}
        self._kept: set[Node] = set()  # nodes that are computed as they were written
        self._writing: set[frozenset[Any]] = set()  # what is being written, and so can't be made of itself
        self._is_making = False  # whether what is entered is made of a form, and is as it should be
        self._stable: set[Node] = set()  # nodes whose form is finite where what was written is not

    def enter(self, node: Node) -> None:
        """Take in a node whose arguments have been taken in."""
        rule = RULES.get(node.op.name)
        if rule is None or node in self._own or not _is_real(node) or uniform(node) is not None:
            return
        out, has_met = rule(self, node, *map(self.form, node.args))
        if out is None:
            return
        if self.identities.has_exp:
            stable = self.identities.with_sigmoids(out)
            if stable is not out:
                self._stable.add(node)
                out, has_met = stable, True
            below = {atom for monomial in out for atom, power in monomial if power < 0}
            has_met = has_met or any(map(self.identities.is_beside_1, below))
        self._own[node] = out
        if self._is_making:
            self._final[node] = node
        elif (node.op is add or node.op is subtract) and len(out) > 1:
            self.steps.remember(node, out)
        if has_met or any(arg in self._met or is_part(arg) for arg in node.args):
            self._met.add(node)
        if self.atoms.fits(out):
            self._forms[node] = out
        else:
            final = self.final(node)
            self._closed |= {node, final}
            self._forms[node] = self._forms[final] = {self.atoms.node(final): 1}

    @property
    def has_met(self) -> bool:
        """Whether in any sum or product something met itself."""
        return bool(self._met)

    # What a node is as an atom, or as others.

    def form(self, node: Node) -> Form:
        """The form of a node, as those who use it see it."""
        found = self._forms.get(node)
        if found is None:
            found = self._forms[node] = self._number(node) or self.identities.form(node) or self.linear.alone(node)
        return found if uniform(node) != 0 else {}

    def _number(self, node: Node) -> Form | None:
        """The form of a number, or of a size that is a product of names."""
        value = uniform(node)
        coefficient = None if value is None else exact(value)
        if coefficient is not None:
            return {(): coefficient}
        if node.op is not SIZE or len(node.params["size"].terms) > 1:
            return None
        size: Size = node.params["size"]
        ((names, coefficient),) = size.terms.items()
        monomial: Monomial = ()
        for name in names:
            if not isinstance(name, str):
                return None
            part = self.make.shared(as_node(Size.named(name, size.sources[name])))
            monomial = times(monomial, self.atoms.node(part))
        return {monomial: coefficient}

    def takes_sign(self, x: Form) -> bool:
        """Whether a sign before the product vanishes in a sum within it: -((x - y) / m) is (y - x) / m."""
        return len(x) == 1 and any(isinstance(self.atoms[atom], dict) for atom in atoms_in(x))

    # Nodes.

    def final(self, node: Node) -> Node:
        """The node to compute: made of its form where that costs less, else as it was written."""
        stack = [node]
        while stack:
            part = stack[-1]
            if part in self._final:
                stack.pop()
            elif part not in self._own or part.weak:
                self._final[stack.pop()] = part
            else:
                better = None
                terms = frozenset(self._own[part].items())
                if part in self._met and part not in self._kept and terms not in self._writing:
                    self.steps.busy.add(part)
                    self._writing.add(terms)
                    better = self._better(part)
                    self._writing.discard(terms)
                    self.steps.busy.discard(part)
                self._kept.add(part)
                waiting = [] if better is not None else [arg for arg in part.args if arg not in self._final]
                if waiting:
                    stack.extend(waiting)
                    continue
                if better is None:
                    better = self.make.rebuilt(part, tuple(self._final[arg] for arg in part.args))
                self._final[stack.pop()] = better
                self._final[better] = better
        return self._final[node]

    def _better(self, node: Node) -> Node | None:
        """The node made of its form; None where that costs no less than what was written, and no one else uses."""
        form, is_stable = self._own[node], node in self._stable
        if self.identities.has_exp:
            last = self.identities.with_sigmoids(form, is_last=True)
            form, is_stable = last, is_stable or last is not form
        if not self.atoms.fits(form):
            return None
        full, alone = self._written_costs(node)
        split = self._softplus.split(form)
        if split is None and self._at_least(form) > alone and not is_stable:
            return None
        best = form if split is None else min(form, split, key=self.steps.cost)
        is_dear = full <= self.steps.cost(best) + 1e-9 or alone < self.steps.cost(best, is_shared_free=True) - 1e-9
        if is_dear and not is_stable:
            return None
        made = self._like(best, node)
        if made is None or made is node:
            return None
        if is_stable:
            self.make.tell("1 / (1 + exp(x)) → sigmoid(-x)", node, made, LIMIT, "finite where exp overflows")
        else:
            self.make.tell(NORMAL, node, made, POLICY, POLICY_NOTE)
        return made

    def _like(self, form: Form, node: Node) -> Node | None:
        """The node that computes the form, in the shape of another; None where it has another dtype."""
        if set(form) <= {()}:
            return self.make.filled(float(form.get((), 0)), node)
        out = self._made(form)
        if out.weak and not node.weak:
            out = self._in_dtype(out, node)
        if out.dtype != node.dtype:
            return None
        return out if out.shape == node.shape else self.make(broadcast_to, out, shape=node.shape)

    def _in_dtype(self, number: Node, like: Node) -> Node:
        """A number of Python's as one of the dtype of another node: 1 / m as np.float64(1.0) / m."""
        top, *below = number.args if number.op is divide else (number,)
        value = uniform(top)
        one = self.make.shared(constant(like.dtype.type(1 if value is None else value)))
        return self.make(divide, one, *below) if below and value is not None else self.make(multiply, one, number)

    def _made(self, form: Form) -> Node:
        before, self._is_making = self._is_making, True
        try:
            return self.steps.made(form)
        finally:
            self._is_making = before

    def _at_least(self, form: Form) -> int:
        """No fewer steps than this compute the form: each brings two of its arrays together."""
        contents = [self.atoms[atom] for atom in atoms_in(form)]
        return sum(isinstance(content, dict) or not is_scalar(content.shape) for content in contents) - 1

    def _written_costs(self, node: Node) -> tuple[float, float]:
        """What the steps as written cost: all of them, and those that no one else uses."""
        region, used = [node], {node: 0}
        beyond: list[Node] = []  # what is summed there may have no other use, too
        for part in region:  # which grows as it is gone through
            for arg in self._looked_into(part):
                if arg not in used:
                    region.append(arg)
                used[arg] = used.get(arg, 0) + 1
            if part.op.name in REDUCTIONS:
                beyond += part.args
            if len(region) > REGION:
                break
        for part in beyond:
            used[part] = used.get(part, 0) + 1
            if used[part] == 1 and len(beyond) < REGION:
                beyond += self._looked_into(part)
        needed = [part for part in region if self.steps.uses.get(part, 1) > used[part] and part is not node]
        others = set(needed)  # what others use, and all that it is made of
        for part in needed:
            for arg in self._looked_into(part):
                if arg in used and arg not in others:
                    others.add(arg)
                    needed.append(arg)
        costs = [(part in others, self._step_cost(part)) for part in region]
        return sum(price for _, price in costs), sum(price for is_free, price in costs if not is_free)

    def _looked_into(self, node: Node) -> tuple[Node, ...]:
        """The arguments of which the node's form is made."""
        if node not in self._own or node in self._closed or node.op.name in REDUCTIONS:
            return ()
        return node.args[:1] if node.op.name in SPREADING else node.args

    def _step_cost(self, node: Node) -> float:
        if node in self._closed and node not in self.steps.busy:
            return 0
        if node not in self._own or node.op.name in REDUCTIONS:
            return self.steps.atom_cost(node)
        below = self.atoms.as_one(self.form(node.args[1]))[1] if node.op is divide and self.form(node.args[1]) else ()
        is_danger = any(power > 0 and self.steps.may_vanish(atom) for atom, power in below)
        return node_cost(node) + (ROUNDED if is_danger and node.args[1].op is not softmax else 0)


def _is_real(node: Node) -> bool:
    """Whether the laws of real numbers hold: for floats of one kind, and for what gives way to them."""
    if node.weak:
        return node.dtype.kind in "if"
    kinds = [arg for arg in node.args if not arg.weak and arg.dtype != node.dtype]
    return node.dtype.kind == "f" and all(arg.dtype.kind in "biu" for arg in kinds)


def _added(sums: Sums, x: Form, y: Form, sign: int) -> tuple[Form | None, bool]:
    if () in x and () in y and not 1 / APART < abs(x[()] / y[()]) < APART:
        return None, False  # in 1 - A + 1e-8 the small number is there for what remains of 1 - A
    found = sums.linear.joined(x, y, sign)
    return sums.ring.sum(x, y, sign) if found is None else (found, True)


def _divided(sums: Sums, x: Form, y: Form) -> tuple[Form | None, bool]:
    return sums.ring.product(x, sums.ring.inverse(y)) if y else (None, False)


def _power(sums: Sums, x: Form, y: Form) -> tuple[Form | None, bool]:
    exponent = y.get((), 0) if set(y) <= {()} else 0
    if not x or exponent == 0 or exponent.denominator != 1 or abs(exponent) > POWER:
        return None, False
    base = x if exponent > 0 else sums.ring.inverse(x)
    out = base
    for _ in range(abs(exponent) - 1):
        out, _ = sums.ring.product(out, base)
    return out, False


Rule = Callable[..., tuple[Form | None, bool]]
RULES: dict[str, Rule] = {
    "add": lambda sums, node, x, y: _added(sums, x, y, 1),
    "subtract": lambda sums, node, x, y: _added(sums, x, y, -1),
    "negative": lambda sums, node, x: (scaled(x, (), -1), sums.takes_sign(x)),
    "multiply": lambda sums, node, x, y: sums.ring.product(x, y),
    "divide": lambda sums, node, x, y: _divided(sums, x, y),
    "square": lambda sums, node, x: sums.ring.product(x, x),
    "reciprocal": lambda sums, node, x: (sums.ring.inverse(x) if x else None, False),
    "power": lambda sums, node, x, y: _power(sums, x, y),
    "broadcast_to": lambda sums, node, x: (x, False),
    "broadcast_like": lambda sums, node, x, like: (x, False),
    "sum": lambda sums, node, x: sums.linear.reduced(node, x),
    "mean": lambda sums, node, x: sums.linear.reduced(node, x),
    "scatter": lambda sums, node, x, *like: sums.linear.scattered(node, x),
}
"""How the form of a node of arithmetic is made of those of its arguments, and whether something met itself."""
