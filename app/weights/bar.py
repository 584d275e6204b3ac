"""Action bar of the weights window: progress, state and buttons."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QProgressBar, QPushButton, QWidget

from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.app.ui.worker import Progress


class ActionBar(QWidget):
    """Bar with progress and a cancel button, or a state text, and the page's buttons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.locate_button = named(QPushButton(self.tr("&Locate…")), tip=self.tr("Say where these weights are now"))
        self.remove_button = named(QPushButton(self.tr("&Remove from the list")), tip=self.tr("Forget these weights; their files stay"))
        self.try_button = QPushButton(self.tr("&Try them…"))
        self.try_button.setToolTip(self.tr("Load them beside the weights in use and see the same layout rendered with both"))
        self.back_button = QPushButton(self.tr("&Keep the old ones"))
        self.use_button = QPushButton(self.tr("&Use these weights"))
        self.cancel_button = QPushButton(self.tr("&Cancel"))
        self.state = PlainLabel(role="caption")
        self.status = PlainLabel()
        self.progress = named(QProgressBar(), self.tr("Progress"))
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(140, 6)
        self.busy = QWidget()
        line = row(self.busy, spacing=10)
        for widget in (self.progress, self.status, self.cancel_button):
            line.addWidget(widget, 1 if widget is self.status else 0)
        below = row(self, spacing=8)
        below.addWidget(self.busy, 1)
        below.addWidget(self.state, 1)
        for button in (self.locate_button, self.remove_button, self.back_button, self.try_button, self.use_button):
            below.addWidget(button)

    def show_progress(self, progress: Progress) -> None:
        """Show the progress of a job."""
        self.status.setText(progress.text)
        self.progress.setRange(0, progress.total)
        self.progress.setValue(progress.done)

    def show_state(self, text: str, *, is_busy: bool) -> None:
        """Show the progress while busy, else the state text."""
        self.busy.setVisible(is_busy)
        self.state.setVisible(not is_busy)
        self.state.setText(text)


class OpenButtons(QWidget):
    """Buttons for opening a file or a folder."""

    opened = Signal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = Path.home()
        self.file_button = named(QPushButton(self.tr("Open &file…")), tip=self.tr("Open a bundle (.safetensors) or a .pth file"))
        self.folder_button = QPushButton(self.tr("Open f&older…"))
        self.folder_button.setToolTip(self.tr("Open a folder of the published code: latest_net_G.pth with its opt.txt"))
        line = row(self, spacing=8)
        for button, do in ((self.file_button, self._open_file), (self.folder_button, self._open_folder)):
            line.addWidget(button, 1)
            button.clicked.connect(lambda _checked=False, do=do: do())

    def ask_where(self, path: Path) -> Path | None:
        """Ask for the new location of a file or folder; None if cancelled."""
        title = self.tr("Where is {name} now?").format(name=path.name)
        if path.suffix:
            name, _ = QFileDialog.getOpenFileName(self, title, str(self.folder), self.tr("All files (*)"))
        else:
            name = QFileDialog.getExistingDirectory(self, title, str(self.folder))
        return Path(name) if name else None

    def _open_file(self) -> None:
        kinds = self.tr("Weights (*.safetensors *.pth *.pt *.ckpt);;All files (*)")
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Open weights"), str(self.folder), kinds)
        if name:
            self.opened.emit(Path(name))

    def _open_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("Open a folder with latest_net_G.pth"), str(self.folder))
        if name:
            self.opened.emit(Path(name))


def framed(widgets: tuple[QWidget, ...]) -> QWidget:
    """Return a column of widgets whose first one takes the remaining space."""
    box = QWidget()
    layout = column(box, spacing=8)
    for number, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if number == 0 else 0)
    return box
