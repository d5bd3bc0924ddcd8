"""`tg.play`: forward and backward as one page that plays, step by step, and gradient descent as a slider."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tinygraph.backprop import Backprop, Part
from tinygraph.board import made_of
from tinygraph.compile.source import numpy_line
from tinygraph.derivatives import asked
from tinygraph.derive import Blackboard
from tinygraph.draw.diagram import is_curved, refuse_too_large
from tinygraph.draw.dot import to_dot
from tinygraph.draw.page import mathml, page
from tinygraph.draw.picture import MOST_DERIVED, Picture, picture
from tinygraph.draw.render import to_svg
from tinygraph.draw.values import MOST_SHOWN, finite_part, number, spread, summary
from tinygraph.errors import DrawError, EvaluationError, NonFiniteWarning
from tinygraph.evaluate import graph_values
from tinygraph.faults import Fault, first_fault
from tinygraph.feeds import Array
from tinygraph.files import write_whole
from tinygraph.folding import Folded
from tinygraph.formulas import Formula
from tinygraph.graph import Node
from tinygraph.notation import caller_names, listed
from tinygraph.order import order
from tinygraph.samples import told_samples, with_samples

RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
DESCENT = 30
"""So many steps of gradient descent are computed ahead, for each learning rate."""


def play(J: Node, wrt: Any, path: Any, feeds: Mapping[Any, Any] | None = None) -> None:
    """Write a page that plays how J and its gradients come about: one HTML file, that needs no network.

    Values appear first, box by box as `tg.draw` has them, then gradients flow back and add up. Each step tells its
    formula, its numbers and its line of NumPy. Where `wrt` holds parameters, a slider takes steps of gradient descent,
    which are computed ahead; the parameters themselves keep their values. Numbers are those of `feeds`, or small seeded
    samples, which the page then names. Raises `DrawError` for a path that doesn't end in .html, and the errors of
    `tg.grad`.

    >>> import tempfile, numpy as np, tinygraph as tg
    >>> w = tg.parameter(np.array([3.0, -1.0]), "w")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tg.play(tg.sum(w**2), w, f"{folder}/square.html")
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        ending = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        raise DrawError(f"{path.name} {ending}: a page to play is .html")
    wanted = asked(J, wrt)
    names = caller_names()
    write_whole(path, page(player_data(J, wanted, names, feeds)).encode())


def player_data(
    J: Node, wrt: Sequence[Node], names: Mapping[Node, str], feeds: Mapping[Any, Any] | None
) -> dict[str, Any]:
    """What the page is made of."""
    return _Player(J, wrt, names, feeds).data()


