"""Small pictures of styles: size-limited JPEGs of references, and thumbnails of renders."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage

from spade_studio.app.styles.style_json import MAX_PICTURE_BYTES
from spade_studio.app.ui.images import to_image
from spade_studio.engine.errors import StyleError
from spade_studio.engine.pictures.photographs import over_ground
from spade_studio.engine.pictures.png import DAMAGE

Picture = NDArray[np.uint8]

PICTURE_SIDE = 320
"""Maximum side of a stored reference in pixels."""
THUMBNAIL = QSize(88, 66)
"""Size of style thumbnails in lists, in logical pixels."""
_SCALE = 2
"""Device pixel ratio of thumbnails."""


def encode(rgb: Picture) -> bytes:
    """Return a picture, uint8 ``[h, w, 3]``, as a JPEG of at most 64 KiB and 320 pixels a side."""
    image = Image.fromarray(np.ascontiguousarray(rgb))
    image.thumbnail((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.LANCZOS)
    for quality in (92, 80, 60, 30):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, subsampling=0)  # styles depend on colour
        if buffer.tell() <= MAX_PICTURE_BYTES:
            break
    return buffer.getvalue()


def decode(data: bytes, formats: tuple[str, ...] = ("JPEG",)) -> Picture:
    """Decode a stored picture to uint8 ``[h, w, 3]``.

    Raises:
        StyleError: The data are damaged, of another format, or exceed the limits.
    """
    expected = f"a picture of at most {PICTURE_SIDE} pixels a side"
    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:
            if max(image.size) > PICTURE_SIDE:
                raise StyleError(f"a reference of {image.width} x {image.height} pixels", expected)
            return np.array(image.convert("RGB"))
    except DAMAGE as error:
        raise StyleError("the picture of the style is damaged", expected, "Add the photograph again") from error


def to_array(image: QImage) -> Picture:
    """Return a QImage as uint8 ``[h, w, 3]``, with transparent areas composited over a uniform background."""
    if image.hasAlphaChannel():
        image = image.convertToFormat(QImage.Format.Format_RGBA8888)
        rows = np.frombuffer(image.constBits(), np.uint8, image.sizeInBytes()).reshape(image.height(), image.bytesPerLine())
        return over_ground(rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4))
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    height, width = image.height(), image.width()
    rows = np.frombuffer(image.constBits(), np.uint8, image.sizeInBytes()).reshape(height, image.bytesPerLine())
    return rows[:, : 3 * width].reshape(height, width, 3).copy()


def thumbnail(rgb: Picture) -> QImage:
    """Return the central crop of a picture, uint8 ``[h, w, 3]``, as a thumbnail with a device pixel ratio of 2."""
    height, width = rgb.shape[:2]
    step = max(1, min(height // (2 * THUMBNAIL.height() * _SCALE), width // (2 * THUMBNAIL.width() * _SCALE)))
    image = to_image(rgb[::step, ::step])
    wanted = THUMBNAIL * _SCALE
    image = image.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation)
    frame = QRect((image.width() - wanted.width()) // 2, (image.height() - wanted.height()) // 2, wanted.width(), wanted.height())
    image = image.copy(frame)
    image.setDevicePixelRatio(_SCALE)
    return image
