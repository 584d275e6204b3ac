from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.networks.config import (
    AnyGeneratorConfig,
    BaseGeneratorConfig,
    ConcatenationConfig,
    DiscriminatorConfig,
    EncoderConfig,
    GeneratorConfig,
    LayeredPix2PixHDConfig,
    NetworkConfig,
    Pix2PixHDConfig,
    generator_config_from_json,
)

WIDE: dict[str, Any] = {"upsampling": "more", "input": "noise", "z_width": 128, "crop_size": 512, "aspect_ratio": 2.0}
GENERATORS: list[AnyGeneratorConfig] = [
    GeneratorConfig(semantic_channels=184),
    GeneratorConfig(36, 32, 64, 5, norm="instance", spectral_norm=False, **WIDE),
    GeneratorConfig(12, 24, 64, 1, norm="batch", upsampling="most", input="noise"),
    ConcatenationConfig(semantic_channels=184),
    ConcatenationConfig(36, 32, norm="instance", spectral_norm=False, **WIDE),
    Pix2PixHDConfig(semantic_channels=36, crop_size=1024, aspect_ratio=2.0),
    Pix2PixHDConfig(36, 32, 3, 5, kernel_size=5, initial_kernel_size=3, norm="none", spectral_norm=False),
    LayeredPix2PixHDConfig(semantic_channels=36),
    LayeredPix2PixHDConfig(36, 32, 3, 5, layout="concatenation", hidden_width=64, kernel_size=1, norm="batch", aspect_ratio=2.0),
]
CONFIGS: list[NetworkConfig] = [
    *GENERATORS,
    EncoderConfig(),
    EncoderConfig(16, 5, 64, False),
    DiscriminatorConfig(semantic_channels=4),
    DiscriminatorConfig(184, 32, 3, 1, 3, False, "none"),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
def test_configurations_survive_json(config: NetworkConfig) -> None:
    assert type(config).from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
def test_configurations_are_frozen_and_hashable(config: NetworkConfig) -> None:
    assert hash(config) == hash(dataclasses.replace(config))
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.z_width = 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("config", GENERATORS, ids=lambda config: config.kind)
def test_kind_chooses_the_generator(config: AnyGeneratorConfig) -> None:
    assert generator_config_from_json(config.to_json()) == config


def test_generators_written_without_a_kind_are_spade() -> None:
    assert generator_config_from_json({"semantic_channels": 184}) == GENERATORS[0]


def test_what_generators_share_is_no_generator() -> None:
    with pytest.raises(TypeError, match="abstract"):
        BaseGeneratorConfig(4)  # pyright: ignore[reportAbstractUsage]


@pytest.mark.parametrize("network", [GeneratorConfig, ConcatenationConfig])
def test_only_decoders_of_noise_take_styles(network: type[GeneratorConfig] | type[ConcatenationConfig]) -> None:
    assert network(4, input="noise", z_width=7).style_width == 7
    assert network(4, z_width=7).style_width is None
    assert Pix2PixHDConfig(4).style_width is None
    assert LayeredPix2PixHDConfig(4).style_width is None


@pytest.mark.parametrize(
    ("config", "smallest", "nearest"),
    [
        (GeneratorConfig(4), 32, (32, 32)),
        (ConcatenationConfig(4, norm="instance", upsampling="more"), 64, (64, 128)),
        (Pix2PixHDConfig(4, downsamplings=3), 16, (16, 16)),
        (Pix2PixHDConfig(4, downsamplings=3, kernel_size=7), 32, (32, 32)),
        (Pix2PixHDConfig(4, downsamplings=1, initial_kernel_size=3), 4, (4, 4)),
        (LayeredPix2PixHDConfig(4, downsamplings=1), 4, (4, 4)),
        (LayeredPix2PixHDConfig(4), 32, (32, 32)),
    ],
)
def test_smallest_sizes(config: AnyGeneratorConfig, smallest: int, nearest: tuple[int, int]) -> None:
    assert config.smallest_side == smallest
    assert config.nearest_size(1, 1) == nearest
    side = 10 * config.stride
    assert config.nearest_size(side, 3 * side) == (side, 3 * side)
    assert config.nearest_size(side + 1, side - 1) == (side, side)


@pytest.mark.parametrize(
    ("upsampling", "crop", "aspect", "stride", "grid", "size"),
    [
        ("normal", 256, 1.0, 32, (8, 8), (256, 256)),
        ("more", 512, 2.0, 64, (4, 8), (256, 512)),
        ("most", 512, 1.0, 128, (4, 4), (512, 512)),
        ("normal", 384, 4 / 3, 32, (9, 12), (288, 384)),
        ("normal", 256, 0.5, 32, (16, 8), (512, 256)),
    ],
)
def test_grid_and_size(
    upsampling: Any, crop: int, aspect: float, stride: int, grid: tuple[int, int], size: tuple[int, int]
) -> None:
    config = GeneratorConfig(4, upsampling=upsampling, crop_size=crop, aspect_ratio=aspect)
    assert (config.stride, config.first_grid, config.picture_size) == (stride, grid, size)


@pytest.mark.parametrize(("upsampling", "widths"), [("normal", [64, 64, 64, 32, 16, 8, 4]), ("most", [64, 64, 64, 32, 16, 8, 4, 2])])
def test_blocks_follow_each_other_down_to_the_picture(upsampling: Any, widths: list[int]) -> None:
    config = GeneratorConfig(4, base_channels=4, upsampling=upsampling)
    plan = config.block_plan
    assert [width for _, _, width, _ in plan] == widths
    assert [entered for _, entered, _, _ in plan[1:]] == widths[:-1], "a block takes what the one before it gives"
    assert config.final_channels == widths[-1]
    assert 2 ** sum(doubled for *_, doubled in plan) == config.stride


@pytest.mark.parametrize("upsampling", ["normal", "more"])
def test_only_more_and_most_double_between_the_middle_blocks(upsampling: Any) -> None:
    doubled = {name: before for name, _, _, before in GeneratorConfig(4, upsampling=upsampling).block_plan}
    assert doubled == {
        "head_0": False, "G_middle_0": True, "G_middle_1": upsampling == "more", "up_0": True, "up_1": True, "up_2": True, "up_3": True,
    }  # fmt: skip


def test_other_sizes() -> None:
    assert EncoderConfig().input_size == 256
    config = Pix2PixHDConfig(36, downsamplings=3, crop_size=512, aspect_ratio=2.0)
    assert (config.stride, config.picture_size) == (8, (256, 512))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"semantic_channels": 0}, "1 to 65536"),
        ({"semantic_channels": 10**9}, "1 to 65536"),
        ({"semantic_channels": True}, "1 to 65536"),
        ({"semantic_channels": 4.0}, "1 to 65536"),
        ({"base_channels": -1}, "base_channels"),
        ({"kernel_size": 7}, "one of 1, 3, 5"),
        ({"norm": "group"}, "'sync_batch'"),
        ({"spectral_norm": 1}, "true or false"),
        ({"upsampling": "extreme"}, "'most'"),
        ({"input": "z"}, "'noise'"),
        ({"crop_size": 250}, "a multiple of 32"),
        ({"upsampling": "most", "base_channels": 3}, "an even number"),
        ({"aspect_ratio": 0}, "above 0"),
        ({"aspect_ratio": float("nan")}, "above 0"),
        ({"aspect_ratio": float("inf")}, "above 0"),
        ({"aspect_ratio": "1"}, "above 0"),
        ({"aspect_ratio": 100.0}, "32 to 4096 pixels high"),
        ({"aspect_ratio": 1e-3}, "32 to 4096 pixels high"),
        ({"aspect_ratio": 5e-324}, "32 to 4096 pixels high"),
        ({"aspect_ratio": 10**400}, "32 to 4096 pixels high"),
        ({"more": 1}, "unknown entries more"),
        ({"kind": "pix2pix"}, "kind 'spade'"),
        ({"norm": ["batch"]}, "one of"),
    ],
)
def test_impossible_generators_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        GeneratorConfig.from_json({**CONFIGS[0].to_json(), **changes})


