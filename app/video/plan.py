"""Video plan: styles in order and their interpolation for each frame."""

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
    """Specification of a video.

    Attributes:
        styles: Styles in order, at least two.
        seconds: Duration of each transition in seconds.
        fps: Frame rate in frames per second.
        size: (height, width) in pixels, a :class:`SizeWish` resolved for the layout, or None for the renderer's default.
        loop: Whether the video returns to the first style, for seamless repetition.

    Raises:
        EngineError: There are fewer than two styles, or too many frames.
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
        """Number of frames per transition."""
        return max(1, round(self.seconds * self.fps))

    @property
    def frames(self) -> int:
        """Number of frames; a loop does not repeat its first frame at the end."""
        return len(self.styles) * self.steps if self.loop else (len(self.styles) - 1) * self.steps + 1

    @property
    def duration(self) -> float:
        """Duration in seconds."""
        return self.frames / self.fps

    def frame(self, number: int) -> Style | Mix:
        """Return the style of a frame; ``number`` from 0 to ``frames`` - 1."""
        place, step = divmod(number, self.steps)
        if step == 0:
            return self.styles[place]
        return Mix(self.styles[place], self.styles[(place + 1) % len(self.styles)], step / self.steps)
