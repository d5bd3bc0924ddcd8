"""More of what a neuron makes of its input: element by element, and softmax along an axis."""

import math
from typing import Any

import numpy as np

from tinygraph.graph import op
from tinygraph.ops.elementwise import exp, floats, multiply, one_number, sigmoid, tanh, where
from tinygraph.ops.reductions import counted_from_0, sum


@op(lambda g, out, x: g * sigmoid(x))
def softplus(x: Any) -> Any:
    """log(1 + exp(x)) element by element, without overflow.

    >>> import tinygraph as tg
    >>> tg.softplus([-1000.0, 0.0, 1000.0]).round(4)
    array([0.000e+00, 6.931e-01, 1.000e+03])
    """
    return np.logaddexp(x, 0)


@op(lambda g, out, x: g * sigmoid(-x))
def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)) element by element, which is finite for every finite x.

    >>> import tinygraph as tg
    >>> tg.log_sigmoid([-1000.0, 0.0]).round(4)
    array([-1.000e+03, -6.931e-01])
    """
    return -np.logaddexp(-floats(x), 0)


@op(lambda g, out, x, alpha: where(x > 0, g, g * (out + alpha)), settle=one_number)
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (exp(x) - 1), element by element.

    Its derivative at 0 is alpha, as in PyTorch and JAX.

    >>> import tinygraph as tg
    >>> tg.elu([-1.0, 3.0]).round(4)
    array([-0.6321,  3.    ])
    """
    x = np.asarray(x)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@op(lambda g, out, x: g * (2 / math.sqrt(math.pi)) * exp(-x * x))
def erf(x: Any) -> Any:
    """The error function, 2/√π ∫₀ˣ exp(-t²) dt, element by element.

    NumPy has none: each element goes through Python's `math.erf`, which is right to the last digit or two.

    >>> import tinygraph as tg
    >>> tg.erf([-1.0, 0.0, 1.0]).round(6)
    array([-0.842701,  0.      ,  0.842701])
    """
    x = floats(x)
    return np.fromiter(map(math.erf, x.ravel().tolist()), x.dtype, x.size).reshape(x.shape)


def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the chance that a standard normal number is below x, element by element, as in PyTorch.

    With `approximate`, by the formula in tanh that JAX has as its default (Hendrycks and Gimpel, arXiv:1606.08415).

    >>> import tinygraph as tg
    >>> tg.gelu([-1.0, 0.0, 1.0]).round(4), tg.gelu([1.0], approximate=True).round(4)
    (array([-0.1587,  0.    ,  0.8413]), array([0.8412]))
    """
    if approximate:
        inner = multiply(math.sqrt(2 / math.pi), multiply(x, multiply(0.044715, multiply(x, x)) + 1))
        return multiply(multiply(x, 0.5), tanh(inner) + 1)
    return multiply(multiply(x, 0.5), erf(multiply(x, math.sqrt(0.5))) + 1)


def silu(x: Any) -> Any:
    """x * sigmoid(x) element by element, also known as swish.

    >>> import tinygraph as tg
    >>> tg.silu([-1.0, 0.0, 1.0]).round(4)
    array([-0.2689,  0.    ,  0.7311])
    """
    return multiply(x, sigmoid(x))


def _shifted(x: Any, axis: Any) -> Any:
    """x less its maximum, so that exp never overflows."""
    x = floats(x)
    return x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)


@op(
    lambda g, out, x, axis: out * (g - sum(g * out, axis=axis, keepdims=True)),
    settle=counted_from_0,
    shape=lambda shape, axis: shape,
)
def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) / sum(exp(x)) along an axis or several, without overflow.

    In the notes' layout, where each column is an example, the classes lie along axis 0.

    >>> import tinygraph as tg
    >>> tg.softmax([[0.0, 1000.0], [0.0, 1000.0]], axis=0)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    e = np.exp(_shifted(x, axis))
    return e / np.sum(e, axis=axis, keepdims=True)


@op(
    lambda g, out, x, axis: g - exp(out) * sum(g, axis=axis, keepdims=True),
    settle=counted_from_0,
    shape=lambda shape, axis: shape,
)
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """log(softmax(x)) along an axis or several, which is finite for every finite x.

    >>> import tinygraph as tg
    >>> tg.log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    shifted = _shifted(x, axis)
    with np.errstate(divide="ignore"):  # the sum is 0 where there is no element
        return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
