"""The lines of a derivation: chain rule, local derivatives put in, and algebra until nothing more comes of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from tinygraph.algebra import cancelled, collected, inside_sums, multiplied_out, split, taken_out
from tinygraph.backprop import Backprop, Part
from tinygraph.board import ELLIPSIS
from tinygraph.formulas import Formula
from tinygraph.graph import Node
from tinygraph.notation import POWER, listed
from tinygraph.ops.reductions import sum as sum_of
from tinygraph.order import order
from tinygraph.reading import write
from tinygraph.report import ASSUMPTION
from tinygraph.rewrite import Rewriting
from tinygraph.sharing import Sharing
from tinygraph.terms import ONE, Factor, Sum, alone, is_size
from tinygraph.told import copied_over, is_only_way, rules_of, transposes

LONGEST = 64
"""A gradient whose formula is longer goes into those below it by its name."""


@dataclass(frozen=True)
class Line:
    """One line: the box whose gradient it is, the node that computes it, how that is written, the rule, and why.

    `also` tells what leaves of the node stand for that are no gradients.
    """

    box: Node
    node: Node
    formula: Formula
    rule: str
    why: str = ""
    also: Mapping[Node, Node] = field(default_factory=dict)


class Blackboard:
    """The derivation of the gradients of `wrt`, and of all on the way to them: the `lines` of each box."""

    def __init__(self, back: Backprop, wrt: Sequence[Node]):
        self.back = back
        self.result: dict[Node, Sum] = {}
        """Each gradient as it came out."""
        self.laws = Rewriting([*back.true.values(), *back.folded.boxes])
        for box, name in back.folded.names.items():  # what became of a box is called as the box
            back.names.setdefault(self.laws.now(box), name)
        self.lines = {box: _without_repeats(self._of(box)) for box in _in_order(back, wrt)}

    def _of(self, box: Node) -> Iterator[Line]:
        parts = self.back.parts[box]
        if len(parts) == 1 and parts[0].user is self.back.J:
            yield from self._of_cost(box, parts[0])
        elif all(part.local is None for part in parts):
            yield from self._of_products(box, parts)
        else:
            yield from self._of_factors(box, parts)
        yield from self._by_laws(box)

    def _by_laws(self, box: Node) -> Iterator[Line]:
        """What `tg.simplify` makes of the whole gradient, where that is less."""
        back = self.back
        node = self.laws.now(back.true[box])
        terms = taken_out(collected(back.reader.read(node)))
        short, known = back.written(terms).text, back.written(self.result[box]).text
        if len(short) < len(known) and (ELLIPSIS.text not in short or ELLIPSIS.text in known):
            self.result[box] = terms
            stated = [step.law for step in Rewriting([back.true[box]]).report if step.kind == ASSUMPTION]
            yield self._line(box, terms, "; ".join(stated) or "simplified")

    def _of_cost(self, box: Node, part: Part) -> Iterator[Line]:
        """dL = ∂J/∂L = 1/m."""
        back = self.back
        terms = taken_out(self._plain(part.node))
        formula = back.symbol(back.J, box).equals(back.written(terms))
        yield Line(box, write(terms, like=box), formula, self._rules(part, box))
        yield from self._simplified(box, terms)

    def _plain(self, node: Node) -> Sum:
        """A gradient as its rules make it; where matrices meet in it, without the ones and transposes left over."""
        written = self.back.reader.read(node)
        has_matrices = any(each.op.name in ("matmul", "transpose") for each in self._unnamed(node))
        return self.back.reader.read(self.back.simplified(node)) if has_matrices else written

    def _of_factors(self, box: Node, parts: Sequence[Part]) -> Iterator[Line]:
        """dZ = dA ⊙ ∂A/∂Z, and what it is."""
        back = self.back
        chain = reduce(Formula.__add__, [self._chain(part, box) for part in parts])
        users = listed([back.folded.names[part.user] for part in parts])
        added = f": {users} use it, so gradients add up" if len(parts) > 1 else ""
        yield Line(box, back.gradient(box), chain, f"chain rule{added}")
        rules = [self._rules(part, box) or self._told_one(part, box) for part in parts]
        put_in = reduce(Formula.__add__, [self._put_in(part) for part in parts])
        terms = reduce(Sum.__add__, [self._terms(part) for part in parts])
        yield Line(box, write(terms, like=box), put_in, ", ".join(dict.fromkeys(filter(None, rules))))
        met = [factor for part in parts for factor in self._met(part)]
        if met or len(back.written(terms).text) < len(put_in.text.replace("⊙ ", "")) - 1:
            yield self._line(box, terms, self._told_met(met) or "put together")
        yield from self._simplified(box, terms)

    def _of_products(self, box: Node, parts: Sequence[Part]) -> Iterator[Line]:
        """dW = X dZᵀ: a formula of the gradients above, which are no factors in it."""
        back = self.back
        written = back.gradient(box)
        rule = ", ".join(dict.fromkeys(filter(None, (self._rules(part, box) for part in parts)))) or "chain rule"
        if len(parts) > 1:
            rule = f"{listed([back.folded.names[part.user] for part in parts])} use it, so gradients add up"
        simple = back.simplified(written)
        yield Line(box, written, back.formula(written), rule, self._why(box, written))
        yield Line(box, simple, back.formula(simple), transposes(back.formula(written).text), self._why(box, simple))
        self.result[box] = back.reader.read(simple)
        yield from self._with_users_put_in(box, simple, parts)

    def _with_users_put_in(self, box: Node, node: Node, parts: Sequence[Part]) -> Iterator[Line]:
        """The gradients above put in, where something then cancels."""
        back = self.back
        known = {back.arriving[part.user]: self.result.get(part.user) for part in parts}
        for arriving, result in known.items():
            if result is not None:
                node = with_instead(node, arriving, write(result, like=arriving))
        terms = back.reader.read(node)
        inner, gone = inside_sums(terms, back.reader, _sum_again)
        is_less = self._length(terms) < self._length(self.result[box])
        if not is_less and not gone + cancelled(inner)[1]:
            return
        yield self._line(box, terms, f"{listed([back.folded.d[part.user] for part in parts])} put in")
        yield self._line(box, inner, "in the sum: cancelled, and numbers taken out")
        yield from self._simplified(box, inner)

    def _simplified(self, box: Node, terms: Sum) -> Iterator[Line]:
        """Algebra until nothing more comes of it."""
        less, gone = cancelled(terms)
        if gone:
            yield self._line(box, less, self._told_met(gone))
        out = multiplied_out(less)
        if out is not None and len(split(collected(out))[1].terms) <= len(split(less)[1].terms):
            yield self._line(box, out, "multiply out")
            less = collected(out)
            yield self._line(box, less, self._told_gone(out))
        elif (together := collected(less)) != less:
            less = together
            yield self._line(box, less, "like terms")
        self.result[box] = taken_out(less)
        if self.result[box] != less:
            scale, _ = split(self.result[box])
            yield self._line(box, self.result[box], f"{self.back.written(Sum([scale])).text} taken out")

    def _length(self, terms: Sum) -> int:
        """How many ops a formula takes, down to what has a name."""
        return len(self._unnamed(write(terms)))

    def _unnamed(self, node: Node) -> list[Node]:
        """The nodes of a formula, down to those that have names."""
        names = self.back.names
        return [each for each in order(node, known=names.keys() - {node}) if each is node or each not in names]

    # What each step says.

    def _line(self, box: Node, terms: Sum, rule: str) -> Line:
        return Line(box, write(terms, like=box), self.back.written(terms), rule)

    def _rules(self, part: Part, box: Node) -> str:
        """The rules of the ops from the box up to its user."""
        inner = order(part.user, known=set(self.back.folded.inputs[part.user]))
        on_the_way = {box}
        for node in inner:
            if any(arg in on_the_way for arg in node.args):
                on_the_way.add(node)
        names, path = self.back.folded.names, [node for node in reversed(inner) if node in on_the_way - {box}]
        rule = rules_of(path, on_the_way, names)
        copied = copied_over(box, part.user) if all(node.op.is_elementwise for node in path) else []
        told = [f"{names[box]} was copied over {size}, so sum over it" for size in copied]
        return ", ".join(filter(None, [rule, *told]))

    def _told_one(self, part: Part, box: Node) -> str:
        return f"{self.back.symbol(part.user, box).text} = {self.back.written(part.local).text}" if part.local else ""

    def _told_met(self, gone: Sequence[Factor]) -> str:
        formulas = [self.back.written(Sum([alone(factor)])).held() for factor in gone]
        return ", ".join(dict.fromkeys(f"{formula.text}/{formula.text} = 1" for formula in formulas))

    def _told_gone(self, x: Sum) -> str:
        """Which terms vanish: `Y A − Y A = 0`."""
        _, inner = split(x)
        left = {term.key for term in inner.collected().terms}
        told = []
        for key in dict.fromkeys(term.key for term in inner.terms if term.key not in left):
            terms = sorted((term for term in inner.terms if term.key == key), key=lambda term: -term.number)
            told.append(f"{self.back.written(Sum(terms)).text} = 0")
        return ", ".join(told) or "like terms"

    def _why(self, box: Node, node: Node) -> str:
        """Why a matrix product has the order and the transposes that it has: no other has the right shape."""
        if node.op.name != "matmul" or any(arg.ndim != 2 for arg in node.args):
            return ""
        x, y = (f"{self.back.formula(arg).held(POWER).text} {arg.shape}" for arg in node.args)
        told = f"shapes: {x} times {y} is {node.shape}, as {self.back.folded.names[box]} is"
        return f"{told}; no other order or transpose gives that" if is_only_way(*node.args) else told

    # The chain rule.

    def _chain(self, part: Part, box: Node) -> Formula:
        """dL ⊙ ∂L/∂A; or X dZᵀ, where the derivative is no factor."""
        back = self.back
        if part.local is None:
            return back.formula(back.simplified(part.node))
        if part.user is back.J:
            return back.written(part.local)
        return _factors(back.formula(back.arriving[part.user]), back.symbol(part.user, box))

    def _arriving(self, user: Node) -> Sum:
        """The gradient of a box as it came out, where that is short; else its name."""
        back = self.back
        if user is back.J:
            return Sum([ONE])
        found = self.result.get(user)
        if found is not None and len(self.back.written(found).text) <= LONGEST:
            return found
        return back.reader.read(back.arriving[user])

    def _put_in(self, part: Part) -> Formula:
        if part.local is None:
            return self.back.formula(self.back.simplified(part.node))
        arriving = self._arriving(part.user)
        if all(is_size(factor) for term in arriving.terms for factor, _ in term.factors):
            return self.back.written(self._terms(part))
        return _factors(self.back.written(arriving), self.back.written(part.local))

    def _terms(self, part: Part) -> Sum:
        if part.local is None:
            return self.back.reader.read(self.back.simplified(part.node))
        arriving = self._arriving(part.user)
        if not part.local.terms or not arriving.terms:
            return Sum([])
        return Sum([arriving.as_term().times(part.local.as_term())])

    def _met(self, part: Part) -> Iterator[Factor]:
        """The factors that cancel where the gradient of the user meets the local derivative."""
        if part.local is not None and len(part.local.terms) == 1:
            powers = dict(self._arriving(part.user).as_term().factors)
            for factor, exponent in part.local.terms[0].factors:
                if powers.get(factor, 0) * exponent < 0:
                    yield factor


def _in_order(back: Backprop, wrt: Sequence[Node]) -> Iterator[Node]:
    """The boxes from J down; parameters and data in the reader's order, as soon as all that they go into is done."""
    done = {back.J}
    last = [node for node in wrt if not node.args and back.parts.get(node)]
    for box in back.boxes:
        if box is not back.J and box.args and back.parts[box]:
            yield box
            done.add(box)
        ready = [node for node in last if all(part.user in done for part in back.parts[node])]
        yield from ready
        last = [node for node in last if node not in set(ready)]


def _without_repeats(lines: Iterable[Line]) -> list[Line]:
    """The lines without those that are written as the one before, which then tells why they are so."""
    found: list[Line] = []
    for line in lines:
        before = found[-1].formula.text if found else ""
        is_same = line.formula.text in (before, before.partition(" = ")[2] if before.startswith("∂") else before)
        if is_same and line.why:
            found[-1] = replace(found[-1], why=line.why)
        elif not is_same:
            found.append(line)
    return found


def _factors(x: Formula, y: Formula) -> Formula:
    is_plain = not x.shape or not y.shape or x.text == "1" or y.text in ("1", "−1")
    return x * y if is_plain else x.elementwise(y)


def _sum_again(old: Node, arg: Node) -> Node:
    return sum_of(arg, **old.params)


def with_instead(node: Node, old: Node, new: Node) -> Node:
    """The node with another node in the place of one."""
    sharing, now = Sharing(), {old: new}
    for each in order(node):
        now.setdefault(each, sharing.with_args(each, tuple(now[arg] for arg in each.args)) if each.args else each)
    return now[node]
