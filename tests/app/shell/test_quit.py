"""Ending without a question, as the system asks: nothing is lost, nothing is asked."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from spade_studio.app.documents.sessions import left_documents
from spade_studio.app.shell import canvas_wiring
from spade_studio.app.startup.quit_signals import QuitSignals


def test_unsaved_changes_are_kept_for_the_next_start(window, hand, settings):
    hand.stroke((20, 20), (60, 60))
    painted = window.document.labels.copy()
    window.desktop.show_about()
    window.desktop.leave()
    assert not window.isVisible()
    # The process ends now, which lets go of its locks; here it lives on.
    window.documents.autosave._session._lock.release()
    (left,) = left_documents(settings.state_folder / "unsaved")
    assert left.name == "Mountain lake"
    assert window.files.restore(left.path, left.name, left.origin)
    np.testing.assert_array_equal(window.document.labels, painted)
    left.discard()


def test_a_window_that_asks_about_changes_just_now_closes_too(window, hand, settings, qtbot):
    hand.stroke((20, 20), (60, 60))
    asked: list[object] = []

    def leave() -> None:
        asked.append(QApplication.activeModalWidget())
        window.desktop.leave()

    QTimer.singleShot(200, leave)
    window.close()
    assert isinstance(asked[0], QMessageBox)
    assert not window.isVisible()
    window.documents.autosave._session._lock.release()
    (left,) = left_documents(settings.state_folder / "unsaved")
    left.discard()


def test_without_changes_nothing_is_left(window, settings):
    window.desktop.leave()
    assert not window.isVisible()
    assert left_documents(settings.state_folder / "unsaved") == []


def test_a_photograph_that_is_being_read_is_given_up(window, monkeypatch, tmp_path):
    hold, begun = threading.Event(), threading.Event()

    def read(_path: Path) -> np.ndarray:
        begun.set()
        hold.wait(20)
        return np.zeros((8, 8, 3), np.uint8)

    def leave() -> None:
        assert begun.wait(20)
        window.desktop.leave()

    monkeypatch.setattr(canvas_wiring, "read_style_image", read)
    QTimer.singleShot(0, leave)
    window.painting.load_underlay(tmp_path / "lake.jpg")
    assert not window.isVisible()
    assert not hold.is_set(), "it was not waited for"
    hold.set()
    assert window.document.underlay is None


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_signal_is_told_and_handlers_come_back(qtbot):
    before = signal.getsignal(signal.SIGTERM)
    signals = QuitSignals()
    with qtbot.waitSignal(signals.asked):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # a second one ends a process that hangs
    signals.close()
    assert signal.getsignal(signal.SIGTERM) == before
