"""NumPy's protocols: `np.exp(Z)`, `Z + 1` and `array @ Z` reach the op that answers for NumPy's function."""

import difflib
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from tinygraph.errors import NodeTypeError

ANSWERS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""NumPy's function → the op that answers for it."""


class Operand(np.lib.mixins.NDArrayOperatorsMixin):
    """What takes part in expressions: every operator is NumPy's ufunc, and every ufunc an op."""

    __slots__ = ()
    remedy = "read its .value, or its .eval(X=…) where inputs are to be fed"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None:
            raise NodeTypeError(
                f"np.{ufunc.__name__} would write into an array or node that exists, and a node never changes: "
                "write `W = W - …` for a new node, or assign a parameter's `.value`"
            )
        if method != "__call__":
            _no_op(f"{ufunc.__name__}.{method}")
        return _answer(ufunc, inputs, kwargs)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return _answer(function, args, kwargs)

    def _is_no_number(self, *_: Any, **__: Any) -> NoReturn:
        raise NodeTypeError(f"{self} is part of a graph and no number yet: {self.remedy}")

    __bool__ = __array__ = __float__ = __int__ = __index__ = __complex__ = _is_no_number


def _answer(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    if function not in ANSWERS:
        _no_op(function.__name__)
    return ANSWERS[function](*args, **kwargs)


def _no_op(name: str) -> NoReturn:
    known = sorted({function.__name__ for function in ANSWERS})
    near = difflib.get_close_matches(name, known, n=1, cutoff=0) or known
    raise NodeTypeError(
        f"np.{name} has no op yet, so it can't become a node: the nearest that has one is np.{near[0]}. "
        "For the number itself, apply it to `.value`"
    )
