"""Sums of products in one normal form, so that what cancels in them is found, however it was written.

Each node of arithmetic has a form, made of those of its arguments. What goes into any other op is made a node again:
of its form where that costs less than what was written, else as the author wrote it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tinygraph.forms import POWER, Atoms, Coefficient, Form, Monomial, atoms_in, exact, multiplied, plus, scaled, times
from tinygraph.graph import SIZE, Node, Op, as_node
from tinygraph.laws import SPREADING, Maker, cost, is_constant_along, is_scalar, sums_to_one, uniform, unshifted
from tinygraph.ops.activations import softmax, softplus
from tinygraph.ops.axes import broadcast_to
from tinygraph.ops.elementwise import add, exp, maximum, negative, sigmoid, subtract, where
from tinygraph.ops.functions import abs as absolute
from tinygraph.ops.functions import log1p
from tinygraph.ops.reductions import axes_along
from tinygraph.ops.reductions import sum as total
from tinygraph.report import LIMIT, POLICY
from tinygraph.ring import Ring
from tinygraph.sizes import Size, product
from tinygraph.steps import REDUCTIONS, Steps, node_cost

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
        self._own: dict[Node, Form] = {}  # what a node of arithmetic is made of
        self._closed: set[Node] = set()  # nodes whose own form is too large for those who use them
        self._met: set[Node] = set()  # nodes in which something met itself: they may be less than what was written
        self._final: dict[Node, Node] = {}
        self._kept: set[Node] = set()  # nodes that are computed as they were written
        self._writing: set[frozenset[Any]] = set()  # what is being written, and so can't be made of itself
        self._is_making = False  # whether what is entered is made of a form, and is as it should be
        self._sigmoids: dict[Node, Node] = {}
        self._softmaxes: dict[Any, Node] = {}
        self._has_exp = False
        self._stable: set[Node] = set()  # nodes whose form is finite where what was written is not
        self._totals: dict[Node, Node] = {}  # exp(z) → its sum along axes

    def look_over(self, graph: Iterable[Node]) -> None:
        """Learn which nodes can be written by others: exp(-z) by sigmoid(z), and exp(z) by softmax(z) and its sum."""
        for node in graph:
            self._has_exp = self._has_exp or node.op is exp
            if node.op is sigmoid:
                self._sigmoids[node.args[0]] = node
            elif node.op is softmax:
                self._softmaxes[node.args[0], frozenset(axes_along(node.params["axis"], node.ndim))] = node
            elif node.op is total and node.args[0].op is exp and node.params["keepdims"]:
                self._totals[node.args[0]] = node

    def enter(self, node: Node) -> None:
        """Take in a node whose arguments have been taken in."""
        rule = RULES.get(node.op.name)
        if rule is None or node in self._own or not _is_real(node) or uniform(node) is not None:
            return
        out, has_met = rule(self, node, *map(self.form, node.args))
        if out is None:
            return
        stable = self._with_sigmoids(out) if self._has_exp else out
        if stable is not out:
            self._stable.add(node)
            out, has_met = stable, True
        self._own[node] = out
        if self._is_making:
            self._final[node] = node
        elif (node.op is add or node.op is subtract) and len(out) > 1:
            self.steps.remember(node, out)
        if has_met or any(arg in self._met for arg in node.args):
            self._met.add(node)
        if self.atoms.fits(out):
            self._forms[node] = out
        else:
            final = self.final(node)
            self._closed |= {node, final}
            self._forms[node] = self._forms[final] = {self.atoms.node(final): 1}

    def _with_sigmoids(self, x: Form) -> Form:
        """The form with sigmoid(z) for exp(z) / (1 + exp(z)); itself where there is none."""
        out: Form = {}
        is_changed = False
        for monomial, coefficient in x.items():
            powers = dict(monomial)
            for atom, power in monomial:
                e = self._exp_beside_1(atom) if power < 0 else None
                times_both = 0 if e is None else min(-power, powers.get(e, 0))
                if e is not None and times_both > 0:
                    part = self.make(sigmoid, self.atoms[e].args[0])  # type: ignore[union-attr]
                    is_changed = True
                    ((new, _),) = self.atoms.node(part)
                    monomial = times(monomial, ((e, -times_both), (atom, times_both), (new, times_both)))
            out = plus(out, {monomial: coefficient})
        return out if is_changed else x

    def _exp_beside_1(self, atom: int) -> int | None:
        """The atom exp(z), where the atom is 1 + exp(z)."""
        content = self.atoms[atom]
        if not isinstance(content, dict) or len(content) != 2 or content.get(()) != 1:
            return None
        (monomial,) = (key for key in content if key)
        if content[monomial] != 1 or len(monomial) != 1 or monomial[0][1] != 1:
            return None
        inner = self.atoms[monomial[0][0]]
        return monomial[0][0] if isinstance(inner, Node) and inner.op is exp else None

    @property
    def has_met(self) -> bool:
        """Whether in any sum or product something met itself."""
        return bool(self._met)

    # What a node is as an atom, or as others.

    def form(self, node: Node) -> Form:
        """The form of a node, as those who use it see it."""
        found = self._forms.get(node)
        if found is None:
            found = self._forms[node] = self._number(node) or self._by_others(node) or {self.atoms.node(node): 1}
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

    def _by_others(self, node: Node) -> Form | None:
        """The form of a node in terms of a sigmoid or a softmax that the graph has anyway."""
        if node.op is sigmoid and node.args[0].op is negative and node.args[0].args[0] in self._sigmoids:
            A = self._sigmoids[node.args[0].args[0]]
            self._odds(A, node.args[0], 1)
            return {(): 1, self.atoms.node(A): -1}
        if node.op is not exp:
            return None
        (z,) = node.args
        found = self._softmax_times_total(node)
        if found is None and z in self._sigmoids:
            found = self._odds(self._sigmoids[z], self.make(negative, z), 1)
        if found is None and z.op is negative and z.args[0] in self._sigmoids:
            found = self._odds(self._sigmoids[z.args[0]], z, -1)
        if found is not None:
            self.steps.dear[node] = cost(node) + cost(z)
        return found

    def _softmax_times_total(self, node: Node) -> Form | None:
        whole = self._totals.get(node)
        if whole is None:
            return None
        axes = axes_along(whole.params["axis"], node.ndim)
        z = unshifted(node.args[0], axes)
        share = self._softmaxes.get((z, frozenset(axes)))
        if share is None:
            share = self.make(softmax, z, axis=axes if len(axes) > 1 else axes[0])
            self.steps.dear[share] = 1  # it takes the place of exp and sum, if not here alone
        self.steps.dear[whole] = cost(whole) + cost(node)
        self._forms[whole] = {self.atoms.node(whole): 1}
        return {times(self.atoms.node(share), self.atoms.node(whole)): 1}

    def _odds(self, A: Node, below: Node, power: int) -> Form:
        """exp(z) or exp(-z) as A / (1 - A) to the power 1 or -1, where 1 - A is sigmoid(-z), which has all digits."""
        atom = self.atoms.node(A)
        ((rest, _),) = self.atoms.sum({(): 1, atom: -1})
        self.steps.instead[rest] = B = self.make(sigmoid, below)
        self.steps.rounded |= {A, B}
        if below not in self._sigmoids:
            self.steps.dear[B] = cost(B) + cost(below)
        return {times(((atom[0][0], power),), ((rest, -power),)): 1}

    # Sums and means: what is the same all along their axes stands before them.

    def reduced(self, node: Node, x: Form) -> tuple[Form, bool]:
        """The form of a sum or mean of what has the form x."""
        out = self._of_product(node, *self.atoms.as_one(x)) if x else {}
        return ({self.atoms.node(node): 1}, False) if out is None else (out, True)

    def _of_product(self, node: Node, coefficient: Coefficient, monomial: Monomial) -> Form | None:
        """That of a product; None where it is just the node itself."""
        (arg,) = node.args
        axes = axes_along(node.params["axis"], arg.ndim)
        before = tuple(pair for pair in monomial if self._is_same_along(pair[0], node, axes))
        inside = tuple(pair for pair in monomial if pair not in before)
        outer: Form = {before: coefficient}
        if not inside:
            count = product(tuple(arg.shape[axis] for axis in axes)) if node.op is total else 1
            return self.ring.product(outer, self.form(as_node(count)))[0]
        terms = self.atoms[inside[0][0]] if len(inside) == 1 and inside[0][1] == 1 else None
        if isinstance(terms, dict) and any(self._is_whole(key, node, axes) for key in terms):
            parts = [self._of_product(node, value, key) for key, value in terms.items()]
            out: Form | None = {}
            for part in parts:
                out = None if out is None or part is None else plus(out, part)
            return None if out is None else self.ring.product(outer, out)[0]
        if not before and coefficient == 1 and self.atoms.as_one(self.form(arg)) == (1, monomial):
            return None
        made = self._made({inside: 1})
        if made.dtype != arg.dtype or made.weak or not self._goes_along(made, node, axes):
            return None
        return self.ring.product(outer, self.form(self.make(node.op, made, **node.params)))[0]

    def _goes_along(self, made: Node, node: Node, axes: Sequence[int]) -> bool:
        """Whether the sum or mean of what was made is that of the node, but for what stands before it."""
        (arg,) = node.args
        if made.shape == arg.shape:
            return True
        is_like = made.ndim == arg.ndim and all(made.shape[axis] == arg.shape[axis] for axis in axes)
        return is_like and bool(node.params["keepdims"])

    def _is_same_along(self, atom: int, node: Node, axes: Sequence[int]) -> bool:
        content = self.atoms[atom]
        if isinstance(content, dict):
            return all(self._is_same_along(part, node, axes) for part in atoms_in(content))
        return not content.shape or (node.params["keepdims"] and is_constant_along(content, node.args[0], axes))

    def _is_whole(self, monomial: Monomial, node: Node, axes: Sequence[int]) -> bool:
        """Whether the sum of the term along the axes is known: that of softmax, or of what was said to sum to one."""
        inside = [pair for pair in monomial if not self._is_same_along(pair[0], node, axes)]
        if node.op is not total or len(inside) != 1 or inside[0][1] != 1:
            return False
        content = self.atoms[inside[0][0]]
        return isinstance(content, Node) and sums_to_one(content) == set(axes)

    def joined(self, x: Form, y: Form, sign: int) -> Form | None:
        """x + y or x - y, where an atom of one joins an atom of the other; None where none does."""
        for other, j in y.items() if len(y) == 1 else ():
            for one, k in x.items():
                made = self._one_node(one, other, add if sign * j == k else subtract) if abs(j) == abs(k) else None
                if made is not None:
                    rest = {monomial: coefficient for monomial, coefficient in x.items() if monomial != one}
                    return plus(rest, self.ring.product({made[0]: k}, self.form(made[1]))[0])
        return None

    def _one_node(self, x: Monomial, y: Monomial, op: Op) -> tuple[Monomial, Node] | None:
        """What two products have in common, and one node for that in which they differ; None where there is none."""
        common = tuple(pair for pair in x if pair in y)
        one, other = ([pair for pair in side if pair not in common] for side in (x, y))
        if not (len(one) == len(other) == 1 == one[0][1] == other[0][1]):
            return None
        a, b = self.atoms[one[0][0]], self.atoms[other[0][0]]
        if not isinstance(a, Node) or not isinstance(b, Node) or a.op is not b.op or a.params != b.params:
            return None
        if a.op is where and a.shape == b.shape and a.args[0] is b.args[0] and _is_zero(a.args[2], b.args[2]):
            return common, self.make(where, a.args[0], self.make(op, a.args[1], b.args[1]), 0)
        if a.op.name not in REDUCTIONS or not is_scalar(a.shape):
            return None
        u, v = a.args[0], b.args[0]
        is_alike = (u.shape, u.dtype) == (v.shape, v.dtype)
        if not is_alike or self.atoms.inside(self.form(u)).isdisjoint(self.atoms.inside(self.form(v))):
            return None
        return common, self.make(a.op, self.make(op, u, v), **a.params)

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
        form = self._own[node]
        if not self.atoms.fits(form):
            return None
        full, alone = self._written_costs(node)
        split, is_stable = self._split(form), node in self._stable
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
            self.make.tell("exp(x) / (1 + exp(x)) → sigmoid(x)", node, made, LIMIT, "finite where exp overflows")
        else:
            self.make.tell(NORMAL, node, made, POLICY, POLICY_NOTE)
        return made

    def _like(self, form: Form, node: Node) -> Node | None:
        """The node that computes the form, in the shape of another; None where it has another dtype."""
        if set(form) <= {()}:
            return self.make.filled(float(form.get((), 0)), node)
        out = self._made(form)
        if out.dtype != node.dtype or out.weak:
            return None
        return out if out.shape == node.shape else self.make(broadcast_to, out, shape=node.shape)

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
        is_atom = node not in self._own or node.op.name in REDUCTIONS
        return self.steps.atom_cost(node) if is_atom else node_cost(node)

    def _split(self, form: Form) -> Form | None:
        """The form with softplus(±z) as max(z, 0) [- z] + log1p(exp(-|z|)), multiplied out; None without softplus."""
        out, kept, is_found = form, set(), False
        for atom in self.atoms.inside(form):
            node = self.atoms[atom]
            if not isinstance(node, Node) or node.op is not softplus:
                continue
            is_found = True
            (z,) = node.args
            is_turned = z.op is negative
            z = z.args[0] if is_turned else z
            rest = self.make(log1p, self.make(exp, self.make(negative, self.make(absolute, z))))
            parts: Form = {self.atoms.node(self.make(maximum, z, 0)): 1, self.atoms.node(rest): 1}
            if is_turned:
                whole = self.atoms.one_term(self.form(z))
                kept |= atoms_in(whole)
                parts = plus(parts, whole, -1)
            out = self._with(out, atom, parts)
        return self._multiplied_out(out, kept) if is_found else None

    def _with(self, form: Form, atom: int, parts: Form) -> Form:
        """The form with a sum in the place of an atom."""
        out: Form = {}
        for monomial, coefficient in form.items():
            rest = tuple(pair for pair in monomial if pair != (atom, 1))
            term: Form = {rest: coefficient}
            out = plus(out, multiplied(term, parts) if rest != monomial else term)
        return out

    def _multiplied_out(self, form: Form, kept: set[int]) -> Form:
        """Every sum within a product multiplied out, but for those that are kept whole."""
        out: Form = {}
        for monomial, coefficient in form.items():
            term: Form = {(): coefficient}
            for atom, power in monomial:
                content = self.atoms[atom]
                is_sum = isinstance(content, dict) and atom not in kept and power == 1
                term = multiplied(term, content) if is_sum else scaled(term, ((atom, power),))  # type: ignore[arg-type]
            out = plus(out, term)
        return out


def _is_zero(*nodes: Node) -> bool:
    return all(uniform(node) == 0 for node in nodes)


def _is_real(node: Node) -> bool:
    """Whether the laws of real numbers hold: for floats of one kind, and for what gives way to them."""
    if node.weak:
        return node.dtype.kind in "if"
    kinds = [arg for arg in node.args if not arg.weak and arg.dtype != node.dtype]
    return node.dtype.kind == "f" and all(arg.dtype.kind in "biu" for arg in kinds)


def _added(sums: Sums, x: Form, y: Form, sign: int) -> tuple[Form | None, bool]:
    if () in x and () in y and not 1 / APART < abs(x[()] / y[()]) < APART:
        return None, False  # in 1 - A + 1e-8 the small number is there for what remains of 1 - A
    found = sums.joined(x, y, sign)
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
    "negative": lambda sums, node, x: (scaled(x, (), -1), False),
    "multiply": lambda sums, node, x, y: sums.ring.product(x, y),
    "divide": lambda sums, node, x, y: _divided(sums, x, y),
    "square": lambda sums, node, x: sums.ring.product(x, x),
    "reciprocal": lambda sums, node, x: (sums.ring.inverse(x) if x else None, False),
    "power": lambda sums, node, x, y: _power(sums, x, y),
    "broadcast_to": lambda sums, node, x: (x, False),
    "broadcast_like": lambda sums, node, x, like: (x, False),
    "sum": lambda sums, node, x: sums.reduced(node, x),
    "mean": lambda sums, node, x: sums.reduced(node, x),
}
"""How the form of a node of arithmetic is made of those of its arguments, and whether something met itself."""
