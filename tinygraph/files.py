"""Files written whole or not at all."""

import os
import secrets
from pathlib import Path

from tinygraph.errors import FolderError


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file in one step, so that at any moment it holds all of the old content or all of the new.

    Raises `FolderError` where the folder doesn't exist.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(f"{folder}/a.txt", b"whole")
    ...     Path(folder, "a.txt").read_bytes()
    b'whole'
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FolderError(f"there is no folder {path.parent} to write {path.name} into: make it first")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
