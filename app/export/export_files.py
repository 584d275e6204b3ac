"""File reading and writing for exports, as functions that run on a worker thread."""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spade_studio.app.documents.errors import SaveError, save_error
from spade_studio.app.export.manifest import Manifest, write_manifest
from spade_studio.app.export.order import ExportOrder, ExportPicture, FileFormat, FileLayout, PaintedLayout
from spade_studio.engine.batch.plan import count_existing
from spade_studio.engine.errors import EngineError, LabelError
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import ids_in, settle
from spade_studio.engine.pictures.picture_files import write_picture
from spade_studio.engine.pictures.provenance import pack_layout, pack_settings

if TYPE_CHECKING:
    from spade_studio.engine.batch.picture import DescribedPicture
    from spade_studio.engine.labels.label_set import LabelSet

_SAVE_ACTION = "Make room there and export again, which goes on from here, or choose another folder"
_NOTHING_CAN_BE_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOENT}
_FORMATS: dict[str, FileFormat] = {".png": "png", ".jpg": "jpg", ".webp": "webp"}


class FolderError(SaveError):
    """The export folder cannot be written to."""


@dataclass(frozen=True)
class Prepared:
    """Starting state of an export.

    Attributes:
        manifest: Manifest found in the folder, or a new one.
        waiting: Pictures still to be rendered.
        existing: Number of files that would be replaced.
    """

    manifest: Manifest
    waiting: list[ExportPicture]
    existing: int


def prepare(folder: Path, order: ExportOrder, weights_sha256: str) -> Prepared:
    """Create the folder and find out which pictures of the export it already holds.

    Raises:
        EngineError: The folder cannot be created or written, or holds too many files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = Manifest.begin(folder, order, weights_sha256)
        waiting = manifest.waiting
        return Prepared(manifest, waiting, count_existing(waiting, folder))
    except OSError as error:
        raise save_error(folder, error, _SAVE_ACTION) from error
    except MemoryError as error:
        raise EngineError(f"{folder}: {error}") from error


def read_layout(layout: FileLayout, label_set: LabelSet | None) -> PaintedLayout:
    """Read a layout from its label PNG.

    Raises:
        EngineError: The file is not a label map or cannot be read.
    """
    try:
        picture = read_label_picture(layout.path)
        labels = settle(picture, None).labels if label_set is None else ids_in(picture, label_set)
        return PaintedLayout(layout.name, labels, texture=layout.texture)
    except (OSError, MemoryError) as error:
        raise EngineError(f"{layout.path}: {error}") from error


def write(path: Path, made: DescribedPicture, quality: int) -> None:
    """Write one picture with its provenance record.

    Raises:
        FolderError: The disk is full, or the folder is missing or not writable.
        EngineError: This picture cannot be written.
    """
    try:
        write_described(path, made, _FORMATS[path.suffix], quality)
    except OSError as error:
        if error.errno in _NOTHING_CAN_BE_WRITTEN:
            raise FolderError(save_error(path, error).found, action=_SAVE_ACTION) from error
        raise EngineError(str(error)) from error
    except (MemoryError, ValueError) as error:
        raise EngineError(str(error) or type(error).__name__) from error


def write_described(path: Path, made: DescribedPicture, file_format: FileFormat, quality: int, *, has_record: bool = True) -> None:
    """Write a picture and, if ``has_record``, its provenance record.

    Raises:
        OSError: The folder is missing, not writable or full.
    """
    texts: dict[str, str] = {}
    if has_record:
        texts = pack_settings(made.about)
        with suppress(*(() if file_format == "png" else (LabelError,))):  # lossy formats have limited room for metadata
            texts |= pack_layout(made.about.labels, made.about.instances, made.about.texture_regions)
    write_picture(path, made.image, file_format, texts, quality)


def save(folder: Path, manifest: Manifest) -> None:
    """Write the manifest.

    Raises:
        SaveError: The folder is not writable, or the disk is full.
    """
    try:
        write_manifest(folder, manifest.to_bytes())
    except OSError as error:
        raise save_error(folder, error, _SAVE_ACTION) from error
