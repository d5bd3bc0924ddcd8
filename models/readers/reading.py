"""How data are to be read: what `--label`, `--size`, `--missing` and the like say."""

from dataclasses import dataclass

from models.data import DataError

TABLE, FOLDER = "a table in a .csv, .tsv or .parquet file", "a folder of pictures"


@dataclass(frozen=True)
class Reading:
    """The options of reading, as the command line gives them; None is an option that was not given.

    >>> Reading(label="species", drop=("id",)).given()
    ['label', 'drop']
    """

    label: str | None = None
    """`--label`: the column of a table that is to be learned. None, beside data to be `like`: rows without labels."""

    drop: tuple[str, ...] = ()
    """`--drop`: columns of a table that are left out."""

    missing: str | None = None
    """`--missing`: where a table has gaps, "refuse" it (as None does), "drop" those rows, or fill in the "mean"."""

    size: int | None = None
    """`--size`: the pictures of a folder become size × size; None is 64, or the size of the data to be `like`."""

    colour: bool = True
    """`--grey` makes it False: the pictures of a folder become (size, size), and not (size, size, 3)."""

    skip_broken: bool = False
    """`--skip-broken`: a picture that can't be read is left out and named, where it would end the reading."""

    part: str = "train"
    """"train" or "test": which sets of a file that may hold both are read."""

    brightest: float = 1
    """What the pixels of scikit-learn's digits, 0 to 16, are divided by; those of other pictures are divided by 255."""

    task: str | None = None
    """"classes" or "number": what the label of a table, or y of an .npz, is to be; None lets the values tell."""

    def given(self) -> list[str]:
        """The fields that the reader of the data set, and that fit only some kinds of data."""
        return [field for field in OPTIONS if getattr(self, field) != getattr(Reading, field)]


OPTIONS = {  # field: the option, and the kind of data that it is for
    "label": ("--label", TABLE),
    "drop": ("--drop", TABLE),
    "missing": ("--missing", TABLE),
    "size": ("--size", FOLDER),
    "colour": ("--grey", FOLDER),
    "skip_broken": ("--skip-broken", FOLDER),
}

AS_GIVEN = Reading()


def refuse_unused(options: Reading, sources: dict[str, str]) -> None:
    """Raise `DataError` for an option that fits none of these sources, {source: what kind of data it is}.

    >>> refuse_unused(Reading(size=32), {"iris": "a set that comes with scikit-learn"})
    Traceback (most recent call last):
    models.data.DataError: --size is for a folder of pictures, and iris is a set that comes with scikit-learn
    """
    for field in options.given():
        option, kind = OPTIONS[field]
        if kind not in sources.values():
            found = " and ".join(f"{source} is {what}" for source, what in sources.items())
            raise DataError(f"{option} is for {kind}, and {found}")