@pytest.mark.parametrize(
    ("config_class", "values", "message"),
    [
        (Pix2PixHDConfig, {"semantic_channels": 4, "downsamplings": 9}, "pix2pixhd downsamplings is 9. Expected at most 8"),
        (Pix2PixHDConfig, {"semantic_channels": 4, "crop_size": 16, "aspect_ratio": 4.0}, "pixels high"),
        (LayeredPix2PixHDConfig, {"semantic_channels": 4, "downsamplings": 65536}, "layered_pix2pixhd downsamplings is 65536"),
        (LayeredPix2PixHDConfig, {"semantic_channels": 4, "downsamplings": "4"}, "downsamplings is '4'"),
        (LayeredPix2PixHDConfig, {"semantic_channels": 4, "norm": "none"}, "norm is 'none'"),
        (LayeredPix2PixHDConfig, {"semantic_channels": 4, "layout": "both"}, "layout is 'both'"),
        (ConcatenationConfig, {"semantic_channels": 4, "crop_size": 100}, "concatenation crop_size is 100"),
        (ConcatenationConfig, {"semantic_channels": 4, "hidden_width": 8}, "unknown entries hidden_width"),
        (DiscriminatorConfig, {"semantic_channels": 4, "layers": 9}, "at most 8 of each"),
        (DiscriminatorConfig, {"semantic_channels": 4, "scales": 9}, "at most 8 of each"),
        (EncoderConfig, {"layers": 7}, "one of 5, 6"),
        (GeneratorConfig, {}, "incomplete"),
        (GeneratorConfig, [], "a JSON object"),
        (GeneratorConfig, None, "a JSON object"),
    ],
)
def test_other_impossible_configurations(config_class: type[NetworkConfig], values: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config_class.from_json(values)


@pytest.mark.parametrize("data", [None, [], "spade", {"kind": "unheard of"}, {"kind": ["pix2pixhd"]}, {"kind": None}])
def test_unknown_generators_are_refused(data: object) -> None:
    with pytest.raises(ConfigError):
        generator_config_from_json(data)
