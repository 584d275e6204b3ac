"""Additional style sheet rules for windows with forms: splitters without a handle, and fields with invalid input."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from spade_studio.app.ui.theme import Colors


def set_role(label: QLabel, role: str) -> None:
    """Set the style role of a label: ``caption``, ``heading`` or ``problem``."""
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().unpolish(label)
        label.style().polish(label)


def style_sheet(colors: Colors) -> str:
    """Return the style sheet for a theme's colours."""
    return f"""
    QSplitter#plain::handle {{ background: transparent; border: none; margin: 0; }}
    QLineEdit[wrong="true"], QSpinBox[wrong="true"], QDoubleSpinBox[wrong="true"], QComboBox[wrong="true"] {{
        border: 1px solid {"#d04a3c" if colors.window > "#808080" else "#f08078"}; }}
    QLabel[role="problem"] {{ color: {"#b3261e" if colors.window > "#808080" else "#f5a19a"}; }}
    """
