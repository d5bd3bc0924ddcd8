"""Identities: nodes that are written by others that the graph has, so that they cancel: exp(z) by sigmoid(z)."""

from collections.abc import Iterable
from typing import Any

from tinygraph.costs import cost
from tinygraph.forms import Atoms, Form, plus, times
from tinygraph.graph import Node
from tinygraph.maker import Maker
from tinygraph.ops.activations import softmax
from tinygraph.ops.elementwise import exp, multiply, negative, sigmoid, subtract, tanh
from tinygraph.ops.functions import cosh, sinh
from tinygraph.ops.reductions import axes_along
from tinygraph.ops.reductions import sum as total
from tinygraph.softmaxes import unshifted
from tinygraph.steps import Steps


class Identities:
    """What a graph has of exp and its kin; `forms` are those of its nodes."""

    def __init__(self, atoms: Atoms, steps: Steps, make: Maker, forms: dict[Node, Form]):
        self.atoms, self.steps, self.make, self.forms = atoms, steps, make, forms
        self.has_exp = False
        self._sigmoids: dict[Node, Node] = {}  # z → sigmoid(z)
        self._softmaxes: dict[Any, Node] = {}  # z and axes → softmax(z)
        self._totals: dict[Node, Node] = {}  # exp(z) → its sum along axes
        self._hyperbolic: set[Node] = set()  # each z with tanh(z) and exp(z), or with cosh(z)

    def look_over(self, graph: Iterable[Node]) -> None:
        """Learn which nodes can be written by others: exp(-z) by sigmoid(z), and exp(z) by softmax(z) and its sum."""
        graph = list(graph)
        exps = {node.args[0] for node in graph if node.op is exp}
        for node in graph:
            if node.op is cosh or (node.op is tanh and node.args[0] in exps):
                self._hyperbolic.add(node.args[0])
            self.has_exp = self.has_exp or node.op is exp
            if node.op is sigmoid:
                self._sigmoids[node.args[0]] = node
            elif node.op is softmax:
                self._softmaxes[node.args[0], frozenset(axes_along(node.params["axis"], node.ndim))] = node
            elif node.op is total and node.args[0].op is exp and node.params["keepdims"]:
                self._totals[node.args[0]] = node

    def with_sigmoids(self, x: Form, is_last: bool = False) -> Form:
        """The form with sigmoid(z) for exp(z) / (1 + exp(z)); at last, too, with sigmoid(-z) for 1 / (1 + exp(z))."""
        out: Form = {}
        is_changed = False
        for monomial, coefficient in x.items():
            powers = dict(monomial)
            for atom, power in monomial:
                sides = self._exps_of_sum(atom) if power < 0 else ()
                left = -power
                for e, argument in sides:
                    count = min(left, max(0, powers.get(e, 0))) if e is not None else left if is_last else 0
                    if count:
                        is_changed, left = True, left - count
                        ((new, _),) = self.atoms.node(self.make(sigmoid, argument))
                        cancelled = ((atom, count),) if e is None else ((e, -count), (atom, count))
                        monomial = times(monomial, (*cancelled, (new, count)))
            out = plus(out, {monomial: coefficient})
        return out if is_changed else x

    def is_beside_1(self, atom: int) -> bool:
        """Whether the atom is 1 + exp(z)."""
        return any(e is None for e, _ in self._exps_of_sum(atom))

    def _exps_of_sum(self, atom: int) -> list[tuple[int | None, Node]]:
        """For exp(x) + exp(y), the atom of each, and z such that its share of the sum is sigmoid(z); last for a 1."""
        content = self.atoms[atom]
        if not isinstance(content, dict) or len(content) != 2 or set(content.values()) != {1}:
            return []
        exps = []
        for monomial in content:
            inner = self.atoms[monomial[0][0]] if len(monomial) == 1 and monomial[0][1] == 1 else None
            if isinstance(inner, Node) and inner.op is exp:
                exps.append((monomial[0][0], inner.args[0]))
        if len(exps) == 2:
            (e, x), (f, y) = exps
            if any(a.op is negative and a.args[0] is b for a, b in ((x, y), (y, x))):
                return []  # 2 cosh(x)
            return [(e, self.make(subtract, x, y)), (f, self.make(subtract, y, x))]
        if len(exps) == 1 and () in content:
            ((e, z),) = exps
            return [(e, z), (None, self.make(negative, z))]
        return []

    def form(self, node: Node) -> Form | None:
        """The form of a node in terms of a sigmoid or a softmax that the graph has anyway."""
        if node.op is sigmoid and node.args[0].op is negative and node.args[0].args[0] in self._sigmoids:
            A = self._sigmoids[node.args[0].args[0]]
            self._odds(A, node.args[0], 1)
            return {(): 1, self.atoms.node(A): -1}
        if node.op is tanh:
            return self._by_sigmoid(node)
        if node.op is not exp and node.op is not sinh:
            return None
        (z,) = node.args
        turned = z.args[0] if z.op is negative else z
        if turned in self._hyperbolic:
            return self._by_tanh(node, turned)
        if node.op is sinh:
            return None
        found = self._softmax_times_total(node)
        if found is None and z in self._sigmoids:
            found = self._odds(self._sigmoids[z], self.make(negative, z), 1)
        if found is None and z.op is negative and z.args[0] in self._sigmoids:
            found = self._odds(self._sigmoids[z.args[0]], z, -1)
        if found is not None:
            self.steps.dear[node] = cost(node) + cost(z)
        return found

    def _by_sigmoid(self, node: Node) -> Form | None:
        """tanh(z / 2) as 2 A - 1, where there is A = sigmoid(z)."""
        A = self._sigmoids.get(self.steps.final(self.make(multiply, 2, node.args[0]))) if self._sigmoids else None
        return None if A is None else {self.atoms.node(A): 2, (): -1}

    def _by_tanh(self, node: Node, z: Node) -> Form:
        """exp(z), exp(-z) or sinh(z) by tanh(z), times cosh(z), which cancels where they are a quotient."""
        c, t = self.make(cosh, z), self.make(tanh, z)
        for part in (c, t, node):
            self.steps.dear[part] = cost(part)
        product = times(self.atoms.node(c), self.atoms.node(t))
        if node.op is sinh:
            return {product: 1}
        return {self.atoms.node(c): 1, product: 1 if node.args[0] is z else -1}

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
        self.forms[whole] = {self.atoms.node(whole): 1}
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
