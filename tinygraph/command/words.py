"""`tinygraph ops`: the words that a line may use."""

import inspect
import re
from typing import Any

from tinygraph.command.answer import Answer
from tinygraph.command.progress import Progress
from tinygraph.lines.words import ATTRIBUTES, CONSTANTS, FUNCTIONS, METHODS
from tinygraph.notation import columns


def ops(options: Any, progress: Progress) -> Answer:  # noqa: ARG001
    """List the functions, methods and constants that lines may use."""
    found = {
        name: sentence(function)
        for name, function in sorted(FUNCTIONS["tg"].items())
        if options.word.casefold() in name.casefold()
    }
    others = {
        "NumPy's names": sorted(f"np.{name}" for name in FUNCTIONS["np"] if name not in FUNCTIONS["tg"]),
        "methods": sorted(f".{name}" for name in METHODS | ATTRIBUTES),
        "constants": sorted(CONSTANTS),
    }
    if options.word:
        others = {kind: [name for name in names if options.word in name] for kind, names in others.items()}
    lines = [f"{kind}: {', '.join(names)}" for kind, names in others.items() if names]
    text = "\n".join(filter(None, [columns(list(found.items())) if found else "", *lines]))
    missing = f"no function, method or constant has {options.word!r} in its name"
    return Answer(text or missing, {"functions": found, **others})


def sentence(function: Any) -> str:
    """The first sentence that is said of a function.

    >>> import tinygraph as tg
    >>> sentence(tg.relu)
    'max(x, 0) element by element; its derivative at 0 is 0, as in PyTorch and JAX.'
    """
    text = re.split(r"\n\s*\n", inspect.getdoc(function) or "")[0]
    return " ".join(text.split()).replace("`", "")
