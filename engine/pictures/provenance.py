"""The provenance in rendered PNGs, from which they can be rendered again: layout, style, weights and computation, no paths."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.detail.levels import LEVELS, DetailLevel
from spade_studio.engine.errors import EngineError, LabelError
from spade_studio.engine.files import open_regular
from spade_studio.engine.labels.label_set import json_object, json_seed, json_text, json_whole
from spade_studio.engine.pictures.packing import pack_plane, pack_style, unpack_plane, unpack_style
from spade_studio.engine.pictures.photographs import rgb_over_ground
from spade_studio.engine.pictures.png import DAMAGE, MAX_SIDE, open_picture
from spade_studio.engine.weights.info import PublishedOptions

KEYWORD: Final = "spade-studio"
_LABELS, _INSTANCES, _REGIONS = f"{KEYWORD}-labels", f"{KEYWORD}-instances", f"{KEYWORD}-texture-regions"
_FORMAT = 3
_RESULT_FORMAT = 2  # of pictures whose texture has no regions, which older versions read
_PLAIN_FORMAT = 1  # of those that are also the generator's as they came
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 100
_MAX_JSON = 1 << 20
# Pillow refuses files with more than 64 MiB of text.
_MAX_TEXT = 60 << 20
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "dtype": ("float32", "bfloat16", "float16"),
    "modulation": ("fast", "dense"),
    "detail": LEVELS,
}
_REQUIRED = {"format", "version", "width", "height", "z", "device", "dtype", "modulation", "weights", "weights_sha256", "labels"}
_RESULT = {"result_width", "result_height", "detail", "detail_name", "detail_sha256"}
_OPTIONAL = {"torch", "device_name", "label_set", "seed", "texture", "truncation", "options", "about", *_RESULT}


@dataclass(frozen=True, eq=False)
class Provenance:
    """The provenance of a picture.

    Attributes:
        labels: Ids of the weights' label set at the size of the generator's picture, uint8 [H, W].
        instances: Instance ids, uint16 [H, W]; None where the labels take their place.
        z: Style code, float32 [z]; None for weights without style.
        device: Device, such as ``cpu`` or ``cuda:0``.
        device_name: Name of the GPU, or instruction set of the CPU.
        dtype: Compute type.
        modulation: Modulation path, ``fast`` or ``dense``.
        weights_name: Name of the weights.
        weights_sha256: SHA-256 of the weights file.
        label_set: Name of the weights' label set; may be empty.
        label_names: Names of the ids in ``labels``, where they have names.
        version: Version of SPADE Studio.
        torch: Version of torch.
        seed: Seed of ``z``, informative.
        truncation: Factor in ``z``, informative.
        texture: Seed of the noise, for weights with textures.
        texture_regions: Regions with seeds of their own, uint16 [H, W], see :meth:`Renderer.set_texture`; None for none.
        options: Options with which published weights were read.
        result: (height, width) of the result; that of the generator's picture where None.
        detail: Level of detail.
        detail_name: Name of the level's upscaler; empty for ``none``.
        detail_sha256: SHA-256 of the upscaler's file; empty for ``none``.
    """

    labels: NDArray[np.uint8]
    instances: NDArray[np.uint16] | None
    z: NDArray[np.float32] | None
    device: str
    device_name: str
    dtype: str
    modulation: Literal["fast", "dense"]
    weights_name: str
    weights_sha256: str
    label_set: str
    label_names: Mapping[int, str]
    version: str
    torch: str = ""
    seed: int | None = None
    truncation: float = 1.0
    options: PublishedOptions = field(default_factory=PublishedOptions)
    result: tuple[int, int] | None = None
    detail: DetailLevel = "none"
    detail_name: str = ""
    detail_sha256: str = ""
    texture: int = 0
    texture_regions: NDArray[np.uint16] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the generator's picture."""
        height, width = self.labels.shape
        return height, width

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) of the result."""
        return self.result or self.size


def pack_layout(
    labels: NDArray[np.uint8], instances: NDArray[np.uint16] | None, texture_regions: NDArray[np.uint16] | None = None
) -> dict[str, str]:
    """Return the text chunks of a layout and its texture regions, the same for all variations.

    Raises:
        LabelError: the layout is too large after compression.
    """
    entries = {_LABELS: pack_plane(labels)}
    if instances is not None:
        entries[_INSTANCES] = pack_plane(instances)
    if texture_regions is not None:
        entries[_REGIONS] = pack_plane(texture_regions)
    if sum(map(len, entries.values())) > _MAX_TEXT:
        raise LabelError("the layout is too irregular to be carried in a PNG", "areas rather than noise", "Use --format webp")
    return entries


def pack_settings(provenance: Provenance) -> dict[str, str]:
    """Return the text chunk of everything but the layout."""
    settings: dict[str, Any] = {
        "about": "Render this picture again with: spade-render --from THIS.png --output FOLDER",
        "format": _format_of(provenance),
        "version": provenance.version,
        "torch": provenance.torch,
        "width": provenance.size[1],
        "height": provenance.size[0],
        "z": None if provenance.z is None else pack_style(provenance.z),
        "seed": provenance.seed,
        "truncation": provenance.truncation,
        **({"texture": provenance.texture} if provenance.texture else {}),
        "device": provenance.device,
        "device_name": provenance.device_name,
        "dtype": provenance.dtype,
        "modulation": provenance.modulation,
        "weights": provenance.weights_name,
        "weights_sha256": provenance.weights_sha256,
        "label_set": provenance.label_set,
        "labels": {str(id_): name for id_, name in provenance.label_names.items()},
        "options": provenance.options.to_json(),
    }
    if provenance.result is not None:
        settings |= {
            "result_width": provenance.result[1],
            "result_height": provenance.result[0],
            "detail": provenance.detail,
            "detail_name": provenance.detail_name,
            "detail_sha256": provenance.detail_sha256,
        }
    return {KEYWORD: json.dumps(settings, allow_nan=False), "Software": f"SPADE Studio {provenance.version}"}


def _format_of(provenance: Provenance) -> int:
    """Return the oldest format that says all of it."""
    if provenance.texture_regions is not None:
        return _FORMAT
    return _PLAIN_FORMAT if provenance.result is None else _RESULT_FORMAT


def has_provenance(path: Path) -> bool:
    """Return whether a file is a PNG with provenance, from its chunk headers; nothing is decoded."""
    try:
        with open_regular(path) as file:
            if file.read(len(_PNG_SIGNATURE)) != _PNG_SIGNATURE:
                return False
            for _ in range(_MAX_CHUNKS):
                head = file.read(8)
                if len(head) < 8 or head[4:] in (b"IDAT", b"IEND"):
                    return False
                start = file.read(min(len(KEYWORD) + 1, int.from_bytes(head[:4], "big")))
                if head[4:] == b"tEXt" and start == f"{KEYWORD}\0".encode():
                    return True
                file.seek(int.from_bytes(head[:4], "big") - len(start) + 4, 1)
    except OSError:
        pass
    return False


def read_provenance(path: Path) -> tuple[Provenance, NDArray[np.uint8]]:
    """Read a PNG with provenance.

    Returns:
        Provenance, and pixels, uint8 [H, W, 3].

    Raises:
        LabelError: not such a PNG, or one that is damaged or whose provenance is invalid.
    """
    with _described(path) as (provenance, image):
        return provenance, rgb_over_ground(image)


def read_record(path: Path) -> Provenance:
    """As :func:`read_provenance`, without the pixels."""
    with _described(path) as (provenance, _):
        return provenance


@contextmanager
def _described(path: Path) -> Generator[tuple[Provenance, Image.Image]]:
    expected = "a PNG rendered by SPADE Studio"
    if not path.is_file():
        raise LabelError(f"{path}: there is no such file", expected)
    try:
        with open_regular(path) as file, open_picture(file, ("PNG",)) as image:
            if max(image.size) > MAX_SIDE:
                raise LabelError(f"{path} has {image.width} x {image.height} pixels", f"at most {MAX_SIDE} on each side")
            # Text that stands before the pixels is read by now; ours does.
            texts = {str(key): str(value) for key, value in image.info.items() if isinstance(value, str)}
            if KEYWORD not in texts:
                raise LabelError(f"{path} does not say how it was rendered", expected, "Programs that edit or convert pictures drop this")
            provenance = _parse(texts, str(path))
            if image.size != provenance.picture_size[::-1] or image.mode != "RGB":
                raise LabelError(f"{path} is not the picture that it describes", expected)
            yield provenance, image
    except DAMAGE as error:
        raise LabelError(f"{path} cannot be read as a PNG", expected) from error


def _parse(texts: Mapping[str, str], where: str) -> Provenance:
    try:
        if len(texts[KEYWORD]) > _MAX_JSON:
            raise LabelError("its description is too long")
        try:
            data: object = json.loads(texts[KEYWORD])
        except (ValueError, RecursionError) as error:
            raise LabelError("its description is not JSON") from error
        entries = json_object(data, "its description", required=_REQUIRED, optional=_OPTIONAL)
        found = json_whole(entries["format"], "format")
        if found not in (_PLAIN_FORMAT, _RESULT_FORMAT, _FORMAT):
            raise LabelError(f"its description has format {found}", f"{_FORMAT}", "It may come from a newer SPADE Studio")
        said = entries.keys() & _RESULT
        if said not in {_PLAIN_FORMAT: (set(),), _RESULT_FORMAT: (_RESULT,), _FORMAT: (set(), _RESULT)}[found]:
            expected = f"{', '.join(sorted(_RESULT))} with format {_RESULT_FORMAT}"
            raise LabelError(f"its description of format {found} is not whole", expected)
        if (found == _FORMAT) != (_REGIONS in texts):
            raise LabelError(f"its description of format {found} is not whole", f"regions of the texture with format {_FORMAT}")
        return _from_entries(entries, texts)
    except EngineError as error:
        raise LabelError(f"{where}: {error.found}", error.expected, error.action) from error


def _from_entries(entries: Mapping[str, object], texts: Mapping[str, str]) -> Provenance:
    width, height = (_whole(entries, name, 1, MAX_SIDE) for name in ("width", "height"))
    if _LABELS not in texts:
        raise LabelError("the layout is missing")
    instances, regions = (
        unpack_plane(texts[name], "<u2", height, width).astype(np.uint16) if name in texts else None for name in (_INSTANCES, _REGIONS)
    )
    sha256, detail_sha256 = _short_text(entries, "weights_sha256"), _short_text(entries, "detail_sha256")
    detail = cast("Any", _choice(entries, "detail")) if "detail" in entries else "none"
    for name, value in (("weights_sha256", sha256), ("detail_sha256", detail_sha256)):
        if not re.fullmatch("[0-9a-f]{64}", value) and not (name == "detail_sha256" and detail == "none" and not value):
            raise LabelError(f"{name} is no SHA-256")
    result = None
    if "result_width" in entries:
        result = _whole(entries, "result_height", 1, MAX_SIDE), _whole(entries, "result_width", 1, MAX_SIDE)
    return Provenance(
        labels=unpack_plane(texts[_LABELS], "u1", height, width).astype(np.uint8),
        instances=instances,
        z=None if entries["z"] is None else unpack_style(json_text(entries["z"], "z")),
        device=_short_text(entries, "device"),
        device_name=_short_text(entries, "device_name"),
        dtype=_choice(entries, "dtype"),
        modulation=cast("Any", _choice(entries, "modulation")),
        weights_name=_short_text(entries, "weights"),
        weights_sha256=sha256,
        label_set=_short_text(entries, "label_set"),
        label_names=_names(entries["labels"]),
        version=_short_text(entries, "version"),
        torch=_short_text(entries, "torch"),
        seed=None if (seed := entries.get("seed")) is None or isinstance(seed, bool) or not isinstance(seed, int) else seed,
        truncation=_number(entries.get("truncation", 1.0), "truncation", 0, 10),
        options=PublishedOptions.from_json(entries.get("options", {})),
        result=result,
        detail=detail,
        detail_name=_short_text(entries, "detail_name"),
        detail_sha256=detail_sha256,
        texture=json_seed(entries["texture"], "texture") if "texture" in entries else 0,
        texture_regions=regions,
    )


def _names(data: object) -> dict[int, str]:
    try:
        entries = json_object(data, "labels", required=set(), optional={str(id_) for id_ in range(256)})
    except LabelError:
        raise LabelError("labels does not say the names of ids", "ids from 0 to 255 with their names") from None
    return {int(id_): _short_text(entries, id_) for id_ in entries}


def _whole(entries: Mapping[str, object], name: str, low: int, high: int) -> int:
    value = json_whole(entries[name], name)
    if not low <= value <= high:
        raise LabelError(f"{name} is {value}", f"{low} to {high}")
    return value


def _number(value: object, name: str, low: float, high: float) -> float:
    # Whole numbers are compared as they are: very long ones have no float.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise LabelError(f"{name} is {str(value)[:40]}", f"a number from {low} to {high}")
    return float(value)


def _choice(entries: Mapping[str, object], name: str) -> str:
    value = json_text(entries[name], name)
    if value not in _CHOICES[name]:
        raise LabelError(f"{name} is {value[:40]!r}", f"one of {', '.join(_CHOICES[name])}")
    return value


def _short_text(entries: Mapping[str, object], name: str) -> str:
    text = json_text(entries.get(name, ""), name)
    if len(text) > 200 or not text.isprintable():
        raise LabelError(f"{name} is {text[:40]!r}", "at most 200 printable characters")
    return text
