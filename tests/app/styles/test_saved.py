"""A style is a part of the document: another one is a change to save, but not where the application set it itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from spade_studio.app.documents import archive
from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.app.shell.main_window import MainWindow

Wait = Callable[[Callable[[], bool]], None]


def test_another_style_is_a_change_until_it_is_saved_or_taken_back(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    first = window.styles.style
    assert not window.isWindowModified()
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    assert window.isWindowModified()
    assert window.document.is_modified
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.styles.style.is_same(first)
    assert not window.isWindowModified()
    window.styles.controller.set_strength(0.5)
    assert window.isWindowModified()
    assert window.files.save_path(tmp_path / "lake.ora")
    assert not window.isWindowModified()
    window.styles.controller.set_strength(1)
    assert window.isWindowModified()  # what was before is no longer what the file has


def test_strokes_and_styles_are_undone_in_their_order(window: MainWindow) -> None:
    first = window.styles.style
    document = window.document
    document.begin_stroke("brush").fill(1, 1, 20)
    document.end_stroke()
    window.styles.adopt(5)
    document.undo_stack.undo()
    assert window.styles.style.is_same(first)
    assert document.is_modified
    document.undo_stack.undo()
    assert not document.is_modified


def test_opening_a_document_or_a_sample_is_no_change(window: MainWindow, tmp_path: Path) -> None:
    window.styles.adopt(np.ones(8, np.float32), "Ones")
    archive.save_document(tmp_path / "lake.ora", window.files.connection.capture())
    window.styles.adopt(3)
    assert window.files.open_path(tmp_path / "lake.ora")
    assert window.styles.style.label == "Ones"
    assert not window.document.is_modified
    window.styles.open_with(42)
    assert window.live.style == 42
    assert not window.document.is_modified
    window.styles.adopt(43)
    assert window.document.is_modified


def test_a_style_that_other_weights_take_again_is_no_change(
    window: MainWindow, wait: Wait, save_photo: Callable[..., Path], weights: dict[str, Path], tmp_path: Path
) -> None:
    window.styles.controller.collection.add_files([save_photo("dusk.jpg")])
    wait(lambda: window.styles.style.origin == "reference")
    assert window.document.is_modified
    assert window.files.save_path(tmp_path / "lake.ora")
    old = window.styles.style
    assert window.live.replace_renderer(renderer_loader(LoadOptions(weights["other"], "cpu", "float32")))
    wait(lambda: window.styles.style.weights not in ("", old.weights))
    assert not window.styles.style.is_same(old)
    assert not window.document.is_modified


def test_a_change_of_style_is_saved_aside(window: MainWindow, qtbot: QtBot) -> None:
    autosave = window.documents.autosave
    window.styles.adopt(5)
    assert autosave._timer.isActive()
    autosave.save_and_wait()
    assert not autosave._timer.isActive()
    window.styles.adopt(6)
    assert autosave._timer.isActive()
