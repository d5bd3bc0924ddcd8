"""What is said of a name that isn't there: the one that was likely meant, and those that are."""

import difflib
from collections.abc import Iterable

MOST = 20


def listed(names: Iterable[object], most: int = MOST) -> str:
    """The names in a row; of very many the first, and how many more there are.

    >>> listed("abcde", most=3)
    'a, b, c and 2 more'
    """
    texts = [str(name) for name in names]
    shown = ", ".join(texts[:most]) or "none"
    return f"{shown} and {len(texts) - most} more" if len(texts) > most else shown


def instead_of(name: str, names: Iterable[str]) -> str:
    """The remedy for a wrong name.

    >>> instead_of("specis", ["petal", "species"])
    'did you mean species? There are: petal, species'
    """
    known = list(names)
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return (f"did you mean {by_lower[near[0]]}? There are: " if near else "there are: ") + listed(known)
