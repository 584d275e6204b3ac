"""Box layouts with their spacing and margins in one line, and number fields whose text stands where that of text fields does."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QAbstractSpinBox, QHBoxLayout, QVBoxLayout, QWidget

Margins = tuple[int, int, int, int]
NumberField = TypeVar("NumberField", bound=QAbstractSpinBox)


def row(parent: QWidget | None = None, *, spacing: int = 0, margins: Margins = (0, 0, 0, 0)) -> QHBoxLayout:
    """Return a layout from left to right; margins are left, top, right, bottom."""
    box = QHBoxLayout() if parent is None else QHBoxLayout(parent)
    box.setSpacing(spacing)
    box.setContentsMargins(*margins)
    return box


def column(parent: QWidget | None = None, *, spacing: int = 0, margins: Margins = (0, 0, 0, 0)) -> QVBoxLayout:
    """Return a layout from top to bottom; margins are left, top, right, bottom."""
    box = QVBoxLayout() if parent is None else QVBoxLayout(parent)
    box.setSpacing(spacing)
    box.setContentsMargins(*margins)
    return box


def padded(box: NumberField) -> NumberField:
    """Return a number field whose text is indented: of a style sheet's padding Qt gives it what is above and below."""
    box.lineEdit().setTextMargins(7, 0, 7, 0)
    return box
