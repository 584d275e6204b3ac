"""The shapes computed without torch are those of the networks."""

from __future__ import annotations

import pytest
import torch

from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    ConcatenationConfig,
    DiscriminatorConfig,
    EncoderConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    Pix2PixHDConfig,
)
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.weights.shapes import is_needed, parameter_count, tensor_shapes

CONFIGS: list[AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig] = [
    GeneratorConfig(184),
    GeneratorConfig(36, upsampling="more", input="noise", z_width=64, crop_size=512, aspect_ratio=2.0),
    GeneratorConfig(7, 6, hidden_width=9, kernel_size=5, norm="instance", spectral_norm=False, upsampling="most", crop_size=128),
    GeneratorConfig(3, 1, hidden_width=1, kernel_size=1, norm="batch", crop_size=32),
    GeneratorConfig(7, 6, input="layout_and_style", noise_injection=True, style_modulation=True, wide_last_block=True, z_width=5),
    GeneratorConfig(7, 6, noise_injection=True, upsampling="most", crop_size=128),
    ConcatenationConfig(151),
    ConcatenationConfig(7, 6, norm="instance", spectral_norm=False, upsampling="most", crop_size=128),
    ConcatenationConfig(3, 2, norm="batch", upsampling="more", input="noise", z_width=5, crop_size=128, aspect_ratio=2.0),
    Pix2PixHDConfig(11, 6, downsamplings=3, blocks=3),
    Pix2PixHDConfig(2, 4, downsamplings=1, blocks=1, kernel_size=5, initial_kernel_size=3, norm="none", spectral_norm=False),
    Pix2PixHDConfig(2, 4, downsamplings=2, blocks=2, norm="batch"),
    LayeredPix2PixHDConfig(151),
    LayeredPix2PixHDConfig(151, layout="concatenation"),
    LayeredPix2PixHDConfig(3, 4, 1, 2, norm="instance", hidden_width=5, kernel_size=5, spectral_norm=False),
    LayeredPix2PixHDConfig(3, 4, 2, 1, layout="concatenation", norm="instance"),
    EncoderConfig(),
    EncoderConfig(5, layers=5, z_width=7, spectral_norm=False),
    DiscriminatorConfig(4, 200),
    DiscriminatorConfig(4, 2, layers=1, scales=1),
    DiscriminatorConfig(4, 2, layers=3, scales=3, spectral_norm=False, norm="none"),
    DiscriminatorConfig(4, 2, layers=5, norm="sync_batch"),
]


@pytest.mark.parametrize("config", CONFIGS, ids=repr)
def test_shapes_and_parameter_counts_are_those_of_the_network(config: AnyGeneratorConfig | EncoderConfig | DiscriminatorConfig) -> None:
    with torch.device("meta"):
        if isinstance(config, EncoderConfig):
            network: torch.nn.Module = Encoder(config)
        elif isinstance(config, DiscriminatorConfig):
            network = MultiscaleDiscriminator(config)
        else:
            network = build_generator(config)
    state = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items() if is_needed(name)}
    assert tensor_shapes(config) == state
    assert parameter_count(config) == sum(parameter.numel() for parameter in network.parameters())
