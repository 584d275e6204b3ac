"""Weights window: list on the left, report or trial of the selected weights on the right."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from spade_studio.app.rendering import loading
from spade_studio.app.ui.boxes import column
from spade_studio.app.ui.form_look import style_sheet
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.app.ui.side_window import SideWindow
from spade_studio.app.ui.worker import Job, Progress, Worker
from spade_studio.app.weights.bar import ActionBar, OpenButtons, framed
from spade_studio.app.weights.bench import Bench, WindowParts
from spade_studio.app.weights.jobs import Examined, examine, examine_again
from spade_studio.app.weights.page import WeightsPage
from spade_studio.app.weights.report import make_report
from spade_studio.app.weights.shelf import Entry, Shelf
from spade_studio.app.weights.shelf_list import ShelfList
from spade_studio.engine.errors import AmbiguousWeightsError, EngineError
from spade_studio.engine.weights.info import PublishedOptions

_MARGIN = 14
_WRITE_MILLISECONDS = 800


class WeightsWindow(SideWindow):
    """Opens, describes, tries and swaps weights.

    Attributes:
        list: List of opened weights.
        page: Report on the selected weights.
        bench: Trial of the selected weights.
        bar: Progress, state and actions.
    """

    def __init__(self, parts: WindowParts, shelf: Shelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Weights - SPADE Studio"))
        self.setAcceptDrops(True)
        self._parts, self._shelf = parts, shelf
        self._worker = Worker(self)
        self._job: Job | None = None
        self._examined: Examined | None = None
        self._problem: Path | None = None  # path that could not be examined
        self._can_try = False
        self.default = loading.default_weights()
        self.list = ShelfList(parts.theme)
        self.page = WeightsPage(parts.theme)
        self.bench = Bench(parts, self._worker, self.default, self)
        self.bar = ActionBar()
        self.open_buttons = OpenButtons()
        text = self.tr("Choose weights on the left, open a file or a folder, or drop one here.")
        self.hint = PlainLabel(text, role="caption", wraps=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._write_later = QTimer(self, singleShot=True, interval=_WRITE_MILLISECONDS)
        self._write_later.timeout.connect(self._shelf.write)
        self._lay_out()
        self._connect()
        self._on_theme_changed()
        self.resize(1020, 660)

    # -- interface ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Show the window, with the weights in use selected the first time."""
        if self._examined is None and self._job is None and self._problem is None:
            if self.list.current is None:
                self.list.choose(self.in_use)
            else:
                self._look(self.list.current.path)  # closing the window cancelled the examination
        self.refresh()
        self.bring_up()
        # A list without a current row makes the first one current when it gets the focus.
        (self.list if self.list.current is not None else self.open_buttons.file_button).setFocus()

    def look_at(self, path: Path) -> None:
        """Examine a file or folder and show the report, without loading it."""
        path = path.absolute()
        self._choose(path)
        self._look(path)

    def refresh(self) -> None:
        """Update the list after a change of the weights in use."""
        default = self._shelf.find(self.default) or Entry(self.default, self.tr("Default weights"))
        self.list.show_entries(default, self._shelf.entries, self.in_use)
        own = [entry.path.parent for entry in self._shelf.entries if entry.path != self.default]  # not the program's own folder
        self.open_buttons.folder = next((folder for folder in own if folder.is_dir()), Path.home())
        self._show_state()

    @property
    def in_use(self) -> Path:
        """Path of the weights in use."""
        return (self._parts.rendering.options.weights or self.default).absolute()

    @property
    def is_busy(self) -> bool:
        """Whether weights are being examined or loaded for a trial."""
        return self._job is not None or self.bench.is_trying

    def close_parts(self) -> None:
        """Stop this window's background work and save pending changes."""
        if self._write_later.isActive():
            self._write_later.stop()
            self._shelf.write()
        self._stop()
        self._worker.close()

    # -- examining ------------------------------------------------------------------------------------------------

    def _on_chosen(self, entry: Entry | None) -> None:
        if entry is not None:
            self._look(entry.path)

    def _look(self, path: Path) -> None:
        self._stop()
        self._examined, self._problem, self._can_try = None, None, False
        self.stack.setCurrentWidget(self.page)
        if self._shelf.find(path) is not None and not path.exists():
            found = self.tr("there is no {path} any more").format(path=path)
            self._show_problem(path, EngineError(found, "", self.tr("Locate it where it is now, or remove it from the list")))
            return
        self.page.show_problem(path.name, None)
        self.page.questions.hide()
        self.page.show_entry(None)
        self._run(lambda job: examine(path, self._shelf, job), lambda error: self._show_problem(path, error))

    def _answer(self, options: PublishedOptions) -> None:
        before = self._examined
        if before is None:
            return
        self._stop()
        if before.stamp is not None:
            self._shelf.answer(before.stamp.sha256, options)
        self._run(lambda _job: examine_again(before, options), lambda error: self._show_problem(before.path, error))

    def _on_examined(self, examined: Examined) -> None:
        self._job, self._examined = None, examined
        self._can_try = False
        painted = self._parts.painted()
        if examined.facts is not None:
            report = make_report(examined.facts, painted)
            self.page.show_report(report)
            self._can_try = report.can_render
            entry = self._shelf.find(examined.path) or Entry(examined.path)
            kept = replace(entry, name=report.name[:200], summary=report.summary, stamp=examined.stamp or entry.stamp)
            if report.can_render and kept != self._shelf.find(examined.path):
                self._shelf.put(kept)
        else:
            is_question = isinstance(examined.problem, AmbiguousWeightsError)
            self.page.show_problem(examined.path.name, examined.problem, is_question=is_question)
        self.page.questions.show_questions(examined, painted.label_set)
        self.page.show_entry(self._shelf.find(examined.path))
        self.refresh()
        self._choose(examined.path)
        self._show_state()

    def _show_problem(self, path: Path, error: EngineError) -> None:
        self._job, self._can_try, self._examined, self._problem = None, False, None, path
        self.page.show_problem(path.name, error)
        self.page.questions.hide()
        self.page.show_entry(self._shelf.find(path))
        self.stack.setCurrentWidget(self.page)
        self._show_state()

    def _run(self, do: Callable[[Job], Examined], failed: Callable[[EngineError], object]) -> None:
        self.bar.show_progress(Progress(self.tr("Looking…")))
        self._job = self._worker.run(do, self._on_examined, failed, self.bar.show_progress)
        self._show_state()

    def _stop(self) -> None:
        """Cancel running jobs and release the trial weights."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.bench.stop()

    # -- trial ----------------------------------------------------------------------------------------------------

    def try_weights(self) -> None:
        """Start a trial of the selected weights."""
        if self._examined is not None and self._may_try:
            self.stack.setCurrentWidget(self.bench.comparison)
            self.bench.start(self._examined)

    def back(self) -> None:
        """Cancel the trial, keep the weights in use and show the report again."""
        was_trying = self._is_comparing
        self._stop()
        if was_trying:
            self.stack.setCurrentWidget(self.page)
        self._show_state()

    def _on_bench_changed(self) -> None:
        bench = self.bench
        if self._is_comparing and not (bench.is_trying or bench.is_swapping or bench.trial):
            self.stack.setCurrentWidget(self.page)  # something else is being loaded
        self._show_state()
        if self._is_comparing and bench.trial is not None:
            self.bar.use_button.setFocus()

    def _on_swapped(self) -> None:
        self.stack.setCurrentWidget(self.page)
        self.refresh()

    def _on_bench_failed(self, error: EngineError) -> None:
        examined = self._examined
        if examined is None:
            return
        self._show_problem(examined.path, error)
        if isinstance(error, AmbiguousWeightsError):
            self._look(examined.path)

    # -- the list -------------------------------------------------------------------------------------------------

    def _choose(self, path: Path | None) -> None:
        with QSignalBlocker(self.list):
            self.list.choose(path)

    def _ask_where(self) -> None:
        entry = self.list.current
        path = self.open_buttons.ask_where(entry.path) if entry else None
        if entry is not None and path is not None:
            self.locate(entry, path)

    def locate(self, entry: Entry, path: Path) -> None:
        """Set the new path of listed weights."""
        self._shelf.move(entry, path.absolute())
        self.refresh()
        self.look_at(path)

    def remove(self) -> None:
        """Remove the selected weights from the list, keeping their files."""
        entry = self.list.current
        if entry is not None and entry.path != self.default:
            self._shelf.remove(entry.path)
            self._show_nothing()
            self.refresh()

    def _show_nothing(self) -> None:
        self._stop()
        self._examined, self._problem, self._can_try = None, None, False
        self._choose(None)
        self.stack.setCurrentWidget(self.hint)
        self._show_state()

    def _set_star(self, is_on: bool) -> None:
        entry = self._shown_entry()
        if entry is not None:
            self._shelf.put(replace(entry, is_favourite=is_on))
            self.refresh()

    def _set_note(self, text: str) -> None:
        entry = self._shown_entry()
        if entry is not None:
            self._shelf.entries[self._shelf.entries.index(entry)] = replace(entry, note=text)
            self._write_later.start()

    def _shown_path(self) -> Path | None:
        return self._examined.path if self._examined is not None else self._problem

    def _shown_entry(self) -> Entry | None:
        path = self._shown_path()
        return self._shelf.find(path) if path is not None else None

    # -- display --------------------------------------------------------------------------------------------------

    @property
    def _is_comparing(self) -> bool:
        return self.stack.currentWidget() is self.bench.comparison

    @property
    def _may_try(self) -> bool:
        return self._can_try and self._job is None and self.bench.is_free

    @property
    def _is_in_use(self) -> bool:
        if self._examined is None or self._parts.live.info is None:
            return False
        used = self._parts.rendering.options.published or PublishedOptions()
        return self._examined.path == self.in_use and self._examined.options == used

    def _show_state(self) -> None:
        bar, bench, is_comparing = self.bar, self.bench, self._is_comparing
        entry = self._shown_entry()
        bar.show_state(self._state_text(), is_busy=self.is_busy)
        bar.locate_button.setVisible(not is_comparing and entry is not None and not entry.path.exists())
        bar.remove_button.setVisible(not is_comparing and entry is not None and entry.path != self.default)
        bar.try_button.setVisible(not is_comparing and not self._is_in_use and self._can_try)
        bar.try_button.setEnabled(self._may_try)
        bar.use_button.setVisible(is_comparing)
        bar.use_button.setEnabled(bench.trial is not None)
        bar.back_button.setVisible(is_comparing)
        bar.back_button.setEnabled(not bench.is_swapping)
        for button in (bar.try_button, bar.use_button):
            button.setDefault(not button.isHidden() and button.isEnabled())

    def _state_text(self) -> str:
        if self.bench.is_swapping:
            return self.tr("Taking their place…")
        if self._is_comparing:
            return self.tr("The same layout and style. Nothing has changed yet.")
        if self._is_in_use:
            return self.tr("These weights are in use.")
        return self.tr("Other weights are being loaded.") if self._can_try and not self.bench.is_free else ""

    def _on_theme_changed(self) -> None:
        self.setStyleSheet(style_sheet(self._parts.theme.colors))
        self.page.set_icons()
        self.refresh()

    # -- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.stack = QStackedWidget()
        for part in (self.hint, self.page, self.bench.comparison):
            self.stack.addWidget(part)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("plain")
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(_MARGIN)
        splitter.addWidget(framed((self.list, self.open_buttons)))
        splitter.addWidget(framed((self.stack, self.bar)))
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([300, 700])
        whole = column(self, margins=(_MARGIN, _MARGIN, _MARGIN, _MARGIN))
        whole.addWidget(splitter)

    def _connect(self) -> None:
        bar, bench = self.bar, self.bench
        self.list.chosen.connect(self._on_chosen)
        self.list.activated.connect(self.try_weights)
        self.open_buttons.opened.connect(self.look_at)
        self.page.questions.changed.connect(self._answer)
        self.page.star_toggled.connect(self._set_star)
        self.page.note_edited.connect(self._set_note)
        bench.changed.connect(self._on_bench_changed)
        bench.failed.connect(self._on_bench_failed)
        bench.progressed.connect(bar.show_progress)
        bench.swapped.connect(self._on_swapped)
        self._parts.theme.changed.connect(self._on_theme_changed)
        for button, do in (
            (bar.locate_button, self._ask_where),
            (bar.remove_button, self.remove),
            (bar.try_button, self.try_weights),
            (bar.back_button, self.back),
            (bar.use_button, bench.use),
            (bar.cancel_button, self.on_escape),
        ):
            button.clicked.connect(lambda _checked=False, do=do: do())

    def on_escape(self) -> None:
        """Leave the comparison, or cancel the examination, else close the window."""
        if self.bench.is_swapping:
            return
        if self._is_comparing:
            self.back()
        elif self._job is not None:
            self._show_nothing()
        else:
            self.close()

    # -- Qt -------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept any file or folder; problems are reported after the drop."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Examine the dropped file or folder."""
        path = next((Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()), None)
        if path is not None:
            event.acceptProposedAction()
            QTimer.singleShot(0, self, lambda: self.look_at(path))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide the window and release the trial weights."""
        if not self.bench.is_swapping:
            self.back()
        event.accept()
