"""What can be undone: each command holds a rectangle, or the whole map, with the values before and after."""

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
    """Values of pixels, compressed.

    Args:
        values: ``[H, W]`` of any whole numbers.
    """

    def __init__(self, values: NDArray[Scalar]) -> None:
        self._shape = (values.shape[0], values.shape[1])
        self._dtype = values.dtype
        # Strokes have few values: the fastest level makes them some fifty times smaller.
        self._data = zlib.compress(np.ascontiguousarray(values).data, 1)

    @property
    def memory(self) -> int:
        """Bytes it takes."""
        return len(self._data)

    def values(self) -> NDArray[Scalar]:
        """Return the values, of the type they had; not writeable."""
        return np.frombuffer(zlib.decompress(self._data), self._dtype).reshape(self._shape)


Write = Callable[[Rect, LabelArray, InstanceArray | None], None]
Planes = tuple[LabelArray, InstanceArray | None]
_Packed = tuple[Plane[np.uint8], Plane[np.uint16] | None]
Whole = tuple[LabelArray, InstanceArray | None, RegionArray | None]
"""Labels, objects and the regions of the texture."""


class PaintStroke:
    """One stroke, already painted.

    Args:
        write: Writes labels and objects into a rectangle.
        text: What menus call it.
        rect: Where it painted.
        before: Labels ``[h, w]`` of that rectangle, and objects where the document has such a plane.
        after: As ``before``.
        label: The one label that it painted, or None.

    Attributes:
        label: As the argument.
    """

    def __init__(self, write: Write, text: str, rect: Rect, before: Planes, after: Planes, label: int | None = None) -> None:
        self.label = label
        self._write = write
        self._text = text
        self._rect = rect
        self._before, self._after = _pack(before), _pack(after)

    @property
    def memory(self) -> int:
        """Bytes that its pixels take."""
        return _memory(self._before) + _memory(self._after)

    def text(self) -> str:
        """Return what menus call it."""
        return self._text

    def undo(self) -> None:
        """Write the values before the stroke."""
        self._write(self._rect, *_unpack(self._before))

    def redo(self) -> None:
        """Write the values after the stroke."""
        self._write(self._rect, *_unpack(self._after))


class MoveSelection:
    """A stroke that has moved what is selected, and the selection with it.

    Args:
        stroke: What it painted.
        select: Takes a selection, ``[H, W]``, or None.
        before: The selection before it.
        after: The selection after it.
    """

    def __init__(
        self, stroke: PaintStroke, select: Callable[[MaskArray | None], None], before: MaskArray | None, after: MaskArray | None
    ) -> None:
        self._stroke = stroke
        self._select = select
        self._before, self._after = (None if one is None else Plane(one) for one in (before, after))

    @property
    def memory(self) -> int:
        """Bytes that pixels and selections take."""
        return self._stroke.memory + sum(one.memory for one in (self._before, self._after) if one is not None)

    def text(self) -> str:
        """Return what menus call it."""
        return self._stroke.text()

    def undo(self) -> None:
        """Take it back."""
        self._stroke.undo()
        self._select(None if self._before is None else self._before.values())

    def redo(self) -> None:
        """Do it again."""
        self._stroke.redo()
        self._select(None if self._after is None else self._after.values())


class ReplaceMap:
    """Another map in the place of the whole one, perhaps of another size; already done.

    Args:
        put: Takes the planes as the document's own.
        text: What menus call it.
        before: The whole planes.
        after: As ``before``.
        select: Takes a selection, ``[H, W]``, or None.
        selection: The one before; after it nothing is selected.
        swap_photo: Takes the picture that shall go from under the labels, and the one that takes its place.
        photos: The pictures under the labels before and after, where the step changed them.
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
        """Bytes that its planes and pictures take; a picture that is a part of the other takes none."""
        planes = _memory(self._before) + _memory(self._after) + (self._selection.memory if self._selection else 0)
        if self._photos is None:
            return planes
        before, after = self._photos
        return planes + before.nbytes + (0 if np.may_share_memory(before, after) else after.nbytes)

    def text(self) -> str:
        """Return what menus call it."""
        return self._text

    def undo(self) -> None:
        """Put the map before."""
        self._put_whole(self._before)
        self._select(None if self._selection is None else self._selection.values())
        if self._photos:
            before, after = self._photos
            self._swap_photo(after, before)

    def redo(self) -> None:
        """Put the map after."""
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
