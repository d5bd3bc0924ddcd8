"""Contenders take turns; what is told are medians, and ratios to the first of them."""

import gc
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from threadpoolctl import threadpool_limits

from tinygraph.notation import columns

TURN = 0.001  # seconds, at least: work of microseconds is called many times a turn
ROUNDS = range(7, 301)  # as many as fit into the seconds that are given


Turns = dict[str, list[float]]
"""Seconds a call, for each contender and round."""


def take_turns(contenders: Mapping[str, Callable[[], Any]], rounds: int | None = None, budget: float = 5) -> Turns:
    """Let every contender have one turn a round; without a number of rounds, for about so many seconds in all."""
    with quiet():
        calls = {name: _calls(run) for name, run in contenders.items()}
        round_seconds = sum((calls[name] + 1) * _turn(run, 1) for name, run in contenders.items())
        rounds = rounds or min(max(round(budget / round_seconds), ROUNDS.start), ROUNDS.stop)
        turns: Turns = {name: [] for name in contenders}
        for _ in range(rounds):
            gc.collect()
            for name, run in contenders.items():
                turns[name].append(_turn(run, calls[name]))
    return turns


def _turn(run: Callable[[], Any], calls: int) -> float:
    """Seconds a call, after one that is not counted: it fetches from memory what the others drove out of the cache."""
    run()
    start = perf_counter()
    for _ in range(calls):
        run()
    return (perf_counter() - start) / calls


def _calls(run: Callable[[], Any]) -> int:
    return max(1, round(TURN / min(_turn(run, 1) for _ in range(3))))


@contextmanager
def quiet() -> Iterator[None]:
    """One BLAS thread, and no garbage collection but between rounds."""
    was_on = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


def table(turns: Turns) -> str:
    """A line for each contender: its time, the ratio to the first one's turn of the same round, and its noise.

    All are medians; the noise is half the range that the middle half of the ratios lies in.
    """
    first = next(iter(turns.values()))
    rows = []
    for name, own in turns.items():
        low, middle, high = quantiles([mine / its for mine, its in zip(own, first, strict=True)], n=4)
        rows.append((f"  {name}", duration(median(own)), f"{middle:.2f}", f"±{(high - low) / 2:.2f}"))
    return columns(rows)


def duration(seconds: float) -> str:
    """Seconds in a unit that fits.

    >>> duration(0.00123), duration(4.5e-06)
    ('1.23 ms', '4.50 µs')
    """
    unit, size = next(((unit, size) for unit, size in (("s", 1), ("ms", 1e-3)) if seconds >= size), ("µs", 1e-6))
    return f"{seconds / size:#.3g} {unit}".replace(". ", " ")


def header(title: str, *libraries: str) -> str:
    """What is measured, with which versions, and where."""
    versions = ", ".join(f"{library} {version(library)}" for library in ("numpy", *libraries))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{title}\nPython {platform.python_version()}, {versions}; {cores} core of {_processor()}; float64\n"


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.processor())
