"""Layers of a document for other programs: the render, one layer per label, the photograph under them."""

from __future__ import annotations

import cv2
import numpy as np

from spade_studio.app.documents.openraster import Layer
from spade_studio.app.model.label_names import label_text
from spade_studio.app.model.raster import LabelArray
from spade_studio.app.model.raster_shapes import resize_nearest
from spade_studio.app.model.state import DocumentState, Picture
from spade_studio.app.ui.label_items import display_name
from spade_studio.engine.labels import LabelSet

LABELS = "Labels"
"""Name of the group of label layers."""
OTHERS = "Other labels"
"""Name of the layer of labels without a layer of their own."""
MAX_LABEL_LAYERS = 40


def document_layers(state: DocumentState, render: Picture | None, size: tuple[int, int]) -> list[Layer]:
    """Return the layers of a document from top to bottom, scaled to ``size`` (height, width).

    Each label has a layer in a group, with its display name, in its colour on transparency; the labels with the largest areas are at
    the bottom.
    """
    layers = label_layers(_enlarged(state.labels, size), state.label_set)
    if render is not None:
        layers.insert(0, Layer("Render", "render.png", _scaled(render, size)))
    if state.underlay is not None:
        layers.append(Layer("Underlay", "underlay.png", _scaled(state.underlay.picture, size), 1.0, state.underlay.visible))
    return layers


def label_layers(labels: LabelArray, label_set: LabelSet) -> list[Layer]:
    """Return one layer per value of a map, uint8 ``[H, W]``, cropped to its bounding box; of very many values the rarest share one."""
    counts, palette, taken = np.bincount(labels.ravel(), minlength=256), label_set.palette(), set[str]()
    values = [value for value in np.argsort(counts, kind="stable").tolist() if counts[value]]
    layers: list[Layer] = []
    if len(values) > MAX_LABEL_LAYERS:
        rare, values = values[: 1 - MAX_LABEL_LAYERS], values[1 - MAX_LABEL_LAYERS :]
        pixels = colored(labels, label_set)
        pixels[~np.isin(labels, rare)] = 0
        layers.append(Layer(OTHERS, "labels.png", pixels, group=LABELS))
    for value in values:
        name = layer_name(value, label_set)
        if name in taken:  # two labels with the same display name
            label = label_set.by_id(value)
            name = label.name if label is not None and label.name not in taken else f"{name} ({value})"
        taken.add(name)
        place = labels == value
        rows, columns = np.flatnonzero(place.any(1)), np.flatnonzero(place.any(0))
        top, left = int(rows[0]), int(columns[0])
        part = place[top : rows[-1] + 1, left : columns[-1] + 1]
        pixels = np.zeros((*part.shape, 4), np.uint8)
        pixels[part] = (*palette[value].tolist(), 255)
        layers.append(Layer(name, f"label-{value}.png", pixels, left=left, top=top, group=LABELS))
    return layers


def layer_name(value: int, label_set: LabelSet) -> str:
    """Return the layer name of a value of a map."""
    label = label_set.by_id(value)
    if label is not None:
        return display_name(label)
    text = label_text("unlabeled") if value in (255, label_set.unlabeled_id) else f"id {value}"
    return text[:1].upper() + text[1:]


def colored(labels: LabelArray, label_set: LabelSet) -> Picture:
    """Return a map in the colours of its label set, opaque, uint8 ``[H, W, 4]``."""
    palette = np.full((256, 4), 255, np.uint8)
    palette[:, :3] = label_set.palette()
    return np.take(palette.view(np.uint32)[:, 0], labels).view(np.uint8).reshape(*labels.shape, 4)


def _enlarged(labels: LabelArray, size: tuple[int, int]) -> LabelArray:
    if labels.shape == size:
        return labels
    return resize_nearest(labels, *size)


def _scaled(picture: Picture, size: tuple[int, int]) -> Picture:
    if picture.shape[:2] == size:
        return picture
    shrinks = picture.shape[0] * picture.shape[1] > size[0] * size[1]
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC).astype(np.uint8)
