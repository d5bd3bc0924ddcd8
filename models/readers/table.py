"""A table with names of columns, one of which is to be learned from the others."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from models.data import Data, DataError
from models.readers.choices import instead_of, listed
from models.readers.columns import plain
from models.readers.features import are_names, columns_of, encoded, features_of, left_out
from models.readers.frames import read_frame
from models.readers.gaps import with_labels, without_gaps
from models.readers.labels import labelled
from models.readers.likeness import check_columns
from models.readers.reading import AS_GIVEN, Reading

if TYPE_CHECKING:
    import pandas as pd

LIKELY = ("label", "labels", "class", "target", "y", "species", "diagnosis", "survived", "outcome", "category", "price")


def read_table(path: str, options: Reading = AS_GIVEN, like: Data | None = None) -> Data:
    """The columns of a file but that of the label, each row an example.

    Numbers and dates are features as they are, and so is a column of true and false, as 1 and 0; a column of texts has
    a feature for each text, named `colour=red`, which is 1 where that is the text and 0 elsewhere. Columns that are
    empty, that are the same in all rows, that count the rows or that name them are left out, and told in `notes`.
    With data to be `like`, the features are theirs; a text which those don't have is told, and 0 in all of them.
    Raises `DataError` where a column is missing, has gaps, or is none of these.

    >>> import pathlib
    >>> text = "legs,colour,kind\\n4,red,cat\\n2,blue,bird\\n4,blue,cat\\n2,blue,bird"
    >>> _ = pathlib.Path("pets.csv").write_text(text)
    >>> data = read_table("pets.csv", Reading(label="kind"))
    >>> data.features, data.classes
    (('legs', 'colour=blue', 'colour=red'), ('bird', 'cat'))
    >>> data.inputs[0]
    array([4., 0., 1.])
    """
    whole, notes = read_frame(path)
    label = _label(path, whole, options, like)
    _check_there(path, whole, options.drop)
    whole = whole.drop(columns=list(options.drop))
    own = [] if label is None else [label]
    if like is not None:
        columns = list(columns_of(like.features, like.categories))
        _check_there(path, whole, columns, f", from which the model of {like.source} learns")
    else:
        columns = [name for name in whole if name != label]

    frame, told = _plain(path, whole[[*columns, *own]], label)
    notes += told
    if label is not None:
        frame, told = with_labels(path, frame, label, options.missing)
        notes += told
    if like is None:
        inputs, told = _worth_learning(path, frame[columns], options.missing)
        features, categories = features_of(path, inputs)
    else:
        inputs, told = without_gaps(path, frame[columns], options.missing)
        features, categories = like.features, like.categories
        notes += check_columns(path, inputs, like)
    notes += told
    if label is None:
        classes = () if like is None else like.classes
        labels = np.full(len(inputs), -1 if classes else np.nan)
    else:
        labels, classes = labelled(path, label, frame[label][inputs.index].to_numpy(), options.task, like)
    return Data(
        path,
        encoded(inputs, features, categories),
        labels,
        classes,
        features,
        categories,
        names=_names(whole, [*inputs, *own], inputs.index),
        notes=notes,
        made=f"of {len(columns)} column{'s' if len(columns) > 1 else ''}",
        label=label or "",
    )


def _label(path: str, frame: "pd.DataFrame", options: Reading, like: Data | None) -> str | None:
    if options.label is None and like is not None:
        return None
    if options.label is None:
        lower = {name.lower(): name for name in frame}
        likely = next((lower[name] for name in LIKELY if name in lower), frame.columns[-1])
        told = f"such as --label {likely}; {path} has: {listed(frame)}"
        raise DataError(f"a table needs --label COLUMN, the column to be learned, {told}")
    _check_there(path, frame, [options.label])
    if options.label in options.drop:
        raise DataError(f"--drop {options.label} would leave out the label: give another --label, or don't drop it")
    return options.label


def _check_there(path: str, frame: "pd.DataFrame", names: Iterable[str], why: str = "") -> None:
    for name in names:
        if name not in frame:
            raise DataError(f"{path} has no column {name}{why}: {instead_of(name, frame)}")


def _plain(path: str, frame: "pd.DataFrame", label: str | None) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """Each column as numbers, true and false, or texts."""
    import pandas as pd

    columns = {name: plain(path, frame[name], name == label) for name in frame}
    made = pd.DataFrame({name: column for name, (column, _) in columns.items()})
    return made, tuple(told for _, told in columns.values() if told)


def _worth_learning(path: str, frame: "pd.DataFrame", missing: str | None) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """The columns and rows that can be learned from, and what is to be told of the others."""
    reasons = left_out(frame)
    frame, notes = without_gaps(path, frame.drop(columns=list(reasons)), missing)
    reasons |= {name: "the same in all rows" for name in frame if frame[name].nunique() < 2}
    told = tuple(
        f"left out, {why}: {listed([name for name in reasons if reasons[name] == why], 5)}"
        for why in dict.fromkeys(reasons.values())
    )
    frame = frame.drop(columns=[name for name in reasons if name in frame])
    if frame.shape[1] == 0:
        raise DataError(f"{path} has no column to learn from: {'; '.join(told) or 'all were dropped'}")
    return frame, (*told, *notes)


def _names(whole: "pd.DataFrame", used: list[str], rows: "pd.Index") -> tuple[str, ...]:
    """Names of the examples, where a column that isn't used has such."""
    for name in whole.columns.drop(used):
        texts = whole[name].astype(object)
        if whole[name].dtype != bool and are_names(texts) and all(isinstance(value, str) for value in texts):
            return tuple(texts[rows])
    return ()
