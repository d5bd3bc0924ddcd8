"""Models, one a file, each run from a checkout: `python -m models.logistic_regression`; and as scikit-learn has them.

>>> from models import LogisticRegression
>>> LogisticRegression(C=0.5)
LogisticRegression(C=0.5)
"""

import importlib
from typing import Any

__all__ = ["LinearRegression", "LogisticRegression", "MLPClassifier"]


def __getattr__(name: str) -> Any:
    # scikit-learn takes a second to import, for which no command that does without it shall wait.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module("models.estimators"), name)
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] not in ("sklearn", "scipy"):
            raise
        message = f"models.{name} needs scikit-learn, which is not installed: pip install '.[models]' brings it"
        raise ImportError(message, name=missing.name) from missing
