"""Export manifest ``manifest.json``: the order and the state of each picture, used to resume an export."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from PySide6.QtCore import QCoreApplication

from spade_studio.app.export.order import ExportOrder, ExportPicture
from spade_studio.engine.batch.plan import count_existing, missing_pictures
from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.labels.label_set import json_object, json_text, json_whole
from spade_studio.engine.pictures.provenance import Provenance

NAME = "manifest.json"
_FORMAT = 1
_MAX_BYTES = 256 << 20
State = Literal["waiting", "done", "failed"]


@dataclass(frozen=True)
class Entry:
    """State of one picture.

    Attributes:
        state: Whether the picture is waiting, done or failed.
        message: Error message of a failed picture.
        about: Provenance fields that the order does not contain.
    """

    state: State = "waiting"
    message: str = ""
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Manifest:
    """Export order with the state of each picture.

    Attributes:
        folder: Output folder.
        order: Order of the export.
        weights_sha256: SHA-256 of the weights.
        replacing: Whether the folder held pictures of another export at the start.
        entries: One entry per picture of the order.
        lost: Numbers of (done, missing) pictures of an unfinished export that this one would replace.
    """

    folder: Path
    order: ExportOrder
    weights_sha256: str
    replacing: bool
    entries: list[Entry]
    lost: tuple[int, int] = (0, 0)

    @classmethod
    def begin(cls, folder: Path, order: ExportOrder, weights_sha256: str) -> Manifest:
        """Return the manifest for starting or resuming an export in a folder.

        Args:
            folder: Output folder; need not exist.
            order: Order of the export.
            weights_sha256: SHA-256 of the weights.

        Raises:
            EngineError: The existing manifest is damaged.
        """
        pictures = order.pictures
        try:
            before = read_manifest(folder)
        except EngineError as error:
            raise EngineError(error.found, error.expected, "Choose another folder, or delete the manifest") from error
        if before is not None and before.is_same(order, weights_sha256):
            return before
        replacing = count_existing(pictures, folder) > 0
        missing = 0 if before is None else len(before.waiting)
        lost = (before.order.count - missing, missing) if before is not None and 0 < missing < before.order.count else (0, 0)
        return cls(folder, order, weights_sha256, replacing, [Entry() for _ in pictures], lost)

    def is_same(self, order: ExportOrder, weights_sha256: str) -> bool:
        """Whether this manifest belongs to exactly this export."""
        return weights_sha256 == self.weights_sha256 and fingerprint(order) == fingerprint(self.order)

    def copy(self) -> Manifest:
        """Return a snapshot for another thread to write."""
        return replace(self, entries=list(self.entries))

    @property
    def waiting(self) -> list[ExportPicture]:
        """Missing pictures, including failed ones."""
        return missing_pictures(self.order.pictures, self.folder, self._may_be_done)

    @property
    def failures(self) -> list[tuple[str, str]]:
        """(file, message) of each failed picture."""
        return [(p.file, entry.message) for p, entry in zip(self.order.pictures, self.entries, strict=True) if entry.state == "failed"]

    def _may_be_done(self, picture: ExportPicture) -> bool:
        # A picture written right before a crash may not be recorded yet.
        return self.entries[picture.index].state == "done" or not self.replacing

    def set_waiting(self, pictures: Collection[ExportPicture]) -> None:
        """Mark exactly these pictures as waiting."""
        missing = {picture.index for picture in pictures}
        for picture in self.order.pictures:
            if picture.index in missing:
                self.entries[picture.index] = Entry()
            elif self.entries[picture.index].state != "done":
                self.entries[picture.index] = Entry("done")

    def set_done(self, picture: ExportPicture, about: Provenance) -> None:
        """Mark a picture as done."""
        named = {
            "size": [about.picture_size[1], about.picture_size[0]],
            "device": about.device,
            "dtype": about.dtype,
            "modulation": about.modulation,
            "weights": about.weights_name,
            "torch": about.torch,
        }
        self.entries[picture.index] = Entry("done", "", named)

    def set_failed(self, picture: ExportPicture, message: str) -> None:
        """Mark a picture as failed."""
        self.entries[picture.index] = Entry("failed", message)

    def to_bytes(self) -> bytes:
        """Return the serialized manifest for :func:`write_manifest`."""
        pictures = [
            {"file": picture.file, "state": entry.state, **({"message": entry.message} if entry.message else {}), **entry.about}
            for picture, entry in zip(self.order.pictures, self.entries, strict=True)
        ]
        about = "Pictures of SPADE Studio. An export into this folder goes on where this says. PNGs: spade-render --from THIS.png"
        content = {
            "about": about,
            "format": _FORMAT,
            "weights_sha256": self.weights_sha256,
            "replacing": self.replacing,
            "pictures": pictures,
            "plan": self.order.to_json(),
        }
        return json.dumps(content, indent=1).encode()


def fingerprint(order: ExportOrder) -> str:
    """Return the SHA-256 of an order's JSON form."""
    return hashlib.sha256(json.dumps(order.to_json(), sort_keys=True).encode()).hexdigest()


def write_manifest(folder: Path, data: bytes) -> None:
    """Write a manifest atomically.

    Raises:
        OSError: The folder is missing or not writable, or the disk is full.
    """
    with atomic_writer(folder / NAME) as file:
        file.write(data)


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a folder.

    Returns:
        The manifest; None if the folder has none.

    Raises:
        EngineError: The manifest is damaged.
    """
    path = folder / NAME
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > _MAX_BYTES:
            raise EngineError(f"{path} is too large")
        data: object = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise EngineError(QCoreApplication.translate("Manifest", "{} cannot be read").format(path)) from error
    try:
        return _from_json(folder, data)
    except EngineError as error:
        raise EngineError(f"{path}: {error.found}", error.expected, error.action) from error


def _from_json(folder: Path, data: object) -> Manifest:
    names = {"about", "format", "weights_sha256", "replacing", "pictures", "plan"}
    content = json_object(data, "the manifest", required=names, optional=set())
    if json_whole(content["format"], "format") != _FORMAT:
        raise EngineError(f"format {content['format']}", str(_FORMAT), "It may come from a newer SPADE Studio")
    order = ExportOrder.from_json(content["plan"])
    pictures = content["pictures"]
    if not isinstance(pictures, list) or len(pictures) != order.count:
        raise EngineError("its pictures are not those of its plan")
    entries: list[Entry] = []
    extras = {"message", "size", "device", "dtype", "modulation", "weights", "torch"}
    for item, planned in zip(pictures, order.pictures, strict=True):
        picture = json_object(item, "a picture", required={"file", "state"}, optional=extras)
        if picture["file"] != planned.file or picture["state"] not in ("waiting", "done", "failed"):
            raise EngineError(f"the picture {str(picture['file'])[:80]!r} is not the plan's {planned.file!r}")
        about = {name: picture[name] for name in extras - {"message"} if name in picture}
        entries.append(Entry(cast("State", picture["state"]), json_text(picture.get("message", ""), "message"), about))
    return Manifest(folder, order, json_text(content["weights_sha256"], "weights_sha256"), bool(content["replacing"]), entries)
