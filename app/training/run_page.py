"""Live page of one run: progress, curves, sample grids, log, and buttons to pause, stop and resume."""

from __future__ import annotations

import re
from datetime import timedelta

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QProgressBar, QPushButton, QTabWidget, QWidget

from spade_studio.app.training.curves import Curves
from spade_studio.app.training.follower import RunFollower
from spade_studio.app.training.history import RunHistory, RunState
from spade_studio.app.training.pictures import PictureTimeline
from spade_studio.app.training.run_list import state_words
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel, counted, plain_tip
from spade_studio.app.ui.theme import Colors

_LOG_LINES = 5000
_RESUME = re.compile(r"Go on with: spade-train resume .*")
_WIDEST_NAME = 330  # pixels; run names can be wider than the window


class RunPage(QWidget):
    """Page showing a run and its actions.

    Attributes:
        tabs: Tabs with curves, samples and log; further ones can be added.
    """

    pause_wanted = Signal(bool)  # True to pause, False to resume
    stop_wanted = Signal()
    end_wanted = Signal()
    resume_wanted = Signal()

    def __init__(self, follower: RunFollower, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._follower = follower
        self.name, self.state, self.facts = PlainLabel(role="heading"), PlainLabel(role="caption"), PlainLabel(role="caption")
        self.reason = PlainLabel(wraps=True)
        self.reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.reason.setAccessibleName(self.tr("Why the run ended"))
        self.progress = named(QProgressBar(), self.tr("Steps done"))
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.pause = QPushButton()
        self._show_pause(RunState.NEW)
        self.stop, self.end = QPushButton(self.tr("Stop and &keep")), QPushButton(self.tr("Stop n&ow…"))
        self.resume = QPushButton(self.tr("&Resume"))
        self.stop.setToolTip(self.tr("Save a checkpoint after the step at hand and end; Resume goes on from there, bit for bit"))
        self.end.setToolTip(self.tr("End the trainer at once; steps since its last checkpoint are lost"))
        self.resume.setToolTip(self.tr("Go on from the newest checkpoint"))
        self.curves = Curves()
        self.samples = PictureTimeline(self.tr("Sample grid"), self.tr("No sample grids yet"))
        self.log = named(QPlainTextEdit(readOnly=True, maximumBlockCount=_LOG_LINES), self.tr("Log"))
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log.setTabChangesFocus(True)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.curves, self.tr("&Curves"))
        self.tabs.addTab(self.samples, self.tr("&Samples"))
        self.tabs.addTab(self.log, self.tr("&Log"))
        self._lay_out()
        self.pause.clicked.connect(lambda: self.pause_wanted.emit(not self._follower.state.has_pause))
        self.stop.clicked.connect(self.stop_wanted)
        self.end.clicked.connect(self.end_wanted)
        self.resume.clicked.connect(self.resume_wanted)
        follower.attached.connect(self.log.clear)
        follower.logged.connect(self._append_log)
        follower.changed.connect(self._show)
        self.curves.shown.connect(self._show_curves)

    def set_colors(self, colors: Colors) -> None:
        """Apply a theme's colours."""
        self.curves.set_colors(colors)

    def _lay_out(self) -> None:
        head = row(spacing=10)
        head.addWidget(self.name)
        head.addWidget(self.state)
        head.addStretch(1)
        for button in (self.pause, self.stop, self.end, self.resume):
            head.addWidget(button)
        whole = column(self, spacing=8)
        whole.addLayout(head)
        whole.addWidget(self.progress)
        whole.addWidget(self.facts)
        whole.addWidget(self.reason)
        whole.addWidget(self.tabs, 1)

    def _append_log(self, text: str) -> None:
        self.log.appendPlainText(self._in_buttons(text.rstrip("\n")))

    def _in_buttons(self, text: str) -> str:
        """Return a trainer's message with commands replaced by button names."""
        return _RESUME.sub(self.tr("Resume goes on from here."), text)

    def _show(self) -> None:
        follower, history, state = self._follower, self._follower.history, self._follower.state
        if follower.run is None:
            return
        name = follower.run.path.name
        self.name.setText(self.name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _WIDEST_NAME))
        self.name.setToolTip(plain_tip(str(follower.run.path)))
        self.state.setText(state_words(state))
        self.progress.setRange(0, 0 if state is RunState.STARTING else max(1, history.total_steps))
        self.progress.setValue(history.step)
        self.facts.setText(facts(history, state))
        self.facts.setVisible(bool(self.facts.text()))
        self.reason.setText(self._in_buttons(follower.reason))
        self.reason.setVisible(bool(follower.reason))
        self._show_pause(state)
        self.stop.setEnabled(state.takes_requests)
        self.end.setEnabled(state.is_active)
        self.resume.setEnabled(state.can_go_on)
        self.resume.setText(self.tr("Sta&rt") if state is RunState.NEW else self.tr("&Resume"))
        self._show_curves()
        folder = follower.run.samples_path
        step = self.tr("Step {step:,}")
        self.samples.set_entries([(folder / entry.file, step.format(step=entry.at_step)) for entry in history.samples])

    def _show_pause(self, state: RunState) -> None:
        self.pause.setEnabled(state.takes_requests)
        if state.has_pause:
            self.pause.setText(self.tr("Cont&inue"))
            self.pause.setToolTip(self.tr("Go on with the next step"))
        else:
            self.pause.setText(self.tr("&Pause"))
            self.pause.setToolTip(self.tr("Wait after the step at hand, with all in memory; the processor is free until Continue"))

    def _show_curves(self) -> None:
        """Draw the curves if visible, since long ones take several milliseconds each second."""
        if self.curves.isVisible():
            self.curves.show_history(self._follower.history)


def facts(history: RunHistory, state: RunState) -> str:
    """Return a run's progress and speed as one line."""
    translate = QCoreApplication.translate
    if not history.steps:
        return translate("RunPage", "The trainer starts; it reads the data first.") if state.is_active else ""
    step = history.steps[-1]
    parts = [
        translate("RunPage", "Step {step:,} of {total:,}").format(step=step.step, total=history.total_steps),
        translate("RunPage", "epoch {epoch:.2f}").format(epoch=step.epoch),
        translate("RunPage", "{rate:.1f} images/s").format(rate=step.images_per_second),
    ]
    if state.takes_requests and step.step < history.total_steps:
        left = time_words((history.total_steps - step.step) * step.seconds_per_step)
        parts.append(translate("RunPage", "{time} left").format(time=left))
    if step.memory_mib:
        memory = f"{step.memory_mib / 1024:.1f} GiB" if step.memory_mib >= 1024 else f"{step.memory_mib} MiB"
        parts.append(translate("RunPage", "{amount} memory").format(amount=memory))
    if history.device:
        parts.append(translate("RunPage", "on {device}").format(device=history.device))
    if history.warnings:
        parts.append(counted("RunPage", "%Ln warning(s) in the log", len(history.warnings)))
    return "   ·   ".join(parts)


def time_words(seconds: float) -> str:
    """Return a duration as text: 45 s, 12 min, 3 h 20 min, 2 days 4 h."""
    translate = QCoreApplication.translate
    if seconds < 60:
        return translate("RunPage", "{seconds:.0f} s").format(seconds=seconds)
    span = timedelta(seconds=round(seconds))
    hours, minutes = divmod(span.seconds // 60, 60)
    if span.days:
        return counted("RunPage", "%Ln day(s) {hours} h", span.days).format(hours=hours)
    if hours:
        return translate("RunPage", "{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return translate("RunPage", "{minutes} min").format(minutes=minutes)
