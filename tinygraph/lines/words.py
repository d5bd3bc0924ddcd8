"""The words of a line: the functions, methods and constants that it may use, and there are no others."""

import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.lines.errors import near
from tinygraph.protocol import ANSWERS, answer

NUMPY, OURS = ("np", "numpy"), ("tg", "tinygraph")
"""What may stand before a function's name, as in `np.log` and `tg.sigmoid`."""

# fmt: off
METHODS = {
    "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "cumsum", "diagonal", "dot", "flatten", "max",
    "mean", "min", "prod", "ravel", "repeat", "reshape", "round", "squeeze", "std", "sum", "swapaxes", "take", "trace",
    "transpose", "var",
}
# fmt: on
"""The methods of NumPy's arrays that a line may call, as in `Z.sum(axis=1)`."""

ATTRIBUTES = {"T", "mT", "ndim", "shape", "size"}

DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")

CONSTANTS: dict[str, Any] = {
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "newaxis": None,
    "float": "float64",
    "int": "int64",
    **{name: name for name in DTYPES},
}
"""What a name stands for that is no line and no leaf; a dtype is told by its name."""


def array(values: Any, dtype: Any = None) -> tg.Node:
    """Numbers as an array: a constant of the graph.

    >>> array([[1, 2], [3, 4]])
    <array (2, 2) int64>
    """
    found = values if isinstance(values, tg.Node) else tg.constant(np.asarray(values))
    return found if dtype is None else tg.astype(found, dtype)


def arange(size: Any) -> tg.Node:
    """The whole numbers from 0 up to that size.

    >>> arange(3).value
    array([0, 1, 2])
    """
    found = tg.arange(size)
    return found if isinstance(found, tg.Node) else tg.constant(found)


def _ours() -> dict[str, Callable[..., Any]]:
    """The public functions that work on nodes."""
    found = {name: getattr(tg, name) for name in tg.__all__}
    functions = {
        name: function
        for name, function in found.items()
        if isinstance(function, tg.Op) or (inspect.isfunction(function) and "tinygraph.ops" in function.__module__)
    }
    return {**functions, "array": array, "arange": arange}


def _numpys() -> dict[str, Callable[..., Any]]:
    """NumPy's functions for which an op answers, each called with NumPy's own arguments."""
    found = {
        f"{prefix}{name}": partial(_called_as_numpy, function)
        for prefix, module in (("", np), ("linalg.", np.linalg))
        for name, function in vars(module).items()
        if callable(function) and not inspect.isclass(function) and function in ANSWERS
    }
    return {**found, "array": array, "asarray": array, "arange": arange}


def _called_as_numpy(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return answer(function, args, kwargs)


FUNCTIONS = {"tg": _ours(), "np": _numpys()}


def function_called(name: str) -> Callable[..., Any] | None:
    """The function of that name: bare, or with `np.` or `tg.` before it; None where there is none.

    >>> function_called("np.linalg.norm") is not None, function_called("tg.sigmoid") is tg.sigmoid
    (True, True)
    >>> function_called("os.system") is None, function_called("np.load") is None
    (True, True)
    """
    module, _, rest = name.partition(".")
    if rest and module in NUMPY:
        return FUNCTIONS["np"].get(rest)
    if rest and module in OURS:
        return FUNCTIONS["tg"].get(rest)
    return FUNCTIONS["tg"].get(name) or (FUNCTIONS["np"].get(name) if not rest else None)


def names_of_functions() -> list[str]:
    """Every function's name, bare.

    >>> names_of_functions()[:4]
    ['abs', 'absolute', 'acos', 'acosh']
    """
    return sorted({name for functions in FUNCTIONS.values() for name in functions if "." not in name})


def unknown_function(name: str) -> str:
    """What is said of a function that lines don't know.

    >>> unknown_function("np.expp")
    'there is no function np.expp: did you mean exp?'
    """
    module, _, bare = name.rpartition(".")
    if bare in ("input", "parameter"):
        return f"{name} is told beside the lines: declare it with --{bare}"
    known = names_of_functions() if not module else FUNCTIONS["np" if module.split(".")[0] in NUMPY else "tg"]
    return f"there is no function {name}{near(bare, known) or ': `tinygraph ops` lists those that there are'}"


def no_attribute(value: Any, name: str) -> str:
    """What is said of an attribute that a line can't have.

    >>> no_attribute(tg.input("X", ("n",)), "summ")
    'a line knows no .summ: did you mean sum?'
    """
    if not isinstance(value, tg.Node):
        return f"that is no array, and has no .{name}"
    if name in METHODS:
        return f"{name} is a method: call it, as in .{name}(…)"
    known = ", ".join(f".{each}" for each in sorted(ATTRIBUTES))
    meant = near(name, sorted({*METHODS, *ATTRIBUTES}))
    return f"a line knows no .{name}{meant or f': it may use {known} and methods such as .sum(…)'}"
