"""The command `tinygraph`: from a command line to what is printed, one sentence where it can't be, and an exit code."""

# PYTHON_ARGCOMPLETE_OK: tells argcomplete's global hook that this command completes

import json
import sys
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

from tinygraph.command.answer import Answer, plain, told
from tinygraph.command.arguments import parser
from tinygraph.command.progress import Progress
from tinygraph.errors import BroadcastWarning, TinygraphError
from tinygraph.lines.errors import in_lines
from tinygraph.options import nobody_reads

GOOD, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
"""The exit codes: the last is that of a program that Ctrl-C stopped."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and answer its exit code.

    What is asked for goes to the standard output, warnings and errors go to the standard error, a line each.

    >>> main(["grad", "J = sum(x**2)", "--parameter", "x(3)"])
    dJ = 1   ()
    dx = 2x  (3,)
    <BLANKLINE>
    0
    """
    try:
        options = parser().parse_args(argv)
        return _run(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # such as `| head` that has seen enough
        return nobody_reads()


def _run(options: Any) -> int:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        for kind in (BroadcastWarning, RuntimeWarning):  # NonFiniteWarning is one, and so are NumPy's
            warnings.simplefilter("always", kind)
        answer, error = _answered(options)
    texts = list(dict.fromkeys(in_lines(str(warning.message)) for warning in caught))
    if answer is None or not options.json:
        for text in texts:
            _say(sys.stderr, f"warning: {told(text)}")
    if error:
        _say(sys.stderr, f"error: {told(error)}")
    if answer is None:
        return WRONG_INPUT
    found = json.dumps(plain({**answer.data, "warnings": texts}), ensure_ascii=False) if options.json else answer.text
    _say(sys.stdout, found)
    return FAILED if error else GOOD


def _answered(options: Any) -> tuple[Answer | None, str]:
    """What the command comes to, and what is wrong."""
    try:
        with Progress(sys.stderr) as progress:
            answer: Answer = options.run(options, progress)
    except (TinygraphError, MemoryError) as error:
        return None, in_lines(str(error)) or "that takes more memory than there is"
    except OSError as error:
        path = getattr(options, "html", None) or getattr(options, "output", None) or error.filename
        return None, f"{path} can't be written: {error.strerror or error}"
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        kind = type(error).__name__
        return None, f"{kind}: {error}: that is a fault of tinygraph's; `python -X dev -m tinygraph` tells where"
    return answer, answer.error


def _say(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(f"{text}\n".encode(encoding, "replace").decode(encoding))  # not every terminal has a σ
    stream.flush()
