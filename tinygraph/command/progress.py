"""Progress: one line on a terminal that says what is being done, and vanishes; elsewhere nothing."""

from types import TracebackType
from typing import TextIO

WIDE = 20
"""So many signs wide is a bar."""

ERASE = "\r\033[2K"


class Progress:
    """Says on a stream what is being done, while it is done, where the stream is a terminal.

    >>> import sys
    >>> with Progress(sys.stdout) as progress:
    ...     progress.show("checking W", 1, 2)
    """

    def __init__(self, stream: TextIO):
        self._stream = stream if stream.isatty() else None

    def show(self, what: str, done: int = 0, of: int = 0) -> None:
        """Say what is being done now; with a bar, where it is one of several parts."""
        if self._stream:
            full = WIDE * done // of if of else 0
            bar = f"{'█' * full}{'░' * (WIDE - full)} {done}/{of} " if of else ""
            self._stream.write(f"{ERASE}{bar}{what} …")
            self._stream.flush()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._stream:
            self._stream.write(ERASE)
            self._stream.flush()
