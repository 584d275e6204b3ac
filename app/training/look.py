"""The style rules that only the training window needs, on top of the theme's.

It knows colours and Qt's rules; it knows no widget of the window.
"""

from __future__ import annotations

from spade_studio.app.theme import Colors, mix


def style_sheet(colors: Colors) -> str:
    """Return the rules for a theme's colours."""
    return f"""
    QTreeView {{ background: {colors.field}; border: 1px solid {colors.line}; border-radius: 6px; outline: none; }}
    QTreeView::item {{ padding: 5px 4px; }}
    QTreeView::item:selected {{ background: {colors.accent}; color: {colors.on_accent}; }}
    QTreeView:focus {{ border-color: {colors.accent}; }}
    QHeaderView::section {{ background: {colors.window}; color: {colors.muted}; border: none;
        border-bottom: 1px solid {colors.line}; padding: 5px 8px; }}
    QHeaderView {{ background: {colors.window}; border: none; border-top-left-radius: 6px; }}
    QSplitter#plain::handle {{ background: transparent; border: none; margin: 0; }}
    QPlainTextEdit {{ background: {colors.field}; border: 1px solid {colors.line}; border-radius: 6px; padding: 4px; }}
    QPlainTextEdit:focus {{ border-color: {colors.accent}; }}
    QProgressBar {{ background: {colors.line}; border: none; border-radius: 3px; }}
    QProgressBar::chunk {{ background: {colors.accent}; border-radius: 3px; }}
    QTabWidget::pane {{ border: none; border-top: 1px solid {colors.line}; }}
    QTabBar {{ qproperty-drawBase: 0; }}
    QTabBar::tab {{ background: transparent; color: {colors.muted}; border: none; padding: 6px 14px;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {colors.text}; border-bottom-color: {colors.accent}; }}
    QTabBar::tab:hover {{ color: {colors.text}; }}
    QTabBar::tab:focus {{ background: {colors.hover}; }}
    QPushButton:disabled {{ color: {mix(colors.text, colors.window, 0.6)}; background: {colors.window}; }}
    QDoubleSpinBox {{ background: {colors.field}; border: 1px solid {colors.line}; border-radius: 6px; padding: 4px 7px;
        selection-background-color: {colors.accent}; selection-color: {colors.on_accent}; }}
    QDoubleSpinBox:focus {{ border-color: {colors.accent}; }}
    QDoubleSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0 4px; background: transparent; }}
    QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; border: none; }}
    QLineEdit[wrong="true"], QSpinBox[wrong="true"], QDoubleSpinBox[wrong="true"] {{
        border: 1px solid {"#d04a3c" if colors.window > "#808080" else "#f08078"}; }}
    QLabel[role="problem"] {{ color: {"#b3261e" if colors.window > "#808080" else "#f5a19a"}; }}
    QCheckBox::indicator:unchecked {{ width: 13px; height: 13px; border: 1px solid {colors.muted}; border-radius: 3px;
        background: {colors.field}; }}
    QScrollArea {{ border: none; background: transparent; }}
    QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {colors.line}; border-radius: 4px; min-width: 24px; margin: 1px; }}
    """
