"""A folder of results, in which each file is replaced whole, once all of them are there."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.data import DataError

CHECKPOINT, DRAFTS = "checkpoint.npz", ".new-"
OLD = 600
"""After so many seconds nobody is writing a draft any more."""


def ready(out: Path) -> None:
    """Make the folder where there is none, and sweep it; raises `DataError` where a file or a folder is in the way."""
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file, and results go into a folder: give another --out")
    out.mkdir(parents=True, exist_ok=True)
    if (out / CHECKPOINT).is_dir():
        raise DataError(f"{out / CHECKPOINT} is a folder, where a file is to be written: give another --out")
    _sweep(out)


def _sweep(out: Path) -> None:
    """Remove the drafts that a run which was killed left behind, and none of a run that may still be at it."""
    for draft in [*out.glob(f"{DRAFTS}*"), *out.glob(f".{CHECKPOINT}.*")]:
        if time.time() - draft.stat().st_mtime > OLD:
            shutil.rmtree(draft) if draft.is_dir() else draft.unlink()


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A folder beside which nothing is touched until all is in it; then its files replace those in `out`."""
    with tempfile.TemporaryDirectory(dir=out, prefix=DRAFTS) as folder:
        yield Path(folder)
        names = sorted(os.listdir(folder))
        for name in names:
            if (out / name).is_dir():
                raise DataError(f"{out / name} is a folder, where a file is to be written: give another --out")
        for name in names:
            os.replace(Path(folder, name), out / name)
