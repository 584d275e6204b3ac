"""Styles in a real window on real weights, with real mouse, keys, drops and clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from spade_studio.app.documents import archive
from spade_studio.app.documents.import_dialog import ImportDialog
from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.styles import panel as panel_module
from spade_studio.app.styles import pictures
from spade_studio.app.styles.shelf import BuiltIn, Shelf
from spade_studio.app.styles.style import Style
from spade_studio.app.styles.tiles import Tiles
from spade_studio.app.ui.images import to_image
from spade_studio.app.ui.settings import Settings
from spade_studio.engine.pictures.photographs import read_style_image
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.style import style_from_seed

Wait = Callable[[Callable[[], bool]], None]
MakePhoto = Callable[..., NDArray[np.uint8]]

LEFT = Qt.MouseButton.LeftButton
SavePhoto = Callable[..., Path]


def drop(widget: QWidget, *paths: Path) -> bool:
    """Drop files on a widget as the system does; return whether the drag was accepted."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, keys, place = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier, QPoint(5, 5)
    enter = QDragEnterEvent(place, copy, data, LEFT, keys)
    QApplication.sendEvent(widget, enter)
    QApplication.sendEvent(widget, QDropEvent(QPointF(place), copy, data, LEFT, keys))
    return enter.isAccepted()


def click(qtbot: QtBot, tiles: Tiles, row: int) -> None:
    qtbot.mouseClick(tiles.viewport(), LEFT, pos=tiles.visualItemRect(tiles.item(row)).center())


def code_in_use(window: MainWindow) -> np.ndarray:
    style = window.live.style
    assert not isinstance(style, int)
    return style


def encoded(weights: Path, jpeg: bytes, sample_seed: int | None = None) -> np.ndarray:
    renderer = Renderer.load(weights, device="cpu", dtype="float32")
    return renderer.style_from_image(pictures.decode(jpeg), sample_seed=sample_seed)


