"""The window's desktop integration: settings, shortcuts, help, error reports, and files passed on by further starts."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QRect, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from spade_studio.app.documents import samples
from spade_studio.app.documents.commands import FileCommands
from spade_studio.app.documents.samples import Sample
from spade_studio.app.help.notice import NoticeBar
from spade_studio.app.preferences.values import Preferences
from spade_studio.app.rendering.controller import RenderingController
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.shell.document_wiring import WindowDocuments
from spade_studio.app.shell.style_wiring import WindowStyles
from spade_studio.app.shortcuts.table import ShortcutTable
from spade_studio.app.startup.crash import Failure, Reports
from spade_studio.app.startup.single_instance import Message
from spade_studio.app.startup.updates import Release, fetch
from spade_studio.app.ui.side_window import SideWindow
from spade_studio.app.ui.worker import Worker
from spade_studio.engine.labels import load_label_set

if TYPE_CHECKING:
    from spade_studio.app.help.about import AboutDialog
    from spade_studio.app.help.gallery import SampleGallery
    from spade_studio.app.help.guide import GuideWindow
    from spade_studio.app.help.report_dialog import ReportDialog
    from spade_studio.app.help.tour import Hint, Tour
    from spade_studio.app.preferences.dialog import PreferencesDialog
    from spade_studio.app.shortcuts.dialog import ShortcutsDialog

_logger = logging.getLogger(__name__)
_Dialog = TypeVar("_Dialog", bound=QDialog)

_TOLD_MILLISECONDS = 15_000
_PATIENCE = 250
"""Milliseconds between attempts to open a file passed on by another start while a dialog is open."""


@dataclass(frozen=True)
class DesktopParts:
    """The parts of the window that :class:`Desktop` uses.

    Attributes:
        toured: Widgets of the tour in order: palette, canvas, picture pane and style strip.
    """

    files: FileCommands
    documents: WindowDocuments
    styles: WindowStyles
    rendering: RenderingController
    toured: tuple[QWidget, QWidget, QWidget, QWidget]


class Desktop(QObject):
    """The window's commands for settings, help, error reports, and files passed on by further starts.

    Attributes:
        shortcuts: Keyboard shortcuts of all commands.
        reports: Saved error reports.
        notice: Message bar for errors and updates.
        tour: The tour while it is shown; otherwise None.
        is_leaving: Whether the window closes without asking.
    """

    def __init__(self, workspace: Workspace, parts: DesktopParts, version: str) -> None:
        window, settings = workspace.window, workspace.settings
        super().__init__(window)
        self._workspace, self._window, self._parts, self._settings, self._version = workspace, window, parts, settings, version
        self.reports = Reports(settings.state_folder / "reports")
        self.notice = NoticeBar(window.centralWidget() or window)
        self.shortcuts = ShortcutTable(window, settings)
        self.tour: Tour | None = None
        self.is_leaving = False
        self._updates = Worker(self, "updates", is_daemon=True)
        self._waiting: list[Path] = []
        self._later = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._later.timeout.connect(self._open_waiting)
        commands: dict[str, Callable[[], object]] = {
            "open_sample": self.ask_sample,
            "preferences": self.ask_preferences,
            "shortcuts": self.ask_shortcuts,
            "guide": self.show_guide,
            "tour": self.start_tour,
            "reports": self.show_reports,
            "about": self.show_about,
        }
        for name, do in commands.items():
            workspace.actions.on(name, do)
        self._use(Preferences.read(settings))
        self.shortcuts.restore()

    # -- at the start ---------------------------------------------------------------------------------------------

    def greet(self, file: Path | None = None) -> None:
        """Open the command line's file, offer recovery and report an earlier crash; at the very first start, show the tour."""
        if file is not None:
            self.open_file(file)
        if (report := self.reports.collect_native()) is not None:
            text = self.tr("SPADE Studio ended unexpectedly last time. A report was saved on this computer.")
            self._tell(text, report)
        if self._parts.documents.offer_recovery() is None and not self._settings.is_tour_seen and file is None:
            self.start_tour()
        if self._settings.looks_for_updates:
            self.look_for_updates()

    def look_for_updates(self) -> None:
        """Check for a newer version and announce it; failures are only logged."""
        address, version = self._settings.update_address, self._version
        self._updates.run(lambda _job: fetch(address, version), self._on_looked, lambda error: _logger.warning("%s", error))

    def _on_looked(self, found: Release | None) -> None:
        if found is not None:
            text = self.tr("SPADE Studio {version} is available.").format(version=found.version)
            if not self.notice.isHidden():  # it may show a crash report
                self._window.statusBar().showMessage(text, _TOLD_MILLISECONDS)
                return
            show = (self.tr("Show it in the browser"), lambda: QDesktopServices.openUrl(QUrl(found.page)))
            self.notice.tell(f"{text} {found.notes}".strip(), (show,) if found.page else ())

    def open_file(self, path: Path) -> None:
        """Open a file as if it were dropped on the window; if no handler accepts it, a message says why."""
        _logger.info("opening %s", path.name)
        if not self._parts.documents.drops.open(path):
            self._parts.documents.open(path)

    def on_asked(self, message: Message) -> None:
        """Raise the window and open the file passed on by another start, once no dialog is open."""
        if message.token:
            os.environ["XDG_ACTIVATION_TOKEN"] = message.token  # Qt passes it to the compositor with the next activation
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
        self.open_later(message.files[:1])

    def open_later(self, files: tuple[Path, ...]) -> None:
        """Open the last of the files once no dialog is open."""
        self._waiting.extend(files)
        self._open_waiting()

    def _open_waiting(self) -> None:
        if not self._waiting:
            return
        if QApplication.activeModalWidget() is not None or self._workspace.waiting.is_busy:
            self._later.start()
            return
        path, self._waiting = self._waiting[-1], []
        self.open_file(path)

    def keep_aside(self, *_: object) -> None:
        """Autosave unsaved changes for the next start, since the ending session may not wait for the user's answer."""
        self._parts.documents.autosave.keep()  # first, since a save in progress may outlast the time available
        self._parts.files.finish_saving()

    def leave(self) -> None:
        """Quit without asking, on request of the system or a terminal; unsaved changes are autosaved and offered at the next start."""
        self.is_leaving = True  # if the question about unsaved changes is open, dismissing it must not discard them
        self.keep_aside()
        self._parts.documents.autosave.leave()
        self._workspace.document.undo_stack.setClean()
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.reject()
        self._window.close()

    # -- when something goes wrong --------------------------------------------------------------------------------

    def tell_failure(self, failure: Failure) -> None:
        """Report an unexpected error in the message bar."""
        text = self.tr("Something in the program went wrong ({error}). You can go on and save.").format(error=failure.line)
        self._tell(text, failure.report)

    def _tell(self, text: str, report: Path | None) -> None:
        actions: list[tuple[str, Callable[[], object]]] = []
        if report is not None:
            actions = [(self.tr("Show the report…"), lambda: self.show_reports(report))]
        self.notice.tell(text, actions)

    def show_reports(self, report: Path | None = None) -> ReportDialog:
        """Show the error reports, with the given one selected."""
        from spade_studio.app.help.report_dialog import ReportDialog

        self.notice.hide()
        dialog = ReportDialog(self.reports, self._window)
        if report is not None:
            dialog.choose(report)
        return self._open(dialog)

    # -- dialogs --------------------------------------------------------------------------------------------------

    def ask_preferences(self) -> PreferencesDialog:
        """Open the settings dialog."""
        from spade_studio.app.preferences.dialog import PreferencesDialog

        dialog = PreferencesDialog(Preferences.read(self._settings), self._parts.rendering.menus, self._window)
        dialog.applied.connect(self._apply)
        return self._open(dialog)

    def ask_shortcuts(self) -> ShortcutsDialog:
        """Open the dialog of keyboard shortcuts."""
        from spade_studio.app.shortcuts.dialog import ShortcutsDialog

        return self._open(ShortcutsDialog(self.shortcuts, self._window))

    def ask_sample(self) -> SampleGallery:
        """Open the gallery of sample layouts."""
        from spade_studio.app.help.gallery import SampleGallery

        dialog = SampleGallery(samples.SAMPLES, load_label_set(samples.SAMPLE_LABELS), self._window)
        # After the dialog has closed, since a question about unsaved changes may follow.
        dialog.chosen.connect(self._open_sample, Qt.ConnectionType.QueuedConnection)
        return self._open(dialog)

    def show_about(self) -> AboutDialog:
        """Open the about dialog."""
        from spade_studio.app.help.about import AboutDialog

        return self._open(AboutDialog(self._version, self._window.windowIcon(), self._window))

    def show_guide(self) -> GuideWindow:
        """Show the painting guide in its own window."""
        from spade_studio.app.help.guide import GuideWindow

        guide = GuideWindow(self._window)
        guide.bring_up()
        return guide

    def start_tour(self) -> Tour:
        """Start the tour at the first hint."""
        from spade_studio.app.help.tour import Tour

        if self.tour is not None:
            self.tour.end()
        self.tour = Tour(self._window, self._hints())
        self.tour.ended.connect(self._on_tour_ended)
        self.tour.start()
        return self.tour

    def _hints(self) -> tuple[Hint, ...]:
        from spade_studio.app.help.tour import Hint, place_of

        palette, canvas, picture, style = self._parts.toured
        return (
            Hint(
                lambda: place_of(palette),
                self.tr("Choose what to paint"),
                self.tr("Every colour is a label: sky, mountain, water. Click one, or press Ctrl+F and type its name."),
            ),
            Hint(
                lambda: place_of(canvas),
                self.tr("Paint the layout here"),
                self.tr("Drag to paint, right-drag to erase; the wheel zooms, Space and drag moves. Every stroke can be undone."),
            ),
            Hint(
                lambda: place_of(picture),
                self.tr("Watch it become a photograph"),
                self.tr("The picture follows your hand. F2, F3 and F4 show it beside the layout, over it, or behind a divider."),
            ),
            Hint(
                lambda: place_of(style),
                self.tr("Change light and mood"),
                self.tr("The strip of styles: click a look, drop a photograph on it, or press D for another one. A star keeps a style."),
            ),
            Hint(
                self._place_of_file_menu,
                self.tr("Take it with you"),
                self.tr("File > Export writes pictures, layers and label maps. Help shows this tour again, and the guide."),
            ),
        )

    def _place_of_file_menu(self) -> QRect | None:
        from spade_studio.app.help.tour import place_of

        bar = self._window.menuBar()
        return place_of(bar, bar.actionGeometry(bar.actions()[0]))

    def _on_tour_ended(self) -> None:
        self.tour = None
        self._settings.is_tour_seen = True
        self._settings.save()

    def _open_sample(self, sample: Sample) -> None:
        if self._parts.files.open_sample(sample):
            self._parts.styles.open_with(sample.seed)

    # -- settings -------------------------------------------------------------------------------------------------

    def _apply(self, preferences: Preferences) -> None:
        preferences.write(self._settings)
        self._use(preferences)
        self._workspace.theme.set_appearance(preferences.appearance)
        self._workspace.actions[preferences.appearance].setChecked(True)

    def _use(self, preferences: Preferences) -> None:
        self._parts.documents.autosave.seconds = preferences.autosave_seconds
        self._workspace.document.undo_stack.budget = preferences.history_megabytes << 20
        self._parts.documents.recent_menu.refresh()

    def _open(self, dialog: _Dialog) -> _Dialog:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
        return dialog

    def close(self) -> None:
        """Close the windows beside the main one, discard files still to be opened, and stop the update check."""
        self._updates.close()
        self._waiting = []
        self._later.stop()
        for beside in self._window.findChildren(SideWindow):
            beside.close()
