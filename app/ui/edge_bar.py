"""A full-width bar along an edge of the window, outside the docks."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QToolBar, QWidget


class EdgeBar(QToolBar):
    """A toolbar that holds one widget, without margins."""

    def __init__(self, title: str, name: str, content: QWidget) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addWidget(content)

    def event(self, event: QEvent) -> bool:
        """Remove the margins again after every change of style."""
        done = super().event(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.Polish, QEvent.Type.PolishRequest, QEvent.Type.Show):
            layout = self.layout()
            if layout is not None:
                layout.setContentsMargins(0, 0, 0, 0)
        return done
