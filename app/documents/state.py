"""What a document's file holds, as plain values that other threads may keep.

It knows no files and no Qt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.canvas.raster import InstanceArray, LabelArray
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelSet

Picture = NDArray[np.uint8]
Json = Mapping[str, "Json"] | list["Json"] | str | int | float | bool | None

MAX_SNAPSHOTS = 100
MAX_NAME = 200


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A state of the map that a person has named.

    Attributes:
        name: At most 200 printable characters.
        labels: uint8 ``[H, W]``; the document may have another size by now.
        instances: uint16 ``[H, W]``, or None.
    """

    name: str
    labels: LabelArray
    instances: InstanceArray | None = None


@dataclass(frozen=True, eq=False)
class Underlay:
    """A photograph that lies under the labels.

    Attributes:
        picture: uint8 ``[h, w, 3]``, of any size: it is stretched over the document.
        opacity: 0..1.
        visible: Whether it is shown.
    """

    picture: Picture
    opacity: float = 0.5
    visible: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise EngineError(f"the underlay has opacity {self.opacity}", "0 to 1")


@dataclass(frozen=True, eq=False)
class DocumentState:
    """All that is kept of a document.

    Attributes:
        labels: uint8 ``[H, W]``.
        label_set: Names and colours of its values.
        name: What the title bar calls it where it has no file.
        instances: Objects by number, uint16 ``[H, W]``, or None.
        style: Style and seed as JSON; what it means is known to those who wrote it.
        underlay: A photograph under the labels, or None.
        protected: Values that cannot be painted over.
        snapshots: At most 100, each of a size of its own.
    """

    labels: LabelArray
    label_set: LabelSet
    name: str = "Untitled"
    instances: InstanceArray | None = None
    style: Mapping[str, Json] = field(default_factory=dict[str, Json])
    underlay: Underlay | None = None
    protected: frozenset[int] = frozenset()
    snapshots: tuple[Snapshot, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.labels.shape[0], self.labels.shape[1]
