"""Options of commands: errors of one sentence, numbers in their range, names that Tab completes."""

import argparse
import difflib
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, and whose options Tab completes where argcomplete is installed."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and what may have been meant, and exit with code 2."""
        self.exit(2, f"error: {message}{_meant(message)}; --help tells the options\n")

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """What the command line says; while a shell asks for completions, they are its answer."""
        try:
            from argcomplete import autocomplete
        except ImportError:  # completion is a convenience: the command works without
            pass
        else:
            autocomplete(self)
        return super().parse_args(args, namespace)


def _meant(message: str) -> str:
    """Which of the choices that argparse lists is near the one that was made."""
    made = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
    near = difflib.get_close_matches(made[1], re.findall(r"[^\s',]+", made[2]), n=1) if made else []
    return f": did you mean {near[0]}?" if near else ""


def number(kind: Callable[[str], float], low: float, high: float) -> Callable[[str], float]:
    """A type of argparse's: a number from low to high.

    >>> number(int, 1, 10)("3")
    3
    """

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            from_to = f"{low} to {high}" if kind is int else f"{low:g} to {high:g}"
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {from_to}")
        return value

    return read


def nobody_reads() -> int:
    """The exit code of a command whose output goes to a program that has ended, such as `| head`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes once more when it ends
    return 141
