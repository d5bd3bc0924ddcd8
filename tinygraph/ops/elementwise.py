"""Ops that work element by element; each row is an op, with its derivative for each argument."""

from typing import Any

import numpy as np

from tinygraph.calls import between, call, cases
from tinygraph.errors import ShapeError
from tinygraph.feeds import real_dtype
from tinygraph.graph import Op, answers, number, op
from tinygraph.notation import COMPARISON, POWER, PRODUCT, SIGN, SUM

# In a rule, x and y are the arguments, out is the result, and g is the gradient that arrives at out.

# fmt: off
add      = Op("add",      np.add,      [lambda g, out, x, y: g,
                                        lambda g, out, x, y: g],
              label="{0} + {1}", board=lambda x, y: x + y, binds=SUM, numpy=np.add)

subtract = Op("subtract", np.subtract, [lambda g, out, x, y: g,
                                        lambda g, out, x, y: -g],
              label="{0} - {1}", board=lambda x, y: x - y, binds=SUM, numpy=np.subtract)

multiply = Op("multiply", np.multiply, [lambda g, out, x, y: g * y,
                                        lambda g, out, x, y: g * x],
              label="{0} * {1}", board=lambda x, y: x * y, binds=PRODUCT, numpy=np.multiply)

divide   = Op("divide",   np.divide,   [lambda g, out, x, y: g / y,
                                        lambda g, out, x, y: -g * out / y],
              label="{0} / {1}", board=lambda x, y: x / y, binds=PRODUCT, numpy=np.divide)

power    = Op("power",    np.power,    [lambda g, out, x, y: g * y * _base(x, y) ** (y - 1),
                                        lambda g, out, x, y: g * out * log(where(x == 0, 1, x))],
              label="{0} ** {1}", board=lambda x, y: x**y, binds=POWER, numpy=np.power, domain=(0, np.inf))

negative = Op("negative", np.negative, [lambda g, out, x: -g],
              label="-{0}", board=lambda x: -x, binds=SIGN, numpy=np.negative)

# Where both are equal, each gets half of g, as in PyTorch and JAX.
maximum  = Op("maximum",  np.maximum,  [lambda g, out, x, y: where(x == y, g / 2, where(x > y, g, 0)),
                                        lambda g, out, x, y: where(x == y, g / 2, where(x > y, 0, g))],
              board="max", numpy=np.maximum)

minimum  = Op("minimum",  np.minimum,  [lambda g, out, x, y: where(x == y, g / 2, where(x < y, g, 0)),
                                        lambda g, out, x, y: where(x == y, g / 2, where(x < y, 0, g))],
              board="min", numpy=np.minimum)

# Quotient and remainder of whole steps, as Python's // and %.
floor_divide = Op("floor_divide", np.floor_divide, [None, None],
                  label="{0} // {1}", board=lambda x, y: (x / y).enclosed("⌊", "⌋"), binds=PRODUCT,
                  numpy=np.floor_divide)
