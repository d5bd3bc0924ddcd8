"""Values for leaves: `W=[[1],[2]]` as it is written, or arrays of a file."""

import ast
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygraph.lines.errors import LineError, quoted

EXAMPLE = "as in W=[[1],[2]]"


def read_value(text: str) -> tuple[str, Any]:
    """The name and the numbers of a value that is written out.

    >>> read_value("W = [[1], [2.5]]")
    ('W', [[1], [2.5]])
    """
    name, equals, written = (part.strip() for part in text.partition("="))
    if not equals or not name.isidentifier():
        raise LineError(f"{quoted(text)!r} gives no value: write a name, = and numbers, {EXAMPLE}")
    try:
        return name, ast.literal_eval(written)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise LineError(f"{quoted(text)}: the value is a number, or a list of numbers or of rows, {EXAMPLE}") from None


def read_file(path: str) -> Mapping[str, Any]:
    """The arrays of a file by their names: an `.npz`, such as `tg.save` and `np.savez` write, or a `.json`.

    Raises `LineError` where the file is missing, damaged, or holds no arrays by name.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise LineError(f"{path} can't be read: {error.strerror}") from None
    try:
        found = json.loads(content) if Path(path).suffix.lower() == ".json" else _arrays(content)
    except Exception:  # NumPy and zipfile have many ways to fail on a damaged file
        raise LineError(f"{path} is no .npz of plain arrays and no .json, or it is damaged") from None
    if not isinstance(found, dict):
        raise LineError(f'{path} holds no values by name, as in {{"W": [[1], [2]]}}')
    return found


def _arrays(content: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        if not hasattr(file, "files"):
            raise ValueError("it is one array without a name")
        return {name: file[name] for name in file.files}
