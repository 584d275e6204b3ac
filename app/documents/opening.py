"""Reading of files of any kind: documents, layers of other programs, and label maps with their interpretations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spade_studio.app.documents import archive
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.model.state import DocumentState
from spade_studio.engine.file_kinds import kind_of
from spade_studio.engine.labels import LabelSet, built_in_label_sets, load_label_set

if TYPE_CHECKING:
    from spade_studio.app.documents.layer_import import ReadLayers
    from spade_studio.engine.pictures.map_readings import Readings

_SUFFIX = archive.SUFFIX
_WEIGHTS_HINT = "Open it with File > Weights, or drop it on the window"


def can_open(path: Path) -> bool:
    """Return whether a file appears to be a document or a label map."""
    return kind_of(path) in ("document", "png") or (path.suffix.lower() == _SUFFIX and path.is_file())


def read(path: Path, own: LabelSet) -> DocumentState | ReadLayers | Readings:
    """Read an untrusted file, whose kind is determined from its contents instead of its suffix.

    Args:
        path: File to read.
        own: Label set that is preferred where several fit.

    Raises:
        DocumentError: The file is missing, neither a document nor a label map, damaged or malicious.
        LabelError: The picture is not a label map.
    """
    kind = kind_of(path)
    if kind == "weights":
        raise DocumentError(f"{path.name} holds weights", "a document (.ora) or a label map (PNG)", _WEIGHTS_HINT)
    if kind not in ("document", "zip") and path.suffix.lower() != _SUFFIX:
        from spade_studio.engine.pictures.label_maps import read_label_picture
        from spade_studio.engine.pictures.map_readings import readings

        return readings(read_label_picture(path), own)
    if archive.is_document(path):
        return archive.load_document(path)
    from spade_studio.app.documents.layer_import import read_layers

    others = [load_label_set(name) for name in built_in_label_sets()]
    return read_layers(path, [own, *(other for other in others if other.name != own.name)])
