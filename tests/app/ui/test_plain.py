"""Whatever stands in a stranger's file is shown as text: nothing of it is markup, and no file that it names is opened."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QToolTip, QWidget

from spade_studio.app.ui.plain import PlainLabel, message_box, plain_tip, sentence

APP = Path(__file__).resolve().parents[3] / "app"


class Canary:
    """A picture that somebody may have opened, and a text that makes Qt open it wherever it is taken for markup."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "canary.png"
        image = QImage(8, 8, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.red)
        assert image.save(str(self.path))
        os.utime(self.path, (1, 1))
        self.text = f'<img src="{self.path}">'

    @property
    def sang(self) -> bool:
        """Whether it was read since the last time."""
        at = self.path.stat().st_atime
        os.utime(self.path, (1, 1))
        return at != 1


@pytest.fixture
def canary(tmp_path: Path) -> Canary:
    canary = Canary(tmp_path)
    canary.path.read_bytes()
    if not canary.sang:
        pytest.skip(f"the file system of {tmp_path} does not note when a file is read")
    return canary


def drawn(widget: QWidget) -> None:
    widget.ensurePolished()
    widget.sizeHint()
    widget.grab()


def test_the_canary_sings_where_a_text_is_markup(qtbot, canary):
    label = QLabel(canary.text)
    qtbot.addWidget(label)
    drawn(label)
    assert canary.sang
    assert not canary.sang


def test_a_label_shows_markup_as_it_is_written(qtbot, canary):
    label = PlainLabel(canary.text)
    qtbot.addWidget(label)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    drawn(label)
    assert not canary.sang
    assert label.width() > 100


def test_a_message_box_too(qtbot, canary):
    box = message_box(None, canary.text, canary.text, QMessageBox.Icon.Warning, QMessageBox.StandardButton.Ok)
    qtbot.addWidget(box)
    box.show()
    drawn(box)
    assert not canary.sang
    assert (box.text(), box.informativeText()) == (canary.text, canary.text)


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def text_of(markup: str) -> str:
    parser = Texts()
    parser.feed(markup)
    return "".join(parser.found)


@pytest.fixture
def shown_tip(qtbot) -> Iterator[QWidget]:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    yield widget
    QToolTip.hideText()


@pytest.mark.qt_log_ignore("This plugin does not support raise")
@pytest.mark.parametrize("before", ["", "one line\n", "5 < 6 & 7 > 3\n", "&lt;", "<b>"])
def test_a_tool_tip_shows_everything(shown_tip, canary, before):
    text = before + canary.text
    QToolTip.showText(QPoint(0, 0), plain_tip(text), shown_tip)
    (label,) = (widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QLabel) and widget.isVisible())
    drawn(label)
    assert not canary.sang
    assert text_of(plain_tip(text)) == text


def test_a_short_tip_stays_what_it_is_and_a_long_one_can_break():
    assert plain_tip("Painting grass, 5 < 6 (X)") == "Painting grass, 5 < 6 (X)"
    assert plain_tip("") == ""
    assert plain_tip("word " * 40).startswith("<p")


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    for path in sorted(APP.rglob("*.py")):
        if path != APP / "ui/plain.py":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    function = node.func
                    name = function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
                    yield f"{path.relative_to(APP)}:{node.lineno}", node, name


def test_labels_and_boxes_are_made_by_one_module_only():
    made = [where for where, _, name in calls() if name in ("QLabel", "QMessageBox", "QErrorMessage")]
    assert made == [], "use PlainLabel and message_box of app/ui/plain.py"
    static = ("information", "warning", "critical", "question", "about")
    boxes = [where for where, call, name in calls() if name in static and ast.unparse(call.func).startswith("QMessageBox.")]
    assert boxes == [], "use message_box of app/ui/plain.py"


def is_own_text(node: ast.expr) -> bool:
    """Whether an argument is a text of the program alone, or was made safe."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.BoolOp):
        return all(map(is_own_text, node.values))
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).rpartition(".")[2]
    return name == "plain_tip" or name == "toolTip" or (name in ("tr", "translate") and all(isinstance(a, ast.Constant) for a in node.args))


def test_tool_tips_are_the_programs_own_words_or_made_plain():
    wrong: list[str] = []
    for where, call, name in calls():
        if name in ("setToolTip", "setWhatsThis", "showText"):
            is_in_named = Path(where.partition(":")[0]) == Path("ui/boxes.py")
            wrong += [] if is_own_text(call.args[-1]) or name == "showText" or is_in_named else [where]
        elif name == "named":
            wrong += [] if all(is_own_text(each.value) for each in call.keywords if each.arg == "tip") else [where]
        elif name in ("setData", "setItemData") and (roles := [a for a in call.args if ast.unparse(a).endswith("ToolTipRole")]):
            texts = [a for a in call.args if a not in roles]
            wrong += [] if any(map(is_own_text, texts)) else [where]
    assert wrong == [], "use plain_tip of app/ui/plain.py"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lake.ORA is empty", "lake.ORA is empty"),
        ("no space left", "No space left"),
        ("cpu failed: no idea", "Cpu failed: no idea"),
        ("maps/lake cannot be read", "maps/lake cannot be read"),
        ("damaged.", "Damaged."),
        ("", ""),
    ],
)
def test_sentences_begin_with_a_capital_and_names_of_files_stay_as_they_are(text, shown):
    assert sentence(text) == shown
