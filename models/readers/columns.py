"""What stands in a column of a table, whatever it is stored as: numbers, true and false, or texts."""

from typing import TYPE_CHECKING, Any

import numpy as np

from models.data import DataError
from models.readers.labels import text

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 1e100
"""The square of a larger number, which a standard deviation needs, may be more than a float can hold."""

NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "empty")
TIMES = ("date", "datetime", "datetime64")
TEXTS = ("string", "categorical")
BOOLEANS = {"True": True, "False": False}
"""As pandas reads them, where no blank follows."""


def plain(source: str, column: "pd.Series[Any]", is_label: bool = False) -> tuple["pd.Series[Any]", str]:
    """The column as float64 with NaN for gaps, as bool, or as texts, with gaps as objects, and what is to be told.

    Dates become days since 1970. Raises `DataError`, which names column and row, where it is none of these: a list, a
    number too large, a text among numbers, decimal commas.

    >>> import pandas as pd
    >>> plain("a.csv", pd.Series(["1970-01-02", "1970-01-11"], name="born"))[0].tolist()
    [1.0, 10.0]
    >>> plain("a.csv", pd.Series(["1", "2", "two", "3"], name="rooms"))
    Traceback (most recent call last):
    models.data.DataError: a.csv: column rooms has numbers, and 'two' in row 3 below the names: correct or empty it
    """
    from pandas.api.types import infer_dtype

    name, kind = column.name, infer_dtype(column, skipna=True)
    if kind == "boolean":
        return column.astype(object if column.isna().any() else bool), ""
    if kind in NUMBERS:
        return _numbers(source, column), ""
    if kind in TIMES:
        return _days(column), f"{name}: dates, taken as days since 1970"
    if kind == "timedelta64":
        return column.dt.total_seconds() / 86400, f"{name}: spans of time, taken as days"
    if kind not in TEXTS:
        found = f"holds values of the kind {kind}, and no numbers, texts or dates"
        raise DataError(f"{source}: column {name} {found}: --drop leaves it out")
    texts = column.astype(object).map(lambda value: text(value).strip() or None, na_action="ignore").astype(object)
    if kind == "string":
        if set(texts.dropna()) <= BOOLEANS.keys():
            return texts.map(BOOLEANS).astype(object if texts.isna().any() else bool), ""
        _check_commas(source, texts)
        if _are_dates(texts):
            return _days(texts), f"{name}: dates, taken as days since 1970"
        if not is_label:
            _check_mixture(source, texts)
    return texts, ""


def _numbers(source: str, column: "pd.Series[Any]") -> "pd.Series[Any]":
    numbers = column.astype(float)
    wrong = numbers.abs() > LARGEST
    if wrong.any():
        found = f"{numbers[wrong].iloc[0]:g} in {row(wrong)}"
        raise DataError(f"{source}: column {column.name} has {found}, and numbers are finite, {LARGEST:g} at most")
    return numbers


def _days(column: "pd.Series[Any]") -> "pd.Series[Any]":
    import pandas as pd

    dates = pd.to_datetime(column, utc=True, format="ISO8601")
    return (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(hours=24)


def _are_dates(texts: "pd.Series[Any]") -> bool:
    """Whether each is a day as ISO 8601 writes it, perhaps with a time, and one that there is."""
    import pandas as pd

    there = texts.dropna()
    if there.empty or not there.str.match(r"\d{4}-\d\d-\d\d($|[ T]\d\d:\d\d)").all():
        return False
    return bool(pd.to_datetime(there, utc=True, format="ISO8601", errors="coerce").notna().all())


def _check_commas(source: str, texts: "pd.Series[Any]") -> None:
    there = texts.dropna()
    commas = there[there.str.contains(",", regex=False)]
    if len(commas) and there.str.fullmatch(r"[-+]?\d*(,\d+)?").all():
        found, point = commas.iloc[0], commas.iloc[0].replace(",", ".")
        where = f"row {commas.index[0] + 1} below the names"
        raise DataError(
            f"{source}: column {texts.name} has a comma in its numbers, such as {found} in {where}: write {point}"
        )


def _check_mixture(source: str, texts: "pd.Series[Any]") -> None:
    """A few texts among numbers stand for something that is missing, and would make a category of each number."""
    import pandas as pd

    are_numbers = pd.to_numeric(texts, errors="coerce").notna()
    others = texts[~are_numbers].dropna()
    if are_numbers.sum() > texts.notna().sum() / 2 and 1 <= others.nunique() <= 3:
        where = f"row {others.index[0] + 1} below the names"
        found = f"has numbers, and {others.iloc[0]!r} in {where}"
        raise DataError(f"{source}: column {texts.name} {found}: correct or empty it")


def row(where: "pd.Series[Any]") -> str:
    """The first row in which it holds, as people count: the one below the names of the columns is row 1."""
    return f"row {where.index[np.flatnonzero(where)[0]] + 1} below the names"
