"""Arithmetic on forms: products are multiplied out only where something cancels and the result costs less."""

from collections.abc import Callable, Container
from fractions import Fraction

from tinygraph.forms import (
    TERMS,
    Atoms,
    Coefficient,
    Form,
    Monomial,
    atoms_in,
    inverse,
    multiplied,
    opposite,
    plain,
    plus,
    primitive,
    scaled,
    times,
)

FEW = 4
"""A sum of more terms than this is kept as it was written: to try more would take most of the time, and rarely gain."""


class Ring:
    """Sums and products of forms; each answers with the form, and with whether something in it met itself.

    `cost` tells what a form costs to compute; sums in `kept` are not multiplied out to cancel with one factor.
    """

    def __init__(self, atoms: Atoms, cost: Callable[[Form], float], kept: Container[int]):
        self._atoms, self._cost, self._kept = atoms, cost, kept

    def sum(self, x: Form, y: Form, sign: int = 1) -> tuple[Form, bool]:
        """x + y, or x - y."""
        out = plus(x, y, sign)
        has_met = (() in x and () in y) or not self._atoms.inside(x).isdisjoint(self._atoms.inside(y))
        if 1 < len(out) <= FEW and (has_met or self._kept or (() in out and self._has_square_of_sum(out))):
            less = self._over_one_line(self.multiplied_out(out))
            return less, has_met or less is not out
        return out, has_met

    def _has_square_of_sum(self, x: Form) -> bool:
        return any(power == 2 and isinstance(self._atoms[atom], dict) for monomial in x for atom, power in monomial)

    def product(self, x: Form, y: Form) -> tuple[Form, bool]:
        """x * y."""
        if not x or not y:
            return {}, True
        if len(x) > 1 and len(y) > 1:
            found = self._distributed(x, *self._atoms.as_one(y)) or self._distributed(y, *self._atoms.as_one(x))
            if found:
                return found, True
            x, y = self._atoms.one_term(x), self._atoms.one_term(y)
        if len(x) > 1:
            x, y = y, x
        ((monomial, coefficient),) = x.items()
        if len(y) > 1 and not monomial:
            return scaled(y, (), coefficient), abs(coefficient) != 1
        found = self._distributed(y, coefficient, monomial) if len(y) > 1 else None
        if found:
            return found, True
        other_coefficient, other = self._atoms.as_one(y)
        powers = dict(monomial)
        has_met = any(atom in powers for atom, _ in other) and monomial != other
        scales = [abs(factor) != 1 for factor in (coefficient, other_coefficient)]
        has_met = has_met or all(scales) or (any(scales) and bool(monomial and other))
        return self._atoms.flat({times(monomial, other): coefficient * other_coefficient}), has_met

    def inverse(self, x: Form) -> Form:
        """1 / x, of an x that is not 0."""
        coefficient, monomial = self._atoms.as_one(x)
        return self._atoms.flat({inverse(monomial): plain(1 / Fraction(coefficient))})

    def _distributed(self, x: Form, coefficient: Coefficient, monomial: Monomial) -> Form | None:
        """The sum times a product, multiplied out, where a power cancels and it costs no more."""
        outer, common, terms = primitive(x)
        ((whole, _),) = self._atoms.sum(terms)
        rest = times(common, monomial)
        powers = dict(rest)
        cancels = any(powers.get(atom, 0) * power < 0 for key in terms for atom, power in key)
        if whole in self._kept or powers.get(whole, 0) < 0 or not cancels:
            return None
        out = self.multiplied_out(scaled(terms, rest, outer * coefficient))
        is_less = self._atoms.fits(out) and self._cost(out) <= self._cost({times(rest, ((whole, 1),)): 1})
        return out if is_less else None

    def multiplied_out(self, x: Form) -> Form:
        """The form with sums in products multiplied out, where they meet what they are made of and it costs less."""
        meeting = self._sums_that_meet(x)
        if not meeting:
            return x
        out: Form = {}
        for monomial, coefficient in x.items():
            part: Form = {tuple(pair for pair in monomial if pair[0] not in meeting or pair[1] < 0): coefficient}
            for atom, power in monomial:  # one below the line stays there
                inner = self._atoms[atom]
                if atom in meeting and isinstance(inner, dict):
                    for _ in range(power):
                        part = multiplied(part, inner)
                        if len(part) > TERMS:
                            return x
            out = plus(out, part)
        is_less = self._atoms.fits(out) and self._unsigned_cost(out) < self._unsigned_cost(x)
        return self.multiplied_out(out) if is_less else x

    def _unsigned_cost(self, x: Form) -> float:
        """The cost but for a sign before all of it, which may vanish in what the sum becomes part of."""
        return self._cost(opposite(x) if all(value < 0 for value in x.values()) else x)

    def _sums_that_meet(self, x: Form) -> set[int]:
        """The sums in products, to the power 1 or 2, of which a part stands in another term, or below the line."""
        sums: dict[int, set[int]] = {}
        seen: dict[int, int] = {}  # in how many terms an atom stands
        found = set()
        for monomial in x:
            here = {atom for atom, _ in monomial}
            for atom, power in monomial:
                inner = self._atoms[atom]
                if isinstance(inner, dict) and 0 < power <= 2:
                    sums[atom] = atoms_in(inner)
                    here |= sums[atom]
                    meets_number = power == 2 and () in x and () in inner  # 1 - (2 x - 1) ** 2 is 4 x (1 - x)
                    if meets_number or any(other < 0 and part in sums[atom] for part, other in monomial):
                        found.add(atom)
            for atom in here:
                seen[atom] = seen.get(atom, 0) + 1
        return found | {atom for atom, parts in sums.items() if any(seen[part] > 1 for part in parts)}

    def _over_one_line(self, x: Form) -> Form:
        """The sum as one quotient, where it costs less: 1 + A / (1 - A) is 1 / (1 - A)."""
        below = {atom for monomial in x for atom, power in monomial if power == -1}
        for atom in below:
            inner = self._atoms[atom]
            if not isinstance(inner, dict):
                continue
            top: Form = {}
            for monomial, coefficient in x.items():
                raised = times(monomial, ((atom, 1),))
                is_above = dict(raised).get(atom) == 1
                part = {monomial: coefficient} if is_above else {raised: coefficient}
                top = plus(top, multiplied(part, inner) if is_above else part)
            top = self.multiplied_out(top) if self._atoms.fits(top) else {}
            if top and not any(power < 0 for monomial in top for _, power in monomial):  # else the rest may cancel
                out, _ = self.product(top, {((atom, -1),): 1})
                if self._atoms.fits(out) and self._cost(out) < self._cost(x):
                    return out
        return x
