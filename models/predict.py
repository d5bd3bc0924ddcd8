"""`python -m models.predict out/model.npz FILES…`: a trained model's answers to pictures or rows."""

# PYTHON_ARGCOMPLETE_OK: Tab completes the options of its command

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from models.data import Data, DataError
from models.readers.frames import PARQUET, TEXTS
from models.restored import Restored
from models.saved import SavedError
from tinygraph.notation import columns
from tinygraph.options import Parser, nobody_reads
from tinygraph.table import printable

TABLES = (*TEXTS, *PARQUET)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0, or 2 where the model or a file can't be read."""
    parser = Parser(
        prog="python -m models.predict",
        description="Tell the classes, or the numbers, of new examples by a trained model.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="what training wrote, such as out/model.npz")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="pictures, folders of them, or tables")
    parser.add_argument(
        "--skip-broken", action="store_true", help="leave out pictures that can't be read, and name them"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, and nothing else")
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen)
    except BrokenPipeError:
        return nobody_reads()
    except (SavedError, DataError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _run(chosen: argparse.Namespace) -> int:
    restored = Restored.of(chosen.model)
    examples = list(_examples(restored, chosen.files, chosen.skip_broken))
    found = {printable(name): answer for data in examples for name, answer in _named(data, restored.answers(data))}
    if not found:
        raise DataError("none of the files could be read")
    classes = restored.about["classes"]
    if chosen.json:
        told = {name: dict(zip(classes, p.tolist(), strict=True)) if classes else float(p) for name, p in found.items()}
        print(json.dumps(told))
    elif classes:
        are_probabilities = restored.recipe.tells_probabilities
        told = [f"{100 * p.max():.1f} %" if are_probabilities else f"{p.max():.3g}" for p in found.values()]
        guesses = [classes[np.argmax(p)] for p in found.values()]
        head = ("example", "class", "probability" if are_probabilities else "answer")
        print(columns([head, *zip(found, guesses, told, strict=True)]))
    else:
        print(columns([("example", "number"), *((name, f"{number:g}") for name, number in found.items())]))
    return 0


def _examples(restored: Restored, files: Sequence[Path], skip_broken: bool) -> Iterator[Data]:
    """What is in the files, read as the examples were that the model learned from."""
    for path in chain.from_iterable(sorted(file.iterdir()) if file.is_dir() else [file] for file in files):
        if restored.about["picture"] is None:
            try:
                data = restored.table(path)
            except DataError as error:
                raise DataError(f"the model was trained on a table: {error}") from None
            for note in data.notes:
                print(note, file=sys.stderr)
            yield data
            continue
        if path.suffix.lower() in TABLES:
            raise DataError(f"the model was trained on pictures, and {path} is a table")
        try:
            yield restored.picture(path)
        except DataError as error:
            if not skip_broken:
                raise DataError(f"{error}; --skip-broken leaves it out") from None
            print(f"left out: {error}", file=sys.stderr)


def _named(data: Data, answers: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each answer with the file of its picture, or with its row."""
    names = data.names if data.are_pictures else [f"{data.source}, row {i}" for i in range(1, len(data) + 1)]
    return zip(names, answers, strict=True)


if __name__ == "__main__":
    raise SystemExit(main())
