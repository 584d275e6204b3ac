"""What a document's file holds, as plain values that other threads may keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.model.raster import InstanceArray, LabelArray, RegionArray
from spade_studio.engine.detail.levels import DetailLevel
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.pictures.png import MAX_SIDE
from spade_studio.engine.rendering.frame_sizes import SizeWish

Picture = NDArray[np.uint8]
Json = Mapping[str, "Json"] | list["Json"] | str | int | float | bool | None

MAX_SNAPSHOTS = 100
MAX_SNAPSHOT_BYTES = 1 << 30
"""Of all snapshots of a document together, in memory: 64 of 4096 x 4096 pixels, or 21 where there are objects."""
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

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return snapshot_bytes(self.labels.size, has_instances=self.instances is not None)


def snapshot_bytes(pixels: int, *, has_instances: bool) -> int:
    """Return the memory that a snapshot of so many pixels takes."""
    return pixels * (3 if has_instances else 1)


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
        height, width = self.picture.shape[:2]
        if max(height, width) > MAX_SIDE:  # it could be saved, but not opened again
            raise EngineError(f"the underlay has {width} x {height} pixels", f"1 to {MAX_SIDE} on each side")

    def part(self, left: float, top: float, right: float, bottom: float) -> Picture:
        """Return the picture's part between shares of its sides, 0..1; at least a pixel of it."""
        height, width = self.picture.shape[:2]
        x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
        return self.picture[y : max(y + 1, round(bottom * height)), x : max(x + 1, round(right * width))]


    def widened(self, left: float, top: float, right: float, bottom: float) -> Picture:
        """Return the picture with grey added at its sides, in shares of them, scaled down where it would be too large."""
        height, width = self.picture.shape[:2]
        step = max(1, -(-round(max(height * (1 + top + bottom), width * (1 + left + right))) // MAX_SIDE))
        picture = self.picture[::step, ::step]
        height, width = picture.shape[:2]
        margins = tuple((round(low * side), round(high * side)) for low, high, side in ((top, bottom, height), (left, right, width)))
        return np.pad(picture, (*margins, (0, 0)), constant_values=128)


@dataclass(frozen=True, eq=False)
class Beside:
    """What is saved beside the map and changed by no step.

    Attributes:
        protected: As in :class:`DocumentState`.
        underlay: As in the state.
        snapshots: As in the state.
        picture_size: As in the state.
    """

    protected: frozenset[int] = frozenset()
    underlay: Underlay | None = None
    snapshots: tuple[Snapshot, ...] = ()
    picture_size: SizeWish | None = None

    def is_same(self, other: Beside) -> bool:
        """Whether nothing differs; pictures and maps, which are never changed in place, are compared by being the same object."""
        one, two = self.underlay, other.underlay
        is_same_photo = one is two or (
            one is not None and two is not None and (one.opacity, one.visible) == (two.opacity, two.visible) and one.picture is two.picture
        )
        return (
            self.protected == other.protected
            and self.picture_size == other.picture_size
            and is_same_photo
            and len(self.snapshots) == len(other.snapshots)
            and all(
                left.name == right.name and left.labels is right.labels and left.instances is right.instances
                for left, right in zip(self.snapshots, other.snapshots, strict=True)
            )
        )


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
        texture_regions: Where the texture has seeds of its own, uint16 ``[H, W]``, or None.
        picture_size: How large pictures of it are wanted; None where that was never said.
        picture_detail: The level of detail of the picture that it is the layout of; None for none such, and in files.
    """

    labels: LabelArray
    label_set: LabelSet
    name: str = "Untitled"
    instances: InstanceArray | None = None
    style: Mapping[str, Json] = field(default_factory=dict[str, Json])
    underlay: Underlay | None = None
    protected: frozenset[int] = frozenset()
    snapshots: tuple[Snapshot, ...] = ()
    texture_regions: RegionArray | None = None
    picture_size: SizeWish | None = None
    picture_detail: DetailLevel | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.labels.shape[0], self.labels.shape[1]
