"""Gaps in a table, which no model can learn from: refused, left out with their rows, or filled in."""

from typing import TYPE_CHECKING

from models.data import DataError
from models.readers.choices import listed

if TYPE_CHECKING:
    import pandas as pd

MISSING = "(missing)"
"""The category that a gap among texts becomes."""


def without_gaps(source: str, frame: "pd.DataFrame", missing: str | None) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """The frame without gaps, and what became of them.

    With "drop" the rows that have any are left out. With "mean" a gap among texts is a category of its own, and one
    among numbers stays NaN: `Scaling` puts the mean there, and that is one of the training examples alone.
    Raises `DataError`, which names columns and rows, where there are gaps and `missing` is None or "refuse".

    >>> import pandas as pd
    >>> without_gaps("a.csv", pd.DataFrame({"age": [1, None, 3]}), None)
    Traceback (most recent call last):
    models.data.DataError: a.csv has gaps, age in 1 row (2): --missing drop leaves out rows with gaps, ...
    >>> without_gaps("a.csv", pd.DataFrame({"age": [1, None, 3]}), "drop")[1]
    ('left out 1 of 3 rows, since they have gaps: age in 1 row (2)',)
    """
    gaps = frame.isna()
    told = listed([_told(name, gaps[name]) for name in frame if gaps[name].any()], 8)
    if not gaps.any(axis=None):
        return frame, ()
    if missing == "mean":
        texts = [name for name in frame if frame[name].dtype.kind == "O"]
        return frame.fillna(dict.fromkeys(texts, MISSING)), (
            f"filled gaps, with the mean or as the category {MISSING}: {told}",
        )
    if missing == "drop":
        is_whole = ~gaps.any(axis=1)
        if not is_whole.any():
            raise DataError(f"{source} has a gap in each of its rows, {told}: --missing mean fills them")
        whole = frame[is_whole].copy()
        for name in whole:
            if all(isinstance(value, bool) for value in whole[name]):
                whole[name] = whole[name].astype(bool)  # they were objects, since a gap is none of the two
        return whole, (f"left out {(~is_whole).sum()} of {len(frame)} rows, since they have gaps: {told}",)
    remedy = "--missing drop leaves out rows with gaps, --missing mean takes the mean of the column, or for texts the"
    raise DataError(f"{source} has gaps, {told}: {remedy} category {MISSING}")


def with_labels(
    source: str, frame: "pd.DataFrame", label: str, missing: str | None
) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """The rows that have a label, which nothing can be put in place of; the others are told, or refused.

    >>> import pandas as pd
    >>> with_labels("a.csv", pd.DataFrame({"kind": ["cat", None]}), "kind", "mean")[1]
    ('left out 1 of 2 rows, since they have no label: kind in 1 row (2)',)
    """
    gaps = frame[label].isna()
    if not gaps.any():
        return frame, ()
    told = _told(label, gaps)
    if gaps.all():
        raise DataError(f"{source} has no labels: the column {label} is empty")
    if missing in ("drop", "mean"):
        return frame[~gaps], (f"left out {gaps.sum()} of {len(frame)} rows, since they have no label: {told}",)
    raise DataError(f"{source} has rows without a label, {told}: --missing drop leaves them out")


def _told(name: str, gaps: "pd.Series[bool]") -> str:
    """How many rows have a gap, and which are the first; the row below the names is row 1."""
    rows = [index + 1 for index in gaps.index[gaps][:3]]
    count = int(gaps.sum())
    more = ", …" if count > len(rows) else ""
    return f"{name} in {count} row{'s' if count > 1 else ''} ({', '.join(map(str, rows))}{more})"
