"""The style rules that the windows of variations and exports need on top of the theme's."""

from __future__ import annotations

from spade_studio.app.ui.theme import Colors, mix


def style_sheet(colors: Colors) -> str:
    """Return the rules for a theme's colours."""
    return f"""
    QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled {{ color: {mix(colors.text, colors.window, 0.6)};
        background: {colors.window}; }}
    QLabel[role="problem"] {{ color: {"#b3261e" if colors.window > "#808080" else "#f5a19a"}; }}
    """
