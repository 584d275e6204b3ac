"""Contents of a document's file as plain values that can be passed to other threads."""

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
"""Greatest memory of all snapshots of a document: 64 of 4096 x 4096 pixels, or 21 with objects."""
MAX_NAME = 200


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A named state of the map.

    Attributes:
        name: Name of at most 200 printable characters.
        labels: Label map, uint8 ``[H, W]``, possibly of another size than the document's.
        instances: Object ids, uint16 ``[H, W]``, or None.
    """

    name: str
    labels: LabelArray
    instances: InstanceArray | None = None

    @property
    def memory(self) -> int:
        """Memory used, in bytes."""
        return snapshot_bytes(self.labels.size, has_instances=self.instances is not None)


def snapshot_bytes(pixels: int, *, has_instances: bool) -> int:
    """Return the memory of a snapshot with a number of pixels, in bytes."""
    return pixels * (3 if has_instances else 1)


@dataclass(frozen=True, eq=False)
class Underlay:
    """Photograph under the labels.

    Attributes:
        picture: uint8 ``[h, w, 3]`` of any size, stretched over the document.
        opacity: Opacity, 0..1.
        visible: Whether the photograph is shown.
    """

    picture: Picture
    opacity: float = 0.5
    visible: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise EngineError(f"the underlay has opacity {self.opacity}", "0 to 1")
        height, width = self.picture.shape[:2]
        if max(height, width) > MAX_SIDE:  # a larger one could be saved, but not opened again
            raise EngineError(f"the underlay has {width} x {height} pixels", f"1 to {MAX_SIDE} on each side")

    def part(self, left: float, top: float, right: float, bottom: float) -> Picture:
        """Return the part of the picture between fractions of its sides, 0..1, at least one pixel."""
        height, width = self.picture.shape[:2]
        x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
        return self.picture[y : max(y + 1, round(bottom * height)), x : max(x + 1, round(right * width))]

    def widened(self, left: float, top: float, right: float, bottom: float) -> Picture:
        """Return the picture extended with grey, by fractions of its sides, and scaled down where it would be too large."""
        height, width = self.picture.shape[:2]
        step = max(1, -(-round(max(height * (1 + top + bottom), width * (1 + left + right))) // MAX_SIDE))
        picture = self.picture[::step, ::step]
        height, width = picture.shape[:2]
        margins = tuple((round(low * side), round(high * side)) for low, high, side in ((top, bottom, height), (left, right, width)))
        return np.pad(picture, (*margins, (0, 0)), constant_values=128)


@dataclass(frozen=True, eq=False)
class Beside:
    """Data that is saved beside the map but not part of the undo history; attributes as in :class:`DocumentState`.

    Attributes:
        protected: Protected label values.
        underlay: Photograph under the labels, or None.
        snapshots: Named states of the map.
        picture_size: Requested size of renders, or None.
    """

    protected: frozenset[int] = frozenset()
    underlay: Underlay | None = None
    snapshots: tuple[Snapshot, ...] = ()
    picture_size: SizeWish | None = None

    def is_same(self, other: Beside) -> bool:
        """Return whether all data are equal; pictures and maps, which are never modified in place, are compared by identity."""
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
    """Complete saved state of a document.

    Attributes:
        labels: Label map, uint8 ``[H, W]``.
        label_set: Label set of its values.
        name: Name in the title bar where there is no file.
        instances: Object ids, uint16 ``[H, W]``, or None.
        style: Style and seed as opaque JSON.
        underlay: Photograph under the labels, or None.
        protected: Values that strokes do not paint over.
        snapshots: Named states, at most 100, each of any size.
        texture_regions: Texture regions, uint16 ``[H, W]``, each number but 0 with its own noise seed; or None.
        picture_size: Requested size of renders; None where unset.
        picture_detail: Level of detail of the rendered picture that the layout comes from; None otherwise and in files.
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
