"""Parameters in a file: an `.npz` without pickle, written whole or not at all."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygraph.errors import StorageError
from tinygraph.files import write_whole
from tinygraph.graph import Parameter, parameter
from tinygraph.notation import caller_names
from tinygraph.sizes import Size
from tinygraph.structure import leaves

DIMS = "tinygraph dims"


def save(path: str | os.PathLike[str], nodes: Any) -> None:
    """Write the values of parameters to an `.npz`, each under its name; a file that stood there is replaced at once.

    `nodes` is a parameter, or a list, tuple or dict of them; in a dict the key is the name, elsewhere the parameter's
    own name or its variable. Raises `StorageError` where a name is missing or given twice, or a node is no parameter,
    and `FolderError` where the folder doesn't exist.

    >>> import numpy as np, tempfile, tinygraph as tg
    >>> W = tg.parameter(np.ones((2, 1)), dims=("n_x", 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tg.save(f"{folder}/model.npz", [W])
    ...     tg.load(f"{folder}/model.npz")
    {'W': <W (n_x, 1) float64>}
    """
    named = _by_name(nodes)
    dims = {
        name: [str(size) if isinstance(size, Size) else size for size in node.shape] for name, node in named.items()
    }
    write_whole(path, packed({name: node.value for name, node in named.items()} | {DIMS: np.array(json.dumps(dims))}))


def load(path: str | os.PathLike[str]) -> dict[str, Parameter]:
    """The parameters of a file that `save` wrote, by name, with the names of their sizes.

    Raises `FileNotFoundError`, and `StorageError` where the file is damaged or holds no parameters.
    """
    content = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            dims = json.loads(str(file[DIMS]))
            return {name: parameter(file[name], name, dims[name]) for name in dims}
    except Exception as error:  # NumPy and zipfile have many ways to fail on a damaged file
        raise StorageError(f"{path} holds no parameters that tg.save wrote, or is damaged: {error}") from error


def packed(arrays: Mapping[str, Any]) -> bytes:
    """The arrays as the content of an `.npz`, without pickle, and the same bytes for the same arrays."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
    return content.getvalue()


def _by_name(nodes: Any) -> Mapping[str, Parameter]:
    names = caller_names()
    named: dict[str, Parameter] = {}
    for name, node in nodes.items() if isinstance(nodes, dict) else ((None, node) for node in leaves(nodes)):
        if not isinstance(node, Parameter):
            raise StorageError(f"only parameters have a value to save, not {node!r}")
        own = name or node.name or names.get(node)
        if not isinstance(own, str) or not own.isprintable() or own.endswith(".npy") or own == DIMS:
            raise StorageError(
                f"{node} can't be saved as {own!r}: give it a plain name, as in tg.save(path, {{'W': W}})"
            )
        if own in named:
            raise StorageError(f"two parameters are called {own!r}: write tg.save(path, {{'one': W, 'other': V}})")
        named[own] = node
    return named
