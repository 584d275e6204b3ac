"""SIGINT, SIGTERM and SIGHUP as a Qt signal, since Python runs its signal handlers only while the interpreter is executing."""

from __future__ import annotations

import signal
import socket
import threading
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class QuitSignals(QObject):
    """Watches for signals until closed; a second signal has its default effect and ends the process."""

    asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before: dict[int, object] = {}
        if threading.current_thread() is not threading.main_thread():
            return
        self._here, self._there = socket.socketpair()
        for end in (self._here, self._there):
            end.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._here.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_byte)
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # keep signals ignored by nohup
                self._before[number] = signal.signal(number, self._on_signal)

    def close(self) -> None:
        """Restore the previous signal handlers."""
        if not self._before:
            return
        self._give_back()
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._wakeup)
        self._here.close()
        self._there.close()

    def _give_back(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # pyright: ignore[reportArgumentType] - what signal.signal gave back
        self._before = {}

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Do nothing: Python must have a handler to write to the wakeup descriptor."""

    def _on_byte(self) -> None:
        data = self._here.recv(64)
        if any(number in data for number in self._before):
            for number in self._before:
                signal.signal(number, signal.SIG_DFL)
            self.asked.emit()
