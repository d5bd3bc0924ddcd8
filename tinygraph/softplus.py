"""Softplus written as max(z, 0) + log1p(exp(-|z|)), so that a cost that is made of it loses no digits."""

from collections.abc import Callable

from tinygraph.forms import Atoms, Form, atoms_in, multiplied, plus, scaled, times
from tinygraph.graph import Node
from tinygraph.maker import Maker
from tinygraph.ops.activations import softplus
from tinygraph.ops.elementwise import exp, maximum, negative
from tinygraph.ops.functions import abs, log1p
from tinygraph.steps import Steps


class Softplus:
    """Splits what a form has of softplus, and multiplies out what stands beside it."""

    def __init__(self, atoms: Atoms, steps: Steps, make: Maker, form: Callable[[Node], Form]):
        self.atoms, self.steps, self.make, self.form = atoms, steps, make, form

    def split(self, form: Form) -> Form | None:
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
            rest = self.make(log1p, self.make(exp, self.make(negative, self.make(abs, z))))
            parts: Form = {self.atoms.node(self.make(maximum, z, 0)): 1, self.atoms.node(rest): 1}
            if is_turned:
                whole = self.atoms.one_term(self.form(z))
                kept |= atoms_in(whole)
                parts = plus(parts, whole, -1)
            out = self._with(out, atom, parts)
        if not is_found:
            return None
        out = self._multiplied_out(out, kept)
        return min(out, self._collected(out, kept), key=lambda form: self.steps.cost(form, is_shared_free=True))

    def _collected(self, form: Form, kept: set[int]) -> Form:
        """The form with the terms that have the same one of these atoms as one product."""
        out: Form = {}
        groups: dict[int, Form] = {}
        for monomial, coefficient in form.items():
            found = [atom for atom, power in monomial if power == 1 and atom in kept]
            if len(found) == 1:
                rest = tuple(pair for pair in monomial if pair[0] not in found)
                groups[found[0]] = plus(groups.get(found[0], {}), {rest: coefficient})
            else:
                out[monomial] = coefficient
        for atom, terms in groups.items():
            coefficient, monomial = self.atoms.as_one(terms)
            out = plus(out, {times(monomial, ((atom, 1),)): coefficient})
        return out

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
