"""Cancellation of long reads: a check that readers of pictures call between blocks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import BinaryIO, Final

BLOCK: Final = 1 << 14
"""Number of bytes of compressed data between two checks; they hold at most 16 million pixels."""


def _go_on() -> None:
    pass


_current: ContextVar[Callable[[], object]] = ContextVar("check", default=_go_on)


@contextmanager
def interruptible(check: Callable[[], object]) -> Generator[None]:
    """Return a context in which readers on this thread call ``check`` repeatedly; an exception from it ends the reading."""
    token = _current.set(check)
    try:
        yield
    finally:
        _current.reset(token)


def check() -> None:
    """Call the check of the innermost :func:`interruptible` block; do nothing outside of one."""
    _current.get()()


class Watched:
    """A binary file that calls :func:`check` on each read.

    Args:
        file: File open for binary reading.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """See :class:`io.BufferedReader`."""
        check()
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """See :class:`io.BufferedReader`."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """See :class:`io.BufferedReader`."""
        return self._file.tell()
