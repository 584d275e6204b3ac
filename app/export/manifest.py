"""The file ``manifest.json`` beside exported pictures: the order and what is done of it, for exports to resume from."""

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
    """What became of one picture.

    Attributes:
        state: Whether it is there.
        message: Why it failed.
        about: How it was rendered, without what the order says already.
    """

    state: State = "waiting"
    message: str = ""
    about: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Manifest:
    """An export and how far it is.

    Attributes:
        folder: Of the pictures.
        order: What the export makes.
        weights_sha256: Of the weights that render it; empty until the first picture.
        replacing: Whether pictures were there before that are none of this export's.
        entries: One for each picture of the order.
        lost: How many pictures are there, and how many are missing, of an export that was begun here and that this one would replace.
    """

    folder: Path
    order: ExportOrder
    weights_sha256: str
    replacing: bool
    entries: list[Entry]
    lost: tuple[int, int] = (0, 0)

    @classmethod
    def begin(cls, folder: Path, order: ExportOrder, weights_sha256: str) -> Manifest:
        """Return the manifest of an export that begins, or goes on, in a folder.

        Args:
            folder: Need not exist.
            order: What the export makes.
            weights_sha256: Of the weights that will render it.

        Raises:
            EngineError: the manifest that lies there is damaged.
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
        """Whether it is the manifest of just this export."""
        return weights_sha256 == self.weights_sha256 and fingerprint(order) == fingerprint(self.order)

    def copy(self) -> Manifest:
        """Return what it says now, for another thread to write."""
        return replace(self, entries=list(self.entries))

    @property
    def waiting(self) -> list[ExportPicture]:
        """The pictures that are missing, those that failed among them."""
        return missing_pictures(self.order.pictures, self.folder, self._may_be_done)

    @property
    def failures(self) -> list[tuple[str, str]]:
        """(file, why) of what failed."""
        return [(p.file, entry.message) for p, entry in zip(self.order.pictures, self.entries, strict=True) if entry.state == "failed"]

    def _may_be_done(self, picture: ExportPicture) -> bool:
        # A picture that was written right before a crash may not be noted yet.
        return self.entries[picture.index].state == "done" or not self.replacing

    def set_waiting(self, pictures: Collection[ExportPicture]) -> None:
        """Note that just these pictures are missing."""
        missing = {picture.index for picture in pictures}
        for picture in self.order.pictures:
            if picture.index in missing:
                self.entries[picture.index] = Entry()
            elif self.entries[picture.index].state != "done":
                self.entries[picture.index] = Entry("done")

    def set_done(self, picture: ExportPicture, about: Provenance) -> None:
        """Note that a picture is written."""
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
        """Note why a picture is missing."""
        self.entries[picture.index] = Entry("failed", message)

    def to_bytes(self) -> bytes:
        """Return what :func:`write_manifest` writes."""
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
    """Return the SHA-256 of all that an order says."""
    return hashlib.sha256(json.dumps(order.to_json(), sort_keys=True).encode()).hexdigest()


def write_manifest(folder: Path, data: bytes) -> None:
    """Write a manifest; an older one stays until this one is whole.

    Raises:
        OSError: the folder is missing or may not be written, or the disk is full.
    """
    with atomic_writer(folder / NAME) as file:
        file.write(data)


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a folder.

    Returns:
        None where there is none.

    Raises:
        EngineError: it is damaged.
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
