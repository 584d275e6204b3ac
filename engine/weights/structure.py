"""Inference of a network's architecture from the names and shapes of its tensors."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, cast

from spade_studio.engine.errors import ConfigError, LabelError, WeightsError
from spade_studio.engine.networks.config import (
    ConvNorm,
    DiscriminatorConfig,
    EncoderConfig,
    GeneratorConfig,
    Pix2PixHDConfig,
    SpadeNorm,
    Upsampling,
)
from spade_studio.engine.printable import printable
from spade_studio.engine.weights.info import TensorEntry

Entries = Mapping[str, TensorEntry]
NetworkKind = Literal["spade", "pix2pixhd", "encoder", "discriminator"]

NETWORK_NAMES: dict[NetworkKind, str] = {
    "spade": "a SPADE generator",
    "pix2pixhd": "a pix2pixHD generator",
    "encoder": "a style encoder",
    "discriminator": "a discriminator",
}
_BLOCK = re.compile(r"model\.(\d{1,4})\.conv_block\.1\.0\.weight(?:_orig)?")
_PATCH = re.compile(r"discriminator_(\d{1,3})\.model(\d{1,3})\.")


@contextmanager
def as_weights_errors(where: str) -> Generator[None]:
    """Return a context that translates errors about configurations and labels in a file into errors about the file."""
    try:
        yield
    except (ConfigError, LabelError) as error:
        raise WeightsError(f"{where}: {error.found}", error.expected, error.action) from error


def network_kind(entries: Entries, where: str) -> NetworkKind:
    """Return the kind of network of a state dict, from the names of its entries.

    Raises:
        WeightsError: an unknown kind.
    """
    if "conv_img.weight" in entries or any(name.startswith("head_0.") for name in entries):
        return "spade"
    if any(name.startswith("discriminator_0.") for name in entries):
        return "discriminator"
    if any(name.startswith(("model.1.0.", "model.19.")) or ".conv_block." in name for name in entries):
        return "pix2pixhd"
    if any(name.startswith(("layer1.0.weight", "fc_mu.")) for name in entries):
        return "encoder"
    shown = ", ".join(printable(name[:60]) for name in list(entries)[:5])
    raise WeightsError(
        f"{where} holds a network that is not of SPADE; its entries begin {shown}",
        "a SPADE or pix2pixHD generator, a style encoder or a discriminator",
        "Choose a weights file of SPADE",
    )


@dataclass(frozen=True)
class SpadeFacts:
    """The settings of a SPADE generator that follow from its shapes.

    Attributes:
        semantic_channels: Number of channels of the layout.
        base_channels: Width f.
        hidden_width: Width of ``mlp_shared``.
        kernel_size: Kernel size of SPADE layers.
        batch_norm: Whether there are running statistics, which instance norm lacks.
        spectral_norm: Whether weights are stored with the vectors of spectral norm.
        most: Whether there is the block ``up_4`` of upsampling ``most``.
        z_width: Length of the style code; None with layout input.
        cells: Number of positions of the learned first grid; None with layout input.
    """

    semantic_channels: int
    base_channels: int
    hidden_width: int
    kernel_size: int
    batch_norm: bool
    spectral_norm: bool
    most: bool
    z_width: int | None
    cells: int | None

    def config(self, norm: SpadeNorm, upsampling: Upsampling, crop_size: int, aspect_ratio: float) -> GeneratorConfig:
        """Return the configuration, given the settings that shapes leave open.

        Raises:
            ConfigError: invalid settings.
        """
        open_values: dict[str, Any] = {"norm": norm, "upsampling": upsampling, "crop_size": crop_size, "aspect_ratio": aspect_ratio}
        if self.z_width is not None:
            open_values |= {"input": "noise", "z_width": self.z_width}
        return GeneratorConfig(
            semantic_channels=self.semantic_channels,
            base_channels=self.base_channels,
            hidden_width=self.hidden_width,
            kernel_size=cast("Literal[1, 3, 5]", self.kernel_size),  # checked by the configuration
            spectral_norm=self.spectral_norm,
            **open_values,
        )

    def any_config(self) -> GeneratorConfig:
        """Return a configuration with these shapes and arbitrary other settings."""
        cells = self.cells or 1
        norm: SpadeNorm = "batch" if self.batch_norm else "instance"
        return self.config(norm, "most" if self.most else "normal", cells * (128 if self.most else 32), float(cells))


def infer_spade(entries: Entries, where: str) -> SpadeFacts:
    """Infer the settings of a SPADE generator from its shapes.

    Raises:
        WeightsError: a required entry is missing or has an invalid shape.
    """
    shared = next((name for name in entries if name.endswith(".mlp_shared.0.weight")), "head_0.norm_0.mlp_shared.0.weight")
    hidden, semantic, kernel, _ = _shape(entries, shared, 4, where)
    most = any(name.startswith("up_4.") for name in entries)
    base = _shape(entries, "conv_img.weight", 4, where)[1] * (2 if most else 1)
    first = _shape(entries, "fc.weight", None, where)
    z_width = cells = None
    if len(first) == 2:
        z_width, cells = first[1], first[0] // (16 * base)
        if cells * 16 * base != first[0]:
            raise WeightsError(f"{where} has {first[0]} outputs of fc.weight", f"a multiple of 16 x {base}", "The file is damaged")
    elif len(first) != 4:
        found = f"{where} has fc.weight of shape {list(first)}"
        raise WeightsError(found, "2 sizes (from a style code) or 4 (from the layout)", "The file is damaged")
    return SpadeFacts(
        semantic_channels=semantic,
        base_channels=base,
        hidden_width=hidden,
        kernel_size=kernel,
        batch_norm=any(name.endswith(".running_mean") for name in entries),
        spectral_norm=any(name.endswith(".weight_orig") for name in entries),
        most=most,
        z_width=z_width,
        cells=cells,
    )


def infer_pix2pixhd(entries: Entries, where: str) -> Pix2PixHDConfig:
    """Infer the architecture of a pix2pixHD generator, with default crop size and aspect ratio.

    Raises:
        WeightsError: a required entry is missing or has an invalid shape.
    """
    base, semantic, initial, _ = _shape(entries, _weight(entries, "model.1.0"), 4, where)
    blocks = sorted({int(match[1]) for name in entries if (match := _BLOCK.fullmatch(name))})
    if not blocks or (blocks[0] - 3) % 2 or blocks[0] < 5:
        raise WeightsError(f"{where} has its residual blocks at {blocks[:5]}", "blocks behind down-sampling layers", "The file is damaged")
    with as_weights_errors(where):
        return Pix2PixHDConfig(
            semantic_channels=semantic,
            base_channels=base,
            downsamplings=(blocks[0] - 3) // 2,
            blocks=len(blocks),
            kernel_size=cast("Literal[3, 5, 7]", _shape(entries, _weight(entries, f"model.{blocks[0]}.conv_block.1.0"), 4, where)[2]),
            initial_kernel_size=cast("Literal[3, 5, 7]", initial),
            norm=_conv_norm(entries, "model.1"),
            spectral_norm="model.1.0.weight_orig" in entries,
        )


def infer_encoder(entries: Entries, where: str) -> EncoderConfig:
    """Infer the architecture of a style encoder.

    Raises:
        WeightsError: a required entry is missing or has an invalid shape.
    """
    with as_weights_errors(where):
        return EncoderConfig(
            base_channels=_shape(entries, _weight(entries, "layer1.0"), 4, where)[0],
            layers=6 if any(name.startswith("layer6.") for name in entries) else 5,
            z_width=_shape(entries, "fc_mu.weight", 2, where)[0],
            spectral_norm="layer1.0.weight_orig" in entries,
        )


def infer_discriminator(entries: Entries, where: str) -> DiscriminatorConfig:
    """Infer the architecture of a discriminator.

    Raises:
        WeightsError: a required entry is missing or has an invalid shape.
    """
    base, channels, _, _ = _shape(entries, "discriminator_0.model0.0.weight", 4, where)
    places = [(int(match[1]), int(match[2])) for name in entries if (match := _PATCH.match(name))]
    layers = max(layer for _, layer in places)
    with as_weights_errors(where):
        return DiscriminatorConfig(
            semantic_channels=channels - 3,
            base_channels=base,
            layers=layers,
            scales=1 + max(scale for scale, _ in places),
            spectral_norm="discriminator_0.model1.0.0.weight_orig" in entries,
            norm=_conv_norm(entries, "discriminator_0.model1.0") if layers > 1 else "instance",
        )


def _conv_norm(entries: Entries, stage: str) -> ConvNorm:
    # A convolution has a bias only where no norm follows; of the norms only batch norm stores anything.
    if f"{stage}.0.bias" in entries:
        return "none"
    return "batch" if f"{stage}.1.running_mean" in entries else "instance"


def _weight(entries: Entries, module: str) -> str:
    return f"{module}.weight_orig" if f"{module}.weight_orig" in entries else f"{module}.weight"


def _shape(entries: Entries, name: str, dimensions: int | None, where: str) -> tuple[int, ...]:
    entry = entries.get(name)
    if entry is None:
        raise WeightsError(f"{where} has no {name}", "the entries of a whole network", "The file is damaged or holds only a part")
    if (dimensions is not None and len(entry.shape) != dimensions) or 0 in entry.shape:
        raise WeightsError(f"{where} has {name} of shape {list(entry.shape)}", f"{dimensions} sizes above 0", "The file is damaged")
    return entry.shape
