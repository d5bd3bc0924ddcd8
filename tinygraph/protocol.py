"""NumPy's protocols: `np.exp(Z)`, `Z + 1` and `array @ Z` reach the op that answers for NumPy's function."""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from tinygraph.errors import NodeTypeError

ANSWERS: dict[Callable[..., Any], Callable[..., Any]] = {}
"""NumPy's function → the op that answers for it."""


INSTEAD = {
    "cumprod": "write np.exp(np.cumsum(np.log(x))) where x > 0",
    "average": "write tg.sum(weights * x) / tg.sum(weights)",
    "median": "write tg.sort(x)[n // 2] for an odd number n of elements",
    "nan_to_num": "write tg.where(tg.isnan(x), 0, x)",
    "nansum": "write tg.sum(tg.where(tg.isnan(x), 0, x))",
    "heaviside": "write tg.where(x > 0, 1.0, 0.0)",
    "ptp": "write tg.max(x) - tg.min(x)",
    "fmod": "write x % y, whose sign is that of y",
    "lstsq": "write tg.solve(A.T @ A, A.T @ b)",
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
        return answer(ufunc, inputs, kwargs)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return answer(function, args, kwargs)

    def __format__(self, spec: str) -> str:
        return self._is_no_number() if spec else str(self)

    def _is_no_number(self, *_: Any, **__: Any) -> NoReturn:
        raise NodeTypeError(f"{self} is part of a graph and no number yet: {self._remedy}")

    __bool__ = __array__ = __float__ = __int__ = __index__ = __complex__ = _is_no_number


def answer(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What answers for NumPy's function, called with NumPy's arguments."""
    if function not in ANSWERS:
        _no_op(_qualified(function))
    ours = ANSWERS[function]
    if isinstance(function, np.ufunc):
        return ours(*args, **kwargs)
    takes = inspect.signature(ours).parameters
    defaults = _parameters(function)
    arrays = list(defaults)[: sum(parameter.default is parameter.empty for parameter in takes.values())]
    by_place: list[Any] = [] if defaults else list(args)
    by_name: dict[str, Any] = {}
    for name, value in [*zip(defaults, args, strict=False), *kwargs.items()]:
        if name in takes:
            by_name[name] = value
        elif name in arrays:
            by_place.append(value)
        elif not _says_nothing(name, value, defaults.get(name)):
            raise NodeTypeError(f"np.{_qualified(function)} on nodes takes {', '.join(takes)}, and has no {name} yet")
    return ours(*by_place, **by_name)


@functools.cache
def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """The names of NumPy's parameters, each with its default; none where they can't be told apart by name."""
    try:
        found = inspect.signature(function).parameters
    except ValueError:  # written in C, in an older NumPy
        return {}
    is_named = all(parameter.kind is not parameter.VAR_POSITIONAL for parameter in found.values())
    return {name: parameter.default for name, parameter in found.items()} if is_named else {}


def _says_nothing(name: str, value: Any, default: Any) -> bool:
    """Whether the argument asks for nothing but what is done anyway."""
    is_default = value is default or (isinstance(value, str | bool | int) and value == default)
    return is_default or value is None or name == "optimize" or (name == "order" and value in ("C", "K", "A"))


def _qualified(function: Callable[..., Any]) -> str:
    home = getattr(function, "__module__", "numpy") or "numpy"
    return f"{home.removeprefix('numpy.')}.{function.__name__}".removeprefix("numpy.")


def _no_op(name: str) -> NoReturn:
    known = sorted({function.__name__ for function in ANSWERS})
    near = difflib.get_close_matches(name.split(".")[-1], known, n=1, cutoff=0.85)
    nearest = f"the nearest that has one is np.{near[0]}" if near else "docs/functions.md lists those that have one"
    instead = INSTEAD.get(name.split(".")[-1], nearest)
    raise NodeTypeError(
        f"np.{name} has no op yet, so it can't make a node: {instead}. "
        "For a number instead of a node, apply it to .value or .eval(X=…)"
    )
