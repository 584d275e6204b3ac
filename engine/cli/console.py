"""Output of the command line, without control characters: results on stdout, all else on stderr, around a progress bar."""

from __future__ import annotations

import os
import sys
from typing import NoReturn, TextIO

from tqdm import tqdm

from spade_studio.engine.printable import printable


class Console:
    """The output of a command.

    Args:
        quiet: Whether to write errors and results only.
        speaker: Prefix of all lines but results, such as ``[1/4]`` where several processes share a terminal.
    """

    def __init__(self, quiet: bool = False, speaker: str = "") -> None:
        self.quiet = quiet
        self.speaker = speaker

    def result(self, text: str) -> None:
        """Write a result to stdout."""
        _write(sys.stdout, text)

    def summary(self, text: str) -> None:
        """Write a closing line to stdout, unless quiet."""
        if not self.quiet:
            self.result(f"{self.speaker} {text}" if self.speaker else text)

    def note(self, text: str) -> None:
        """Write a remark to stderr, unless quiet."""
        if not self.quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """Write an error to stderr."""
        _write(sys.stderr, f"{self.speaker} {text}" if self.speaker else text)

    def progress(self, total: int, shown: bool) -> tqdm[NoReturn]:
        """Return a progress bar on stderr with rate and remaining time; invisible when quiet or without a terminal."""
        visible = shown and not self.quiet and sys.stderr.isatty()
        known = _has_size(sys.stderr)
        return tqdm(
            total=total,
            unit=" pictures",
            file=sys.stderr,
            disable=not visible,
            smoothing=0.1,
            dynamic_ncols=known,
            ncols=None if known else 80,
            nrows=None if known else 24,
        )


def _has_size(stream: TextIO) -> bool:
    """Whether a terminal tells its size; some say 0 columns and rows, where tqdm would show nothing."""
    try:
        return os.get_terminal_size(stream.fileno()).columns > 0
    except (OSError, ValueError):
        return False


def _write(stream: TextIO, text: str) -> None:
    """Write a line above the progress bar, if there is one; what the stream's encoding lacks becomes a question mark."""
    encoding = stream.encoding or "utf-8"
    tqdm.write(printable(text).encode(encoding, "replace").decode(encoding), file=stream)
    stream.flush()
