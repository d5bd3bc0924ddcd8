"""What a NumPy call of the compiled program costs beyond the bare call.

Programs of 4 to 64 calls on tiny arrays; a straight line through their times has the cost of a call as its slope.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from benchmarks.timing import Turns, header, take_turns
from tinygraph.notation import columns

CALLS = (4, 8, 16, 32, 64)
LINES = ("tanh(a, a)", "add(a, y, a)", "sin(a, a)", "multiply(a, y, a)")


def by_hand(calls: int, x: Any, y: Any) -> Callable[[], Any]:
    """The bare calls, into a buffer by position; as in any program, the answer is a new array."""
    body = "\n    ".join(["a = buffer", "tanh(x, a)", *(calls // 4 * LINES)[1:-1], "return multiply(a, y)"])
    namespace = {name: getattr(np, name) for name in ("tanh", "add", "sin", "multiply")} | {"buffer": np.empty_like(x)}
    exec(f"def program(x, y):\n    {body}", namespace)  # noqa: S102  (the text stands above)
    return lambda: namespace["program"](x, y)


def by_tinygraph(calls: int, x_array: Any, y_array: Any) -> Callable[[], Any]:
    """The same as a graph, compiled; nothing in it can be simplified."""
    x, y = tg.input("x", (1, "m")), tg.input("y", (1, "m"))
    out = x
    for _ in range(calls // 4):
        out = tg.sin(tg.tanh(out) + y) * y
    program = tg.compile([x, y], out)
    return lambda: program(x_array, y_array)


def lines(turns: Turns, name: str) -> Any:
    """The slope in each round, seconds a call, and what the line starts at: the call of the program itself."""
    return np.polyfit(CALLS, [turns[f"{name}, {calls} calls"] for calls in CALLS], 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--m", type=int, default=3, help="the arrays are (1, m) (default: 3)")
    parser.add_argument("--seconds", type=float, default=8, help="to measure (default: 8)")
    chosen = parser.parse_args()
    x, y = np.random.default_rng(0).random((2, 1, chosen.m))
    builders = {"bare": by_hand, "tinygraph": by_tinygraph}
    programs = {f"{name}, {calls} calls": make(calls, x, y) for name, make in builders.items() for calls in CALLS}
    for name, program in programs.items():
        np.testing.assert_array_equal(program(), programs[name.replace("tinygraph", "bare")]())
    turns = take_turns(programs, budget=chosen.seconds)
    print(header(f"Overhead of a NumPy call in the compiled program, on arrays (1, {chosen.m})"))
    fits = {name: lines(turns, name) for name in builders}
    rows = [(f"  {name}", *(f"{1e6 * np.median(part):.3f} µs" for part in fit)) for name, fit in fits.items()]
    rows += [("  overhead", *(f"{1e6 * part:.3f} µs" for part in np.median(fits["tinygraph"] - fits["bare"], axis=1)))]
    print(columns([("", "a call", "the program itself"), *rows]), end="\n\n")


if __name__ == "__main__":
    main()
