"""The peak memory of one step beyond its inputs and outputs: the hand-written step's, and the compiled program's.

NumPy reports its arrays to tracemalloc. What a program keeps between its calls counts as if each call took it.
"""

import argparse
import gc
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks import logistic, mlp, step
from benchmarks.contender import Builder
from benchmarks.timing import header
from tinygraph.notation import columns

SHAPES = ((64, 1797), (784, 20000))
NAMES = ("hand-written NumPy", "tinygraph")
CALLS = 3  # the first makes buffers; the last is as any later one


def measure(builder: Builder, data: Callable[[], tuple[Any, ...]]) -> list[int]:
    """Bytes: the peak in the first call, the peak in a later one, and what is kept between calls."""
    tracemalloc.start()
    try:
        contender = builder(*data())
        outputs = 8 + sum(np.asarray(parameter).nbytes for parameter in contender.parameters())  # J, and new parameters
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        peaks = []
        for _ in range(CALLS):
            tracemalloc.reset_peak()
            contender.step()
            peaks.append(tracemalloc.get_traced_memory()[1] - before - outputs)
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0] - before
        return [peaks[0], peaks[-1], kept]
    finally:
        tracemalloc.stop()


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__).parse_args()
    logistics = {f"logistic regression, X {shape}": partial(step.data, *shape, "C") for shape in SHAPES}
    networks = {f"network {sizes[:3]}, {sizes[3]} examples": partial(mlp.data, *sizes) for sizes in mlp.SIZES}
    print(header("Memory of one step beyond inputs and outputs, in KiB"))
    for contenders, works in ((logistic.CONTENDERS, logistics), (mlp.CONTENDERS, networks)):
        for work, data in works.items():
            rows = [(work, "first call", "later calls", "kept between calls")]
            for name in NAMES:
                rows += [(f"  {name}", *(f"{size / 1024:,.1f}" for size in measure(contenders[name], data)))]
            print(columns(rows), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
