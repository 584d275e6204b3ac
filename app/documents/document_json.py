"""The JSON inside a document: what is no picture, checked entry by entry when it comes back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, cast

from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.model.picture_size import size_from_text, size_to_text
from spade_studio.app.model.state import MAX_NAME, MAX_SNAPSHOT_BYTES, MAX_SNAPSHOTS, DocumentState, Json, snapshot_bytes
from spade_studio.engine.errors import EngineError
from spade_studio.engine.labels import LabelSet
from spade_studio.engine.labels.label_set import json_object, json_text, json_whole
from spade_studio.engine.pictures.png import MAX_SIDE
from spade_studio.engine.rendering.frame_sizes import SizeWish

FORMAT = "spade-studio document"
VERSION = 1
MAX_JSON_BYTES = 4 << 20
MAX_JSON_DEPTH = 24
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
"""Also one that never ends: failing at it, and again at every quote in it, would take hours for a description of hostile make."""
_REQUIRED = {"format", "version", "name", "width", "height", "label_set"}
_OPTIONAL = {"instances", "style", "underlay", "protected", "snapshots", "texture_regions", "picture_size"}


@dataclass(frozen=True)
class Description:
    """What the JSON says, without the planes.

    Attributes:
        name: As in :class:`DocumentState`.
        size: (height, width).
        label_set: As in the state.
        has_instances: Whether there is an instance plane.
        style: As in the state.
        underlay: (opacity, visible), or None where there is none.
        protected: As in the state.
        snapshots: Name, (height, width) and whether it has an instance plane, for each.
        has_texture_regions: Whether there is a plane of them.
        picture_size: As in the state.
    """

    name: str
    size: tuple[int, int]
    label_set: LabelSet
    has_instances: bool
    style: Mapping[str, Json]
    underlay: tuple[float, bool] | None
    protected: frozenset[int]
    snapshots: tuple[tuple[str, tuple[int, int], bool], ...]
    has_texture_regions: bool = False
    picture_size: SizeWish | None = None


def to_json(state: DocumentState) -> bytes:
    """Return the JSON of a document, at most 4 MiB.

    Raises:
        DocumentError: Style JSON that would not be read back.
    """
    description = Description(
        name=state.name,
        size=state.size,
        label_set=state.label_set,
        has_instances=state.instances is not None,
        style=state.style,
        underlay=None if state.underlay is None else (state.underlay.opacity, state.underlay.visible),
        protected=state.protected,
        snapshots=tuple((one.name, (one.labels.shape[0], one.labels.shape[1]), one.instances is not None) for one in state.snapshots),
        has_texture_regions=state.texture_regions is not None,
        picture_size=state.picture_size,
    )
    content = _written(description, "the document")
    parse(content, "the document")
    return content


def _written(description: Description, where: str) -> bytes:
    """Return the JSON of a description. All that is read passes here too, so that what opens can be saved.

    Raises:
        DocumentError: Texts that are no Unicode, numbers that are not finite, or more than may be read back.
    """
    height, width = description.size
    data: dict[str, object] = {
        "format": FORMAT,
        "version": VERSION,
        "name": description.name,
        "width": width,
        "height": height,
        "label_set": description.label_set.to_json(),
        "instances": description.has_instances,
        "style": description.style,
        "underlay": description.underlay and {"opacity": description.underlay[0], "visible": description.underlay[1]},
        "protected": sorted(description.protected),
        "snapshots": [_snapshot_json(*snapshot) for snapshot in description.snapshots],
    }
    if description.has_texture_regions:  # older versions open what has none
        data["texture_regions"] = True
    if description.picture_size is not None:
        data["picture_size"] = size_to_text(description.picture_size)
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
        description = _describe(data)
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


def _describe(data: object) -> Description:
    entries = json_object(data, "the description", required=_REQUIRED, optional=_OPTIONAL)
    if entries["format"] != FORMAT:
        raise DocumentError(f"the description is of the format {str(entries['format'])[:60]!r}", repr(FORMAT))
    if json_whole(entries["version"], "version") < 1:
        raise DocumentError(f"the description is of version {entries['version']}", "1 or more")
    size = _side(entries["height"], "height"), _side(entries["width"], "width")
    protected = [json_whole(value, "a protected label") for value in _list(entries.get("protected", []), "protected", 256)]
    if any(not 0 <= value <= 255 for value in protected):
        raise DocumentError("a protected label is out of range", "0 to 255")
    style = entries.get("style", {})
    if not isinstance(style, dict):
        raise DocumentError("the style is no JSON object", "a JSON object")
    return Description(
        name=_name(entries["name"], "the document's name"),
        size=size,
        label_set=LabelSet.from_json(entries["label_set"]),
        has_instances=_flag(entries.get("instances", False), "instances"),
        style=cast("dict[str, Json]", style),
        underlay=_underlay(entries.get("underlay")),
        protected=frozenset(protected),
        snapshots=_snapshots(entries.get("snapshots", [])),
        has_texture_regions=_flag(entries.get("texture_regions", False), "texture_regions"),
        picture_size=_size(entries["picture_size"]) if "picture_size" in entries else None,
    )


def _underlay(data: object) -> tuple[float, bool] | None:
    if data is None:
        return None
    entries = json_object(data, "the underlay", required={"opacity", "visible"}, optional=set())
    opacity = entries["opacity"]
    if isinstance(opacity, bool) or not isinstance(opacity, int | float) or not 0 <= opacity <= 1:
        raise DocumentError("the underlay's opacity is out of range", "0 to 1")
    return float(opacity), _flag(entries["visible"], "visible")


def _snapshot_json(name: str, size: tuple[int, int], has_instances: bool) -> dict[str, object]:
    return {"name": name, "width": size[1], "height": size[0], "instances": has_instances}


def _snapshots(data: object) -> tuple[tuple[str, tuple[int, int], bool], ...]:
    """Each may be as large as a document, but not a hundred of them: as PNGs they are next to nothing."""
    found = tuple(_snapshot(item) for item in _list(data, "snapshots", MAX_SNAPSHOTS))
    memory = sum(snapshot_bytes(height * width, has_instances=has_instances) for _, (height, width), has_instances in found)
    if memory > MAX_SNAPSHOT_BYTES:
        raise DocumentError(f"the snapshots unpack to {memory:,} bytes", f"at most {MAX_SNAPSHOT_BYTES:,}")
    return found


def _snapshot(data: object) -> tuple[str, tuple[int, int], bool]:
    entries = json_object(data, "a snapshot", required={"name", "width", "height"}, optional={"instances"})
    size = _side(entries["height"], "height"), _side(entries["width"], "width")
    return _name(entries["name"], "a snapshot's name"), size, _flag(entries.get("instances", False), "a snapshot's instances")


def _name(value: object, what: str) -> str:
    text = json_text(value, what)
    if len(text) > MAX_NAME or not text.isprintable():
        raise DocumentError(f"{what} is {text[:40]!r}", f"at most {MAX_NAME} printable characters")
    return text


def _side(value: object, what: str) -> int:
    side = json_whole(value, what)
    if not 1 <= side <= MAX_SIDE:
        raise DocumentError(f"the {what} is {side}", f"1 to {MAX_SIDE}")
    return side


def _size(value: object) -> SizeWish:
    text = json_text(value, "picture_size")
    if (size := size_from_text(text)) is None:
        expected = f"training, automatic, layout, or sides of 1 to {MAX_SIDE} pixels, as 768x512"
        raise DocumentError(f"the size of pictures is {text[:40]!r}", expected)
    return size


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise DocumentError(f"{what} is of type {type(value).__name__}", "true or false")
    return value


def _list(value: object, what: str, longest: int) -> list[object]:
    if not isinstance(value, list) or len(value) > longest:
        found = f"{len(value):,} {what}" if isinstance(value, list) else f"{what} of type {type(value).__name__}"
        raise DocumentError(f"the document has {found}", f"a list of at most {longest}")
    return cast("list[object]", value)
