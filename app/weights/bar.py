"""What stands under a page of the weights window: how far a job is, what the state is, and what can be done."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QProgressBar, QPushButton, QWidget

from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.app.ui.worker import Progress


class ActionBar(QWidget):
    """Progress with its cancel button, or a state, and the buttons of the page."""

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
        """Say how far a job is."""
        self.status.setText(progress.text)
        self.progress.setRange(0, progress.total)
        self.progress.setValue(progress.done)

    def show_state(self, text: str, *, is_busy: bool) -> None:
        """Say what the state is; the progress says it while a job runs."""
        self.busy.setVisible(is_busy)
        self.state.setVisible(not is_busy)
        self.state.setText(text)


class OpenButtons(QWidget):
    """Opens a file or a folder."""

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
        """Ask where a file or folder is now; None where it is not told."""
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
    """Return a column of widgets, of which the first takes the space that is left."""
    box = QWidget()
    layout = column(box, spacing=8)
    for number, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if number == 0 else 0)
    return box
