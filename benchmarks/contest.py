"""A contest: the same work by several contenders, whose rounds are spread over several processes."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from subprocess import CalledProcessError
from typing import Any

from benchmarks.contender import Builder, build
from benchmarks.processes import INSIDE, pooled
from benchmarks.timing import header, table, take_turns


def options(module: str, description: str | None) -> argparse.ArgumentParser:
    """The options that every contest has."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[""], help="contenders with this in their name")
    parser.add_argument("--seconds", type=float, default=5, help="to measure each of the sizes (default: 5)")
    parser.add_argument("--rounds", type=int, help="in each process (default: as many as fit into these seconds)")
    parser.add_argument("--processes", type=int, default=3, help="that the rounds are spread over (default: 3)")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    return parser


def hold(
    module: str,
    chosen: argparse.Namespace,
    title: str,
    libraries: Iterable[str],
    contenders: Mapping[str, Builder],
    data: Mapping[str, Callable[[], tuple[Any, ...]]],
) -> None:
    """Measure in fresh processes and print a table for each of the data; in such a process, print the turns."""
    if chosen.inside:
        seconds = chosen.seconds / chosen.processes
        turns = {
            name: take_turns(build(contenders, chosen.only, *make()), chosen.rounds, seconds)
            for name, make in data.items()
        }
        print(json.dumps(turns))
        return
    print(header(title, *libraries))
    try:
        answers = pooled(module, sys.argv[1:], chosen.processes)
    except CalledProcessError:
        sys.exit(f"{module}: a process that measures failed, for the reason above")
    for name, told in answers.items():
        print(f"{name}, {len(next(iter(told.values())))} rounds\n{table(told)}\n", flush=True)
