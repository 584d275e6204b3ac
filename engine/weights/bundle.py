"""Bundles, our weights format: one ``.safetensors`` with generator, encoder and all their settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import atomic_writer, sha256_of
from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.base_config import MAX_TRAINING_SIDE
from spade_studio.engine.networks.config import AnyGeneratorConfig, EncoderConfig, generator_config_from_json
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import LoadedWeights, PublishedOptions, TensorEntry, WeightsInfo
from spade_studio.engine.weights.published_sets import name_channels
from spade_studio.engine.weights.safetensors_file import load_safetensors
from spade_studio.engine.weights.safetensors_header import SafetensorsHeader, checked_entries, read_safetensors_header
from spade_studio.engine.weights.shapes import is_needed
from spade_studio.engine.weights.strict import check_entries, check_finite, float_tensors
from spade_studio.engine.weights.structure import as_weights_errors

if TYPE_CHECKING:
    from torch import Tensor

# The safetensors library writes several metadata entries in random order; one entry keeps equal weights equal in bytes.
METADATA_KEY: Final = "spade-studio-weights"
_DISCRIMINATOR_KEY: Final = "spade-studio-discriminator"  # as the trainer writes it
FORMAT_VERSION: Final = 1
_MAX_TEXT: Final = 20_000
_MAX_HALF: Final = 65504.0
_GENERATOR, _ENCODER = "generator.", "encoder."

ValueT = TypeVar("ValueT")


def save_bundle(
    path: Path,
    *,
    generator_config: AnyGeneratorConfig,
    generator: Mapping[str, Tensor],
    channels: LabelChannels,
    encoder_config: EncoderConfig | None = None,
    encoder: Mapping[str, Tensor] | None = None,
    training_size: tuple[int, int],
    name: str,
    steps: int | None,
    data: str,
    licence: str,
    averaged: bool | None,
    half: bool = True,
) -> None:
    """Write a bundle atomically; equal input gives equal bytes.

    Args:
        path: Target file, ``*.safetensors``.
        generator_config: Architecture of the generator.
        generator: State dict of the generator, on any device; ``num_batches_tracked`` is omitted.
        channels: Channels of the generator's layout.
        encoder_config: Architecture of the encoder, or None.
        encoder: State dict of the encoder, or None.
        training_size: (height, width) in pixels of the training pictures.
        name: Display name.
        steps: Number of training steps, or None.
        data: Training data, one sentence.
        licence: Terms of use, one sentence.
        averaged: Whether the weights are moving averages over training.
        half: Whether to store weights of two and more dimensions in half precision; biases, running statistics, vectors of spectral norm
            and weights beyond the range of half precision stay float32.

    Raises:
        WeightsError: tensors that do not match the configurations or are not finite, or configurations that contradict each other.
        OSError: the file cannot be written.
    """
    import safetensors.torch

    if (encoder_config is None) != (encoder is None):
        raise WeightsError("an encoder without its configuration, or the other way round", "both or none", "Give both")
    description = {
        "format_version": FORMAT_VERSION,
        "name": name,
        "generator": generator_config.to_json(),
        "encoder": encoder_config.to_json() if encoder_config else None,
        "channels": channels.to_json(),
        "training_size": list(training_size),
        "steps": steps,
        "data": data,
        "licence": licence,
        "averaged": averaged,
    }
    text = json.dumps(description, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    # What could not be read back is not written.
    _info(path, json.loads(text))
    _check_tensors(path.name, generator_config, generator)
    tensors = {_GENERATOR + key: _stored(tensor, half) for key, tensor in generator.items() if is_needed(key)}
    if encoder_config is not None and encoder is not None:
        _check_tensors(path.name, encoder_config, encoder)
        tensors |= {_ENCODER + key: _stored(tensor, half) for key, tensor in encoder.items() if is_needed(key)}
    content = safetensors.torch.save(tensors, {METADATA_KEY: text})
    with atomic_writer(path) as file:
        file.write(content)


def inspect_bundle(path: Path, options: PublishedOptions) -> WeightsInfo:
    """Return the contents of a bundle from its header alone.

    Raises:
        WeightsError: a damaged or hostile file, another program's, a newer format, or one that contradicts the options.
    """
    header = read_safetensors_header(path)
    info = _info(path, _description(header))
    generator, channels = info.generator, info.channels
    assert generator is not None
    assert channels is not None
    if options != PublishedOptions():
        from spade_studio.engine.weights.geometry import check_options_of_bundle

        check_options_of_bundle(generator, channels, options, path.name)
    if channels.label_set is None and options.label_set is not None:
        channels, notes = name_channels(channels, options.label_set)
        info = replace(info, channels=channels, notes=(*info.notes, *notes))
    entries = checked_entries(header)
    check_entries(_part(entries, _GENERATOR), generator, f"{path.name} (generator)")
    if info.encoder is not None:
        check_entries(_part(entries, _ENCODER), info.encoder, f"{path.name} (encoder)")
    prefixes = (_GENERATOR, _ENCODER) if info.encoder else (_GENERATOR,)
    if others := [name for name in entries if not name.startswith(prefixes)]:
        raise _damaged(path, f"it has {len(others)} tensors of no network ({printable(others[0][:100])})")
    return info


def load_bundle(path: Path, options: PublishedOptions) -> LoadedWeights:
    """Load generator and encoder.

    Raises:
        WeightsError: as for :func:`inspect_bundle`, or values are not finite.
    """
    from safetensors import SafetensorError

    info = inspect_bundle(path, options)
    try:
        tensors = load_safetensors(path)
    except (SafetensorError, OSError) as error:
        raise _damaged(path, str(error)[:200]) from error
    generator = float_tensors(_part(tensors, _GENERATOR), f"{path.name} (generator)")
    encoder = float_tensors(_part(tensors, _ENCODER), f"{path.name} (encoder)") if info.encoder else None
    return LoadedWeights(info, generator, encoder, sha256_of(path))


def _part(entries: Mapping[str, ValueT], prefix: str) -> dict[str, ValueT]:
    return {name.removeprefix(prefix): value for name, value in entries.items() if name.startswith(prefix)}


def _stored(tensor: Tensor, half: bool) -> Tensor:
    import torch

    tensor = tensor.detach().to("cpu", torch.float32)
    if half and tensor.ndim >= 2 and float(tensor.abs().max()) <= _MAX_HALF:
        tensor = tensor.half()
    return tensor.contiguous().clone()


def _check_tensors(where: str, config: AnyGeneratorConfig | EncoderConfig, tensors: Mapping[str, Tensor]) -> None:
    import torch

    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64"}
    entries = {name: TensorEntry(names.get(tensor.dtype, str(tensor.dtype)), tuple(tensor.shape)) for name, tensor in tensors.items()}
    check_entries(entries, config, f"{where} ({config.kind})")
    check_finite(tensors, f"{where} ({config.kind})")


def _description(header: SafetensorsHeader) -> dict[str, object]:
    text = header.metadata.get(METADATA_KEY)
    if text is None and _DISCRIMINATOR_KEY in header.metadata:
        raise WeightsError(
            f"{header.path.name} holds the discriminator of a training alone, which cannot render",
            "a generator",
            "Choose the weights beside it, whose name lacks .discriminator",
        )
    if text is None:
        shown = ", ".join(printable(name[:60]) for name in list(header.tensors)[:3])
        raise WeightsError(
            f"{header.path.name} is a safetensors file of another program (its tensors begin {shown or 'nowhere'})",
            "a bundle of SPADE Studio, or .pth files of the published code",
            "Choose a weights file of SPADE",
        )
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(header.path, "its description is not JSON") from error
    if not isinstance(value, dict):
        raise _damaged(header.path, "its description is not a JSON object")
    return cast("dict[str, object]", value)


def _damaged(path: Path, reason: str) -> WeightsError:
    return WeightsError(f"{path.name} is damaged: {reason}", "a bundle of SPADE Studio", "Download or copy the file again")


def _info(path: Path, values: dict[str, object]) -> WeightsInfo:
    version = values.get("format_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _damaged(path, "it names no format version")
    if version > FORMAT_VERSION:
        found = f"{path.name} was written by a newer SPADE Studio (format {version})"
        raise WeightsError(found, f"format {FORMAT_VERSION}", "Update SPADE Studio")
    with as_weights_errors(path.name):
        generator = generator_config_from_json(values.get("generator"))
        encoder = None if values.get("encoder") is None else EncoderConfig.from_json(values["encoder"])
        channels = LabelChannels.from_json(values.get("channels"))
    if channels.semantic_channels != generator.semantic_channels:
        found = f"{path.name} explains {channels.semantic_channels} channels of a generator with {generator.semantic_channels}"
        raise WeightsError(found, "as many", "Download or copy the file again")
    if encoder is not None and encoder.z_width != generator.style_width:
        raise _damaged(path, "its encoder does not fit its generator")
    return WeightsInfo(
        path=path,
        file_kind="bundle",
        generator=generator,
        encoder=encoder,
        discriminator=None,
        channels=channels,
        training_size=_size(path, values.get("training_size")),
        name=" ".join(_text(path, values, "name").split()),
        steps=_optional(path, values, "steps", int),
        data=_text(path, values, "data"),
        licence=_text(path, values, "licence"),
        averaged=_optional(path, values, "averaged", bool),
    )


def _size(path: Path, value: object) -> tuple[int, int]:
    match value:
        case [int(height), int(width)] if 1 <= height <= MAX_TRAINING_SIDE and 1 <= width <= MAX_TRAINING_SIDE:
            return height, width
        case _:
            raise _damaged(path, f"its training size is not a height and a width of 1 to {MAX_TRAINING_SIDE} pixels")


def _text(path: Path, values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise _damaged(path, f"its {key} is not a text of at most {_MAX_TEXT} characters")
    return printable(value)


def _optional(path: Path, values: Mapping[str, object], key: str, kind: type[Any]) -> Any:
    value = values.get(key)
    if value is not None and (type(value) is not kind or (kind is int and cast("int", value) < 0)):
        raise _damaged(path, f"its {key} is {printable(str(value)[:40])}")
    return value
