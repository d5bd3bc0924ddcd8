"""Files of tables, CSV, TSV and Parquet, as pandas' frames whose columns have names, each of its own."""

import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.data import DataError
from models.readers.choices import listed

if TYPE_CHECKING:
    import pandas as pd

TEXTS = {".csv": ",", ".tsv": "\t", ".txt": ","}
PARQUET = (".parquet", ".pq")
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def suffix(path: str | Path) -> str:
    """What a file's name says it is; that it is packed too doesn't matter.

    >>> suffix("a.CSV"), suffix("a.csv.gz"), suffix("a.h5")
    ('.csv', '.csv', '.h5')
    """
    *_, last = ["", *(part.lower() for part in Path(path).suffixes if part.lower() not in PACKED)]
    return last


def read_frame(path: str) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """The table as a frame whose rows are numbered from 0, and what is to be told of how it was read.

    Cells are separated by what the suffix says, or by what the names of the columns are separated by. Empty cells, `?`
    and what pandas takes for missing become NaN.
    Raises `DataError` where that can't be: another encoding, rows of unequal length, no names, names that come twice.
    """
    import pandas as pd

    try:
        frame, notes = _text(path) if suffix(path) in TEXTS else _parquet(path)
    except (DataError, FileNotFoundError):
        raise
    except UnicodeError:
        raise DataError(f"{path} isn't written in UTF-8: save it so, in a spreadsheet as “CSV UTF-8”") from None
    except MemoryError:
        raise DataError(f"{path} is larger than this machine's memory") from None
    except pd.errors.ParserWarning:
        raise DataError(f"{path} has more cells in its rows than names in its first line") from None
    except Exception as error:  # pyarrow, zlib and pandas each have kinds of their own
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ").replace("\n", " ")
        raise DataError(f"{path} can't be read as a table: {reason}") from None
    if frame.shape[1] == 1:
        told = " or ".join(SEPARATORS.values())
        raise DataError(
            f"{path} has one column, {_short(frame.columns[0])}, and a table has two or more, separated by {told}"
        )
    if len(frame) == 0:
        raise DataError(f"{path} has names of columns, and no rows below them")
    return frame, notes


def _parquet(path: str) -> tuple["pd.DataFrame", tuple[str, ...]]:
    import pandas as pd

    frame = pd.read_parquet(path)
    names = [str(name) for name in frame.columns]
    _check_names(path, names)
    return frame.set_axis(names, axis=1).reset_index(drop=True), ()


def _text(path: str) -> tuple["pd.DataFrame", tuple[str, ...]]:
    import pandas as pd

    separator = TEXTS[suffix(path)]
    names = _names(path, separator)
    if len(names) == 1:
        separator = max(SEPARATORS, key=lambda other: len(_names(path, other)))
        names = _names(path, separator)
    _check_names(path, names)
    how: dict[str, Any] = {"sep": separator, "header": 0, "names": names, "index_col": False, "encoding": "utf-8-sig"}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # that cells are lost
        frame = pd.read_csv(path, na_values=["?"], skipinitialspace=True, low_memory=False, **how)
    is_odd = separator != TEXTS[suffix(path)] and len(names) > 1
    return frame, (f"cells are separated by {SEPARATORS[separator]}",) if is_odd else ()


def _names(path: str, separator: str) -> list[str]:
    """The first line's cells as they stand: pandas itself would rename those that come twice."""
    import pandas as pd

    how: dict[str, Any] = {"sep": separator, "header": None, "nrows": 1, "dtype": str, "encoding": "utf-8-sig"}
    try:
        first = pd.read_csv(path, keep_default_na=False, index_col=False, **how)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path} is empty") from None
    return [str(name).strip() or f"Unnamed: {i}" for i, name in enumerate(first.iloc[0])]


def _check_names(path: str, names: list[str]) -> None:
    numbers = [float(name) for name in names if _is_number(name)]
    are_counted = numbers == [numbers[0] + i for i in range(len(numbers))] if numbers else False
    if len(numbers) > len(names) / 2 and not are_counted:  # 0, 1, 2, … are what pandas calls columns without names
        told = f"{listed(names, 4)}, where the names of the columns belong: write a line of names above it"
        raise DataError(f"{path} has numbers in its first line, {told}")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{path} has two columns called {twice[0]}: give each a name of its own")


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return name.lower() not in ("nan", "inf", "infinity")


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:60]}…"
