"""The lines of a model in the table of shapes: parameters, and what is computed of them up to A."""

from typing import Any

import numpy as np

import tinygraph as tg
from models.model import Model
from tinygraph.feeds import bind_sizes
from tinygraph.notation import expression
from tinygraph.order import order
from tinygraph.sizes import resolve

Array = np.ndarray[Any, Any]
LONGEST = 30
"""A line of more signs would push the shapes off the screen."""


def computed(model: Model, X: Array) -> list[tuple[str, str, str]]:
    """Each named node on the way to A, with its shape for this X (n_x, m), and the names of its sizes.

    >>> from models import logistic_regression
    >>> for line in computed(logistic_regression.build(n_x=2), np.zeros((2, 5))):
    ...     print(line)
    ('W', '(2, 1)', '(n_x, 1)')
    ('b', '(1, 1)', '(1, 1)')
    ('Z = W.T @ X + b', '(1, 5)', '(1, m)')
    ('A = sigmoid(Z)', '(1, 5)', '(1, m)')
    """
    values = {parameter: parameter.value for parameter in model.parameters}
    sizes = bind_sizes({model.X: X, **values})
    made = [node for node in order(model.A) if node.name and node.args]
    told = [(parameter.name, parameter) for parameter in model.parameters]
    told += [(_line(node), node) for node in made]
    return [(text, str(resolve(node.shape, sizes)), _shape(node.shape)) for text, node in told]


def _line(node: tg.Node) -> str:
    """The line that made it, or its name alone where that is long."""
    line = f"{node.name} = {expression(node, {}, depth=4)}"
    return line if len(line) <= LONGEST else str(node.name)


def _shape(shape: tuple[Any, ...]) -> str:
    return str(shape).replace("'", "")
