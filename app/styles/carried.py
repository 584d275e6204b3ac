"""The MIME data of styles for drag and drop within the window."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import cast

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from spade_studio.app.styles import pictures
from spade_studio.app.styles.shelf import Choice, Reference, built_in_styles
from spade_studio.app.styles.style import Style
from spade_studio.app.styles.style_json import MAX_PICTURE_BYTES, style_from_json, style_to_json, tidy
from spade_studio.engine.errors import EngineError

MIME_TYPE = "application/x-spade-studio-style"
_MAX_BYTES = 1 << 20


def carried(choice: Choice, image: QImage) -> QMimeData:
    """Return the MIME data of a style, a reference or a built-in style, with its picture."""
    match choice:
        case Style():
            value: dict[str, object] = {"style": style_to_json(choice)}
        case Reference():
            value = {"jpeg": b64encode(choice.jpeg).decode("ascii"), "label": choice.label}
        case _:
            value = {"built_in": choice.name}
    value["image"] = b64encode(pictures.encode(pictures.to_array(image))).decode("ascii")
    data = QMimeData()
    data.setData(MIME_TYPE, json.dumps(value).encode())
    return data


def read_carried(data: QMimeData) -> tuple[Choice, QImage] | None:
    """Return the choice and picture in MIME data made by :func:`carried`; None where there are none or they are malformed."""
    raw = bytes(data.data(MIME_TYPE).data())
    if not raw or len(raw) > _MAX_BYTES:
        return None
    try:
        found: object = json.loads(raw)
        if not isinstance(found, dict):
            return None
        values = cast("dict[str, object]", found)
        image = pictures.thumbnail(pictures.decode(_picture(values.get("image"))))
        if isinstance(name := values.get("built_in"), str):
            built_in = next((one for one in built_in_styles() if one.name == name), None)
            return None if built_in is None else (built_in, image)
        if isinstance(label := values.get("label"), str):
            jpeg = _picture(values.get("jpeg"))
            return Reference(jpeg, tidy(label), pictures.decode(jpeg)), image
        style = values.get("style")
        read = style_from_json(cast("dict[str, object]", style)) if isinstance(style, dict) else None
        return None if read is None else (read, image)
    except (ValueError, RecursionError, EngineError):
        return None


def _picture(text: object) -> bytes:
    """Return the bytes of a base64-encoded JPEG.

    Raises:
        ValueError: The text is not base64, or the size exceeds the limit.
    """
    if not isinstance(text, str) or len(text) > 2 * MAX_PICTURE_BYTES:
        raise ValueError("no picture")
    return b64decode(text, validate=True)
