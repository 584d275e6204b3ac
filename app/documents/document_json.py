"""The JSON inside a document: what is no picture, checked entry by entry when it comes back."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from msgspec import Meta, Struct

from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.model.picture_size import size_from_text, size_to_text
from spade_studio.app.model.state import MAX_NAME, MAX_SNAPSHOT_BYTES, MAX_SNAPSHOTS, DocumentState, snapshot_bytes
from spade_studio.engine.checked_json import checked
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.pictures.png import MAX_SIDE

FORMAT = "spade-studio document"
VERSION = 1
MAX_JSON_BYTES = 4 << 20
MAX_JSON_DEPTH = 24
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""Also one that never ends: failing at it, and again at every quote in it, would take hours for a description of hostile make."""
_Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]


class UnderlayEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """How the picture under the labels is shown.

    Attributes:
        opacity: 0 to 1.
        visible: Whether it is shown.
    """

    opacity: Annotated[float, Meta(ge=0, le=1)]
    visible: bool


class SnapshotEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A snapshot without its planes.

    Attributes:
        name: At most :data:`MAX_NAME` printable characters.
        width, height: In pixels.
        instances: Whether there is an instance plane.
    """

    name: str
    width: _Side
    height: _Side
    instances: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name)


class Description(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the JSON says, without the planes.

    Attributes:
        format: :data:`FORMAT`.
        version: Of the format.
        name: As in :class:`DocumentState`.
        width, height: In pixels.
        label_set: As :meth:`LabelSet.from_json` takes it.
        instances: Whether there is an instance plane.
        style: As in the state.
        underlay: None where there is none.
        protected: As in the state.
        snapshots: Each may be as large as a document, but not a hundred of them: as PNGs they are next to nothing.
        texture_regions: Whether there is a plane of them.
        picture_size: As :func:`size_from_text` takes it; None for that of the settings.
    """

    format: Literal["spade-studio document"]
    version: Annotated[int, Meta(ge=1)]
    name: str
    width: _Side
    height: _Side
    label_set: dict[str, Any]
    instances: bool = False
    style: dict[str, Any] = {}
    underlay: UnderlayEntry | None = None
    protected: Annotated[frozenset[Annotated[int, Meta(ge=0, le=255)]], Meta(max_length=256)] = frozenset()
    snapshots: Annotated[tuple[SnapshotEntry, ...], Meta(max_length=MAX_SNAPSHOTS)] = ()
    texture_regions: bool = False
    picture_size: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        memory = sum(snapshot_bytes(one.height * one.width, has_instances=one.instances) for one in self.snapshots)
        if memory > MAX_SNAPSHOT_BYTES:
            raise DocumentError(f"the snapshots unpack to {memory:,} bytes", f"at most {MAX_SNAPSHOT_BYTES:,}")
        if self.picture_size is not None and size_from_text(self.picture_size) is None:
            expected = f"training, automatic, layout, or sides of 1 to {MAX_SIDE} pixels, as 768x512"
            raise DocumentError(f"the size of pictures is {self.picture_size[:40]!r}", expected)


def to_json(state: DocumentState) -> bytes:
    """Return the JSON of a document, at most 4 MiB.

    Raises:
        DocumentError: Style JSON that would not be read back.
    """
    size, underlay = state.picture_size, state.underlay
    description = Description(
        format=FORMAT,
        version=VERSION,
        name=state.name,
        width=state.size[1],
        height=state.size[0],
        label_set=state.label_set.to_json(),
        instances=state.instances is not None,
        style=dict(state.style),
        underlay=None if underlay is None else UnderlayEntry(underlay.opacity, underlay.visible),
        protected=state.protected,
        snapshots=tuple(
            SnapshotEntry(one.name, one.labels.shape[1], one.labels.shape[0], one.instances is not None) for one in state.snapshots
        ),
        texture_regions=state.texture_regions is not None,
        picture_size=None if size is None else size_to_text(size),
    )
    content = _written(description, "the document")
    parse(content, "the document")
    return content


def _written(description: Description, where: str) -> bytes:
    """Return the JSON of a description. All that is read passes here too, so that what opens can be saved.

    Raises:
        DocumentError: Texts that are no Unicode, numbers that are not finite, or more than may be read back.
    """
    data = msgspec.to_builtins(description) | {"protected": sorted(description.protected)}
    for name in ("texture_regions", "picture_size"):  # older versions open what has none
        if not data[name]:
            del data[name]
    try:
        content = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:  # of which errors of encodings are a kind
        found = f"the description in {where} cannot be saved ({str(error)[:200]})"
        raise DocumentError(found, "texts of Unicode, finite numbers") from error
    if len(content) > MAX_JSON_BYTES:
        raise DocumentError(f"the description in {where} takes {len(content):,} bytes when it is saved", f"at most {MAX_JSON_BYTES:,}")
    return content


def parse(content: bytes, where: str) -> Description:
    """Read JSON that may come from anywhere.

    Args:
        content: UTF-8.
        where: What to call the file in messages.

    Raises:
        DocumentError: Too large, too deep, no JSON, of a newer version, or entries that are missing, unknown or out of range.
    """
    data = _load(content, where)
    if isinstance(data, dict) and data.get("format") == FORMAT and isinstance(data.get("version"), int) and data["version"] > VERSION:
        raise DocumentError(f"{where} was written by a newer SPADE Studio", f"format {VERSION} or older", "Update SPADE Studio")
    try:
        description = checked(data, Description, "the description")
        LabelSet.from_json(description.label_set)
        _written(description, where)
        return description
    except DocumentError:
        raise
    except EngineError as error:
        raise DocumentError(f"{where}: {error.found}", error.expected, error.action) from error


def _load(content: bytes, where: str) -> object:
    if len(content) > MAX_JSON_BYTES:
        raise DocumentError(f"the description in {where} has {len(content):,} bytes", f"at most {MAX_JSON_BYTES:,}")
    depth = deepest = 0
    for bracket in re.findall(rb"[\[\]{}]", _STRINGS.sub(b"", content)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_JSON_DEPTH:
        raise DocumentError(f"the description in {where} is nested {deepest:,} deep", f"at most {MAX_JSON_DEPTH}")
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"the description in {where} is no JSON ({str(error)[:200]})", "a JSON object") from error


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _check_name(name: str) -> None:
    if len(name) > MAX_NAME or not name.isprintable():
        raise DocumentError(f"the name is {name[:40]!r}", f"at most {MAX_NAME} printable characters")
