"""The light and dark themes: palettes and style sheet rules on top of Qt's Fusion style."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import qtawesome
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from spade_studio.app.ui import collector
from spade_studio.app.ui.settings import Appearance


@dataclass(frozen=True)
class Colors:
    """The colours of a theme.

    Attributes:
        window: Background of bars and panels.
        surround: Background around pictures; neutral, so that it does not bias the perception of their colours.
        field: Background of lists and text fields.
        text: Text on window and field.
        muted: Secondary text, with a contrast of at least 4.5:1 against the window.
        line: Thin separators.
        hover: Background of the item under the pointer.
        accent: Background of selected items.
        on_accent: Text on the accent colour.
        warning: Background of warnings.
        on_warning: Text on the warning colour.
    """

    window: str
    surround: str
    field: str
    text: str
    muted: str
    line: str
    hover: str
    accent: str
    on_accent: str
    warning: str
    on_warning: str


LIGHT = Colors("#f6f7f8", "#dfe1e4", "#ffffff", "#1d2125", "#5c646d", "#d3d7db", "#e7eaee", "#1f66d0", "#ffffff", "#fdf0d3", "#5b4106")
DARK = Colors("#24262a", "#17181b", "#1c1e21", "#e7e9ec", "#a0a7b0", "#3b3f45", "#34373d", "#6ea8ff", "#0c1420", "#453a20", "#f6e2b0")


class Theme(QObject):
    """Applies the application's theme; dark by default."""

    changed = Signal()

    def __init__(self, application: QApplication, appearance: Appearance = "dark") -> None:
        super().__init__(application)
        self._application = application
        self._hints = application.styleHints()
        self._wanted = Qt.ColorScheme.Unknown
        self.colors = LIGHT
        application.setStyle("fusion")
        self._hints.colorSchemeChanged.connect(self._apply)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Set the appearance: light, dark, or following the system."""
        schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark, "system": Qt.ColorScheme.Unknown}
        self._wanted = schemes[appearance]
        # Where the platform supports it, title bars and file dialogs follow.
        self._hints.setColorScheme(self._wanted)
        self._apply()

    def icon(self, name: str) -> QIcon:
        """Return a qtawesome icon in the colours of the present theme."""
        colors = self.colors
        return qtawesome.icon(name, color=colors.text, color_disabled=mix(colors.text, colors.window, 0.65), color_on=colors.accent)

    def warning_icon(self, name: str) -> QIcon:
        """Return a qtawesome icon in the text colour of warnings."""
        return qtawesome.icon(name, color=self.colors.on_warning)

    def _apply(self) -> None:
        # Qt iterates over pointers to all widgets and calls Python meanwhile; a widget destroyed by the garbage collector during that, on
        # any thread, would leave a dangling pointer.
        with collector.held():
            self._apply_colors()

    def _apply_colors(self) -> None:
        scheme = self._hints.colorScheme() if self._wanted == Qt.ColorScheme.Unknown else self._wanted
        self.colors = DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        self._application.setPalette(_palette(self.colors))
        self._application.setStyleSheet(_style_sheet(self.colors))
        self.changed.emit()


def mix(color: str, other: str, share: float) -> str:
    """Return the mix of two colours; ``share``, 0..1, is the fraction of the second."""
    a, b = QColor(color), QColor(other)
    parts = [round(x * (1 - share) + y * share) for x, y in ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))]
    return QColor(*parts).name()


def _palette(colors: Colors) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette(QColor(colors.window))
    for target, color in (
        (role.Window, colors.window),
        (role.WindowText, colors.text),
        (role.Base, colors.field),
        (role.AlternateBase, colors.window),
        (role.Text, colors.text),
        (role.PlaceholderText, colors.muted),
        (role.Button, colors.window),
        (role.ButtonText, colors.text),
        (role.BrightText, colors.text),
        (role.Highlight, colors.accent),
        (role.HighlightedText, colors.on_accent),
        (role.Accent, colors.accent),
        (role.Link, colors.accent),
        (role.ToolTipBase, colors.field),
        (role.ToolTipText, colors.text),
        (role.Mid, colors.surround),
        (role.Midlight, colors.line),
    ):
        palette.setColor(target, QColor(color))
    disabled = QColor(mix(colors.text, colors.window, 0.6))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, disabled)
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colors.line))
    return palette


def _indicator_rules(colors: Colors) -> str:
    """Return rules for check boxes and radio buttons, which Fusion draws with too little contrast in dark themes."""
    views = ("QListView", "QTreeView", "QTableView")
    boxes = ("QCheckBox", "QGroupBox", *views)

    def rule(widgets: Iterable[str], states: Iterable[str], what: str) -> str:
        return f"{', '.join(f'{widget}::indicator{state}' for widget in widgets for state in states)} {{ {what} }}\n"

    pale = mix(colors.text, colors.window, 0.72)
    name = "light" if colors is LIGHT else "dark"
    return "".join(
        (
            rule((*boxes, "QRadioButton"), ("",), f"width: 13px; height: 13px; border: 1px solid {colors.muted};"),
            rule((*boxes, "QRadioButton"), ("",), f"background: {colors.field};"),
            rule(boxes, ("",), "border-radius: 3px;"),
            rule(("QRadioButton",), ("",), "border-radius: 7px;"),
            rule((*boxes, "QRadioButton"), (":hover", ":focus"), f"border-color: {colors.accent};"),
            rule(boxes, (":checked", ":indeterminate"), f"background: {colors.accent}; border-color: {colors.accent};"),
            rule(boxes, (":checked",), f"image: {_icon_url(f'check-{name}')};"),
            rule(boxes, (":indeterminate",), f"image: {_icon_url(f'dash-{name}')};"),
            rule(("QRadioButton",), (":checked",), f"width: 5px; height: 5px; border: 5px solid {colors.accent}; border-radius: 7px;"),
            rule(boxes, (":checked:focus", ":indeterminate:focus"), f"border-color: {colors.text};"),
            rule(("QRadioButton",), (":checked:focus",), f"border-color: {mix(colors.accent, colors.text, 0.35)};"),
            rule(views, (":selected",), f"border-color: {colors.on_accent};"),
            rule((*boxes, "QRadioButton"), (":disabled",), f"border-color: {pale}; background: {colors.window};"),
            rule(boxes, (":checked:disabled", ":indeterminate:disabled"), f"background: {pale}; border-color: {pale};"),
            "QCheckBox, QRadioButton { spacing: 7px; }\n",
        )
    )


def _themed_icon(name: str, colors: Colors) -> str:
    return _icon_url(f"{name}-{'light' if colors is LIGHT else 'dark'}")


def _icon_url(name: str) -> str:
    path = resources.files("spade_studio.resources") / "icons" / f"{name}.svg"
    return f'url("{path.as_posix()}")' if isinstance(path, Path) else "none"


def _style_sheet(colors: Colors) -> str:
    tint = mix(colors.accent, colors.window, 0.82)
    return f"""
    QMenuBar {{ background: {colors.window}; padding: 2px 6px; }}
    QMenuBar::item {{ padding: 4px 9px; border-radius: 5px; background: transparent; }}
    QMenuBar::item:selected {{ background: {colors.hover}; }}
    QMenu {{ background: {colors.field}; border: 1px solid {colors.line}; padding: 5px; }}
    QMenu::item {{ padding: 5px 26px 5px 10px; border-radius: 5px; }}
    QMenu::item:selected {{ background: {colors.accent}; color: {colors.on_accent}; }}
    QMenu::item:disabled {{ color: {mix(colors.text, colors.field, 0.6)}; background: transparent; }}
    QMenu::icon {{ padding-left: 8px; }}
    QMenu::separator {{ height: 1px; background: {colors.line}; margin: 5px 8px; }}
    QToolBar {{ background: {colors.window}; border: none; border-bottom: 1px solid {colors.line}; padding: 3px 8px; spacing: 2px; }}
    QToolBar#palette_bar {{ padding: 0; border: none; }}
    QToolBar::separator {{ width: 1px; background: {colors.line}; margin: 5px 8px; }}
    QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 4px; }}
    QToolButton:hover {{ background: {colors.hover}; }}
    QToolButton#qt_toolbar_ext_button {{ image: {_themed_icon("open", colors)}; background: {colors.hover}; padding: 0; }}
    QToolButton:pressed {{ background: {colors.line}; }}
    QToolButton:checked {{ background: {tint}; border-color: {mix(colors.accent, colors.window, 0.4)}; }}
    QToolButton:focus {{ border-color: {colors.accent}; }}
    QToolButton#mix_end {{ border-color: {colors.line}; background: {colors.field}; font-weight: 600; }}
    QToolButton#mix_end:hover, QToolButton#mix_end:focus {{ border-color: {colors.accent}; }}
    QStatusBar {{ background: {colors.window}; border-top: 1px solid {colors.line}; color: {colors.muted}; }}
    QStatusBar::item {{ border: none; }}
    QStatusBar QLabel {{ color: {colors.muted}; padding: 2px 8px; }}
    QStatusBar QToolButton {{ color: {colors.muted}; padding: 0px 17px 0px 7px; }}
    QStatusBar QToolButton:hover {{ color: {colors.text}; }}
    QStatusBar QToolButton::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: right center; right: 4px; width: 9px; }}
    QSplitter::handle {{ background: {colors.surround}; border-left: 1px solid {colors.line}; margin-left: 2px; }}
    QSplitter::handle:hover {{ background: {colors.line}; }}
    QLineEdit, QSpinBox, QDoubleSpinBox {{ background: {colors.field}; border: 1px solid {colors.line}; border-radius: 6px;
        padding: 4px 7px; selection-background-color: {colors.accent}; selection-color: {colors.on_accent}; }}
    QSpinBox, QDoubleSpinBox {{ padding: 3px 7px; }}
    QLineEdit:focus, QSpinBox:focus {{ border-color: {colors.accent}; }}
    QSpinBox QLineEdit {{ border: none; padding: 0 4px; background: transparent; }}
    QSpinBox::up-button, QSpinBox::down-button {{ width: 0; border: none; }}
    QPushButton {{ background: {colors.field}; border: 1px solid {colors.line}; border-radius: 6px; padding: 6px 14px; min-width: 64px; }}
    QPushButton:hover {{ background: {colors.hover}; }}
    QPushButton:default {{ background: {colors.accent}; border-color: {colors.accent}; color: {colors.on_accent}; }}
    QPushButton:focus {{ border: 2px solid {mix(colors.accent, colors.text, 0.35)}; padding: 5px 13px; }}
    QMessageBox QLabel#qt_msgbox_informativelabel {{ min-width: 240px; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QSlider {{ min-height: 20px; }}
    QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {colors.line}; }}
    QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {colors.accent}; }}
    QSlider::sub-page:horizontal:disabled {{ background: {mix(colors.muted, colors.window, 0.6)}; }}
    QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; background: {colors.field};
        border: 1px solid {mix(colors.muted, colors.window, 0.3)}; }}
    QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ border-color: {colors.accent}; background: {tint}; }}
    QToolTip {{ background: {colors.field}; color: {colors.text}; border: 1px solid {colors.line}; padding: 4px 6px; }}
    QLabel[role="caption"] {{ color: {colors.muted}; }}
    QLabel[role="heading"] {{ color: {colors.text}; font-weight: 600; }}
    QFrame#banner {{ background: {colors.warning}; border-radius: 6px; }}
    QFrame#banner QLabel {{ color: {colors.on_warning}; }}
    QFrame#banner QPushButton {{ background: transparent; color: {colors.on_warning}; padding: 2px 10px; min-width: 0;
        border: 1px solid {mix(colors.on_warning, colors.warning, 0.5)}; }}
    QFrame#banner QPushButton:hover, QFrame#banner QToolButton:hover {{ background: {mix(colors.on_warning, colors.warning, 0.88)}; }}
    QFrame#banner QPushButton:focus {{ border: 2px solid {colors.on_warning}; padding: 1px 9px; }}
    QFrame#line {{ color: {colors.line}; }}
    QWidget#strip {{ border-top: 1px solid {colors.line}; }}
    QListView {{ background: {colors.field}; border: 1px solid {colors.line}; outline: none; }}
    QWidget QListView {{ background: transparent; border: none; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {colors.line}; border-radius: 4px; min-height: 24px; margin: 1px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
    QDockWidget {{ titlebar-close-icon: {_themed_icon("close", colors)}; titlebar-normal-icon: {_themed_icon("float", colors)}; }}
    QDockWidget::close-button, QDockWidget::float-button {{ border: 1px solid transparent; border-radius: 4px; padding: 0; }}
    QDockWidget::close-button:hover, QDockWidget::float-button:hover {{ background: {colors.hover}; border-color: {colors.line}; }}
    {_view_rules(colors)}
    {_indicator_rules(colors)}
    """


def _view_rules(colors: Colors) -> str:
    """Return rules for trees, text fields, tabs, progress bars, number fields and combo boxes."""
    pale = mix(colors.text, colors.window, 0.6)
    return f"""
    QComboBox {{ background: {colors.field}; border: 1px solid {colors.line}; border-radius: 6px; padding: 4px 7px;
        selection-background-color: {colors.accent}; selection-color: {colors.on_accent}; combobox-popup: 0; }}
    QComboBox:hover {{ background: {colors.hover}; }}
    QComboBox:focus, QComboBox:on {{ border-color: {colors.accent}; }}
    QComboBox:disabled {{ color: {pale}; background: {colors.window}; }}
    QComboBox::drop-down {{ subcontrol-origin: padding; subcontrol-position: right center; width: 20px; border: none; }}
    QComboBox::down-arrow {{ image: {_icon_url(f"open-{'light' if colors is LIGHT else 'dark'}")}; width: 10px; height: 10px; }}
    QComboBox QAbstractItemView {{ background: {colors.field}; border: 1px solid {colors.line}; padding: 3px;
        selection-background-color: {colors.accent}; selection-color: {colors.on_accent}; }}
    QComboBox QAbstractItemView::item {{ min-height: 24px; padding: 0 5px; }}
    QTreeView {{ background: {colors.field}; border: 1px solid {colors.line}; border-radius: 6px; outline: none; }}
    QTreeView::item {{ padding: 5px 4px; }}
    QTreeView::item:selected {{ background: {colors.accent}; color: {colors.on_accent}; }}
    QTreeView:focus {{ border-color: {colors.accent}; }}
    QHeaderView::section {{ background: {colors.window}; color: {colors.muted}; border: none;
        border-bottom: 1px solid {colors.line}; padding: 5px 8px; }}
    QHeaderView {{ background: {colors.window}; border: none; border-top-left-radius: 6px; }}
    QPlainTextEdit, QTextBrowser {{ background: {colors.field}; border: 1px solid {colors.line}; border-radius: 6px; padding: 4px; }}
    QPlainTextEdit:focus, QTextBrowser:focus {{ border-color: {colors.accent}; }}
    QProgressBar {{ background: {colors.line}; border: none; border-radius: 3px; }}
    QProgressBar::chunk {{ background: {colors.accent}; border-radius: 3px; }}
    QTabWidget::pane {{ border: none; border-top: 1px solid {colors.line}; }}
    QTabBar {{ qproperty-drawBase: 0; }}
    QTabBar::tab {{ background: transparent; color: {colors.muted}; border: none; padding: 6px 14px;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {colors.text}; border-bottom-color: {colors.accent}; }}
    QTabBar::tab:hover {{ color: {colors.text}; }}
    QTabBar::tab:focus {{ background: {colors.hover}; }}
    QPushButton:disabled {{ color: {pale}; background: {colors.window};
        border-color: {colors.line}; }}
    QDoubleSpinBox:focus {{ border-color: {colors.accent}; }}
    QDoubleSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0 4px; background: transparent; }}
    QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; border: none; }}
    QScrollArea {{ border: none; background: transparent; }}
    QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {colors.line}; border-radius: 4px; min-width: 24px; margin: 1px; }}
    """
