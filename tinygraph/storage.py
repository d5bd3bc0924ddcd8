"""Parameters in a file: an `.npz` without pickle, written whole or not at all."""

import io
import json
import os
import zipfile
from collections.abc import Mapping
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
    own name or its variable. Raises `StorageError` where a name is missing or given twice, or a node is no parameter.

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
    content = io.BytesIO()
    arrays: dict[str, Any] = {name: node.value for name, node in named.items()}
    np.savez(content, allow_pickle=False, **arrays, **{DIMS: json.dumps(dims)})
    write_whole(path, content.getvalue())


def load(path: str | os.PathLike[str]) -> dict[str, Parameter]:
    """The parameters of a file that `save` wrote, by name, with the names of their sizes.

    Raises `FileNotFoundError`, and `StorageError` where the file holds no parameters.
    """
    try:
        file = np.load(path, allow_pickle=False)
        dims = json.loads(str(file[DIMS]))
        return {name: parameter(file[name], name, dims[name]) for name in dims}
    except (KeyError, IndexError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StorageError(f"{path} holds no parameters that tg.save wrote: {error}") from None


def _by_name(nodes: Any) -> Mapping[str, Parameter]:
    names = caller_names()
    pairs = (
        list(nodes.items())
        if isinstance(nodes, dict)
        else [(node.name or names.get(node), node) for node in leaves(nodes)]
    )
    named: dict[str, Parameter] = {}
    for name, node in pairs:
        if not isinstance(node, Parameter):
            raise StorageError(f"{node} is no parameter: only parameters have a value to save")
        if not isinstance(name, str) or not name or name == DIMS:
            raise StorageError(f"{node} has no name to be saved under: write tg.save(path, {{'W': W}})")
        if name in named:
            raise StorageError(f"two parameters are called {name!r}: write tg.save(path, {{'one': W, 'other': V}})")
        named[name] = node
    return named
