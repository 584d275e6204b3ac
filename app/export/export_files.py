"""The reading and writing of an export, each step a function that another thread can run: what goes wrong is returned."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spade_studio.app.documents.errors import save_error
from spade_studio.app.export.manifest import Manifest, write_manifest
from spade_studio.app.export.plan import ExportPlan, FileFormat, FileLayout, PaintedLayout, PlannedPicture
from spade_studio.engine.errors import EngineError, LabelError
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import ids_in, settle
from spade_studio.engine.pictures.picture_files import write_picture
from spade_studio.engine.pictures.provenance import Provenance, pack_layout, pack_settings

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.labels.label_set import LabelSet

SAVE_ACTION = "Make room there and export again, which goes on from here, or choose another folder"
_FORMATS: dict[str, FileFormat] = {".png": "png", ".jpg": "jpg", ".webp": "webp"}


@dataclass(frozen=True)
class Written:
    """What came of a picture.

    Attributes:
        picture: Which.
        about: How it was rendered; None where it could not be written.
        error: Why.
    """

    picture: PlannedPicture
    about: Provenance | None
    error: Exception | None


@dataclass(frozen=True)
class Prepared:
    """How an export begins.

    Attributes:
        manifest: New, or what lies in the folder.
        waiting: Pictures that are missing.
        existing: Files that would be replaced.
    """

    manifest: Manifest
    waiting: list[PlannedPicture]
    existing: int


def prepare(folder: Path, plan: ExportPlan, weights_sha256: str) -> Prepared | EngineError:
    """Make the folder and find out what of an export it holds already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = Manifest.begin(folder, plan, weights_sha256)
        waiting = manifest.waiting
        return Prepared(manifest, waiting, sum((folder / picture.file).exists() for picture in waiting))
    except OSError as error:
        return save_error(folder, error, SAVE_ACTION)
    except MemoryError as error:
        return EngineError(f"{folder}: {error}")
    except EngineError as error:
        return error


def read_layout(layout: FileLayout, label_set: LabelSet | None) -> PaintedLayout | EngineError:
    """Read a layout, or say why it cannot be read."""
    try:
        picture = read_label_picture(layout.path)
        labels = settle(picture, None).labels if label_set is None else ids_in(picture, label_set)
        return PaintedLayout(layout.name, labels, texture=layout.texture)
    except EngineError as error:
        return error
    except (OSError, MemoryError) as error:
        return EngineError(f"{layout.path}: {error}")


def write(path: Path, picture: PlannedPicture, made: DescribedPicture, quality: int) -> Written:
    """Write one picture with its record."""
    try:
        write_described(path, made, _FORMATS[path.suffix], quality)
    except (OSError, MemoryError, ValueError, EngineError) as error:
        return Written(picture, None, error)
    return Written(picture, made.about, None)


def write_described(path: Path, made: DescribedPicture, file_format: FileFormat, quality: int, *, has_record: bool = True) -> None:
    """Write a picture and, if wanted, what it says of itself.

    Raises:
        OSError: The folder is missing, not writable or full.
    """
    texts: dict[str, str] = {}
    if has_record:
        texts = pack_settings(made.about)
        with suppress(*(() if file_format == "png" else (LabelError,))):  # lossy formats carry what there is room for
            texts |= pack_layout(made.about.labels, made.about.instances, made.about.texture_regions)
    write_picture(path, made.image, file_format, texts, quality)


def save(folder: Path, manifest: Manifest) -> OSError | None:
    """Write the manifest, and return what went wrong."""
    try:
        write_manifest(folder, manifest.to_bytes())
    except OSError as error:
        return error
    return None
