"""One run, live: how far it is, its curves, sample grids and log, and the buttons that stop it and let it go on.

It shows what a follower reads; buttons say what is wanted and do nothing themselves.
"""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QProgressBar, QPushButton, QTabWidget, QWidget

from spade_studio.app.panels.boxes import column, row
from spade_studio.app.theme import Colors
from spade_studio.app.training.curves import Curves
from spade_studio.app.training.follower import RunFollower
from spade_studio.app.training.history import RunHistory, RunState
from spade_studio.app.training.pictures import PictureTimeline

_LOG_LINES = 5000


class RunPage(QWidget):
    """A run and what can be done with it.

    Attributes:
        tabs: Curves, samples and log; more can be added.
    """

    stop_wanted = Signal()
    end_wanted = Signal()
    resume_wanted = Signal()

    def __init__(self, follower: RunFollower, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._follower = follower
        self.name, self.state, self.facts, self.reason = QLabel(), QLabel(), QLabel(), QLabel()
        self.name.setProperty("role", "heading")
        for label in (self.state, self.facts):
            label.setProperty("role", "caption")
        self.reason.setWordWrap(True)
        self.reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.reason.setAccessibleName("Why the run ended")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.progress.setAccessibleName("Steps done")
        self.stop, self.end, self.resume = QPushButton("Stop and &keep"), QPushButton("Stop n&ow…"), QPushButton("&Resume")
        self.stop.setToolTip("Save a checkpoint after the step at hand and end; Resume goes on from there, bit for bit")
        self.end.setToolTip("End the trainer at once; steps since its last checkpoint are lost")
        self.resume.setToolTip("Go on from the newest checkpoint")
        self.curves = Curves()
        self.samples = PictureTimeline("Sample grid", "No sample grids yet")
        self.log = QPlainTextEdit(readOnly=True, maximumBlockCount=_LOG_LINES)
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log.setAccessibleName("Log")
        self.log.setTabChangesFocus(True)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.curves, "&Curves")
        self.tabs.addTab(self.samples, "&Samples")
        self.tabs.addTab(self.log, "&Log")
        self._lay_out()
        self.stop.clicked.connect(self.stop_wanted)
        self.end.clicked.connect(self.end_wanted)
        self.resume.clicked.connect(self.resume_wanted)
        follower.attached.connect(self.log.clear)
        follower.logged.connect(self._append_log)
        follower.changed.connect(self._show)
        self.curves.shown.connect(self._show_curves)

    def set_colors(self, colors: Colors) -> None:
        """Take the colours of a theme."""
        self.curves.set_colors(colors)

    def _lay_out(self) -> None:
        head = row(spacing=10)
        head.addWidget(self.name)
        head.addWidget(self.state)
        head.addStretch(1)
        for button in (self.stop, self.end, self.resume):
            head.addWidget(button)
        whole = column(self, spacing=8)
        whole.addLayout(head)
        whole.addWidget(self.progress)
        whole.addWidget(self.facts)
        whole.addWidget(self.reason)
        whole.addWidget(self.tabs, 1)

    def _append_log(self, text: str) -> None:
        self.log.appendPlainText(text.rstrip("\n"))

    def _show(self) -> None:
        follower, history, state = self._follower, self._follower.history, self._follower.state
        if follower.run is None:
            return
        self.name.setText(follower.run.path.name)
        self.state.setText(state.value)
        self.progress.setRange(0, 0 if state is RunState.STARTING else max(1, history.total_steps))
        self.progress.setValue(history.step)
        self.facts.setText(facts(history, state))
        self.reason.setText(follower.reason)
        self.reason.setVisible(bool(follower.reason))
        self.stop.setEnabled(state is RunState.RUNNING)
        self.end.setEnabled(state.is_active)
        self.resume.setEnabled(state.can_go_on)
        self.resume.setText("Sta&rt" if state is RunState.NEW else "&Resume")
        self._show_curves()
        folder = follower.run.samples_path
        self.samples.set_entries([(folder / entry.file, f"Step {entry.at_step:,}") for entry in history.samples])


    def _show_curves(self) -> None:
        """Draw the curves, where they are seen: long ones take some milliseconds every second."""
        if self.curves.isVisible():
            self.curves.show_history(self._follower.history)


def facts(history: RunHistory, state: RunState) -> str:
    """Return how far a run is and how fast, in a line."""
    if not history.steps:
        return "The trainer starts; it reads the data first." if state.is_active else ""
    step = history.steps[-1]
    parts = [f"Step {step.step:,} of {history.total_steps:,}", f"epoch {step.epoch:.2f}", f"{step.images_per_second:.1f} images/s"]
    if state is RunState.RUNNING and step.step < history.total_steps:
        parts.append(f"{time_words((history.total_steps - step.step) * step.seconds_per_step)} left")
    if step.memory_mib:
        parts.append(f"{step.memory_mib / 1024:.1f} GiB memory" if step.memory_mib >= 1024 else f"{step.memory_mib} MiB memory")
    if history.device:
        parts.append(f"on {history.device}")
    if history.warnings:
        parts.append(f"{len(history.warnings)} warning{'' if len(history.warnings) == 1 else 's'} in the log")
    return "   ·   ".join(parts)


def time_words(seconds: float) -> str:
    """Return a time as people say it: 45 s, 12 min, 3 h 20 min, 2 days 4 h."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    span = timedelta(seconds=round(seconds))
    hours, minutes = divmod(span.seconds // 60, 60)
    if span.days:
        return f"{span.days} day{'' if span.days == 1 else 's'} {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
