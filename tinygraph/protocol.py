"""NumPy's protocols: `np.exp(Z)`, `Z + 1` and `array @ Z` reach the op that answers for NumPy's function."""

import difflib
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from tinygraph.errors import NodeTypeError

ANSWERS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""NumPy's function → the op that answers for it."""


INSTEAD = {
    "sqrt": "write x ** 0.5",
    "square": "write x ** 2",
    "absolute": "write tg.where(x > 0, x, -x)",
    "abs": "write tg.where(x > 0, x, -x)",
    "maximum": "write tg.where(x > y, x, y), or tg.relu(x) for max(x, 0)",
    "minimum": "write tg.where(x < y, x, y)",
    "norm": "write tg.sum(x * x) ** 0.5",
    "var": "write tg.mean((x - tg.mean(x)) ** 2)",
    "std": "write tg.mean((x - tg.mean(x)) ** 2) ** 0.5",
    "log1p": "write np.log(1 + x)",
    "expm1": "write np.exp(x) - 1",
}
"""What to write for a function of NumPy's that has no op."""


class Operand(np.lib.mixins.NDArrayOperatorsMixin):
    """What takes part in expressions: every operator is NumPy's ufunc, and every ufunc an op."""

    __slots__ = ()
    _remedy = "read its .value, or its .eval(X=…) where inputs are to be fed"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None:
            raise NodeTypeError(
                f"np.{ufunc.__name__} would write into what exists, and a node never changes: "
                "to train a parameter, write `W.value = W.value - …`; for a new node, `Z = Z - …`"
            )
        if method != "__call__":
            _no_op(f"{ufunc.__name__}.{method}")
        return _answer(ufunc, inputs, kwargs)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return _answer(function, args, kwargs)

    def __format__(self, spec: str) -> str:
        return self._is_no_number() if spec else str(self)

    def _is_no_number(self, *_: Any, **__: Any) -> NoReturn:
        raise NodeTypeError(f"{self} is part of a graph and no number yet: {self._remedy}")

    __bool__ = __array__ = __float__ = __int__ = __index__ = __complex__ = _is_no_number


def _answer(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    if function not in ANSWERS:
        home = getattr(function, "__module__", "numpy") or "numpy"
        _no_op(f"{home.removeprefix('numpy.')}.{function.__name__}".removeprefix("numpy."))
    return ANSWERS[function](*args, **kwargs)


def _no_op(name: str) -> NoReturn:
    known = sorted({function.__name__ for function in ANSWERS})
    near = difflib.get_close_matches(name.split(".")[-1], known, n=1)
    nearest = f"the nearest that has one is np.{near[0]}" if near else f"those that have one are {', '.join(known)}"
    instead = INSTEAD.get(name.split(".")[-1], nearest)
    raise NodeTypeError(
        f"np.{name} has no op yet, so it can't make a node: {instead}. "
        "For a number instead of a node, apply it to .value or .eval(X=…)"
    )
