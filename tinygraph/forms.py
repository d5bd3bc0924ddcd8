"""Forms: a sum of products, as a dictionary from each product to its coefficient.

A product, or *monomial*, is a tuple of atoms with whole powers. An *atom* is a number that stands for a node that is
not looked into, or for a sum inside a product, made primitive: coefficient, sign and common factor are taken out, so
that `1 - A` and `A - 1` are one.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from tinygraph.graph import Node

Coefficient: TypeAlias = Any  # an int, or a Fraction where it isn't whole: both compute without rounding
Monomial: TypeAlias = tuple[tuple[int, int], ...]
Form: TypeAlias = dict[Monomial, Coefficient]

TERMS, FACTORS, POWER, DEPTH = 6, 8, 8, 3
"""No form that is worked with grows beyond these, so each step takes a bounded time."""
LARGEST = 10**30
"""Nor does a coefficient, or its inverse: `y * y * 0.5`, again and again, would underflow."""


def exact(value: float) -> Coefficient | None:
    """The number as a coefficient; None where it is inf or NaN, or too large or small."""
    if not np.isfinite(value):
        return None
    number = Fraction(value)
    return plain(number) if is_moderate(number) or not number else None


def plain(number: Fraction) -> Coefficient:
    """The number, as an int where it is whole."""
    return number.numerator if number.denominator == 1 else number


def is_moderate(number: Coefficient) -> bool:
    """Whether the number is neither too large nor too small to be worked with."""
    if number == 1 or number == -1:
        return True
    top, bottom = abs(number.numerator), number.denominator
    return bottom < LARGEST and bottom < top * LARGEST and top < bottom * LARGEST


def over_whole(number: Coefficient) -> tuple[int | float, int | float]:
    """The number as one of Python's over another, each without rounding where there is a way: 0.1 / 3."""
    top, bottom = number.numerator, number.denominator
    under = 1 / Fraction(number)
    if float(number) != number and float(under) == under:
        return 1, float(under)  # as 1 / 0.8
    twos = bottom & -bottom
    odd = bottom // twos
    if odd == 1 and top == 1 and bottom <= 1024:
        return 1, bottom
    if max(odd, abs(top)) > 2**53:
        return float(number), 1
    return (top if twos == 1 else top / twos), odd


def times(x: Monomial, y: Monomial) -> Monomial:
    """The product of two products: powers of the same atom add up."""
    if not x or not y:
        return x or y
    powers = dict(x)
    for atom, power in y:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted((atom, power) for atom, power in powers.items() if power))


def inverse(x: Monomial) -> Monomial:
    """One over the product."""
    return tuple((atom, -power) for atom, power in x)


def plus(x: Form, y: Form, factor: Coefficient = 1) -> Form:
    """x + factor * y, in the order in which the terms were written."""
    out = dict(x)
    for monomial, coefficient in y.items():
        _add(out, monomial, _product(factor, coefficient))
    return out


def scaled(x: Form, monomial: Monomial, coefficient: Coefficient = 1) -> Form:
    """Each term times a product and a number."""
    out: Form = {}
    for key, value in x.items():
        _add(out, times(key, monomial), _product(value, coefficient))
    return out


def _add(out: Form, monomial: Monomial, coefficient: Coefficient) -> None:
    total = out[monomial] + coefficient if monomial in out else coefficient
    if total:
        out[monomial] = total
    else:
        out.pop(monomial, None)


def _product(x: Coefficient, y: Coefficient) -> Coefficient:
    """x * y; most often one of them is 1, and a Fraction takes its time."""
    return y if x == 1 else x if y == 1 else x * y


def multiplied(x: Form, y: Form) -> Form:
    """Each term of x times each of y."""
    out: Form = {}
    for key, value in x.items():
        out = plus(out, scaled(y, key, value))
    return out


def opposite(x: Form) -> Form:
    """-x."""
    return {monomial: -coefficient for monomial, coefficient in x.items()}


