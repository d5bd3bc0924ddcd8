"""A node for each of some numbers, as ONNX's Scan, whose body is a graph within the graph."""

import numpy as np

from tinygraph.graph import Node
from tinygraph.jacobians import Body
from tinygraph.onnx.writer import Writer


def loop(w: Writer, node: Node) -> str:
    """The rows of a `for_each`; what each turn holds is computed once, in the graph around."""
    body: Body = node.params["body"]
    inner = w.inner()
    i = inner.values[body.number] = w.take(body.number.name or "i")
    for part in body.steps:
        inner.write(part)
    row = inner("Identity", inner.of(body.node))  # for the row may be the same at each turn
    graph = w.onnx.helper.make_graph(
        inner.nodes, "for_each", [w.info(i, body.number)], [w.info(row, body.node)], value_info=inner.infos
    )
    return w("Scan", w.of(node.args[0], np.dtype(np.int64)), body=graph, num_scan_inputs=1)
