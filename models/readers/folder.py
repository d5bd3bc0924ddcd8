"""A folder of pictures with one subfolder a class, whose name is that of the subfolder."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from models.data import Data, DataError
from models.readers.choices import listed
from models.readers.pictures import SUFFIXES, read_picture
from models.readers.reading import AS_GIVEN, Reading

PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}
LITTER = {"thumbs.db", "desktop.ini", "__macosx"}
"""What systems leave in folders; names that start with a dot are passed over too."""


def read_folder(folder: str | Path, options: Reading = AS_GIVEN, like: Data | None = None) -> Data:
    """The pictures below each subfolder, in the order of their names, which no file system changes.

    `inputs` are uint8 of shape (m, size, size, 3), or (m, size, size) without colour, and `names` the files' paths
    within the folder. Size and colour are those of `like`, where the options don't tell. A file which by its suffix is
    no picture is passed over and told in `notes`, as is a broken one with `skip_broken`.
    Raises `DataError` where there are no two classes, a class has no picture, or a picture is broken.

    >>> import PIL.Image
    >>> for name in ("cat", "dog"):
    ...     os.makedirs(f"pets/{name}")
    ...     PIL.Image.new("RGB", (30, 20), "red").save(f"pets/{name}/1.png")
    >>> data = read_folder("pets", Reading(size=8))
    >>> data.inputs.shape, data.classes, data.names
    ((2, 8, 8, 3), ('cat', 'dog'), ('cat/1.png', 'dog/1.png'))
    """
    folder = Path(folder)
    classes = _classes(folder, 2 if like is None else 1)
    files, passed = [], []
    for label, name in enumerate(classes):
        within = list(_files(folder / name))
        pictures = [path for path in within if path.suffix.lower() in SUFFIXES]
        others = [path for path in within if path.suffix.lower() not in SUFFIXES]
        if not pictures:
            found = f", only {listed([path.name for path in others], 5)}" if others else ""
            raise DataError(f"{folder / name} holds no pictures{found}, and each subfolder of {folder} is a class")
        files += [(path, label) for path in pictures]
        passed += others
    size = like.picture[:2] if options.size is None and like and like.picture else (options.size or 64,) * 2
    colour = options.colour and not (like and like.picture and like.picture[2] == 1)

    pixels, chosen, notes = _decoded(folder, files, size, colour, options.skip_broken)
    labels = np.array([files[i][1] for i in chosen], int)
    for label, name in enumerate(classes):
        if label not in labels:
            raise DataError(f"{folder / name} holds no picture that can be read, and each subfolder is a class")
    if passed:
        names = listed([_told(path, folder) for path in passed], 5)
        notes = (f"passed over, since by their suffix they are no pictures: {names}", *notes)
    return Data(
        str(folder),
        pixels,
        labels,
        classes,
        brightest=255,
        names=tuple(_told(files[i][0], folder) for i in chosen),
        notes=notes,
        made=f"squashed to {size[0]} × {size[1]}{'' if colour else ', grey'}",
    )


def _decoded(
    folder: Path, files: list[tuple[Path, int]], size: tuple[int, int], colour: bool, skip_broken: bool
) -> tuple[np.ndarray, list[int], tuple[str, ...]]:
    """The pixels of the pictures that can be read, which those are, and what is to be told of the others."""
    from tqdm import tqdm

    shape = (len(files), *size, 3) if colour else (len(files), *size)
    try:
        pixels = np.empty(shape, np.uint8)
    except (MemoryError, ValueError):
        told = f"{len(files)} pictures of {size[0]} × {size[1]} don't fit into memory"
        raise DataError(f"{folder}: {told}: give a smaller --size than {size[0]}") from None
    chosen: list[int] = []
    broken: list[str] = []
    for i, (path, _) in enumerate(
        tqdm(files, unit=" pictures", leave=False, disable=None if len(files) > 300 else True)
    ):
        try:
            pixels[len(chosen)] = read_picture(path, size, colour)
            chosen.append(i)
        except DataError as error:
            if not skip_broken:
                raise DataError(f"{error}; --skip-broken leaves such files out") from None
            broken.append(f"skipped: {error}")
    count = (f"skipped {len(broken)} of {len(files)} pictures",) if broken else ()
    return pixels[: len(chosen)], chosen, count + tuple(broken)


def _classes(folder: Path, least: int) -> tuple[str, ...]:
    """The names of the subfolders that hold the classes."""
    subfolders = [path for path in sorted(folder.iterdir()) if path.is_dir() and not _is_litter(path.name)]
    # A link to a folder in which this one lies would make all classes one more class.
    subfolders = [path for path in subfolders if not folder.resolve().is_relative_to(path.resolve())]
    names = tuple(path.name for path in subfolders)
    nested = [path for path in subfolders if any(inner.is_dir() for inner in path.iterdir())]
    if names and {name.lower() for name in names} <= PARTS and nested == subfolders:
        apart = " ".join(
            f"{option} {path}" for option, path in zip(("--data", "--test-data"), _ordered(nested), strict=False)
        )
        raise DataError(f"{folder} holds {listed(names)}, which are no classes but hold subfolders: give {apart}")
    if not names:
        raise DataError(f"{folder} has no subfolders, and the pictures of each class belong in a subfolder of its own")
    if len(names) < least:
        inside = f"; did you mean {subfolders[0]}?" if nested else ""
        raise DataError(f"{folder} has one subfolder, {names[0]}, and a subfolder is a class: two are needed{inside}")
    return names


def _ordered(parts: list[Path]) -> list[Path]:
    """What is trained on first."""
    return sorted(parts, key=lambda path: not path.name.lower().startswith("train"))


def _files(subfolder: Path) -> Iterator[Path]:
    """All files below, in the order of their paths; linked folders, which may lead in a circle, are not entered."""

    def refuse(error: OSError) -> None:
        raise error

    found = []
    for top, folders, names in os.walk(subfolder, onerror=refuse):
        folders[:] = [name for name in folders if not _is_litter(name)]
        found += [Path(top, name) for name in names if not _is_litter(name)]
    return iter(sorted(found))


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in LITTER


def _told(path: Path, folder: Path) -> str:
    """A path within the folder as a text that can be printed; a name may hold bytes that are no text."""
    return path.relative_to(folder).as_posix().encode(errors="replace").decode()
