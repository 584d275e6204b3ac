"""What a video shows: styles in their order, and which mix of two neighbours each frame is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from spade_studio.app.export.order import Size
from spade_studio.app.variations.cells import Mix
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.errors import EngineError

MAX_FRAMES = 36_000


@dataclass(frozen=True, eq=False)
class FilmPlan:
    """A video.

    Attributes:
        styles: At least two.
        seconds: From one style to the next.
        fps: Frames a second.
        size: (height, width), what is wanted of it, or the renderer's default.
        loop: Whether it leads back to the first style, so that it can be repeated without a jump.

    Raises:
        EngineError: it is no video, or one too long.
    """

    styles: tuple[Style, ...]
    seconds: float = 2.0
    fps: int = 24
    size: Size = None
    loop: bool = False

    def __post_init__(self) -> None:
        if len(self.styles) < 2:
            found = QCoreApplication.translate("FilmPlan", "fewer than two styles")
            raise EngineError(found, QCoreApplication.translate("FilmPlan", "two or more, selected in the sheet of variations"))
        if self.frames > MAX_FRAMES:
            found = QCoreApplication.translate("FilmPlan", "that makes {:,} frames").format(self.frames)
            raise EngineError(found, QCoreApplication.translate("FilmPlan", "at most {:,}").format(MAX_FRAMES))

    @property
    def steps(self) -> int:
        """Frames from one style to the next."""
        return max(1, round(self.seconds * self.fps))

    @property
    def frames(self) -> int:
        """How many frames it has: all of a loop are different, its first follows its last."""
        return len(self.styles) * self.steps if self.loop else (len(self.styles) - 1) * self.steps + 1

    @property
    def duration(self) -> float:
        """In seconds."""
        return self.frames / self.fps

    def frame(self, number: int) -> Style | Mix:
        """Return the style of a frame, 0 to ``frames`` - 1."""
        place, step = divmod(number, self.steps)
        if step == 0:
            return self.styles[place]
        return Mix(self.styles[place], self.styles[(place + 1) % len(self.styles)], step / self.steps)
