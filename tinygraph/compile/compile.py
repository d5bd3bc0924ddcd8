"""`tg.compile`: what the reader asks for is checked, simplified, named, and handed to the writer of programs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.compile.compiled import Compiled
from tinygraph.compile.gather import gathered
from tinygraph.compile.hoist import hoisted
from tinygraph.compile.jax import CompiledForJax
from tinygraph.compile.lower import lowered
from tinygraph.compile.task import Task
from tinygraph.derivatives import WALKS
from tinygraph.errors import BackendError, DtypeError, FeedError, NodeTypeError, ShapeError
from tinygraph.feeds import to_dtype
from tinygraph.graph import INPUT, Node, Parameter, as_node, constant
from tinygraph.notation import caller_names, formula, listed
from tinygraph.ops.elementwise import astype
from tinygraph.order import order
from tinygraph.remedies import unexpected
from tinygraph.rewrite import Rewriting
from tinygraph.sharing import Sharing
from tinygraph.sizes import Size, sizes_in
from tinygraph.structure import leaves


def compile(
    inputs: Any,
    outputs: Any,
    updates: Mapping[Parameter, Any] | None = None,
    *,
    simplify: bool = True,
    backend: str = "numpy",
) -> Compiled:
    """One NumPy program for the whole graph: a function of the inputs, that answers in the structure of `outputs`.

    `inputs` is a node or a list or tuple of them: inputs, parameters whose value is then given at each call, or any
    other node, which is then not computed. `outputs` is a node, or a list, tuple or dict of them. `updates` says what
    each of these parameters becomes once all outputs are computed: all of them, or none where a step fails.

    The answer is called with the inputs in order or by name, with any batch size, from several threads at once.
    Its `source` is the program as a learner would write it, `program` the text that runs, `report` what was simplified;
    with `simplify=False` each step computes what was written. As in NumPy, what becomes inf or NaN warns and goes on:
    to be told which step it was, evaluate the graph, as in `J.eval(X=…)`.
    With `backend="jax"` JAX runs the steps, on the device that it drives; for each new shape it compiles anew.

    Raises `FeedError` where the graph needs an input that isn't there, `NodeTypeError` for what is no node or
    parameter, `ShapeError` and `DtypeError` where an update doesn't fit its parameter, and `BackendError` for what the
    backend can't do.

    >>> import numpy as np, tinygraph as tg
    >>> x, w = tg.input("x", ("n",)), tg.parameter(2.0, "w")
    >>> J = tg.sum((w * x - 1) ** 2)
    >>> step = tg.compile([x], J, updates={w: w - 0.1 * tg.grad(J, w)})
    >>> step(np.array([1.0, 0.0])), w.value
    (np.float64(2.0), array(1.8))
    """
    if backend not in ("numpy", "jax"):
        raise BackendError(f"there is no backend {backend!r}: it is 'numpy' or 'jax'")
    if not isinstance(simplify, bool):
        raise NodeTypeError(f"simplify is True or False, not {simplify!r}")
    given = _inputs(inputs)
    roots = [_node(root) for root in leaves(outputs)]
    becomes = _updates({} if updates is None else updates)
    graph = order(*roots, *becomes.values(), known=given)
    readable = Task(given, roots, becomes, names_of(graph))
    _check_all_are_fed(graph, readable)
    report = None
    if simplify:
        rewriting = Rewriting(readable.roots, known=[node for node in given if node.args])
        readable = readable.replaced({node: rewriting.now(node) for node in [*readable.roots, *readable.names]})
        report = rewriting.report
    if backend == "jax":
        return CompiledForJax(readable, readable, outputs, report)
    sharing = Sharing()
    fast = hoisted(gathered(lowered(readable, sharing), sharing), sharing)
    return Compiled(fast, readable, outputs, report)


def _inputs(inputs: Any) -> list[Node]:
    found = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    for node in found:
        if not isinstance(node, Node):
            raise NodeTypeError(f"the inputs of a program are nodes, such as tg.input makes, in a list; not {node!r}")
    for place, node in enumerate(found):
        if node in set(found[:place]):
            raise NodeTypeError(f"an input stands twice in the list: {node}")
    return found


def _updates(updates: Any) -> dict[Parameter, Node]:
    if not isinstance(updates, Mapping):
        raise NodeTypeError("updates are a dict: {W: W - learning_rate * dW}")
    return {_parameter(key): _fitting(key, value) for key, value in updates.items()}


def _node(root: Any) -> Node:
    if isinstance(root, Node | Size):
        return as_node(root)
    raise NodeTypeError(f"an output of a program is a node, or a list, tuple or dict of them, not {root!r}")


def _parameter(key: Any) -> Parameter:
    if not isinstance(key, Parameter):
        raise NodeTypeError(f"only parameters are updated, and {key} is none: make it with tg.parameter(…)")
    return key


def _fitting(parameter: Parameter, value: Any) -> Node:
    """What the parameter becomes, in its shape and dtype."""
    told = formula(parameter, caller_names())
    if not isinstance(value, Node | Size):
        array = to_dtype(value, parameter.dtype, told)
        value = constant(array, dims=parameter.shape if array.ndim == parameter.ndim else None)
    value = as_node(value)
    if value.shape != parameter.shape:
        raise ShapeError(f"the update of {told}: {unexpected(value, parameter.shape)}")
    if value.dtype == parameter.dtype:
        return value
    if not np.can_cast(value.dtype, parameter.dtype, "same_kind" if value.weak else "safe"):
        raise DtypeError(
            f"the update of {told} is {value.dtype}, which {parameter.dtype} can't hold without loss: "
            f"write tg.astype(…, np.{parameter.dtype}), or make {told} {value.dtype}"
        )
    return astype(value, parameter.dtype)


def _check_all_are_fed(graph: Sequence[Node], task: Task) -> None:
    given = set(task.inputs)
    missing = {node: "" for node in graph if node.op is INPUT and node not in given}
    told = task.tellers()
    for node in graph:
        for name, source in [pair for size in sizes_in(node.params.values()) for pair in size.sources.items()]:
            if name not in told and source not in given and not source.args:
                missing.setdefault(source, f", whose shape tells the size {name}")
    if missing:
        names = listed([f"{node}{why}" for node, why in missing.items()])
        is_not, them = ("is not", "it") if len(missing) == 1 else ("are not", "them")
        remedy = f"add {them} to the list of inputs"
        if set(missing) <= set(task.outputs) and any(node.args for node in given):
            remedy = "inputs come first, then outputs, as in tg.compile([X, Y], J)"
        raise FeedError(f"the program needs {names}, which {is_not} among its inputs: {remedy}")


def names_of(graph: Sequence[Node]) -> dict[Node, str]:
    """How the reader calls the nodes, in the order of the graph; the gradient with respect to Z is called dZ."""
    variables = caller_names()
    gradients: dict[Node, str] = {}
    for node in graph:
        for of, gradient in WALKS.get(node) or ():
            x, dx = of(), gradient()
            name = x is not None and (x.name or variables.get(x))
            if name and dx is not None:
                gradients.setdefault(dx, f"d{name}")
    names = ((node, node.name or variables.get(node) or gradients.get(node)) for node in graph)
    return {node: name for node, name in names if name}
