"""Autosave and recovery on the real window, and once in a process that is killed while it paints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from spade_studio.app.documents import archive, autosave
from spade_studio.app.documents.errors import SaveError
from spade_studio.app.documents.recovery_dialog import RecoveryDialog
from spade_studio.app.documents.sessions import LeftDocument, Session, left_documents, load_left
from spade_studio.app.model.state import DocumentState
from spade_studio.app.model.textures import renew_texture
from spade_studio.engine.labels import load_label_set

ROAD = 148
COCO = load_label_set("coco_stuff")


@pytest.fixture
def folder(settings) -> Path:
    return settings.state_folder / "unsaved"


def saved_labels(folder: Path) -> list[np.ndarray]:
    return [archive.load_document(path).labels for path in folder.glob("*/document.ora")]


def leave(folder: Path, value: int, name: str, origin: Path | None = None) -> None:
    """Leave a document as a process does that was killed."""
    session = Session(folder)
    session.save(DocumentState(np.full((90, 120), value, np.uint8), COCO, name, style={"seed": value}), origin)
    session._lock.release()


def test_a_change_is_saved_aside_within_a_minute_and_gone_when_it_is_saved(hand, folder, qtbot, tmp_path):
    window = hand.window
    assert not window.documents.autosave._timer.isActive()
    hand.stroke((100, 100))
    assert window.documents.autosave._timer.isActive()
    timer = window.documents.autosave._timer
    assert timer.interval() < 60_000
    hand.press(30, 30)
    hand.move(60, 60)
    with qtbot.waitSignal(window.documents.autosave.saved):
        timer.timeout.emit()
    np.testing.assert_array_equal(saved_labels(folder)[0], hand.labels)
    hand.move(90, 90)
    hand.release(90, 90)
    assert window.documents.autosave._timer.isActive()
    assert window.files.save_path(tmp_path / "a.ora")
    assert not window.documents.autosave._timer.isActive()
    assert list(folder.iterdir()) == []


def keep_up(hand, qtbot) -> None:
    """Have the timer of the journal come now, and what it begins be done."""
    autosave = hand.window.documents.autosave
    assert autosave._soon.isActive()
    autosave._soon.stop()
    if autosave._tokens:
        autosave._keep_up()
    else:
        with qtbot.waitSignal(autosave.saved):
            autosave._keep_up()
    autosave._records.wait()


def let_end(autosave) -> None:
    """Let the copy that is being written end, without a word of it on this thread yet."""
    for thread in tuple(autosave._copies._threads):
        thread.join()


def test_changes_are_in_a_copy_and_then_in_its_journal_within_seconds(hand, folder, qtbot):
    assert hand.window.documents.autosave._soon.interval() <= 5000
    hand.stroke((100, 100))
    keep_up(hand, qtbot)
    first = hand.labels.copy()
    hand.stroke((30, 30), (200, 60))
    hand.press(60, 150)  # in the middle of a stroke
    hand.move(150, 150)
    keep_up(hand, qtbot)
    (path,) = folder.glob("*/document.ora")
    np.testing.assert_array_equal(archive.load_document(path).labels, first)
    np.testing.assert_array_equal(load_left(path).labels, hand.labels)
    hand.release(150, 150)
    hand.window.commands["undo"].trigger()
    keep_up(hand, qtbot)
    np.testing.assert_array_equal(load_left(path).labels, hand.labels)
    assert len(list(path.parent.glob("journal-*"))) == 1


def test_what_no_journal_holds_is_copied_within_seconds(hand, folder, qtbot):
    hand.stroke((100, 100))
    keep_up(hand, qtbot)
    hand.window.document.protected = frozenset({ROAD})
    with qtbot.waitSignal(hand.window.documents.autosave.saved):
        hand.window.documents.autosave._soon.timeout.emit()
    (path,) = folder.glob("*/document.ora")
    assert load_left(path).protected == {ROAD}
    assert renew_texture(hand.window.document, hand.labels == hand.labels[100, 100])
    with qtbot.waitSignal(hand.window.documents.autosave.saved):
        hand.window.documents.autosave._soon.timeout.emit()
    regions = load_left(path).texture_regions
    assert regions is not None
    assert ((regions > 0) == (hand.labels == hand.labels[100, 100])).all()


def test_a_journal_belongs_to_its_copy_while_the_next_one_is_written(hand, folder, qtbot, monkeypatch):
    """Killed at any moment: the copy that is there has a journal with all that was recorded after it."""
    autosave = hand.window.documents.autosave
    hand.stroke((100, 100))
    keep_up(hand, qtbot)
    gate, real = threading.Event(), Session.save
    monkeypatch.setattr(Session, "save", lambda *arguments: gate.wait(20) and real(*arguments))
    hand.stroke((30, 30))
    autosave.save()
    hand.stroke((200, 60))
    keep_up(hand, qtbot)
    (path,) = folder.glob("*/document.ora")
    np.testing.assert_array_equal(load_left(path).labels, hand.labels)
    with qtbot.waitSignal(autosave.saved):
        gate.set()
    np.testing.assert_array_equal(load_left(path).labels, hand.labels)
    assert len(list(path.parent.glob("journal-*"))) == 1


def test_undoing_everything_forgets_it(hand, folder, qtbot):
    hand.stroke((100, 100))
    with qtbot.waitSignal(hand.window.documents.autosave.saved):
        hand.window.documents.autosave.save()
    hand.window.commands["undo"].trigger()
    assert list(folder.iterdir()) == []
    assert not hand.window.documents.autosave._timer.isActive()


def test_while_one_is_written_the_newest_waits(hand, folder, qtbot, monkeypatch):
    gate, real = threading.Event(), autosave.Session.save
    monkeypatch.setattr(autosave.Session, "save", lambda *arguments: gate.wait(20) and real(*arguments))
    hand.stroke((100, 100))
    hand.window.documents.autosave.save()
    hand.stroke((30, 30))
    hand.window.documents.autosave.save()
    with qtbot.waitSignal(hand.window.documents.autosave.saved):
        gate.set()
    np.testing.assert_array_equal(saved_labels(folder)[0], hand.labels)


def test_a_late_word_of_a_copy_that_failed_leaves_the_next_ones_journal_alone(hand, folder, qtbot, monkeypatch):
    autosave = hand.window.documents.autosave
    hand.stroke((100, 100))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        autosave.save()
        let_end(autosave)
    assert autosave.save_and_wait()
    QApplication.processEvents()  # what both have to tell comes now
    hand.stroke((30, 30), (200, 60))
    keep_up(hand, qtbot)
    (path,) = folder.glob("*/document.ora")
    np.testing.assert_array_equal(load_left(path).labels, hand.labels)


def test_after_a_copy_that_failed_the_journal_of_the_one_before_goes_on(hand, folder, qtbot, monkeypatch):
    """Killed while the next copy is written: the copy that is there has a journal with all that was recorded after it."""
    autosave = hand.window.documents.autosave
    hand.stroke((100, 100))
    keep_up(hand, qtbot)
    hand.stroke((30, 30))
    gate, real, results = threading.Event(), Session.save, [SaveError("the disk is full"), None]

    def save(*arguments):
        if (error := results.pop(0)) is not None:
            raise error
        assert gate.wait(20)
        real(*arguments)

    monkeypatch.setattr(Session, "save", save)
    autosave.save()
    let_end(autosave)
    autosave.save()  # before the first has told of its end
    qtbot.waitUntil(lambda: not results)
    hand.stroke((200, 60))
    keep_up(hand, qtbot)
    (path,) = folder.glob("*/document.ora")
    np.testing.assert_array_equal(load_left(path).labels, hand.labels)
    with qtbot.waitSignal(autosave.saved):
        gate.set()
    np.testing.assert_array_equal(load_left(path).labels, hand.labels)
    assert len(list(path.parent.glob("journal-*"))) == 1


def test_a_disk_that_is_full_is_told_once_and_painting_goes_on(hand, qtbot, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    told: list[str] = []
    hand.window.documents.autosave.failed.connect(told.append)
    hand.stroke((100, 100))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with qtbot.waitSignal(hand.window.documents.autosave.failed):
            hand.window.documents.autosave.save()
        hand.window.documents.autosave.save_and_wait()
        QApplication.processEvents()
    assert len(told) == 1
    assert "no space left" in hand.window.statusBar().currentMessage()
    with qtbot.waitSignal(hand.window.documents.autosave.saved):
        hand.window.documents.autosave.save()
    assert told[1:] == [""]
    assert hand.window.statusBar().currentMessage() == ""


def test_closing_without_saving_leaves_nothing(hand, folder, qtbot):
    hand.stroke((100, 100))
    with qtbot.waitSignal(hand.window.documents.autosave.saved):
        hand.window.documents.autosave.save()

    def discard() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.button(QMessageBox.StandardButton.Discard).click()

    QTimer.singleShot(0, discard)
    assert hand.window.close()
    assert list(folder.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "autosave"]


def offered(window) -> RecoveryDialog:
    dialog = window.documents.offer_recovery()
    assert dialog is not None
    assert dialog.isVisible()
    return dialog


def test_nothing_is_asked_where_nothing_was_left(window):
    assert window.documents.offer_recovery() is None


def test_restoring_opens_it_with_its_changes_still_to_be_saved(window, folder, tmp_path):
    origin = tmp_path / "lake.ora"
    archive.save_document(origin, DocumentState(np.zeros((90, 120), np.uint8), COCO))
    before = origin.read_bytes()
    leave(folder, ROAD, "lake", origin)
    dialog = offered(window)
    assert dialog.list.item(0).text().startswith("lake\n")
    assert str(origin) in dialog.list.item(0).text()
    color = dialog.list.item(0).icon().pixmap(96).toImage().pixelColor(48, 36)
    assert [color.red(), color.green(), color.blue()] == COCO.palette()[ROAD].tolist()
    dialog.restore.click()
    assert not dialog.isVisible()
    assert (window.document.labels == ROAD).all()
    assert window.style_panel.seed == ROAD
    assert window.windowTitle() == "lake.ora[*] - SPADE Studio"
    assert window.isWindowModified()
    assert origin.read_bytes() == before
    # It lies in this window's folder now: a crash within the next minute would lose nothing either.
    assert len(saved_labels(folder)) == 1
    assert window.files.save()
    assert (archive.load_document(origin).labels == ROAD).all()
    assert list(folder.iterdir()) == []


def test_later_asks_again_and_discard_does_not(window, folder, qtbot):
    for value, name in ((ROAD, "one"), (ROAD + 6, "two")):
        leave(folder, value, name)
    dialog = offered(window)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    dialog = offered(window)
    assert dialog.list.count() == 2
    dialog.discard.click()
    assert dialog.isVisible()
    assert dialog.list.count() == 1
    dialog.later.click()
    assert len(saved_labels(folder)) == 1
    dialog = offered(window)
    dialog.discard.click()
    assert not dialog.isVisible()
    assert list(folder.iterdir()) == []
    assert not window.isWindowModified()


def test_what_was_restored_onto_a_full_disk_is_kept_for_another_time(window, folder, monkeypatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    leave(folder, ROAD, "one")
    dialog = offered(window)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        dialog.restore.click()
    assert not dialog.isVisible()
    assert (window.document.labels == ROAD).all()
    assert window.isWindowModified()
    (left,) = left_documents(folder)
    assert left.name == "one"
    left.release()


def test_what_cannot_be_restored_is_explained_and_kept(window, folder):
    leave(folder, ROAD, "one")
    (path,) = folder.glob("*/document.ora")
    path.write_bytes(path.read_bytes()[:-40])
    dialog = offered(window)
    dialog.restore.click()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert box.text() == "one could not be restored"
    box.button(QMessageBox.StandardButton.Ok).click()
    assert dialog.isVisible()
    dialog.later.click()
    assert path.exists()


_PAINT = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    import numpy as np
    from PySide6.QtWidgets import QApplication, QWidget
    from spade_studio.app.model.document import Document
    from spade_studio.app.documents.autosave import Autosave
    from spade_studio.app.documents.connection import DocumentConnection
    from spade_studio.engine.labels import load_label_set

    application = QApplication(["test"])
    document = Document(np.zeros((300, 400), np.uint8), load_label_set("coco_stuff"), "Painting")
    autosave = Autosave(document, DocumentConnection(document), Path(sys.argv[1]), document)
    def paint(number):
        stroke = document.begin_stroke("Brush")
        stroke.line((10 + number, 10), (10 + number, 200), 3, 148)
        document.end_stroke()
    def record():
        for number in range(9):
            paint(20 + number)
        np.save(sys.argv[2], document.labels)
    def kill():
        autosave._records.wait()
        paint(100)
        os.kill(os.getpid(), signal.SIGKILL)
    autosave._soon.setInterval(200)
    autosave.saved.connect(record)
    real = autosave._keep_up
    autosave._soon.timeout.disconnect()
    autosave._soon.timeout.connect(lambda: (real(), kill() if autosave._records.is_busy else None))
    paint(0)
    application.exec()
""")


def test_killed_while_painting_it_loses_what_was_painted_since_the_last_record(tmp_path):
    folder = tmp_path / "unsaved"
    arguments = [sys.executable, "-c", _PAINT, str(folder), str(tmp_path / "recorded.npy")]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    (left,) = left_documents(folder)
    assert isinstance(left, LeftDocument)
    assert left.name == "Painting"
    np.testing.assert_array_equal(load_left(left.path).labels, np.load(tmp_path / "recorded.npy"))
    left.discard()
    assert list(folder.iterdir()) == []


def test_a_picture_is_no_document_to_restore(tmp_path):
    """What lies in the state folder may be anything: it is read with the same limits as any file."""
    folder = tmp_path / "unsaved"
    (folder / "one").mkdir(parents=True)
    Image.new("RGB", (20, 20)).save(folder / "one" / "document.ora", "PNG")
    (left,) = left_documents(folder)
    with pytest.raises(archive.DocumentError, match="no OpenRaster"):
        archive.load_document(left.path)
    left.release()
