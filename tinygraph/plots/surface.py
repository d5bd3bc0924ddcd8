"""A cost over two elements of its parameters, all else held: its height, its curvature, and a path of descent."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np

from tinygraph.compile.compile import compile
from tinygraph.conventions import counts_of_means
from tinygraph.derivatives import check_cost, grad
from tinygraph.errors import DrawError, NodeTypeError, ShapeError
from tinygraph.feeds import Array
from tinygraph.graph import Node, Parameter
from tinygraph.notation import caller_names, formula
from tinygraph.ops.shaping import reshape
from tinygraph.samples import told_samples, with_labels, with_samples

Element: TypeAlias = tuple[Parameter, tuple[int, ...]]
"""A parameter, and which of its elements."""

Ranges: TypeAlias = list[tuple[float, float]]
"""From where to where, for each of two axes."""


class Surface:
    """J as a function of two numbers, which are fed in: no parameter's value changes.

    `name` is what J is called, `labels` what the two are; `start` is where their values lie, and `samples` what a
    reader must know of the inputs that were fed nothing. Errors are those of `plots.cost_surface`.

    >>> import numpy as np, tinygraph as tg
    >>> w, b = tg.parameter(1.0), tg.parameter(0.0)
    >>> J = (w + b) ** 2
    >>> surface = Surface(J, [w, b], None)
    >>> points = np.array([[0.0, 0.0], [1.0, 2.0]])
    >>> surface.height(points), surface.smallest_eigenvalue(points)
    (array([0., 9.]), array([0., 0.]))
    >>> surface.path(tg.optim.gradient_descent, 0.125, steps=1)
    array([[ 1.  ,  0.  ],
           [ 0.75, -0.25]])
    """

    def __init__(self, J: Any, parameters: Any, feeds: Any):
        if not isinstance(J, Node):
            raise NodeTypeError(f"J is a {type(J).__name__}, where a node of one number is needed, such as tg.mean(L)")
        self.J, self.elements = J, _two_elements(parameters)
        check_cost(J, [node for node, _ in self.elements])
        names = caller_names()
        self.name = J.name or names.get(J) or "J"
        x, y = (_label(formula(node, names), node, at) for node, at in self.elements)
        self.labels = (x, y)
        fed, sampled = with_samples([J], feeds)
        self.samples = told_samples(fed, sampled)
        *_, (labelled, _) = with_labels(J, [], fed, sampled, counts_of_means(J))
        self.fed = dict(labelled)
        self.held = {node: self.fed.pop(node, node.value) for node in dict.fromkeys(node for node, _ in self.elements)}
        self.start = self._point(self.held)

    def height(self, points: Array) -> Array:
        """J at each point, (n,) for points (n, 2)."""
        return self._at(points, [reshape(self.J, ())])[:, 0]

    def smallest_eigenvalue(self, points: Array) -> Array:
        """The smallest eigenvalue of the Hessian at each point, (n,); what rounding makes of 0 is 0.

        Raises `DrawError` where J or a second derivative is not finite.
        """
        nodes = [node for node, _ in self.elements]
        slopes = [slope[at] for slope, (_, at) in zip(grad(self.J, nodes), self.elements, strict=True)]
        bends = [bend[at] for slope in slopes for bend, (_, at) in zip(grad(slope, nodes), self.elements, strict=True)]
        found = self._at(points, [*bends, reshape(self.J, ())])
        wrong = ~np.isfinite(found).all(axis=1)
        if wrong.any():
            place = ", ".join(f"{label} = {x:.4g}" for label, x in zip(self.labels, points[wrong][0], strict=True))
            raise DrawError(f"{self.name} or a second derivative of it is not finite at {place}: give narrower ranges")
        eigenvalues = np.linalg.eigvalsh(found[:, :4].reshape(-1, 2, 2))
        noise = 1e4 * np.finfo(self.J.dtype).eps * np.abs(eigenvalues).max()
        return np.where(np.abs(eigenvalues[:, 0]) < noise, 0.0, eigenvalues[:, 0])

    def path(self, optimizer: Callable[..., Any], learning_rate: Any, steps: int) -> Array:
        """The points that so many steps from the start lead through, (steps + 1, 2).

        Raises `DrawError` where a step leaves what a float can hold.
        """
        if not isinstance(steps, Integral) or steps < 0:
            raise DrawError(f"steps is {steps!r}, and must be a whole number from 0 on, such as 100")
        updates = optimizer(self.J, list(self.held), learning_rate)
        step = compile([*updates, *self.fed], updates)
        state = {node: self.held.get(node, node.value) for node in updates}
        points = [self.start]
        with np.errstate(all="ignore"):
            for number in range(steps):
                state = step(*state.values(), *self.fed.values())
                points.append(self._point(state))
                if not np.isfinite(points[-1]).all():
                    raise DrawError(
                        f"step {number + 1} of the descent leaves what a float can hold: give a smaller learning_rate "
                        f"than {learning_rate}"
                    )
                state |= self._moved_to(points[-1])
        return np.array(points)

    def _at(self, points: Array, outputs: Any) -> Array:
        """The numbers that outputs are at each point; inf or NaN where they have no finite value."""
        program = compile([*self.held, *self.fed], outputs)
        with np.errstate(all="ignore"):
            return np.array([program(*self._moved_to(point).values(), *self.fed.values()) for point in points])

    def _point(self, values: Any) -> list[float]:
        return [float(values[node][at]) for node, at in self.elements]

    def _moved_to(self, point: Sequence[float]) -> dict[Parameter, Array]:
        """What the parameters hold at a point; their other elements are as at the start."""
        moved = {node: np.array(value) for node, value in self.held.items()}
        for (node, at), number in zip(self.elements, point, strict=True):
            moved[node][at] = number
        return moved


def _two_elements(parameters: Any) -> list[Element]:
    is_list = isinstance(parameters, list | tuple)
    if not is_list or len(parameters) != 2:
        found = f"holds {len(parameters)}" if is_list else f"is a {type(parameters).__name__}"
        raise DrawError(f"a surface lies over two parameters, and parameters {found}: give two, as in [w, b]")
    first, second = map(_element, parameters)
    if first[0] is second[0] and first[1] == second[1]:
        raise DrawError(f"a surface lies over two parameters, and both are the same element of {first[0]}: give two")
    return [first, second]


def _element(entry: Any) -> Element:
    node, at = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry, None)
    if not isinstance(node, Node):
        raise NodeTypeError(f"parameters are two of tg.parameter's, as in [w, b], and not a {type(node).__name__}")
    if not isinstance(node, Parameter):
        raise NodeTypeError(f"{node} is no parameter: give one, or an element of one as in (W, (0, 0))")
    shape, name = node.value.shape, formula(node, caller_names())
    example = f"give ({name}, {(0,) * len(shape)}) for its first" if node.value.size else "it has none to choose"
    if at is None and node.value.size != 1:
        raise ShapeError(f"{node} holds {node.value.size} elements, and a surface needs one number of it: {example}")
    at = (0,) * len(shape) if at is None else at if isinstance(at, tuple) else (at,)
    is_whole = all(isinstance(place, Integral) for place in at)
    if not is_whole or len(at) != len(shape) or any(not -n <= i < n for i, n in zip(at, shape, strict=True)):
        raise ShapeError(f"{node} holds an array of shape {shape}, which has no element {at}: {example}")
    return node, tuple(int(i) % n for i, n in zip(at, shape, strict=True))


def _label(name: str, node: Parameter, at: tuple[int, ...]) -> str:
    return name if node.value.size == 1 else f"{name}[{', '.join(map(str, at))}]"


def ranges_around(points: Array) -> Ranges:
    """The range of each axis in which all of the points can be seen, and as much again of what lies around them."""
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.maximum(high - low, (high - low).max() / 3)
    size = np.where(size > 0, size, 2.0)
    return list(zip((low + high) / 2 - size, (low + high) / 2 + size, strict=True))


def checked_ranges(ranges: Any) -> Ranges:
    """The two ranges as they are; raises `DrawError` where they are no two pairs of a low and a high number."""
    try:
        found = [(float(low), float(high)) for low, high in ranges]
    except (TypeError, ValueError):
        found = []
    if len(found) != 2 or not all(-np.inf < low < high < np.inf for low, high in found):
        raise DrawError(
            f"ranges is {ranges!r}, and must say from where to where for each axis, as in ((-1, 1), (0, 2))"
        )
    return found
