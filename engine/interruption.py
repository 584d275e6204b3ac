"""Long reading that a person may give up: who starts it says when, and the readers of pictures look between blocks of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import BinaryIO, Final

BLOCK: Final = 1 << 14
"""Bytes of a packed picture between two looks: unpacked they are 16 million pixels at most."""


def _go_on() -> None:
    pass


_current: ContextVar[Callable[[], object]] = ContextVar("check", default=_go_on)


@contextmanager
def interruptible(check: Callable[[], object]) -> Generator[None]:
    """Have what is read in the block, on this thread, call a function again and again; what that raises ends the reading."""
    token = _current.set(check)
    try:
        yield
    finally:
        _current.reset(token)


def check() -> None:
    """Call what :func:`interruptible` was given last; nothing happens outside of such blocks."""
    _current.get()()


class Watched:
    """A file, open for binary reading, that calls :func:`check` at every reading.

    Args:
        file: What is read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """As of files."""
        check()
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of files."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of files."""
        return self._file.tell()
