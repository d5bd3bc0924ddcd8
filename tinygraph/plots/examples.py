"""Examples of one feature in two classes, made up where the reader gives none."""

from typing import Any

import numpy as np

from tinygraph.errors import FeedError, ShapeError
from tinygraph.feeds import Array, to_array

X = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 8.0)
Y = (0, 0, 0, 0, 1, 0, 1, 1, 1, 1)


def examples(x: Any, y: Any) -> tuple[Array, Array]:
    """x and y as arrays (m,) of floats; ten made-up examples, whose classes overlap, where both are None.

    Raises `FeedError` where only one is given, a number is not finite, a label is neither 0 nor 1, or all examples have
    the same x; `ShapeError` where they are no two rows of the same length.

    >>> examples([1, 2], [0, 1])
    (array([1., 2.]), array([0., 1.]))
    """
    if (x is None) != (y is None):
        raise FeedError(f"{'x' if x is None else 'y'} is missing: give both x and y, or neither for made-up examples")
    if x is None:
        x, y = X, Y
    x, y = to_array(x, "x").astype(float), to_array(y, "y").astype(float)
    if x.ndim != 1 or x.shape != y.shape:
        raise ShapeError(f"x has shape {x.shape} and y {y.shape}, where both must be (m,): say array.ravel() for a row")
    if not np.isfinite(x).all() or len(np.unique(x)) < 2:
        raise FeedError("x must hold finite numbers, at least two of them different: there is nothing to fit otherwise")
    if not np.isin(y, (0, 1)).all():
        raise FeedError(f"y holds {y[~np.isin(y, (0, 1))][0]:g}, where a label is 0 or 1: write (y > threshold)")
    return x, y


def standardized(x: Array, examples: Array) -> Array:
    """How many standard deviations each x lies above the mean of the examples."""
    return (x - examples.mean()) / examples.std()
