"""Document files: OpenRaster archives that other paint programs open, extended by the exact planes and a JSON description."""

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
"""Greatest size of an encoded plane in bytes, slightly above an incompressible 16-bit map of 8192 x 8192 pixels."""
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
    """Write a document atomically and keep the previous file as a backup ``NAME~``; autosaves keep no backup.

    Args:
        path: File to write.
        state: Document to write.
        render: Rendered picture of the document, uint8 ``[h, w, 3]`` of any size, or None.
        layers: Whether to include the layers for other programs, which take most of the time; False for autosaves.
        size: (height, width) of the layers; None for the document's size.
        token: Identifier of the journal that continues from this file; empty for none.

    Raises:
        SaveError: The folder is missing or not writable, or the disk is full.
        DocumentError: The state contains data that could not be read back.
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
    """Read a document from an untrusted file.

    Args:
        path: File to read.

    Raises:
        DocumentError: The file is missing, not a document of this program, damaged or malicious.
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
    """Return the identifier of the journal that continues from an autosave copy; empty where there is none.

    Raises:
        DocumentError: As in :func:`load_document`.
    """
    with open_guarded(path, MIMETYPE) as archive:
        return archive.read(_TOKEN, _MAX_TOKEN_BYTES).decode("ascii", "replace") if _TOKEN in archive else ""


def load_thumbnail(path: Path) -> Picture:
    """Read the thumbnail of a document, uint8 ``[h, w, 3]``, at most 256 pixels a side.

    Raises:
        DocumentError: As in :func:`load_document`.
    """
    with open_guarded(path, MIMETYPE) as archive:
        data = archive.read(THUMBNAIL, _MAX_THUMBNAIL_BYTES)
        return pictures.decode_picture(data, THUMBNAIL, pictures.THUMBNAIL_SIDE)


def is_document(path: Path) -> bool:
    """Return whether an archive contains a document, and not only the layers of another program.

    Raises:
        DocumentError: The file is missing, not an OpenRaster archive, damaged or malicious.
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
    """Verify that a new file can be opened, before it replaces the old one."""
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
