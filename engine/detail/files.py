"""Files of super-resolution networks, third-party and our own, fully checked before use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from spade_studio.engine.detail.config import CompactConfig, UpscalerConfig
from spade_studio.engine.detail.structure import canonical_names, infer_upscaler
from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import atomic_writer, sha256_of
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import TensorEntry
from spade_studio.engine.weights.recognize import ContentKind, recognize
from spade_studio.engine.weights.safetensors_header import SafetensorsHeader, checked_entries, read_safetensors_header
from spade_studio.engine.weights.strict import check_finite, float_tensors
from spade_studio.engine.weights.torch_file import TorchFile, load_torch_file, read_torch_file

if TYPE_CHECKING:
    from torch import Tensor

METADATA_KEY: Final = "spade-studio-upscaler"
FORMAT_VERSION: Final = 1
_OTHER_KEYS: Final = {"spade-studio-weights": "a generator", "spade-studio-discriminator": "a discriminator"}
_WITHIN: Final = ("params_ema", "params")  # the averaged network first, as Real-ESRGAN reads its files
_MAX_TEXT: Final = 20_000
_MAX_BYTES: Final = 1 << 30


@dataclass(frozen=True)
class UpscalerInfo:
    """The contents of an upscaler file.

    Attributes:
        path: The file.
        config: Configuration of the network.
        name: Display name.
        steps: Number of training steps, for our own files.
        data: Training data, for our own files; may be empty.
        licence: Terms of use; may be empty.
    """

    path: Path
    config: UpscalerConfig
    name: str
    steps: int | None = None
    data: str = ""
    licence: str = ""

    @property
    def scale(self) -> int:
        """Factor by which each side is enlarged."""
        return self.config.scale


@dataclass(frozen=True)
class LoadedUpscaler:
    """An upscaler in memory.

    Attributes:
        info: Contents of the file.
        tensors: State dict, float32, with the names of Real-ESRGAN.
        sha256: SHA-256 of the file.
    """

    info: UpscalerInfo
    tensors: dict[str, Tensor]
    sha256: str


def inspect_upscaler(path: Path) -> UpscalerInfo:
    """Return the contents of a file from its header alone, without loading torch.

    Args:
        path: A ``.safetensors`` file, or a ``.pth`` with a state dict, bare or as ``params_ema`` or ``params``.

    Raises:
        WeightsError: a damaged or hostile file, or one without a super-resolution network for colour pictures.
    """
    return _inspect(path)[0]


def load_upscaler(path: Path) -> LoadedUpscaler:
    """Load an upscaler.

    Raises:
        WeightsError: as for :func:`inspect_upscaler`, or values are not finite.
    """
    import safetensors.torch
    from safetensors import SafetensorError

    info, names, torch_file = _inspect(path)
    if torch_file is not None:
        stored: Mapping[str, Tensor] = load_torch_file(torch_file)
    else:
        try:
            stored = safetensors.torch.load_file(path)  # pyright: ignore[reportUnknownMemberType]
        except (SafetensorError, OSError) as error:
            raise _damaged(path, str(error)[:200]) from error
    return LoadedUpscaler(info, float_tensors({names[name]: tensor for name, tensor in stored.items()}, path.name), sha256_of(path))


def save_upscaler(
    path: Path, config: CompactConfig, tensors: Mapping[str, Tensor], *, name: str, steps: int, data: str, licence: str
) -> None:
    """Write one of our upscalers with its description, atomically; weights are stored in half precision.

    Args:
        path: Target file, ``*.safetensors``.
        config: Configuration of the network.
        tensors: State dict.
        name: Display name.
        steps: Number of training steps.
        data: Training data, one sentence.
        licence: Terms of use, one sentence.

    Raises:
        WeightsError: the tensors do not match the configuration or are not finite.
        OSError: the file cannot be written.
    """
    import safetensors.torch

    description = {
        "format_version": FORMAT_VERSION,
        "kind": config.kind,
        "scale": config.scale,
        "width": config.width,
        "layers": config.layers,
        "name": name,
        "steps": steps,
        "data": data,
        "licence": licence,
    }
    text = json.dumps(description, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    halves = {key: tensor.detach().cpu().half().contiguous() for key, tensor in tensors.items()}
    check_finite(halves, path.name)
    entries = {key: TensorEntry("F16", tuple(tensor.shape)) for key, tensor in halves.items()}
    _described(path, json.loads(text), infer_upscaler(entries, path.name))
    with atomic_writer(path) as file:
        file.write(safetensors.torch.save(halves, {METADATA_KEY: text}))


def _inspect(path: Path) -> tuple[UpscalerInfo, dict[str, str], TorchFile | None]:
    """Return what the file holds, the known name of every name in it, and the torch file where it is one."""
    kind: ContentKind = recognize(path)
    if kind == "folder":
        raise WeightsError(f"{path} is a folder", "the file of an upscaler, .safetensors or .pth", "Choose a file in it")
    if path.stat().st_size > _MAX_BYTES:
        raise WeightsError(f"{path.name} has {path.stat().st_size / 2**30:.1f} GiB", "an upscaler of at most 1 GiB", "Choose another file")
    header: SafetensorsHeader | None = None
    torch_file: TorchFile | None = None
    if kind == "safetensors":
        header = read_safetensors_header(path)
        if other := next((what for key, what in _OTHER_KEYS.items() if key in header.metadata), None):
            found = f"{path.name} holds {other} of SPADE Studio"
            raise WeightsError(found, "an upscaler (RRDBNet or SRVGGNetCompact)", "Choose an upscaler's file")
        entries = checked_entries(header)
    else:
        torch_file = read_torch_file(path, zipped=kind == "torch_zip", within=_WITHIN)
        entries = torch_file.entries
    names = canonical_names(list(entries))
    if len(set(names.values())) != len(names):
        raise _damaged(path, "it has the same layer under two names")
    config = infer_upscaler({names[name]: entry for name, entry in entries.items()}, path.name)
    text = None if header is None else header.metadata.get(METADATA_KEY)
    if text is None:
        return UpscalerInfo(path, config, path.stem[:200]), names, torch_file
    try:
        values: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its description is not JSON") from error
    return _described(path, values, config), names, torch_file


def _described(path: Path, value: object, config: UpscalerConfig) -> UpscalerInfo:
    """Check a description of ours against the network that the tensors are of."""
    values = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    version, steps = values.get("format_version"), values.get("steps")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _damaged(path, "its description names no format version")
    if version > FORMAT_VERSION:
        found = f"{path.name} was written by a newer SPADE Studio (format {version})"
        raise WeightsError(found, f"format {FORMAT_VERSION}", "Update SPADE Studio")
    told = tuple(values.get(key) for key in ("kind", "scale", "width", "layers"))
    if not isinstance(config, CompactConfig) or told != (config.kind, config.scale, config.width, config.layers):
        raise _damaged(path, "its description contradicts its tensors")
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 0:
        raise _damaged(path, "its description names no number of steps")
    texts: dict[str, str] = {}
    for key in ("name", "data", "licence"):
        text = values.get(key)
        if not isinstance(text, str) or len(text) > _MAX_TEXT:
            raise _damaged(path, f"its {key} is not a text of at most {_MAX_TEXT} characters")
        texts[key] = printable(text)
    return UpscalerInfo(path, config, " ".join(texts["name"].split())[:200], steps, texts["data"], texts["licence"])


def _damaged(path: Path, reason: str) -> WeightsError:
    return WeightsError(f"{path.name} is damaged: {reason}", "the file of an upscaler", "Download or copy the file again")
