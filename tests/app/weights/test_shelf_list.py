"""The list of the weights window as people see it: whole lines, and file dialogs that begin where weights of their own lie."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QTreeWidgetItemIterator

from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.weights.shelf import Entry
from spade_studio.app.weights.shelf_list import ShelfList
from spade_studio.engine.weights import default_weights_path

SUMMARY = "SPADE, 182 labels, 256 × 256"


def test_what_the_list_says_of_weights_is_not_cut_off(window: MainWindow, tmp_path: Path) -> None:
    window.weights.open()
    weights = window.weights.window
    assert weights is not None
    listed = weights.list
    default, other = Entry(tmp_path, "landscapes", SUMMARY), Entry(Path(__file__), "coco_tiny", SUMMARY)
    for entries in ([other], [Entry(other.path, "", SUMMARY, datetime(2026, 12, 23, 22, 44, tzinfo=UTC))]):
        for in_use in (default.path, other.path, None):
            listed.show_entries(default, entries, in_use)
            assert widest_line(listed) + listed.iconSize().width() + 20 < listed.viewport().width()


def widest_line(listed: ShelfList) -> int:
    """Return the width of the widest line of all items, in pixels."""
    widths: list[int] = []
    items = QTreeWidgetItemIterator(listed)
    while (item := items.value()) is not None:
        font = item.font(0)
        font.setFamilies(listed.font().families())
        metrics = QFontMetrics(font)
        widths += [metrics.horizontalAdvance(line) for line in item.text(0).split("\n")]
        items += 1
    return max(widths)


def test_file_dialogs_do_not_begin_in_the_folder_of_the_program(window: MainWindow, tmp_path: Path) -> None:
    for path in (tmp_path / "mine.safetensors", default_weights_path().absolute()):
        window.weights.shelf.put(Entry(path))
    window.weights.open()
    weights = window.weights.window
    assert weights is not None
    assert weights.open_buttons.folder == tmp_path