def atoms_in(x: Form) -> set[int]:
    """The atoms of all terms."""
    return {atom for monomial in x for atom, _ in monomial}


def primitive(x: Form) -> tuple[Coefficient, Monomial, Form]:
    """A sum as a number times a product times a sum that has no factor in common, and one of two signs."""
    factor = common_factor(x)
    terms = scaled(x, inverse(factor)) if factor else x
    unit: Coefficient = 1
    if any(value not in (1, -1) for value in terms.values()):
        unit = min(map(abs, terms.values()))
        if unit != 1 and any(value % unit for value in terms.values()):
            unit = 1
    below = sum(value < 0 for value in terms.values())
    if 2 * below > len(terms) or (2 * below == len(terms) and terms[min(terms)] < 0):
        unit = -unit
    if unit != 1:
        terms = {monomial: plain(Fraction(value, unit)) for monomial, value in terms.items()}
    return unit, factor, terms


def common_factor(x: Form) -> Monomial:
    """What all terms have in common."""
    if () in x:
        return ()
    first, *rest = x
    common = dict(first)
    for monomial in rest:
        powers = dict(monomial)
        common = {
            atom: min(power, powers[atom], key=abs) for atom, power in common.items() if powers.get(atom, 0) * power > 0
        }
    return tuple(sorted(common.items()))


class Atoms:
    """The atoms by their numbers: each a node, or a primitive sum of others."""

    def __init__(self) -> None:
        self.contents: list[Node | Form] = []
        self._numbers: dict[Any, int] = {}
        self._depth: list[int] = []  # how many sums stand within one another in it
        self._inside: list[frozenset[int]] = []  # itself, and the atoms that it is a sum of

    def __getitem__(self, atom: int) -> "Node | Form":
        return self.contents[atom]

    def node(self, node: Node) -> Monomial:
        """The node as a product of one atom."""
        return ((self._number(node, node, ()), 1),)

    def sum(self, terms: Form) -> Monomial:
        """The primitive sum as a product of one atom."""
        return ((self._number(frozenset(terms.items()), terms, atoms_in(terms)), 1),)

    def _number(self, key: Any, content: "Node | Form", parts: Iterable[int]) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.contents)
            self.contents.append(content)
            self._depth.append(max((1 + self._depth[part] for part in parts), default=0))
            self._inside.append(frozenset({number}).union(*(self._inside[part] for part in parts)))
        return number

    def number_of(self, terms: Form) -> int | None:
        """The atom that is this sum; None where there is none."""
        return self._numbers.get(frozenset(terms.items()))

    def inside(self, x: Form) -> set[int]:
        """The atoms of all terms, and those of the sums among them."""
        return {part for atom in atoms_in(x) for part in self._inside[atom]}

    def fits(self, x: Form) -> bool:
        """Whether the form is within bounds."""
        if len(x) > TERMS:
            return False
        for monomial, coefficient in x.items():
            if len(monomial) > FACTORS or not is_moderate(coefficient):
                return False
            for atom, power in monomial:
                if not -POWER <= power <= POWER or self._depth[atom] > DEPTH:
                    return False
        return True

    def as_one(self, x: Form) -> tuple[Coefficient, Monomial]:
        """The form as a number times one product, in which a sum is an atom."""
        if len(x) == 1:
            ((monomial, coefficient),) = x.items()
            return coefficient, monomial
        coefficient, common, terms = primitive(x)
        return coefficient, times(common, self.sum(terms))

    def one_term(self, x: Form) -> Form:
        """The form as a form of one term, in which a sum is an atom."""
        coefficient, monomial = self.as_one(x)
        return {monomial: coefficient}

    def flat(self, x: Form) -> Form:
        """The form of one term, as a sum where it is nothing but a sum, times a number."""
        ((monomial, coefficient),) = x.items()
        if len(monomial) == 1 and monomial[0][1] == 1:
            inner = self.contents[monomial[0][0]]
            if isinstance(inner, dict):
                return scaled(inner, (), coefficient)
        return x
