"""What happens to exceptions that nobody caught: the terminal gets them whole, the person a quiet line, and the program goes on.

It knows no window, only a function that shows a line.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType


def install(tell: Callable[[str], None]) -> None:
    """Send uncaught exceptions of this thread to the terminal and to ``tell``; of other threads to the terminal."""

    def on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        if issubclass(kind, Exception):
            tell(f"Something in the program went wrong ({kind.__name__}: {error}). You can go on and save; the terminal shows the details.")

    def on_thread_exception(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_type is not SystemExit:
            traceback.print_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    sys.excepthook = on_exception
    threading.excepthook = on_thread_exception
