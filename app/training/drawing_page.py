"""The tab "My drawing": the document rendered with a run's checkpoints, and a button to use a checkpoint's weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QPushButton, QWidget

from spade_studio.app.training.follower import RunFollower
from spade_studio.app.training.memory import TrainingMemory
from spade_studio.app.training.my_drawing import Drawing, MyDrawing, RenderedDrawing
from spade_studio.app.training.pictures import PictureTimeline
from spade_studio.app.ui.boxes import column, named, row
from spade_studio.app.ui.plain import PlainLabel
from spade_studio.train.run.events import CheckpointWritten, Event


class DrawingPage(QWidget):
    """Timeline of the document rendered with each checkpoint."""

    def __init__(
        self,
        follower: RunFollower,
        memory: TrainingMemory,
        drawing: Callable[[], Drawing],
        use_weights: Callable[[Path], bool],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._follower, self._memory, self._use_weights = follower, memory, use_weights
        self.drawing = MyDrawing(drawing, self)
        self.follow = QCheckBox(self.tr("&Follow"))
        self.follow.setToolTip(
            self.tr("Render the drawing on the canvas with every new checkpoint; takes some processor time from the trainer")
        )
        self.follow.setChecked(memory.text("follow") == "yes")
        self.now = QPushButton(self.tr("Render no&w"))
        self.now.setToolTip(self.tr("Render the drawing on the canvas with the shown checkpoint; at the right end with the newest"))
        self.use = named(QPushButton(self.tr("&Use these weights")), tip=self.tr("Paint with the weights of the shown checkpoint"))
        self.note = PlainLabel(role="caption", wraps=True)
        empty = self.tr("The drawing on the canvas, rendered by the checkpoints of this run.\n\nRender now makes the first picture.")
        missing = self.tr("This checkpoint has not rendered your drawing yet.\n\nRender now makes the picture.")
        self.timeline = PictureTimeline(self.tr("My drawing"), empty, missing)
        self._says_work = self._is_showing = False
        self._entries: list[RenderedDrawing] = []
        line = row(spacing=10)
        line.addWidget(self.follow)
        line.addWidget(self.now)
        line.addWidget(self.note, 1)
        line.addWidget(self.use)
        whole = column(self, spacing=4, margins=(0, 8, 0, 0))
        whole.addLayout(line)
        whole.addWidget(self.timeline, 1)
        self.follow.toggled.connect(self._on_follow)
        self.now.clicked.connect(self._on_now)
        self.use.clicked.connect(self._on_use)
        self.timeline.shown_changed.connect(self._on_shown)
        self.drawing.changed.connect(self._show)
        self.drawing.failed.connect(self._on_failed)
        self.drawing.exported.connect(self._on_exported)
        follower.attached.connect(self._attach)
        follower.told.connect(self._on_told)
        follower.changed.connect(self._show)
        self._show()

    def close_parts(self) -> None:
        """Stop this page's background work."""
        self.drawing.close()

    def _attach(self) -> None:
        self.note.setText("")
        self.drawing.attach(self._follower.run)

    def _on_told(self, events: list[Event]) -> None:
        if self.follow.isChecked() and any(isinstance(event, CheckpointWritten) for event in events):
            self._render_newest()

    def _on_follow(self, follow: bool) -> None:
        self._memory.keep("follow", "yes" if follow else "")
        if follow and self._follower.history.checkpoints:
            self._render_newest()

    def _render_newest(self) -> None:
        self.note.setText("")
        self.drawing.render_newest()

    def _on_now(self) -> None:
        if 0 <= self.timeline.shown < len(self._entries) - 1:
            self.note.setText("")
            self.drawing.render(self._entries[self.timeline.shown].step)
        else:
            self._render_newest()

    def _on_use(self) -> None:
        if 0 <= self.timeline.shown < len(self._entries):
            self.note.setText("")
            self.drawing.export_weights(self._entries[self.timeline.shown].step)

    def _on_exported(self, step: int, weights: Path) -> None:
        words = (
            self.tr("The canvas takes the weights of step {step:,}.").format(step=step)
            if self._use_weights(weights)
            else self.tr("Others are being loaded now.")
        )
        self._says_work = False
        self.note.setText(words)

    def _on_failed(self, words: str) -> None:
        self._says_work = False
        self.note.setText(words)

    def _show(self) -> None:
        self._entries = self.drawing.entries
        self._is_showing = True
        self.timeline.set_entries([(entry.picture, self.tr("Step {step:,}").format(step=entry.step)) for entry in self._entries])
        self._is_showing = False
        if self.drawing.is_at_work:
            self._says_work = True
            self.note.setText(self.tr("Rendering your drawing…") if self.drawing.renders else self.tr("Making the weights a file…"))
        elif self._says_work:
            self._says_work = False
            self.note.setText("")
        self._show_buttons()

    def _on_shown(self) -> None:
        if not (self.drawing.is_at_work or self._is_showing):
            self.note.setText("")  # the note refers to the previous checkpoint
        self._show_buttons()

    def _show_buttons(self) -> None:
        number, free = self.timeline.shown, not self.drawing.is_at_work
        usable = 0 <= number < len(self._entries) and self._entries[number].is_usable
        at_end = number >= len(self._entries) - 1 and bool(self._follower.history.checkpoints)
        self.now.setEnabled(free and (usable or at_end))
        self.use.setEnabled(free and usable)
