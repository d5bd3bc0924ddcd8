"""What to write instead: a shape error with its line, by the reader's own names, and the likely remedy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tinygraph.errors import ShapeError
from tinygraph.notation import caller_names, formula
from tinygraph.order import order
from tinygraph.sizes import Entry, Size, SizeMismatchError

if TYPE_CHECKING:
    from tinygraph.graph import Node, Op


def explained(error: ShapeError, op: "Op", nodes: Sequence["Node"], params: Mapping[str, Any]) -> ShapeError:
    """The error that the shape rule of op raised on nodes, told to a reader."""
    names = caller_names()
    texts = [formula(node, names) for node in nodes]
    line = op.label.format(*(f"{text} {node.shape}" for text, node in zip(texts, nodes, strict=True)), params="")
    remedy = ""
    if isinstance(error, SizeMismatchError):
        remedy = _transpose_one(op, nodes, texts, params) or _name_the_number(error.pair, nodes, names)
    return ShapeError(f"{op.name}: {line}: {error}{remedy}")


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


def _transpose_one(op: "Op", nodes: Sequence["Node"], texts: list[str], params: Mapping[str, Any]) -> str:
    """Which argument would fit if it were transposed."""
    for index in sorted(range(len(nodes)), key=lambda index: " " in texts[index]):  # a name rather than a formula
        shapes = [node.shape for node in nodes]
        shapes[index] = shapes[index][::-1]
        try:
            op.shape(*shapes, **params)
        except ShapeError:
            continue
        text = texts[index]
        texts[index] = text.removesuffix(".T") if text.endswith(".T") else f"({text}).T" if " " in text else f"{text}.T"
        return f". Did you mean {op.label.format(*texts, params='')}?"
    return ""
