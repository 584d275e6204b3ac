"""Video window: duration, size, format, output path and progress."""

# ruff: noqa: N802 - Qt names its event handlers

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from spade_studio.app.export.look import style_sheet
from spade_studio.app.export.pace import describe_pace
from spade_studio.app.export.sizes import size_box, sizes_in
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.ui.boxes import column, named, padded, row
from spade_studio.app.ui.form_look import set_role
from spade_studio.app.ui.plain import PlainLabel, message_box, sentence
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.side_window import SideWindow
from spade_studio.app.ui.theme import Theme
from spade_studio.app.ui.typed_path import typed_path
from spade_studio.app.variations.sheet_renderer import SheetLayout
from spade_studio.app.video.maker import FilmMaker
from spade_studio.app.video.plan import FilmPlan
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.errors import EngineError

_MARGIN = 16


class VideoWindow(SideWindow):
    """Sets up a video and shows its progress; the video continues while the window is closed.

    Attributes:
        maker: Worker that makes the video.
    """

    ended = Signal(str)  # summary of the result

    def __init__(self, live: LiveRenderer, settings: Settings, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Video - SPADE Studio"))
        self._live, self._settings, self._theme = live, settings, theme
        self._styles: tuple[Style, ...] = ()
        self._layout: SheetLayout | None = None
        self._problem = ""
        self.maker = FilmMaker(live, self)
        self._build()
        self._lay_out()
        self._connect()
        self._on_theme_changed()
        self.resize(560, 0)

    def open(self, styles: Sequence[Style], layout: SheetLayout) -> None:
        """Show the window for styles of a layout, or the video in progress."""
        if not self.maker.is_at_work:
            self._styles, self._layout = tuple(styles), layout
            folder = self._settings.picture_folder or Path.home()
            self.path_field.setText(str(folder / f"{layout.layout.name}.mp4"))
            words = [str(style) if isinstance(style, int) else self.tr("a mix") for style in styles]
            shown = " → ".join(words[:6]) + (" …" if len(words) > 6 else "")
            self.styles_label.setText(self.tr("%n style(s): {names}", "", len(words)).format(names=shown))
            self._check()
        self.bring_up()

    @property
    def path(self) -> Path:
        """Output path in the field."""
        path = typed_path(self.path_field.text())
        return path if path.suffix.lower() == ".mp4" else path.with_name(f"{path.name}.mp4")

    @property
    def target(self) -> Path:
        """Output file, or folder of frames."""
        return self.path.with_suffix("") if self._as_frames else self.path

    def plan(self) -> FilmPlan:
        """Return the plan described by the fields.

        Raises:
            EngineError: A field is invalid.
        """
        size, *more = sizes_in(self.size_box, self._live)
        if more:
            raise EngineError(self.tr("several sizes"), self.tr("one size for a video"))
        if not self.path_field.text().strip() or not self.path.parent.is_dir():
            raise EngineError(self.tr("there is no folder {}").format(self.path.parent), self.tr("a file in a folder that exists"))
        return FilmPlan(self._styles, self.seconds.value(), self.fps.value(), size, self.loop.isChecked())

    def make(self) -> None:
        """Start the video, after confirmation if it replaces a file."""
        if self._problem or self._layout is None or self.maker.is_at_work:
            return
        if self.target.is_file():
            text = self.tr("The video that is there is lost once the new one is whole.")
            box = message_box(self, self.tr("Replace {}?").format(self.target.name), text)
            replace = box.addButton(self.tr("&Replace"), QMessageBox.ButtonRole.DestructiveRole)
            box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
            replace.clicked.connect(self._start)
            box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            box.open()
        else:
            self._start()

    def close_parts(self) -> None:
        """Cancel a video in progress."""
        self.maker.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide the window; a video in progress continues."""
        event.accept()

    @property
    def _as_frames(self) -> bool:
        return self.kind.currentIndex() == 1

    def _start(self) -> None:
        self._check()  # the folder may have been deleted meanwhile
        if self._layout is not None and not self._problem:
            self.maker.start(self.plan(), self._layout, self.path, as_frames=self._as_frames)

    # -- building ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.styles_label = PlainLabel(wraps=True)
        self.seconds = padded(QDoubleSpinBox())
        self.seconds.setRange(0.1, 60)
        self.seconds.setDecimals(1)
        self.seconds.setSingleStep(0.5)
        self.seconds.setValue(2)
        self.seconds.setSuffix(self.tr(" s"))
        self.seconds.setAccessibleName(self.tr("Seconds from one style to the next"))
        self.fps = padded(QSpinBox())
        self.fps.setRange(1, 60)
        self.fps.setValue(24)
        self.fps.setAccessibleName(self.tr("Frames a second"))
        for spin in (self.seconds, self.fps):
            spin.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            spin.setFixedWidth(84)
        self.size_box = size_box()
        self.size_box.setToolTip(self.tr("Width × height of the video"))
        self.loop = QCheckBox(self.tr("&Loop: lead back to the first style"))
        self.kind = named(QComboBox(), self.tr("Kind of file"))
        self.kind.addItems([self.tr("MP4 video"), self.tr("Numbered PNGs")])
        self.path_field = named(QLineEdit(), self.tr("File of the video"))
        self.browse = QPushButton(self.tr("Browse…"))
        self.fields = QWidget()
        self.progress = named(QProgressBar(), self.tr("Progress of the video"))
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.status = PlainLabel(wraps=True)
        self.show_button = QPushButton(self.tr("Sho&w it"))
        self.cancel_button = QPushButton(self.tr("&Cancel"))
        self.make_button = QPushButton(self.tr("&Make the video"))
        self.make_button.setDefault(True)

    def _lay_out(self) -> None:
        grid = QGridLayout(self.fields)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        pace, place = row(spacing=8), row(spacing=8)
        for widget in (self.seconds, PlainLabel(self.tr("from style to style, at")), self.fps, PlainLabel(self.tr("frames a second"))):
            pace.addWidget(widget)
        pace.addStretch(1)
        place.addWidget(self.path_field, 1)
        place.addWidget(self.browse)
        lines = (
            (self.tr("Shows"), self.styles_label, None),
            (self.tr("&Pace"), pace, self.seconds),
            ("", self.loop, None),
            (self.tr("&Size"), self.size_box, self.size_box),
            (self.tr("&Kind"), self.kind, self.kind),
            (self.tr("&File"), place, self.path_field),
        )
        for at, (title, content, buddy) in enumerate(lines):
            if title:
                label = PlainLabel(title, role="heading")
                if buddy is not None:
                    label.setBuddy(buddy)
                grid.addWidget(label, at, 0)
            if isinstance(content, QWidget):
                grid.addWidget(content, at, 1)
            else:
                grid.addLayout(content, at, 1)
        buttons = row(spacing=8)
        buttons.addWidget(self.show_button)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.make_button)
        whole = column(self, spacing=12, margins=(_MARGIN, _MARGIN, _MARGIN, _MARGIN))
        for widget in (self.fields, self.progress, self.status):
            whole.addWidget(widget)
        whole.addStretch(1)
        whole.addLayout(buttons)

    def _connect(self) -> None:
        for spin in (self.seconds, self.fps):
            spin.valueChanged.connect(lambda _value: self._check())
        self.loop.toggled.connect(lambda _checked: self._check())
        self.kind.currentIndexChanged.connect(lambda _index: self._check())
        self.size_box.currentTextChanged.connect(lambda _text: self._check())
        self.path_field.textChanged.connect(lambda _text: self._check())
        self.browse.clicked.connect(self._browse)
        self.make_button.clicked.connect(self.make)
        self.cancel_button.clicked.connect(self.maker.cancel)
        self.show_button.clicked.connect(self._show_result)
        self.maker.changed.connect(self._show_state)
        self._theme.changed.connect(self._on_theme_changed)

    def _browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Video"), self.path_field.text(), self.tr("Videos (*.mp4)"), "", QFileDialog.Option.DontConfirmOverwrite
        )
        if name:
            self.path_field.setText(name)

    def _show_result(self) -> None:
        if self.maker.result is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.maker.result)))

    # -- display -------------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        self._problem = ""
        text = ""
        try:
            plan = self.plan()
            text = self.tr("%Ln frame(s), {seconds:.1f} s", "", plan.frames).format(seconds=plan.duration)
        except EngineError as error:
            words = str(error)
            self._problem = sentence(words)
        self._tell(self._problem or text, is_problem=bool(self._problem))
        self._show_buttons()

    def _show_state(self) -> None:
        maker = self.maker
        total = 1 if maker.plan is None else maker.plan.frames
        self.progress.setRange(0, total)
        self.progress.setValue(maker.done)
        if maker.is_at_work:
            if maker.done < total:
                self._tell(describe_pace(self.tr("{done} of %Ln frame(s)", "", total), maker.done, total, maker.pace))
            else:
                self._tell(self.tr("Finishing…"))
        elif maker.error is not None:
            words = str(maker.error)
            self._tell(sentence(words), is_problem=True)
        elif maker.result is not None and maker.fell_back:
            self._tell(self.tr("OpenCV writes no MP4 here: numbered frames are in {}.").format(maker.result))
        elif maker.result is not None:
            self._tell(self.tr("Done: {}.").format(maker.result))
        else:
            self._tell(self.tr("Cancelled: nothing was written."))
        self._show_buttons()
        if not maker.is_at_work:
            self.ended.emit(self.status.text())

    def _show_buttons(self) -> None:
        at_work = self.maker.is_at_work
        self.fields.setEnabled(not at_work)
        self.progress.setVisible(at_work)
        self.cancel_button.setVisible(at_work)
        self.make_button.setVisible(not at_work)
        self.make_button.setEnabled(not self._problem)
        self.show_button.setEnabled(not at_work and self.maker.result is not None)

    def _tell(self, text: str, *, is_problem: bool = False) -> None:
        self.status.setText(text)
        set_role(self.status, "problem" if is_problem else "caption")

    def _on_theme_changed(self) -> None:
        self.setStyleSheet(style_sheet(self._theme.colors))
