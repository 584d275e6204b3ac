"""The user's collection of reference photographs and favourite styles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from spade_studio.app.styles import pictures
from spade_studio.app.styles.favourites import Favourites
from spade_studio.app.styles.names import name_of
from spade_studio.app.styles.shelf import BuiltIn, Reference, Shelf
from spade_studio.app.styles.style import Style
from spade_studio.app.ui.worker import Job, Worker
from spade_studio.engine.errors import EngineError
from spade_studio.engine.pictures.photographs import read_style_image

if TYPE_CHECKING:
    from spade_studio.app.styles.controller import StylesController

MAX_DROPPED = 20
"""Maximum number of photographs read from one drop."""


class StyleCollection(QObject):
    """The user's references and favourites.

    Attributes:
        shelf: Collected reference photographs.
        favourites: Starred styles.
        removed: The last removed reference with its index, which can be restored; None where there is none.
    """

    references_changed = Signal()
    favourites_changed = Signal()

    def __init__(self, styles: StylesController, state_folder: Path) -> None:
        super().__init__(styles)
        self._styles = styles
        self._reading = Worker(self, "photographs")
        self.shelf = Shelf(state_folder / "references")
        self.favourites = Favourites(state_folder / "favourites.json")
        self.removed: tuple[Reference, int] | None = None

    def close(self) -> None:
        """Stop reading photographs."""
        self._reading.close()

    def add_files(self, paths: Sequence[Path]) -> None:
        """Add photographs and take the style of the first one; unreadable files are reported."""
        if self._styles.cannot_take():
            return
        if len(paths) > MAX_DROPPED:
            text = self.tr("The first %Ln photograph(s) taken, {left} left.", "", MAX_DROPPED)
            self._styles.say(text.format(left=len(paths) - MAX_DROPPED))
        for number, path in enumerate(paths[:MAX_DROPPED]):

            def read(_job: Job, path: Path = path) -> bytes:
                return pictures.encode(read_style_image(path))

            def keep(jpeg: bytes, path: Path = path, first: bool = number == 0) -> None:
                self._keep(jpeg, path.stem, adopt=first)

            self._reading.run(read, keep, lambda error: self._styles.say(str(error)))

    def add_image(self, image: QImage, label: str = "") -> None:
        """Add an image and take its style."""
        if image.isNull() or self._styles.cannot_take():
            return
        rgb = pictures.to_array(image)
        self._reading.run(
            lambda _job: pictures.encode(rgb),
            lambda jpeg: self._keep(jpeg, label or self.tr("Pasted"), adopt=True),
            lambda error: self._styles.say(str(error)),
        )

    def remove_reference(self, reference: Reference) -> None:
        """Remove a reference; :meth:`put_back_reference` restores it."""
        self.removed = reference, self.shelf.remove(reference)
        self.references_changed.emit()

    def put_back_reference(self) -> None:
        """Restore the last removed reference."""
        if self.removed is not None:
            (reference, place), self.removed = self.removed, None
            try:
                self.shelf.put_back(reference, place)
            except EngineError as error:
                self._styles.say(str(error))
            self.references_changed.emit()

    @property
    def is_favourite(self) -> bool:
        """Whether the style in use is a favourite."""
        return self.favourites.find(self._styles.style) >= 0

    def toggle_favourite(self, style: Style | BuiltIn | None = None, image: QImage | None = None) -> None:
        """Add a style with its picture to the favourites, or remove it; None for the style in use."""
        style, image = style or self._styles.style, self._styles.picture if image is None else image
        place = self.favourites.find(style)
        if isinstance(style, BuiltIn):
            style = self._styles.wanted(style)
        if place < 0 and image.isNull():
            return  # not rendered yet
        try:
            if place >= 0:
                self.favourites.remove(place)
            else:
                self.favourites.add(style, image, style.label if style.origin == "built-in" else name_of(style))
        except EngineError as error:
            self._styles.say(str(error))
        self.favourites_changed.emit()

    def rename_favourite(self, style: Style, name: str) -> None:
        """Rename a favourite, if it is still one."""
        if (place := self.favourites.find(style)) < 0:
            return
        try:
            self.favourites.rename(place, name)
        except EngineError as error:
            self._styles.say(str(error))
        self.favourites_changed.emit()

    def _keep(self, jpeg: bytes, label: str, *, adopt: bool) -> None:
        try:
            reference = self.shelf.add(jpeg, label)
        except EngineError as error:
            self._styles.say(str(error))
            reference = next((one for one in self.shelf.references if one.jpeg == jpeg), None)
        self.references_changed.emit()
        if adopt and reference is not None:
            self._styles.adopt_reference(reference)
