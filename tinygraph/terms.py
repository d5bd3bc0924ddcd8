"""Terms and sums as a person writes them: factors and terms stay in the order in which they were written.

A factor is a node that is not looked into, or a sum in brackets.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from tinygraph.graph import Node

Factor: TypeAlias = "Node | Sum"


@dataclass(frozen=True, eq=False)
class Term:
    """A number times factors, each to a whole power."""

    number: Fraction
    factors: tuple[tuple[Factor, int], ...]

    @property
    def key(self) -> Any:
        """What is equal for terms that differ in their number alone."""
        return frozenset(self.factors)

    def times(self, other: "Term") -> "Term":
        """The product: powers of the same factor add up."""
        powers = dict(self.factors)
        for factor, exponent in other.factors:
            powers[factor] = powers.get(factor, 0) + exponent
        return Term(self.number * other.number, tuple((f, exponent) for f, exponent in powers.items() if exponent))

    def inverse(self) -> "Term":
        """One over the term."""
        return Term(1 / self.number, tuple((factor, -exponent) for factor, exponent in self.factors))

    def without(self, factors: Set[Factor]) -> "Term":
        """The term with these factors left out."""
        return Term(self.number, tuple(pair for pair in self.factors if pair[0] not in factors))


ONE = Term(Fraction(1), ())


class Sum:
    """A sum of terms; equal to one of the same terms in another order."""

    def __init__(self, terms: Iterable[Term]):
        self.terms = tuple(terms)
        self._key = frozenset((term.key, term.number) for term in self.terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def as_term(self) -> Term:
        """The sum as one term, in which it is a factor in brackets where it has several terms."""
        return self.terms[0] if len(self.terms) == 1 else alone(self)

    def scaled(self, term: Term) -> "Sum":
        """Each term times one more."""
        return Sum(term.times(own) for own in self.terms)

    def __add__(self, other: "Sum") -> "Sum":
        return Sum((*self.terms, *other.terms))

    def collected(self) -> "Sum":
        """Terms that differ in their number alone taken together."""
        numbers: dict[Any, Fraction] = {}
        for term in self.terms:
            numbers[term.key] = numbers.get(term.key, Fraction(0)) + term.number
        first = {term.key: term for term in reversed(self.terms)}
        keys = dict.fromkeys(term.key for term in self.terms)
        return Sum(Term(numbers[key], first[key].factors) for key in keys if numbers[key])


def alone(factor: Factor, exponent: int = 1) -> Term:
    """The term of one factor."""
    return Term(Fraction(1), ((factor, exponent),))


def is_size(factor: Factor) -> bool:
    """Whether it is a size, or a number made of sizes."""
    return isinstance(factor, Node) and factor.weak
