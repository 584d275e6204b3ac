"""Layouts and widgets with what they always need in one line: spacing and margins, names and tips, where a number's text stands."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QAbstractSpinBox, QHBoxLayout, QVBoxLayout, QWidget

Margins = tuple[int, int, int, int]
NumberField = TypeVar("NumberField", bound=QAbstractSpinBox)
WidgetT = TypeVar("WidgetT", bound=QWidget)


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


def named(widget: WidgetT, name: str = "", *, tip: str = "") -> WidgetT:
    """Return a widget with the name that screen readers say, and a tool tip; where one is empty, that of the widget stays."""
    if name:
        widget.setAccessibleName(name)
    if tip:
        widget.setToolTip(tip)
    return widget
