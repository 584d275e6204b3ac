"""Linked zoom and pan of two views of the same document."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QObject

from spade_studio.app.ui.viewport import Place, Viewport


class View(Protocol):
    """A view of a picture in document coordinates."""

    zoom_changed: Any  # a signal

    @property
    def viewport(self) -> Viewport:
        """The transform between document pixels and the view."""
        ...

    def show_place(self, place: Place) -> None:
        """Zoom and pan to a place in the document."""


class LinkedViews(QObject):
    """Links two views, so that both zoom and pan together; when they are linked, the second moves to the first one's place.

    Args:
        first: The view that sets the initial place.
        second: The view that follows it.
        parent: Qt parent.
    """

    def __init__(self, first: View, second: View, parent: QObject) -> None:
        super().__init__(parent)
        self._first, self._second = first, second
        self._is_linked = self._is_following = False
        first.zoom_changed.connect(lambda _zoom: self._follow(second, first))
        second.zoom_changed.connect(lambda _zoom: self._follow(first, second))

    @property
    def is_linked(self) -> bool:
        """Whether the views zoom and pan together."""
        return self._is_linked

    @is_linked.setter
    def is_linked(self, is_linked: bool) -> None:
        self._is_linked = is_linked
        self._follow(self._second, self._first)

    def _follow(self, view: View, other: View) -> None:
        if self._is_linked and not self._is_following:
            self._is_following = True
            try:
                view.show_place(other.viewport.place)
            finally:
                self._is_following = False
