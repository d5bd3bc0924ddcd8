"""Scopes: a name for the nodes that are made together, such as a layer's, which pictures draw as one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tinygraph.errors import NodeTypeError

SCOPE: ContextVar[tuple[str, ...]] = ContextVar("scope", default=())


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Nodes made inside belong to the layer, model or part of that name; scopes may stand in one another.

    It names a part of a picture and changes nothing else. Raises `NodeTypeError` for a name that is no text.

    >>> import numpy as np, tinygraph as tg
    >>> A = tg.input("X", ("n_x", "m"))
    >>> for layer in (1, 2):
    ...     with tg.scope(f"layer {layer}"):
    ...         A = tg.tanh(tg.parameter(np.eye(3), f"W{layer}", dims=("n_x", "n_x")) @ A)
    >>> A.scope
    ('layer 2',)
    """
    if not isinstance(name, str) or not name:
        raise NodeTypeError(f"a scope's name is a text that isn't empty, not {name!r}")
    token = SCOPE.set((*SCOPE.get(), name))
    try:
        yield
    finally:
        SCOPE.reset(token)
