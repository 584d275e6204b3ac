"""Two views that look at the same place: where one goes, the other goes too."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QObject

from spade_studio.app.ui.viewport import Place, Viewport


class View(Protocol):
    """Shows a picture in the pixels of the document."""

    zoom_changed: Any  # a signal

    @property
    def viewport(self) -> Viewport:
        """The transform between the document's pixels and the view."""
        ...

    def show_place(self, place: Place) -> None:
        """Look at a place of the document."""


class LinkedViews(QObject):
    """Links two views; where they differ when they are linked, the second goes to the first.

    Args:
        first: Of the two.
        second: Of the two.
        parent: Owns the link.
    """

    def __init__(self, first: View, second: View, parent: QObject) -> None:
        super().__init__(parent)
        self._first, self._second = first, second
        self._is_linked = self._is_following = False
        first.zoom_changed.connect(lambda _zoom: self._follow(second, first))
        second.zoom_changed.connect(lambda _zoom: self._follow(first, second))

    @property
    def is_linked(self) -> bool:
        """Whether the views look at the same place."""
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
