"""A document as one file: an OpenRaster archive that paint programs open, with the exact planes and our description inside."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from spade_studio.app.documents import document_json, pictures
from spade_studio.app.documents.errors import DocumentError, save_error
from spade_studio.app.documents.guarded_zip import GuardedZip, open_guarded
from spade_studio.app.documents.layers import colored, document_layers
from spade_studio.app.documents.openraster import MIMETYPE, THUMBNAIL, write_openraster, write_sketch
from spade_studio.app.model.picture_size import size_from_text
from spade_studio.app.model.raster import InstanceArray, LabelArray
from spade_studio.app.model.state import DocumentState, Picture, Snapshot, Underlay
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.labels import LabelSet

SUFFIX = ".ora"
DESCRIPTION = "spade-studio/document.json"
_TOKEN = "spade-studio/journal"
_LABELS = "spade-studio/labels.png"
_INSTANCES = "spade-studio/instances.png"
_TEXTURE = "spade-studio/texture.png"
_UNDERLAY = "spade-studio/underlay.png"
_MAX_PLANE_BYTES = 160 << 20
"""Somewhat more than a map of 8192 x 8192 in 16 bits that cannot be compressed."""
_MAX_PICTURE_BYTES = 300 << 20
_MAX_THUMBNAIL_BYTES = 1 << 20
_MAX_TOKEN_BYTES = 64


def save_document(
    path: Path,
    state: DocumentState,
    render: Picture | None = None,
    *,
    layers: bool = True,
    size: tuple[int, int] | None = None,
    token: str = "",
) -> None:
    """Write a document; the old file stays until the new one is whole, and then beside it as ``NAME~`` (autosaves keep none).

    Args:
        path: Where to.
        state: What to write.
        render: The picture that weights made of it, uint8 ``[h, w, 3]`` of any size, or None.
        layers: False leaves out all that only other programs need, which is most of the work (autosave).
        size: (height, width) of the layers; the document's where None.
        token: Names the journal that goes on from here; none where empty.

    Raises:
        SaveError: The folder is missing or may not be written, or the disk is full.
        DocumentError: The state holds what could not be read back.
    """
    planes = _planes(state) | ({_TOKEN: token.encode()} if token else {})
    try:
        with atomic_writer(path, keep_previous=layers) as file:
            if layers:
                size = size or state.size
                write_openraster(file, document_layers(state, render, size), size, planes)
            else:
                write_sketch(file, colored(pictures.thumbnail_of(state.labels), state.label_set), planes)
            _check_written(file, path)
    except OSError as error:
        raise save_error(path, error) from error


def load_document(path: Path) -> DocumentState:
    """Read a document that may come from anywhere.

    Args:
        path: The file.

    Raises:
        DocumentError: No such file, no document of ours, damaged, or made to do harm.
    """
    with open_guarded(path, MIMETYPE) as archive:
        description = _description(archive, path)
        size = description.height, description.width
        underlay = None
        if (shown := description.underlay) is not None:
            picture = pictures.decode_picture(archive.read(_UNDERLAY, _MAX_PICTURE_BYTES), _UNDERLAY)
            underlay = Underlay(picture, shown.opacity, shown.visible)
        snapshots: list[Snapshot] = []
        for number, entry in enumerate(description.snapshots):
            sides = entry.height, entry.width
            numbers = _instances(archive, _snapshot_path(number, "instances"), sides) if entry.instances else None
            snapshots.append(Snapshot(entry.name, _labels(archive, _snapshot_path(number, "labels"), sides), numbers))
        return DocumentState(
            labels=_labels(archive, _LABELS, size),
            label_set=LabelSet.from_json(description.label_set),
            name=description.name,
            instances=_instances(archive, _INSTANCES, size) if description.instances else None,
            style=description.style,
            underlay=underlay,
            protected=description.protected,
            snapshots=tuple(snapshots),
            texture_regions=_instances(archive, _TEXTURE, size) if description.texture_regions else None,
            picture_size=None if description.picture_size is None else size_from_text(description.picture_size),
        )


def load_token(path: Path) -> str:
    """Return the token of the journal that belongs to a copy; empty where there is none.

    Raises:
        DocumentError: As :func:`load_document`.
    """
    with open_guarded(path, MIMETYPE) as archive:
        return archive.read(_TOKEN, _MAX_TOKEN_BYTES).decode("ascii", "replace") if _TOKEN in archive else ""


def load_thumbnail(path: Path) -> Picture:
    """Read only the small picture of a document, uint8 ``[h, w, 3]``, no side longer than 256.

    Raises:
        DocumentError: As :func:`load_document`.
    """
    with open_guarded(path, MIMETYPE) as archive:
        data = archive.read(THUMBNAIL, _MAX_THUMBNAIL_BYTES)
        return pictures.decode_picture(data, THUMBNAIL, pictures.THUMBNAIL_SIDE)


def is_document(path: Path) -> bool:
    """Return whether an archive holds a document, not only the layers of another program.

    Raises:
        DocumentError: No such file, no OpenRaster archive, damaged, or made to do harm.
    """
    with open_guarded(path, MIMETYPE) as archive:
        return DESCRIPTION in archive


def _planes(state: DocumentState) -> dict[str, bytes]:
    palette = state.label_set.palette()
    entries = {DESCRIPTION: document_json.to_json(state), _LABELS: pictures.encode_plane(state.labels, palette)}
    if state.instances is not None:
        entries[_INSTANCES] = pictures.encode_instances(state.instances)
    if state.texture_regions is not None:
        entries[_TEXTURE] = pictures.encode_instances(state.texture_regions)
    if state.underlay is not None:
        entries[_UNDERLAY] = pictures.encode_picture(state.underlay.picture)
    for number, snapshot in enumerate(state.snapshots):
        entries[_snapshot_path(number, "labels")] = pictures.encode_plane(snapshot.labels, palette)
        if snapshot.instances is not None:
            entries[_snapshot_path(number, "instances")] = pictures.encode_instances(snapshot.instances)
    return entries


def _check_written(file: BinaryIO, path: Path) -> None:
    """Look at a new file as opening it would, before it takes the old one's place."""
    file.flush()
    try:
        with open_guarded(Path(file.name), MIMETYPE):
            pass
    except DocumentError as error:
        hint = "Remove snapshots, or lay a smaller photo under the labels"
        raise DocumentError(f"{path.name} could not be opened again ({error.found})", error.expected, hint) from error


def _description(archive: GuardedZip, path: Path) -> document_json.Description:
    if DESCRIPTION not in archive:
        raise DocumentError(
            f"{path.name} is an OpenRaster picture of another program",
            "a document saved by SPADE Studio",
            "Open it with File > Open, which reads layers that are called like labels",
        )
    return document_json.parse(archive.read(DESCRIPTION, document_json.MAX_JSON_BYTES), path.name)


def _labels(archive: GuardedZip, path: str, size: tuple[int, int]) -> LabelArray:
    return pictures.decode_plane(archive.read(path, _MAX_PLANE_BYTES), size, path)


def _instances(archive: GuardedZip, path: str, size: tuple[int, int]) -> InstanceArray:
    return pictures.decode_instances(archive.read(path, _MAX_PLANE_BYTES), size, path)


def _snapshot_path(number: int, plane: str) -> str:
    return f"spade-studio/snapshots/{number}-{plane}.png"
