"""What the parts of a window share."""

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
    """The document, what renders it, and what every part of its window may need.

    Attributes:
        window: Parent of the parts, their docks and dialogs.
        document: What is painted.
        live: Renders it.
        picture: The newest picture of it.
        settings: What is remembered.
        theme: Colours and icons.
        actions: The commands.
        waiting: Does in the background what the person waits for.
    """

    window: QMainWindow
    document: Document
    live: LiveRenderer
    picture: DocumentPicture
    settings: Settings
    theme: Theme
    actions: Actions
    waiting: Waiting
