"""`tg.to_onnx`: what the reader asks for is simplified, prepared, named, and written as one model of ONNX."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygraph.compile.compile import names_of
from tinygraph.compile.task import Task
from tinygraph.errors import BackendError, DtypeError, NodeTypeError
from tinygraph.files import write_whole
from tinygraph.graph import INPUT, Node, as_node
from tinygraph.onnx.pictures import whole
from tinygraph.onnx.prepared import prepared
from tinygraph.onnx.table import LOWERINGS, REFUSED
from tinygraph.onnx.writer import Writer, package
from tinygraph.order import order
from tinygraph.rewrite import Rewriting
from tinygraph.sizes import Size, is_name, sources

# Those of ONNX 1.17, the newest that onnxruntime 1.22 runs: for opset 23 it has hardly an op.
OPSET, IR_VERSION = 22, 10


def to_onnx(
    nodes: Any, path: "str | os.PathLike[str] | None" = None, *, simplify: bool = True, dtype: Any = None
) -> Any:
    """A model of ONNX that computes the nodes, which Netron shows and onnxruntime runs; written to `path`, if given.

    `nodes` is a node, or a list, tuple or dict of them; keys of a dict name the outputs of the model, else they have
    the names that they have in the calling code. Inputs of the model are those of `tg.input`, by name, for any batch
    size; parameters and constants are held in it. It computes the stable form of `tg.simplify`, or with
    `simplify=False` what is written. With `dtype=np.float32`, as production has it, all floats are float32.
    Raises `BackendError` for an op that ONNX has not, `NodeTypeError` for what is no node, and `FolderError` where the
    folder of `path` doesn't exist.

    >>> import numpy as np, tinygraph as tg
    >>> X, W = tg.input("X", ("n_x", "m")), tg.parameter(np.zeros((2, 1)), dims=("n_x", 1))
    >>> A = tg.sigmoid(W.T @ X)
    >>> [node.op_type for node in tg.to_onnx(A).graph.node]
    ['Transpose', 'MatMul', 'Sigmoid']
    """
    onnx = package()
    if not isinstance(simplify, bool):
        raise NodeTypeError(f"simplify is True or False, not {simplify!r}")
    kind = _float(dtype)
    wanted = _outputs(nodes)
    roots = [node for _, node in wanted]
    task = Task([], roots, {}, names_of(order(*roots)))
    keys = [key or task.names.get(node) or f"output{place}" for place, (key, node) in enumerate(wanted)]
    inputs = [node for node in order(*roots) if node.op is INPUT]
    if simplify:
        rewriting = Rewriting(roots)
        task = task.replaced({node: rewriting.now(node) for node in [*roots, *task.names]})
    tellers = sources(part for node in order(*task.outputs) for part in [*node.params.values(), *node.shape])
    leaves = [*inputs, *(node for node in tellers if not node.args)]
    now = prepared([*task.outputs, *task.names, *leaves], kind)
    task = task.replaced(now)
    graph = _graph(task, now, list(dict.fromkeys(now[node] for node in leaves)), keys, exact=isinstance(nodes, dict))
    model = onnx.helper.make_model(
        graph, producer_name="tinygraph", opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    if path is not None:
        write_whole(path, model.SerializeToString())
    return model


def _float(dtype: Any) -> Any:
    if dtype is None:
        return None
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = None
    if kind not in (np.float32, np.float64):
        raise DtypeError(f"the floats of a model are np.float32 or np.float64, not {dtype!r}")
    return kind


def _outputs(nodes: Any) -> list[tuple[str | None, Node]]:
    """Each node with the key that it has in a dict."""
    several = nodes if isinstance(nodes, list | tuple) else [nodes]
    found = list(nodes.items()) if isinstance(nodes, dict) else [(None, node) for node in several]
    for key, node in found:
        if not isinstance(node, Node | Size):
            raise NodeTypeError(f"a model is of a node, or of a list, tuple or dict of them, not of {node!r}")
        if isinstance(nodes, dict) and (not isinstance(key, str) or not key):
            raise NodeTypeError(f"a key names an output of the model, so it is a text that isn't empty, not {key!r}")
    if not found:
        raise NodeTypeError("a model is of one node or more, and there is none")
    return [(key, as_node(node)) for key, node in found]


def _graph(task: Task, now: Mapping[Node, Node], leaves: Sequence[Node], keys: Sequence[str], exact: bool) -> Any:
    """The graph of ONNX: inputs, then what is computed, each node once, then outputs."""
    counted = {str(node.shape[0]): node for node in now.values() if node.op.counts}
    graph = order(*task.outputs, needs=lambda node: _needs(node, counted))
    w = Writer(task.names, _tellers([*sorted(graph, key=lambda node: node.op is not INPUT), *leaves]), lowered)
    inputs = [node for node in leaves if node.op is INPUT]
    for node in inputs:
        w.values[node] = w.take(str(node.name))
        if w.values[node] != node.name:
            raise BackendError(f"two inputs are called {node.name}, by which a model is fed: give one another name")
    for key, node in zip(keys, task.outputs, strict=True):
        name = w.take(key)
        if exact and name != key:
            raise BackendError(f"the output {key!r} is called as an input is: give it another key")
        w.outputs.append((name, node))
    for node in graph:
        w.write(node)
    w.finish()
    needed = {*graph, *w.told}
    return w.onnx.helper.make_graph(
        w.nodes,
        "tinygraph",
        [w.info(w.values[node], node) for node in inputs if node in needed],
        [w.info(name, node) for name, node in w.outputs],
        list(w.initializers.values()),
        value_info=w.infos,
    )


def _needs(node: Node, counted: Mapping[str, Node]) -> list[Node]:
    """What is to be written before a node: what it takes, and what counts the elements that a mask picks."""
    one = whole(node)
    counts = [str(source.shape[0]) for source in sources(node.params.values()) if source.op.counts]
    return [*(one.args if one else node.args), *map(counted.__getitem__, counts)]


def _tellers(nodes: Sequence[Node]) -> dict[str, tuple[Node, int]]:
    """For each named size the first node that tells it, and the axis."""
    found: dict[str, tuple[Node, int]] = {}
    for node in nodes:
        for axis, size in enumerate(node.shape if node.op.counts or not node.args else ()):
            if is_name(size):
                found.setdefault(str(size), (node, axis))
    return found


def lowered(w: Writer, node: Node) -> str:
    """The ONNX nodes of a node; raises `BackendError` where ONNX, or its runtime, has none."""
    one = whole(node)
    if one:
        return one.write(w, node)
    if node.op.name in REFUSED:
        raise BackendError(
            f"ONNX has no op for {node.op.name}, as in {w.line(node)}: export the nodes before it, or run "
            "the NumPy program of tg.compile, whose .source stands alone"
        )
    if node.op.name == "det" and node.dtype == np.float64:
        raise BackendError(
            f"onnxruntime has no det of float64, as in {w.line(node)}: say dtype=np.float32, in which it has"
        )
    return LOWERINGS[node.op.name](w, node)
