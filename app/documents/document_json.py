"""JSON description inside a document, with all its data except pictures, validated field by field on reading."""

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
"""JSON strings, also unterminated ones, on which a failing match at every quote would take quadratic time in malicious files."""
_Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]


class UnderlayEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Display settings of the picture under the labels.

    Attributes:
        opacity: Opacity, 0..1.
        visible: Whether the picture is shown.
    """

    opacity: Annotated[float, Meta(ge=0, le=1)]
    visible: bool


class SnapshotEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Description of a snapshot, without its planes.

    Attributes:
        name: Name of at most :data:`MAX_NAME` printable characters.
        width, height: Size in pixels.
        instances: Whether there is a plane of object ids.
    """

    name: str
    width: _Side
    height: _Side
    instances: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name)


class Description(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Description of a document, without its planes.

    Attributes:
        format: Format name, :data:`FORMAT`.
        version: Version of the format, from 1.
        name: Name in the title bar, of at most :data:`MAX_NAME` printable characters.
        width, height: Size in pixels.
        label_set: Label set in the form of :meth:`LabelSet.from_json`.
        instances: Whether there is a plane of object ids.
        style: Style and seed as opaque JSON.
        underlay: Display settings of the picture under the labels; None where there is no picture.
        protected: Label values that strokes do not paint over.
        snapshots: Snapshots, whose unpacked planes take at most :data:`MAX_SNAPSHOT_BYTES` together.
        texture_regions: Whether there is a plane of texture regions.
        picture_size: Requested size of renders in the form of :func:`size_from_text`; None for the setting of the application.
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
        DocumentError: The style JSON could not be read back.
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
    """Return the JSON of a description; also called on reading, so that every document that opens can be saved.

    Raises:
        DocumentError: There are invalid Unicode texts or non-finite numbers, or the JSON is too large to be read back.
    """
    data = msgspec.to_builtins(description) | {"protected": sorted(description.protected)}
    for name in ("texture_regions", "picture_size"):  # older versions can open documents without them
        if not data[name]:
            del data[name]
    try:
        content = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:  # includes UnicodeEncodeError
        found = f"the description in {where} cannot be saved ({str(error)[:200]})"
        raise DocumentError(found, "texts of Unicode, finite numbers") from error
    if len(content) > MAX_JSON_BYTES:
        raise DocumentError(f"the description in {where} takes {len(content):,} bytes when it is saved", f"at most {MAX_JSON_BYTES:,}")
    return content


def parse(content: bytes, where: str) -> Description:
    """Parse untrusted JSON.

    Args:
        content: UTF-8 encoded JSON.
        where: Name of the file in error messages.

    Raises:
        DocumentError: The content is too large, too deeply nested, not JSON or of a newer version, or has missing, unknown or
            out-of-range fields.
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
