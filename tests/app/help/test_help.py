"""What helps a person along: the tour, the samples, the guide, and what the program is made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt, QUrl
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QApplication

from spade_studio import resources
from spade_studio.app.documents import samples
from spade_studio.app.help import guide as guide_module
from spade_studio.app.help import licences
from spade_studio.app.help.about import AboutDialog
from spade_studio.app.help.gallery import SampleGallery
from spade_studio.app.help.tour import place_beside
from spade_studio.engine.labels import load_label_set


@pytest.fixture
def tour(window):
    tour = window.desktop.start_tour()
    yield tour
    if window.desktop.tour is not None:
        window.desktop.tour.end()


def test_the_tour_shows_at_the_first_start_only(window, settings, qtbot):
    window.desktop.greet()
    tour = window.desktop.tour
    assert tour is not None
    qtbot.keyClick(tour, Qt.Key.Key_Escape)
    assert window.desktop.tour is None
    assert settings.is_tour_seen
    window.desktop.greet()
    assert window.desktop.tour is None
    window.commands["tour"].trigger()
    assert window.desktop.tour is not None
    window.desktop.tour.end()


def test_a_file_on_the_command_line_is_more_urgent_than_the_tour(window, settings, tmp_path):
    samples.write_labels(tmp_path / "map.png", window.document.labels, window.document.label_set)
    window.desktop.greet(tmp_path / "map.png")
    assert window.document.name == "map"
    assert window.desktop.tour is None
    assert not settings.is_tour_seen


def test_the_tour_points_at_every_part_and_ends(window, tour, qtbot):
    targets = (window.palette_panel, window.canvas, window.render_panel, window.styles.strip, window.menuBar())
    for number, target in enumerate(targets):
        assert tour.index == number
        place = QRect(target.mapTo(window, QPoint(0, 0)), target.size())
        assert place.adjusted(-4, -4, 4, 4).contains(tour._ring.geometry())
        bubble = tour.geometry()
        assert window.rect().contains(bubble)
        assert not bubble.adjusted(10, 10, -10, -10).intersects(tour._ring.geometry())
        for button in (tour.skip, tour.back, tour.next):
            assert not button.isVisible() or tour.rect().adjusted(10, 10, -10, -10).contains(button.geometry())
        assert tour.text.height() >= tour.text.heightForWidth(tour.text.width())
        qtbot.keyClick(tour, Qt.Key.Key_Return)
    assert window.desktop.tour is None


def test_the_tour_goes_back_with_the_keyboard_and_gives_it_back(window, qtbot):
    window.canvas.setFocus()
    tour = window.desktop.start_tour()
    assert QApplication.focusWidget() is tour
    qtbot.keyClick(tour, Qt.Key.Key_Right)
    qtbot.mouseClick(tour.next, Qt.MouseButton.LeftButton)
    qtbot.keyClick(tour, Qt.Key.Key_Left)
    assert tour.index == 1
    qtbot.mouseClick(tour.skip, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is window.canvas


def test_painting_goes_on_during_the_tour(window, tour, hand):
    before = window.document.labels.copy()
    hand.stroke((30, 30), (60, 40))
    assert (window.document.labels != before).any()
    assert tour.isVisible()
    window.resize(900, 640)
    assert window.rect().contains(tour.geometry())


def test_what_is_hidden_is_left_out_of_the_tour(window):
    window.commands["overlay"].trigger()
    tour = window.desktop.start_tour()
    assert len(tour._hints) == 4
    tour.end()


@pytest.mark.parametrize("target", [QRect(0, 0, 100, 20), QRect(500, 300, 300, 80), QRect(0, 100, 400, 480), QRect(0, 0, 800, 600)])
def test_bubbles_stay_in_the_window(target):
    window, size = QRect(0, 0, 800, 600), QSize(300, 140)
    corner, tip = place_beside(target, size, window)
    assert window.contains(QRect(corner, size))
    assert QRect(corner, size).adjusted(-12, -12, 12, 12).contains(tip)


def test_a_sample_opens_from_the_gallery_with_its_style(window, qtbot):
    window.commands["open_sample"].trigger()
    gallery = QApplication.activeModalWidget()
    assert isinstance(gallery, SampleGallery)
    assert gallery.list.count() == len(samples.SAMPLES)
    assert all(not gallery.list.item(index).icon().isNull() for index in range(gallery.list.count()))
    qtbot.keyClick(gallery.list, Qt.Key.Key_Right)
    with qtbot.waitSignal(window.document.replaced):
        qtbot.keyClick(gallery.list, Qt.Key.Key_Return)
    assert window.document.name == "Coast"
    assert window.style_panel.seed == samples.SAMPLES[1].seed
    assert not window.document.is_modified


def test_a_sample_brings_its_own_label_set(window):
    window.files.new((64, 64), load_label_set("ade20k"))
    gallery = window.desktop.ask_sample()
    sky = gallery.list.item(0).icon().pixmap(160).toImage().pixelColor(80, 4)
    with_set = window.document.label_set.name
    gallery.reject()
    coco = load_label_set("coco_stuff")
    assert with_set == "ADE20K"
    painted = coco.by_name("sky-other")
    assert painted
    assert (sky.red(), sky.green(), sky.blue()) == painted.color
    assert window.files.open_sample(samples.SAMPLES[0])
    assert window.document.label_set == coco
    assert window.document.describe(int(window.document.labels[4, 128])) == "sky-other"


def test_leaving_the_gallery_opens_nothing(window, qtbot):
    gallery = window.desktop.ask_sample()
    qtbot.keyClick(gallery, Qt.Key.Key_Escape)
    assert window.document.name == "Mountain lake"


def test_the_licences_of_all_parts_are_there():
    parts = {part.name.lower().replace("_", "-"): part for part in licences.parts()}
    assert {"torch", "numpy", "pillow", "pyside6-essentials", "qtawesome", "shiboken6"} <= set(parts)
    assert "pytest" not in parts
    assert "LGPL" in parts["pyside6-essentials"].licence
    assert "Permission" in parts["filelock"].text()
    assert all(part.version and part.licence for part in parts.values())
    assert "Apache License" in licences.own_licence()
    assert "licence" in licences.model_card()


def test_about_shows_version_licences_and_what_the_weights_may_be_used_for(window, qtbot):
    window.commands["about"].trigger()
    about = QApplication.activeModalWidget()
    assert isinstance(about, AboutDialog)
    for index in range(about.tabs.count()):
        about.tabs.setCurrentIndex(index)
    assert "Apache License" in about.own.toPlainText()
    assert about.parts.list.topLevelItemCount() > 10
    assert about.parts.text.toPlainText()
    cards = about.weights.toPlainText().replace("\n", " ")
    assert "personal use" in cards
    assert "Redistribution and use in source and binary forms" in cards
    qtbot.keyClick(about, Qt.Key.Key_Escape)
    assert not about.isVisible()


@pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)")
def test_the_guide_finds_words_and_closes(window, qtbot):
    guide = window.desktop.show_guide()
    qtbot.waitUntil(guide.isActiveWindow)
    guide.search.setText("label")
    assert guide.find_next()
    first = guide.text.textCursor().position()
    assert guide.find_next()
    assert guide.text.textCursor().position() > first
    guide.search.setText("there is no such word")
    assert not guide.find_next()
    qtbot.keyClick(guide.text, Qt.Key.Key_Escape)
    assert not guide.isVisible()


def test_links_of_the_guide_never_take_its_place(qtbot, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr(guide_module.QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    guide = guide_module.GuideWindow()
    qtbot.addWidget(guide)
    guide.show()
    before = guide.text.toPlainText()
    guide.text.anchorClicked.emit(QUrl("#handing-it-over"))
    assert guide.text.textCursor().block().text() == "Handing it over"
    assert guide.text.verticalScrollBar().value() > 1000
    guide.text.anchorClicked.emit(QUrl("https://example.org/x"))
    assert opened == ["https://example.org/x"]
    assert guide.text.toPlainText() == before


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_guide_has_its_pictures_and_its_links_their_headings(language):
    folder = Path(resources.__file__).parent / "guide"
    text = (folder / f"guide_{language}.md").read_text("utf-8")
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert len(pictures) == 5
    assert all((folder / name).is_file() for name in pictures)
    headings = {guide_module.heading_name(line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == headings - {guide_module.heading_name(text.splitlines()[0].lstrip("# "))}


def test_the_pictures_of_the_guide_are_shown(qtbot):
    guide = guide_module.GuideWindow()
    qtbot.addWidget(guide)
    guide.resize(760, 680)
    guide.show()
    image = guide.text.document().resource(QTextDocument.ResourceType.ImageResource.value, QUrl("window.png"))
    assert isinstance(image, QImage)
    assert image.width() == 640
    assert guide.text.document().size().height() > 3000
