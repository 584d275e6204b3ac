"""View panel: comparison of layout and render, photo underlay, outlines and objects."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QSlider, QToolButton, QWidget

from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel, plain_tip


class LayersPanel(QWidget):
    """Opacity sliders in percent, and buttons for the view commands."""

    render_opacity_changed = Signal(float)
    underlay_opacity_changed = Signal(float)
    underlay_shown = Signal(bool)

    def __init__(self, compare: Sequence[QAction], display: Sequence[QAction], underlay: Sequence[QAction], parent: QWidget | None = None):
        super().__init__(parent)
        self._is_following = False
        layout = column(self, spacing=8, margins=(8, 8, 8, 8))
        layout.addWidget(PlainLabel(self.tr("Compare with the render")))
        layout.addWidget(_buttons(compare))
        self._render_caption, self.render_opacity = PlainLabel(self.tr("Render over the layout")), _slider(self.tr("Opacity of the render"))
        self.render_opacity.valueChanged.connect(lambda value: self.render_opacity_changed.emit(value / 100))
        layout.addWidget(self._render_caption)
        layout.addWidget(self.render_opacity)
        hint = PlainLabel(self.tr("Hold V over the canvas to see the render alone."), role="caption", wraps=True)
        layout.addWidget(hint)
        layout.addSpacing(10)
        layout.addWidget(PlainLabel(self.tr("Photo under the labels")))
        layout.addWidget(_buttons(underlay))
        self.underlay_visible = QCheckBox(self.tr("Show it"))
        self.underlay_visible.toggled.connect(self._on_shown)
        layout.addWidget(self.underlay_visible)
        self.underlay_opacity = _slider(self.tr("How much the photo shows through"))
        self.underlay_opacity.valueChanged.connect(self._on_underlay_opacity)
        layout.addWidget(self.underlay_opacity)
        layout.addSpacing(10)
        layout.addWidget(PlainLabel(self.tr("Display")))
        layout.addWidget(_buttons(display))
        layout.addStretch(1)

    def show_compare(self, opacity: float, *, is_overlay: bool) -> None:
        """Show the render's opacity, 0..1; it can be changed in overlay mode only."""
        self.render_opacity.setValue(round(opacity * 100))
        self.render_opacity.setEnabled(is_overlay)
        self._render_caption.setEnabled(is_overlay)

    def show_underlay(self, opacity: float | None, *, visible: bool) -> None:
        """Show opacity, 0..1, and visibility of the photo; an opacity of None means that there is no photo."""
        self._is_following = True
        for widget in (self.underlay_visible, self.underlay_opacity):
            widget.setEnabled(opacity is not None)
        self.underlay_visible.setChecked(opacity is not None and visible)
        if opacity is not None:
            self.underlay_opacity.setValue(round(opacity * 100))
        self._is_following = False

    def _on_shown(self, shown: bool) -> None:
        if not self._is_following:
            self.underlay_shown.emit(shown)

    def _on_underlay_opacity(self, value: int) -> None:
        if not self._is_following:
            self.underlay_opacity_changed.emit(value / 100)


def _slider(name: str) -> QSlider:
    slider = named(QSlider(Qt.Orientation.Horizontal), name, tip=plain_tip(name))
    slider.setRange(0, 100)
    slider.setValue(50)
    slider.setPageStep(10)
    return slider


def _buttons(actions: Sequence[QAction]) -> QWidget:
    box = QWidget()
    layout = row(box, spacing=4)
    for action in actions:
        button = named(QToolButton(), action.text().replace("&", ""))
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout.addWidget(button)
    layout.addStretch(1)
    return box
