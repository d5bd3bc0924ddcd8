"""School algebra, one step at a time: cancel, multiply out, collect, as a person does it on a blackboard.

Where `tg.simplify` finds the end, this shows the way.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from tinygraph.graph import Node
from tinygraph.reading import Reader, write
from tinygraph.terms import ONE, Factor, Sum, Term, alone, is_size

MOST_TERMS = 24
"""What would be longer, multiplied out, is left as it is."""


def cancelled(x: Sum) -> tuple[Sum, list[Factor]]:
    """A factor before brackets multiplied into them where something cancels; and what cancelled."""
    out: list[Term] = []
    gone: list[Factor] = []
    for term in x.terms:
        new = term
        for factor, exponent in term.factors:
            if isinstance(factor, Sum) and exponent == 1:
                below = {part: power for own in factor.terms for part, power in own.factors if power < 0}
                met = {part for part, power in term.factors if power > 0 and part in below}
                if met:
                    moved = Term(Fraction(1), tuple(pair for pair in term.factors if pair[0] in met))
                    inner = (factor.scaled(moved), 1)
                    gone += [part for part, _ in moved.factors]
                    new = Term(term.number, tuple(inner if pair[0] is factor else pair for pair in term.factors))
                    new = new.without(met)
                    break
        out.append(new)
    return Sum(out), gone


def multiplied_out(x: Sum) -> Sum | None:
    """Brackets multiplied out, where terms then vanish or go together; None where that gains nothing."""
    scale, inner = split(x)
    out = _expanded(inner)
    if out is None or len(out.collected().terms) >= len(out.terms):
        return None
    return _with_scale(scale, out)


def split(x: Sum) -> tuple[Term, Sum]:
    """The numbers and sizes that all of it is multiplied by, and the rest: 1/m and A − Y of 1/m (A − Y)."""
    if len(x.terms) != 1:
        return ONE, x
    (term,) = x.terms
    scale = Term(term.number, tuple(pair for pair in term.factors if is_size(pair[0])))
    rest = tuple(pair for pair in term.factors if not is_size(pair[0]))
    if len(rest) == 1 and isinstance(rest[0][0], Sum) and rest[0][1] == 1:
        return scale, rest[0][0]
    return scale, Sum([Term(Fraction(1), rest)])


def _with_scale(scale: Term, x: Sum) -> Sum:
    if not scale.factors and scale.number == 1:
        return x
    return Sum([scale.times(x.as_term())]) if x.terms else x


def _expanded(x: Sum) -> Sum | None:
    terms: list[Term] = []
    for term in x.terms:
        parts = [Term(term.number, tuple(pair for pair in term.factors if not _is_bracket(*pair)))]
        for factor, exponent in term.factors:
            for _ in range(exponent if _is_bracket(factor, exponent) else 0):
                parts = [part.times(own) for part in parts for own in _terms_of(factor)]
                if len(parts) > MOST_TERMS:
                    return None
        terms += parts
    return Sum(_in_one_order(terms)) if len(terms) <= MOST_TERMS else None


def _terms_of(factor: Factor) -> tuple[Term, ...]:
    return factor.terms if isinstance(factor, Sum) else (alone(factor),)


def _in_one_order(terms: Sequence[Term]) -> list[Term]:
    """The terms with their factors in the order in which they first appear, so that A Y and Y A look alike."""
    ranks = {factor: rank for rank, factor in enumerate(dict.fromkeys(f for term in terms for f, _ in term.factors))}
    return [Term(term.number, tuple(sorted(term.factors, key=lambda pair: ranks[pair[0]]))) for term in terms]


def _is_bracket(factor: Factor, exponent: int) -> bool:
    return isinstance(factor, Sum) and 0 < exponent <= 2


def collected(x: Sum) -> Sum:
    """Like terms taken together, in the brackets too."""
    scale, inner = split(x)
    return _with_scale(scale, inner.collected())


def taken_out(x: Sum) -> Sum:
    """The sizes that all terms are multiplied by taken out of the sum, and what is added before what is taken away."""
    scale, inner = split(x)
    if len(inner.terms) < 2:
        return x
    first, *rest = (dict(term.factors) for term in inner.terms)
    common = [pair for pair in first.items() if is_size(pair[0]) and all(own.get(pair[0]) == pair[1] for own in rest)]
    out = Term(Fraction(1), tuple(common))
    terms = [term.times(out.inverse()) for term in inner.terms]
    terms.sort(key=lambda term: term.number < 0)
    return _with_scale(scale.times(out), Sum(terms))


def inside_sums(x: Sum, reader: Reader, sum_of: Callable[[Node, Node], Node]) -> tuple[Sum, list[Factor]]:
    """What cancels inside a Σ cancelled there, and numbers taken out of it; and what cancelled."""
    gone: list[Factor] = []

    def term_with(term: Term) -> Term:
        out = Term(term.number, ())
        for factor, exponent in term.factors:
            if isinstance(factor, Sum):
                inner = Sum(map(term_with, factor.terms))
                out = out.times(alone(inner, exponent))
            elif factor.op.name == "sum" and exponent == 1:
                less, met = cancelled(reader.read(factor.args[0]))
                gone.extend(met)
                scale, rest = split(less)
                out = out.times(scale).times(alone(sum_of(factor, write(rest, like=factor.args[0]))))
            else:
                out = out.times(alone(factor, exponent))
        return out

    return Sum(map(term_with, x.terms)), gone
