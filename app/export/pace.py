"""Progress rate and remaining time, estimated from the most recent items."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from spade_studio.app.ui.plain import number_text

_REMEMBERED = 20


class Pace:
    """Moving rate over the most recent items.

    Args:
        clock: Monotonic clock in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=_REMEMBERED)
        self.restart()

    def restart(self) -> None:
        """Reset the measurement, such as after a pause."""
        self._times.clear()
        self._times.append(self._clock())

    def count(self) -> None:
        """Count one finished item."""
        self._times.append(self._clock())

    @property
    def rate(self) -> float:
        """Items per second; 0 while unknown."""
        passed = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / passed if passed > 0 else 0.0

    def remaining(self, left: int) -> float | None:
        """Return the estimated seconds for ``left`` more items; None while unknown."""
        return left / self.rate if self.rate else None


def describe_pace(text: str, done: int, total: int, pace: Pace) -> str:
    """Return ``12 of 50 pictures · 2.3 a second · about 17 s left``.

    Args:
        text: First part, with a placeholder ``{done}``.
        done: Number of finished items.
        total: Total number of items.
        pace: Measured rate.
    """
    translate = QCoreApplication.translate
    text = text.format(done=number_text(done))
    seconds = pace.remaining(total - done)
    if seconds is None or done >= total:
        return text
    if pace.rate >= 0.5:
        speed = translate("Pace", "{:.1f} a second").format(pace.rate)
    else:
        speed = translate("Pace", "{:.0f} s each").format(1 / pace.rate)
    return translate("Pace", "{} · {} · about {} left").format(text, speed, describe_seconds(seconds))


def describe_seconds(seconds: float) -> str:
    """Return ``17 s``, ``3 min`` or ``2 h 5 min``."""
    translate = QCoreApplication.translate
    if seconds < 60:
        return translate("Pace", "{} s").format(max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return translate("Pace", "{} min").format(minutes)
    return translate("Pace", "{} h {} min").format(minutes // 60, minutes % 60)
