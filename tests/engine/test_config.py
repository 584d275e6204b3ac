from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from spade_studio.engine.config import (
    DiscriminatorConfig,
    EncoderConfig,
    GeneratorConfig,
    NetworkConfig,
    Pix2PixHDConfig,
    generator_config_from_json,
)
from spade_studio.engine.errors import ConfigError

CONFIGS = [
    GeneratorConfig(semantic_channels=184),
    GeneratorConfig(36, 32, 64, 5, "instance", False, "more", "noise", 128, 512, 2.0),
    GeneratorConfig(12, 24, 64, 1, "batch", True, "most", "noise", 256, 256, 1.0),
    Pix2PixHDConfig(semantic_channels=36, crop_size=1024, aspect_ratio=2.0),
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


@pytest.mark.parametrize("config", CONFIGS[:4], ids=lambda config: config.kind)
def test_kind_chooses_the_generator(config: GeneratorConfig | Pix2PixHDConfig) -> None:
    assert generator_config_from_json(config.to_json()) == config


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
        ({"aspect_ratio": 100.0}, "first-grid cell"),
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
        (Pix2PixHDConfig, {"semantic_channels": 4, "downsamplings": 9}, "at most 8"),
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


@pytest.mark.parametrize("data", [None, [], "spade", {"kind": "unheard of"}, {"kind": ["pix2pixhd"]}])
def test_unknown_generators_are_refused(data: object) -> None:
    with pytest.raises(ConfigError):
        generator_config_from_json(data)
