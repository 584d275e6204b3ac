"""The sheet of variations with real clicks and keys: it fills, is adopted from, mixed, cancelled, brought up to date."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt

from spade_studio.app.export.rendering import render_layout
from spade_studio.app.model.textures import renew_texture
from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.app.styles.pictures import to_array
from spade_studio.app.variations.cells import CELL, Mix

WAIT = 60_000
NO_KEYS, CONTROL, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def sheet(window, qtbot):
    window.batch._settings.sheet_count = 9
    qtbot.keyClick(window.canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    sheet = window.batch.sheet
    assert sheet is not None
    qtbot.waitUntil(lambda: not sheet.renderer.is_at_work, timeout=WAIT)
    return sheet


def click(qtbot, sheet, place, keys=NO_KEYS):
    view = sheet.grid
    at = view.visualRect(view.cells.index(place)).center() - QPoint(0, 8)
    qtbot.mouseClick(view.viewport(), LEFT, keys, at)


def test_it_fills_with_different_pictures_of_the_layout(window, sheet):
    cells = sheet.grid.cells.cells
    assert len(cells) == 9
    assert cells[0].style == window.live.style
    assert len({cell.style for cell in cells}) == 9
    assert len({bytes(cell.image.constBits()) for cell in cells}) == 9
    assert all(cell.image.width() == 64 for cell in cells)


def test_the_first_picture_is_the_one_of_the_window(window, sheet):
    image = sheet.grid.cells.cells[0].image
    np.testing.assert_array_equal(to_array(image), window.picture.image)


def test_a_click_adopts_and_the_window_renders_it(window, sheet, qtbot):
    click(qtbot, sheet, 4)
    style = sheet.grid.cells.cells[4].style
    assert window.live.style == style
    assert window.live.seed == style
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)


def test_keys_move_adopt_and_select(window, sheet, qtbot):
    grid = sheet.grid
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.currentIndex().row() == 2
    before = window.live.style
    assert before == grid.cells.cells[0].style
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert window.live.style == grid.cells.cells[2].style
    grid.clearSelection()
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    qtbot.keyClick(grid, Qt.Key.Key_Right, CONTROL)
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert [grid.cells.cells.index(cell) for cell in grid.selected] == [2, 3]


def test_ctrl_and_shift_select_without_adopting(window, sheet, qtbot):
    before = window.live.style
    click(qtbot, sheet, 1, CONTROL)
    click(qtbot, sheet, 5, CONTROL)
    assert len(sheet.grid.selected) == 2
    assert "2" in sheet.export_button.text()
    click(qtbot, sheet, 7, SHIFT)
    assert len(sheet.grid.selected) == 3
    assert window.live.style == before


def test_a_strip_leads_from_one_style_to_the_other_and_can_be_adopted(window, sheet, qtbot):
    click(qtbot, sheet, 1, CONTROL)
    click(qtbot, sheet, 5, CONTROL)
    sheet.steps.setValue(5)
    sheet.between_button.click()
    assert isinstance(sheet.strip.cells.cells[2].style, Mix)
    qtbot.waitUntil(lambda: not sheet.renderer.is_at_work, timeout=WAIT)
    cells = sheet.strip.cells.cells
    assert [cell.caption for cell in cells[1:4]] == ["25%", "50%", "75%"]
    assert (cells[0].style, cells[4].style) == (sheet.grid.cells.cells[1].style, sheet.grid.cells.cells[5].style)
    assert len({bytes(cell.image.constBits()) for cell in cells}) == 5
    sheet.strip.setCurrentIndex(sheet.strip.cells.index(2))
    qtbot.keyClick(sheet.strip, Qt.Key.Key_Return)
    np.testing.assert_array_equal(window.live.style, cells[2].style)
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    qtbot.mouseClick(sheet.strip_close, LEFT)
    assert not sheet.strip_box.isVisible()


def test_it_keeps_its_layout_until_it_is_asked_to_follow(window, sheet, qtbot):
    before = [bytes(cell.image.constBits()) for cell in sheet.grid.cells.cells]
    seeds = [cell.style for cell in sheet.grid.cells.cells]
    assert not sheet.update_button.isEnabled()
    window.document.reshape(np.full((64, 64), 40, np.uint8), None, "fill")
    assert "changed" in sheet.stale.text()
    sheet.update_button.click()
    qtbot.waitUntil(lambda: not sheet.renderer.is_at_work, timeout=WAIT)
    assert [cell.style for cell in sheet.grid.cells.cells] == seeds
    assert not set(before) & {bytes(cell.image.constBits()) for cell in sheet.grid.cells.cells}
    assert sheet.stale.text() == ""


def test_cancelled_it_keeps_what_is_there_and_goes_on_when_it_is_opened_again(window, sheet, qtbot):
    sheet.count_box.setCurrentIndex(sheet.count_box.findData(100))
    sheet.roll()
    qtbot.waitUntil(lambda: sheet.renderer.done >= 3, timeout=WAIT)
    qtbot.keyClick(sheet.grid, Qt.Key.Key_Escape)
    assert not sheet.renderer.is_at_work
    done = sum(not cell.image.isNull() for cell in sheet.grid.cells.cells)
    assert 3 <= done < 100
    assert str(100 - done) in sheet.status.text()
    sheet.close()
    window.commands["variations"].trigger()
    qtbot.waitUntil(lambda: not sheet.renderer.is_at_work, timeout=WAIT)
    assert all(not cell.image.isNull() for cell in sheet.grid.cells.cells)


def test_painting_goes_first(window, sheet, qtbot):
    sheet.count_box.setCurrentIndex(sheet.count_box.findData(100))
    sheet.roll()
    window.live.seed = 5
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    assert sheet.renderer.is_at_work


def test_new_styles_are_others_and_the_first_is_in_use(window, sheet, qtbot):
    before = {cell.style for cell in sheet.grid.cells.cells}
    sheet.new_button.click()
    qtbot.waitUntil(lambda: not sheet.renderer.is_at_work, timeout=WAIT)
    assert {cell.style for cell in sheet.grid.cells.cells} & before <= {window.live.style}


def test_what_is_selected_goes_to_the_export_with_its_layout(window, sheet, qtbot):
    for place in (2, 6):
        sheet.grid.selectionModel().select(sheet.grid.cells.index(place), QItemSelectionModel.SelectionFlag.Select)
    window.document.reshape(np.full((64, 64), 40, np.uint8), None, "fill")
    sheet.export_button.click()
    form = window.batch.export.form
    assert form.by_choice.isChecked()
    order = form.order()
    assert order.styles == (sheet.grid.cells.cells[2].style, sheet.grid.cells.cells[6].style)
    assert order.layouts[0].labels.max() == 40
    assert (order.layouts[0].labels == 10).any()


def test_cells_have_names_for_those_who_cannot_see_them(window, sheet):
    model = sheet.grid.cells
    assert model.data(model.index(3), Qt.ItemDataRole.AccessibleTextRole) == str(model.data(model.index(3), CELL).style)
    assert model.rowCount() == 9


def load(window, qtbot, weights):
    with qtbot.waitSignal(window.live.ready, timeout=WAIT):
        assert window.live.replace_renderer(renderer_loader(LoadOptions(weights, "cpu", "float32")))


def test_brought_to_the_front_while_it_is_rendered_it_renders_nothing_twice(window, sheet, qtbot):
    sheet.count_box.setCurrentIndex(sheet.count_box.findData(100))
    sheet.roll()
    window.commands["variations"].trigger()
    assert sheet.renderer.total == 100
    sheet.renderer.cancel()


def test_only_other_weights_make_it_old(window, sheet, qtbot, tiny_weights, other_weights):
    load(window, qtbot, tiny_weights)
    assert sheet.stale.text() == ""
    for weights, is_old in ((other_weights, True), (tiny_weights, False), (other_weights, True)):
        load(window, qtbot, weights)
        assert sheet.stale.text() == ("The weights have changed since." if is_old else "")
        assert sheet.update_button.isEnabled() == is_old
    sheet.update_button.click()
    qtbot.waitUntil(lambda: not sheet.renderer.is_at_work, timeout=WAIT)
    assert sheet.stale.text() == ""


def test_a_new_texture_makes_it_old_where_the_weights_have_any(window, sheet, qtbot, textured_weights):
    window.styles.controller.new_texture()
    assert sheet.stale.text() == ""
    load(window, qtbot, textured_weights)
    sheet.update_layout()
    undo = window.document.undo_stack.undo
    for change in (window.styles.controller.new_texture, lambda: renew_texture(window.document, window.document.labels == 20)):
        change()
        assert "texture has changed" in sheet.stale.text()
        assert sheet.update_button.isEnabled()
        undo()
        assert sheet.stale.text() == ""
    window.styles.controller.new_texture()
    sheet.update_button.click()
    assert sheet.stale.text() == ""
    assert not sheet.update_button.isEnabled()
    window.document.reshape(np.full((64, 64), 40, np.uint8), None, "fill")
    assert "layout has changed" in sheet.stale.text()
    window.styles.controller.new_texture()
    assert "layout has changed" in sheet.stale.text()
    sheet.renderer.cancel()


def test_a_sheet_that_was_opened_before_anything_is_loaded_is_not_old(window, sheet):
    sheet._weights = ""
    sheet.show_weights_changed()
    assert sheet.stale.text() == ""


def test_a_picture_under_way_while_another_device_takes_over_is_rendered_there(window, sheet, qtbot, tiny_weights, monkeypatch):
    held, opened = threading.Event(), threading.Event()

    def render(*values):
        held.set()
        assert opened.wait(60)
        return render_layout(*values)

    monkeypatch.setattr("spade_studio.app.variations.sheet_renderer.render_layout", render)
    sheet.roll()
    qtbot.waitUntil(held.is_set, timeout=WAIT)
    load(window, qtbot, tiny_weights)
    opened.set()
    qtbot.waitUntil(lambda: not sheet.renderer.is_at_work, timeout=WAIT)
    assert [cell.error for cell in sheet.grid.cells.cells] == [""] * 9
    assert not any(cell.image.isNull() for cell in sheet.grid.cells.cells)
