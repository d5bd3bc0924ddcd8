"""Optimizers: a training step as nodes, `{parameter: its next value}`, for `tg.compile(inputs, J, updates=...)`.

Each is a function `(J, params, learning_rate, ...)`. `params` is a parameter, or a list, tuple or dict of them. The
learning rate is a number, or a node of shape (): an input, a parameter, or a schedule. What an optimizer remembers is
a parameter too, so it is drawn, saved and compiled like any other. The steps are those of PyTorch's optimizers.

>>> import tinygraph as tg
>>> w, t = tg.parameter(1.0), tg.parameter(0.0)
>>> updates = tg.optim.momentum(w * w, w, learning_rate=0.1 / (1 + t)) | {t: t + 1}
>>> list(updates)
[<velocity_w () float64>, <w () float64>, <t () float64>]
>>> for _ in range(2):
...     for parameter, value in tg.evaluate(updates).items():
...         parameter.value = value
>>> w.value, t.value
(array(0.63), array(2.))

Every optimizer raises `NodeTypeError` for what is no parameter or no number, `FeedError` where no parameter is given,
one is given twice, or a number is out of range, `ShapeError` for a learning rate of another shape than (), and the
errors of `tg.grad`.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from tinygraph.derivatives import grad
from tinygraph.errors import FeedError, NodeTypeError, ShapeError
from tinygraph.graph import Node, Parameter, parameter
from tinygraph.notation import caller_names
from tinygraph.ops.elementwise import astype
from tinygraph.ops.functions import sqrt, square
from tinygraph.structure import leaves

__all__ = ["adam", "adamw", "gradient_descent", "momentum", "nesterov", "rmsprop"]

Updates: TypeAlias = dict[Parameter, Node]


def gradient_descent(J: Node, params: Any, learning_rate: Any) -> Updates:
    """A step against the gradient: `W - learning_rate * dW`.

    The answer has, for each parameter, a node of its shape and dtype. Errors are those of the module.
    Source: Cauchy 1847, "Méthode générale pour la résolution des systèmes d'équations simultanées"; `torch.optim.SGD`.

    >>> import numpy as np, tinygraph as tg
    >>> W = tg.parameter(np.array([[1.0], [2.0]]), dims=("n_x", 1))
    >>> updates = tg.optim.gradient_descent(tg.sum(W ** 2), W, learning_rate=0.25)
    >>> updates[W].value
    array([[0.5],
           [1. ]])
    """
    return {W: W - lr * dW for W, dW, lr, _ in _gradients(J, params, learning_rate)}


def momentum(J: Node, params: Any, learning_rate: Any, momentum: float = 0.9) -> Updates:
    """A step along a velocity, which gathers the gradients: `velocity = momentum * velocity + dW`.

    The answer has, for each parameter and its `velocity`, a node of their shape and dtype. Errors are those of the
    module; 0 <= momentum < 1.
    Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods", in the form of
    `torch.optim.SGD`: the learning rate scales the step, and not what the velocity gathers.

    >>> import tinygraph as tg
    >>> w = tg.parameter(1.0)
    >>> tg.evaluate(tg.optim.momentum(w ** 2, w, learning_rate=0.25))
    {<velocity_w () float64>: np.float64(2.0), <w () float64>: np.float64(0.5)}
    """
    momentum = _number("momentum", momentum, 0.9, below=1)
    updates: Updates = {}
    for W, dW, lr, state in _gradients(J, params, learning_rate):
        velocity = state("velocity")
        updates[velocity] = momentum * velocity + dW
        updates[W] = W - lr * updates[velocity]
    return updates


def nesterov(J: Node, params: Any, learning_rate: Any, momentum: float = 0.9) -> Updates:
    """Momentum that looks ahead: the step is `dW + momentum * velocity`, where the velocity has gathered dW already.

    The answer has, for each parameter and its `velocity`, a node of their shape and dtype. Errors are those of the
    module; 0 <= momentum < 1.
    Source: Nesterov 1983, "A method of solving a convex programming problem with convergence rate O(1/k²)", in the form
    of `torch.optim.SGD(nesterov=True)`.

    >>> import tinygraph as tg
    >>> w = tg.parameter(1.0)
    >>> tg.evaluate(tg.optim.nesterov(w ** 2, w, learning_rate=0.25, momentum=0.5))
    {<velocity_w () float64>: np.float64(2.0), <w () float64>: np.float64(0.25)}
    """
    momentum = _number("momentum", momentum, 0.9, below=1)
    updates: Updates = {}
    for W, dW, lr, state in _gradients(J, params, learning_rate):
        velocity = state("velocity")
        updates[velocity] = momentum * velocity + dW
        updates[W] = W - lr * (dW + momentum * updates[velocity])
    return updates


def rmsprop(J: Node, params: Any, learning_rate: Any, decay: float = 0.99, epsilon: float = 1e-8) -> Updates:
    """Each gradient over the root of its mean square: steps of like size for steep and for flat directions.

    The answer has, for each parameter and its `mean_square`, a node of their shape and dtype. Errors are those of the
    module; 0 <= decay < 1, epsilon >= 0.
    Source: Hinton 2012, Neural Networks for Machine Learning, lecture 6e; `torch.optim.RMSprop`, where decay is alpha.

    >>> import tinygraph as tg
    >>> w = tg.parameter(1.0)
    >>> tg.evaluate(tg.optim.rmsprop(w ** 2, w, learning_rate=0.25, decay=0.75, epsilon=0))
    {<mean_square_w () float64>: np.float64(1.0), <w () float64>: np.float64(0.5)}
    """
    decay, epsilon = _number("decay", decay, 0.99, below=1), _number("epsilon", epsilon, 1e-8)
    updates: Updates = {}
    for W, dW, lr, state in _gradients(J, params, learning_rate):
        mean_square = state("mean_square")
        updates[mean_square] = decay * mean_square + (1 - decay) * square(dW)
        updates[W] = W - lr * dW / (sqrt(updates[mean_square]) + epsilon)
    return updates


def adam(
    J: Node, params: Any, learning_rate: Any = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
) -> Updates:
    """The mean of the gradients over the root of the mean of their squares, both freed from their start at 0.

    The answer has, for each parameter, its `first_moment` and its `second_moment`, a node of their shape and dtype, and
    one for the `step_count`, of shape (). Errors are those of the module; 0 <= beta1, beta2 < 1, epsilon >= 0.
    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1; `torch.optim.Adam`.

    >>> import tinygraph as tg
    >>> w = tg.parameter(1.0)
    >>> updates = tg.optim.adam(w ** 2, w, learning_rate=0.25, epsilon=0)
    >>> list(updates)
    [<step_count () float64>, <first_moment_w () float64>, <second_moment_w () float64>, <w () float64>]
    >>> updates[w].value
    np.float64(0.75)
    """
    beta1, beta2 = _number("beta1", beta1, 0.9, below=1), _number("beta2", beta2, 0.999, below=1)
    epsilon = _number("epsilon", epsilon, 1e-8)
    step_count = parameter(0.0, "step_count")
    t = step_count + 1
    updates: Updates = {step_count: t}
    for W, dW, lr, state in _gradients(J, params, learning_rate):
        m, v = state("first_moment"), state("second_moment")
        updates[m] = beta1 * m + (1 - beta1) * dW
        updates[v] = beta2 * v + (1 - beta2) * square(dW)
        m_hat = updates[m] / _in_dtype_of(W, 1 - beta1**t)
        v_hat = updates[v] / _in_dtype_of(W, 1 - beta2**t)
        updates[W] = W - lr * m_hat / (sqrt(v_hat) + epsilon)
    return updates


def adamw(
    J: Node,
    params: Any,
    learning_rate: Any = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> Updates:
    """Adam, and beside it each parameter shrinks by `learning_rate * weight_decay * W`, which no moment gathers.

    The answer is that of `adam`. Errors are those of the module; 0 <= beta1, beta2 < 1, epsilon and weight_decay >= 0.
    Source: Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, in the form of `torch.optim.AdamW`: the learning
    rate scales the decay too.

    >>> import tinygraph as tg
    >>> w = tg.parameter(1.0)
    >>> tg.optim.adamw(w ** 2, w, learning_rate=0.25, epsilon=0, weight_decay=0.5)[w].value
    np.float64(0.625)
    """
    learning_rate, weight_decay = _rate(learning_rate), _number("weight_decay", weight_decay, 0.01)
    updates = adam(J, params, learning_rate, beta1, beta2, epsilon)
    for W in leaves(params):
        updates[W] = updates[W] - _in_dtype_of(W, learning_rate) * weight_decay * W
    return updates


def _gradients(
    J: Node, params: Any, learning_rate: Any
) -> Iterator[tuple[Parameter, Node, Any, Callable[[str], Parameter]]]:
    """For each parameter W: W, dW, the learning rate in its dtype, and what makes a state of W by that name."""
    learning_rate, named = _rate(learning_rate), _named(params)
    for (W, name), dW in zip(named.items(), grad(J, list(named)), strict=True):
        yield W, dW, _in_dtype_of(W, learning_rate), partial(_state, W, name)


def _state(W: Parameter, name: str, what: str) -> Parameter:
    """What an optimizer remembers of W, from 0 on."""
    return parameter(np.zeros_like(W.value), f"{what}_{name}", W.shape)


def _named(params: Any) -> dict[Parameter, str]:
    """The parameters, each with what its states are called by: its key, its name, its variable or its place."""
    keys = {node: key for key, node in params.items() if isinstance(node, Node)} if isinstance(params, dict) else {}
    variables = caller_names()
    named: dict[Parameter, str] = {}
    for place, W in enumerate(leaves(params)):
        if not isinstance(W, Node):
            kind = type(W).__name__
            raise NodeTypeError(f"params must be a parameter, or a list, tuple or dict of them, and holds a {kind}")
        if not isinstance(W, Parameter):
            remedy = "give the parameters that it is computed from" if W.args else "make it with tg.parameter(array)"
            raise NodeTypeError(f"{W} is no parameter but of op {W.op.name}, so no update can assign it: {remedy}")
        if W in named:
            raise FeedError(f"{W} is given twice, and has one next value: give each parameter once")
        named[W] = str(keys.get(W) or W.name or variables.get(W) or place)
    if not named:
        raise FeedError(f"params is {params}, with no parameter to update: give one or more, as in [W, b]")
    return named


def _rate(learning_rate: Any) -> Any:
    if not isinstance(learning_rate, Node):
        return _number("learning_rate", learning_rate, 0.01, or_else=" or a node of shape ()")
    if learning_rate.shape != ():
        raise ShapeError(f"the learning rate {learning_rate} must have shape (): write .reshape(()), or take tg.mean")
    return learning_rate


def _number(what: str, value: Any, example: float, below: float = sys.float_info.max, or_else: str = "") -> float:
    """The value as a Python number, which gives way to the dtype of a parameter, as one of NumPy's would not."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0 <= value < below:
        expected = "from 0 to below 1" if below == 1 else "from 0 on"
        found = value if is_number else f"a {type(value).__name__}"
        message = f"{what} is {found}, and must be a finite number {expected}, such as {example}{or_else}"
        raise FeedError(message) if is_number else NodeTypeError(message)
    return float(value)


def _in_dtype_of(W: Node, x: Any) -> Any:
    """The number x such that it does not change the dtype of what W is computed with."""
    return x if not isinstance(x, Node) or x.weak or x.dtype == W.dtype else astype(x, W.dtype)
