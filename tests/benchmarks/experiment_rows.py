"""The rows of the experiment table: what each is told of spade-train, and the widths at which networks are comparable.

It knows neither data nor how a row is trained.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import nn

from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.train.config.presets import preset, with_architecture
from spade_studio.train.config.run import TrainConfig


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: Of its run and weights.
        title: What the table calls it.
        options: What it is told besides what all are told.
        architecture: In place of the preset's; empty for that.
        takes_style: Whether it has a style code, and an encoder that reads it from photographs.
        matched: Whether its width is the one at which it has as many parameters as SPADE with label-map input has.
        seed: Added to that of all.
        paper: Mean IoU that the paper gives for it on COCO-Stuff and ADE20K, per cent; None where it gives none.
    """

    name: str
    title: str
    options: tuple[str, ...] = ()
    architecture: str = ""
    takes_style: bool = True
    matched: bool = False
    seed: int = 0
    paper: tuple[float, float] | None = None


ROWS = (
    Row("spade", "SPADE", paper=(35.3, 38.3)),
    Row("spade-again", "SPADE again, with another seed", seed=1),
    Row(
        "label-map",
        "SPADE with label-map input",
        ("--generator.input", "layout", "--encoder.no-used"),
        takes_style=False,
        paper=(35.2, 38.5),
    ),
    Row("concatenation", "concatenation", ("--generator.input", "noise", "--encoder.used"), "concatenation", paper=(31.9, 33.6)),
    Row("pix2pixhd", "pix2pixHD", architecture="pix2pixhd", takes_style=False, matched=True, paper=(14.6, 20.3)),
    Row("pix2pixhd-spade", "pix2pixHD with SPADE", (), "pix2pixhd++-spade", takes_style=False, matched=True, paper=(34.4, 39.0)),
    Row("no-perceptual", "SPADE without perceptual loss", ("--losses.perceptual-weight", "0"), paper=(24.7, 30.1)),
    Row("no-matching", "SPADE without feature matching", ("--losses.feature-matching-weight", "0"), paper=(33.2, 38.0)),
    Row("kernel-1", "SPADE, kernel 1", ("--generator.kernel-size", "1"), paper=(32.7, 35.9)),
    Row("instance-norm", "SPADE, instance norm inside", ("--generator.norm", "instance"), paper=(33.9, 37.4)),
)


@dataclass(frozen=True)
class Parameters:
    """Attributes: generator, encoder: how many numbers they learn; an encoder that is not there has none."""

    generator: int
    encoder: int


def parameters(config: TrainConfig) -> Parameters:
    """Count what a configuration trains beside the discriminator; nothing is built in memory."""
    generator, encoder, _ = config.network_configs(config.labels.channels().semantic_channels)
    with torch.device("meta"):
        return Parameters(_count(build_generator(generator)), 0 if encoder is None else _count(Encoder(encoder)))


def architecture_options(row: Row, preset_name: str) -> list[str]:
    """Return the options of another architecture than the preset's, its widths included: those of the preset, or a width that matches."""
    if not row.architecture:
        return []
    start = preset(preset_name)
    own = start.generator
    width = matching_width(row.architecture, preset_name) if row.matched else own.base_channels
    options = ["--architecture", row.architecture]
    for name, value in (("base-channels", width), ("hidden-width", own.hidden_width)):
        options += [f"--generator.{name}", str(value)] if value is not None else []
    return options


def matching_width(architecture: str, preset_name: str) -> int:
    """Return the base width, two at least, at which a generator has about as many parameters as the preset's SPADE of label maps."""
    start = preset(preset_name)
    target = _generator_parameters(start, input="layout")
    other = with_architecture(start, architecture)
    width, below, here = 1, 0, 0
    while here < target:  # more width is more parameters
        width, below = width + 1, here
        here = _generator_parameters(other, base_channels=width, hidden_width=start.generator.hidden_width)
    return width - 1 if below and target - below < here - target else width


def _generator_parameters(config: TrainConfig, **options: object) -> int:
    changed = dataclasses.replace(config.generator, **options)  # pyright: ignore[reportArgumentType]
    channels = config.labels.channels().semantic_channels
    with torch.device("meta"):
        return _count(build_generator(changed.config(channels, config.geometry)))


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
