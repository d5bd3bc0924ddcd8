"""What to write instead: a shape error with its line, by the reader's own names, and the likely remedy."""

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tinygraph.errors import BroadcastWarning, DtypeError, ShapeError, TinygraphError
from tinygraph.notation import arguments, call, caller_frame, caller_names, formula, is_within
from tinygraph.order import order
from tinygraph.sizes import Entry, Shape, Size, SizeMismatchError

if TYPE_CHECKING:
    from tinygraph.graph import Node, Op


def explained(error: Exception, op: "Op", nodes: Sequence["Node"], params: Mapping[str, Any]) -> TinygraphError:
    """The error that a rule of op raised on nodes, told to a reader."""
    names = caller_names()
    texts = [f"{text} {node.shape}" for text, node in zip(arguments(op, params, nodes, names), nodes, strict=True)]
    remedy = ""
    if isinstance(error, SizeMismatchError):
        remedies = [_transpose_one(op, nodes, params, names), _name_the_number(error.pair, nodes, names)]
        found = [_product(op, nodes, names), *(remedies[::-1] if op.is_elementwise else remedies)]
        remedy = next(filter(None, found), "")
    kind = ShapeError if isinstance(error, ShapeError) else DtypeError
    line = call(op, params, texts)
    told = line if line.startswith(op.name) else f"{op.name}: {line}"
    return with_line(kind(f"{told}: {error}{remedy}"))


def in_line(error: TinygraphError, name: str, args: Sequence[Any]) -> TinygraphError:
    """The error that a function raised on these arguments, with its name and the nodes among them."""
    names = caller_names()
    nodes = [f"{formula(arg, names)} {arg.shape}" for arg in args if hasattr(arg, "op")]
    kind = ShapeError if isinstance(error, ShapeError) else type(error)
    return with_line(kind(f"{name}{' of ' + ', '.join(nodes) if nodes else ''}: {error}"))


def with_line(error: TinygraphError) -> TinygraphError:
    """The error, marked as one that tells its line."""
    error.has_line = True
    return error


def unexpected(node: "Node", wanted: Shape) -> str:
    """What a reader is told whose node has not the shape that was expected."""
    names = caller_names()
    remedy = ""
    if node.shape[::-1] == wanted:
        is_transpose = node.op.name == "transpose" and node.params["axes"] is None
        turned = formula(node.args[0] if is_transpose else node.T, names)
        remedy = f". Did you mean {turned}?"
    shape = f"({', '.join(map(str, wanted))}{',' if len(wanted) == 1 else ''})"
    return f"{formula(node, names)} has shape {node.shape}, where {shape} was expected{remedy}"


def warn_of_rank_1(op: "Op", nodes: Sequence["Node"], params: Mapping[str, Any], shape: Shape) -> None:
    """The notes' trap: an array of shape (n,) beside a column (n, 1) is spread to (n, n), which is seldom meant."""
    flat = [node for node in nodes if node.shape == shape[:1]]
    columns = [node for node in nodes if node.shape == (shape[0], 1)]
    if shape[0] != shape[1] or shape[0] == 1 or not flat or not columns or is_within("tinygraph.derivatives"):
        return
    names = caller_names()
    flat.sort(key=lambda node: node not in names)  # rather one with a name
    x, column = (formula(found[0], names) for found in (flat, columns))
    x = x if x.isidentifier() else f"({x})"
    line = call(op, params, arguments(op, params, nodes, names))
    _, level = caller_frame()
    warnings.warn(
        f"{line} has shape {shape}: {x} {flat[0].shape} is neither a row nor a column, and {column} "
        f"{columns[0].shape} is a column. If {x} is a column, too, write {x}.reshape(-1, 1); if {shape} is meant, "
        f"{x}.reshape(1, -1)",
        BroadcastWarning,
        stacklevel=level + 1,
    )


def _name_the_number(pair: tuple[Entry, Entry], nodes: Sequence["Node"], names: Mapping["Node", str]) -> str:
    """Where a number meets a name: which leaf should name its sizes, if the number is that size."""
    number, name = sorted(pair, key=lambda size: isinstance(size, Size))
    if isinstance(number, Size) or not isinstance(name, Size) or number == 1:
        return ""
    for leaf in order(*nodes):
        if not leaf.args and number in leaf.shape:
            dims = ", ".join(f'"{name}"' if size == number else _quoted(size) for size in leaf.shape)
            dims = f"({dims},)" if len(leaf.shape) == 1 else f"({dims})"
            makes = (
                f'tg.input("{leaf.name}", {dims})' if leaf.op.name == "input" else f"tg.{leaf.op.name}(…, dims={dims})"
            )
            told = leaf.name or names.get(leaf)
            return f". Is {number} {name}? Then say {told + ' = ' if told else ''}{makes}"
    return ""


def _quoted(size: Entry) -> str:
    return f'"{size}"' if isinstance(size, Size) else str(size)


def _product(op: "Op", nodes: Sequence["Node"], names: Mapping["Node", str]) -> str:
    """Where `*` stands between what `@` multiplies."""
    if op.name != "multiply" or any(len(node.shape) != 2 for node in nodes) or nodes[0].shape[1] != nodes[1].shape[0]:
        return ""
    return f". Did you mean {' @ '.join(arguments(op, {}, nodes, names))}?"


def _transpose_one(op: "Op", nodes: Sequence["Node"], params: Mapping[str, Any], names: Mapping["Node", str]) -> str:
    """Which argument would fit if it were transposed."""
    for index in sorted(range(len(nodes)), key=lambda index: nodes[index] not in names):  # rather one with a name
        node = nodes[index]
        is_transpose = node.op.name == "transpose" and node.params["axes"] is None
        turned = [*nodes[:index], node.args[0] if is_transpose else node.T, *nodes[index + 1 :]]
        shapes = [node.shape for node in turned]
        try:
            op.shape(*shapes, **op.settle(*shapes, **params))
        except ShapeError:
            continue
        return f". Did you mean {call(op, params, arguments(op, params, turned, names))}?"
    return ""
