"""NumPy's `.npz` files: examples in rows, as users of NumPy and scikit-learn have them."""

import zipfile
import zlib
from typing import Any

import numpy as np

from models.data import Data, DataError
from models.readers.arrays import called, check_numbers_of_classes, check_pixels, check_they_differ, first
from models.readers.columns import LARGEST
from models.readers.labels import labelled
from models.readers.reading import AS_GIVEN, Reading

Array = np.ndarray[Any, Any]
EXAMPLES, LABELS = ("X", "x", "images", "data"), ("y", "Y", "labels", "target")


def read_npz(path: str, options: Reading = AS_GIVEN, like: Data | None = None) -> Data:
    """The arrays X and y: pictures (m, height, width) or (m, height, width, 3) of 0 … 255, or a table (m, n_x).

    They may also be called x, images or data, and labels or target. `X_train` and `y_train`, or `X_test` and `y_test`,
    as in Keras's mnist.npz, are read before those, as the `part` says. `classes` (classes,), which may be missing,
    names the classes of y (m,), which then are 0 to classes - 1; `features` (n_x,) names the columns of a table.
    Raises `DataError` where the file is no .npz, needs pickle, lacks an array, or its shapes don't fit.

    >>> np.savez("points.npz", X=[[1, 2], [3, 4], [5, 6], [7, 8]], y=["low", "low", "high", "high"])
    >>> data = read_npz("points.npz")
    >>> data.inputs.shape, data.labels, data.classes, data.features
    ((4, 2), array([1, 1, 0, 0]), ('high', 'low'), ('x1', 'x2'))
    """
    x, X, y, labels, about = _arrays(path, options.part)
    if labels.ndim == 2 and 1 in labels.shape:
        labels = labels.reshape(-1)
    if X.ndim == 4 and X.shape[3] == 1:
        X = X[:, :, :, 0]
    _check(path, x, X, y, labels)
    classes = called(about["classes"].reshape(-1)) if "classes" in about else _classes_like(labels, like)
    if classes:
        check_numbers_of_classes(path, y, labels, len(classes))
        labels = labels.astype(int)
        if like is None:
            check_they_differ(path, labels, "examples")
    else:
        labels, classes = labelled(path, y, labels, options.task, like)
    notes = (f"read {x} and {y}",)
    if X.ndim > 2:
        check_pixels(path, x, X)
        return Data(path, X, labels, classes, brightest=255, notes=notes)
    return Data(path, X.astype(float), labels, classes, _features(path, X, about), notes=notes)


def _arrays(path: str, part: str) -> tuple[str, Array, str, Array, dict[str, Array]]:
    """The names and values of X and y, and what else there is to know of them."""
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} can't be read as .npz: it is empty, cut off, or of another format")
    try:
        with np.load(path, allow_pickle=False) as file:
            x, y = (_name(path, file.files, names, part) for names in (EXAMPLES, LABELS))
            about = {name: file[name] for name in ("classes", "features") if name in file.files}
            return x, file[x], y, file[y], about
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{path} is larger than this machine's memory") from None
    except (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        if "pickle" in str(error):
            needed = "which could run any program: save arrays of numbers or of texts"
            raise DataError(f"{path} holds no plain arrays but Python's objects, {needed}") from None
        raise DataError(f"{path} can't be read as .npz: {error}") from None


def _name(path: str, there: list[str], names: tuple[str, ...], part: str) -> str:
    wanted = [made for name in names for made in (f"{name}_{part}", f"{part}_{name}")] + list(names)
    for name in wanted:
        if name in there:
            return name
    raise DataError(f"{path} has no array {names[0]}_{part} or {names[0]}; it has: {', '.join(there) or 'nothing'}")


def _check(path: str, x: str, X: Array, y: str, labels: Array) -> None:
    if X.dtype.kind not in "uifb" or X.ndim < 2 or X.size == 0:
        raise DataError(f"{path}: {x} is {X.dtype} of shape {X.shape}, and examples are numbers, one in each row")
    if labels.ndim == 2 and len(labels) == len(X):
        raise DataError(f"{path}: {y} has shape {labels.shape}, and labels are ({len(X)},): save {y}.argmax(axis=1)")
    if labels.shape != X.shape[:1]:
        if X.ndim == 2 and labels.shape == X.shape[1:]:
            told = (
                f"examples seem to stand in columns, as in the notes' (n_x, m), and here they stand in rows: save {x}.T"
            )
            raise DataError(f"{path}: {x} is {X.shape} and {y} {labels.shape}: {told}")
        raise DataError(f"{path}: {y} has shape {labels.shape}, and {len(X)} examples need labels of ({len(X)},)")
    wrong = ~(np.abs(X) <= LARGEST)
    if X.ndim == 2 and wrong.any():
        row, column = np.argwhere(wrong)[0]
        found = f"{x} is {X[row, column]} in row {first(wrong)}, column {column}"
        raise DataError(f"{path}: {found}, and numbers are finite, {LARGEST:g} at most")
    if labels.dtype.kind == "f" and (np.abs(labels[np.isfinite(labels)]) > LARGEST).any():
        raise DataError(f"{path}: {y} has numbers of more than {LARGEST:g}, whose squares no float can hold")


def _classes_like(labels: Array, like: Data | None) -> tuple[str, ...]:
    """The names that numbers have elsewhere, where those aren't numbers too."""
    if like is None or labels.dtype.kind not in "iub" or {str(label) for label in labels} <= set(like.classes):
        return ()
    return like.classes


def _features(path: str, X: Array, about: dict[str, Array]) -> tuple[str, ...]:
    if "features" not in about:
        return tuple(f"x{i}" for i in range(1, X.shape[1] + 1))
    features = called(about["features"].reshape(-1))
    if len(set(features)) != X.shape[1]:
        raise DataError(f"{path}: features has {len(set(features))} names, and {X.shape[1]} columns need as many")
    return features
