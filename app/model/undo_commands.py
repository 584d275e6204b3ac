"""Undo commands, each with the values of a rectangle or of the whole map before and after."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.model.raster import InstanceArray, LabelArray, MaskArray, Rect, RegionArray
from spade_studio.app.model.state import Picture

Scalar = TypeVar("Scalar", bound=np.generic)


class Plane(Generic[Scalar]):
    """Compressed plane of pixel values.

    Args:
        values: ``[H, W]`` of any integer type.
    """

    def __init__(self, values: NDArray[Scalar]) -> None:
        self._shape = (values.shape[0], values.shape[1])
        self._dtype = values.dtype
        # Strokes have few distinct values: even the fastest level compresses them about fifty times.
        self._data = zlib.compress(np.ascontiguousarray(values).data, 1)

    @property
    def memory(self) -> int:
        """Memory used, in bytes."""
        return len(self._data)

    def values(self) -> NDArray[Scalar]:
        """Return the values in their original type, as a read-only array."""
        return np.frombuffer(zlib.decompress(self._data), self._dtype).reshape(self._shape)


Write = Callable[[Rect, LabelArray, InstanceArray | None], None]
Planes = tuple[LabelArray, InstanceArray | None]
_Packed = tuple[Plane[np.uint8], Plane[np.uint16] | None]
Whole = tuple[LabelArray, InstanceArray | None, RegionArray | None]
"""Label map, object ids and texture regions of a document."""


class PaintStroke:
    """Undo command for one stroke, already painted.

    Args:
        write: Callback that writes labels and object ids into a rectangle.
        text: Name in the undo menu.
        rect: Changed rectangle.
        before: Previous labels ``[h, w]`` of the rectangle, and object ids or None.
        after: New labels and object ids, likewise.
        label: The one painted label; None where there is none or more than one.

    Attributes:
        label: The one painted label, or None.
    """

    def __init__(self, write: Write, text: str, rect: Rect, before: Planes, after: Planes, label: int | None = None) -> None:
        self.label = label
        self._write = write
        self._text = text
        self._rect = rect
        self._before, self._after = _pack(before), _pack(after)

    @property
    def memory(self) -> int:
        """Memory used by the pixels, in bytes."""
        return _memory(self._before) + _memory(self._after)

    def text(self) -> str:
        """Return the name in the undo menu."""
        return self._text

    def undo(self) -> None:
        """Restore the values before the stroke."""
        self._write(self._rect, *_unpack(self._before))

    def redo(self) -> None:
        """Restore the values after the stroke."""
        self._write(self._rect, *_unpack(self._after))


class MoveSelection:
    """Undo command for a stroke that moved the selected pixels together with the selection.

    Args:
        stroke: Command for the painted pixels.
        select: Callback that sets the selection, boolean ``[H, W]`` or None.
        before: Selection before the stroke.
        after: Selection after the stroke.
    """

    def __init__(
        self, stroke: PaintStroke, select: Callable[[MaskArray | None], None], before: MaskArray | None, after: MaskArray | None
    ) -> None:
        self._stroke = stroke
        self._select = select
        self._before, self._after = (None if one is None else Plane(one) for one in (before, after))

    @property
    def memory(self) -> int:
        """Memory used by pixels and selections, in bytes."""
        return self._stroke.memory + sum(one.memory for one in (self._before, self._after) if one is not None)

    def text(self) -> str:
        """Return the name in the undo menu."""
        return self._stroke.text()

    def undo(self) -> None:
        """Restore pixels and selection before the stroke."""
        self._stroke.undo()
        self._select(None if self._before is None else self._before.values())

    def redo(self) -> None:
        """Restore pixels and selection after the stroke."""
        self._stroke.redo()
        self._select(None if self._after is None else self._after.values())


class ReplaceMap:
    """Undo command for the replacement of the whole map, possibly by one of another size; already done.

    Args:
        put: Callback that sets the document's planes.
        text: Name in the undo menu.
        before: Previous planes.
        after: New planes.
        select: Callback that sets the selection, boolean ``[H, W]`` or None.
        selection: Previous selection; nothing is selected after the replacement.
        swap_photo: Callback that replaces one picture under the labels by another.
        photos: Pictures under the labels before and after; None where the step did not change the picture.
    """

    def __init__(
        self,
        put: Callable[[LabelArray, InstanceArray | None, RegionArray | None], None],
        text: str,
        before: Whole,
        after: Whole,
        select: Callable[[MaskArray | None], None],
        selection: MaskArray | None,
        swap_photo: Callable[[Picture, Picture], None],
        photos: tuple[Picture, Picture] | None = None,
    ) -> None:
        self._put, self._select = put, select
        self._text = text
        self._before, self._after = ((*_pack(whole[:2]), None if whole[2] is None else Plane(whole[2])) for whole in (before, after))
        self._selection = None if selection is None else Plane(selection)
        self._swap_photo, self._photos = swap_photo, photos

    @property
    def memory(self) -> int:
        """Memory used by planes and pictures, in bytes; a picture that is a view of the other counts as none."""
        planes = _memory(self._before) + _memory(self._after) + (self._selection.memory if self._selection else 0)
        if self._photos is None:
            return planes
        before, after = self._photos
        return planes + before.nbytes + (0 if np.may_share_memory(before, after) else after.nbytes)

    def text(self) -> str:
        """Return the name in the undo menu."""
        return self._text

    def undo(self) -> None:
        """Restore the previous map."""
        self._put_whole(self._before)
        self._select(None if self._selection is None else self._selection.values())
        if self._photos:
            before, after = self._photos
            self._swap_photo(after, before)

    def redo(self) -> None:
        """Restore the new map."""
        self._put_whole(self._after)
        if self._photos:
            self._swap_photo(*self._photos)

    def _put_whole(self, packed: tuple[Plane[np.uint8], Plane[np.uint16] | None, Plane[np.uint16] | None]) -> None:
        self._put(*_unpack(packed[:2]), None if packed[2] is None else packed[2].values())


def _pack(planes: Planes) -> _Packed:
    labels, objects = planes
    return Plane(labels), None if objects is None else Plane(objects)


def _unpack(packed: _Packed) -> tuple[LabelArray, InstanceArray | None]:
    labels, objects = packed
    return labels.values(), None if objects is None else objects.values()


def _memory(packed: Sequence[Plane[Any] | None]) -> int:
    return sum(plane.memory for plane in packed if plane is not None)
