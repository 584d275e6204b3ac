"""Palette, style and render panels on the real window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolButton

from spade_studio.app.model.label_choice import offered_labels, set_of, starting_labels
from spade_studio.app.palette.panel import PalettePanel
from spade_studio.app.ui.label_items import display_name
from spade_studio.app.ui.theme import DARK, LIGHT, Colors
from spade_studio.engine.errors import OutOfMemoryError
from spade_studio.engine.labels import Label, LabelChannels, load_label_set

SKY, TREE, GRASS, SEA, ROAD, WATER, BUILDING = 156, 168, 123, 154, 148, 177, 95
KNOWN_IDS = (156, 134, 158, 168, 123, 110, 154, 177, 148, 95, 96)


def test_the_palette_offers_what_the_weights_know_in_their_order(window):
    assert window.palette_panel.visible_ids() == KNOWN_IDS


@pytest.mark.parametrize(
    ("typed", "found"),
    [("wat", (WATER, SEA)), ("LAKE", (WATER,)), ("ocean", (SEA,)), ("plant", (TREE, GRASS, 96)), ("a r", None), ("xyz", ())],
)
def test_search_looks_at_names_synonyms_and_groups(window, qtbot, typed, found):
    panel = window.palette_panel
    qtbot.keyClicks(panel.search, typed)
    if found is None:
        assert all("a" in text and "r" in text for text in (_words(window, label_id) for label_id in panel.visible_ids()))
    else:
        assert panel.visible_ids()[: len(found)] == found
        assert not set(panel.visible_ids()[len(found) :]) & set(KNOWN_IDS)  # the rest of the set comes after what the weights know
    panel.search.clear()
    assert panel.visible_ids() == KNOWN_IDS


def _words(window, label_id: int) -> str:
    label = window.document.label_set.by_id(label_id)
    return " ".join((label.name, label.group, *label.synonyms)).lower()


@pytest.mark.parametrize("typed", ["[", "(", "\\", "*", ".*", "^$"])
def test_search_takes_every_character_literally(window, qtbot, typed):
    qtbot.keyClicks(window.palette_panel.search, typed)
    assert window.palette_panel.visible_ids() == ()


def test_return_takes_the_first_match_and_goes_back_to_the_canvas(window, hand, qtbot):
    hand.key(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(QApplication.focusWidget(), "tree")
    hand.key(Qt.Key.Key_Return)
    assert window.toolbox.label == TREE
    assert window.palette_panel.search.text() == ""
    assert QApplication.focusWidget() is window.canvas


def test_chips_are_reached_and_chosen_by_keys(window, hand):
    window.toolbox.label = SKY
    hand.key(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    hand.key(Qt.Key.Key_Down)
    assert QApplication.focusWidget() is window.palette_panel.view
    hand.key(Qt.Key.Key_Right)
    assert window.toolbox.label == KNOWN_IDS[1]
    hand.key(Qt.Key.Key_E)  # letters stay the tools' shortcuts
    assert window.commands["eraser"].isChecked()
    hand.key(Qt.Key.Key_Return)
    assert QApplication.focusWidget() is window.canvas


def test_a_click_on_a_chip_chooses_it_and_the_button_swaps_back(window, qtbot):
    before = window.toolbox.label
    view = window.palette_panel.view
    row = KNOWN_IDS.index(BUILDING)
    place = view.visualRect(view.model().index(row, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert window.toolbox.label == BUILDING
    assert QApplication.focusWidget() is window.canvas
    qtbot.mouseClick(window.palette_panel.swatches, Qt.MouseButton.LeftButton)
    assert window.toolbox.label == before


def test_what_the_picker_takes_is_marked_in_the_palette(window, hand):
    hand.stroke((128, 4), keys=Qt.KeyboardModifier.AltModifier)
    index = window.palette_panel.view.currentIndex()
    assert index.data() == "Sky"


def test_names_are_written_as_people_would():
    assert [display_name(Label(1, name, (0, 0, 0))) for name in ("water-other", "playing-field", "traffic light", "floor_mat")] == [
        "Water", "Playing field", "Traffic light", "Floor mat",
    ]  # fmt: skip


def test_all_of_a_large_set_can_be_offered(qtbot):
    panel = PalettePanel()
    qtbot.addWidget(panel)
    labels = offered_labels(load_label_set("coco_stuff"), ())
    panel.set_labels(labels)
    assert len(panel.visible_ids()) == 171
    assert not any(label.unused for label in labels)


def test_a_first_label_shows_wherever_it_is_painted():
    coco = load_label_set("coco_stuff")
    labels = np.full((100, 100), SKY, np.uint8)
    labels[60:] = GRASS
    labels[90:, :10] = ROAD
    offered = offered_labels(coco, KNOWN_IDS)
    first, second = starting_labels(labels, offered)
    assert (first.id, second.id) == (GRASS, SKY)
    plain = np.full((10, 10), SKY, np.uint8)
    first, second = starting_labels(plain, offered)
    assert first.id != SKY
    assert second.id == SKY


def test_weights_without_names_get_numbered_labels():
    named = set_of(LabelChannels.plain(5, unlabeled=True, edge=False))
    assert [label.name for label in named.labels] == ["label 0", "label 1", "label 2", "label 3"]
    assert len({label.color for label in named.labels}) == 4


def test_the_dice_takes_another_seed_and_renders_it(window, renderer, qtbot):
    seed = window.style_panel.seed
    window.commands["dice"].trigger()
    assert window.style_panel.seed != seed
    qtbot.waitUntil(lambda: renderer.seeds[-1] == window.style_panel.seed)


def test_a_typed_seed_is_rendered_when_it_is_entered(window, renderer, qtbot):
    spin = window.style_panel.spin
    spin.setFocus()
    spin.selectAll()
    qtbot.keyClicks(spin, "1234")
    qtbot.keyClick(spin, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: renderer.seeds[-1] == 1234)
    assert QApplication.focusWidget() is window.canvas


def test_a_failure_is_a_quiet_banner_that_the_next_picture_takes_away(window, hand, renderer, qtbot):
    banner = window.render_panel.banner
    assert banner.isHidden()
    shown = window.render_panel.view.image.cacheKey()
    renderer.broken = OutOfMemoryError("the device is out of memory", "less than 2 GB", "Close other programs")
    hand.stroke((20, 20))
    qtbot.waitUntil(banner.isVisible)
    assert banner.text == "The device is out of memory. Expected less than 2 GB. Close other programs."
    assert QApplication.activeModalWidget() is None
    assert QApplication.focusWidget() is window.canvas
    assert window.render_panel.view.image.cacheKey() == shown
    renderer.broken = None
    hand.stroke((90, 90))
    qtbot.waitUntil(banner.isHidden)


def test_a_closed_banner_stays_closed_while_the_same_is_told(window, renderer, hand, qtbot):
    renderer.broken = OutOfMemoryError("the device is out of memory")
    hand.stroke((20, 20))
    qtbot.waitUntil(window.render_panel.banner.isVisible)
    window.render_panel.banner.findChild(QToolButton).click()
    count = len(renderer.seen)
    hand.stroke((60, 60))
    qtbot.waitUntil(lambda: len(renderer.seen) > count)
    with qtbot.waitSignal(window.live.failed):
        hand.stroke((90, 60))
    assert window.render_panel.banner.isHidden()


def test_labels_that_the_weights_do_not_know_are_named(window, qtbot):
    labels = window.document.labels.copy()
    labels[:64] = 0  # person
    window.document.replace(labels, "with people")
    qtbot.waitUntil(window.render_panel.banner.isVisible)
    assert window.render_panel.banner.text == "These weights do not know person: 25% of the layout renders as unlabeled."


def test_the_picture_is_shown_with_its_time_and_worth(window, hand, qtbot):
    hand.stroke((20, 20))
    qtbot.waitUntil(lambda: window.live.is_up_to_date)
    text = window.status_bar.frame.text()
    assert "exact" in text
    assert " ms" in text
    assert window.status_bar.render_size.text() == "Size: 512 × 512"
    assert window.status_bar.device.text() == "cpu, float32"
    pixel = window.render_panel.view.image.pixelColor(20, 20)
    assert pixel.red() == window.toolbox.label


def test_every_control_says_what_it_is_and_how_to_reach_it(window):
    for name in ("brush", "eraser", "fill", "picker", "undo", "redo", "save", "open", "new", "dice"):
        action = window.commands[name]
        assert action.shortcut().toString() in action.toolTip()
        assert action.statusTip()
        assert not action.icon().isNull()
    for button in window.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.accessibleName() or button.text(), button
    for widget in (window.canvas, window.render_panel.view, window.palette_panel.view, window.palette_panel.search):
        assert widget.accessibleName()


def contrast(a: str, b: str) -> float:
    def luminance(color: QColor) -> float:
        parts = (color.redF(), color.greenF(), color.blueF())
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(QColor(a)), luminance(QColor(b))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_legible_on_its_ground(colors: Colors):
    for text, ground in (
        (colors.text, colors.window), (colors.text, colors.field), (colors.muted, colors.window),
        (colors.on_accent, colors.accent), (colors.on_warning, colors.warning),
    ):  # fmt: skip
        assert contrast(text, ground) >= 4.5
    assert contrast(colors.accent, colors.window) >= 3


def test_the_appearance_can_be_chosen_and_is_remembered(window, settings):
    window.commands["dark"].trigger()
    assert QApplication.palette().window().color() == QColor(DARK.window)
    assert settings.appearance == "dark"
    window.commands["light"].trigger()
    assert QApplication.palette().window().color() == QColor(LIGHT.window)
