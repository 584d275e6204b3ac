"""Additional style sheet rules for the variations and export windows."""

from __future__ import annotations

from spade_studio.app.ui.theme import Colors, mix


def style_sheet(colors: Colors) -> str:
    """Return the style sheet for a theme's colours."""
    return f"""
    QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled {{ color: {mix(colors.text, colors.window, 0.6)};
        background: {colors.window}; }}
    QLabel[role="problem"] {{ color: {"#b3261e" if colors.window > "#808080" else "#f5a19a"}; }}
    """
