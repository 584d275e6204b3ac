"""Input field for picture sizes, such as ``512 x 512, 768 x 512``."""

from __future__ import annotations

import re

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QComboBox

from spade_studio.app.export.order import Size
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.engine.errors import EngineError
from spade_studio.engine.pictures.png import MAX_SIDE

_SIZE = re.compile(r"\s*([0-9]{1,5})\s*[x×*]\s*([0-9]{1,5})\s*", re.IGNORECASE)
_OFFERED_SIDES = (256, 512, 1024, 2048)
_LEAST = 16


def size_box() -> QComboBox:
    """Return a size field whose first entry is the window's size."""
    translate = QCoreApplication.translate
    box = QComboBox()
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.setAccessibleName(translate("SizeBox", "Size"))
    box.addItem(translate("SizeBox", "As in the window"))
    box.addItems([f"{side} × {side}" for side in _OFFERED_SIDES])
    return box


def sizes_in(box: QComboBox, live: LiveRenderer) -> tuple[Size, ...]:
    """Return the distinct sizes of a field.

    Args:
        box: Field created by :func:`size_box`.
        live: Renderer for these sizes.

    Raises:
        EngineError: The text is not a list of sizes, or a side is out of range.
    """
    translate = QCoreApplication.translate
    text = box.currentText().strip()
    if not text or text == box.itemText(0):
        return (live.size.exact if live.size.kind == "exact" else live.size,)
    sizes: list[Size] = []
    for part in text.split(","):
        match = _SIZE.fullmatch(part)
        if match is None:
            found = translate("SizeBox", "the size {!r}").format(part.strip())
            raise EngineError(found, translate("SizeBox", "width × height, such as 512 × 512"))
        width, height = int(match[1]), int(match[2])
        if not (_LEAST <= width <= MAX_SIDE and _LEAST <= height <= MAX_SIDE):
            found = translate("SizeBox", "the size {} × {}").format(width, height)
            raise EngineError(found, translate("SizeBox", "{} to {} pixels on each side").format(_LEAST, MAX_SIDE))
        if (height, width) not in sizes:
            sizes.append((height, width))
    return tuple(sizes)
