"""Rewriting: a graph becomes one that computes the same in fewer and more stable steps, law by law."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import is_not
from typing import Any

import numpy as np

from tinygraph import loops
from tinygraph.costs import FEW
from tinygraph.errors import NodeTypeError
from tinygraph.graph import CONSTANT, INPUT, Node, Op, as_node, constant
from tinygraph.jacobians import Body, for_each
from tinygraph.laws import LAWS
from tinygraph.ops.axes import broadcast_to
from tinygraph.order import order
from tinygraph.report import LAW, POLICY, Report
from tinygraph.rows import bindings, filled, rows_for
from tinygraph.sharing import Sharing
from tinygraph.sizes import Size, Symbolic, product
from tinygraph.steps import node_cost
from tinygraph.structure import leaves, map_leaves
from tinygraph.sums import RULES, Sums

PATIENCE = 2
"""So many walks in a row that save nothing are the last: one may make what the next one needs."""


def simplify(nodes: Any) -> Any:
    """The same function in fewer, more stable steps; nodes in the structure of `nodes`, which is one or several.

    What was done is told by the `report` of each node of the result: each law, where inf or NaN becomes the limit,
    where a value may change, and what rests on something that the reader said. Shapes and dtypes stay the same.
    Differentiate first, then simplify: a stable form may have a kink, such as that of max(z, 0), where the function has
    none, and the derivatives of the form have one of their own choosing there.
    Raises `NodeTypeError` for what is no node.

    >>> import tinygraph as tg
    >>> Z, Y = tg.input("Z", (1, "m")), tg.input("Y", (1, "m"))
    >>> A = tg.sigmoid(Z)
    >>> J = -tg.mean(Y * tg.log(A) + (1 - Y) * tg.log(1 - A))
    >>> tg.simplify(tg.grad(J, Z))
    <(A - Y) / m (1, m) float64>
    """
    for node in leaves(nodes):
        if not isinstance(node, Node):
            raise NodeTypeError(f"only nodes can be simplified, alone or in a list, tuple or dict; not {node!r}")
    done = Rewriting(leaves(nodes))
    new = iter(done.roots)
    return map_leaves(lambda node: next(new), nodes)


class Rewriting:
    """The work of `simplify`, with all that a compiler needs to go on from there.

    `roots` are the new nodes, `now(node)` is what became of any node, `report` tells the laws, and `sharing` holds
    each new node once. Nodes that are `known` are leaves that are not looked into.
    """

    def __init__(self, roots: Sequence[Node], known: "Collection[Node] | Mapping[Node, Node]" = ()):
        self.sharing, self.report = Sharing(), Report()
        self._hidden = {node: _stand_in(node) for node in known}
        self._shown = {self._hidden[node]: known[node] if isinstance(known, Mapping) else node for node in known}
        self._walks: list[_Walk] = []
        new, tried = list(roots), list(roots)
        pending: list[_Walk] = []
        while len(pending) < PATIENCE:
            pending.append(_Walk(tried, self._hidden, self.sharing))
            tried, before = list(map(pending[-1].result, tried)), tried
            if not any(map(is_not, tried, before)):
                break
            if any(walk.report.is_more_stable for walk in pending) or _total(tried) < _total(new) - 1e-9:
                new = tried  # cheaper, or more stable: so the last one comes
                self._walks += pending
                if pending[-1].is_plain:
                    break
                pending = []
        if not self._walks:  # the sums gained nothing, and so hid what the laws gain by themselves
            laws = _Walk(roots, self._hidden, self.sharing, has_sums=False)
            tried = list(map(laws.result, roots))
            if laws.report.is_more_stable or _total(tried) < _total(roots) - 1e-9:
                new, self._walks = tried, [laws]
        for walk in self._walks:
            self.report.update(walk.report)
        self.roots = self._with_known(new)
        for root in self.roots if self.report else ():
            object.__setattr__(root, "_report", self.report)
        self.report.written.update(zip(self.roots, roots, strict=True))

    def now(self, node: Node) -> Node:
        """What became of a node: the node that computes its value now."""
        for walk in self._walks:
            node = walk.result(node)
        return self._with_known([node])[0]

    def _with_known(self, nodes: Sequence[Node]) -> list[Node]:
        """The nodes with those that are known in the place of what stood for them."""
        if not self._shown:
            return list(nodes)
        for node in order(*nodes, known=self._shown):
            if node not in self._shown:
                self._shown[node] = self.sharing.with_args(node, tuple(self._shown[arg] for arg in node.args))
        return [self._shown[node] for node in nodes]


def _total(roots: Sequence[Node]) -> float:
    """What it costs to compute all of them."""
    return sum(map(node_cost, order(*roots)))


def _stand_in(node: Node) -> Node:
    """A leaf of the same shape and dtype, in which no law sees more than that."""
    return Node(INPUT, (), {}, node.shape, node.dtype, node.name or "known", node.weak)


class _Walk:
    """One walk over the graph, arguments first; each node is made anew of what its arguments have become."""

    def __init__(self, roots: Sequence[Node], hidden: Mapping[Node, Node], sharing: Sharing, has_sums: bool = True):
        self._sharing, self.report, self._has_sums = sharing, Report(), has_sums
        self._settled: dict[Node, Node] = {}  # what the laws make of a node whose arguments are settled
        self._now: dict[Node, Node] = dict(hidden)
        self._sums = Sums(self)
        graph = order(*roots, known=hidden)
        self._sums.identities.look_over(graph)
        for node in order(*(node for node in graph if node.op.counts), known=hidden):
            self._now[node] = self._settled[node] = sharing.shared(node)  # the sizes that it tells point at it
        self._take(graph)

    @property
    def is_plain(self) -> bool:
        """Whether another walk would find nothing: no sum had anything to cancel, and each law left what is settled."""
        return not self._sums.has_met and all(step.kind == LAW for step in self.report)

    def result(self, node: Node) -> Node:
        """What the node has become."""
        if node not in self._now:
            self._take(order(node, known=self._now))
        return self._sums.final(self._now[node])

    def _take(self, nodes: Sequence[Node]) -> None:
        uses: dict[Node, int] = {}
        for node in nodes:
            for arg in node.args:
                uses[arg] = uses.get(arg, 0) + 1
        for node in nodes:
            if node not in self._now:
                args = tuple(self._now[arg] for arg in node.args)
                new = self._loop(node, args) if "body" in node.params else self.rebuilt(node, args)
                self._now[node] = new
                self._sums.steps.uses[new] = self._sums.steps.uses.get(new, 0) + uses.get(node, 0)

    def _loop(self, node: Node, args: tuple[Node, ...]) -> Node:
        """A loop whose body is simplified, too: what the body holds is known to it, and simplified out here."""
        body: Body = node.params["body"]
        numbers, *held = map(self._sums.final, args)
        inner = Rewriting([body.node], known={**dict(zip(body.held, held, strict=True)), body.number: body.number})
        row = loops.gathered(inner.roots[0], body.number, self._sharing)
        if row is not inner.roots[0]:
            self.tell(loops.LAW, inner.roots[0], row, POLICY, loops.NOTE)
        elif not inner.report:
            return self.rebuilt(node, (numbers, *held))
        for step in inner.report:
            self.report.add(step.law, step.before, step.after, step.kind, step.note)
        made = for_each(numbers, body.number, row)
        for arg in order(made, known=self._settled):
            self._settle(arg)
        return made

    # What a law may ask for.

    def __call__(self, op: Op, *args: Any, **params: Any) -> Node:
        """The op on nodes and numbers, settled."""
        nodes = [arg if isinstance(arg, Node) else self.shared(as_node(arg)) for arg in args]
        return self._settle(self._sharing.call(op, *self._fit_for(op, nodes), **params))

    def filled(self, value: float, like: Node) -> Node:
        """That number everywhere, in the shape and dtype of a node."""
        number = like.dtype.type(value)
        if like.weak:
            return self._sharing.shared(as_node(number.item()))
        made = self._sharing.shared(constant(number))
        return self(broadcast_to, made, shape=like.shape) if like.shape else made

    def shared(self, node: Node) -> Node:
        """The node, or the equal one that there is."""
        return self._sharing.shared(node)

    def rebuilt(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The node with other arguments, settled."""
        return self._settle(self._sharing.with_args(node, tuple(self._fit_for(node.op, args))))

    def tell(self, law: str, before: Node, after: Node, kind: int = LAW, note: str = "") -> None:
        """Report that a law was applied."""
        self.report.add(law, before, after, kind, note)

    def _fit_for(self, op: Op, args: Any) -> Any:
        """The arguments as they are to be computed, but for arithmetic, which looks into the sums they are."""
        return args if op.name in RULES else map(self._sums.final, args)

    def _settle(self, node: Node) -> Node:
        if node not in self._settled:
            new = self._better(node)
            if new is None:
                new = node
                if self._has_sums:
                    self._sums.enter(node)
            self._settled[node] = self._settled[new] = new
        return self._settled[node]

    def _better(self, node: Node) -> Node | None:
        """The node by the first law that holds; None where none does."""
        if not node.args:
            return None
        for law, kind, note, new in self._applications(node):
            fitting = self._fitting(new, node)
            if fitting is not None and fitting is not node:
                self.tell(law, node, fitting, kind, note)
                return fitting
        return None

    def _applications(self, node: Node) -> Iterator[tuple[str, int, str, Any]]:
        value = self._folded(node)
        if value is not None:
            yield "numbers among themselves are a number", LAW, "", value
        for text, kind, note, law in LAWS.get(node.op.name, ()):
            made = law(node, self)
            if made is not None:
                yield text, kind, note(node) if callable(note) else note, made
        for row in rows_for(node):
            for bound in bindings(row.pattern, node):
                if row.when(**bound):
                    yield row.law, row.kind, row.note, filled(row.replacement, bound, self)

    def _fitting(self, new: "Node | float", node: Node) -> Node | None:
        """The replacement in the shape of the node; None where it has another dtype."""
        if not isinstance(new, Node):
            return self.filled(new, node)
        if new.dtype != node.dtype or new.weak != node.weak:
            return None
        return new if new.shape == node.shape else self(broadcast_to, new, shape=node.shape)

    def _folded(self, node: Node) -> Node | None:
        """The constant that the node is, where its arguments are small ones; as written, where it is inf or NaN."""
        if any(arg.op is not CONSTANT or arg.name for arg in node.args) or node.op.counts:
            return None
        arrays = [arg.params["array"] for arg in node.args]
        if any(isinstance(size, Size) for size in node.shape) or max(product(node.shape), *map(np.size, arrays)) > FEW:
            return None
        if any(isinstance(part, Symbolic) for part in leaves(list(node.params.values()))):
            return None
        with np.errstate(all="ignore"):
            array = np.asarray(node.op.compute(*arrays, **node.params))
        if not np.isfinite(array).all() or array.dtype != node.dtype or array.shape != node.shape:
            return None
        return self._sharing.shared(as_node(array.item()) if node.weak else constant(array))
