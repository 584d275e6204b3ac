"""Page for setting up a new run: preset, name, form, data check, time estimate and start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QPlainTextEdit, QPushButton, QSplitter, QWidget

from spade_studio.app.training.data_report import pace_of_similar_runs, report_words
from spade_studio.app.training.fields import absolute_path, option_words
from spade_studio.app.training.form import ConfigForm
from spade_studio.app.training.memory import TrainingMemory
from spade_studio.app.training.run_page import time_words
from spade_studio.app.training.tool_run import ToolRun
from spade_studio.app.ui import messages
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.form_look import set_role
from spade_studio.app.ui.plain import PlainLabel, plain_tip
from spade_studio.engine.errors import ConfigError, EngineError
from spade_studio.train.config.presets import PRESETS, preset
from spade_studio.train.run.directory import RunDirectory

_START = "landscapes"
_CHECKED = ("data.path", "data.kind", "labels.label_set", "labels.ids")


class NewRunPage(QWidget):
    """Setup page for a new run, whose inputs are saved between sessions."""

    made = Signal(object)  # RunDirectory, ready to be started
    cancelled = Signal()

    def __init__(self, memory: TrainingMemory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._memory = memory
        self.presets = QComboBox()
        for name, one in PRESETS.items():
            self.presets.addItem(name, name)
            self.presets.setItemData(self.presets.count() - 1, plain_tip(one.summary), Qt.ItemDataRole.ToolTipRole)
        self.presets.setAccessibleName(self.tr("Preset"))
        self.presets.setMinimumHeight(26)
        self.name = named(QLineEdit(), self.tr("Name of the run"))
        self.name.setPlaceholderText(self.tr("named like the preset"))
        self.summary = PlainLabel(role="caption", wraps=True)
        kept = memory.text("preset")
        self.presets.setCurrentText(kept if kept in PRESETS else _START)
        sound = preset(self.presets.currentText())
        self.form = ConfigForm(sound)
        self.advanced = QCheckBox(self.tr("Show a&ll settings"))
        self.report = named(QPlainTextEdit(readOnly=True), self.tr("Report"))
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setTabChangesFocus(True)
        self.report.setPlaceholderText(
            self.tr("Check data reads all pictures and says what is wrong.\n\nEstimate tells steps, memory and time.")
        )
        self.check, self.estimate = QPushButton(self.tr("Chec&k data")), QPushButton(self.tr("&Estimate"))
        self.problem = named(PlainLabel(role="problem", wraps=True), self.tr("What is wrong"))
        self.cancel, self.start = QPushButton(self.tr("&Back")), QPushButton(self.tr("&Start training"))
        self.start.setDefault(True)
        self.check_run, self.estimate_run = ToolRun(self), ToolRun(self)
        self._reported: tuple[Sequence[str], list[Any]] | None = None
        self._lay_out()
        self._connect()
        self.name.setText(memory.text("name"))
        self.form.set_values(memory.form)
        self.advanced.setChecked(memory.text("advanced") == "yes")
        self._show_summary()

    def close_parts(self) -> None:
        """Stop this page's background work."""
        self.check_run.cancel()
        self.estimate_run.cancel()

    # -- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        head = QGridLayout()
        head.setHorizontalSpacing(12)
        head.setVerticalSpacing(6)
        for number, (title, widget) in enumerate(((self.tr("&Preset"), self.presets), (self.tr("N&ame"), self.name))):
            label = PlainLabel(title)
            label.setBuddy(widget)
            label.setMinimumWidth(170)
            head.addWidget(label, number, 0)
            head.addWidget(widget, number, 1)
        head.addWidget(self.summary, 2, 1)
        head.setColumnStretch(1, 1)
        left, right = QWidget(), QWidget()
        form = column(left, spacing=8)
        form.addLayout(head)
        form.addWidget(self.form, 1)
        form.addWidget(self.advanced)
        asks = row(spacing=8)
        asks.addWidget(self.check)
        asks.addWidget(self.estimate)
        asks.addStretch(1)
        reports = column(right, spacing=8)
        reports.addLayout(asks)
        reports.addWidget(self.report, 1)
        splitter = QSplitter()
        splitter.setObjectName("plain")
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(12)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setSizes([500, 330])
        ends = row(spacing=8)
        ends.addWidget(self.problem, 1)
        ends.addWidget(self.cancel)
        ends.addWidget(self.start)
        whole = column(self, spacing=10)
        whole.addWidget(splitter, 1)
        whole.addLayout(ends)

    def _connect(self) -> None:
        self.presets.currentIndexChanged.connect(self._take_preset)
        self.advanced.toggled.connect(self._on_advanced)
        self.name.textChanged.connect(lambda text: self._memory.keep("name", text))
        self.form.changed.connect(self._on_form_changed)
        self.check.clicked.connect(self._on_check)
        self.estimate.clicked.connect(self._on_estimate)
        self.start.clicked.connect(self._on_start)
        self.cancel.clicked.connect(self.cancelled)
        self.check_run.ended.connect(self._show_check)
        self.estimate_run.ended.connect(self._show_estimate)

    # -- the form -------------------------------------------------------------------------------------------------

    def _take_preset(self) -> None:
        """Apply a preset to all fields except the data."""
        name = self.presets.currentData()
        self._memory.keep("preset", name)
        data = self.form.values()["data.path"]
        self.form.set_config(preset(name), preset(name))
        self.form.set_values({"data.path": data})
        self._show_summary()

    def _show_summary(self) -> None:
        self.summary.setText(PRESETS[self.presets.currentText()].summary.capitalize() + ".")

    def _on_advanced(self, advanced: bool) -> None:
        self._memory.keep("advanced", "yes" if advanced else "")
        self.form.set_advanced(advanced)

    def _on_form_changed(self) -> None:
        self._memory.keep("form", self.form.values())
        self.problem.setText(self.form.problem)
        set_role(self.problem, "caption" if self.form.is_unfilled else "problem")
        if self._is_report_old:
            self.report.setPlainText("")
        self.start.setEnabled(not self.form.problem)
        has_data = self.form.problem_field != "data.path"
        self.check.setEnabled(self.check_run.is_running or has_data)
        self.estimate.setEnabled(self.estimate_run.is_running or not self.form.problem)

    def _subject(self, names: Sequence[str]) -> list[Any]:
        values = self.form.values()
        return [values[name] for name in names or values]

    def _begin_report(self, text: str, names: Sequence[str] = ()) -> None:
        """Show a report that is dropped when one of the named fields changes, or any field if no names are given."""
        self._reported = names, self._subject(names)
        self.report.setPlainText(text)

    @property
    def _is_report_old(self) -> bool:
        return self._reported is not None and self._subject(self._reported[0]) != self._reported[1]

    # -- check and estimate ---------------------------------------------------------------------------------------

    def _on_check(self) -> None:
        if self._ended_by_hand(self.check_run):
            return
        values = self.form.values()
        words = ["check", absolute_path("data.path", values["data.path"]), "--kind", values["data.kind"], "--json"]
        labels = preset(self.presets.currentData()).labels
        if values["labels.label_set"] == labels.label_set and values["labels.ids"] == list(labels.ids):
            words += ["--preset", self.presets.currentData()]
        elif values["labels.label_set"]:
            words += ["--label-set", absolute_path("labels.label_set", values["labels.label_set"])]
        self._begin_report(self.tr("Reading all pictures…"), _CHECKED)
        self.check_run.start("spade-train", words)
        self.check.setText(self.tr("Cancel chec&k"))

    def _show_check(self, code: int, output: str, errors: str) -> None:
        self.check.setText(self.tr("Chec&k data"))
        self._on_form_changed()
        if self._is_report_old:
            return
        try:
            self.report.setPlainText(report_words(output))
        except (ValueError, KeyError, TypeError):
            self.report.setPlainText(errors or self.tr("The check ended with code {code} and said nothing.").format(code=code))

    def _on_estimate(self) -> None:
        if self._ended_by_hand(self.estimate_run):
            return
        config = self.form.config()
        name = self.presets.currentData()
        self._begin_report(self.tr("Building the networks…"))
        options = option_words(config, preset(name))
        self.estimate_run.start("spade-train", ["new", config.data.path, "--preset", name, "--dry-run", *options])
        self.estimate.setText(self.tr("Cancel &estimate"))

    def _show_estimate(self, code: int, output: str, errors: str) -> None:
        self.estimate.setText(self.tr("&Estimate"))
        self._on_form_changed()
        if self._is_report_old:
            return
        text = output.rpartition("}\n")[2].strip()
        if code or not text:
            self.report.setPlainText(errors or self.tr("The estimate ended with code {code} and said nothing.").format(code=code))
            return
        self.report.setPlainText(self._with_time_of_similar_runs(text))

    def _with_time_of_similar_runs(self, text: str) -> str:
        """Return an estimate with the time that similar runs took on this machine, which is more accurate than one timed step."""
        found = re.search(r"([0-9,]+) pictures$", text, re.MULTILINE)
        try:
            pace = pace_of_similar_runs(self._memory.runs_folder, self.form.config())
        except ConfigError:  # the form has changed meanwhile
            pace = None
        if pace is None or found is None:
            return text
        line = self.tr("Time:          about {time_words}, at the {pace:.1f} images/s of a run like it").format(
            time_words=time_words(int(found[1].replace(",", "")) / pace), pace=pace
        )
        return re.sub(r"^Time: .*$", lambda _: line, text, flags=re.MULTILINE)

    def _ended_by_hand(self, run: ToolRun) -> bool:
        if not run.is_running:
            return False
        run.cancel()
        self.check.setText(self.tr("Chec&k data"))
        self.estimate.setText(self.tr("&Estimate"))
        self.report.setPlainText("")
        self._on_form_changed()
        return True

    # -- the start ------------------------------------------------------------------------------------------------

    def _on_start(self) -> None:
        try:
            config = self.form.config()
            run = RunDirectory.create(self._memory.runs_folder, self.name.text() or self.presets.currentData(), config)
        except EngineError as error:
            messages.show_error(self, self.tr("The run could not be made"), error)
            return
        self._memory.save()
        self.made.emit(run)
