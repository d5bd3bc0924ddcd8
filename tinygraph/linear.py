"""Ops that are linear in an argument: what stands before a sum, a mean or what is scattered, and which two are one."""

from collections.abc import Callable, Sequence

from tinygraph.costs import is_scalar, uniform
from tinygraph.forms import Atoms, Coefficient, Form, Monomial, atoms_in, inverse, plus, scaled, times
from tinygraph.graph import Node, Op, as_node
from tinygraph.maker import Maker
from tinygraph.ops.activations import softmax
from tinygraph.ops.elementwise import add, subtract, where
from tinygraph.ops.indexing import getitem
from tinygraph.ops.reductions import axes_along
from tinygraph.ops.reductions import sum as total
from tinygraph.ring import Ring
from tinygraph.sizes import product
from tinygraph.softmaxes import is_constant_along, sums_to_one
from tinygraph.steps import REDUCTIONS


class Linear:
    """The forms of such ops; `form` tells that of a node, and `made` makes the node of a form."""

    def __init__(
        self, atoms: Atoms, ring: Ring, make: Maker, form: Callable[[Node], Form], made: Callable[[Form], Node]
    ):
        self.atoms, self.ring, self.make, self.form, self.made = atoms, ring, make, form, made
        self._joining: set[int] = set()  # atoms that may join one of another term: where(…), and sums

    def alone(self, node: Node) -> Form:
        """The form of a node that is one atom."""
        monomial = self.atoms.node(node)
        if node.op is where or node.op.name in REDUCTIONS:
            self._joining.add(monomial[0][0])
        return {monomial: 1}

    def reduced(self, node: Node, x: Form) -> tuple[Form, bool]:
        """The form of a sum or mean of what has the form x."""
        out = self._of_product(node, *self.atoms.as_one(x)) if x else {}
        return (self.alone(node), False) if out is None else (out, True)

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
        made = self.made({inside: 1})
        if made.dtype != arg.dtype or made.weak or not self._goes_along(made, node, axes):
            return None
        return self.ring.product(outer, self.form(self.make(node.op, made, **node.params)))[0]

    def scattered(self, node: Node, x: Form) -> tuple[Form, bool]:
        """The form of scatter(x): numbers stand before it, and below it a softmax by whose elements x is divided."""
        inner, *places = node.args
        if not x:
            return {}, True
        coefficient, monomial = self.atoms.as_one(x)
        outer: Monomial = ()
        rest: Monomial = ()
        for atom, power in monomial:
            content = self.atoms[atom]
            if isinstance(content, Node) and is_scalar(content.shape) and content.ndim <= node.ndim:
                outer = times(outer, ((atom, power),))
            elif isinstance(content, Node) and power < 0 and self._is_picked(content, node):
                outer = times(outer, ((self.atoms.node(content.args[0])[0][0], power),))
            else:
                rest = times(rest, ((atom, power),))
        if not outer and coefficient == 1:
            return self.alone(node), False
        made = self.made({rest: 1}) if rest else self.make.filled(1.0, inner)
        if made.dtype != inner.dtype or made.weak or made.shape != inner.shape:
            return self.alone(node), False
        bare = self.make(node.op, made, *places, **node.params)
        return self.ring.product({outer: coefficient}, self.form(bare))[0], True

    def _is_picked(self, node: Node, scatter: Node) -> bool:
        """Whether the node is what `scatter` puts back where it was picked from a softmax, which is nowhere 0."""
        _, like, *places = scatter.args
        return (
            node.op is getitem
            and node.args[0].op is softmax
            and node.params == scatter.params
            and node.args[0].shape == like.shape
            and list(map(id, node.args[1:])) == list(map(id, places))
        )

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
        if len(y) != 1 or self._joining.isdisjoint(atoms_in(y)):
            return None
        for other, j in y.items():
            for one, k in x.items():
                made = self._one_node(one, other, add if sign * j == k else subtract) if abs(j) == abs(k) else None
                found = self._both_branches(one, k, other, sign * j) if made is None else ({made[0]: k}, made[1])
                if found is not None:
                    rest = {monomial: coefficient for monomial, coefficient in x.items() if monomial != one}
                    return plus(rest, self.ring.product(found[0], self.form(found[1]))[0])
        return None

    def _both_branches(self, x: Monomial, k: Coefficient, y: Monomial, j: Coefficient) -> tuple[Form, Node] | None:
        """What k x and j y have in common, and where(c, a, b) for the rest, where(c, a, 0) + where(c, 0, b)."""
        common = tuple(pair for pair in x if pair in y)
        (first, a), (second, b) = (self._where_times(monomial, common) for monomial in (x, y))
        if first is None or second is None or first.args[0] is not second.args[0]:
            return None
        if first.shape != second.shape or first.dtype != second.dtype:
            return None
        if _is_zero(first.args[1], second.args[2]):
            (first, a, k), (second, b, j) = (second, b, j), (first, a, k)
        if not _is_zero(first.args[2], second.args[1]):
            return None
        parts = [(first.args[1], {a: k}), (second.args[2], {b: j})]
        branches = [self.ring.product(self.form(branch), rest)[0] for branch, rest in parts]
        if not all(branches):
            return None
        numbers = self._numbers_in_all(branches)
        nodes = (self.made(scaled(branch, inverse(numbers))) for branch in branches)
        return {times(common, numbers): 1}, self.make(where, first.args[0], *nodes)

    def _where_times(self, monomial: Monomial, common: Monomial) -> tuple[Node | None, Monomial]:
        """The one where(…) in the product that is not in common, and the rest."""
        own = [pair for pair in monomial if pair not in common]
        found = [pair for pair in own if pair[1] == 1 and getattr(self.atoms[pair[0]], "op", None) is where]
        content = self.atoms[found[0][0]] if len(found) == 1 else None
        rest = tuple(pair for pair in own if pair not in found)
        return (content, rest) if isinstance(content, Node) else (None, ())

    def _numbers_in_all(self, forms: Sequence[Form]) -> Monomial:
        """The powers of one number that all terms have in common, beside arrays."""
        monomials = [monomial for form in forms for monomial in form]
        scalars = [pair for pair in monomials[0] if self._is_scalar(pair[0])]
        common = tuple(pair for pair in scalars if all(pair in monomial for monomial in monomials))
        return common if all(len(monomial) > len(common) for monomial in monomials) else ()

    def _is_scalar(self, atom: int) -> bool:
        content = self.atoms[atom]
        return isinstance(content, Node) and not content.shape

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


def _is_zero(*nodes: Node) -> bool:
    return all(uniform(node) == 0 for node in nodes)
