"""Light and dark: indicators that can be seen, and the system followed while the program runs."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QImage, QStyleHints
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QDialogButtonBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QProxyStyle,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QStyle,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from spade_studio.app.ui.boxes import column, padded
from spade_studio.app.ui.theme import DARK, LIGHT


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
    for view, background in ((plain, theme.colors.field), (tree, theme.colors.field)):
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


class Watch(QWidget):
    """Notes whether the collector may come while it is given another style."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bool] = []

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        if event.type() == QEvent.Type.StyleChange:
            self.seen.append(gc.isenabled())
        super().changeEvent(event)


def test_no_garbage_is_collected_while_qt_gives_all_widgets_another_style(qtbot, theme):
    watch = Watch()
    qtbot.addWidget(watch)
    watch.show()
    watch.seen.clear()
    theme.set_appearance("dark")
    assert watch.seen
    assert not any(watch.seen)
    assert gc.isenabled()


@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)")
@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_what_a_field_proposes_can_be_read(qtbot, theme, appearance):
    theme.set_appearance(appearance)
    line = QLineEdit()
    completer = QCompleter(["lake.ora"], line)
    line.setCompleter(completer)
    qtbot.addWidget(line)
    line.show()
    qtbot.keyClicks(line, "la")
    popup = completer.popup()
    assert popup
    qtbot.waitUntil(popup.isVisible)
    # Without a window below it: what the popup does not paint is black.
    image = QImage(popup.size(), QImage.Format.Format_RGB32)
    image.fill(0)
    popup.render(image)
    assert image.pixelColor(image.width() - 5, image.height() // 2).name() == theme.colors.field
    assert strongest(image, QColor(theme.colors.field), image.width() - 5) > 4.5
    popup.hide()


class DesktopWithIcons(QProxyStyle):
    """Wants pictures on the buttons of dialogs, as desktops on Linux do."""

    def styleHint(self, hint, option=None, widget=None, returnData=None):  # noqa: N802, N803
        wanted = hint == QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons
        return 1 if wanted else super().styleHint(hint, option, widget, returnData)


def test_buttons_of_dialogs_have_no_pictures_of_another_theme(qtbot, qapp, theme):
    qapp.setStyle(DesktopWithIcons("fusion"))
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(box)
    box.show()
    bare = [button.icon().isNull() for button in box.buttons()]
    qapp.setStyle("fusion")
    assert bare == [True, True]


def test_a_default_button_that_is_disabled_does_not_look_like_one(qtbot, theme):
    page = QWidget()
    button = QPushButton("Start")
    button.setDefault(True)
    button.setEnabled(False)
    column(page, margins=(4, 4, 4, 4)).addWidget(button)
    qtbot.addWidget(page)
    page.show()
    image = button.grab().toImage()
    middle = image.height() // 2
    assert image.pixelColor(0, middle).name() == theme.colors.line


def test_the_picture_of_a_message_takes_no_more_than_its_own_room(qtbot, theme):
    box = QMessageBox(QMessageBox.Icon.Warning, "SPADE Studio", "It did not work", QMessageBox.StandardButton.Ok)
    box.setInformativeText("and this is why")
    qtbot.addWidget(box)
    box.show()
    picture, text = (box.findChild(QLabel, name) for name in ("qt_msgboxex_icon_label", "qt_msgbox_label"))
    assert picture
    assert text
    assert picture.width() <= 80
    assert text.width() >= 240


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_numbers_and_choices_look_as_one_kind_of_field(theme, qtbot, colors):
    theme.set_appearance("light" if colors is LIGHT else "dark")
    whole, combo = QWidget(), QComboBox()
    combo.addItem("00")
    fields = [QLineEdit("00"), padded(QSpinBox()), padded(QDoubleSpinBox()), combo]
    inside = column(whole, spacing=4)
    for field in fields:
        inside.addWidget(field)
    for field in fields[1:3]:
        field.setPrefix("0")
    qtbot.addWidget(whole)
    whole.resize(200, 200)
    with qtbot.waitExposed(whole):
        whole.show()
    whole.setFocus()
    begins: list[int] = []
    for field in fields:
        image = field.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        assert image.pixelColor(4, image.height() // 2).name() == colors.field
        field_color = QColor(colors.field)
        begins.append(next(x for x in range(2, 40) if any(contrast(image.pixelColor(x, y), field_color) > 3 for y in range(7, 20))))
    assert max(begins) - min(begins) <= 2, begins
    assert max(field.height() for field in fields) - min(field.height() for field in fields) <= 2
