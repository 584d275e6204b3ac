"""Export window: form and progress."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import QMessageBox, QPlainTextEdit, QProgressBar, QPushButton, QWidget

from spade_studio.app.export.exporter import BatchExporter, State
from spade_studio.app.export.form import ExportForm
from spade_studio.app.export.look import style_sheet
from spade_studio.app.export.manifest import NAME, Manifest, read_manifest
from spade_studio.app.export.order import ExportOrder, PaintedLayout
from spade_studio.app.export.pace import describe_pace
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.ui import messages
from spade_studio.app.ui.boxes import column, row
from spade_studio.app.ui.form_look import set_role
from spade_studio.app.ui.plain import PlainLabel, message_box, number_text, sentence
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.side_window import SideWindow
from spade_studio.app.ui.theme import Theme
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import LabelSet

_MARGIN = 16
_SHOWN_FAILURES = 200


class ExportWindow(SideWindow):
    """Sets up an export and shows its progress; the export continues while the window is closed.

    Attributes:
        form: Export form.
        exporter: Worker that runs the export.
    """

    ended = Signal(str)  # summary of the result

    def __init__(
        self,
        live: LiveRenderer,
        settings: Settings,
        theme: Theme,
        capture: Callable[[], tuple[PaintedLayout, LabelSet]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export pictures - SPADE Studio"))
        self._theme = theme
        self.exporter = BatchExporter(live, self)
        self.form = ExportForm(live, settings, capture)
        self._left: Manifest | None = None
        self._looked: tuple[object, tuple[Manifest | None, int, str]] | None = None
        self._was_at_work = False
        self._tells_end = False
        self._is_end_seen = True
        self.left_note = PlainLabel(wraps=True)
        self.left_button = QPushButton(self.tr("C&ontinue it"))
        self.left_button.setToolTip(self.tr("Go on with the export that this folder holds, as it was set up"))
        self.left_box = QWidget()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.progress.setAccessibleName(self.tr("Progress of the export"))
        self.status = PlainLabel(wraps=True)
        self.failures = QPlainTextEdit(readOnly=True)
        self.failures.setAccessibleName(self.tr("Pictures that are missing"))
        self.failures.setFixedHeight(110)
        self.folder_button = QPushButton(self.tr("Show &folder"))
        self.export_button = QPushButton(self.tr("&Export"))
        self.export_button.setDefault(True)
        self.pause_button = QPushButton(self.tr("&Pause"))
        self.cancel_button = QPushButton(self.tr("&Cancel"))
        self._lay_out()
        self.form.changed.connect(self._on_form_changed)
        self.left_button.clicked.connect(self._continue)
        self.export_button.clicked.connect(self.export)
        self.pause_button.clicked.connect(self._pause_or_resume)
        self.cancel_button.clicked.connect(self.exporter.cancel)
        self.folder_button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.form.folder))))
        self.exporter.changed.connect(self._on_exporter_changed)
        self.exporter.conflict.connect(self._ask_replace)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._on_form_changed()
        self._show_state()
        self.resize(620, 0)

    def open(self, styles: Sequence[Style] = (), layout: tuple[PaintedLayout, LabelSet] | None = None) -> None:
        """Show the window, with the result of an export that ended while it was closed unless styles are given.

        Args:
            styles: Styles selected in the variations sheet, offered by the form.
            layout: Layout of these styles; None for the current layout.
        """
        if not self.exporter.is_at_work:
            is_news = self._tells_end and not self._is_end_seen and not styles
            self.form.offer(styles, layout)
            self._tells_end = is_news
            self._show_form()
        self.bring_up()
        self._is_end_seen = True

    def look_again(self) -> None:
        """Update from the main window, unless closed or exporting; the last result stays shown."""
        if self.isVisible() and not self.exporter.is_at_work:
            tells = self._tells_end
            self.form.look_again()
            self._tells_end = tells
            self._show_state()

    def export(self) -> bool:
        """Start the export if the form is valid; return whether it was started."""
        if self.exporter.is_at_work:
            return False
        self.form.look_again()
        try:
            order = self.form.order()
            self._start(order, self.form.folder)
        except EngineError as error:
            messages.show_error(self, self.tr("This cannot be exported"), error)
            return False
        self.form.remember()
        return True

    def close_parts(self) -> None:
        """Cancel a running export; written pictures stay recorded in the manifest."""
        self.exporter.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide the window; a running export continues."""
        event.accept()

    def _start(self, order: ExportOrder, folder: Path) -> None:
        self.exporter.start(order, folder)

    def _continue(self) -> None:
        if self._left is not None and not self.exporter.is_at_work:
            try:
                self._start(self._left.order, self._left.folder)
            except EngineError as error:
                messages.show_error(self, self.tr("This cannot be continued"), error)

    def _pause_or_resume(self) -> None:
        if self.exporter.state is State.RUNNING:
            self.exporter.pause()
        else:
            self.exporter.resume()

    def _ask_replace(self, count: int) -> None:
        manifest = self.exporter.manifest
        assert manifest is not None
        headline = self.tr("Replace files in this folder?") if count else self.tr("Replace the export in this folder?")
        lines: list[str] = []
        if count:
            text = self.tr("%Ln file(s) with these names in {folder}, not from this export.", "", count)
            lines.append(text.format(folder=manifest.folder))
        if any(manifest.lost):
            there, missing = manifest.lost
            text = self.tr("Another export into this folder cannot go on then: %Ln picture(s) done, {missing} missing.", "", there)
            lines.append(text.format(missing=number_text(missing)))
        box = message_box(self, headline, "\n\n".join(lines))
        replace = box.addButton(self.tr("&Replace"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        # The box closes before its button emits clicked.
        box.finished.connect(lambda _code: self.exporter.confirm() if box.clickedButton() is replace else self.exporter.cancel())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    # -- display -------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        left = row(self.left_box, spacing=8)
        left.addWidget(self.left_note, 1)
        left.addWidget(self.left_button)
        buttons = row(spacing=8)
        buttons.addWidget(self.folder_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.pause_button)
        buttons.addWidget(self.export_button)
        whole = column(self, spacing=12, margins=(_MARGIN, _MARGIN, _MARGIN, _MARGIN))
        for widget in (self.form, self.left_box, self.progress, self.status, self.failures):
            whole.addWidget(widget)
        whole.addStretch(1)
        whole.addLayout(buttons)

    def _on_exporter_changed(self) -> None:
        if self.exporter.is_at_work == self._was_at_work:
            self._show_state()
        else:
            self._was_at_work = self.exporter.is_at_work
            self.look_again()  # pick up changes since the start
            self._tells_end, self._is_end_seen = True, self.isVisible()
            self._show_form()
            if not self._was_at_work:
                self.ended.emit(self.status.text())

    def _on_form_changed(self) -> None:
        self._tells_end = False  # the result refers to the previous settings
        self._show_form()

    def _show_form(self) -> None:
        """Show what the fields yield and whether the folder holds an unfinished export."""
        self._left = None
        note = ""
        if not self.exporter.is_at_work:
            self._left, missing, note = self._look_into(self.form.folder)
            if self._left is not None and missing:
                all_ = self._left.order.count
                text = self.tr("This folder holds an export of %Ln picture(s), {missing} missing.", "", all_)
                note = text.format(missing=number_text(missing))
            elif not missing:
                self._left = None
        self.left_box.setVisible(bool(note))
        self.left_note.setText(note)
        self.left_button.setVisible(self._left is not None)
        self._show_state()

    def _look_into(self, folder: Path) -> tuple[Manifest | None, int, str]:
        """Return a folder's manifest, the number of missing pictures, and the manifest's error message."""
        try:
            found = (folder / NAME).stat()
        except (OSError, ValueError):
            return None, 0, ""
        key = (folder, found.st_mtime_ns, found.st_size)
        if self._looked is None or self._looked[0] != key:
            try:
                manifest = read_manifest(folder)
                self._looked = key, (manifest, 0 if manifest is None else len(manifest.waiting), "")
            except EngineError as error:
                self._looked = key, (None, 0, str(error))
        return self._looked[1]

    def _show_state(self) -> None:
        state, (done, failed, total) = self.exporter.state, self.exporter.counts
        at_work = self.exporter.is_at_work
        self.form.setEnabled(not at_work)
        self.left_box.setEnabled(not at_work)
        self.export_button.setVisible(not at_work)
        self.export_button.setEnabled(not self.form.problem)
        self.pause_button.setVisible(state in (State.RUNNING, State.PAUSING, State.PAUSED))
        self.pause_button.setText(self.tr("&Pause") if state is State.RUNNING else self.tr("&Resume"))
        self.cancel_button.setVisible(at_work)
        self.progress.setVisible(at_work)
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done + failed)
        self.folder_button.setEnabled(self.form.folder.is_dir())
        problem = ""
        match state:
            case State.IDLE:
                text = self.form.summary()
            case State.STARTING | State.ASKING:
                text = self.tr("Starting…")
            case State.RUNNING:
                text = describe_pace(self.tr("{done} of %Ln picture(s)", "", total), done + failed, total, self.exporter.pace)
            case State.PAUSING | State.PAUSED:
                text = self.tr("Paused: {done} of %Ln picture(s) done.", "", total).format(done=number_text(done))
            case State.ENDING:
                text = self.tr("Ending…")
            case State.ENDED:
                text, problem = self._describe_end(done, failed, total)
        self.status.setText(problem or text)
        set_role(self.status, "problem" if problem else "caption")
        self._show_failures()

    def _describe_end(self, done: int, failed: int, total: int) -> tuple[str, str]:
        if self.exporter.error is not None and self._tells_end:
            text = str(self.exporter.error)
            return "", sentence(text)
        if self.exporter.manifest is None or not self._tells_end:
            return self.form.summary(), ""
        if done == total:
            return self.tr("Done: %Ln picture(s) in {folder}.", "", total).format(folder=self.exporter.manifest.folder), ""
        if failed:
            words = self.tr("%Ln picture(s) failed, {done} done. Export tries again.", "", failed)
            return "", words.format(done=number_text(done))
        text = self.tr("Stopped: {done} of %Ln picture(s) done. Export goes on from here.", "", total)
        return text.format(done=number_text(done)), ""

    def _show_failures(self) -> None:
        manifest = self.exporter.manifest
        failures = [] if manifest is None or self.exporter.state is not State.ENDED or not self._tells_end else manifest.failures
        lines = [f"{file}: {message}" for file, message in failures[:_SHOWN_FAILURES]]
        if len(failures) > _SHOWN_FAILURES:
            lines.append(self.tr("… and %Ln more, in the manifest", "", len(failures) - _SHOWN_FAILURES))
        text = "\n".join(lines)
        if text != self.failures.toPlainText():
            self.failures.setPlainText(text)
        self.failures.setVisible(bool(lines))

    def _on_theme_changed(self) -> None:
        self.setStyleSheet(style_sheet(self._theme.colors))
