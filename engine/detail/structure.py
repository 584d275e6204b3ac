"""Infers the architecture of a super-resolution network from the names and shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isqrt
from typing import Final

from spade_studio.engine.detail.config import COLOURS, CompactConfig, RRDBConfig, UpscalerConfig
from spade_studio.engine.errors import ConfigError, WeightsError
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import TensorEntry
from spade_studio.engine.weights.strict import check_shapes

_WANTED: Final = "an RRDBNet (ESRGAN, Real-ESRGAN) or SRVGGNetCompact that enlarges colour pictures"
_CHOOSE: Final = "Choose another upscaler"

# How the repository of ESRGAN named what Real-ESRGAN calls otherwise.
_ESRGAN_NAMES: Final = {"trunk_conv": "conv_body", "HRconv": "conv_hr"}
_ESRGAN_BLOCK: Final = re.compile(r"RRDB_trunk\.(0|[1-9][0-9]{0,3})\.RDB([123])\.(conv[1-5])")
_ESRGAN_UP: Final = re.compile(r"upconv([1-9])")
# How its first version did, which numbered the layers.
_NUMBERED_BLOCK: Final = re.compile(r"model\.1\.sub\.(0|[1-9][0-9]{0,3})\.RDB([123])\.(conv[1-5])\.0")
_NUMBERED_BODY: Final = re.compile(r"model\.1\.sub\.(0|[1-9][0-9]{0,3})")
_NUMBERED: Final = re.compile(r"model\.(0|[1-9][0-9]{0,2})")
_BLOCK: Final = re.compile(r"body\.(0|[1-9][0-9]{0,3})\.rdb1\.conv1\.weight")
_CHAIN: Final = re.compile(r"body\.(0|[1-9][0-9]{0,3})\.weight")


def canonical_names(names: list[str]) -> dict[str, str]:
    """Return a mapping from the names in a file to those of Real-ESRGAN; unknown names map to themselves."""
    layers = {name: name.rpartition(".")[0] for name in names}
    tail = sorted({int(match[1]) for layer in layers.values() if (match := _NUMBERED.fullmatch(layer)) and int(match[1]) > 1})
    ends = ["conv_hr", "conv_last"]
    numbered = dict(zip(tail, [f"conv_up{i + 1}" for i in range(len(tail) - 2)] + ends[-len(tail) :], strict=False))
    result: dict[str, str] = {}
    for name, layer in layers.items():
        known = layer
        if match := _ESRGAN_BLOCK.fullmatch(layer) or _NUMBERED_BLOCK.fullmatch(layer):
            known = f"body.{match[1]}.rdb{match[2]}.{match[3]}"
        elif match := _ESRGAN_UP.fullmatch(layer):
            known = f"conv_up{match[1]}"
        elif _NUMBERED_BODY.fullmatch(layer):
            known = "conv_body"
        elif match := _NUMBERED.fullmatch(layer):
            known = numbered.get(int(match[1]), "conv_first" if match[1] == "0" else layer)
        known = _ESRGAN_NAMES.get(known, known)
        result[name] = f"{known}{name[len(layer) :]}"
    return result


def infer_upscaler(entries: Mapping[str, TensorEntry], where: str) -> UpscalerConfig:
    """Infer the network from its tensors and check every name and shape.

    Args:
        entries: Tensors by their names in Real-ESRGAN.
        where: Name of the file in messages.

    Raises:
        WeightsError: another kind of network, input or output other than colour pictures, or tensors that are missing, unexpected or of
            wrong shapes.
    """
    try:
        config = _rrdb(entries, where) if "conv_first.weight" in entries else _compact(entries, where)
    except ConfigError as error:
        raise WeightsError(f"{where} describes {error.found}", error.expected, _CHOOSE) from error
    check_shapes(entries, config.shapes(), where, config.kind)
    return config


def _sizes(entries: Mapping[str, TensorEntry], name: str, where: str) -> tuple[int, ...]:
    entry = entries.get(name)
    if entry is None or len(entry.shape) != 4:
        found = f"{where} has no {name}" if entry is None else f"{where}: {name} has the shape {list(entry.shape)}"
        raise WeightsError(found, f"that of a convolution, in {_WANTED}", _CHOOSE)
    return entry.shape


def _rrdb(entries: Mapping[str, TensorEntry], where: str) -> RRDBConfig:
    width, inputs, *_ = _sizes(entries, "conv_first.weight", where)
    unshuffle = isqrt(inputs // COLOURS)
    if inputs != COLOURS * unshuffle**2 or unshuffle not in (1, 2, 4):
        raise WeightsError(f"{where} reads pictures of {inputs} channels", "3, or 12 or 48 where squares of pixels are channels", _CHOOSE)
    blocks = len({match[1] for name in entries if (match := _BLOCK.fullmatch(name))})
    doublings = sum(1 for name in entries if re.fullmatch(r"conv_up[1-9]\.weight", name))
    growth = _sizes(entries, "body.0.rdb1.conv1.weight", where)[0]
    _check_colours(_sizes(entries, "conv_last.weight", where)[0], where)
    return RRDBConfig(width, blocks, growth, doublings, unshuffle)


def _compact(entries: Mapping[str, TensorEntry], where: str) -> CompactConfig:
    chain = sorted(int(match[1]) for name in entries if (match := _CHAIN.fullmatch(name)))
    if not chain or chain[0] != 0 or len(entries["body.0.weight"].shape) != 4:
        shown = ", ".join(printable(name[:60]) for name in list(entries)[:3])
        raise WeightsError(f"{where} is no super-resolution network that is known here (its tensors begin {shown})", _WANTED, _CHOOSE)
    if all(len(entries[f"body.{i}.weight"].shape) == 4 for i in chain) and len(chain) > 1:
        raise WeightsError(f"{where} has activations without numbers of their own, which its file does not name", "PReLU", _CHOOSE)
    width, inputs, *_ = _sizes(entries, "body.0.weight", where)
    outputs = _sizes(entries, f"body.{chain[-1]}.weight", where)[0]
    scale = isqrt(outputs // COLOURS)
    _check_colours(inputs, where)
    if outputs != COLOURS * scale**2:
        raise WeightsError(f"{where} gives {outputs} channels", "3 times the square of its scale", _CHOOSE)
    return CompactConfig(scale, width, chain[-1] // 2 - 1)


def _check_colours(channels: int, where: str) -> None:
    if channels != COLOURS:
        raise WeightsError(f"{where} is for pictures of {channels} channels", "3, the colours", _CHOOSE)
