"""One end of a mix of styles."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QImage

from spade_studio.app.styles.style import Style


@dataclass(frozen=True)
class End:
    """One end of a mix: a style with a picture of it."""

    style: Style
    image: QImage
