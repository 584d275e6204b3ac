"""Writing of OpenRaster archives (draft 0.0.5, baseline layer stack) with a merged image, a thumbnail and extra entries."""

from __future__ import annotations

import itertools
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO
from xml.sax.saxutils import quoteattr

import numpy as np

from spade_studio.app.documents.guarded_zip import MAX_RATIO
from spade_studio.app.documents.pictures import encode_picture, thumbnail_of
from spade_studio.app.model.state import Picture

MIMETYPE = "image/openraster"
THUMBNAIL = "Thumbnails/thumbnail.png"
_DATE = (1980, 1, 1, 0, 0, 0)
"""Fixed time stamp of all entries, so that equal documents give identical files."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Raster layer.

    Attributes:
        name: Name in layer lists.
        file_name: File name in the archive's folder ``data``, in ASCII.
        pixels: uint8 ``[h, w, 4]``, or ``[h, w, 3]`` for an opaque layer; transparent outside.
        opacity: Opacity, 0..1.
        visible: Whether the layer is part of the merged image.
        left: Position of the first column in the image, in pixels.
        top: Position of the first row in the image, in pixels.
        group: Name of the group, shared with adjacent layers of the same group; empty for none.
    """

    name: str
    file_name: str
    pixels: Picture
    opacity: float = 1.0
    visible: bool = True
    left: int = 0
    top: int = 0
    group: str = ""

    def covers(self, size: tuple[int, int]) -> bool:
        """Return whether the layer hides everything below it in an image of ``size`` (height, width)."""
        is_whole = self.pixels.shape[:2] == size and self.opacity == 1
        return is_whole and (self.pixels.shape[2] == 3 or bool((self.pixels[..., 3] == 255).all()))


def write_openraster(file: IO[bytes], layers: Sequence[Layer], size: tuple[int, int], extra: Mapping[str, bytes]) -> None:
    """Write an archive.

    Args:
        file: Binary file, open for writing at its beginning.
        layers: Layers from top to bottom, at least one.
        size: (height, width) of the image in pixels.
        extra: Further entries, path to contents, written right after the mimetype for quick access.

    Raises:
        OSError: The disk is full or failing.
    """
    merged = merge(layers, size)
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, "mimetype", MIMETYPE.encode())
        for path, data in extra.items():
            _add(archive, path, data)
        _add(archive, "stack.xml", stack_xml(layers, size).encode())
        encoded: list[tuple[Picture, bytes]] = []
        for layer in layers:
            encoded.append((layer.pixels, encode_picture(layer.pixels)))
            _add(archive, f"data/{layer.file_name}", encoded[-1][1])
        same = [data for pixels, data in encoded if pixels is merged]
        _add(archive, "mergedimage.png", same[0] if same else encode_picture(merged))
        _add(archive, THUMBNAIL, encode_picture(thumbnail_of(merged)))


def write_sketch(file: IO[bytes], thumbnail: Picture, extra: Mapping[str, bytes]) -> None:
    """Write an archive without layers, readable by this program only, for quick autosaves; arguments as in :func:`write_openraster`."""
    with zipfile.ZipFile(file, "w") as archive:
        _add(archive, "mimetype", MIMETYPE.encode())
        for path, data in extra.items():
            _add(archive, path, data)
        _add(archive, THUMBNAIL, encode_picture(thumbnail_of(thumbnail)))


def merge(layers: Sequence[Layer], size: tuple[int, int]) -> Picture:
    """Return the composited layers, uint8 ``[H, W, 3 or 4]``; the pixels of the topmost layer themselves where it hides all others."""
    shown = [layer for layer in layers if layer.visible and layer.opacity > 0]
    if shown and shown[0].covers(size):
        return shown[0].pixels
    color = np.zeros((*size, 3), np.float32)
    alpha = np.zeros((*size, 1), np.float32)
    for layer in reversed(shown):
        above = layer.pixels.astype(np.float32) / 255
        place = slice(layer.top, layer.top + above.shape[0]), slice(layer.left, layer.left + above.shape[1])
        cover = (above[..., 3:] if above.shape[2] == 4 else np.ones((*above.shape[:2], 1), np.float32)) * layer.opacity
        color[place] = above[..., :3] * cover + color[place] * (1 - cover)
        alpha[place] = cover + alpha[place] * (1 - cover)
    straight = np.divide(color, alpha, out=np.zeros_like(color), where=alpha > 0)
    return (np.concatenate([straight, alpha], 2) * 255 + 0.5).astype(np.uint8)


def stack_xml(layers: Sequence[Layer], size: tuple[int, int]) -> str:
    """Return the XML of the layer stack; layers are given from top to bottom."""
    lines = ["<?xml version='1.0' encoding='UTF-8'?>", f'<image version="0.0.5" w="{size[1]}" h="{size[0]}">', "  <stack>"]
    for group, members in itertools.groupby(layers, lambda layer: layer.group):
        indent = "      " if group else "    "
        if group:
            lines.append(f"    <stack name={quoteattr(group)}>")
        for layer in members:
            visibility = "visible" if layer.visible else "hidden"
            lines.append(
                f'{indent}<layer name={quoteattr(layer.name)} src="data/{layer.file_name}" x="{layer.left}" y="{layer.top}"'
                f' opacity="{layer.opacity:.4f}" visibility="{visibility}" composite-op="svg:src-over"/>'
            )
        if group:
            lines.append("    </stack>")
    return "\n".join([*lines, "  </stack>", "</image>", ""])


def _add(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    info = zipfile.ZipInfo(path, _DATE)
    # PNGs are compressed already, and the mimetype must be stored.
    stored = path == "mimetype" or path.endswith(".png")
    # An entry with an extreme ratio would be rejected as a ZIP bomb on opening.
    stored = stored or len(zlib.compress(data)) * MAX_RATIO < len(data)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)
