"""The question for a new layout: size within the limits, and the label set it begins with."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from spade_studio.app.canvas.new_dialog import NewDialog
from spade_studio.app.canvas.size_dialog import LARGEST, SMALLEST, SizeDialog
from spade_studio.app.model.starts import Start
from spade_studio.app.styles.pictures import to_array
from spade_studio.app.ui.settings import Settings
from spade_studio.engine.labels import LabelChannels, LabelSet, load_label_set

COCO, ADE, CITY = (load_label_set(name) for name in ("coco_stuff", "ade20k", "cityscapes"))
OWN = LabelSet("Gardens", tuple(label for label in ADE.labels if label.name in ("sky", "grass", "tree")), 0)


def ask(window) -> NewDialog:
    window.commands["new"].trigger()
    return next(one for one in window.findChildren(NewDialog) if one.isVisible())


def give(label_set: LabelSet) -> LabelChannels:
    return LabelChannels.from_label_set(label_set, [label.id for label in label_set.labels], None, edge=False)


def test_the_set_of_the_weights_is_proposed_and_all_others_can_be_chosen(window):
    window.files.new((64, 64), CITY)  # the set of the document before is not what is proposed
    dialog = ask(window)
    names = [dialog.set_box.itemText(place) for place in range(dialog.set_box.count())]
    assert names == ["COCO-Stuff (known to these weights)", "ADE20K", "Cityscapes"]
    assert dialog.set_box.currentIndex() == 0
    dialog.accept()
    assert window.document.label_set == COCO


def test_a_set_is_chosen_by_keys_used_and_remembered(window, hand, qtbot, settings, tmp_path):
    dialog = ask(window)
    qtbot.waitUntil(dialog.width_box.hasFocus)
    hand.key(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is dialog.set_box
    hand.key(Qt.Key.Key_Down)
    dialog.starts.setCurrentRow(dialog.starts.count() - 1)
    hand.key(Qt.Key.Key_Return)
    assert window.document.label_set == ADE
    assert (window.document.labels == ADE.unlabeled_id).all()
    assert window.palette_panel.set_box.currentText() == "ADE20K"
    assert ADE.by_id(window.toolbox.label) is not None
    settings.save()
    assert Settings(tmp_path / "settings.ini").new_label_set == "ADE20K"
    assert ask(window).set_box.currentText() == "ADE20K"


def test_choosing_the_weights_own_set_follows_the_weights(window):
    dialog = ask(window)
    dialog.set_box.setCurrentIndex(1)
    dialog.accept()
    dialog = ask(window)
    dialog.set_box.setCurrentIndex(0)
    dialog.accept()
    window.palette_work.adopt(give(OWN))
    dialog = ask(window)
    assert dialog.set_box.currentText() == "Gardens (known to these weights)"
    dialog.accept()
    assert window.document.label_set is OWN


def test_a_set_that_is_not_there_any_more_is_not_proposed(window, settings):
    settings.new_label_set = "Gardens"
    assert ask(window).set_box.currentIndex() == 0


def test_what_was_begun_in_another_set_keeps_it_when_weights_are_loaded_again(window, renderer):
    window.files.new((64, 64), ADE)
    window.palette_work.adopt(renderer.channels)
    assert window.document.label_set == ADE
    window.palette_work.adopt(give(OWN))
    assert window.document.label_set == ADE
    assert "Gardens" in window.statusBar().currentMessage()


@pytest.mark.parametrize(
    ("shape", "width", "expected"),
    [(0, 9999, (4096, 4096)), (5, 1, (32, 16)), (5, 9999, (4096, 2048)), (4, 1, (39, 16)), (7, 1, (16, 28)), (7, 9999, (2304, 4096))],
)
def test_a_shape_is_kept_at_the_limits(qtbot, shape, width, expected):
    dialog = SizeDialog("Size", "Take", (256, 256))
    qtbot.addWidget(dialog)
    dialog.shape.setCurrentIndex(shape)
    dialog.width_box.setValue(width)
    assert (dialog.width_box.value(), dialog.height_box.value()) == expected
    dialog.shape.setCurrentIndex(dialog.shape.count() - 1)
    assert (dialog.width_box.minimum(), dialog.width_box.maximum()) == (SMALLEST, LARGEST)


def test_the_word_for_the_size_stands_level_with_the_number(qtbot, theme):
    dialog = SizeDialog("Size", "Take", (256, 256))
    qtbot.addWidget(dialog)
    dialog.show()
    word = next(label for label in dialog.findChildren(QLabel) if label.text() == "Size")
    assert abs(word.geometry().center().y() - dialog.width_box.geometry().center().y()) <= 1


def test_a_new_layout_begins_with_sky_over_land_or_what_was_chosen_last(window):
    ask(window).accept()
    known = {label.name for value in np.unique(window.document.labels) if (label := COCO.by_id(int(value))) is not None}
    assert known == {"sky-other", "grass"}
    dialog = ask(window)
    dialog.starts.setCurrentRow(dialog.starts.count() - 1)
    dialog.shape.setCurrentText("Cinema, 2.39:1")
    dialog.width_box.setValue(478)
    dialog.accept()
    assert window.document.size == (200, 478)
    assert window.document.is_empty
    assert ask(window).start is Start.EMPTY


def test_holes_are_rendered_as_what_lies_around_them_and_nothing_as_a_hatch(window, renderer, qtbot):
    labels = np.full((64, 64), 255, np.uint8)
    window.files.new((64, 64), COCO, labels)
    qtbot.waitUntil(lambda: window.live.is_up_to_date)
    shown = to_array(window.render_panel.view.image)
    assert len(np.unique(shown)) == 2
    window.document.begin_stroke("brush").line((5, 5), (50, 5), 7, 156)
    window.document.end_stroke()
    qtbot.waitUntil(lambda: window.live.is_up_to_date and (renderer.seen[-1][0] == 156).all())
    assert (window.document.labels == 255).any()