class _Player:
    def __init__(self, J: Node, wrt: Sequence[Node], names: Mapping[Node, str], feeds: Mapping[Any, Any] | None):
        self.J, self.wrt = J, wrt
        self.folded = Folded([J], names, also=wrt)
        refuse_too_large(self.folded.boxes, self.folded.inputs)
        self.back = Backprop(J, wrt, self.folded)
        roots = [J, *self.folded.boxes, *self.back.true.values()]
        self.fed, self.sampled = with_samples(roots, feeds)
        self.values, self.sizes = graph_values(roots, self.fed, {})
        self.fault = first_fault(order(*roots), self.values, self.folded.names, fed=self.fed.keys())
        self.picture: Picture = picture([J], wrt, self.folded, MOST_SHOWN, self.fed)
        boxes = [replace(box, mark="") for box in self.picture.boxes]  # the page marks a fault when it comes to it
        self.picture = replace(self.picture, boxes=boxes, notes=[])
        self.ids = {box.node: f"n{place}" for place, box in enumerate(self.picture.boxes)}
        self.edges = {
            (edge.tail, edge.head, edge.is_back): f"e{place}" for place, edge in enumerate(self.picture.edges)
        }

    def data(self) -> dict[str, Any]:
        """What the page is made of."""
        return {
            "title": self.folded.names[self.J],
            "svg": to_svg(to_dot(self.picture, is_curved=is_curved(self.picture), has_shapes=False)),
            "steps": [*self._forward(), *self._backward()],
            "samples": told_samples(self.fed, self.sampled),
            "descent": self._descent(),
        }

    def _forward(self) -> Iterator[dict[str, Any]]:
        names = self.folded.names
        for box in self.folded.boxes:
            name, formula = names[box], made_of(box, names)
            kind = {"input": "data, fed", "parameter": "a parameter", "constant": "a constant"}.get(box.op.name)
            step = {
                "phase": "forward",
                "box": self.ids[box],
                "edges": [self.edges[arg, box, False] for arg in self.folded.inputs[box]],
                "name": name,
                "math": mathml(Formula.name(name).latex if kind else f"{Formula.name(name).latex} = {formula.latex}"),
                "text": f"{name}: {kind}" if kind else f"{name} = {formula.text}",
                "numpy": f"{name} = …" if kind else f"{name} = {numpy_line(box, names)}",
                "shape": self._shape(box),
                "value": _value(self.values[box]),
            }
            yield step | self._fault_in(box)

    def _backward(self) -> Iterator[dict[str, Any]]:
        back, J = self.back, self.J
        derived = Blackboard(back, self.wrt) if len(back.boxes) <= MOST_DERIVED else None
        yield self._step(J, [], Formula.number(1), f"np.ones_like({self.folded.names[J]})", 1.0)
        for box in self.wrt:
            if box not in back.true and box is not J:
                name = self.folded.names[box]
                step = self._step(box, [], Formula.number(0), f"np.zeros_like({name})", 0.0)
                yield step | {"note": f"{self.folded.names[J]} does not depend on {name}"}
        for box in back.boxes:
            parts = back.parts[box]
            total: Any = 0.0
            for place, part in enumerate(parts):
                value = self._computed(part)
                total = total + value
                formula, line = self._of_part(part, box)
                if len(parts) == 1 and derived and box in derived.result:
                    result = back.written(derived.result[box])
                    formula = formula if formula.text.endswith(result.text) else formula.equals(result)
                edges = [self.edges[box, part.user, True]]
                step = self._step(box, edges, formula, line, total, sign="+=" if place else "=")
                if len(parts) > 1:
                    users = listed([self.folded.names[each.user] for each in parts])
                    step |= {"adds": self.folded.d[box], "part": _value(value)}
                    name, own = self.folded.names[box], self.folded.names[part.user]
                    step["note"] = f"{users} use {name}, so its gradient is a sum: this is the part of {own}"
                yield step

    def _of_part(self, part: Part, box: Node) -> tuple[Formula, str]:
        """What a user adds to the gradient of a box, as a formula and in NumPy."""
        back = self.back
        simple = back.simplified(part.node)
        line = back.names.get(simple) or numpy_line(simple, back.names)
        if part.local is None:
            return back.formula(simple), line
        if part.user is back.J:
            return back.symbol(part.user, box).equals(back.written(part.local)), line
        arriving, symbol = back.formula(back.arriving[part.user]), back.symbol(part.user, box)
        return arriving.elementwise(symbol).equals(arriving.elementwise(back.written(part.local))), line

    def _step(
        self, box: Node, edges: Sequence[str], formula: Formula, line: str, value: Any, sign: str = "="
    ) -> dict[str, Any]:
        d = self.folded.d[box]
        return {
            "phase": "backward",
            "box": self.ids[box],
            "edges": list(edges),
            "name": d,
            "math": mathml(rf"{Formula.name(d).latex} \mathrel{{{sign}}} {formula.latex}"),
            "text": f"{d} {sign} {formula.text}",
            "numpy": f"{d} {sign} {line}",
            "shape": self._shape(box),
            "value": _value(np.broadcast_to(value, np.shape(self.values[box]))),
        }

    def _computed(self, part: Part) -> Array:
        """What a user adds to a gradient, in numbers."""
        gradients = {
            leaf: self.values[self.back.true[box]]
            for box, leaf in self.back.arriving.items()
            if leaf.op.name == "input" and box in self.back.true
        }
        found, _ = graph_values([part.node], {**self.fed, **gradients}, {})
        return np.asarray(found[part.node])

    def _fault_in(self, box: Node) -> dict[str, str]:
        fault: Fault | None = self.fault
        inner = set(order(box, known=set(self.folded.inputs[box])))
        return {"fault": fault.text} if fault and fault.node in inner else {}

    def _shape(self, box: Node) -> str:
        numbers = np.shape(self.values[box])
        return str(box.shape) if str(box.shape) == str(numbers) else f"{box.shape} = {numbers}"

    # Gradient descent, computed ahead.

    def _descent(self) -> dict[str, Any] | None:
        parameters = [node for node in self.wrt if node.op.name == "parameter" and node in self.back.true]
        if not parameters:
            return None
        courses = [self._course(parameters, rate) for rate in RATES]
        costs = [cost for cost, _ in courses]
        last = [cost[-1] if np.isfinite(cost[-1]) else np.inf for cost in costs]
        return {
            "rates": list(RATES),
            "default": int(np.argmin(last)),
            "steps": DESCENT,
            "costs": costs,
            "parameters": [
                {
                    "name": self.folded.names[node],
                    "values": [[_value(values[node]) for values in course] for _, course in courses],
                }
                for node in parameters
            ],
        }

    def _course(self, parameters: Sequence[Node], rate: float) -> tuple[list[float], list[dict[Node, Array]]]:
        """The cost and the parameters after each step, without a change to the parameters themselves."""
        gradients = [self.back.true[node] for node in parameters]
        now = {node: np.asarray(self.values[node]) for node in parameters}
        costs, course = [], []
        with warnings.catch_warnings(action="ignore", category=NonFiniteWarning), np.errstate(all="ignore"):
            for _ in range(DESCENT + 1):
                course.append(now)
                try:
                    found, _ = graph_values([self.J, *gradients], {**self.fed, **now}, {})
                except EvaluationError:  # a step has left where the model can be computed
                    costs.append(float("nan"))
                    continue
                costs.append(float(np.sum(found[self.J])))
                now = {node: now[node] - rate * found[g] for node, g in zip(parameters, gradients, strict=True)}
        return costs, course


def _value(value: Any) -> dict[str, Any]:
    """A value as the page shows it: a matrix, or its range and spread."""
    array = np.asarray(value)
    if array.size <= MOST_SHOWN and array.ndim <= 2 and array.size:
        return {"kind": "matrix", "rows": [[number(entry) for entry in row] for row in np.atleast_2d(array)]}
    finite = finite_part(array)
    bars = spread(finite) if finite.size else []
    return {"kind": "summary", "text": " ".join(summary(array)), "bars": bars}
