"""Where the lines come from: the command line itself, a file, or what is piped in; and the values beside them."""

import os
import sys
from typing import Any

from tinygraph.lines import LineError, Model, read, read_file, read_value
from tinygraph.lines.limits import MOST_SIGNS


def model_of(options: Any) -> Model:
    """The model that the options of a command tell."""
    stored = {name: value for path in options.feeds for name, value in read_file(path).items()}
    return read(
        text_of(options.lines),
        " ".join(options.input),
        " ".join(options.parameter),
        dict(map(read_value, options.value)),
        options.of,
        stored,
    )


def text_of(lines: str) -> str:
    """The lines themselves, or those of the file of that name, or for `-` of the standard input."""
    if lines == "-":
        return sys.stdin.read(MOST_SIGNS + 1)
    if os.path.isdir(lines):
        raise LineError(f"{lines} is a folder: give a file of lines, or the lines themselves")
    if os.path.isfile(lines):
        try:
            with open(lines, encoding="utf-8-sig") as file:
                return file.read(MOST_SIGNS + 1)
        except OSError as error:
            raise LineError(f"{lines} can't be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise LineError(f"{lines} is no text in UTF-8: give a file of lines of NumPy notation") from None
    if "=" not in lines and lines.strip():
        raise LineError(f"there is no file {lines}, and no line either: a line is NAME = expression")
    return lines
