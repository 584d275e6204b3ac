"""Export of a single picture of the document: order, rendering and writing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QCoreApplication

from spade_studio.app.documents.errors import save_error
from spade_studio.app.export.order import FileFormat, PaintedLayout
from spade_studio.engine.batch.plan import Style
from spade_studio.engine.detail.levels import DetailLevel
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels.label_set import LabelSet
from spade_studio.engine.rendering.result_plan import ResultWish

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.rendering.renderer import Renderer

SUFFIXES: dict[str, FileFormat] = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg", ".webp": "webp"}
"""File formats by lowercase file name suffix."""
FORBIDDEN = '<>:"/\\|?*'
MAX_NAME = 150


@dataclass(frozen=True)
class PictureOrder:
    """Specification of a single-picture export.

    Attributes:
        path: Output file.
        file_format: File format, regardless of the suffix.
        size: Exact (height, width) of the result in pixels.
        crop: Whether a different aspect ratio crops the layout to its centre instead of stretching it.
        quality: Quality of lossy formats, 1 to 100.
        has_record: Whether the file contains a provenance record, so that it can be opened again.
        detail: Level of detail; ``auto`` to choose it by size.
    """

    path: Path
    file_format: FileFormat
    size: tuple[int, int]
    crop: bool = False
    quality: int = 95
    has_record: bool = True
    detail: DetailLevel | Literal["auto"] = "auto"


@dataclass(frozen=True)
class ShownPicture:
    """Picture shown in the window.

    Attributes:
        image: Rendered image.
        size: (height, width) in pixels.
        detail: Level of detail of the image.
        base: (height, width) in pixels of the render without added detail.
    """

    image: QImage
    size: tuple[int, int]
    detail: DetailLevel
    base: tuple[int, int]


def size_of_side(longer_side: int, layout: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) with a layout's aspect ratio and the given longer side in pixels."""
    scale = longer_side / max(layout)
    return max(1, round(layout[0] * scale)), max(1, round(layout[1] * scale))


def render(
    renderer: Renderer,
    layout: PaintedLayout,
    source: LabelSet | None,
    order: PictureOrder,
    style: Style,
    progress: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> DescribedPicture:
    """Render the picture of an order on the render thread; arguments as for :func:`render_layout`.

    Raises:
        GaveWayError: ``should_stop`` returned True.
    """
    from spade_studio.app.export.rendering import render_layout  # deferred to keep startup fast

    wish = ResultWish(order.size, order.detail, "crop" if order.crop else "stretch")
    return render_layout(renderer, layout, source, wish, style, progress=progress, should_stop=should_stop)


def write(order: PictureOrder, made: DescribedPicture) -> None:
    """Write the picture of an order.

    Raises:
        EngineError: The folder is missing or not writable, the disk is full, or the picture is too large for its format.
    """
    from spade_studio.app.export.export_files import write_described

    try:
        write_described(order.path, made, order.file_format, order.quality, has_record=order.has_record)
    except OSError as error:
        hint = "Choose another folder or name"
        raise save_error(order.path, error, hint) from error
    except (MemoryError, ValueError) as error:
        raise EngineError(f"{order.path.name} could not be written ({error})", action="Choose a smaller size or another format") from error


def proposed_name(name: str) -> str:
    """Return a document name as a file name, without characters that file systems reject."""
    kept = "".join(" " if letter in FORBIDDEN or not letter.isprintable() else letter for letter in name)
    return " ".join(kept.split()).encode()[:MAX_NAME].decode(errors="ignore").strip(". ") or "picture"


def problem_of(name: str) -> str:
    """Return why a text is not a valid file name; empty if it is valid."""
    translate = QCoreApplication.translate
    if not name.strip(". "):
        return translate("PictureDialog", "The picture needs a name.")
    if wrong := [letter for letter in name if letter in FORBIDDEN]:
        return translate("PictureDialog", "A name cannot hold {letter}").format(letter=wrong[0])
    if not name.isprintable() or len(name.encode()) > MAX_NAME:
        return translate("PictureDialog", "This is too long for a name, or cannot be printed.")
    return ""
