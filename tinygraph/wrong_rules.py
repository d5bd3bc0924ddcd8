"""Rules that are taken for right ones: an op's own derivative as learners get it wrong, and what is free to choose."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinygraph.ops.elementwise import sigmoid, tanh, where

Rule = Callable[..., Any]

LOCAL: Mapping[str, Sequence[tuple[int, Rule, str]]] = {
    "sigmoid": [
        (0, lambda g, out, x: g * out, "the factor (1 - {out}) of the sigmoid's derivative is missing: it is {σ}"),
        (0, lambda g, out, x: g * (1 - out), "the factor {out} of the sigmoid's derivative is missing: it is {σ}"),
        (0, lambda g, out, x: g * sigmoid(out) * (1 - sigmoid(out)), "σ′ is taken at {out} instead of {arg}: it's {σ}"),
        (0, lambda g, out, x: g * x * (1 - x), "the sigmoid's derivative is {σ}, with {out} and not {arg}"),
        (0, lambda g, out, x: g * (1 - out * out), "that is the derivative of tanh: the sigmoid's is {σ}"),
    ],
    "tanh": [
        (0, lambda g, out, x: g * (1 - out), "the square is missing in the derivative of tanh: it is 1 - {out} ** 2"),
        (0, lambda g, out, x: g * out * (1 - out), "that is the sigmoid's derivative: tanh has 1 - {out} ** 2"),
        (0, lambda g, out, x: g * (1 - x * x), "the derivative of tanh is 1 - {out} ** 2, with {out} and not {arg}"),
        (0, lambda g, out, x: g * (1 - tanh(out) ** 2), "tanh′ is taken at {out} instead of {arg}: 1 - {out} ** 2"),
    ],
    "relu": [
        (0, lambda g, out, x: g * out, "the derivative of relu is 1 where {arg} > 0, and not {arg}"),
        (0, lambda g, out, x: where(g > 0, g, 0), "relu′ asks whether {arg} > 0, and not whether {dout} is"),
    ],
    "exp": [(0, lambda g, out, x: g * x, "the derivative of exp({arg}) is exp({arg}), and not {arg}")],
    "log": [(0, lambda g, out, x: g * x, "the derivative of log({arg}) is 1 / {arg}, and not {arg}")],
    "sqrt": [(0, lambda g, out, x: g / out, "the 2 is missing in the derivative of the root, 1 / (2 * {out})")],
    "square": [
        (0, lambda g, out, x: g * x, "the 2 is missing in the derivative of {out}"),
        (0, lambda g, out, x: 2 * g * out, "the exponent of {out} is not lowered in its derivative"),
    ],
    "power": [
        (0, lambda g, out, x, y: g * x ** (y - 1), "the exponent is missing as a factor in the derivative of {out}"),
        (0, lambda g, out, x, y: g * y * out, "the exponent of {out} is not lowered in its derivative"),
    ],
    "multiply": [
        (0, lambda g, out, x, y: g * x, "the derivative of {out} for {arg} is the other factor, and not {arg}"),
        (1, lambda g, out, x, y: g * y, "the derivative of {out} for {arg} is the other factor, and not {arg}"),
    ],
    "divide": [
        (0, lambda g, out, x, y: g * y, "it is multiplied by what it must be divided by, in {out}"),
        (1, lambda g, out, x, y: -g * x / y, "the square is missing in the derivative of a quotient, -x / y ** 2"),
    ],
    "softmax": [
        (0, lambda g, out, x, axis: g * out * (1 - out), "softmax has derivatives across its elements, too: each is "
                                                         "divided by the sum of all"),
    ],
}  # fmt: skip
"""An op's own derivative, taken wrongly: for the argument at a place, by this rule; and what is told about it."""

# fmt: off
CHOICES: Mapping[str, Sequence[tuple[Rule, Rule]]] = {
    "relu":       [(lambda g, out, x: where(x > 0, g, 0),        lambda g, out, x: where(x >= 0, g, 0))],
    "leaky_relu": [(lambda g, out, x, slope: where(x > 0, g, slope * g),
                    lambda g, out, x, slope: where(x >= 0, g, slope * g))],
    "abs":        [(lambda g, out, x: where(x > 0, g, -g),       lambda g, out, x: where(x >= 0, g, -g))],
    "maximum":    [(lambda g, out, x, y: where(x > y, g, 0),     lambda g, out, x, y: where(x >= y, g, 0)),
                   (lambda g, out, x, y: where(y > x, g, 0),     lambda g, out, x, y: where(y >= x, g, 0))],
    "minimum":    [(lambda g, out, x, y: where(x < y, g, 0),     lambda g, out, x, y: where(x <= y, g, 0)),
                   (lambda g, out, x, y: where(y < x, g, 0),     lambda g, out, x, y: where(y <= x, g, 0))],
}
# fmt: on
"""At a kink, the least and the most that a derivative may be taken to be."""

TURNED = {"greater": "greater_equal", "greater_equal": "greater", "less": "less_equal", "less_equal": "less"}
"""The same condition, but for where both sides are equal."""

PRODUCTS: tuple[tuple[Rule, ...], tuple[Rule, ...]] = (
    (lambda g, y: g @ y, lambda g, y: y @ g, lambda g, y: y.mT @ g, lambda g, y: g.mT @ y, lambda g, y: g.mT @ y.mT),
    (lambda g, x: x @ g, lambda g, x: g @ x, lambda g, x: g @ x.mT, lambda g, x: x @ g.mT, lambda g, x: x.mT @ g.mT),
)
"""Matrix products that fit only where matrices are square, or by chance."""
