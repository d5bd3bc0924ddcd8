"""What to write instead: a shape error with its line, by the reader's own names, and the likely remedy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tinygraph.errors import DtypeError, ShapeError, TinygraphError
from tinygraph.notation import arguments, call, caller_names
from tinygraph.order import order
from tinygraph.sizes import Entry, Size, SizeMismatchError

if TYPE_CHECKING:
    from tinygraph.graph import Node, Op


def explained(error: Exception, op: "Op", nodes: Sequence["Node"], params: Mapping[str, Any]) -> TinygraphError:
    """The error that a rule of op raised on nodes, told to a reader."""
    names = caller_names()
    texts = [f"{text} {node.shape}" for text, node in zip(arguments(op, params, nodes, names), nodes, strict=True)]
    remedy = ""
    if isinstance(error, SizeMismatchError):
        remedies = [_transpose_one(op, nodes, params, names), _name_the_number(error.pair, nodes, names)]
        remedy = next(filter(None, remedies[::-1] if op.is_elementwise else remedies), "")
    kind = ShapeError if isinstance(error, ShapeError) else DtypeError
    line = call(op, params, texts)
    told = line if line.startswith(op.name) else f"{op.name}: {line}"
    return kind(f"{told}: {error}{remedy}")


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
