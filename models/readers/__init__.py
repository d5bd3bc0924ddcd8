"""Readers of labelled data: one small file a format, and `read`, which finds the one that fits."""

import zipfile
from dataclasses import replace
from pathlib import Path

from models.data import Data, DataError
from models.readers.bundled import SETS, bundled_name, read_bundled
from models.readers.choices import instead_of, listed
from models.readers.folder import read_folder
from models.readers.frames import PARQUET, TEXTS, suffix
from models.readers.hdf5 import read_hdf5
from models.readers.likeness import matched
from models.readers.npz import read_npz
from models.readers.pictures import SUFFIXES, read_picture
from models.readers.reading import AS_GIVEN, FOLDER, TABLE, Reading, refuse_unused
from models.readers.table import read_table

__all__ = ["Reading", "read", "read_both", "read_picture"]

BUNDLED, HDF5, NPZ = "a set that comes with scikit-learn", "an HDF5 file", "an .npz file"
SIGNATURES = {b"\x89HDF\r\n\x1a\n": HDF5, b"PAR1": TABLE}
FORMATS = "a folder of pictures, or a file: .h5, .hdf5, .csv, .tsv, .parquet or .npz"


def read(source: str | Path, options: Reading = AS_GIVEN, like: Data | None = None) -> Data:
    """The data of a source: a name in `SETS`, a folder of pictures, an HDF5 file, a table, or an .npz file.

    Data that a model is tested on, or used for, are to be `like` those it was trained on: they get the same features
    and classes.
    Raises `DataError`, one sentence that names the source, where they can't be read or an option doesn't fit them.

    >>> read("iris").inputs.shape
    (150, 4)
    >>> read("digitz")
    Traceback (most recent call last):
    models.data.DataError: there is no file digitz; among the sets that come along, did you mean digits? There are: ...
    """
    kind = kind_of(source)
    refuse_unused(options, {str(source): kind})
    return _read(source, kind, options, like)


def read_both(source: str | Path, test_source: str | Path, options: Reading = AS_GIVEN) -> tuple[Data, Data]:
    """Data to train on, and data to test with, which are like them; an option may fit one of the two only.

    Raises `DataError` as `read` does.

    >>> train, test = read_both("wine", "wine")
    >>> train.classes == test.classes
    True
    """
    kinds = {str(source): kind_of(source), str(test_source): kind_of(test_source)}
    refuse_unused(options, kinds)
    train = _read(source, kinds[str(source)], options, None)
    return train, _read(test_source, kinds[str(test_source)], replace(options, part="test"), train)


def _read(source: str | Path, kind: str, options: Reading, like: Data | None) -> Data:
    path = str(source)
    try:
        if kind == BUNDLED:
            data = read_bundled(bundled_name(path) or path, options)
        else:
            reader = {FOLDER: read_folder, HDF5: read_hdf5, TABLE: read_table, NPZ: read_npz}[kind]
            data = reader(path, options, like)
    except PermissionError as error:
        raise DataError(f"{error.filename or path} can't be read: its permissions forbid it") from None
    return data if like is None else matched(data, like)


def kind_of(source: str | Path) -> str:
    """What kind of data a source is, by its name, or else by its first bytes.

    Raises `DataError` where there is no such source, or none of these kinds.
    """
    path = Path(source)
    if bundled_name(str(source)):
        return BUNDLED
    if path.is_dir():
        return FOLDER
    if not path.is_file():
        raise DataError(f"there is no file {source}; among the sets that come along, {instead_of(str(source), SETS)}")
    if suffix(path) in (".h5", ".hdf5"):
        return HDF5
    if suffix(path) in (*TEXTS, *PARQUET):
        return TABLE
    if suffix(path) == ".npz":
        return NPZ
    if suffix(path) in SUFFIXES:
        raise DataError(f"{source} is a picture, and data are {FORMATS}; or a set by its name: {listed(SETS)}")
    return _kind_by_content(path)


def _kind_by_content(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(8)
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            return kind
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            if all(name.endswith(".npy") for name in packed.namelist()):
                return NPZ
    raise DataError(f"{path} is of no kind that can be read: data are {FORMATS}; or a set by its name: {listed(SETS)}")
