"""Import of labels from the layers of other programs, recognised by the layers' names or by label colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.documents import pictures
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.documents.guarded_zip import GuardedZip, open_guarded
from spade_studio.app.documents.layers import LABELS, layer_name
from spade_studio.app.documents.openraster import MIMETYPE
from spade_studio.app.model.label_names import label_text
from spade_studio.app.model.raster import LabelArray
from spade_studio.app.ui.label_items import own_display_name
from spade_studio.engine import interruption
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.pictures.png import MAX_SIDE

_STACK = "stack.xml"
_MAX_STACK_BYTES = 1 << 20
_MAX_LAYERS = 250
_MAX_DEPTH = 32
_MAX_LAYER_BYTES = 300 << 20
_OPAQUE = 128
"""Least alpha at which a pixel belongs to a layer, which makes edges hard."""
_ROUNDING = 3
"""Greatest deviation per channel between the colour of a semi-transparent pixel and the label's colour."""
_LOOKED_AT = 4096
_STRIP_PIXELS = 1 << 20


@dataclass(frozen=True, eq=False)
class ReadLayers:
    """Labels read from layers.

    Attributes:
        labels: Label map, uint8 ``[H, W]``; pixels without a layer are unlabeled.
        label_set: Label set of the ids.
        lost: Number of pixels without a label's colour, by layer name; they show the layers below.
    """

    labels: LabelArray
    label_set: LabelSet
    lost: dict[str, int]


@dataclass(frozen=True)
class _Entry:
    name: str
    path: str
    left: int
    top: int


def read_layers(path: Path, sets: Sequence[LabelSet]) -> ReadLayers:
    """Read the label layers of an untrusted OpenRaster file.

    A layer named after a label contributes that label where it has the label's colour, and another label where it has exactly the other
    label's colour. A layer named Labels contributes all exact label colours; one with any other name does so only where all its pixels
    have them.

    Args:
        path: File to read.
        sets: Candidate label sets; the first one with the most matching layer names is used.

    Raises:
        DocumentError: The file is missing, not an OpenRaster archive, damaged, malicious, or without label layers.
    """
    with open_guarded(path, MIMETYPE) as archive:
        size, entries = _read_stack(archive, path.name)
        known = [_names(label_set) for label_set in sets]
        counts = [sum(_plain(entry.name) in names for entry in entries) for names in known]
        order = sorted(range(len(sets)), key=lambda at: -counts[at])
        for at in order if not max(counts) else order[:1]:
            found = _compose(archive, size, entries, sets[at], known[at])
            if found is not None:
                return found
    found = f"{path.name} has no layer with labels"
    expected = "layers called like labels, in the labels' colours"
    raise DocumentError(found, expected, "Name the layers like the labels here, such as Sky, and paint them in the labels' exact colours")


def _read_stack(archive: GuardedZip, name: str) -> tuple[tuple[int, int], list[_Entry]]:
    """Return the (height, width) of the canvas and the visible layers from bottom to top."""
    data = archive.read(_STACK, _MAX_STACK_BYTES)
    if b"<!" in data.replace(b"<!--", b""):
        raise DocumentError(f"{_STACK} in {name} declares entities or a document type", "a plain list of layers")
    try:
        root = ElementTree.fromstring(data)
        size = int(root.get("h", "")), int(root.get("w", ""))
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise DocumentError(f"{_STACK} in {name} is damaged ({str(error)[:100]})", "a list of layers with its size") from error
    if not (1 <= size[0] <= MAX_SIDE and 1 <= size[1] <= MAX_SIDE):
        raise DocumentError(f"{name} has {size[1]} x {size[0]} pixels", f"1 to {MAX_SIDE} on each side")
    entries: list[_Entry] = []
    _walk(root, entries, name, 0)
    return size, entries[::-1]


