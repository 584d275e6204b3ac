"""Pieces of layouts on the clipboard: exact planes for this program, and a picture in the labels' colours for others."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
from PySide6.QtCore import QMimeData

from spade_studio.app.model.floating import Floating
from spade_studio.app.model.raster import InstanceArray, LabelArray, MaskArray, Rect
from spade_studio.app.ui.images import to_image
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.pictures.png import MAX_SIDE

MIME_TYPE = "application/x-spade-studio-labels"
_MAX_HEADER = 1 << 20
_PLANES = 4  # label, mask, high and low byte of the object id


class _Header(msgspec.Struct):
    """Origin of the planes, their label set, and the names of their values."""

    place: Rect
    label_set: str
    names: dict[Annotated[int, msgspec.Meta(ge=0, le=255)], str]


def to_clipboard(labels: LabelArray, objects: InstanceArray | None, selection: MaskArray, place: Rect, label_set: LabelSet) -> QMimeData:
    """Return the selected part of a label map as clipboard data.

    Args:
        labels: Label map, uint8 ``[H, W]``.
        objects: Object ids, uint16 ``[H, W]``, or None.
        selection: Boolean ``[H, W]``, the selected pixels.
        place: Bounding box of the selection.
        label_set: Label set of the values.
    """
    part, mask = labels[place.slices], selection[place.slices]
    numbers = np.zeros(part.shape, np.uint16) if objects is None else objects[place.slices]
    planes = np.stack((part, mask.astype(np.uint8), (numbers >> 8).astype(np.uint8), (numbers & 0xFF).astype(np.uint8)))
    names = {int(value): label.name for value in np.unique(part[mask]) if (label := label_set.by_id(int(value))) is not None}
    header = msgspec.json.encode(_Header(place, label_set.name, names))
    data = QMimeData()
    data.setData(MIME_TYPE, len(header).to_bytes(4, "big") + header + planes.tobytes())
    colors = np.concatenate((label_set.palette()[part], np.where(mask, 255, 0).astype(np.uint8)[..., None]), axis=2)
    data.setImageData(to_image(colors))
    return data


def from_clipboard(data: QMimeData, label_set: LabelSet, size: tuple[int, int]) -> Floating | None:
    """Return the piece of a layout on the clipboard; None where there is none.

    The piece is placed where it was copied from, moved into a map of ``size`` (height, width) where necessary. Labels of another label
    set are matched by name, and unmatched ones are left out. Malformed data counts as none.
    """
    raw = bytes(data.data(MIME_TYPE).data())
    length = int.from_bytes(raw[:4], "big")
    if len(raw) < 4 or length > _MAX_HEADER:
        return None
    try:
        header = msgspec.json.decode(raw[4 : 4 + length], type=_Header)
    except (ValueError, RecursionError):
        return None
    place = header.place
    width, height = place.width, place.height
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE) or len(raw) - 4 - length != _PLANES * width * height:
        return None
    planes = np.frombuffer(raw, np.uint8, _PLANES * width * height, 4 + length).reshape(_PLANES, height, width)
    labels, mask = planes[0].copy(), planes[1] != 0
    objects = planes[2].astype(np.uint16) << 8 | planes[3]
    if header.label_set != label_set.name:
        table, known = np.zeros(256, np.uint8), np.zeros(256, bool)
        for value, name in header.names.items():
            if (label := next((one for one in label_set.labels if one.name == name), None)) is not None:
                table[value], known[value] = label.id, True
        labels, mask = table[labels], mask & known[labels]
    if not mask.any():
        return None
    left, top = (max(0, min(low, side - length)) for low, side, length in ((place.left, size[1], width), (place.top, size[0], height)))
    return Floating(labels, mask, objects if objects.any() else None, Rect(left, top, left + width, top + height))

