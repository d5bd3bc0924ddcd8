"""Functions of numbers, element by element: roots, logarithms, angles, rounding; each row with its derivative."""

import math
from typing import Any

import numpy as np

from tinygraph.formulas import Formula
from tinygraph.graph import Node, Op, answers, op
from tinygraph.ops.elementwise import maximum, sigmoid, where

LN2, LN10, DEGREE = math.log(2), math.log(10), math.pi / 180

# fmt: off
sign       = Op("sign",       np.sign,       [None],                                         numpy=np.sign)
abs        = Op("abs",        np.absolute,   [lambda g, out, x: g * sign(x)],                numpy=np.absolute,
                board=lambda x: x.enclosed("|", "|"))  # its derivative at 0 is 0, as in PyTorch
fabs       = Op("fabs",       np.fabs,       [lambda g, out, x: g * sign(x)],                numpy=np.fabs,
                board=lambda x: x.enclosed("|", "|"))  # of whole numbers it makes floats
copysign   = Op("copysign",   np.copysign,   [lambda g, out, x, y: g * sign(out) * sign(x), None], numpy=np.copysign)
sqrt       = Op("sqrt",       np.sqrt,       [lambda g, out, x: g / (2 * out)],              numpy=np.sqrt,
                board=lambda x: x.root(), domain=(0, np.inf))
cbrt       = Op("cbrt",       np.cbrt,       [lambda g, out, x: g / (3 * out * out)],        numpy=np.cbrt,
                board=lambda x: x.root("3"))
square     = Op("square",     np.square,     [lambda g, out, x: 2 * g * x],                  numpy=np.square,
                board=lambda x: x ** Formula.number(2))
reciprocal = Op("reciprocal", np.reciprocal, [lambda g, out, x: -g * out * out],             numpy=np.reciprocal,
                board=lambda x: Formula.number(1) / x)

expm1      = Op("expm1",      np.expm1,      [lambda g, out, x: g * (out + 1)],              numpy=np.expm1)
exp2       = Op("exp2",       np.exp2,       [lambda g, out, x: g * out * LN2],              numpy=np.exp2)
log1p      = Op("log1p",      np.log1p,      [lambda g, out, x: g / (1 + x)],                numpy=np.log1p,
                domain=(-1, np.inf))
log2       = Op("log2",       np.log2,       [lambda g, out, x: g / (x * LN2)],              numpy=np.log2,
                domain=(0, np.inf))
log10      = Op("log10",      np.log10,      [lambda g, out, x: g / (x * LN10)],             numpy=np.log10,
                domain=(0, np.inf))

sin        = Op("sin",        np.sin,        [lambda g, out, x: g * cos(x)],                 numpy=np.sin)
cos        = Op("cos",        np.cos,        [lambda g, out, x: -g * sin(x)],                numpy=np.cos)
tan        = Op("tan",        np.tan,        [lambda g, out, x: g * (1 + out * out)],        numpy=np.tan,
                domain=(-1.5, 1.5))
arcsin     = Op("arcsin",     np.arcsin,     [lambda g, out, x: g / sqrt(1 - x * x)],        numpy=np.arcsin,
                domain=(-1, 1))
arccos     = Op("arccos",     np.arccos,     [lambda g, out, x: -g / sqrt(1 - x * x)],       numpy=np.arccos,
                domain=(-1, 1))
arctan     = Op("arctan",     np.arctan,     [lambda g, out, x: g / (1 + x * x)],            numpy=np.arctan)
sinh       = Op("sinh",       np.sinh,       [lambda g, out, x: g * cosh(x)],                numpy=np.sinh)
cosh       = Op("cosh",       np.cosh,       [lambda g, out, x: g * sinh(x)],                numpy=np.cosh)
arcsinh    = Op("arcsinh",    np.arcsinh,    [lambda g, out, x: g / sqrt(x * x + 1)],        numpy=np.arcsinh)
arccosh    = Op("arccosh",    np.arccosh,    [lambda g, out, x: g / sqrt(x * x - 1)],        numpy=np.arccosh,
                domain=(1, np.inf))
arctanh    = Op("arctanh",    np.arctanh,    [lambda g, out, x: g / (1 - x * x)],            numpy=np.arctanh,
                domain=(-1, 1))
deg2rad    = Op("deg2rad",    np.deg2rad,    [lambda g, out, x: g * DEGREE], numpy=(np.deg2rad, np.radians))
rad2deg    = Op("rad2deg",    np.rad2deg,    [lambda g, out, x: g / DEGREE], numpy=(np.rad2deg, np.degrees))

arctan2    = Op("arctan2",    np.arctan2,    [lambda g, out, x, y: g * y / (x * x + y * y),
                                              lambda g, out, x, y: -g * x / (x * x + y * y)], numpy=np.arctan2)
hypot      = Op("hypot",      np.hypot,      [lambda g, out, x, y: g * x / out,
                                              lambda g, out, x, y: g * y / out],              numpy=np.hypot)
logaddexp  = Op("logaddexp",  np.logaddexp,  [lambda g, out, x, y: g * sigmoid(x - y),
                                              lambda g, out, x, y: g * sigmoid(y - x)],       numpy=np.logaddexp)

floor      = Op("floor",      np.floor,      [None],                                         numpy=np.floor,
                board=lambda x: x.enclosed("⌊", "⌋"))
ceil       = Op("ceil",       np.ceil,       [None],                                         numpy=np.ceil,
                board=lambda x: x.enclosed("⌈", "⌉"))
trunc      = Op("trunc",      np.trunc,      [None],                                         numpy=(np.trunc, np.fix))
rint       = Op("rint",       np.rint,       [None],                                         numpy=np.rint)
isnan      = Op("isnan",      np.isnan,      [None],                                         numpy=np.isnan)
isinf      = Op("isinf",      np.isinf,      [None],                                         numpy=np.isinf)
isfinite   = Op("isfinite",   np.isfinite,   [None],                                         numpy=np.isfinite)
# fmt: on


@op(None, numpy=(np.round, np.around))
def round(x: Any, decimals: int = 0) -> Any:
    """x rounded to so many decimals, element by element.

    >>> import tinygraph as tg
    >>> tg.round([1.25, 1.75], 1)
    array([1.2, 1.8])
    """
    return np.round(x, decimals)


@op(
    lambda g, out, x, low, high: where((low <= x) & (x <= high), g, 0),
    lambda g, out, x, low, high: where((x < low) & (low <= high), g, 0),
    lambda g, out, x, low, high: where(maximum(x, low) > high, g, 0),
    label="clip({0}, {1}, {2})",
    board="clip",
)
def _clipped(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


@answers(np.clip)
def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """x, but a_min where it is below, and a_max where it is above, element by element; None sets no bound.

    At a bound itself the derivative is 1, as in PyTorch; beyond it, 0.

    >>> import tinygraph as tg
    >>> tg.clip([-2.0, 0.5, 2.0], -1.0, 1.0), tg.clip([-2.0, 0.5], 0.0)
    (array([-1. ,  0.5,  1. ]), array([0. , 0.5]))
    """
    low, high = (old if new is None else new for old, new in ((a_min, min), (a_max, max)))
    if low is None and high is None:
        return x
    lowest, highest = bounds(x if isinstance(x, Node) else np.asarray(x))
    return _clipped(x, lowest if low is None else low, highest if high is None else high)


def bounds(x: Any) -> tuple[Any, Any]:
    """What no number of x's dtype lies below, and above."""
    if x.dtype.kind in "iu":
        return int(np.iinfo(x.dtype).min), int(np.iinfo(x.dtype).max)
    return -math.inf, math.inf
