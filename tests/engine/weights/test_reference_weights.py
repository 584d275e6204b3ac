"""Every published case of ``shared/reference``, as it is on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spade_studio.engine.errors import AmbiguousWeightsError, WeightsError
from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.weights import PublishedOptions, inspect_weights, load_weights
from spade_studio.engine.weights.shapes import parameter_count

pytestmark = pytest.mark.reference


@pytest.mark.parametrize("case", ["ade_vae", "cityscapes_more", "coco_segmap", "most_instance5x5", "pix2pixhd"])
def test_reference_generators(case: str, shared: Callable[..., Path]) -> None:
    folder = shared("reference", case)
    options = json.loads((folder / "options.json").read_text(encoding="utf-8"))
    loaded = load_weights(folder)
    config, channels = loaded.info.generator, loaded.info.channels
    assert config is not None
    assert channels is not None
    assert parameter_count(config) == options["parameters"]
    assert config.semantic_channels == options["semantic_nc"]
    assert config.base_channels == options["ngf"]
    assert config.crop_size == options["crop_size"]
    assert config.aspect_ratio == options["aspect_ratio"]
    assert config.picture_size == (options["crop_size"] / options["aspect_ratio"], options["crop_size"])
    assert channels == LabelChannels.plain(options["semantic_nc"], options["contain_dontcare_label"], not options["no_instance"])
    if isinstance(config, GeneratorConfig):
        assert config.upsampling == options["num_upsampling_layers"]
        assert config.norm == ("instance" if "instance" in options["norm_G"] else "sync_batch")
        assert options["norm_G"].endswith(f"{config.kernel_size}x{config.kernel_size}")
        assert (config.input == "noise") == options["use_vae"]
    else:
        assert isinstance(config, Pix2PixHDConfig)
        assert config.blocks == options["resnet_n_blocks"]
        assert config.downsamplings == options["resnet_n_downsample"]
        assert (config.kernel_size, config.initial_kernel_size) == (options["resnet_kernel_size"], options["resnet_initial_kernel_size"])
        assert config.norm == "instance"
    assert config.spectral_norm
    build_generator(config).load_state_dict(loaded.generator)
    assert loaded.info.can_use_style_image == options["use_vae"]
    assert inspect_weights(folder) == loaded.info


def test_reference_discriminators(shared: Callable[..., Path]) -> None:
    info = inspect_weights(shared("reference", "discriminator"))
    assert info.discriminator is not None
    assert (info.discriminator.semantic_channels, info.discriminator.base_channels) == (11, 6)
    assert (info.discriminator.layers, info.discriminator.scales) == (4, 2)
    assert parameter_count(info.discriminator) == 52622


def test_reference_files_that_are_parts_or_say_too_little(shared: Callable[..., Path]) -> None:
    steps = shared("reference", "three_steps")
    with pytest.raises(WeightsError, match="169 missing"):
        inspect_weights(steps / "final_net_G_part.pth")
    with pytest.raises(AmbiguousWeightsError) as caught:
        inspect_weights(steps / "initial_net_G.pth")
    assert sorted(caught.value.questions) == ["aspect_ratio", "crop_size", "upsampling"]
    options = PublishedOptions(upsampling="normal", crop_size=64, aspect_ratio=1.0)
    assert load_weights(steps / "initial_net_G.pth", options).info.generator == GeneratorConfig(6, 2, norm="batch", crop_size=64)


def test_a_reference_file_in_the_older_format_gives_the_same_tensors(shared: Callable[..., Path], tmp_path: Path) -> None:
    folder = shared("reference", "cityscapes_more")
    torch.save(torch.load(folder / "latest_net_G.pth", weights_only=True), tmp_path / "7_net_G.pth", _use_new_zipfile_serialization=False)
    (tmp_path / "opt.txt").write_bytes((folder / "opt.txt").read_bytes())
    new, old = load_weights(folder), load_weights(tmp_path)
    assert new.info.generator == old.info.generator
    assert all(torch.equal(new.generator[name], tensor) for name, tensor in old.generator.items())
