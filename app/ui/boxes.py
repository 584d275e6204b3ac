"""One-line construction of layouts and widgets with spacing, margins, accessible names and tooltips."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QAbstractSpinBox, QHBoxLayout, QVBoxLayout, QWidget

Margins = tuple[int, int, int, int]
NumberField = TypeVar("NumberField", bound=QAbstractSpinBox)
WidgetT = TypeVar("WidgetT", bound=QWidget)


def row(parent: QWidget | None = None, *, spacing: int = 0, margins: Margins = (0, 0, 0, 0)) -> QHBoxLayout:
    """Return a horizontal layout; spacing and margins (left, top, right, bottom) are in pixels."""
    box = QHBoxLayout() if parent is None else QHBoxLayout(parent)
    box.setSpacing(spacing)
    box.setContentsMargins(*margins)
    return box


def column(parent: QWidget | None = None, *, spacing: int = 0, margins: Margins = (0, 0, 0, 0)) -> QVBoxLayout:
    """Return a vertical layout; spacing and margins (left, top, right, bottom) are in pixels."""
    box = QVBoxLayout() if parent is None else QVBoxLayout(parent)
    box.setSpacing(spacing)
    box.setContentsMargins(*margins)
    return box


def padded(box: NumberField) -> NumberField:
    """Return a number field with indented text, since Qt ignores the horizontal padding of its style sheet."""
    box.lineEdit().setTextMargins(7, 0, 7, 0)
    return box


def named(widget: WidgetT, name: str = "", *, tip: str = "") -> WidgetT:
    """Set a widget's accessible name and tooltip and return the widget; empty values change nothing."""
    if name:
        widget.setAccessibleName(name)
    if tip:
        widget.setToolTip(tip)
    return widget