@pytest.fixture
def gallery(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """Give a window whose styles are opened by a click on the strip's picture."""
    qtbot.mouseClick(window.style_panel.picture_button, LEFT)
    assert window.styles.dock.isVisible()
    return window


def test_a_photo_dropped_on_the_dock_gives_its_style_and_is_kept(
    gallery: MainWindow, wait: Wait, save_photo: SavePhoto, weights: dict[str, Path], settings: Settings
) -> None:
    panel = gallery.styles.panel
    assert drop(panel, save_photo("dusk.jpg"), save_photo("dawn.png", 1))
    wait(lambda: panel.references.count() == 2 and gallery.styles.style.origin == "reference")
    assert gallery.styles.style.label == "dusk"
    kept = {one.label: one for one in Shelf(settings.state_folder / "references").references}
    np.testing.assert_allclose(code_in_use(gallery), encoded(weights["encoder"], kept["dusk"].jpeg), atol=1e-5)
    assert panel.tabs.currentIndex() == 1
    wait(lambda: gallery.live.is_up_to_date)
    assert gallery.style_panel.name.text() == "dusk"
    assert panel.past.item(0).text() == "dusk"


def test_a_photo_dropped_on_the_window_is_a_style_and_a_label_map_still_a_layout(
    window: MainWindow, wait: Wait, save_photo: SavePhoto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImportDialog, "exec", lambda _dialog: QDialog.DialogCode.Accepted)  # several label sets have the id
    assert drop(window, save_photo("lake.png"))
    wait(lambda: window.styles.style.label == "lake")
    assert window.document.name == "Lake"
    window.document.undo_stack.setClean()  # or it would be asked whether to save the style
    Image.fromarray(np.full((96, 96), 20, np.uint8)).save(tmp_path / "map.png")
    assert drop(window, tmp_path / "map.png")
    wait(lambda: window.document.size == (96, 96))


def test_the_clipboard_gives_a_style_by_key(window: MainWindow, wait: Wait, qtbot: QtBot, photo: MakePhoto) -> None:
    QGuiApplication.clipboard().clear()
    window.styles.paste()
    assert "no picture" in window.statusBar().currentMessage()
    QGuiApplication.clipboard().setImage(to_image(photo()))
    qtbot.keyClick(window.canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    wait(lambda: window.styles.style.origin == "reference")
    assert [one.label for one in window.styles.controller.collection.shelf.references] == ["Pasted"]
    assert window.styles.panel.references.count() == 0  # nobody has looked yet
    window.styles.open_gallery()
    assert window.styles.panel.references.count() == 1
    QGuiApplication.clipboard().clear()


def test_what_is_no_picture_is_told_and_changes_nothing(gallery: MainWindow, wait: Wait, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("no picture")
    before = gallery.styles.style
    drop(gallery.styles.panel, tmp_path / "notes.jpg")
    wait(lambda: "notes.jpg" in gallery.styles.panel.note.text())
    assert gallery.styles.style is before
    assert gallery.styles.panel.note.isVisible()


def test_a_sample_of_the_posterior_differs_each_time_and_comes_back(
    gallery: MainWindow, wait: Wait, save_photo: SavePhoto, qtbot: QtBot, weights: dict[str, Path]
) -> None:
    panel, styles = gallery.styles.panel, gallery.styles
    drop(panel, save_photo("dusk.jpg"))
    wait(lambda: styles.style.origin == "reference" and panel.sample_button.isEnabled())
    likeliest = code_in_use(gallery)
    codes = [likeliest]
    for _ in range(2):
        qtbot.mouseClick(panel.sample_button, LEFT)
        wait(lambda: not np.array_equal(code_in_use(gallery), codes[-1]))
        codes.append(code_in_use(gallery))
    assert styles.style.seed is not None
    np.testing.assert_allclose(codes[2], encoded(weights["encoder"], styles.style.picture, styles.style.seed), atol=1e-5)
    click(qtbot, panel.references, 0)
    wait(lambda: np.allclose(code_in_use(gallery), likeliest, atol=1e-6))


def test_removing_a_reference_by_key(gallery: MainWindow, wait: Wait, save_photo: SavePhoto, qtbot: QtBot) -> None:
    panel = gallery.styles.panel
    drop(panel, save_photo("dusk.jpg"))
    wait(lambda: panel.references.count() == 1 and panel.remove_button.isEnabled())
    qtbot.keyClick(panel.references, Qt.Key.Key_Delete)
    assert panel.references.count() == 0
    assert not panel.sample_button.isEnabled()


def test_strength_acts_on_seeds_and_references(gallery: MainWindow, wait: Wait, save_photo: SavePhoto) -> None:
    panel = gallery.styles.panel
    gallery.style_panel.spin.setValue(77)
    panel.strength.setValue(50)
    np.testing.assert_array_equal(code_in_use(gallery), style_from_seed(77, 8, 0.5))
    gallery.style_panel.spin.setValue(78)
    np.testing.assert_array_equal(code_in_use(gallery), style_from_seed(78, 8, 0.5))
    panel.strength.setValue(100)
    assert gallery.live.style == 78
    drop(panel, save_photo("dusk.jpg"))
    wait(lambda: gallery.styles.style.origin == "reference")
    full = code_in_use(gallery)
    panel.strength.setValue(150)
    np.testing.assert_allclose(code_in_use(gallery), full * 1.5, rtol=1e-6)


def test_the_lock_keeps_dice_and_documents_away_but_not_a_choice(window: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    window.style_panel.spin.setValue(5)
    qtbot.keyClick(window.canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    assert window.commands["lock_style"].isChecked()
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    assert window.live.style == 5
    assert "locked" in window.statusBar().currentMessage()
    window.styles.open_with(9)  # as opening a sample does
    window.files.connection.write_style({"seed": 10})
    assert window.live.style == 5
    window.styles.adopt(11)
    assert window.live.style == 11
    qtbot.keyClick(window.canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    assert window.live.style != 11


def test_history_has_pictures_and_a_click_goes_back(gallery: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    panel = gallery.styles.panel
    panel.tabs.setCurrentIndex(2)
    for seed in (101, 102):
        gallery.style_panel.spin.setValue(seed)
        wait(lambda seed=seed: panel.past.item(0).text() == f"Style {seed}")
    image = gallery.styles.controller.history.entries[1].image
    assert image.width() > 0
    assert image != gallery.styles.controller.history.entries[0].image
    count = panel.past.count()
    click(qtbot, panel.past, 1)
    assert gallery.live.style == 101
    assert gallery.style_panel.seed == 101
    wait(lambda: gallery.live.is_up_to_date)
    assert panel.past.count() == count
    assert panel.past.currentRow() == 1
    panel.past.setCurrentRow(0)
    qtbot.keyClick(panel.past, Qt.Key.Key_Return)
    assert gallery.live.style == 102


def test_mixing_two_styles(gallery: MainWindow, qtbot: QtBot, wait: Wait) -> None:
    panel = gallery.styles.panel
    assert not panel.mix.share.isEnabled()
    for seed, button in zip((1, 2), panel.mix.ends, strict=True):
        gallery.style_panel.spin.setValue(seed)
        qtbot.mouseClick(button, LEFT)
    assert panel.mix.share.isEnabled()
    assert panel.mix.share.value() == 100  # what is in use was put at the second end
    panel.mix.share.setValue(0)
    np.testing.assert_allclose(code_in_use(gallery), style_from_seed(1, 8), atol=1e-6)
    panel.mix.share.setValue(100)
    np.testing.assert_allclose(code_in_use(gallery), style_from_seed(2, 8), atol=1e-6)
    panel.mix.share.setValue(30)
    assert gallery.styles.style.label == "70% Style 1, 30% Style 2"
    wait(lambda: gallery.live.is_up_to_date)
    mixes = [entry for entry in gallery.styles.controller.history.entries if entry.style.origin == "blend"]
    assert len(mixes) == 1
    qtbot.mouseClick(panel.mix.ends[0], LEFT)
    assert panel.mix.share.value() == 0
    assert gallery.styles.style.label == "70% Style 1, 30% Style 2"  # putting it there changes nothing else


def test_a_document_keeps_its_style(window: MainWindow, wait: Wait, save_photo: SavePhoto, tmp_path: Path) -> None:
    drop(window, save_photo("dusk.jpg"))
    wait(lambda: window.styles.style.origin == "reference")
    window.styles.controller.set_strength(0.5)
    code, picture = code_in_use(window), window.styles.style.picture
    archive.save_document(tmp_path / "lake.ora", window.files.connection.capture())
    window.styles.adopt(3)
    window.files.open_path(tmp_path / "lake.ora")
    wait(lambda: not isinstance(window.live.style, int))
    np.testing.assert_array_equal(code_in_use(window), code)
    style = window.styles.style
    assert (style.origin, style.label, style.strength, style.picture) == ("reference", "dusk", 0.5, picture)


@pytest.mark.parametrize("kind", ["other", "wider"])
def test_other_weights_take_the_style_again_from_its_picture(
    window: MainWindow, wait: Wait, save_photo: SavePhoto, weights: dict[str, Path], kind: str
) -> None:
    drop(window, save_photo("dusk.jpg"))
    wait(lambda: window.styles.style.origin == "reference")
    old, jpeg = window.styles.style, window.styles.style.picture
    assert window.live.replace_renderer(renderer_loader(LoadOptions(weights[kind], "cpu", "float32")))
    wait(lambda: window.styles.style.weights not in ("", old.weights))
    np.testing.assert_allclose(code_in_use(window), encoded(weights[kind], jpeg), atol=1e-5)
    window.styles.adopt(old)  # from the history, say
    wait(lambda: np.allclose(code_in_use(window), encoded(weights[kind], jpeg), atol=1e-5))


def test_weights_that_cannot_follow_say_so(window: MainWindow, wait: Wait, save_photo: SavePhoto, weights: dict[str, Path]) -> None:
    drop(window, save_photo("dusk.jpg"))
    wait(lambda: window.styles.style.origin == "reference")
    old = window.styles.style
    assert window.live.replace_renderer(renderer_loader(LoadOptions(weights["wider, no encoder"], "cpu", "float32")))
    wait(lambda: window.styles.style.origin == "seed")
    assert "other weights" in window.styles.panel.note.text()
    wait(lambda: window.live.is_up_to_date)
    before = window.live.style
    window.styles.adopt(old)
    assert window.live.style is before


def test_without_an_encoder_references_say_why_and_photos_are_not_taken(
    make_window: Callable[[str], MainWindow], save_photo: SavePhoto, qtbot: QtBot, wait: Wait
) -> None:
    window = make_window("no encoder")
    window.styles.open_gallery()
    panel = window.styles.panel
    panel.tabs.setCurrentIndex(1)
    assert "no encoder" in panel.reference_note.text()
    assert panel.reference_note.isVisible()
    assert not panel.add_button.isEnabled()
    assert not panel.references.isEnabled()
    assert not drop(panel, save_photo("dusk.jpg"))
    assert not drop(window, save_photo("dusk.jpg"))
    panel.tabs.setCurrentIndex(0)
    assert "belong to other weights" in panel.built_in_note.text()
    assert not panel.built_in.isEnabled()
    assert panel.strength.isEnabled()
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    wait(lambda: window.live.is_up_to_date)
    window.styles.paste()
    assert "no encoder" in panel.note.text() or "no picture" in window.statusBar().currentMessage()


def test_without_a_style_everything_is_disabled_and_pictures_still_come(
    make_window: Callable[[str], MainWindow], qtbot: QtBot, wait: Wait, weights: dict[str, Path]
) -> None:
    window = make_window("no style")
    qtbot.mouseClick(window.style_panel.picture_button, LEFT)
    panel = window.styles.panel
    assert "one look only" in panel.note.text()
    for widget in (panel.strength, panel.mix.share, panel.past, panel.built_in, panel.references, *panel.mix.ends, window.style_panel.spin):
        assert not widget.isEnabled()
    assert not window.commands["dice"].isEnabled()
    window.styles.adopt(np.ones(8, np.float32))  # a document's, say
    wait(lambda: window.live.is_up_to_date)
    assert not window.render_panel.banner.isVisible()
    assert window.live.replace_renderer(renderer_loader(LoadOptions(weights["no encoder"], "cpu", "float32")))
    wait(lambda: panel.strength.isEnabled())
    np.testing.assert_array_equal(code_in_use(window), np.ones(8, np.float32))


@pytest.mark.parametrize("is_for_these", [True, False])
def test_built_in_styles_are_used_as_they_are_or_taken_from_their_picture(
    make_window: Callable[[str], MainWindow], weights: dict[str, Path], qtbot: QtBot, wait: Wait, monkeypatch: pytest.MonkeyPatch,
    is_for_these: bool, photo: MakePhoto,
) -> None:  # fmt: skip
    sha256 = Renderer.load(weights["encoder"], device="cpu", dtype="float32").weights_sha256
    code = np.linspace(-1, 1, 8 if is_for_these else 256, dtype=np.float32)
    ready = (BuiltIn("Noon", code, sha256 if is_for_these else "1" * 64, photo(3, 96)),)
    monkeypatch.setattr(panel_module, "built_in_styles", lambda: ready)
    window = make_window("encoder")
    window.styles.open_gallery()
    panel = window.styles.panel
    assert panel.built_in.isEnabled()
    click(qtbot, panel.built_in, 0)
    wait(lambda: window.styles.style.origin == "built-in")
    expected = code if is_for_these else encoded(weights["encoder"], window.styles.style.picture)
    np.testing.assert_allclose(code_in_use(window), expected, atol=1e-5)
    assert window.styles.style.label == "Noon"
    assert panel.built_in.currentRow() == 0


def test_the_photo_file_and_the_kept_picture_give_nearly_one_style(weights: dict[str, Path], tmp_path: Path) -> None:
    renderer = Renderer.load(weights["encoder"], device="cpu", dtype="float32")
    clouds = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(clouds).resize((1200, 800), Image.Resampling.BICUBIC).save(tmp_path / "clouds.png")
    whole = read_style_image(tmp_path / "clouds.png")
    kept = pictures.decode(pictures.encode(whole))
    a, b = renderer.style_from_image(whole), renderer.style_from_image(kept)
    assert float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) > 0.98


def test_adopt_takes_all_that_others_have(window: MainWindow) -> None:
    window.styles.adopt(12, "Twelve")
    assert window.style_panel.name.text() == "Twelve"
    code = np.linspace(-1, 1, 8, dtype=np.float32)
    window.styles.adopt(code, "A find")
    np.testing.assert_array_equal(code_in_use(window), code)
    window.styles.adopt(Style("seed", 4, strength=0.5, label="Half"))
    np.testing.assert_array_equal(code_in_use(window), style_from_seed(4, 8, 0.5))
    assert window.styles.panel.strength.value() == 50


def test_the_dock_opens_by_its_key_and_is_reached_by_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    action = window.styles.dock.toggleViewAction()
    assert action.shortcut().toString() == "F9"
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert window.styles.dock.isVisible()
    panel = window.styles.panel
    lists = (panel.built_in, panel.past, panel.references)
    widgets = [cast("QWidget", widget) for widget in (panel.strength, *lists, panel.mix.share, *panel.mix.ends)]
    assert all(widget.focusPolicy() & Qt.FocusPolicy.TabFocus for widget in widgets)
    assert all(widget.accessibleName() for widget in widgets)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert not window.styles.dock.isVisible()


def test_a_note_about_a_style_ends_and_is_told_once_each_time_that_it_is_said(window: MainWindow, wait: Wait) -> None:
    styles, bar = window.styles.controller, window.statusBar()
    window.styles.dock.close()
    styles.say("it cannot be read")
    assert bar.currentMessage() == "it cannot be read"
    bar.clearMessage()
    styles.changed.emit()  # as every picture does
    assert bar.currentMessage() == ""
    assert styles.note.text == "it cannot be read"
    styles.say("it cannot be read")  # another time
    assert bar.currentMessage() == "it cannot be read"
    styles.note._end.timeout.emit()
    assert styles.note.text == ""
    assert window.styles.panel.note.text() == ""
    styles.say("another")
    styles.roll()
    assert styles.note.text == ""
    assert not styles.note._end.isActive()
