"""What a chain of thousands of ops costs to build, differentiate, simplify, compile and call: µs for each node.

The nodes are those of the differentiated graph, and the garbage collector runs as it does for a reader.
`compile` simplifies by itself, so `simplify` is told beside it, and is no part of the sum.
"""

import argparse
from collections.abc import Callable, Iterator
from time import perf_counter

import numpy as np

import tinygraph as tg
from benchmarks.timing import header
from tinygraph.notation import columns
from tinygraph.order import order

LENGTHS = (1_000, 10_000, 100_000)  # in ops
CHAINS: dict[str, tuple[int, Callable[[tg.Node], tg.Node]]] = {  # how many ops a link has
    "tanh(x)": (1, tg.tanh),
    "tanh(x) * 0.5 + x": (3, lambda x: tg.tanh(x) * 0.5 + x),
}


def parts(link: Callable[[tg.Node], tg.Node], links: int) -> Iterator[tuple[str, tg.Node]]:
    """Do one part after the other, and name what is done, with the gradient once it is there."""
    x = J = tg.input("x", ("m",))
    for _ in range(links):
        J = link(J)
    J = tg.sum(J)
    yield "build", J
    dx = tg.grad(J, x)
    yield "grad", dx
    tg.simplify(dx)
    yield "simplify", dx
    program = tg.compile([x], [J, dx])
    yield "compile", dx
    program(np.linspace(-1, 1, 4))  # without 0, from where the gradient would grow for ever
    yield "first call", dx


def measure(link: Callable[[tg.Node], tg.Node], links: int) -> tuple[int, dict[str, float]]:
    """How many nodes the differentiated graph has, and the seconds that each part takes."""
    seconds: dict[str, float] = {}
    start = perf_counter()
    for part, node in parts(link, links):
        seconds[part] = perf_counter() - start
        nodes = len(order(node))
        start = perf_counter()
    return nodes, seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--lengths", nargs="+", type=int, default=LENGTHS, metavar="OPS", help=f"(default: {LENGTHS})")
    chosen = parser.parse_args()
    print(header("Growth: µs a node of the differentiated graph"))
    for name, (ops, link) in CHAINS.items():
        rows = []
        for length in (min(chosen.lengths), *chosen.lengths):  # the first is a warm-up, and not told
            nodes, seconds = measure(link, length // ops)
            told = {**seconds, "in all": sum(seconds.values()) - seconds["simplify"]}
            rows.append((f"  {length:,} ops", f"{nodes:,} nodes", *(f"{1e6 * t / nodes:.1f}" for t in told.values())))
        print(columns([(f"x = {name}", "", *told), *rows[1:]]), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
