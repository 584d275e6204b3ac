"""The styles used last, with pictures: where a change of style is taken back.

It knows styles and images; it does not know who renders them.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QImage

from spade_studio.app.styles.style import Style

MAX_PAST = 30


@dataclass
class Past:
    """A style that was rendered.

    Attributes:
        style: The style.
        image: A thumbnail of what came out.
        change: What the style came with: a slider that is dragged makes many styles of one change, and only the last counts.
    """

    style: Style
    image: QImage
    change: object


class StyleHistory:
    """The last styles, the newest first, at most 30."""

    def __init__(self) -> None:
        self.entries: list[Past] = []

    def add(self, style: Style, image: QImage, change: object) -> None:
        """Remember a style: one that is there already gets the newer picture and stays where it is."""
        known = next((entry for entry in self.entries if entry.style.is_same(style)), None)
        if known is not None:
            known.image = image
            if self.entries[0].change is change and known is not self.entries[0]:
                del self.entries[0]
            return
        if self.entries and self.entries[0].change is change:
            del self.entries[0]
        self.entries.insert(0, Past(style, image, change))
        del self.entries[MAX_PAST:]
