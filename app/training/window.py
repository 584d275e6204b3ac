"""Training window: runs on the left; on the right the selected run, or the form for a new one."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMessageBox, QPushButton, QSplitter, QStackedWidget, QWidget

from spade_studio.app.training.drawing_page import DrawingPage
from spade_studio.app.training.follower import RunFollower
from spade_studio.app.training.memory import TrainingMemory
from spade_studio.app.training.my_drawing import Drawing
from spade_studio.app.training.new_run import NewRunPage
from spade_studio.app.training.run_list import RunList
from spade_studio.app.training.run_page import RunPage
from spade_studio.app.training.trainer_process import end_trainer, start_trainer
from spade_studio.app.ui import messages
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.form_look import style_sheet
from spade_studio.app.ui.plain import PlainLabel, message_box, plain_tip
from spade_studio.app.ui.side_window import SideWindow
from spade_studio.app.ui.theme import Theme
from spade_studio.engine.errors import EngineError
from spade_studio.train.run.directory import RunDirectory

_MARGIN = 12


class TrainingWindow(SideWindow):
    """Starts, monitors, pauses, stops and resumes runs; trainers keep running when it is closed."""

    def __init__(
        self,
        memory: TrainingMemory,
        theme: Theme,
        drawing: Callable[[], Drawing],
        use_weights: Callable[[Path], bool],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Train - SPADE Studio"))
        self._memory = memory
        self._theme = theme
        self.follower = RunFollower(self)
        self.runs = RunList()
        self.page = RunPage(self.follower)
        self.drawing = DrawingPage(self.follower, memory, drawing, use_weights)
        self.page.tabs.insertTab(2, self.drawing, self.tr("&My drawing"))
        self.form = NewRunPage(memory)
        self.folder = named(QLineEdit(readOnly=True), self.tr("Folder of runs"))
        self.browse = named(QPushButton(self.tr("C&hange…")), tip=self.tr("Choose the folder in which runs are made and listed"))
        self.new = named(QPushButton(self.tr("&New run…")), tip=self.tr("Set up a training"))
        self.empty = PlainLabel(self.tr("No runs here yet.\n\nNew run… sets up a training."), role="caption")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.page)
        self.stack.addWidget(self.form)
        self._lay_out()
        self.browse.clicked.connect(self._choose_folder)
        self.runs.chosen.connect(self._show_run)
        self.new.clicked.connect(self._show_form)
        self.runs.clicked.connect(self._show_chosen)
        self.runs.activated.connect(self._show_chosen)
        self.form.cancelled.connect(self._show_chosen)
        self.form.made.connect(self.start)
        self.page.pause_wanted.connect(self._pause)
        self.page.stop_wanted.connect(self._stop)
        self.page.end_wanted.connect(self._ask_end)
        self.page.resume_wanted.connect(self._resume)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.resize(1120, 700)

    def open(self) -> None:
        """Show the window with the runs of the last folder."""
        if self.runs.folder is None:
            self.open_folder(self._memory.runs_folder)
            self.runs.setFocus()
        else:
            self.runs.look()
        self.bring_up()

    def open_folder(self, folder: Path) -> None:
        """List the runs of a folder."""
        self._memory.runs_folder = folder
        self.folder.setText(str(folder))
        self.folder.setToolTip(plain_tip(str(folder)))
        self.folder.setCursorPosition(0)
        self.runs.open_folder(folder)

    def start(self, run: RunDirectory) -> bool:
        """Start or resume a run and show it; return whether that succeeded, or show an error."""
        try:
            start_trainer(run)
        except EngineError as error:
            messages.show_error(self, self.tr("{name} could not be started").format(name=run.path.name), error)
            return False
        self.runs.look()
        self.runs.choose(run)
        self.follower.look()
        self._show_chosen()
        self.runs.setFocus()  # the start button is hidden with the form; focus must not move to a button that ends the run
        return True

    def close_parts(self) -> None:
        """Stop this window's background work; trainers keep running."""
        self.runs.close_folder()
        self.follower.close()
        self.form.close_parts()
        self.drawing.close_parts()

    def on_escape(self) -> None:
        """Leave the new run form, else close the window."""
        if self.stack.currentWidget() is self.form:
            self._show_chosen()
        else:
            self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide the window, keeping its contents."""
        event.accept()

    def _lay_out(self) -> None:
        side = QWidget()
        place = row(spacing=6)
        place.addWidget(self.folder, 1)
        place.addWidget(self.browse)
        left = column(side, spacing=8)
        left.addLayout(place)
        left.addWidget(self.runs, 1)
        left.addWidget(self.new)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("plain")
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(_MARGIN)
        splitter.addWidget(side)
        splitter.addWidget(self.stack)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([300, 820])
        whole = column(self, margins=(_MARGIN, _MARGIN, _MARGIN, _MARGIN))
        whole.addWidget(splitter)

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Folder of runs"), str(self._memory.runs_folder))
        if name:
            self.open_folder(Path(name))

    def _show_run(self, run: RunDirectory | None) -> None:
        self.follower.attach(run)
        self._show_chosen()

    def _show_form(self) -> None:
        self.stack.setCurrentWidget(self.form)
        self.form.form.editors["data.path"].setFocus()

    def _show_chosen(self) -> None:
        self.stack.setCurrentWidget(self.empty if self.follower.run is None else self.page)

    def _pause(self, wait: bool) -> None:
        run = self.follower.run
        if run is None:
            return
        if wait:
            self._try(self.tr("{name} could not be asked to wait").format(name=run.path.name), run.request_pause)
        else:
            self._try(self.tr("{name} could not be asked to go on").format(name=run.path.name), run.end_pause)

    def _stop(self) -> None:
        run = self.follower.run
        if run is not None:
            self._try(self.tr("{name} could not be asked to stop").format(name=run.path.name), run.request_stop)

    def _ask_end(self) -> None:
        run = self.follower.run
        if run is None:
            return
        text = self.tr("What it learned since its last checkpoint is lost. Stop and keep saves first.")
        box = message_box(self, self.tr("End {name} now?").format(name=run.path.name), text)
        end = box.addButton(self.tr("End now"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        end.clicked.connect(lambda: self._try(self.tr("{name} could not be ended").format(name=run.path.name), lambda: end_trainer(run)))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _resume(self) -> None:
        if self.follower.run is not None:
            self.start(self.follower.run)

    def _try(self, headline: str, do: Callable[[], object]) -> None:
        try:
            do()
        except OSError as error:
            messages.show_error(self, headline, EngineError(str(error)))
        except EngineError as error:
            messages.show_error(self, headline, error)
        self.follower.look()
        self.runs.look()

    def _on_theme_changed(self) -> None:
        self.setStyleSheet(style_sheet(self._theme.colors))
        self.page.set_colors(self._theme.colors)
