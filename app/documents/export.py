"""Exports for other programs: layers as OpenRaster or Photoshop files, and the render with some labels transparent."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from PIL import Image

from spade_studio.app.documents.archive import save_document
from spade_studio.app.documents.errors import save_error
from spade_studio.app.documents.layers import document_layers
from spade_studio.app.documents.openraster import merge
from spade_studio.app.documents.pictures import encode_picture
from spade_studio.app.model.state import DocumentState, Picture
from spade_studio.engine.files import atomic_writer


def write_layers(path: Path, state: DocumentState, render: Picture | None) -> None:
    """Write an OpenRaster file with layers in the larger of the document's and the render's size; it is also a complete document.

    Raises:
        SaveError: The folder is missing or not writable, or the disk is full.
        DocumentError: The state contains data that could not be read back.
    """
    save_document(path, state, render, size=_larger(state, render))


def write_psd(path: Path, state: DocumentState, render: Picture | None) -> None:
    """Write the same layers as a Photoshop file, with the labels in a group, each with a mask of its area.

    Raises:
        SaveError: As in :func:`write_layers`.
    """
    from psd_tools import PSDImage  # importing takes a tenth of a second
    from psd_tools.api.layers import Group

    size = _larger(state, render)
    layers = document_layers(state, render, size)
    psd = PSDImage.frompil(Image.fromarray(merge(layers, size)).convert("RGB"))  # for programs that do not support layers
    groups: dict[str, Group] = {}
    for layer in reversed(layers):
        if layer.group and layer.group not in groups:
            groups[layer.group] = psd.create_group(name=layer.group)
        parent = groups[layer.group] if layer.group else psd
        made = parent.create_pixel_layer(Image.fromarray(layer.pixels).convert("RGBA"), name=layer.name, top=layer.top, left=layer.left)
        made.visible = layer.visible
    psd.is_updated = lambda: False  # otherwise it composites the layers again, which takes far longer than everything else
    try:
        with atomic_writer(path) as file:
            psd.save(file)
    except OSError as error:
        raise save_error(path, error) from error


def _larger(state: DocumentState, render: Picture | None) -> tuple[int, int]:
    """Return the (height, width) at which neither labels nor render lose detail."""
    if render is None or render.shape[0] * render.shape[1] <= state.size[0] * state.size[1]:
        return state.size
    return render.shape[0], render.shape[1]


def write_cutout(path: Path, state: DocumentState, render: Picture, clear: Collection[int]) -> None:
    """Write the render as a PNG that is transparent in the areas of some labels.

    Args:
        path: File to write.
        state: Document whose labels determine the transparency.
        render: uint8 ``[h, w, 3]`` of any size.
        clear: Ids of the transparent labels.

    Raises:
        SaveError: As in :func:`write_layers`.
    """
    try:
        with atomic_writer(path) as file:
            file.write(encode_picture(cutout(state, render, clear)))
    except OSError as error:
        raise save_error(path, error) from error


def cutout(state: DocumentState, render: Picture, clear: Collection[int]) -> Picture:
    """Return the render, uint8 ``[h, w, 4]``, with alpha 0 where the label under a pixel's centre is in ``clear``."""
    rows, columns = (
        ((np.arange(count) + 0.5) * of / count).astype(np.intp) for count, of in zip(render.shape[:2], state.size, strict=True)
    )
    opaque = np.full(256, 255, np.uint8)
    opaque[list(clear)] = 0
    return np.concatenate([render, opaque[state.labels][rows[:, None], columns][..., None]], 2)
