"""Sizes and detail of pictures in the window: chosen, the document's own, and shown in their own shape."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget

from spade_studio.app.rendering.size_question import SizeQuestion
from spade_studio.app.ui.viewport import Place
from spade_studio.engine.rendering import result_plan
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.result_plan import ResultWish, plan_result
from spade_studio.engine.rendering.service import RenderResult


def entries(menu: QMenu) -> dict[str, QAction]:
    return {action.text().replace("&", ""): action for action in menu.actions() if not action.isSeparator()}


def checked(menu: QMenu) -> list[str]:
    return [text for text, action in entries(menu).items() if action.isChecked()]


def wait(qtbot, window) -> None:
    qtbot.waitUntil(lambda: window.live.is_up_to_date and not window.live.is_loading)


def test_sizes_say_what_they_come_to_and_one_is_taken(window, settings, qtbot):
    size_menu = window.rendering.menus[0]
    assert list(entries(size_menu)) == [
        "Automatic: 512 × 512", "As trained: 256 × 256", "As the layout: 256 × 256",
        "256 × 256", "512 × 512", "1024 × 1024", "2048 × 2048", "Other size…",
    ]  # fmt: skip
    shown: list[RenderResult] = []
    window.live.rendered.connect(shown.append)
    entries(size_menu)["1024 × 1024"].trigger()
    wait(qtbot, window)
    assert shown[-1].size == (1024, 1024)
    assert checked(size_menu) == ["1024 × 1024"]
    assert window.status_bar.render_size.text() == "Size: 1024 × 1024"
    assert settings.render_size == SizeWish("side", 1024)


def test_a_new_document_begins_twice_as_large_as_trained_with_details(window, qtbot, settings, monkeypatch):
    shown: list[RenderResult] = []
    window.live.rendered.connect(shown.append)
    window.files.new((64, 96))
    wait(qtbot, window)
    assert (shown[-1].size, shown[-1].detail) == ((512, 768), "fast")
    assert window.status_bar.render_size.text() == "Size: 768 × 512"
    assert not settings.store.contains("render/size")
    monkeypatch.setattr(result_plan, "available_levels", lambda: ("none", "full"))
    window.files.new((65, 65))
    wait(qtbot, window)
    assert shown[-1].size == (256, 256)


def test_the_first_picture_after_the_start_has_details(window, qtbot):
    wait(qtbot, window)
    assert window.picture.image.shape[:2] == (256, 256)  # the stand-in's
    assert window.picture.detail == "fast"


def test_a_size_that_was_chosen_and_one_that_was_saved_stay(window, settings, qtbot, tmp_path):
    window.rendering.set_size(SizeWish())
    window.document.saved_as(tmp_path / "a.ora")
    assert window.files.save(wait=True)
    settings.store.remove("render/size")
    window.files.new((64, 64))
    assert window.live.size == SizeWish("automatic")
    assert window.files.open_path(tmp_path / "a.ora")
    assert window.live.size == SizeWish()
    assert window.status_bar.render_size.text() == "Size: 256 × 256"
    wait(qtbot, window)


def test_sizes_follow_the_layouts_shape(window, qtbot):
    window.document.replace(np.full((128, 512), window.toolbox.label, np.uint8), "wide")
    wait(qtbot, window)
    assert "As the layout: 512 × 128" in entries(window.rendering.menus[0])
    assert "1024 × 256" in entries(window.rendering.menus[0])


def test_another_size_is_asked_for_and_kept(window, settings, qtbot):
    window.document.replace(np.full((100, 150), window.toolbox.label, np.uint8), "wide")
    question = window.rendering.ask_size()
    question.width_box.setValue(400)
    assert question.height_box.value() == 267
    question.height_box.setValue(400)
    assert question.width_box.value() == 600
    assert "kept in it" in question.note.text()
    qtbot.keyClick(question.width_box, Qt.Key.Key_Return)
    assert settings.render_size == SizeWish("side", 600)
    assert checked(window.rendering.menus[0]) == ["Other size: 600 × 400…"]
    wait(qtbot, window)


@pytest.mark.parametrize(
    ("layout", "width", "shown"), [((1024, 256), 4096, (8192, 2048)), ((20, 1000), 500, (16, 800)), ((256, 1024), 400, (100, 400))]
)
def test_a_size_that_keeps_the_shape_is_the_one_shown_also_at_the_limits(qtbot, layout, width, shown):
    parent = QWidget()
    qtbot.addWidget(parent)
    question = SizeQuestion((256 * layout[0] // layout[1] or 1, 256), layout, parent)
    question.keeps_shape.setChecked(False)
    question.width_box.setValue(width)
    question.keeps_shape.setChecked(True)
    for _ in range(2):
        assert (question.height_box.value(), question.width_box.value()) == shown
        assert plan_result(layout, ResultWish(question.wish), (256, 256), lambda *size: size, 1).result == shown
        assert "stretched" not in question.note.text()
        question.width_box.setValue(width)


def test_a_layout_whose_shape_no_size_keeps_is_asked_for_both_sides(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    question = SizeQuestion((1, 8192), (1, 8192), parent)
    assert not question.keeps_shape.isEnabled()
    assert question.wish.exact == (16, 8192)
    assert "stretched" in question.note.text()


def test_any_width_and_height_can_be_asked_for_and_shows_its_own_shape(window, qtbot):
    window.document.replace(np.full((100, 150), window.toolbox.label, np.uint8), "wide")
    question = window.rendering.ask_size()
    question.keeps_shape.setChecked(False)
    question.width_box.setValue(300)
    question.height_box.setValue(400)
    assert "stretched" in question.note.text()
    shown: list[RenderResult] = []
    window.live.rendered.connect(shown.append)
    question.accept()
    wait(qtbot, window)
    assert shown[-1].size == (400, 300)
    assert window.status_bar.render_size.text() == "Size: 300 × 400"
    assert checked(window.rendering.menus[0]) == ["Other size: 300 × 400…"]
    view = window.render_panel.view
    # The stand-in's picture is the layout itself: what is asked for is not.
    view.show_picture(np.zeros((400, 300, 3), np.uint8), "exact")
    rect = view.picture_rect()
    assert rect.height() / rect.width() == pytest.approx(4 / 3, abs=0.02)
    corner = view.viewport.to_view(QPointF(150, 100))
    assert (corner.x(), corner.y()) == pytest.approx((rect.right(), rect.bottom()), abs=1.5)
    again = window.rendering.ask_size()
    assert not again.keeps_shape.isChecked()
    again.reject()
    window.rendering.set_size(SizeWish())
    view.show_picture(np.zeros((256, 384, 3), np.uint8), "exact")
    rect = view.picture_rect()
    assert rect.height() / rect.width() == pytest.approx(2 / 3, abs=0.02)


def test_linked_views_look_at_the_same_place_whatever_the_shape(window):
    view, canvas = window.render_panel.view, window.canvas
    height, width = window.document.size
    view.show_picture(np.zeros((512, 256, 3), np.uint8), "exact")
    canvas.zoom_to(6)
    assert view.viewport.zoom == canvas.viewport.zoom
    for at in ((width / 2, height / 2), (10, 20)):
        canvas.show_place(Place(6, QPointF(*at), False))
        seen = view.viewport.place.center
        assert (seen.x(), seen.y()) == pytest.approx(at, abs=height / 8)


def test_a_size_is_the_documents_and_new_ones_take_the_last(window, settings, qtbot, tmp_path):
    window.document.saved_as(tmp_path / "a.ora")
    window.rendering.set_size(SizeWish("side", 512))
    assert window.document.is_modified
    assert window.files.save(wait=True)
    assert not window.document.is_modified
    window.files.new((64, 64))
    assert window.live.size == SizeWish("side", 512)
    assert not window.document.is_modified
    window.rendering.set_size(SizeWish("exact", exact=(300, 700)))
    wait(qtbot, window)
    window.document.undo_stack.setClean()
    assert window.files.open_path(tmp_path / "a.ora")
    assert window.live.size == SizeWish("side", 512)
    assert window.status_bar.render_size.text() == "Size: 512 × 512"
    assert not window.document.is_modified
    assert settings.render_size == SizeWish("exact", exact=(300, 700))
    window.files.new((64, 64))
    assert window.live.size == SizeWish("exact", exact=(300, 700))


def test_the_status_line_says_the_detail_and_lets_it_be_chosen(window, settings):
    button = window.status_bar.detail
    assert button.menu() is window.rendering.detail_menu
    entries(window.rendering.detail_menu)["Off"].trigger()
    assert button.text() == "Detail: off"
    assert settings.render_detail == window.live.detail == "none"
    entries(window.rendering.detail_menu)["Full, when the hand rests"].trigger()
    assert button.text() == "Detail: full"
    assert button.accessibleName().endswith("Detail: full")


def test_a_question_that_is_given_up_changes_nothing(window, settings):
    entries(window.rendering.menus[0])["Other size…"].trigger()
    question = QApplication.activeModalWidget()
    assert isinstance(question, QDialog)
    question.reject()
    assert settings.render_size == SizeWish("automatic")
    assert checked(window.rendering.menus[0]) == ["Automatic: 512 × 512"]


def test_the_status_line_opens_the_same_menus(window):
    assert window.status_bar.render_size.menu() is window.rendering.menus[0]
    device = window.status_bar.device.menu()
    assert device is not None
    assert [action.menu() for action in device.actions()] == list(window.rendering.menus[1:])
    assert window.status_bar.device.accessibleName().endswith("cpu, float32")
