"""What holds of pixels and of labels that come as arrays, whichever file they come from."""

from typing import Any

import numpy as np

from models.data import DataError

Array = np.ndarray[Any, Any]


def check_pixels(source: str, name: str, pixels: Array) -> None:
    """Raise `DataError` unless they are numbers from 0 to 255, (m, height, width, 3) or (m, height, width).

    >>> check_pixels("cats.h5", "train_set_x", np.full((2, 4, 4, 3), 300))
    Traceback (most recent call last):
    models.data.DataError: cats.h5: train_set_x has values from 300 to 300, and pixels are 0 to 255
    """
    is_picture = pixels.ndim == 3 or (pixels.ndim == 4 and pixels.shape[3] == 3)
    if pixels.dtype.kind not in "uif" or not is_picture or pixels.size == 0:
        found = f"{pixels.dtype} of shape {pixels.shape}"
        raise DataError(f"{source}: {name} is {found}, and images are numbers of shape (m, height, width, 3)")
    if not np.isfinite(pixels).all():
        raise DataError(f"{source}: {name} has a pixel that is NaN or infinite, in image {first(~np.isfinite(pixels))}")
    if pixels.dtype.kind == "f" and pixels.max() <= 1:
        raise DataError(
            f"{source}: {name} has floats up to {pixels.max():g}, already divided by 255; pixels are 0 to 255"
        )
    if pixels.min() < 0 or pixels.max() > 255:
        raise DataError(f"{source}: {name} has values from {pixels.min()} to {pixels.max()}, and pixels are 0 to 255")


def check_numbers_of_classes(source: str, name: str, labels: Array, classes: int) -> None:
    """Raise `DataError` unless each label is one of 0, 1, …, classes - 1.

    >>> check_numbers_of_classes("cats.h5", "train_set_y", np.array([0, 1, 2]), 2)
    Traceback (most recent call last):
    models.data.DataError: cats.h5: train_set_y has the label 2, of image 2, and labels are 0 and 1
    """
    wrong = ~np.isin(labels, np.arange(classes))
    if wrong.any():
        allowed = "0 and 1" if classes == 2 else f"0 to {classes - 1}"
        raise DataError(
            f"{source}: {name} has the label {labels[wrong][0]}, of image {first(wrong)}, and labels are {allowed}"
        )


def check_they_differ(source: str, labels: Array, what: str, needed: str = "two classes are needed") -> None:
    """Raise `DataError` where all examples to train on have the same label.

    >>> check_they_differ("cats.csv", np.array(["cat", "cat"]), "rows")
    Traceback (most recent call last):
    models.data.DataError: cats.csv: all rows to train on have the label cat, and two classes are needed
    """
    if (labels == labels[0]).all():
        raise DataError(f"{source}: all {what} to train on have the label {labels[0]}, and {needed}")


def first(where: Array) -> int:
    """The number of the first example in which it holds."""
    return int(np.argwhere(where)[0][0])


def called(names: Array) -> tuple[str, ...]:
    """Names of classes as texts; HDF5 has them as bytes.

    >>> called(np.array([b"non-cat", b"cat"]))
    ('non-cat', 'cat')
    """
    return tuple(name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in names.tolist())
