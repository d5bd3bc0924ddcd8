"""Labelled images: read, checked, split, and flattened to the columns of the notes' X."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


class DataError(ValueError):
    """Data that can't be read or can't be learned from; the message says which and why."""


@dataclass(frozen=True)
class Images:
    """m images of one size with labels 0 and 1.

    `pixels` has shape (m, height, width) or (m, height, width, 3), `labels` (m,); pixels are divided by `brightest`.
    """

    pixels: np.ndarray[Any, Any]
    labels: np.ndarray[Any, Any]
    classes: tuple[str, str]
    brightest: float

    def columns(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """X (n_x, m) with a column for each image, divided by `brightest`, and Y (1, m).

        >>> images = Images(np.full((5, 2, 2, 3), 255), np.array([0, 1, 1, 0, 1]), ("no", "yes"), 255)
        >>> X, Y = images.columns()
        >>> X.shape, Y.shape, X.max()
        ((12, 5), (1, 5), np.float64(1.0))
        """
        m = self.pixels.shape[0]
        return self.pixels.reshape(m, -1).T / self.brightest, self.labels.reshape(1, m).astype(float)

    def split(self, seed: int, part: float = 0.2) -> tuple["Images", "Images"]:
        """Two sets, the second with that part of the images of each class, drawn by the seed."""
        from sklearn.model_selection import train_test_split

        try:
            kept, held_out = train_test_split(
                np.arange(len(self.labels)), test_size=part, random_state=seed, stratify=self.labels
            )
        except ValueError as error:
            raise DataError(f"too few images to hold a part of them out, so give --test-data: {error}") from None
        return self._only(kept), self._only(held_out)

    def _only(self, chosen: np.ndarray[Any, Any]) -> "Images":
        return Images(self.pixels[chosen], self.labels[chosen], self.classes, self.brightest)


def digits(positive: int) -> Images:
    """scikit-learn's 1797 handwritten digits of 8 × 8 pixels from 0 to 16: one digit is class 1, all others class 0."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return Images(found.images, (found.target == positive).astype(int), ("another digit", f"a {positive}"), 1)


def read_hdf5(path: str, part: str) -> Images:
    """The images of a file in the layout of the course's cat pictures; `part` is "train" or "test".

    The sets are `train_set_x` (m, height, width, 3) of 0 … 255, `train_set_y` (m,) of 0 and 1, and `list_classes`.
    Raises `DataError` where the file is missing or holds anything else.
    """
    import h5py

    if not Path(path).is_file():
        raise DataError(f"there is no file {path}")
    names = (f"{part}_set_x", f"{part}_set_y")
    try:
        with h5py.File(path) as file:
            for name in names:
                if not isinstance(file.get(name), h5py.Dataset) or file[name].shape is None:
                    raise DataError(
                        f"{path} has no set {name} that can be read; it has: {', '.join(file) or 'nothing'}"
                    )
            pixels, labels = (np.asarray(file[name]) for name in names)
            classes = np.asarray(file["list_classes"]) if "list_classes" in file else np.array(["0", "1"])
    except OSError as error:
        raise DataError(f"{path} can't be read as HDF5: {error}") from None
    except MemoryError:
        raise DataError(f"{path} is larger than this machine's memory") from None
    _check(path, pixels, labels, names)
    if classes.shape != (2,):
        raise DataError(f"{path} lists classes of shape {classes.shape}, and logistic regression tells 2 classes apart")
    called = [name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in classes.tolist()]
    return Images(pixels, labels.astype(int), (called[0], called[1]), 255)


def _check(path: str, pixels: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], names: tuple[str, str]) -> None:
    x, y = names
    if pixels.dtype.kind not in "uif" or pixels.ndim not in (3, 4) or pixels.size == 0:
        found = f"{pixels.dtype} of shape {pixels.shape}"
        raise DataError(f"{path}: {x} is {found}, and images are numbers of shape (m, height, width, 3)")
    if labels.shape != pixels.shape[:1]:
        raise DataError(
            f"{path}: {y} has shape {labels.shape}, and {len(pixels)} images need labels of ({len(pixels)},)"
        )
    if not np.isfinite(pixels).all():
        raise DataError(f"{path}: {x} has a pixel that is NaN or infinite, in image {_first(~np.isfinite(pixels))}")
    if pixels.dtype.kind == "f" and pixels.max() <= 1:
        raise DataError(f"{path}: {x} has floats up to {pixels.max():g}, already divided by 255; pixels are 0 to 255")
    if pixels.min() < 0 or pixels.max() > 255:
        raise DataError(f"{path}: {x} has values from {pixels.min()} to {pixels.max()}, and pixels are 0 to 255")
    wrong = ~np.isin(labels, (0, 1))
    if wrong.any():
        raise DataError(
            f"{path}: {y} has the label {labels[wrong][0]}, of image {_first(wrong)}, and labels are 0 and 1"
        )


def _first(where: np.ndarray[Any, Any]) -> int:
    return int(np.argwhere(where)[0][0])


def load(data: str | None, test_data: str | None, positive: int | None, seed: int) -> tuple[Images, Images]:
    """The images to train on and those held out: from files, or the digits where no file is given."""
    if data is not None and positive is not None:
        raise DataError(f"--class chooses among the digits, and the labels of {data} say themselves what class 1 is")
    images = digits(positive or 0) if data is None else read_hdf5(data, "train")
    if test_data is None:
        train, test = images.split(seed) if len(set(images.labels.tolist())) == 2 else (images, images)
    else:
        train, test = images, read_hdf5(test_data, "test")
    if len(set(train.labels.tolist())) < 2:
        raise DataError(f"{data}: all images to train on have the label {train.labels[0]}, and two classes are needed")
    if train.pixels.shape[1:] != test.pixels.shape[1:]:
        both = f"{train.pixels.shape[1:]} in {data or 'the digits'} and {test.pixels.shape[1:]} in {test_data}"
        raise DataError(f"images of two sizes: {both}")
    return train, test
