"""The strip of styles, favourites, undoing styles and mixing by drops, in a real window on real weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.styles import pictures, shelf
from spade_studio.app.styles import strip as strip_module
from spade_studio.app.styles.carried import MIME_TYPE, carried, read_carried
from spade_studio.app.styles.favourites import Favourites
from spade_studio.app.styles.shelf import BuiltIn, Reference
from spade_studio.app.styles.style import style_of
from spade_studio.app.styles.tiles import Tiles

Wait = Callable[[Callable[[], bool]], None]
LEFT, NONE, COPY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
CONTROL = Qt.KeyboardModifier.ControlModifier


def drop(widget: QWidget, data: QMimeData) -> bool:
    enter = QDragEnterEvent(QPoint(5, 5), COPY, data, LEFT, NONE)
    QApplication.sendEvent(widget, enter)
    QApplication.sendEvent(widget, QDropEvent(QPointF(5, 5), COPY, data, LEFT, NONE))
    return enter.isAccepted()


def names(tiles: Tiles) -> list[str]:
    return [tiles.item(row).text() for row in range(tiles.count())]


def rolled(window: MainWindow, seed: int, wait: Wait) -> None:
    window.styles.controller.adopt_seed(seed)
    wait(lambda: window.styles.controller.history.entries[0].style.seed == seed)


def click_star(qtbot: QtBot, tiles: Tiles, row: int) -> None:
    qtbot.mouseClick(tiles.viewport(), LEFT, pos=tiles.star_rect(tiles.visualItemRect(tiles.item(row))).center())


@pytest.fixture(autouse=True)
def no_built_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strip_module, "built_in_styles", tuple)


def test_dice_strength_and_mix_are_steps_and_a_dragged_slider_is_one(window: MainWindow, wait: Wait, qtbot: QtBot) -> None:
    stack, controller = window.document.undo_stack, window.styles.controller
    first = controller.style
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    rolled_style = controller.style
    assert stack.undoText() == "style"
    for percent in (90, 70, 50):
        controller.set_strength(percent / 100)
    controller.end_strength()
    controller.set_strength(1.2)
    assert stack.count() == 3
    assert stack.undoText() == "strength"
    controller.set_end(0)
    controller.put_end(1, style_of(9), QImage())
    for share in (0.2, 0.4, 0.6):
        controller.mix(share)
    assert stack.count() == 4
    for wanted in (1.2, 0.5, 1.0):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Z, CONTROL)
        assert controller.style.with_strength(1).is_same(rolled_style)
        assert controller.style.strength == wanted
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, CONTROL)
    assert controller.style.is_same(first)
    wait(lambda: window.live.style == first.seed)
    stack.go_to(4)
    assert controller.style.origin == "blend"


def test_a_saved_state_is_not_dragged_on(window: MainWindow, tmp_path: Path) -> None:
    controller, stack = window.styles.controller, window.document.undo_stack
    controller.set_strength(0.5)
    assert window.files.save_path(tmp_path / "lake.ora")
    controller.set_strength(0.7)
    assert stack.count() == 2
    assert window.isWindowModified()
    stack.undo()
    assert controller.style.strength == 0.5
    assert not window.isWindowModified()


def test_a_rolled_style_gets_a_star_and_is_there_in_the_next_window(
    make_window: Callable[[str], MainWindow], wait: Wait, qtbot: QtBot
) -> None:
    window = make_window("encoder")
    tiles = window.styles.strip.tiles
    rolled(window, 41, wait)
    rolled(window, 42, wait)
    assert tiles.isVisible()
    assert names(tiles)[0] == "Style 42"
    qtbot.keyClick(window.canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    assert window.commands["favourite_style"].isChecked()
    click_star(qtbot, tiles, names(tiles).index("Style 41"))
    assert names(tiles)[:2] == ["Style 41", "Style 42"]
    window.styles.controller.collection.rename_favourite(0, "Evening at the lake")
    window.document.undo_stack.setClean()
    window.close()
    other = make_window("encoder")
    tiles = other.styles.strip.tiles
    assert names(tiles)[:2] == ["Evening at the lake", "Style 42"]
    qtbot.mouseClick(tiles.viewport(), LEFT, pos=tiles.visualItemRect(tiles.item(0)).center())
    assert other.styles.style.seed == 41
    click_star(qtbot, tiles, 0)
    assert "Evening at the lake" not in names(tiles)[:1]


def test_a_click_on_a_star_takes_no_style(window: MainWindow, wait: Wait, qtbot: QtBot) -> None:
    rolled(window, 41, wait)
    rolled(window, 42, wait)
    tiles = window.styles.strip.tiles
    click_star(qtbot, tiles, names(tiles).index("Style 41"))
    assert window.styles.style.seed == 42


def test_a_photograph_dropped_on_the_strip_becomes_a_reference(window: MainWindow, wait: Wait, save_photo: Callable[..., Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(save_photo("dusk.png")))])
    assert drop(window.styles.strip, data)
    wait(lambda: window.styles.style.origin == "reference")
    assert "dusk" in names(window.styles.strip.tiles)


def test_styles_dropped_on_both_ends_are_mixed(
    window: MainWindow, wait: Wait, photo: Callable[..., NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    strip, controller = window.styles.strip, window.styles.controller
    image = pictures.thumbnail(photo())
    assert drop(strip.mix.ends[0], carried(style_of(3), image))
    jpeg = pictures.encode(photo(1))
    assert drop(strip.mix.ends[1], carried(Reference(jpeg, "Dusk", photo(1)), image))
    wait(lambda: all(controller.ends))
    assert controller.style.origin == "blend"
    second = controller.ends[1]
    assert second is not None
    assert second.style.label == "Dusk"
    strip.mix.share.setValue(100)
    assert controller.style.code is not None
    assert second.style.code is not None
    np.testing.assert_allclose(controller.style.code, second.style.code, atol=1e-6)
    assert not drop(strip.mix.ends[0], QMimeData())
    ready = BuiltIn("Noon", np.ones(8, np.float32), "1" * 64, photo(2))
    monkeypatch.setattr(shelf, "built_in_styles", lambda: (ready,))
    monkeypatch.setattr("spade_studio.app.styles.carried.built_in_styles", lambda: (ready,))
    assert drop(strip.mix.ends[0], carried(ready, image))
    wait(lambda: controller.ends[0] is not None and controller.ends[0].style.label == "Noon")


def test_a_removed_reference_comes_back(window: MainWindow, wait: Wait, save_photo: Callable[..., Path], tmp_path: Path) -> None:
    collection = window.styles.controller.collection
    for seed, name in enumerate(("a.png", "b.png", "c.png")):
        collection.add_files([save_photo(name, seed)])
        wait(lambda seed=seed: len(collection.shelf.references) == seed + 1)
    window.styles.open_gallery()
    collection.remove_reference(collection.shelf.references[1])
    panel = window.styles.panel
    panel.tabs.setCurrentIndex(1)
    assert panel.put_back_button.isVisible()
    panel.put_back_button.click()
    assert [one.label for one in collection.shelf.references] == ["c", "b", "a"]
    assert not panel.put_back_button.isVisible()


def test_what_strangers_drag_in_is_no_style(photo: Callable[..., NDArray[np.uint8]]) -> None:
    image = pictures.thumbnail(photo())
    good = json.loads(bytes(carried(style_of(3), image).data(MIME_TYPE).data()))
    for bad in (
        b"",
        b"[]",
        b"{" * 100_000,
        json.dumps(good | {"image": "x"}).encode(),
        json.dumps(good | {"style": {"seed": -1}}).encode(),
        json.dumps({"image": good["image"], "built_in": "nothing"}).encode(),
        json.dumps({"image": good["image"], "label": "a", "jpeg": "AAAA"}).encode(),
    ):
        data = QMimeData()
        data.setData(MIME_TYPE, bad)
        assert read_carried(data) is None


def test_favourites_that_cannot_be_read_count_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "favourites.json"
    path.write_bytes(b'{"styles": [{"style": 3}, 7, {"style": {"seed": 1}, "image": "no"}]}')
    assert not Favourites(path).entries
    path.write_bytes(b"\xff" * 10)
    assert not Favourites(path).entries
