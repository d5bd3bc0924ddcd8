"""Measurements in fresh processes: nothing is compiled or cached before, and no process's luck decides.

Where memory happens to lie makes one of NumPy's functions up to twice as slow in one process as in the next,
for as long as it lives. So a comparison takes its rounds from several processes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.timing import Turns

INSIDE = "--inside"  # told to the process that measures


def fresh(module: str, arguments: Iterable[str], environment: Mapping[str, str] | None = None) -> Any:
    """What `python -m module arguments` printed in its last line, as JSON.

    Raises `subprocess.CalledProcessError` where it failed; it has said on its standard error why.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(  # noqa: S603  (this Python, and a module of this package)
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | dict(environment or {})
    )
    return json.loads(done.stdout.splitlines()[-1])


def pooled(module: str, arguments: Iterable[str], processes: int) -> dict[str, Turns]:
    """The rounds of several processes together; each answers `{title: turns}`."""
    answers = []
    for number in range(processes):
        _tell(f"{module}: process {number + 1} of {processes}")
        answers.append(fresh(module, [*arguments, INSIDE]))
    _tell("")
    return {
        title: {name: [seconds for answer in answers for seconds in answer[title][name]] for name in answers[0][title]}
        for title in answers[0]
    }


def _tell(progress: str) -> None:
    """Show the progress in place of the last, where someone looks on."""
    if sys.stderr.isatty():
        print(f"\r\033[K{progress}", end="", file=sys.stderr, flush=True)
