"""The paper's generators by name: parameter counts of its tables, pictures of the right size, and what each is told of the layout."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import ConcatenationConfig, GeneratorConfig, LayeredPix2PixHDConfig, generator_config_from_json
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.architectures import ARCHITECTURES, architecture
from spade_studio.train.config.presets import preset, with_architecture

PRINTED = {
    "spade": 96,
    "spade-compact": 61,
    "spade-wide": 141,
    "concatenation": 79,
    "pix2pixhd++-spade": 237,
    "pix2pixhd++-concatenation": 195,
    "pix2pixhd++": 183,
    "pix2pixhd++-compact": 103,
    "pix2pixhd": 183,
}
SMALL: dict[str, Any] = {"base_channels": 4, "hidden_width": 8, "blocks": 2, "downsamplings": 3, "crop_size": 64, "z_width": 6}


def small_layout(count: int = 2, height: int = 64, width: int = 64) -> Layout:
    labels = np.kron(np.random.default_rng(0).integers(0, 5, (count, 4, 4)), np.ones((height // 4, width // 4), np.int64))
    return Layout.from_channels(labels, 6, edge_channel=True)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_parameters_are_those_that_the_paper_prints(name: str) -> None:
    row = ARCHITECTURES[name]
    assert row.millions == PRINTED.get(name)
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in build_generator(row.config(151)).parameters())
    if row.millions is not None:
        assert round(count / 1e6) == row.millions
    else:
        assert count > 50e6


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_learns_from_all_its_parameters(name: str) -> None:
    torch.manual_seed(0)
    network = build_generator(architecture(name).config(6, **SMALL))
    z = torch.randn(2, 6)
    picture = network(small_layout(), z)
    assert picture.shape == (2, 3, 64, 64)
    assert float(picture.detach().abs().max()) <= 1
    picture.square().sum().backward()
    untouched = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert untouched == (["labels.weight", "labels.bias"] if name == "sims" else [])  # the label scores are for the loss


@pytest.mark.parametrize("name", ["concatenation", "pix2pixhd++-spade", "pix2pixhd++-concatenation"])
def test_comparisons_take_other_sizes_and_one_layout_for_several_styles(name: str) -> None:
    config = architecture(name).config(6, input="noise", **SMALL)
    network = build_generator(config).eval()
    with torch.no_grad():
        assert network(small_layout(1, 64, 128), torch.randn(1, 6)).shape == (1, 3, 64, 128)
        if name == "concatenation":
            z = torch.randn(3, 6)
            together = network(small_layout(1), z)
            assert together.shape == (3, 3, 64, 64)
            assert torch.allclose(together[1:2], network(small_layout(1), z[1:2]), atol=1e-5)
            assert float((together[0] - together[1]).abs().max()) > 0


def test_spade_in_pix2pixhd_is_the_same_fast_and_dense() -> None:
    torch.manual_seed(0)
    network = build_generator(architecture("pix2pixhd++-spade").config(6, **SMALL)).double().eval()
    with torch.no_grad():
        dense = network(small_layout())
        fast = accelerate(network)(small_layout())
    assert float((fast - dense).abs().max()) < 1e-10


@pytest.mark.parametrize("place", ["head_0.conv_1", "up_2.conv_0", "up_3.conv_s"])
def test_concatenated_planes_reach_every_convolution(place: str) -> None:
    network = build_generator(architecture("concatenation").config(6, **SMALL))
    inputs: list[torch.Tensor] = []
    network.get_submodule(place).register_forward_pre_hook(lambda module, given: inputs.append(given[0]))
    layout = small_layout()
    network(layout)
    (given,) = inputs
    assert torch.equal(given[:, -6:], layout.one_hot(given.shape[-2], given.shape[-1], "cpu", torch.float32))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_configurations_survive_json(name: str) -> None:
    config = architecture(name).config(6, **SMALL)
    assert generator_config_from_json(json.loads(json.dumps(config.to_json()))) == config


def test_options_win_over_the_rows_and_foreign_ones_are_left_out() -> None:
    config = architecture("spade-compact").config(6, base_channels=24, downsamplings=2)
    assert isinstance(config, GeneratorConfig)
    assert config.base_channels == 24
    with pytest.raises(ConfigError, match="base_chanels"):
        architecture("spade").config(6, base_chanels=24)


def test_the_plain_baseline_has_the_recipe_of_its_time() -> None:
    row = architecture("pix2pixhd")
    assert (row.adversarial, row.two_time_scales, row.discriminator_spectral_norm) == ("least_squares", False, False)
    assert all(other.adversarial == "hinge" and other.two_time_scales for name, other in ARCHITECTURES.items() if name != "pix2pixhd")


def test_unknown_names_and_unbuildable_configurations_are_refused() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'concatenation'"):
        architecture("concatenate")
    with pytest.raises(ConfigError):
        ConcatenationConfig(6, crop_size=100)
    with pytest.raises(ConfigError):
        LayeredPix2PixHDConfig(6, downsamplings=9)
    with pytest.raises(ConfigError):
        generator_config_from_json({"kind": "concatenation", "semantic_channels": 6, "hidden_width": 8})


def test_names_and_recipes_need_no_torch() -> None:
    code = "import sys, spade_studio.train.config.architectures, spade_studio.train.config.losses; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_an_architecture_with_one_time_scale_forgets_rates_for_two() -> None:
    config = with_architecture(preset("compact"), "pix2pixhd")
    assert config.optimizer.rates == (2e-4, 2e-4)
    assert config.optimizer.adam_betas == (0.5, 0.999)
    kept = with_architecture(preset("compact"), "concatenation")
    assert kept.optimizer.rates == preset("compact").optimizer.rates
