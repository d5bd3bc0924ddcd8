"""The weights of examples, as scikit-learn checks them."""

from typing import Any

from sklearn.utils.validation import _check_sample_weight

from models.estimators.programs import Array


def weights(sample_weight: Any, rows: Array) -> Array:
    """A weight (m,) for each of the rows (m, n_x), in their dtype: 1 where `sample_weight` is None.

    Raises `ValueError` where one is negative or no number, where all are 0, and where there are not m of them.

    >>> import numpy as np
    >>> weights([1, 2], np.zeros((2, 3), np.float32))
    array([1., 2.], dtype=float32)
    """
    s = _check_sample_weight(sample_weight, rows, dtype=rows.dtype, ensure_non_negative=True)
    if not s.any():  # which scikit-learn 1.7 lets pass
        raise ValueError("sample_weight is zero for all examples: one must weigh more")
    return s
