"""The log: a rotating file, and the last lines in memory for reports, with the home folder written as ``~``."""

from __future__ import annotations

import logging
import re
import sys
from collections import deque
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

_BYTES, _FILES = 512 << 10, 3
_KEPT = 120
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_lines: deque[str] = deque(maxlen=_KEPT)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the log line with the home folder replaced by ``~``."""
        return without_home(super().format(record))


class _Memory(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Store the log line."""
        _lines.extend(self.format(record).splitlines())


def start(folder: Path) -> logging.Handler:
    """Log to ``spade-studio.log`` in a folder, which need not exist, and to memory.

    Returns:
        The in-memory handler. Where the folder is not writable, it is the only one.
    """
    handler: logging.Handler = _Memory()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        name, errors = folder / "spade-studio.log", "backslashreplace"
        file = RotatingFileHandler(name, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", delay=True, errors=errors)
        _add(file)
    _add(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.raiseExceptions = False  # a full disk must not flood the terminal
    return handler


def stop() -> None:
    """Close the log."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler.formatter, _Formatter):
            root.removeHandler(handler)
            handler.close()


def last_lines() -> list[str]:
    """Return the last log lines, oldest first."""
    return list(_lines)


def without_home(text: str) -> str:
    """Return a text with the home folder, in every notation of paths, replaced by ``~``."""
    home = str(Path.home())
    if len(home) < 2:
        return text
    for form in {home, home.replace("\\", "/"), home.replace("\\", "\\\\"), home.replace("/", "\\")}:
        text = re.sub(re.escape(form) + r"(?![\w.-])", "~", text, flags=re.IGNORECASE if sys.platform == "win32" else 0)
    return text


def _add(handler: logging.Handler) -> None:
    handler.setFormatter(_Formatter(_FORMAT))
    logging.getLogger().addHandler(handler)


def log_qt_messages() -> None:
    """Log Qt's messages too; they still reach the terminal."""
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
        QtMsgType.QtCriticalMsg: logging.ERROR,
        QtMsgType.QtFatalMsg: logging.CRITICAL,
    }
    logger = logging.getLogger("qt")

    def on_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        logger.log(levels.get(kind, logging.WARNING), "%s", text)
        with suppress(OSError, ValueError, AttributeError):
            print(text, file=sys.stderr)  # noqa: T201 - where Qt itself would have said it

    qInstallMessageHandler(on_message)
