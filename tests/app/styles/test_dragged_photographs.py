"""Photographs that are dragged over the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from spade_studio.app.shell.main_window import MainWindow

Wait = Callable[[Callable[[], bool]], None]
SavePhoto = Callable[..., Path]
LEFT = Qt.MouseButton.LeftButton


def test_what_is_dragged_over_the_window_is_decoded_when_it_is_dropped_and_not_on_this_thread(
    window: MainWindow, wait: Wait, save_photo: SavePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def open_picture(file: Any, *arguments: Any, **options: Any) -> Any:
        if options.get("formats") == ("PNG",):  # what is kept of it is a JPEG
            threads.append(threading.current_thread())
        return real(file, *arguments, **options)

    real = Image.open
    monkeypatch.setattr("PIL.Image.open", open_picture)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(save_photo("lake.png")))])
    copy, keys, place = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier, QPoint(5, 5)
    for event in (QDragEnterEvent(place, copy, data, LEFT, keys), QDragMoveEvent(place, copy, data, LEFT, keys)):
        QApplication.sendEvent(window, event)
        assert event.isAccepted()
    assert threads == []
    QApplication.sendEvent(window, QDropEvent(QPointF(place), copy, data, LEFT, keys))
    wait(lambda: window.styles.style.label == "lake")
    assert threads
    assert threading.main_thread() not in threads
