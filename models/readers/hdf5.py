"""HDF5 files in the layout of the course's cat pictures."""

from typing import Any

import numpy as np

from models.data import Data, DataError
from models.readers.arrays import called, check_numbers_of_classes, check_pixels, check_they_differ, first
from models.readers.reading import AS_GIVEN, Reading


def read_hdf5(path: str, options: Reading = AS_GIVEN, like: Data | None = None) -> Data:
    """The sets `train_set_x` (m, height, width, 3) of 0 … 255, `train_set_y` (m,), and `list_classes` (classes,).

    With `part="test"` they are `test_set_x` and `test_set_y`. Labels are 0 to classes - 1; without `list_classes` the
    classes are those of `like`, or are called by their numbers.
    Raises `DataError` where the file is missing or holds anything else.

    >>> import h5py
    >>> with h5py.File("cats.h5", "w") as file:
    ...     file["train_set_x"], file["train_set_y"] = np.full((2, 4, 4, 3), 255), [1, 0]
    ...     file["list_classes"] = [b"non-cat", b"cat"]
    >>> data = read_hdf5("cats.h5")
    >>> data.inputs.shape, data.labels, data.classes
    ((2, 4, 4, 3), array([1, 0]), ('non-cat', 'cat'))
    """
    x, y = f"{options.part}_set_x", f"{options.part}_set_y"
    pixels, labels, listed = _sets(path, x, y)
    check_pixels(path, x, pixels)
    if labels.shape != pixels.shape[:1]:
        raise DataError(
            f"{path}: {y} has shape {labels.shape}, and {len(pixels)} images need labels of ({len(pixels)},)"
        )
    if listed is not None and (listed.ndim != 1 or len(listed) < 2):
        raise DataError(f"{path} lists classes of shape {listed.shape}, and their names are (2,), or more")
    if listed is not None:
        classes = called(listed)
    elif like is not None and like.classes:
        classes = like.classes
    else:
        classes = _numbered(path, y, labels)
    twice = [name for name in classes if classes.count(name) > 1]
    if twice:
        raise DataError(f"{path} lists two classes that are called {twice[0]}, and each needs a name of its own")
    check_numbers_of_classes(path, y, labels, len(classes))
    if like is None:
        check_they_differ(path, labels, "images")
    return Data(path, pixels, labels.astype(int), classes, brightest=255)


def _sets(path: str, x: str, y: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any] | None]:
    import h5py

    try:
        with h5py.File(path) as file:
            names = (x, y, "list_classes") if "list_classes" in file else (x, y)
            for name in names:
                if not isinstance(file.get(name), h5py.Dataset) or file[name].shape is None:
                    raise DataError(
                        f"{path} has no set {name} that can be read; it has: {', '.join(file) or 'nothing'}"
                    )
            arrays = [np.asarray(file[name]) for name in names]
            return arrays[0], arrays[1], arrays[2] if len(arrays) == 3 else None
    except OSError as error:
        raise DataError(f"{path} can't be read as HDF5: {error}") from None
    except MemoryError:
        raise DataError(f"{path} is larger than this machine's memory") from None


def _numbered(path: str, y: str, labels: np.ndarray[Any, Any]) -> tuple[str, ...]:
    """Names for classes that the file gives none."""
    if labels.dtype.kind not in "uib":
        return ("0", "1")
    highest = int(labels.max())
    if highest >= len(labels):
        at = first(labels == highest)
        raise DataError(
            f"{path}: {y} has the label {highest}, of image {at}, and labels are the numbers of classes, 0, 1, …"
        )
    return tuple(str(number) for number in range(max(2, highest + 1)))
