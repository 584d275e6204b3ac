"""Sources of styles other than seeds: the user's reference photographs, stored in a folder, and the built-in styles."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

import numpy as np

from spade_studio.app.documents.errors import save_error
from spade_studio.app.styles import pictures
from spade_studio.app.styles.pictures import Picture
from spade_studio.app.styles.style import Style
from spade_studio.app.styles.style_json import MAX_PICTURE_BYTES, tidy
from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer, open_regular
from spade_studio.engine.style import StyleCode

MAX_REFERENCES = 100
_MAX_LABEL_BYTES = 1024


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference photograph, whose style can be taken.

    Attributes:
        jpeg: Photograph as a small JPEG.
        label: Display name.
        picture: Decoded photograph, uint8 ``[h, w, 3]``.
    """

    jpeg: bytes
    label: str
    picture: Picture


@dataclass(frozen=True, eq=False)
class BuiltIn:
    """A bundled style.

    Attributes:
        name: English name.
        code: Style code, float32 ``[z]``.
        weights: SHA-256 of the weights that the code belongs to.
        picture: Picture rendered by those weights, uint8 ``[h, w, 3]``, from which other weights can encode the style.
    """

    name: str
    code: StyleCode
    weights: str
    picture: Picture

    @cached_property
    def jpeg(self) -> bytes:
        """The picture as a small JPEG, as styles store it."""
        return pictures.encode(self.picture)

    def gives(self, style: Style) -> bool:
        """Return whether a style is this one, at any strength, with any texture, and as encoded by any weights."""
        if style.origin == "built-in" and style.label == self.name:
            return True
        return style.code is not None and np.array_equal(style.code, self.code)


Choice = Style | Reference | BuiltIn
"""The source of a style that the user can choose."""


class Shelf:
    """The user's references, newest first.

    Args:
        folder: Folder of the references; it need not exist, and its files are not trusted.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._references: list[Reference] | None = None

    @property
    def references(self) -> Sequence[Reference]:
        """The references, read from disk at the first access."""
        if self._references is None:
            self._references = self._read()
        return self._references

    def add(self, jpeg: bytes, label: str) -> Reference:
        """Add a photograph; beyond the maximum number the oldest are removed, and one that is already present moves to the front.

        Args:
            jpeg: Photograph as :func:`pictures.encode` returns it.
            label: Display name.

        Raises:
            SaveError: The folder cannot be written; the photograph stays usable for this session.
            StyleError: ``jpeg`` is not a picture of that form.
        """
        reference = Reference(jpeg, tidy(label), pictures.decode(jpeg))
        others = [other for other in self.references if other.jpeg != jpeg]
        self._references = [reference, *others[: MAX_REFERENCES - 1]]
        for left_over in others[MAX_REFERENCES - 1 :]:
            self._delete(left_over)
        path = self._path(reference)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with atomic_writer(path.with_suffix(".txt")) as file:
                file.write(reference.label.encode("utf-8", "replace")[:_MAX_LABEL_BYTES])
            with atomic_writer(path) as file:
                file.write(jpeg)
        except OSError as error:
            raise save_error(path, error) from error
        return reference

    def remove(self, reference: Reference) -> int:
        """Remove a photograph, including its file, and return its index."""
        place = next((index for index, one in enumerate(self.references) if one is reference), 0)
        self._references = [other for other in self.references if other is not reference]
        self._delete(reference)
        return place

    def put_back(self, reference: Reference, place: int) -> None:
        """Restore a removed photograph at an index.

        Raises:
            SaveError: The folder cannot be written; the photograph stays usable for this session.
        """
        self.add(reference.jpeg, reference.label)
        others = [other for other in self.references if other.jpeg != reference.jpeg]
        self._references = [*others[:place], reference, *others[place:]]

    def _read(self) -> list[Reference]:
        try:
            paths = sorted(self._folder.glob("*.jpg"), key=lambda path: -path.stat().st_mtime_ns)[:MAX_REFERENCES]
        except OSError:
            return []
        found: list[Reference] = []
        for path in paths:
            with suppress(OSError, EngineError):
                if path.is_file() and path.stat().st_size <= MAX_PICTURE_BYTES:
                    jpeg = path.read_bytes()
                    found.append(Reference(jpeg, _read_label(path.with_suffix(".txt")), pictures.decode(jpeg)))
        return found

    def _path(self, reference: Reference) -> Path:
        return self._folder / f"{hashlib.sha256(reference.jpeg).hexdigest()[:32]}.jpg"

    def _delete(self, reference: Reference) -> None:
        path = self._path(reference)
        with suppress(OSError):
            path.unlink(missing_ok=True)
            path.with_suffix(".txt").unlink(missing_ok=True)


def _read_label(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return tidy(file.read(_MAX_LABEL_BYTES).decode("utf-8", "replace"))
    except OSError:
        return ""


@cache
def built_in_styles() -> tuple[BuiltIn, ...]:
    """Return the bundled styles, which ``packaging/make_styles.py`` makes."""
    folder = resources.files("spade_studio.resources") / "styles"
    try:
        data = json.loads((folder / "styles.json").read_bytes())
    except FileNotFoundError:
        return ()
    return tuple(
        BuiltIn(
            entry["name"],
            np.frombuffer(b64decode(entry["code"]), "<f2").astype(np.float32),
            data["weights_sha256"],
            pictures.decode((folder / entry["picture"]).read_bytes(), ("PNG",)),
        )
        for entry in data["styles"]
    )
