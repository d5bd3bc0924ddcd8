"""A model in a file, or a checkpoint of its training: an `.npz` with a version, no pickle, whole or not at all."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.files import write_whole
from tinygraph.storage import DIMS, packed

ABOUT, VERSION = "about the model", 1


class SavedError(ValueError):
    """A file that holds no such model; the message names it, and says why."""


def write(path: Path, about: Mapping[str, Any], arrays: Mapping[str, Any], parameters: Sequence[tg.Parameter]) -> None:
    """Write arrays by name, and what is to be known of them as JSON; `tg.load` reads the parameters among them."""
    dims = {p.name: [size if isinstance(size, int) else str(size) for size in p.shape] for p in parameters}
    told = {ABOUT: np.array(json.dumps({"version": VERSION, **about})), DIMS: np.array(json.dumps(dims))}
    write_whole(path, packed({**arrays, **told}))


def read(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """What is known of the arrays of a file that `write` wrote, and the arrays.

    Raises `SavedError` where there is no such file, it is damaged, or of another version.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise SavedError(f"there is no file {path}: train a model first") from None
    except IsADirectoryError:
        raise SavedError(f"{path} is a folder, and a model is a file such as {Path(path, 'model.npz')}") from None
    except PermissionError:
        raise SavedError(f"{path} can't be read: its permissions forbid it") from None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays.pop(ABOUT)))
        version = about["version"]
        del arrays[DIMS]
    except Exception as error:  # NumPy and zipfile have many ways to fail on a damaged file
        raise SavedError(f"{path} holds no model that was trained here, or is damaged: {error}") from error
    if version != VERSION:
        raise SavedError(f"{path} has version {version} of the format, and this tinygraph reads version {VERSION}")
    return about, arrays


def check_same(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise `SavedError`, which names the first thing that differs, unless the file is about what is wanted."""
    for name, value in json.loads(json.dumps(wanted)).items():
        if found.get(name) != value:
            raise SavedError(
                f"{path} was written with another {name}: {_told(found.get(name))}, and this run has {_told(value)}; "
                "give what it was written with, another --out, or leave out --resume"
            )


def check_numbers(path: str | Path, arrays: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise `SavedError`, which names the array, unless the file has each that is wanted, in its shape, of numbers."""
    for name, array in wanted.items():
        if name not in arrays:
            raise SavedError(f"{path} has no {name}: it is of another model, or no checkpoint")
        found = arrays[name]
        if found.shape != array.shape:
            raise SavedError(f"{path}: {name} has shape {found.shape}, and this model's has {array.shape}")
        if found.dtype != array.dtype or not np.isfinite(found).all():
            raise SavedError(f"{path}: {name} does not hold finite numbers of {array.dtype}")


def _told(value: Any) -> str:
    return "none" if value is None else " ".join(map(str, value)) if isinstance(value, list) else str(value)