def _walk(parent: ElementTree.Element, entries: list[_Entry], name: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise DocumentError(f"groups in {name} are nested {depth} deep", f"at most {_MAX_DEPTH}")
    for element in parent:
        if element.get("visibility") == "hidden":
            continue
        if element.tag == "stack":
            _walk(element, entries, name, depth + 1)
        elif element.tag == "layer":
            try:
                place = int(element.get("x", "0")), int(element.get("y", "0"))
            except ValueError as error:
                found = f"a layer in {name} lies at {element.get('x', '')[:20]!r}, {element.get('y', '')[:20]!r}"
                raise DocumentError(found, "whole pixels") from error
            if len(entries) >= _MAX_LAYERS:
                raise DocumentError(f"{name} has more than {_MAX_LAYERS} layers", "fewer", "Merge some of them")
            entries.append(_Entry(element.get("name", "")[:200], element.get("src", ""), *place))


def _compose(
    archive: GuardedZip, size: tuple[int, int], entries: list[_Entry], label_set: LabelSet, names: dict[str, int]
) -> ReadLayers | None:
    """Composite the label layers; None where there are none."""
    unlabeled = label_set.unlabeled_value
    labels = np.full(size, unlabeled, np.uint8)
    lost: dict[str, int] = {}
    is_any = False
    for entry in entries:
        pixels = pictures.decode_colors(archive.read(entry.path, _MAX_LAYER_BYTES), f"the layer {entry.name}")
        place, pixels = _cut(pixels, entry, size)
        if not pixels.size:
            continue
        own = names.get(_plain(entry.name))
        values = np.empty(pixels.shape[:2], np.int16)
        rows = max(1, _STRIP_PIXELS // pixels.shape[1])
        for top in range(0, len(pixels), rows):
            interruption.check()
            values[top : top + rows] = _values(pixels[top : top + rows], label_set, own)
        if own is None and _plain(entry.name) != _plain(LABELS) and ((values == -1).any() or not (values >= 0).any()):
            continue
        is_any = True
        labels[place] = np.where(values >= 0, values, labels[place]).astype(np.uint8)
        if wrong := int((values == -1).sum()):
            lost[entry.name] = lost.get(entry.name, 0) + wrong
    return ReadLayers(labels, label_set, lost) if is_any else None


def _values(pixels: NDArray[np.uint8], label_set: LabelSet, own: int | None) -> NDArray[np.int16]:
    """Return the label of every pixel, int16 ``[h, w]``; -1 for colours without a label, -2 for transparent pixels."""
    wide = pixels[..., :3].astype(np.uint32)
    packed = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else np.full(packed.shape, 255, np.uint8)
    opaque = alpha >= _OPAQUE
    values = np.where(opaque, -1, -2).astype(np.int16)
    table = label_set.id_of_color
    if own is not None:
        label = label_set.by_id(own)
        color = np.array(label.color if label else label_set.palette()[own], np.int16)
        distance = np.abs(pixels[..., :3].astype(np.int16) - color).max(2)
        values[opaque & ((distance == 0) | ((distance <= _ROUNDING) & (alpha < 255)))] = own
    rest = np.flatnonzero(values.ravel() == -1)
    colors = packed.ravel()[rest]
    if own is None and any(int(color) not in table for color in np.unique(colors[:: max(1, len(colors) // _LOOKED_AT)])):
        return values  # a photograph: the remaining colours need not be checked
    distinct, places = np.unique(colors, return_inverse=True)
    values.ravel()[rest] = np.array([table.get(int(color), -1) for color in distinct], np.int16)[places]
    return values


def _cut(pixels: NDArray[np.uint8], entry: _Entry, size: tuple[int, int]) -> tuple[tuple[slice, slice], NDArray[np.uint8]]:
    """Return the position of a layer in the canvas as slices, and the layer cropped to the canvas."""
    top, left = max(0, entry.top), max(0, entry.left)
    bottom, right = max(top, min(size[0], entry.top + pixels.shape[0])), max(left, min(size[1], entry.left + pixels.shape[1]))
    part = pixels[top - entry.top : bottom - entry.top, left - entry.left : right - entry.left]
    return (slice(top, bottom), slice(left, right)), part


def _names(label_set: LabelSet) -> dict[str, int]:
    """Return the ids of labels by all accepted layer names."""
    unlabeled = label_set.unlabeled_value
    names: dict[str, int] = {_plain(layer_name(unlabeled, label_set)): unlabeled, "unlabeled": unlabeled}
    for name_of in (lambda label: label.name, own_display_name, label_text):
        for label in label_set.labels:
            names.setdefault(_plain(name_of(label)), label.id)
    return names


def _plain(name: str) -> str:
    return " ".join(name.replace("-", " ").replace("_", " ").casefold().split())
