"""What goes wrong, by kind: each error is a `TinygraphError` and the built-in that fits."""


class TinygraphError(Exception):
    """The base of every error that tinygraph raises on purpose; `has_line` where it tells the line that it is about."""

    has_line = False


class ShapeError(TinygraphError, ValueError):
    """Shapes that don't fit together, found when the line is written."""


class FeedError(TinygraphError, ValueError):
    """A value that is missing, fed twice, fed to nobody, or of another shape."""


class DtypeError(TinygraphError, TypeError):
    """Values that are not numbers, or that a dtype can't hold without loss."""


class NodeTypeError(TinygraphError, TypeError):
    """A node where a number is needed, or a NumPy function that has no op."""


class ImmutableError(TinygraphError, AttributeError):
    """An attempt to change a node: a node never changes."""


class EvaluationError(TinygraphError, ValueError):
    """A step that NumPy could not compute from the values it got."""


class GradientError(TinygraphError, ValueError):
    """A derivative that doesn't exist, or that is wrong."""


class DrawError(TinygraphError, ValueError):
    """A picture that can't be drawn."""


class StorageError(TinygraphError, ValueError):
    """Parameters that can't be saved, or a file that doesn't hold any."""


class FolderError(TinygraphError, FileNotFoundError):
    """A file that can't be written, because its folder doesn't exist."""


class BackendError(TinygraphError, ValueError):
    """A graph, or a machine, on which a backend can't run."""


class NonFiniteWarning(RuntimeWarning):
    """A node whose value became inf or NaN, named with the place and the cause."""


class BroadcastWarning(UserWarning):
    """Shapes that fit together to something that is seldom meant: (n,) and (n, 1) to (n, n)."""
