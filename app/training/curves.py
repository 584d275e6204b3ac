"""Live plots of losses and metrics with pyqtgraph, in the theme's colours."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

import numpy as np
import pyqtgraph  # it uses the Qt binding already imported, which is PySide6
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QCheckBox, QGraphicsGridLayout, QGridLayout, QSizePolicy, QWidget

from spade_studio.app.training.history import RunHistory
from spade_studio.app.ui.boxes import column, row
from spade_studio.app.ui.marking import QT_TRANSLATE_NOOP
from spade_studio.app.ui.theme import DARK, Colors

_LINES = ("#1f77d0", "#e07b1a", "#2e9e4f", "#c8443c", "#8a63c9", "#0f9aa8", "#b5872a", "#cc5fa4")
_LINES_IN_THE_DARK = ("#6ea8ff", "#f2a65a", "#6fcf87", "#f08078", "#bfa0f0", "#5fd0dc", "#dfc06a", "#f0a0d0")
_LEGEND_WIDTH = 150
_FORGOTTEN = 1e-4  # relative weight below which values are ignored
_METRIC_TITLES = {
    "reconstruction_l1": QT_TRANSLATE_NOOP("Curves", "Reconstruction L1"),
    "diversity": QT_TRANSLATE_NOOP("Curves", "Diversity"),
    "frechet": QT_TRANSLATE_NOOP("Curves", "Fréchet distance"),
}


class CurvePlot(pyqtgraph.PlotWidget):
    """Plot with one line per name.

    Attributes:
        values: Unsmoothed (steps, values) by line name.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.values: Mapping[str, tuple[list[int], list[float]]] = {}
        self._lines: dict[str, pyqtgraph.PlotDataItem] = {}
        self._colors: Colors | None = None
        self._smooth = False
        assert self.plotItem is not None, "a plot has its item from the beginning"
        self._plot = self.plotItem
        self.setAccessibleName(title)
        self.setMinimumSize(220, 130)
        self.hideButtons()
        self.setMenuEnabled(False)
        self._plot.setDownsampling(auto=True, mode="peak")
        self._plot.setClipToView(True)
        self._plot.showGrid(x=True, y=True, alpha=0.15)
        self._plot.getAxis("bottom").enableAutoSIPrefix(False)
        self._plot.getAxis("left").enableAutoSIPrefix(False)
        self.legend = self._plot.legend = pyqtgraph.LegendItem(colCount=1, verSpacing=-6)
        self.legend.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        # Beside the plot area, so that it covers no line, and equally wide in both plots, so that their step axes align.
        self._inside = cast("QGraphicsGridLayout", self._plot.layout)
        self._inside.addItem(self.legend, 2, 3, Qt.AlignmentFlag.AlignTop)
        self._inside.setColumnMinimumWidth(3, _LEGEND_WIDTH)

    def hide_legend(self) -> None:
        """Hide the legend, for plots whose title is sufficient."""
        self.legend.hide()
        self._inside.removeItem(self.legend)
        self._inside.setColumnMinimumWidth(3, 0)

    def show_values(self, values: Mapping[str, tuple[list[int], list[float]]]) -> None:
        """Show these lines and remove all others."""
        self.values = values
        for name in [name for name in self._lines if name not in values]:
            self._plot.removeItem(self._lines.pop(name))
        for name in values:
            if name not in self._lines:
                self._lines[name] = self._plot.plot(name=name.replace("_", " "), symbolSize=5)
                self._paint_lines()
        self._draw()

    def set_smooth(self, smooth: bool) -> None:
        """Set whether to show running means instead of the values."""
        self._smooth = smooth
        self._draw()

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Set whether the value axis is logarithmic, which omits values that are not positive."""
        self._plot.setLogMode(x=False, y=logarithmic)

    def set_colors(self, colors: Colors) -> None:
        """Apply a theme's colours."""
        self._colors = colors
        self.setBackground(colors.field)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(colors.line)
            axis.setTextPen(colors.muted)
        self._plot.setTitle(self.title, color=colors.text, size="9pt")
        self.legend.setLabelTextColor(colors.text)
        behind = QColor(colors.field)
        behind.setAlpha(215)
        self.legend.setBrush(behind)
        for _, label in self.legend.items:
            label.setText(label.text, color=colors.text)
        self._paint_lines()

    def drawn(self, name: str) -> NDArray[np.float64]:
        """Return the values of a line as drawn, float64 ``[n]``."""
        ys = self._lines[name].getOriginalDataset()[1]
        return np.empty(0) if ys is None else ys

    def _draw(self) -> None:
        for name, (xs, ys) in self.values.items():
            steps, values = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
            if not np.isfinite(values).any():  # pyqtgraph takes the maximum of an empty array
                steps, values = np.empty(0), np.empty(0)
            self._lines[name].setData(steps, running_mean(values) if self._smooth else values, symbol="o" if len(xs) < 20 else None)

    def _paint_lines(self) -> None:
        colors = _LINES_IN_THE_DARK if self._colors == DARK else _LINES
        for number, line in enumerate(self._lines.values()):
            color = colors[number % len(colors)]
            line.setPen(pyqtgraph.mkPen(color, width=1.6))
            line.setSymbolBrush(color)
            line.setSymbolPen(None)


