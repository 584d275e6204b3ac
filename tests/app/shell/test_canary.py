"""A stranger's document whose every text is markup: whatever of the window shows it, Qt opens no file that it names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QAbstractItemView, QApplication, QDialog, QLabel, QTreeView, QWidget

from spade_studio.app.documents import archive
from spade_studio.app.model.state import DocumentState, Snapshot
from spade_studio.app.ui import messages
from spade_studio.engine.errors import EngineError, RenderError
from spade_studio.engine.labels import Label, LabelSet
from spade_studio.engine.rendering.service import RenderFailure


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """Give a picture whose last access is long ago; a file system that notes none skips."""
    path = tmp_path / "c.png"
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    assert image.save(str(path))
    os.utime(path, (1, 1))
    path.read_bytes()
    if path.stat().st_atime == 1:
        pytest.skip(f"the file system of {tmp_path} does not note when a file is read")
    os.utime(path, (1, 1))
    return path


def every_index(view: QAbstractItemView) -> list[QModelIndex]:
    model, found = view.model(), []
    waiting = [QModelIndex()]
    columns = view.header().count() if isinstance(view, QTreeView) else 1
    while model is not None and waiting and len(found) < 2000:
        parent = waiting.pop()
        for row in range(model.rowCount(parent)):
            for column in range(columns):
                found.append(model.index(row, column, parent))
            waiting.append(model.index(row, 0, parent))
    return found


def look_at_everything(markup: str) -> int:
    """Draw all windows, and check every tool tip that they could show; return how often the text is on them."""
    seen = 0
    for top in QApplication.topLevelWidgets():
        top.ensurePolished()
        top.sizeHint()
        top.grab()
        widgets = [top, *top.findChildren(QWidget)]
        tips = [widget.toolTip() for widget in widgets] + [action.toolTip() for action in top.findChildren(QAction)]
        for widget in widgets:
            if isinstance(widget, QAbstractItemView):
                tips += [str(index.data(Qt.ItemDataRole.ToolTipRole) or "") for index in every_index(widget)]
            if isinstance(widget, QLabel) and markup in widget.text():
                seen += 1
                assert widget.textFormat() == Qt.TextFormat.PlainText, widget.objectName()
        for tip in tips:
            assert markup not in tip or not Qt.mightBeRichText(tip), tip  # pyright: ignore[reportAttributeAccessIssue] - the stubs lack it
    return seen


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_no_text_of_a_document_is_markup_anywhere(window, canary, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a relative name is short enough for every text that has a limit
    markup = f'<img src="{canary}">'[:120]
    labels = tuple(Label(number, f"{markup} {number}", (number, 90, 9), group=markup, synonyms=(f"{markup} too",)) for number in (1, 2, 3))
    plane = np.ones((40, 50), np.uint8)
    plane[20:] = 2
    state = DocumentState(plane, LabelSet(f"set {markup}", labels, 255, markup), markup, snapshots=(Snapshot(markup, plane),))
    archive.save_document(tmp_path / "a.ora", state)
    assert window.files.open_path(tmp_path / "a.ora")
    for dock in ("history", "view", "styles", "labels"):
        if (found := window.findChild(QWidget, dock)) is not None:
            found.show()
    for name in ("replace_label", "resize"):
        window.commands[name].trigger()
    error = EngineError(markup, markup, markup)
    messages.show_error(window, markup, error)
    messages.show_note(window, markup, markup)
    window.live.failed.emit(RenderFailure(3, RenderError(markup)))
    window.desktop.notice.tell(markup, [])
    window.render_panel.tell_lasting(markup)
    window.styles.controller.say(markup)
    window.statusBar().showMessage(markup)
    assert look_at_everything(markup) >= 4
    assert canary.stat().st_atime == 1, "a file that a text names was opened"
    for dialog in QApplication.topLevelWidgets():
        if isinstance(dialog, QDialog):
            dialog.close()