remainder    = Op("remainder",    np.remainder,    [lambda g, out, x, y: g,
                                                    lambda g, out, x, y: -g * (x // y)],
                  label="{0} % {1}", board=between("mod"), binds=PRODUCT, numpy=np.remainder)

exp      = Op("exp",      np.exp,      [lambda g, out, x: g * out],
              board="exp", numpy=np.exp)

log      = Op("log",      np.log,      [lambda g, out, x: g / x],
              numpy=np.log, domain=(0, np.inf))

tanh     = Op("tanh",     np.tanh,     [lambda g, out, x: g * (1 - out * out)],
              numpy=np.tanh)

equal         = Op("equal",         np.equal,         [None, None], label="{0} == {1}", board=between("="),
                   binds=COMPARISON, numpy=np.equal)
not_equal     = Op("not_equal",     np.not_equal,     [None, None], label="{0} != {1}", board=between("≠"),
                   binds=COMPARISON, numpy=np.not_equal)
less          = Op("less",          np.less,          [None, None], label="{0} < {1}",  board=between("<"),
                   binds=COMPARISON, numpy=np.less)
less_equal    = Op("less_equal",    np.less_equal,    [None, None], label="{0} <= {1}", board=between("≤"),
                   binds=COMPARISON, numpy=np.less_equal)
greater       = Op("greater",       np.greater,       [None, None], label="{0} > {1}",  board=between(">"),
                   binds=COMPARISON, numpy=np.greater)
greater_equal = Op("greater_equal", np.greater_equal, [None, None], label="{0} >= {1}", board=between("≥"),
                   binds=COMPARISON, numpy=np.greater_equal)

bitwise_and = Op("bitwise_and", np.bitwise_and, [None, None], label="{0} & {1}", board=between("∧"),
                 binds=COMPARISON, numpy=np.bitwise_and)
bitwise_or  = Op("bitwise_or",  np.bitwise_or,  [None, None], label="{0} | {1}", board=between("∨"),
                 binds=COMPARISON, numpy=np.bitwise_or)
bitwise_xor = Op("bitwise_xor", np.bitwise_xor, [None, None], label="{0} ^ {1}", board=between("⊕"),
                 binds=COMPARISON, numpy=np.bitwise_xor)
invert      = Op("invert",      np.invert,      [None],       label="~{0}",      board=lambda x: call("¬", [x]),
                 binds=SIGN, numpy=np.invert)
logical_and = Op("logical_and", np.logical_and, [None, None], numpy=np.logical_and)
logical_or  = Op("logical_or",  np.logical_or,  [None, None], numpy=np.logical_or)
logical_xor = Op("logical_xor", np.logical_xor, [None, None], numpy=np.logical_xor)
logical_not = Op("logical_not", np.logical_not, [None],       numpy=np.logical_not)
# fmt: on


def _base(x: Any, y: Any) -> Any:
    """x, but 1 where both are 0, for there the derivative of x ** y is 0, and 0 * 0 ** -1 is not."""
    return x if number(y) else where((x == 0) * (y == 0), 1, x)


def one_number(_: Any, **params: Any) -> dict[str, Any]:
    """The parameters of an op that takes plain numbers alone."""
    for name, value in params.items():
        if not isinstance(value, int | float):
            raise ShapeError(f"the {name} is one number, not {value!r}")
    return params


def floats(x: Any) -> Any:
    """x as an array of floats."""
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x * 1.0


@op(lambda g, out, x: g * out * (1 - out))
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)) element by element, without overflow and to the last digits for every x.

    Where x < 0 it is computed as exp(x) / (1 + exp(x)), so exp never sees a positive number.

    >>> import numpy as np, tinygraph as tg
    >>> tg.sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    x = floats(x)
    with np.errstate(under="ignore"):
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, small) / (1 + small)


@op(lambda g, out, x: where(x > 0, g, 0))
def relu(x: Any) -> Any:
    """max(x, 0) element by element; its derivative at 0 is 0, as in PyTorch and JAX.

    >>> import tinygraph as tg
    >>> tg.relu([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """
    return np.maximum(x, 0)


@op(lambda g, out, x, slope: where(x > 0, g, slope * g), settle=one_number)
def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x > 0, else slope * x, element by element; its derivative at 0 is the slope, as in PyTorch.

    >>> import tinygraph as tg
    >>> tg.leaky_relu([-2.0, 3.0])
    array([-0.02,  3.  ])
    """
    x = np.asarray(x)
    return np.where(x > 0, x, slope * x)


@op(
    None,
    lambda g, out, condition, x, y: where(condition, g, 0),
    lambda g, out, condition, x, y: where(condition, 0, g),
    board=lambda condition, x, y: cases(condition, x, y),
    numpy=np.where,
)
def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y, element by element.

    >>> import tinygraph as tg
    >>> tg.where([True, False], 1.0, 2.0)
    array([1., 2.])
    """
    return np.where(condition, x, y)


@op(lambda g, out, x, dtype: g, board=lambda x, dtype: x, dtype=lambda x, dtype: real_dtype(dtype, "a node"))
def astype(x: Any, dtype: Any) -> Any:
    """x as numbers of another dtype.

    >>> import tinygraph as tg
    >>> tg.astype([0.5, 2.0], "float32")
    array([0.5, 2. ], dtype=float32)
    """
    return np.asarray(x).astype(dtype)


@answers(np.positive)
def positive(x: Any) -> Any:
    """x as it is: what `+x` gives.

    >>> import tinygraph as tg
    >>> x = tg.input("x", ())
    >>> (+x) is x
    True
    """
    return x
