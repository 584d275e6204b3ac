# ruff: noqa: N802 - Qt names these methods
"""How long tests of the window wait, on a machine with much else to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytestqt.qtbot import QtBot

PATIENCE = 60_000
"""Milliseconds that something may take which takes a few on a machine with nothing else to do."""


class PatientBot(QtBot):
    """Waits as long as a busy machine takes, where a test names no time."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE, **options: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitExposed(self, widget: Any, *, timeout: int = PATIENCE) -> Any:
        return super().waitExposed(widget, timeout=timeout)


@dataclass
class Patience:
    """How long a dialog waits for an answer.

    Attributes:
        milliseconds: Until it is given up.
        given_up: The titles of those that nobody has answered.
    """

    milliseconds: int = 2 * PATIENCE
    given_up: list[str] = field(default_factory=list)
