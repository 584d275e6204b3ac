"""Live list of the runs in a folder with their states."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QItemSelectionModel, Qt, QTimer, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from spade_studio.app.training.history import RunState, last_event, run_state
from spade_studio.app.ui.plain import plain_tip
from spade_studio.train.run.directory import RunDirectory, list_runs

INTERVAL_MILLISECONDS = 3000


class RunList(QTreeView):
    """List of runs by number, newest first.

    Attributes:
        folder: Folder containing the runs.
    """

    chosen = Signal(object)  # RunDirectory, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self._model = QStandardItemModel(0, 2, self)
        self._model.setHorizontalHeaderLabels([self.tr("Run"), self.tr("State")])
        self.setModel(self._model)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAccessibleName(self.tr("Runs"))
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, self.header().ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, self.header().ResizeMode.ResizeToContents)
        self.header().setMinimumSectionSize(80)
        self.selectionModel().currentRowChanged.connect(lambda *_: self.chosen.emit(self.current))
        self._timer = QTimer(self, interval=INTERVAL_MILLISECONDS)
        self._timer.timeout.connect(self._look_if_visible)

    @property
    def current(self) -> RunDirectory | None:
        """Selected run, or None."""
        row = self.currentIndex().row()
        return self._run(row) if row >= 0 else None

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Displayed (name, state) of each row."""
        return [(self._model.item(row, 0).text(), self._model.item(row, 1).text()) for row in range(self._model.rowCount())]

    def open_folder(self, folder: Path) -> None:
        """List the runs of a folder and select an active one, else the newest."""
        self.folder = folder
        self._model.removeRows(0, self._model.rowCount())
        self.look()
        if self._model.rowCount():
            active = [row for row in range(self._model.rowCount()) if (state := self._state(row)) is not None and state.is_active]
            self.choose(self._run(active[0] if active else 0))
        else:
            self.chosen.emit(None)
        self._timer.start()

    def choose(self, run: RunDirectory) -> None:
        """Select a run."""
        for row in range(self._model.rowCount()):
            if self._run(row).path == run.path:
                flag = QItemSelectionModel.SelectionFlag
                self.selectionModel().setCurrentIndex(self._model.index(row, 0), flag.ClearAndSelect | flag.Rows)

    def look(self) -> None:
        """Update runs and states; called by a timer every few seconds."""
        if self.folder is None:
            return
        try:
            runs = sorted(list_runs(self.folder), key=lambda run: run.number, reverse=True)
        except OSError:
            runs = []
        paths = [run.path for run in runs]
        for row in reversed(range(self._model.rowCount())):
            if self._run(row).path not in paths:
                self._model.removeRow(row)
        for row, run in enumerate(runs):
            if row >= self._model.rowCount() or self._run(row).path != run.path:
                name, state = QStandardItem(run.path.name), QStandardItem()
                name.setData(run, Qt.ItemDataRole.UserRole)
                name.setToolTip(plain_tip(str(run.path)))
                self._model.insertRow(row, [name, state])
            state = run_state(run, last_event(run))[0]
            if self._state(row) is not state:
                self._model.item(row, 1).setText(state_words(state))
                self._model.item(row, 1).setData(state, Qt.ItemDataRole.UserRole)

    def close_folder(self) -> None:
        """Stop watching the folder."""
        self._timer.stop()

    def _look_if_visible(self) -> None:
        if self.isVisible():
            self.look()

    def _state(self, row: int) -> RunState | None:
        return self._model.item(row, 1).data(Qt.ItemDataRole.UserRole)

    def _run(self, row: int) -> RunDirectory:
        return self._model.item(row, 0).data(Qt.ItemDataRole.UserRole)


def state_words(state: RunState) -> str:
    """Return a state's displayed text."""
    return QCoreApplication.translate("RunState", state.value)
