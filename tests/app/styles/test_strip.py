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
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu, QWidget
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
    collection = window.styles.controller.collection
    collection.rename_favourite(collection.favourites.entries[0].style, "Evening at the lake")
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


def noon_in(window: MainWindow, photo: Callable[..., NDArray[np.uint8]]) -> BuiltIn:
    info = window.live.info
    assert info is not None
    return BuiltIn("Noon", np.ones(8, np.float32), info.sha256, photo(2))


def test_a_starred_built_in_stands_once_at_any_strength_and_texture(
    window: MainWindow, wait: Wait, photo: Callable[..., NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    noon, strip, controller = noon_in(window, photo), window.styles.strip, window.styles.controller
    monkeypatch.setattr(strip_module, "built_in_styles", lambda: (noon,))
    controller.set_strength(0.8)
    strip.refresh()
    strip.toggle_star(names(strip.tiles).index("Noon"))
    controller.adopt_built_in(noon)
    controller.set_strength(0.4)
    controller.new_texture()
    wait(lambda: controller.history.entries[0].style.is_same(controller.style))
    assert names(strip.tiles).count("Noon") == 1
    assert [item.text() for item in strip.tiles.selectedItems()] == ["Noon"]
    strip.toggle_star(0)
    assert names(strip.tiles).count("Noon") == 1
    tile = strip.tiles.tile(names(strip.tiles).index("Noon"))
    assert tile is not None
    assert tile.choice is noon
    assert not tile.star


def test_the_panel_of_styles_shows_and_takes_the_star_at_any_strength(
    window: MainWindow, photo: Callable[..., NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = noon_in(window, photo)
    monkeypatch.setattr("spade_studio.app.styles.panel.built_in_styles", lambda: (noon,))
    window.styles.open_gallery()
    tiles, collection = window.styles.panel.built_in, window.styles.controller.collection
    tiles.starred.emit(0)
    window.styles.controller.set_strength(0.5)
    tile = tiles.tile(0)
    assert tile is not None
    assert tile.star
    tiles.starred.emit(0)
    assert not collection.favourites.entries


def test_a_refresh_encodes_no_picture(
    window: MainWindow, photo: Callable[..., NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    noon, strip = noon_in(window, photo), window.styles.strip
    monkeypatch.setattr(strip_module, "built_in_styles", lambda: (noon,))
    encoded: list[int] = []
    encode = pictures.encode
    monkeypatch.setattr(pictures, "encode", lambda rgb: encoded.append(1) or encode(rgb))
    strip.refresh()
    assert "Noon" in names(strip.tiles)
    assert not encoded
    styles = window.styles.controller
    assert styles.wanted(noon).picture == styles.wanted(noon).picture
    assert len(encoded) == 1


@pytest.mark.qt_log_ignore("This plugin does not support (grabbing|propagateSizeHints|raise)")
def test_a_menu_acts_on_its_style_whatever_moves_meanwhile(window: MainWindow, wait: Wait) -> None:
    strip, controller = window.styles.strip, window.styles.controller
    rolled(window, 41, wait)
    rolled(window, 42, wait)
    tiles = strip.tiles
    tiles.menu_wanted.emit(names(tiles).index("Style 41"), QPoint(10, 10))
    use, add = (action for action in open_menu(window).actions() if action.text() in ("&Use", "Add a &star"))
    rolled(window, 43, wait)
    use.trigger()
    assert controller.style.seed == 41
    add.trigger()
    assert [entry.style.seed for entry in controller.collection.favourites.entries] == [41]
    open_menu(window).close()
    tiles.menu_wanted.emit(0, QPoint(10, 10))
    away, rename = (action for action in open_menu(window).actions() if action.text() in ("Take the &star away", "Re&name…"))
    rename.trigger()
    controller.collection.toggle_favourite(style_of(7), controller.picture)
    (dialog,) = strip.findChildren(QInputDialog)
    dialog.setTextValue("Dawn")
    dialog.accept()
    assert names(tiles)[:2] == ["Style 7", "Dawn"]
    away.trigger()
    assert [entry.style.seed for entry in controller.collection.favourites.entries] == [7]
    away.trigger()
    assert [entry.style.seed for entry in controller.collection.favourites.entries] == [7]


def open_menu(window: MainWindow) -> QMenu:
    (menu,) = [menu for menu in window.styles.strip.findChildren(QMenu) if menu.isVisible()]
    return menu


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


def test_the_strip_begins_with_its_first_styles_and_follows_the_style_in_use(
    make_window: Callable[[str], MainWindow], wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = np.zeros(8, np.float32)
    many = tuple(BuiltIn(f"Style of row {row}", code + row, "0" * 64, np.full((6, 8, 3), row, np.uint8)) for row in range(9))
    monkeypatch.setattr(strip_module, "built_in_styles", lambda: many)
    window = make_window("encoder")
    tiles = window.styles.strip.tiles
    wait(lambda: tiles.count() == 10 and bool(tiles.selectedItems()))
    bar = tiles.verticalScrollBar()
    QApplication.processEvents()
    assert bar.maximum() > 0
    assert tiles.selectedItems() == [tiles.item(9)]
    assert bar.value() == 0
    rolled(window, 41, wait)
    wait(lambda: bar.value() > 0)
    assert tiles.viewport().rect().intersects(tiles.visualItemRect(tiles.selectedItems()[0]))
