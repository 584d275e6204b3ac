"""Style rules of windows with forms, beside the theme's: splitters without a handle, and fields with something wrong in them."""

from __future__ import annotations

from spade_studio.app.ui.theme import Colors


def style_sheet(colors: Colors) -> str:
    """Return the rules for a theme's colours."""
    return f"""
    QSplitter#plain::handle {{ background: transparent; border: none; margin: 0; }}
    QLineEdit[wrong="true"], QSpinBox[wrong="true"], QDoubleSpinBox[wrong="true"], QComboBox[wrong="true"] {{
        border: 1px solid {"#d04a3c" if colors.window > "#808080" else "#f08078"}; }}
    QLabel[role="problem"] {{ color: {"#b3261e" if colors.window > "#808080" else "#f5a19a"}; }}
    """
