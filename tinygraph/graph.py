"""The graph: a node is an op applied to nodes, down to leaves; nothing in it ever changes but a parameter's value."""

import inspect
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, update_wrapper, wraps
from types import MappingProxyType
from typing import Any

import numpy as np

from tinygraph.calls import call
from tinygraph.errors import DtypeError, ImmutableError, NodeTypeError, ShapeError
from tinygraph.evaluate import evaluate
from tinygraph.feeds import INPUT_NAMES, Array, bind_sizes, real_dtype, to_array, to_dtype
from tinygraph.formulas import Formula
from tinygraph.notation import ATOM, caller_names, formula
from tinygraph.notebook import card
from tinygraph.protocol import ANSWERS, Operand, answer
from tinygraph.remedies import explained, in_line, unexpected, warn_of_rank_1
from tinygraph.report import Report
from tinygraph.scope import SCOPE
from tinygraph.sizes import Shape, Size, as_size, broadcast, product


class Node(Operand):
    """An op applied to nodes, or a leaf; it never changes.

    `shape` holds ints and named sizes, `dtype` is NumPy's. Operators and NumPy's functions on a node make nodes.
    Whatever would change a node raises `ImmutableError`; whatever needs a number raises `NodeTypeError`.

    >>> import numpy as np, tinygraph as tg
    >>> X = tg.input("X", ("n_x", "m"))
    >>> W = tg.parameter(np.ones((2, 1)), dims=("n_x", 1))
    >>> np.dot(W.T, X) + 0.5
    <W.T @ X + 0.5 (1, m) float64>
    >>> Z = np.dot(W.T, X) + 0.5
    >>> Z.eval(X=[[1, 2, 3], [4, 5, 6]])
    array([[5.5, 7.5, 9.5]])
    """

    __slots__ = ("__weakref__", "_report", "args", "dtype", "name", "op", "params", "scope", "shape", "weak")

    op: "Op"
    args: tuple["Node", ...]
    params: Mapping[str, Any]
    shape: Shape
    dtype: np.dtype[Any]
    name: str | None
    scope: tuple[str, ...]  # the names of the parts that it was made in, from the outermost
    weak: bool  # a Python number, a size, or what is computed of them: gives way to the dtype of arrays, as in NumPy

    def __init__(
        self,
        op: "Op",
        args: tuple["Node", ...],
        params: Mapping[str, Any],
        shape: Shape,
        dtype: Any,
        name: str | None = None,
        weak: bool = False,
    ):
        object.__setattr__(self, "scope", SCOPE.get())
        fields = {"op": op, "args": args, "params": MappingProxyType(dict(params)), "shape": shape}
        for field, value in (fields | {"dtype": np.dtype(dtype), "name": name, "weak": weak}).items():
            object.__setattr__(self, field, value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise ImmutableError(f"a node never changes, so {self} keeps its {name}: make a new node instead")

    def __delattr__(self, name: str) -> None:
        raise ImmutableError(f"a node never changes, so {self} keeps its {name}")

    def named(self, name: str) -> "Node":
        """The same node under a name of its own, which wins over the variable's.

        >>> import tinygraph as tg
        >>> (tg.input("x", ()) * 2).named("double")
        <double () float64>
        """
        if not self.args:
            raise ImmutableError(
                f"{self} is a leaf: name it where it is made, as in tg.parameter(array, name={name!r})"
            )
        named = Node(self.op, self.args, self.params, self.shape, self.dtype, _checked_name(name), self.weak)
        object.__setattr__(named, "scope", self.scope)
        return named

    @property
    def value(self) -> Any:
        """The value, where the graph has no inputs to feed; inputs are fed with `eval`."""
        return self.eval()

    def eval(self, feeds: Mapping[Any, Any] | None = None, /, **named: Any) -> Any:
        """The value for these feeds, by name as in `Z.eval(X=array)` or by node as in `Z.eval({X: array})`.

        Raises `FeedError` for a feed that is missing, given twice, unknown, or of another shape or size, and
        `DtypeError` for values that the input's dtype can't hold. A node that is fed is not computed, so a
        value can be tried in the middle of a graph. Warns with `NonFiniteWarning` where a step makes inf or NaN.
        """
        return evaluate(self, feeds, **named)

    @property
    def report(self) -> Report:
        """The laws by which `tg.simplify` made this node; none where it did not."""
        return getattr(self, "_report", None) or Report()

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> "int | Size":
        """The number of elements, a named size where a name is in the shape."""
        return product(self.shape)

    @property
    def T(self) -> "Node":
        """The transpose: all axes in reversed order."""
        return ANSWERS[np.transpose](self)

    @property
    def mT(self) -> "Node":
        """The transpose of each matrix in a stack: the last two axes swapped."""
        if self.ndim < 2:
            raise ShapeError(f"{self} holds no matrix to transpose: .mT needs two axes or more")
        axes = range(self.ndim)
        return ANSWERS[np.transpose](self, (*axes[:-2], axes[-1], axes[-2]))

    def reshape(self, *shape: Any, **order: Any) -> "Node":
        """`tg.reshape` of this node; the shape as one tuple, or size by size."""
        return answer(np.reshape, (self, _unpacked(shape)), order)

    def flatten(self, order: str = "C") -> "Node":
        """The elements row by row, along one axis."""
        return answer(np.ravel, (self, order), {})

    def astype(self, dtype: Any) -> "Node":
        """`tg.astype` of this node."""
        return OPS["astype"](self, dtype)

    def transpose(self, *axes: Any) -> "Node":
        """`tg.transpose` of this node; the axes as one tuple, or one by one."""
        return ANSWERS[np.transpose](self, _unpacked(axes) if axes else None)

    def __len__(self) -> int:
        if not self.shape or isinstance(self.shape[0], Size):
            raise NodeTypeError(f"{self} has no len(): its first size is {self.shape[:1]}, which .shape holds")
        return self.shape[0]

    def __iter__(self) -> Any:
        if not self.shape or isinstance(self.shape[0], Size):
            raise NodeTypeError(f"{self} can't be looped over: write the line for the whole array, or loop over .value")
        return (self[row] for row in range(self.shape[0]))

    def __getitem__(self, key: Any) -> "Node":
        return ANSWERS[operator.getitem](self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise ImmutableError(
            f"a node never changes, so {self} keeps its elements: write tg.where(condition, new, old) for a new node, "
            "and W.value = … for a parameter"
        )

    def expect(self, *shape: Any) -> "Node":
        """The same node, where it has this shape; the shape as one tuple, or size by size.

        It is the notes' "use assert to check array shape", by name. Raises `ShapeError` for another shape.

        >>> import tinygraph as tg
        >>> X, W = tg.input("X", ("n_x", "m")), tg.input("W", ("n_x", 1))
        >>> Z = (W.T @ X).expect(1, "m")
        >>> Z.T.expect(1, "m")
        Traceback (most recent call last):
        tinygraph.errors.ShapeError: Z.T has shape (m, 1), where (1, m) was expected. Did you mean Z?
        """
        wanted = tuple(_unpacked(shape)) if isinstance(_unpacked(shape), tuple | list) else shape
        if self.shape != wanted:
            raise ShapeError(unexpected(self, wanted))
        return self

    def __getattr__(self, name: str) -> Any:
        remedy = ""
        if name in ("grad", "backward"):
            remedy = ": a derivative is a node of its own, tg.grad(J, node)"
        elif hasattr(np.ndarray, name):
            remedy = ": that method of NumPy's has no op yet; for the number itself, apply it to .value"
        raise AttributeError(f"a node has no attribute {name!r}{remedy}")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise NodeTypeError(
            f"{self} can't be copied or pickled: keep parameters with tg.save, and build the graph anew"
        )

    __hash__ = object.__hash__  # by identity, although == is elementwise

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": card(self, caller_names()), "text/plain": repr(self)}

    def __str__(self) -> str:
        return f"{formula(self, caller_names())} {self.shape}"

    def __repr__(self) -> str:
        return f"<{self} {self.dtype}>"


class Parameter(Node):
    """A leaf with state: its `value` can be assigned, and is the only thing in a graph that changes."""

    __slots__ = ("_array",)
    _array: Array

    @property
    def value(self) -> Array:
        """The array, read-only; one that was read before an assignment keeps its numbers.

        So an update is written `W.value = W.value - …`: with `-=`, NumPy would write into the array that was read.
        """
        array = np.asarray(self._array)
        array.flags.writeable = False
        return array.view()  # each reader has a view of its own, that can't be made writeable

    @value.setter
    def value(self, value: Any) -> None:
        array = to_dtype(value, self.dtype, self)
        if array.shape != self._array.shape:
            raise ShapeError(f"{self} holds an array of shape {self._array.shape} and was given {array.shape}")
        self._hold(np.array(array))

    def _hold(self, array: Array) -> None:
        object.__setattr__(self, "_array", array)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "value":
            super().__setattr__(name, value)
        object.__setattr__(self, name, value)


def broadcast_shape(*shapes: Shape, **params: Any) -> Shape:  # noqa: ARG001
    """The shape rule of every op that works element by element."""
    return broadcast(*shapes)


class Op:
    """One op, declared once: what it computes, its shape, its derivatives, and how it is written.

    - `compute`: the value rule, on arrays; its arguments after the arrays are the op's parameters.
    - `vjps`: for each array argument the rule `(g, out, *args, **params)` → its gradient, where g is the gradient
      that arrives at `out`; None where there is no derivative. In ops and operators only, so the same rule
      serves arrays and nodes. What was broadcast is summed for all rules alike, in `derivatives.py`.
    - `rest`: the rule for each of `*xs`, where the value rule takes any number of arrays; it gets the place first.
    - `settle`: the arguments' shapes and the parameters as written → the parameters in one form, such as axes from 0.
    - `shape`: the arguments' shapes → the result's; broadcasting, unless said otherwise.
    - `dtype`: likewise; found by trying the value rule, unless said otherwise.
    - `label`: how a call is written in Python, with a slot for each argument, or a function of the parameters that
      says so; `binds`: how strongly it binds its arguments.
    - `board`: how it is written on a blackboard: a function of the arguments' formulas and the parameters; or a name.
    - `numpy`: the NumPy function that it answers to, or a tuple of them.
    - `counts`: whether the data alone tell the size of its one axis, which then has a name of its own.
    - `domain`: where its arguments must lie for the value to be a finite number.
    - a leaf's `written` and `held`: how it is written where it has no name, and the value that it holds.
    """

    def __init__(
        self,
        name: str,
        compute: Callable[..., Any],
        vjps: Sequence[Callable[..., Any] | None] = (),
        *,
        rest: Callable[..., Any] | None = None,
        settle: Callable[..., dict[str, Any]] = lambda *shapes, **params: params,
        shape: Callable[..., Shape] = broadcast_shape,
        dtype: Callable[..., np.dtype[Any]] | None = None,
        label: str | Callable[..., str] | None = None,
        board: str | Callable[..., Formula] | None = None,
        binds: int = ATOM,
        numpy: Callable[..., Any] | tuple[Callable[..., Any], ...] = (),
        counts: bool = False,
        domain: tuple[float, float] = (-np.inf, np.inf),
        written: Callable[[Node], str] | None = None,
        held: Callable[[Node], Any] | None = None,
    ):
        self.name, self.compute, self.vjps, self.rest = name, compute, tuple(vjps), rest
        self.settle, self.shape, self.is_elementwise = settle, shape, shape is broadcast_shape
        self.dtype, self.domain, self.counts = dtype or self._dtype_by_trying, domain, counts
        self.signature = _signature(compute, len(self.vjps))
        params = list(self.signature.parameters.values())[len(self.vjps) :]
        self.is_variadic = any(param.kind is param.VAR_POSITIONAL for param in params)
        params = params[self.is_variadic :]
        self.defaults = {param.name: param.default for param in params if param.default is not param.empty}
        self._is_bare = len(self.defaults) == len(params)  # so that a call may give the arrays alone
        slots = "{args}" if self.is_variadic else ", ".join(f"{{{index}}}" for index in range(len(self.vjps)))
        self.label = label or f"{name}({slots}{{params}})"
        self._board = board or name
        self.binds, self.written, self.held = binds, written, held
        self.numpy = numpy if isinstance(numpy, tuple) else (numpy,)
        if isinstance(compute, np.ufunc):
            call = self.template({}, compute.nin).format(*"xy", params="")
            self.__doc__ = f"`{call}` element by element: NumPy's {compute.__name__}, on arrays and nodes."
        else:
            update_wrapper(self, compute)
        self._tried: dict[Any, np.dtype[Any]] = {}
        OPS[name] = self
        _answer_for(self.numpy, self)

    def __call__(self, *args: Any, **params: Any) -> Any:
        """The op on plain arrays computes at once; where an argument is a node, it makes a node."""
        args, params = self._bound(args, params)
        if not any(isinstance(arg, Node | Size) for arg in args):
            return self.compute(*args, **self.settle(*map(np.shape, args), **params))
        nodes = tuple(map(as_node, args))
        try:
            params = self.settle(*(node.shape for node in nodes), **params)
            shape = self.shape(*(node.shape for node in nodes), **params)
            dtype = self.dtype(*(_weak_or_dtype(node) for node in nodes), **params)
        except (ShapeError, TypeError) as error:
            raise explained(error, self, nodes, params) from None
        weak = not shape and all(node.weak for node in nodes)
        if weak and all(node.op is CONSTANT for node in nodes):  # numbers among themselves are a number
            return as_node(np.asarray(self.compute(*map(number, nodes), **params)).item())
        if self.is_elementwise and len(shape) == 2:
            warn_of_rank_1(self, nodes, params, shape)
        node = Node(self, nodes, params, shape, dtype, weak=weak)
        if self.counts:
            as_size(shape[0]).sources[str(shape[0])] = node
        return node

    def rules(self, count: int) -> tuple[Callable[..., Any] | None, ...]:
        """The derivative rule for each of so many arguments."""
        places = range(count - len(self.vjps))
        return (*self.vjps, *(self.rest and partial(self.rest, place) for place in places))

    def _bound(self, args: Any, params: Any) -> tuple[Any, dict[str, Any]]:
        arity = len(self.vjps)
        if params or len(args) != arity or not self._is_bare:
            try:
                bound = self.signature.bind(*args, **params)
            except TypeError as error:
                takes = ", ".join(self.signature.parameters)
                raise NodeTypeError(f"{self.name} on nodes takes {takes}: {error}") from None
            bound.apply_defaults()
            if self.is_variadic:
                args, params = bound.args, bound.kwargs
            else:
                values = list(bound.arguments.items())
                args, params = [value for _, value in values[:arity]], dict(values[arity:])
        else:
            params = self.defaults
        return args, {key: self._plain(key, value) for key, value in params.items()}

    def _plain(self, key: str, value: Any) -> Any:
        """A parameter as what never changes: a number, a name, a dtype, or a tuple of them."""
        if isinstance(value, list | range) or (isinstance(value, np.ndarray) and value.ndim == 1):
            value = tuple(value)
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return tuple(self._plain(key, entry) for entry in value)
        if isinstance(value, Node | np.ndarray):
            raise NodeTypeError(f"{self.name}: {key} is part of the op, so it is a plain number and no array or node")
        return value.item() if isinstance(value, np.generic) else value

    def board(self, args: Sequence[Formula], params: Mapping[str, Any]) -> Formula:
        """How a call of it is written on a blackboard, of the arguments' formulas."""
        if callable(self._board):
            return self._board(*args, **params)
        return call(self._board, args, self.told(params))

    def told(self, params: Mapping[str, Any]) -> str:
        """What a call says beside its arguments: the parameters that aren't as they are by default."""
        changed = {key: value for key, value in params.items() if value != self.defaults.get(key, ...)}
        return "".join(f", {key}={value}" for key, value in changed.items())

    def template(self, params: Mapping[str, Any], count: int) -> str:
        """How a call of so many arguments is written: a text with a slot for each of them."""
        text = self.label(**params) if callable(self.label) else self.label
        return text.replace("{args}", ", ".join(f"{{{index}}}" for index in range(count)))

    def _dtype_by_trying(self, *dtypes: Any, **_: Any) -> np.dtype[Any]:
        if dtypes not in self._tried:
            ones = [dtype(1) if isinstance(dtype, type) else np.ones((), dtype) for dtype in dtypes]
            with np.errstate(all="ignore"):
                self._tried[dtypes] = np.asarray(self.compute(*ones)).dtype
        return self._tried[dtypes]

    def __repr__(self) -> str:
        return f"<op {self.name}>"


OPS: dict[str, Op] = {}
"""Every op by its name."""


def op(*vjps: Callable[..., Any] | None, **declaration: Any) -> Callable[[Callable[..., Any]], Op]:
    """Declare the op whose value rule is the function below, and whose name is that function's."""
    return lambda compute: Op(compute.__name__.lstrip("_"), compute, vjps, **declaration)


def answers(*numpy: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Let the function below, which is made of ops, answer for these functions of NumPy's."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def telling(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except (ShapeError, DtypeError) as error:
                raise (
                    error if error.has_line else in_line(error, function.__name__, [*args, *kwargs.values()])
                ) from None

        _answer_for(numpy, telling)
        return telling

    return register


IN_PLACE = {"sort", "partition"}
"""Methods by which NumPy's arrays change themselves, as a node can't."""


def _answer_for(numpy: Iterable[Callable[..., Any]], ours: Callable[..., Any]) -> None:
    """Let ours be called through these functions of NumPy's, and through the methods of arrays that are called so."""
    for function in numpy:
        ANSWERS[function] = ours
        name = function.__name__
        if hasattr(np.ndarray, name) and name not in vars(Node) and name not in IN_PLACE:
            setattr(Node, name, _method(function, ours))


def _method(function: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Node, *args: Any, **kwargs: Any) -> Any:
        return answer(function, (self, *args), kwargs)

    return update_wrapper(method, ours)


ANSWERS.update({np.shape: lambda x: x.shape, np.ndim: lambda x: x.ndim})
ANSWERS[np.size] = lambda x, axis=None: x.size if axis is None else x.shape[axis]


def _signature(compute: Callable[..., Any], arity: int) -> inspect.Signature:
    if isinstance(compute, np.ufunc):
        kind = inspect.Parameter.POSITIONAL_ONLY
        return inspect.Signature([inspect.Parameter(name, kind) for name in "xyz"[:arity]])
    return inspect.signature(compute)


# Leaves: nodes without arguments.


INPUT = Op("input", lambda: None, written=lambda node: str(node.name))
PARAMETER = Op("parameter", lambda: None, written=lambda node: "parameter", held=lambda node: node.value)
CONSTANT = Op(
    "constant",
    lambda array: array,
    written=lambda node: str(node.params["array"]) if not node.shape else "array",
    held=lambda node: node.params["array"],
)
SIZE = Op("size", lambda size: size, written=lambda node: str(node.params["size"]))
ARANGE = Op("arange", lambda size: np.arange(size), written=lambda node: f"arange({node.params['size']})")


def input(name: str, shape: Iterable[Any], dtype: Any = np.float64, *, sums_to_one: int | None = None) -> Node:
    """A leaf that is fed at each call; an entry of its shape is a whole number or a named size.

    With `sums_to_one` the reader states that its elements along that axis sum to one, as those of one-hot labels do:
    `tg.simplify` may rest on it, and what is fed is checked. Raises `ShapeError` where there is no such axis.

    >>> import tinygraph as tg
    >>> X, Y = tg.input("X", ("n_x", "m")), tg.input("Y", ("k", "m"), sums_to_one=0)
    >>> X.shape, tg.simplify(tg.sum(Y, axis=0))
    ((n_x, m), <broadcast_to(1.0, shape=(m,)) (m,) float64>)
    """
    INPUT_NAMES.add(_checked_name(name))
    node = _leaf_node(Node, INPUT, {} if sums_to_one is None else {"sums_to_one": sums_to_one}, shape, dtype, name)
    if sums_to_one is not None and (not isinstance(sums_to_one, int) or not 0 <= sums_to_one < node.ndim):
        raise ShapeError(f"{name} has {node.ndim} axes, counted from 0: sums_to_one={sums_to_one!r} is none of them")
    return node


def parameter(array: Any, name: str | None = None, dims: Iterable[Any] | None = None) -> Parameter:
    """A leaf with state, that starts as a copy of the array; `dims` names its sizes, as in `("n_x", 1)`.

    >>> import numpy as np, tinygraph as tg
    >>> W = tg.parameter(np.zeros((2, 1)), dims=("n_x", 1))
    >>> W.value = [[1], [2]]
    >>> W.value
    array([[1.],
           [2.]])
    """
    array = to_array(array, name or "a parameter")
    node = _leaf_node(Parameter, PARAMETER, {}, array.shape if dims is None else dims, array.dtype, name)
    bind_sizes({node: array})
    node._hold(np.array(array))
    return node


def constant(array: Any, name: str | None = None, dims: Iterable[Any] | None = None) -> Node:
    """A leaf with a fixed array, which is copied in; plain arrays in an expression become one.

    >>> import tinygraph as tg
    >>> tg.constant([1, 2], name="c") * 2.5
    <c * 2.5 (2,) float64>
    """
    array = to_array(array, name or "a constant")
    params = {"array": _frozen(array)}
    node = _leaf_node(Node, CONSTANT, params, array.shape if dims is None else dims, array.dtype, name)
    bind_sizes({node: array})
    return node


def _leaf_node(kind: Any, op: Op, params: Mapping[str, Any], shape: Any, dtype: Any, name: str | None) -> Any:
    if name is not None:
        _checked_name(name)
    dtype = real_dtype(dtype, name or "a leaf")
    declared: list[Any] = []
    node = kind(op, (), params, (), dtype, name)
    for entry in (shape,) if isinstance(shape, int | str | Size) else shape:
        if isinstance(entry, str):
            declared.append(Size.named(entry, node))
        elif isinstance(entry, Size) or (isinstance(entry, int | np.integer) and entry >= 0):
            declared.append(entry if isinstance(entry, Size) else int(entry))
        else:
            raise ShapeError(f"{name or 'a leaf'}: {entry!r} is no size: a size is a whole number from 0 on, or a name")
    object.__setattr__(node, "shape", tuple(declared))
    return node


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name:
        hint = ": the names of sizes go in by dims=…" if isinstance(name, tuple) else ""
        raise NodeTypeError(f"a node's name is a text that isn't empty, not {name!r}{hint}")
    return name


def as_node(value: Any) -> Node:
    """A node as it is; a size as a node; a number or array as a constant."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Size):
        return Node(SIZE, (), {"size": value}, (), np.int64, weak=True)
    if isinstance(value, bool | int | float) and not isinstance(value, np.generic):
        return Node(CONSTANT, (), {"array": value}, (), type(value), weak=True)
    return constant(value)


def number(value: Any) -> Any:
    """The number that a node was written as; None where the value is anything else.

    >>> import tinygraph as tg
    >>> (tg.input("x", ()) ** 2).args
    (<x () float64>, <2 () int64>)
    >>> number((tg.input("x", ()) ** 2).args[1])
    2
    """
    is_written = isinstance(value, Node) and value.op is CONSTANT and value.weak
    return value.params["array"] if is_written else None


def _frozen(array: Array) -> Array:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy.view()  # a view can't be made writeable again


def _weak_or_dtype(node: Node) -> Any:
    return type(node.dtype.type(1).item()) if node.weak else node.dtype


def _unpacked(entries: tuple[Any, ...]) -> Any:
    return entries[0] if len(entries) == 1 and not isinstance(entries[0], int | Size) else entries
