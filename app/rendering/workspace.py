"""The objects that the parts of a window share."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QMainWindow

from spade_studio.app.model.document import Document
from spade_studio.app.rendering.document_picture import DocumentPicture
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.ui.actions import Actions
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.theme import Theme
from spade_studio.app.ui.waiting import Waiting


@dataclass(frozen=True)
class Workspace:
    """The document, its renderer, and the services of its window.

    Attributes:
        window: Parent of docks and dialogs.
        document: The open document.
        live: The live renderer of the document.
        picture: The newest rendered picture.
        settings: The persistent settings.
        theme: The colours and icons.
        actions: The commands of the window.
        waiting: Runner of background tasks that the user waits for, with a progress dialog.
    """

    window: QMainWindow
    document: Document
    live: LiveRenderer
    picture: DocumentPicture
    settings: Settings
    theme: Theme
    actions: Actions
    waiting: Waiting
