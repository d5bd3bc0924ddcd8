"""Ops that ONNX or its runtimes have not, as formulas of ops that they have; each row is an op."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygraph.graph import Node, constant, number
from tinygraph.ops.elementwise import astype, exp, log, maximum, minimum, power, where
from tinygraph.ops.extremes import max
from tinygraph.ops.functions import (
    DEGREE,
    LN2,
    LN10,
    abs,
    arctan,
    ceil,
    cos,
    expm1,
    floor,
    isinf,
    log1p,
    reciprocal,
    rint,
    sign,
    sin,
    sqrt,
    square,
)
from tinygraph.ops.linalg import matmul
from tinygraph.ops.reductions import axes_along, count, mean, sum
from tinygraph.ops.shaping import reshape, transpose

Rule = Callable[..., Node]


def _single(formula: Rule) -> Rule:
    """A formula for float64 alone, for onnxruntime has the op itself for float32."""
    return lambda out, *args, **params: out if out.dtype == np.float32 else formula(*args, **params)


# Accurate near 0: 1 + x rounds x, and what is computed of the rounded number makes up for it (Kahan's way).


def _log1p(x: Node) -> Node:
    near = 1 + x
    return where(near == 1, x, where(near == np.inf, near, log(near) * (x / (near - 1))))


def _expm1(x: Node) -> Node:
    e = exp(x)
    return where(e == 1, x, where(abs(x) < 1, (e - 1) * (x / log(e)), e - 1))


# Angles. Sines are there in float64.
PI_2_REST = 6.123233995736766e-17  # by which π/2 is more than the nearest float64


def _cos(x: Node) -> Node:
    """The sine of π/2 - x, to the last digits where that is exact, near π/2; further off 1 - 2 sin(x / 2)²."""
    half = sin(x / 2)
    return where(abs(x) < 4, sin(np.pi / 2 - abs(x) + PI_2_REST), 1 - 2 * half * half)


def _arctan(x: Node) -> Node:
    """That of float32, y, and what is missing: arctan x - y = arctan((x - tan y) / (1 + x tan y)), which is small."""
    y = astype(arctan(astype(x, np.float32)), np.float64)
    x = maximum(minimum(x, 1e300), -1e300)
    return y + (x * cos(y) - sin(y)) / (cos(y) + x * sin(y))


def _arctan2(y: Node, x: Node) -> Node:
    """The angle of the point (x, y), all of the way around; of two infinities that of the diagonal."""
    is_far = isinf(x) & isinf(y)
    x, y = where(is_far, sign(x), x), where(is_far, sign(y), y)
    half = where((x == 0) & (y == 0), y, arctan(y / x))
    return where(_is_negative(x), half + _copysign(np.pi, y), half)


def _is_negative(x: Node) -> Node:
    """Whether there is a minus before it, as there is before -0."""
    return (x < 0) | ((x == 0) & (reciprocal(x) < 0))


def _copysign(x: Any, y: Node) -> Node:
    return where(_is_negative(y), -abs(x), abs(x))


# Hyperbolic functions, accurate near 0 and far from it.


def _sinh(x: Node) -> Node:
    e = expm1(abs(x))
    return sign(x) * where(abs(x) < 1, (e + e / (e + 1)) / 2, _half_exp(abs(x)) - _half_exp(-abs(x)))


def _half_exp(x: Node) -> Node:
    """exp(x) / 2, which is finite a little longer than exp(x)."""
    root = exp(x / 2)
    return root * (root / 2)


def _arcsinh(x: Node) -> Node:
    size = abs(x)
    near = log1p(size + size * size / (1 + sqrt(1 + size * size)))
    return sign(x) * where(size > 1e8, log(size) + LN2, near)


def _arccosh(x: Node) -> Node:
    return where(x > 1e8, log(x) + LN2, log1p(x - 1 + sqrt(x - 1) * sqrt(x + 1)))


def _hypot(x: Node, y: Node) -> Node:
    large, small = maximum(abs(x), abs(y)), minimum(abs(x), abs(y))
    ratio = small / where(large == 0, 1, large)
    return where(isinf(x) | isinf(y), np.inf, large * sqrt(1 + ratio * ratio))


def _logaddexp(x: Node, y: Any) -> Node:
    return where(x == y, x + LN2, maximum(x, y) + log1p(exp(-abs(x - y))))


# The Gaussian, repeated every 5π, is a sum of cosines; erf is that sum integrated (Strecok, Math. Comp. 22, 1968).
TERMS = np.arange(1, 33)
WEIGHTS = 2 / np.pi * np.exp(-((TERMS / 5) ** 2)) / TERMS


def _erf(x: Node) -> Node:
    x = maximum(minimum(x, 6.0), -6.0)  # where it is ±1 to the last digit
    waves = sin(reshape(x, (*x.shape, 1)) * constant(TERMS * 0.4).reshape(*[1] * x.ndim, len(TERMS)))
    return x * (0.4 / np.pi) + matmul(waves, constant(WEIGHTS))


# What takes axes together.


def _mean(out: Node, x: Node, axis: Any, keepdims: bool) -> Node:
    """ONNX has no mean of nothing, and NumPy has NaN."""
    n = count(x, axis)
    return out if isinstance(n, int) and n > 0 else sum(x, axis=axis, keepdims=keepdims) / n


def _var(x: Node, axis: Any, ddof: int, keepdims: bool) -> Node:
    squares = sum(square(x - mean(x, axis=axis, keepdims=True)), axis=axis, keepdims=keepdims)
    n = count(x, axis) - ddof
    return squares / (maximum(n, 0) if ddof else n)


def _softmax(out: Node, x: Node, axis: Any) -> Node:
    """ONNX has it along one axis."""
    if len(axes_along(axis, x.ndim)) == 1:
        return out
    e = exp(x - max(x, axis=axis, keepdims=True))
    return e / sum(e, axis=axis, keepdims=True)


def _log_softmax(out: Node, x: Node, axis: Any) -> Node:
    if len(axes_along(axis, x.ndim)) == 1:
        return out
    shifted = x - max(x, axis=axis, keepdims=True)
    return shifted - log(sum(exp(shifted), axis=axis, keepdims=True))


def _einsum(out: Node, *xs: Node, subscripts: str) -> Node:
    """Of one array it is a sum and a transposition, each of which ONNX has."""
    letters, _, kept = subscripts.partition("->")
    if len(xs) > 1:
        return out
    x = xs[0] if out.dtype.kind == "f" else astype(xs[0], np.int64)
    total = sum(x, axis=tuple(place for place, letter in enumerate(letters) if letter not in kept))
    left = [letter for letter in letters if letter in kept]
    return astype(transpose(total, tuple(map(left.index, kept))), out.dtype)


def _round(out: Node, x: Node, decimals: int) -> Node:
    scale = 10.0 ** np.abs(decimals)
    if out.dtype.kind != "f":
        return x if decimals >= 0 else astype(rint(astype(x, np.float64) / scale) * scale, out.dtype)
    return rint(x * scale) / scale if decimals > 0 else rint(x / scale) * scale if decimals else rint(x)


# fmt: off
FORMULAS: dict[str, Rule] = {
    "relu":        lambda out, x: out if x.dtype.kind == "f" else maximum(x, 0),
    "leaky_relu":  _single(lambda x, slope: where(x > 0, x, slope * x)),
    "elu":         _single(lambda x, alpha: where(x > 0, x, alpha * expm1(minimum(x, 0)))),
    "softplus":    _single(lambda x: maximum(x, 0) + log1p(exp(-abs(x)))),
    "log_sigmoid": lambda out, x: minimum(x, 0) - log1p(exp(-abs(x))),
    "erf":         _single(_erf),

    "reciprocal":  lambda out, x: out if out.dtype.kind == "f" else where(abs(x) == 1, x, 0),
    "cbrt":        lambda out, x: sign(x) * power(abs(x), 1 / 3),
    "expm1":       lambda out, x: _expm1(x),
    "exp2":        lambda out, x: power(2.0, x),
    "log1p":       lambda out, x: _log1p(x),
    "log2":        lambda out, x: log(x) / LN2,
    "log10":       lambda out, x: log(x) / LN10,
    "logaddexp":   lambda out, x, y: _logaddexp(x, y),
    "hypot":       lambda out, x, y: _hypot(x, y),
    "copysign":    lambda out, x, y: _copysign(x, y),
    "clipped":     lambda out, x, low, high: minimum(x if number(low) == -math.inf else maximum(x, low), high),

    "cos":         _single(_cos),
    "tan":         _single(lambda x: sin(x) / cos(x)),
    "arctan":      _single(_arctan),
    "arcsin":      _single(lambda x: arctan(x / sqrt((1 - x) * (1 + x)))),
    "arccos":      _single(lambda x: 2 * arctan(sqrt((1 - x) / (1 + x)))),
    "arctan2":     lambda out, y, x: _arctan2(y, x),
    "sinh":        _single(_sinh),
    "cosh":        _single(lambda x: _half_exp(abs(x)) + _half_exp(-abs(x))),
    "arcsinh":     _single(_arcsinh),
    "arccosh":     _single(_arccosh),
    "arctanh":     _single(lambda x: log1p(2 * x / (1 - x)) / 2),
    "deg2rad":     lambda out, x: x * DEGREE,
    "rad2deg":     lambda out, x: x / DEGREE,

    "floor":       lambda out, x: out if out.dtype.kind == "f" else x,
    "ceil":        lambda out, x: out if out.dtype.kind == "f" else x,
    "trunc":       lambda out, x: where(x < 0, ceil(x), floor(x)) if out.dtype.kind == "f" else x,
    "round":       _round,

    "einsum":      _einsum,
    "mean":        _mean,
    "var":         lambda out, x, **params: _var(x, **params),
    "std":         lambda out, x, **params: sqrt(_var(x, **params)),
    "norm":        lambda out, x, axis, keepdims: sqrt(sum(x * x, axis=axis, keepdims=keepdims)),
    "softmax":     _softmax,
    "log_softmax": _log_softmax,
}
# fmt: on
