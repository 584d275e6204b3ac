"""The palette in the real window: filters, favourites, labels the weights do not know, label sets switched, labels found."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from spade_studio.app.canvas.replace_dialog import ReplaceDialog
from spade_studio.app.palette.finding import find_label
from spade_studio.app.palette.listing import Choice
from spade_studio.app.palette.memory import PaletteMemory
from spade_studio.app.palette.switch_dialog import SwitchDialog
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.ui.label_items import Role
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set

SKY, TREE, SEA, ROAD, BUILDING, SNOW = 156, 168, 154, 148, 95, 158
KNOWN_IDS = (156, 134, 158, 168, 123, 110, 154, 177, 148, 95, 96)
COCO, ADE, CITY = (load_label_set(name) for name in ("coco_stuff", "ade20k", "cityscapes"))


def id_of(label_set: LabelSet, name: str) -> int:
    label = label_set.by_name(name)
    assert label is not None
    return label.id


ROOF = id_of(COCO, "roof")


@pytest.fixture
def panel(window):
    return window.palette_panel


@pytest.fixture
def work(window):
    return window.palette_work


def chip(panel, label_id):
    return panel.view.model().index(panel.visible_ids().index(label_id), 0)


def choose(panel, text):
    """Choose in the box of filters as a person does."""
    box = panel.show_box
    place = box.findText(text)
    assert place >= 0
    box.setCurrentIndex(place)
    box.activated.emit(place)


def entries(menu):
    return {action.text().replace("&", ""): action for action in menu.actions() if action.text()}


def test_the_strip_has_two_rows_for_a_few_labels_and_never_more_than_three(window, panel):
    window.resize(1280, 720)
    low = panel.height()
    assert low < 75
    choose(panel, "All labels")
    assert low < panel.height() < 110
    assert len(panel.visible_ids()) == 171


def test_a_group_is_shown_with_what_the_weights_do_not_know_dimmed(panel):
    choose(panel, "Ground")
    assert ROAD in panel.visible_ids()
    assert not chip(panel, ROAD).data(Role.UNKNOWN)
    sand = id_of(COCO, "sand")
    assert chip(panel, sand).data(Role.UNKNOWN)
    assert "Nearest that they know: Dirt" in chip(panel, sand).data(Qt.ItemDataRole.ToolTipRole)
    assert "Not known" in chip(panel, sand).data(Qt.ItemDataRole.AccessibleTextRole)


def test_a_search_finds_labels_that_the_weights_do_not_know(panel, qtbot):
    qtbot.keyClicks(panel.search, "viaduct")
    assert panel.visible_ids() == (id_of(COCO, "bridge"),)


def test_a_chosen_label_that_the_weights_do_not_know_is_told_and_the_nearest_offered(window, panel, qtbot):
    choose(panel, "All labels")
    assert not panel.use_nearest.isVisible()
    window.toolbox.label = ROOF
    assert panel.use_nearest.isVisible()
    assert panel.use_nearest.text() == "Use Building instead"
    view = panel.view.viewport()
    assert view.rect().contains(panel.view.visualRect(chip(panel, ROOF)))  # the hint does not cover the chip
    qtbot.mouseClick(panel.use_nearest, Qt.MouseButton.LeftButton)
    assert window.toolbox.label == BUILDING
    assert not panel.use_nearest.isVisible()
    assert QApplication.focusWidget() is window.canvas


def test_favourites_are_made_by_key_and_remembered(window, panel, hand, settings):
    window.toolbox.label = TREE
    hand.key(Qt.Key.Key_F)
    assert window.commands["favourite"].isChecked()
    assert chip(panel, TREE).data(Role.FAVOURITE)
    choose(panel, "Favourites")
    assert panel.visible_ids() == (TREE,)
    assert PaletteMemory(settings).favourites(COCO) == {TREE}
    hand.key(Qt.Key.Key_F)
    assert panel.visible_ids() == ()
    assert not window.commands["favourite"].isChecked()


def test_recent_labels_are_listed_the_newest_first_and_do_not_jump(window, panel):
    for label in (SEA, ROAD, SNOW):
        window.toolbox.label = label
    choose(panel, "Recent")
    assert panel.visible_ids()[:3] == (SNOW, ROAD, SEA)
    window.toolbox.label = SEA
    assert panel.visible_ids()[:3] == (SNOW, ROAD, SEA)


def test_the_menu_of_a_chip_comes_by_mouse_and_by_key(window, panel, qtbot, monkeypatch):
    shown = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, place: shown.append((menu.title(), place)))  # offscreen, popups cannot be raised
    view = panel.view
    in_hand = window.toolbox.label
    place = view.visualRect(chip(panel, SEA)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.RightButton, pos=place)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    assert window.toolbox.label == in_hand  # looking at a menu chooses nothing
    view.setFocus()
    QApplication.sendEvent(view, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint()))
    own = view.viewport().mapToGlobal(view.visualRect(chip(panel, in_hand)).center())
    assert shown == [("Sea", view.viewport().mapToGlobal(place)), ("Grass", own)]


def test_the_menu_does_what_it_says(window, panel, work):
    menu = work.menu_of(ROOF)
    items = entries(menu)
    assert not items["Replace in the layout by…"].isEnabled()
    items["Use Building instead"].trigger()
    assert window.toolbox.label == BUILDING
    items["Paint with it"].trigger()
    assert window.toolbox.label == ROOF
    menu.deleteLater()

    menu = work.menu_of(SKY)
    items = entries(menu)
    assert "Use Building instead" not in items
    items["Protect from painting over"].trigger()
    assert window.document.protected == {SKY}
    items["Favourite"].trigger()
    assert chip(panel, SKY).data(Role.FAVOURITE)
    assert chip(panel, SKY).data(Role.LOCKED)
    window.document.protected = frozenset()
    window.toolbox.label = SEA
    items["Replace in the layout by…"].trigger()
    dialog = window.findChild(ReplaceDialog)
    assert (dialog.old.currentData(), dialog.new.currentData()) == (SKY, SEA)
    dialog.accept()
    assert not (window.document.labels == SKY).any()
    menu.deleteLater()


# -- find on the canvas ---------------------------------------------------------------------------------------------


def test_a_label_is_shown_on_the_canvas_until_escape(window, work, hand):
    window.toolbox.label = TREE
    hand.key(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    highlight = work.highlight
    assert highlight.is_running
    assert highlight.text == "Tree: 13.2% of the layout, 2 regions"
    assert highlight.size() == window.canvas.size()
    before = window.canvas.grab().toImage()
    hand.key(Qt.Key.Key_Escape)
    assert not highlight.is_running
    assert window.canvas.grab().toImage() != before  # it was to be seen


def test_painting_ends_the_highlight(window, work, hand):
    work.find_on_canvas(TREE)
    hand.stroke((100, 100), (120, 100))
    assert not work.highlight.is_running
    assert window.document.is_modified


def test_a_label_that_is_nowhere_is_said_to_be(work):
    work.find_on_canvas(ROOF)
    assert work.highlight.text == "Roof is nowhere in the layout"


def test_the_view_moves_to_what_lies_outside(window, work):
    canvas = window.canvas
    canvas.zoom_to(16)
    canvas.viewport.pan(canvas.rect().bottomRight().toPointF() * 10)  # far away, as far as it goes
    place = canvas.viewport.rect_to_view(find_box(window, SNOW))
    assert not place.intersects(canvas.rect().toRectF())
    work.find_on_canvas(SNOW)
    place = canvas.viewport.rect_to_view(find_box(window, SNOW))
    assert place.intersects(canvas.rect().toRectF())
    origin = canvas.viewport.picture_rect
    work.find_on_canvas(SNOW)
    assert canvas.viewport.picture_rect == origin  # what is seen stays where it is


def find_box(window, label):
    return find_label(window.document.labels, label).largest


def test_the_highlight_ends_by_itself(work, qtbot):
    work.find_on_canvas(TREE)
    with qtbot.waitSignal(work.highlight.ended):
        work.highlight._clock.setCurrentTime(work.highlight._clock.duration())
    assert not work.highlight.is_running


# -- label sets -------------------------------------------------------------------------------------------------------


def choose_set(window: MainWindow, target: LabelSet) -> list[SwitchDialog]:
    """Choose a label set in the palette and return the question, if there is one."""
    box = window.palette_panel.set_box
    place = box.findText(target.name)
    assert place >= 0
    box.setCurrentIndex(place)
    box.activated.emit(place)
    return [dialog for dialog in window.findChildren(SwitchDialog) if dialog.isVisible()]


def ask(window: MainWindow, target: LabelSet) -> SwitchDialog:
    (dialog,) = choose_set(window, target)
    return dialog


def test_the_set_is_switched_by_name_as_one_step(window, panel):
    document = window.document
    labels, snapshot = document.labels.copy(), document.add_snapshot("before")
    document.protected = frozenset({SKY})
    window.toolbox.label = TREE
    dialog = ask(window, ADE)
    bush = id_of(COCO, "bush")
    assert set(dialog.boxes) == {SNOW, bush}  # nothing else has no name there
    assert dialog.boxes[SNOW].currentText() == "Mountain (nearest)"
    dialog.boxes[bush].setCurrentIndex(0)
    dialog.accept()

    assert document.label_set.name == "ADE20K"
    assert panel.set_box.currentText() == "ADE20K"
    ade = {name: id_of(ADE, name) for name in ("sky", "mountain", "tree")}
    assert (document.labels[labels == SKY] == ade["sky"]).all()
    assert (document.labels[labels == SNOW] == ade["mountain"]).all()
    assert (document.labels[labels == bush] == ADE.unlabeled_id).all()
    assert document.protected == {ade["sky"]}
    assert (document.snapshots[0].labels == document.labels).all()
    assert window.toolbox.label == ade["tree"]
    assert window.commands["undo"].text() == "&Undo label set"

    later = document.add_snapshot("after")
    window.commands["undo"].trigger()
    assert document.label_set.name == "COCO-Stuff"
    np.testing.assert_array_equal(document.labels, labels)
    assert document.protected == {SKY}
    assert document.snapshots[0].labels is snapshot.labels
    assert (document.snapshots[1].labels[labels == SKY] == SKY).all()
    assert later.name == document.snapshots[1].name
    assert window.toolbox.label == TREE
    assert panel.visible_ids() == KNOWN_IDS
    window.commands["redo"].trigger()
    assert document.label_set.name == "ADE20K"
    assert (document.labels[labels == SNOW] == ade["mountain"]).all()


def test_giving_the_question_up_changes_nothing(window, panel):
    labels = window.document.labels.copy()
    ask(window, ADE).reject()
    assert panel.set_box.currentText() == "COCO-Stuff"
    np.testing.assert_array_equal(window.document.labels, labels)
    assert not window.document.undo_stack.canUndo()


def test_strokes_before_and_after_a_switch_are_undone_in_order(window, hand, qtbot):
    document = window.document
    window.toolbox.label = SEA
    hand.stroke((50, 50), (60, 50))
    labels = document.labels.copy()
    ask(window, CITY).accept()
    window.toolbox.label = id_of(CITY, "road")
    hand.stroke((50, 150), (60, 150))
    for _ in range(2):
        window.commands["undo"].trigger()
    np.testing.assert_array_equal(document.labels, labels)
    window.commands["undo"].trigger()
    assert not document.is_modified


def test_a_layout_without_strange_labels_switches_without_a_question(window):
    window.files.new((64, 64))
    blank = window.document.labels[0, 0]
    assert choose_set(window, ADE) == []
    assert window.document.label_set.name == "ADE20K"
    assert window.document.labels[0, 0] == (ADE.unlabeled_id if blank == COCO.unlabeled_id else id_of(ADE, "sky"))


def test_the_menu_names_the_set_of_the_weights(window, work):
    actions = work.set_menu.actions()
    assert [action.text() for action in actions] == ["COCO-Stuff (known to these weights)", "ADE20K", "Cityscapes"]
    assert [action.isChecked() for action in actions] == [True, False, False]


def test_weights_see_their_own_ids_whatever_the_document_has(window, work, renderer, qtbot):
    labels = window.document.labels.copy()
    ask(window, ADE).accept()
    qtbot.waitUntil(lambda: window.live.is_up_to_date)
    seen = renderer.seen[-1][0]
    assert (seen[labels == SKY] == SKY).all()
    assert (seen[labels == SNOW] == id_of(COCO, "mountain")).all()
    assert (window.palette_panel.visible_ids()) == work._panel.offer.known
    assert id_of(ADE, "tree") in window.palette_panel.visible_ids()
    assert id_of(ADE, "bed") not in window.palette_panel.visible_ids()


def test_labels_that_another_set_cannot_carry_over_are_named(window, work, qtbot):
    ask(window, ADE).accept()
    bed = id_of(ADE, "bed")
    layout = np.full((64, 64), id_of(ADE, "tree"), np.uint8)
    layout[:16] = bed
    window.document.replace(layout, "Bedroom")
    qtbot.waitUntil(lambda: window.live.is_up_to_date)
    text = window.render_panel.banner.text
    assert "do not know bed" in text
    assert "25%" in text
    assert work.rendered.unknown({}) == {"bed": 16 * 64}


def test_a_changed_document_keeps_its_labels_when_the_weights_know_others(window, work, hand):
    window.toolbox.label = SEA
    hand.stroke((50, 50), (60, 50))
    labels = window.document.labels.copy()
    work.adopt(LabelChannels.from_label_set(ADE, [label.id for label in ADE.labels], None, edge=False))
    assert window.document.label_set.name == "COCO-Stuff"
    np.testing.assert_array_equal(window.document.labels, labels)
    assert not window.palette_panel.offer.is_known(SNOW)
    assert "ADE20K" in window.statusBar().currentMessage()


def test_the_untouched_sample_takes_the_labels_of_the_weights(window, work):
    work.adopt(LabelChannels.from_label_set(ADE, [label.id for label in ADE.labels], None, edge=False))
    assert window.document.label_set.name == "ADE20K"
    assert (window.document.labels == id_of(ADE, "sky")).any()
    assert not window.document.is_modified


def test_a_set_of_the_weights_own_can_be_chosen(window, work, hand):
    hand.stroke((50, 50), (60, 50))
    own = type(COCO)("Gardens", (*[label for label in ADE.labels if label.name in ("sky", "grass", "tree")],), 0)
    work.adopt(LabelChannels.from_label_set(own, [label.id for label in own.labels], "first", edge=False))
    assert work.sets()[-1] is own
    ask(window, own).accept()
    assert window.document.label_set is own
    assert {label.name for label in window.palette_panel.labels} == {"sky", "grass", "tree"}


def test_choosing_the_set_twice_asks_nothing(window):
    assert choose_set(window, COCO) == []
    assert window.palette_panel.choice == Choice()


def test_a_label_that_the_weights_do_not_know_can_take_anothers_place(window):
    window.toolbox.label = ROOF
    window.commands["replace_label"].trigger()
    dialog = next(one for one in window.findChildren(ReplaceDialog) if one.isVisible())
    assert dialog.new.currentData() == ROOF
    assert [dialog.new.itemData(place) for place in range(len(KNOWN_IDS))] == list(KNOWN_IDS)
    dialog.old.setCurrentIndex(dialog.old.findData(SNOW))
    dialog.accept()
    assert (window.document.labels == ROOF).any()
    assert not (window.document.labels == SNOW).any()
