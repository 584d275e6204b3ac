"""Strangers' files whose every text is markup: whatever window or dialog shows it, Qt opens no file that it names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QAbstractItemView, QApplication, QDialog, QLabel, QTreeView, QWidget

from spade_studio.app.documents import archive, samples
from spade_studio.app.documents.import_dialog import ImportDialog
from spade_studio.app.documents.recovery_dialog import RecoveryDialog, Restored
from spade_studio.app.documents.sessions import Session, left_documents
from spade_studio.app.model.label_switching import Lost
from spade_studio.app.model.state import DocumentState, Snapshot
from spade_studio.app.palette.switch_dialog import SwitchDialog
from spade_studio.app.ui import messages
from spade_studio.engine.errors import EngineError, RenderError
from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import readings
from spade_studio.engine.rendering.service import RenderFailure

shown = pytest.mark.qt_log_ignore("This plugin does not support")


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


@pytest.fixture
def markup(canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    text = f'<img src="{canary.name}">'  # short enough for every text that has a limit
    label = QLabel(text)
    label.grab()
    assert canary.stat().st_atime != 1, "the canary sings"
    os.utime(canary, (1, 1))
    return text


@pytest.fixture
def label_set(markup: str) -> LabelSet:
    labels = tuple(Label(number, f"{markup} {number}", (number, 90, 9), group=markup, synonyms=(f"{markup} too",)) for number in (1, 2, 3))
    return LabelSet(f"set {markup}", labels, 255, markup)


@pytest.fixture
def state(markup: str, label_set: LabelSet) -> DocumentState:
    plane = np.ones((40, 50), np.uint8)
    plane[20:] = 2
    return DocumentState(plane, label_set, markup, snapshots=(Snapshot(markup, plane),))


@shown
def test_no_text_of_a_document_is_markup_anywhere(window, canary, markup, state, tmp_path):
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


@shown
def test_nor_of_a_label_map_that_is_imported(window, canary, markup, label_set, tmp_path):
    samples.write_labels(tmp_path / "map.png", np.array([[1, 2, 3, 3]], np.uint8), label_set)
    found = readings(read_label_picture(tmp_path / "map.png"), window.document.label_set, [label_set])
    at = [option.label_set for option in found.options].index(label_set)
    dialog = ImportDialog(f"{markup}.png", found, window.document.label_set, window)
    dialog.show()
    dialog.choice.setCurrentIndex(at)
    assert look_at_everything(markup) >= 1
    assert canary.stat().st_atime == 1
    dialog.close()


@shown
def test_nor_of_a_label_set_that_is_switched_to(window, canary, markup, label_set):
    source = window.document.label_set
    for one, other in ((label_set, source), (source, label_set)):
        label = one.labels[0]
        dialog = SwitchDialog([Lost(label.id, label.name, 9, other.labels[0])], one, other, 100, 255, window)
        dialog.show()
        assert look_at_everything(markup) >= 1
        dialog.close()
        dialog.deleteLater()
    assert canary.stat().st_atime == 1


@shown
def test_nor_of_a_drawing_that_a_crash_left(window, canary, markup, state, tmp_path):
    Session(tmp_path / "sessions").save(state, tmp_path / f"{markup}.ora")
    left = left_documents(tmp_path / "sessions")
    assert [one.name for one in left] == [markup]
    dialog = RecoveryDialog(left, lambda _left: Restored.NO, window)
    dialog.show()
    look_at_everything(markup)
    assert markup in dialog.list.item(0).text()
    assert canary.stat().st_atime == 1
    dialog.close()


@shown
def test_nor_of_weights_that_are_looked_at(window, qtbot, canary, markup, label_set, tmp_path):
    path = write_weights(tmp_path / "a.safetensors", markup, label_set)
    path.with_suffix(".md").write_text(f"# {markup}\n\n{markup}\n\n![x]({canary.name})", "utf-8")
    window.weights.open(path)
    weights = window.weights.window
    assert weights is not None
    qtbot.waitUntil(lambda: not weights.is_busy)
    assert markup in weights.page.text
    assert look_at_everything(markup) >= 4
    assert canary.stat().st_atime == 1
    weights.close()


def write_weights(path: Path, markup: str, label_set: LabelSet) -> Path:
    """Write a bundle of which every text is markup."""
    from spade_studio.engine.networks.config import GeneratorConfig
    from spade_studio.engine.networks.generator import Generator
    from spade_studio.engine.weights import save_bundle

    config = GeneratorConfig(semantic_channels=4, base_channels=2, hidden_width=4, z_width=4, crop_size=64, input="noise")
    save_bundle(
        path, generator_config=config, generator=Generator(config).state_dict(),
        channels=LabelChannels.from_label_set(label_set, (1, 2, 3), None, edge=True), training_size=(64, 64), name=markup, steps=3,
        data=markup, licence=markup, averaged=True,
    )  # fmt: skip
    return path
