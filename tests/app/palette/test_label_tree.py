"""All labels in the real window's dock: under headings, searched, dimmed where unknown, chosen by mouse and keys, found on the canvas."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from spade_studio.app.palette.highlight import GLANCE_MILLISECONDS
from spade_studio.app.palette.listing import Choice, Offer, grouped, listed
from spade_studio.app.ui.label_items import Role
from spade_studio.engine.labels import Label, load_label_set

COCO, ADE, CITY = (load_label_set(name) for name in ("coco_stuff", "ade20k", "cityscapes"))
TREE, GRASS, BUSH, SAND, ROOF, FLOWER = (
    label.id for name in ("tree", "grass", "bush", "sand", "roof", "flower") if (label := COCO.by_name(name))
)


@pytest.fixture
def tree(window, qtbot):
    """Give the panel, opened by its key."""
    qtbot.keyClick(window, Qt.Key.Key_F12)
    panel = window.palette_work.tree
    assert panel.isVisible()
    return panel


def rect_of(tree, label_id):
    index = tree.item(label_id).index()
    tree.view.scrollTo(index)
    return tree.view.visualRect(index)


@pytest.mark.parametrize("label_set", [COCO, ADE, CITY], ids=lambda one: one.name)
def test_every_label_of_a_set_has_a_heading(label_set):
    offer = Offer(label_set.labels)
    found = grouped(listed(offer, Choice("all")), offer.groups)
    assert [name for name, _ in found] == list(offer.groups)
    assert sorted(label.id for _, members in found for label in members) == [one.id for one in label_set.labels if not one.unused]
    assert all(members == tuple(sorted(members, key=lambda one: one.name)) for _, members in found)


def test_labels_of_no_group_come_last():
    labels = (Label(1, "b", (0, 0, 0)), Label(2, "c", (0, 0, 0), "land"), Label(3, "a", (0, 0, 0)))
    assert grouped(labels, ("land",)) == [("land", (labels[1],)), ("", (labels[2], labels[0]))]


def test_the_dock_has_all_labels_under_headings_and_dims_what_the_weights_do_not_know(window, tree):
    assert len(tree.visible_ids()) == 171
    assert "Raw material" in tree.groups()
    assert not tree.item(TREE).data(Role.UNKNOWN)
    assert tree.item(SAND).text() == "Sand"
    assert tree.item(SAND).data(Role.UNKNOWN)
    assert "Nearest that they know: Dirt" in tree.item(SAND).data(Qt.ItemDataRole.ToolTipRole)
    window.palette_work.toggle_favourite(SAND)
    assert tree.item(SAND).data(Role.FAVOURITE)
    window.document.protected = frozenset({SAND})
    assert tree.item(SAND).data(Role.LOCKED)
    assert tree.item(SAND).parent().text() == "Ground"


def test_a_search_leaves_the_headings_of_what_it_finds(window, tree, qtbot):
    assert QApplication.focusWidget() is tree.search
    qtbot.keyClicks(tree.search, "plant")
    assert tree.groups() == ("Furniture", "Plant")
    assert {TREE, GRASS, BUSH} < set(tree.visible_ids())
    assert tree.view.isExpanded(tree.item(TREE).parent().index())
    qtbot.keyClick(tree.search, Qt.Key.Key_Return)  # the first that the weights know
    assert window.toolbox.label == BUSH
    assert tree.search.text() == ""
    assert QApplication.focusWidget() is window.canvas
    qtbot.keyClicks(tree.search, "xyz")
    assert tree.visible_ids() == ()
    qtbot.keyClick(tree.search, Qt.Key.Key_Return)
    assert window.toolbox.label == BUSH


def test_keys_walk_through_it(window, tree, hand):
    window.toolbox.label = BUSH
    hand.key(Qt.Key.Key_Down)
    assert QApplication.focusWidget() is tree.view
    hand.key(Qt.Key.Key_Down)
    assert window.toolbox.label == FLOWER
    hand.key(Qt.Key.Key_E)  # letters stay the tools' shortcuts
    assert window.commands["eraser"].isChecked()
    hand.key(Qt.Key.Key_Left)  # to the heading, which is no label
    hand.key(Qt.Key.Key_Left)
    assert window.toolbox.label == FLOWER
    assert not tree.view.isExpanded(tree.item(BUSH).parent().index())
    hand.key(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is window.canvas


def test_a_folded_group_stays_folded_when_a_search_ends(tree, qtbot):
    heading = tree.item(SAND).parent().index()
    tree.view.scrollTo(heading)
    qtbot.mouseClick(tree.view.viewport(), Qt.MouseButton.LeftButton, pos=tree.view.visualRect(heading).center())
    assert not tree.view.isExpanded(heading)
    tree.search.setText("sand")
    assert tree.view.isExpanded(tree.item(SAND).parent().index())
    tree.search.clear()
    assert not tree.view.isExpanded(tree.item(SAND).parent().index())
    assert tree.view.isExpanded(tree.item(TREE).parent().index())


def test_a_click_chooses_a_label_and_shows_where_it_lies(window, tree, qtbot):
    qtbot.mouseClick(tree.view.viewport(), Qt.MouseButton.LeftButton, pos=rect_of(tree, TREE).center())
    assert window.toolbox.label == TREE
    assert QApplication.focusWidget() is window.canvas
    highlight = window.palette_work.highlight
    assert highlight.is_running
    assert highlight._clock.duration() == GLANCE_MILLISECONDS
    assert window.statusBar().currentMessage() == "Tree: 13.2% of the layout, 2 regions"
    qtbot.mouseClick(tree.view.viewport(), Qt.MouseButton.LeftButton, pos=rect_of(tree, ROOF).center())
    assert window.toolbox.label == ROOF
    assert not highlight.is_running  # it is nowhere
    assert window.statusBar().currentMessage() == "Roof is nowhere in the layout"


def test_a_click_on_a_chip_shows_where_its_label_lies_and_escape_goes_on_to_the_canvas(window, hand, qtbot):
    panel, highlight = window.palette_panel, window.palette_work.highlight
    index = panel.view.model().index(panel.visible_ids().index(TREE), 0)
    before = window.canvas.grab().toImage()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=panel.view.visualRect(index).center())
    assert highlight.is_running
    highlight._clock.setCurrentTime(GLANCE_MILLISECONDS // 2)
    shown = window.canvas.grab().toImage()
    sky = hand.at(128, 10)
    assert shown != before
    assert shown.pixelColor(sky) == before.pixelColor(sky)  # a glance darkens nothing
    window.commands["polygon"].trigger()
    for corner in ((20, 20), (60, 20)):
        hand.stroke(corner)
    window.palette_work.point_out(TREE)
    hand.key(Qt.Key.Key_Escape)
    assert not highlight.is_running
    assert not window.toolbox.is_open  # the same press gave the polygon up


def test_the_chosen_row_has_its_chip_and_no_block_of_colour_before_it(window, tree):
    window.toolbox.label = TREE
    before = tree.view.viewport().grab().toImage().pixelColor(4, rect_of(tree, TREE).center().y())
    window.toolbox.label = GRASS
    assert rect_of(tree, TREE).left() > 4
    after = tree.view.viewport().grab().toImage().pixelColor(4, rect_of(tree, TREE).center().y())
    assert before == after


def test_the_menu_comes_by_mouse_and_key_for_labels_only(window, tree, monkeypatch):
    shown = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, place: shown.append(menu.title()))
    view = tree.view
    place = rect_of(tree, SAND).center()
    QApplication.sendEvent(view.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place)))
    heading = view.visualRect(tree.item(SAND).parent().index()).center()
    QApplication.sendEvent(view.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, heading, QPoint()))
    window.toolbox.label = TREE
    QApplication.sendEvent(view, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint()))
    assert shown == ["Sand", "Tree"]


def test_it_follows_the_documents_label_set(window, tree, qtbot):
    window.files.new((64, 64), CITY)
    assert tree.groups()[:2] == ("Void", "Flat")
    qtbot.keyClick(window, Qt.Key.Key_F12)
    assert not tree.isVisible()
    window.files.new((64, 64), ADE)
    qtbot.mouseClick(window.palette_panel.all_button, Qt.MouseButton.LeftButton)
    assert tree.isVisible()
    assert len(tree.visible_ids()) == 150


def test_the_hint_of_an_unknown_label_is_shortened_and_its_button_whole(window, tree, qtbot):
    window.resize(1280, 720)
    window.toolbox.label = ROOF
    panel = window.palette_panel
    assert window.width() == 1280
    assert panel.use_nearest.width() >= panel.use_nearest.sizeHint().width()
    hint = panel.use_nearest.parentWidget().findChild(QLabel)
    assert hint.text().endswith("…")
    assert hint.toolTip() == "These weights do not know Roof: it renders as unlabeled."
    qtbot.waitUntil(lambda: hint.fontMetrics().horizontalAdvance(hint.text()) <= hint.width())
