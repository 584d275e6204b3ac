"""One picture of the document as a file: what is asked for, how it is made and written."""

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
"""Of names, in small letters."""
FORBIDDEN = '<>:"/\\|?*'
MAX_NAME = 150


@dataclass(frozen=True)
class PictureOrder:
    """A picture that is wanted as a file.

    Attributes:
        path: Where to.
        file_format: What is written, whatever the name says.
        size: (height, width) of the result in pixels, exactly.
        crop: Whether a result of another aspect than the layout's shows its middle; else all of it, stretched.
        quality: 1 to 100, for lossy formats.
        has_record: Whether the file says how it was made, so that it can be opened again.
        detail: The level of detail; ``auto`` where the size decides.
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
    """The picture in the window.

    Attributes:
        image: The picture.
        size: Its (height, width).
        detail: The level of detail that made it.
        base: (height, width) of what the weights render without details.
    """

    image: QImage
    size: tuple[int, int]
    detail: DetailLevel
    base: tuple[int, int]


def size_of_side(longer_side: int, layout: tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) in a layout's aspect whose longer side has so many pixels."""
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
    """Render the picture of an order, on the render thread; arguments as :func:`render_layout`.

    Raises:
        GaveWayError: ``should_stop`` said yes.
    """
    from spade_studio.app.export.rendering import render_layout  # the window opens without it

    wish = ResultWish(order.size, order.detail, "crop" if order.crop else "stretch")
    return render_layout(renderer, layout, source, wish, style, progress=progress, should_stop=should_stop)


def write(order: PictureOrder, made: DescribedPicture) -> None:
    """Write the picture of an order.

    Raises:
        EngineError: The folder is missing or may not be written, the disk is full, or the picture is too large for its format.
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
    """Return the name of a document as a name for a file, without what file systems do not take."""
    kept = "".join(" " if letter in FORBIDDEN or not letter.isprintable() else letter for letter in name)
    return " ".join(kept.split()).encode()[:MAX_NAME].decode(errors="ignore").strip(". ") or "picture"


def problem_of(name: str) -> str:
    """Say what keeps a text from being the name of a file; empty where nothing does."""
    translate = QCoreApplication.translate
    if not name.strip(". "):
        return translate("PictureDialog", "The picture needs a name.")
    if wrong := [letter for letter in name if letter in FORBIDDEN]:
        return translate("PictureDialog", "A name cannot hold {letter}").format(letter=wrong[0])
    if not name.isprintable() or len(name.encode()) > MAX_NAME:
        return translate("PictureDialog", "This is too long for a name, or cannot be printed.")
    return ""
