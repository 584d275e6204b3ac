"""Restoring the layout and style of a rendered PNG as the document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from spade_studio.app.documents.connection import DocumentConnection
from spade_studio.app.model.raster import InstanceArray, LabelArray
from spade_studio.app.model.state import DocumentState
from spade_studio.app.rendering import loading
from spade_studio.app.rendering.live_renderer import OBJECT_OFFSET
from spade_studio.app.rendering.workspace import Workspace
from spade_studio.app.styles.style import MAX_SEED
from spade_studio.app.styles.style import style_of as as_style
from spade_studio.app.styles.style_json import style_to_json
from spade_studio.app.ui import messages
from spade_studio.app.ui.plain import sentence
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import Label, LabelSet, built_in_label_sets, load_label_set
from spade_studio.engine.pictures.provenance import Provenance, read_record
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.style import style_from_seed

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import Renderer


class PictureRestorer(QObject):
    """Opens rendered PNGs.

    Args:
        workspace: Document, and the parent window for messages.
        connection: Connection between the document and its file.
    """

    def __init__(self, workspace: Workspace, connection: DocumentConnection) -> None:
        super().__init__(workspace.window)
        self._window, self._document, self._live = workspace.window, workspace.document, workspace.live
        self._waiting, self._connection = workspace.waiting, connection

    def show(self, path: Path) -> bool:
        """Replace the open document with a picture's layout, style, size and detail; return whether that succeeded, or show an error."""
        try:
            recorded = self._waiting.do(self.tr("Opening {}…").format(path.name), lambda _check: read_record(path))
            if recorded is None:
                return False
            style = style_of(recorded)
            as_json = {} if style is None else style_to_json(replace(as_style(style), texture=recorded.texture))
            label_set, objects = label_set_of(recorded, self._document.label_set), objects_of(recorded)
            state = DocumentState(
                recorded.labels,
                label_set,
                path.stem,
                objects,
                as_json,
                texture_regions=recorded.texture_regions,
                picture_size=self._size_for(recorded),
                picture_detail=None if recorded.result is None else recorded.detail,
            )
        except EngineError as error:
            messages.show_error(self._window, self.tr("{} could not be opened").format(path.name), error)
            return False
        self._connection.show(state, path.stem, None)

        def compare(renderer: Renderer) -> list[str]:
            return loading.differences(recorded, renderer)

        self._live.work(compare, lambda found: self._tell(path, found))
        return True

    def _size_for(self, recorded: Provenance) -> SizeWish:
        """Return the size setting that yields a picture's size, preferably the current one."""
        info, exact = self._live.info, recorded.picture_size
        wishes = self._live.size, SizeWish("side", max(exact))
        fitting = (wish for wish in wishes if info is not None and info.size_of(wish, recorded.size) == exact)
        return next(fitting, SizeWish("exact", exact=exact))

    def _tell(self, path: Path, found: list[str]) -> None:
        lines = [f"{sentence(text)}." for text in found]
        if lines:
            headline = self.tr("{} comes out otherwise now").format(path.name)
            messages.show_note(self._window, headline, "\n\n".join(lines))


def label_set_of(recorded: Provenance, own: LabelSet) -> LabelSet:
    """Return the label set of a picture's layout: the current or a built-in set of the same name, else one with the recorded names."""
    if recorded.label_set == own.name or not recorded.label_names:
        return own
    for name in built_in_label_sets():
        if (label_set := load_label_set(name)).name == recorded.label_set:
            return label_set
    labels = tuple(Label(id_, name, (0, 0, 0)) for id_, name in recorded.label_names.items())
    return LabelSet(recorded.label_set or "other labels", labels, unlabeled_id=None)


def objects_of(recorded: Provenance) -> InstanceArray | None:
    """Return the object ids behind a picture's borders, uint16 ``[H, W]``; None if the labels alone give the borders."""
    if recorded.instances is None:
        return None
    instances, labels = recorded.instances, recorded.labels
    if bool(((instances >= OBJECT_OFFSET) | (instances == labels)).all()):
        return objects_from_borders(instances, labels)
    is_there = np.zeros(1 << 16, bool)
    for row in instances:
        is_there[row] = True
    numbers = np.minimum(np.cumsum(is_there), 0xFFFF)  # in the order of their values
    return numbers.astype(np.uint16)[instances]


def objects_from_borders(instances: InstanceArray, labels: LabelArray) -> InstanceArray | None:
    """Invert :func:`spade_studio.app.rendering.live_renderer.object_borders`; None if there is no object."""
    objects = np.where(instances >= OBJECT_OFFSET, instances - OBJECT_OFFSET, 0).astype(np.uint16)
    return objects if bool(objects.any()) else None


def style_of(recorded: Provenance) -> Style | None:
    """Return a picture's style: the seed if it determines the style, else the code; None if it has no style."""
    z, seed = recorded.z, recorded.seed
    if z is None:
        return None
    if seed is not None and 0 <= seed <= MAX_SEED and np.array_equal(style_from_seed(seed, len(z)), z):
        return seed
    return z