class Curves(QWidget):
    """Plots of generator and discriminator losses and of every metric, with display options."""

    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.generator, self.discriminator = CurvePlot(self.tr("Generator losses")), CurvePlot(self.tr("Discriminator losses"))
        self.metrics: dict[str, CurvePlot] = {}
        self.smooth, self.logarithmic = QCheckBox(self.tr("Smoo&th")), QCheckBox(self.tr("Lo&garithmic"))
        self.smooth.setToolTip(self.tr("Show a running mean of the losses in place of every value"))
        self.logarithmic.setToolTip(self.tr("Show losses on a logarithmic scale; values below zero are left out"))
        self._colors: Colors | None = None
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        self._grid.addWidget(self.generator, 0, 0)
        self._grid.addWidget(self.discriminator, 1, 0)
        for index in range(2):
            self._grid.setRowStretch(index, 1)
        self._grid.setColumnStretch(0, 3)
        switches = row(spacing=14)
        switches.addWidget(self.smooth)
        switches.addWidget(self.logarithmic)
        switches.addStretch(1)
        whole = column(self, spacing=8, margins=(0, 8, 0, 0))
        whole.addLayout(self._grid, 1)
        whole.addLayout(switches)
        for plot in (self.generator, self.discriminator):
            self.smooth.toggled.connect(plot.set_smooth)
            self.logarithmic.toggled.connect(plot.set_logarithmic)

    def show_history(self, history: RunHistory) -> None:
        """Show all curves of a run."""
        self.generator.show_values(history.loss_curves("generator"))
        self.discriminator.show_values(history.loss_curves("discriminator"))
        curves = history.metric_curves()
        if list(curves) != list(self.metrics):
            self._lay_out_metrics(list(curves))
        for name, curve in curves.items():
            self.metrics[name].show_values({name: curve})

    def showEvent(self, event: QShowEvent) -> None:
        """Emit :attr:`shown`, so that deferred plots are drawn."""
        super().showEvent(event)
        self.shown.emit()

    def set_colors(self, colors: Colors) -> None:
        """Apply a theme's colours."""
        self._colors = colors
        for plot in (self.generator, self.discriminator, *self.metrics.values()):
            plot.set_colors(colors)

    def _lay_out_metrics(self, names: list[str]) -> None:
        for plot in self.metrics.values():
            self._grid.removeWidget(plot)
            plot.close()
            plot.deleteLater()
        self.metrics = {name: CurvePlot(_metric_title(name)) for name in names}
        self._grid.setColumnStretch(1, 2 if names else 0)
        box = QWidget()
        inside = column(box, spacing=8)
        for plot in self.metrics.values():
            plot.hide_legend()
            plot.setXLink(self.generator)
            if self._colors is not None:
                plot.set_colors(self._colors)
            inside.addWidget(plot, 1)
        before = self._grid.itemAtPosition(0, 1)
        if before is not None and (old := before.widget()) is not None:
            self._grid.removeWidget(old)
            old.deleteLater()
        if names:
            self._grid.addWidget(box, 0, 1, 2, 1)


def _metric_title(name: str) -> str:
    title = _METRIC_TITLES.get(name)
    if title:
        return QCoreApplication.translate("Curves", title)
    return name.replace("_", " ").capitalize().replace("Frechet", "Fréchet")


def running_mean(values: NDArray[np.float64], share: float = 0.9) -> NDArray[np.float64]:
    """Return the exponential running mean of each value and its predecessors, ignoring values that are not finite.

    Args:
        values: Values, float64 ``[n]``.
        share: Weight of each value relative to the next, between 0 and 1 exclusive.
    """
    if not values.size:
        return values
    kernel = share ** np.arange(math.ceil(math.log(_FORGOTTEN) / math.log(share)))
    finite = np.isfinite(values)
    total = np.convolve(np.where(finite, values, 0.0), kernel)[: len(values)]
    weight = np.convolve(finite.astype(np.float64), kernel)[: len(values)]
    return np.divide(total, weight, out=np.full(len(values), np.nan), where=weight > 0)
