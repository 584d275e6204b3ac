"""Light and dark: indicators that can be seen, and the system followed while the program runs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QStyleHints
from PySide6.QtWidgets import QCheckBox, QListWidget, QListWidgetItem, QRadioButton, QTreeWidget, QTreeWidgetItem, QWidget

from spade_studio.app.panels.boxes import column
from spade_studio.app.theme import DARK, LIGHT


def contrast(a: QColor, b: QColor) -> float:
    def luminance(color: QColor) -> float:
        shares = color.redF(), color.greenF(), color.blueF()
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in shares]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def strongest(image: QImage, background: QColor, width: int = 22) -> float:
    return max(contrast(image.pixelColor(x, y), background) for x in range(min(width, image.width())) for y in range(image.height()))


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
@pytest.mark.parametrize("checked", [False, True])
def test_check_boxes_and_radio_buttons_show(qtbot, theme, appearance, kind, checked):
    theme.set_appearance(appearance)
    page = QWidget()
    box = kind()
    box.setAutoExclusive(False)
    box.setChecked(checked)
    column(page, margins=(4, 4, 4, 4)).addWidget(box)
    qtbot.addWidget(page)
    page.show()
    assert strongest(box.grab().toImage(), QColor(theme.colors.window)) > 3  # WCAG 1.4.11


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("checked", [Qt.CheckState.Unchecked, Qt.CheckState.Checked, Qt.CheckState.PartiallyChecked])
def test_check_boxes_in_lists_and_trees_show(qtbot, theme, appearance, checked):
    theme.set_appearance(appearance)
    plain, tree = QListWidget(), QTreeWidget()
    item, row = QListWidgetItem(" "), QTreeWidgetItem([" "])
    item.setCheckState(checked)
    row.setCheckState(0, checked)
    plain.addItem(item)
    tree.addTopLevelItem(row)
    tree.setRootIsDecorated(False)
    tree.setHeaderHidden(True)
    for view, background in ((plain, theme.colors.window), (tree, theme.colors.field)):
        qtbot.addWidget(view)
        view.show()
        image = view.viewport().grab().toImage()
        assert strongest(image.copy(0, 0, 24, 24), QColor(background), 24) > 3
        if checked == Qt.CheckState.Unchecked:
            centre = image.pixelColor(10 if view is plain else 12, 8)
            assert contrast(centre, QColor(theme.colors.field)) < 1.2  # not a black square


class System:
    """Stands in for Qt's hints, since the offscreen platform has no light and dark of its own."""

    def __init__(self, hints: QStyleHints) -> None:
        self.hints, self.scheme = hints, Qt.ColorScheme.Light

    def colorScheme(self) -> Qt.ColorScheme:  # noqa: N802
        return self.scheme

    def setColorScheme(self, scheme: Qt.ColorScheme) -> None:  # noqa: N802
        pass

    def change(self, scheme: Qt.ColorScheme) -> None:
        self.scheme = scheme
        self.hints.colorSchemeChanged.emit(scheme)


def test_the_system_is_followed_while_the_program_runs(window, theme, monkeypatch):
    system = System(theme._hints)
    monkeypatch.setattr(theme, "_hints", system)
    window.commands["system"].trigger()
    for scheme, colors in ((Qt.ColorScheme.Dark, DARK), (Qt.ColorScheme.Light, LIGHT)):
        system.change(scheme)
        assert theme.colors is colors
        assert window.palette().window().color() == QColor(colors.window)
    window.commands["light"].trigger()
    system.change(Qt.ColorScheme.Dark)
    assert theme.colors is LIGHT
