"""A model that is read from lines: its leaves, its lines by their names, its cost, and values for the leaves."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinygraph.errors import DtypeError, FeedError, ShapeError
from tinygraph.feeds import Array, bind_sizes
from tinygraph.graph import Node, Parameter, input, parameter
from tinygraph.lines.errors import LineError, in_lines, near
from tinygraph.lines.leaves import Leaf, check_names, read_leaves
from tinygraph.lines.limits import TooMuchError, check_shape
from tinygraph.lines.statements import read_statements
from tinygraph.lines.values import read_value
from tinygraph.notation import listed
from tinygraph.samples import with_samples
from tinygraph.sizes import Size, names_in

HEADER = re.compile(r"^[ \t]*#[ \t]*(input|parameter|value)s?[ \t]*:(.*)$", re.MULTILINE | re.IGNORECASE)
"""A comment in which lines declare their leaves themselves: `# input: X(n_x,m) Y(1,m)`."""

LAST = "\U0010ffff"
"""Samples are drawn in the order of names: parameters come last, so that inputs have those that they have elsewhere."""


@dataclass(frozen=True)
class Model:
    """What lines say: every name with the node, size or number that it stands for, and the cost."""

    names: Mapping[str, Any]
    inputs: Sequence[Node]
    parameters: Sequence[Parameter]
    of: str
    """The name of the cost."""
    feeds: Mapping[Node, Array]
    """The values that were given for inputs."""
    sampled: Sequence[Parameter]
    """The parameters that start as samples, since no value was given for them."""

    @property
    def cost(self) -> Node:
        """The node that is derived."""
        return self.node(self.of)

    @property
    def is_fed(self) -> bool:
        """Whether values were given, and no input is without."""
        has_values = bool(self.feeds) or len(self.sampled) < len(self.parameters)
        return has_values and len(self.feeds) == len(self.inputs)

    def node(self, name: str) -> Node:
        """The node of that name; raises `LineError` where there is none."""
        return find_node(self.names, name)

    def wrt(self, names: Sequence[str]) -> list[Node]:
        """The nodes of these names; all parameters where none is given."""
        if not names and not self.parameters:
            raise LineError(
                "there is no parameter to derive by: declare one with --parameter, or name nodes with --wrt"
            )
        return [self.node(name) for name in names] or list(self.parameters)


def read(
    text: str,
    inputs: str = "",
    parameters: str = "",
    values: Mapping[str, Any] | None = None,
    of: str = "",
    stored: Mapping[str, Any] | None = None,
) -> Model:
    """The model that these lines of NumPy notation write down, whose leaves are declared beside them or in comments.

    A leaf is declared by its shape, as in `X(n_x,m)`, whose sizes are names or numbers. Its value may be among `values`
    by its name, or among what a file has `stored`, which may hold more; a parameter without one starts as a small
    seeded sample, on which the lines can be computed. The cost is the last line, or the one named by `of`. Nothing is
    run: an expression may use the functions of this library and of NumPy that work on nodes, and nothing else.
    Raises `LineError` for what can't be read.

    >>> model = read("Z = W.T @ X + b; J = mean(Z**2)", "X(n_x,m)", "W(n_x,1) b(1,1)", {"b": [[0.5]]})
    >>> model.cost, model.names["Z"], model.names["m"], model.parameters[0].value.shape
    (<J () float64>, <Z (1, m) float64>, m, (3, 1))
    >>> read("Z = sigmoud(X)", "X(n_x,m)")
    Traceback (most recent call last):
    tinygraph.lines.errors.LineError: line 1: there is no function sigmoud: did you mean sigmoid?
    """
    headers: dict[str, list[str]] = {"input": [inputs], "parameter": [parameters], "value": []}
    for kind, rest in HEADER.findall(text):
        headers[kind.lower()].append(rest)
    data, held = ([leaf for part in headers[kind] for leaf in read_leaves(part)] for kind in ("input", "parameter"))
    check_names([*data, *held])
    known = {leaf.name for leaf in (*data, *held)}
    found = {name: value for name, value in (stored or {}).items() if name in known}
    if stored and not found:
        raise LineError(f"no leaf is called {' or '.join(sorted(stored))}, which is all that the file holds")
    given = {**dict(map(read_value, headers["value"])), **found, **(values or {})}
    start = _starts(text, data, held, given, of)
    nodes = {leaf.name: _input(leaf) for leaf in data}
    starts = {leaf.name: parameter(start[leaf.name], leaf.name, leaf.shape) for leaf in held}
    names, last = read_statements(text, _with_sizes({**nodes, **starts}))
    return Model(
        names,
        list(nodes.values()),
        list(starts.values()),
        of or last,
        {node: start[name] for name, node in nodes.items() if name in given},
        [node for name, node in starts.items() if name not in given],
    )


def _starts(
    text: str, data: Sequence[Leaf], held: Sequence[Leaf], values: Mapping[str, Any], of: str
) -> dict[str, Array]:
    """A value for each leaf: the one that is given, or a sample, drawn where the cost is a finite number."""
    nodes = {leaf.name: _input(leaf) for leaf in data}
    nodes |= {leaf.name: _input(leaf, "" if leaf.name in values else LAST) for leaf in held}
    for name in values:
        if name not in nodes:
            raise LineError(f"{name} is given a value, and no leaf is called so{near(name, nodes)}")
    try:
        with warnings.catch_warnings(action="ignore"):  # the lines will be read once more
            names, last = read_statements(text, _with_sizes(nodes))
    except LineError as error:
        raise LineError(in_lines(str(error).replace(LAST, ""))) from None
    feeds = {nodes[name]: value for name, value in values.items()}
    try:
        found = _sampled([*nodes.values(), find_node(names, of or last)], feeds)
    except FeedError:  # no sample gives a finite cost
        found = _sampled(list(nodes.values()), feeds)
    return {name: found[node] for name, node in nodes.items()}


def _sampled(roots: Sequence[Node], feeds: Mapping[Node, Any]) -> dict[Node, Array]:
    try:
        found, _ = with_samples(roots, feeds)
        bind_sizes(found)
    except (ShapeError, DtypeError) as error:
        raise LineError(in_lines(str(error))) from None
    return found


def _input(leaf: Leaf, prefix: str = "") -> Node:
    node = input(f"{prefix}{leaf.name}", leaf.shape, leaf.dtype)
    try:
        check_shape(node.shape)
    except TooMuchError as error:
        raise LineError(f"{leaf.name}: {error}: name a size, and it is small") from None
    return node


def _with_sizes(leaves: Mapping[str, Node]) -> dict[str, Any]:
    """The leaves, and the names of their sizes, by name."""
    sizes = {str(name): name for leaf in leaves.values() for size in leaf.shape[::-1] for name in names_in(size)}
    return {**sizes, **leaves}


def find_node(names: Mapping[str, Any], name: str) -> Node:
    """The node of that name among all that lines name; raises `LineError` where there is none."""
    found = names.get(name)
    if isinstance(found, Node):
        return found
    if name in names:
        kind = "a size" if isinstance(found, Size) else "a tuple" if isinstance(found, tuple) else "a number"
        raise LineError(f"{name} is {kind} and no array of the graph: name the line that is meant, as in --of J")
    nodes = [each for each, value in names.items() if isinstance(value, Node)]
    known = f": there are {listed(nodes)}" if nodes else ": there are none"
    raise LineError(f"no line and no leaf is called {name}{near(name, nodes) or known}")
