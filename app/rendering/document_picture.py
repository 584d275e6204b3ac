"""The rendered picture of the open document."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from spade_studio.app.model.document import Document
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.engine.detail.levels import DetailLevel
from spade_studio.engine.rendering.service import RenderResult


class DocumentPicture(QObject):
    """Holds the newest rendered picture of the open document.

    Attributes:
        detail: The level of detail of the picture.
    """

    def __init__(self, document: Document, live: LiveRenderer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._live = document, live
        self._image: NDArray[np.uint8] | None = None
        self.detail: DetailLevel = "none"
        self._is_ours = False
        live.rendered.connect(self._keep)
        document.replaced.connect(self._forget)

    @property
    def image(self) -> NDArray[np.uint8] | None:
        """The picture, uint8 ``[H, W, 3]``; None for an empty document and before the document's first render."""
        return None if self._document.is_empty else self._image

    def _keep(self, result: RenderResult) -> None:
        # A picture of the previous document may still arrive; after the first up-to-date one, all belong to this document.
        self._is_ours = self._is_ours or self._live.is_up_to_date
        if self._is_ours:
            self._image, self.detail = result.image, result.detail

    def _forget(self) -> None:
        self._image = None
        self._is_ours = False
