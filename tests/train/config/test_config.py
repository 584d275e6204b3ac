"""The configuration of a training run: JSON round trips, messages for what cannot be, presets as published."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from spade_studio.engine.errors import ConfigError, LabelError
from spade_studio.engine.labels import LabelChannels, load_label_set
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.train.config import plain
from spade_studio.train.config.architectures import ARCHITECTURES
from spade_studio.train.config.baselines import CONTENT_RECIPES
from spade_studio.train.config.data import DataConfig, GeometryConfig, LabelsConfig
from spade_studio.train.config.losses import OptimizerConfig, ScheduleConfig
from spade_studio.train.config.networks import EncoderOptions, GeneratorOptions
from spade_studio.train.config.presets import PRESETS, preset, with_architecture
from spade_studio.train.config.run import TrainConfig


@pytest.mark.parametrize("name", PRESETS)
def test_json_round_trip_keeps_every_preset(name: str) -> None:
    config = preset(name)
    again = TrainConfig.from_json(json.loads(json.dumps(config.to_json())))
    assert again == config
    assert json.dumps(again.to_json()) == json.dumps(config.to_json())


def test_round_trip_keeps_what_is_not_the_default() -> None:
    config = dataclasses.replace(
        preset("compact"),
        seed=7,
        labels=LabelsConfig("ade20k", (3, 1, 2), "none", edges=True),
        optimizer=OptimizerConfig(betas=(0.25, 0.5)),
        data=DataConfig("pictures.zip", "folder", 0),
    )
    again = TrainConfig.from_json(json.loads(json.dumps(config.to_json())))
    assert again == config
    assert again.labels.ids == (3, 1, 2)
    assert again.optimizer.betas == (0.25, 0.5)


def test_missing_entries_take_their_defaults_and_whole_numbers_become_floats() -> None:
    config = TrainConfig.from_json({"batch_size": 8, "losses": {"kl_weight": 1}, "schedule": {"constant": 3}})
    assert config == dataclasses.replace(
        TrainConfig(), batch_size=8, losses=dataclasses.replace(TrainConfig().losses, kl_weight=1.0), schedule=ScheduleConfig(3.0)
    )
    assert type(config.losses.kl_weight) is float
    assert TrainConfig.from_json({}) == TrainConfig()


def test_runs_of_before_that_did_not_use_what_is_no_more_go_on() -> None:
    assert TrainConfig.from_json({"fixed_statistics_after": 0, "batch_size": 8}) == dataclasses.replace(TrainConfig(), batch_size=8)
    with pytest.raises(ConfigError, match="unknown entry 'fixed_statistics_after'"):
        TrainConfig.from_json({"fixed_statistics_after": 350})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], ["the configuration is []", "JSON object"]),
        ({"batchsize": 3}, ["unknown entry 'batchsize'", "Did you mean 'batch_size'?"]),
        ({"losses": {"perceptual": {"netwrk": "vgg19"}}}, ["losses.perceptual", "'netwrk'", "'network'"]),
        ({"losses": 3}, ["losses is 3", "JSON object"]),
        ({"losses": {"adversarial": "hings"}}, ["losses.adversarial is 'hings'", "hinge, least_squares"]),
        ({"batch_size": "4"}, ["batch_size is '4'", "whole number"]),
        ({"batch_size": 4.0}, ["batch_size is 4.0", "whole number"]),
        ({"batch_size": True}, ["batch_size is True", "whole number"]),
        ({"seed": 10**400}, ["seed is 1000", "whole number"]),
        ({"average_decay": math.nan}, ["average_decay is nan", "a number"]),
        ({"average_decay": 1.0}, ["average_decay is 1.0", "0 to 0.999999"]),
        ({"geometry": {"flip": 1}}, ["geometry.flip is 1", "true or false"]),
        ({"generator": {"kernel_size": 4}}, ["generator.kernel_size is 4", "1, 3, 5"]),
        ({"generator": {"kernel_size": 3.0}}, ["generator.kernel_size is 3.0"]),
        ({"labels": {"ids": [1, "2"]}}, ["labels.ids[1] is '2'", "whole number"]),
        ({"labels": {"ids": 3}}, ["labels.ids is 3", "a list"]),
        ({"optimizer": {"betas": [0.0]}}, ["optimizer.betas", "a list of 2"]),
        ({"data": {"path": None}}, ["data.path is None", "a text"]),
        ({"schedule": {}}, ["schedule has no entry 'constant'"]),
        ({"schedule": {"constant": 0}}, ["both 0"]),
        ({"data": {"workers": -1}}, ["data.workers is -1", "0 to 256"]),
        ({"geometry": {"load_size": 200}}, ["load_size is 200", "crop_size 256"]),
        ({"geometry": {"aspect_ratio": 2.0}}, ["aspect_ratio is 2.0", "mode fixed"]),
        ({"geometry": {"mode": "crop", "crop_size": 100}}, ["crop_size is 100", "multiple of 32"]),
        ({"generator": {"base_channels": 0}}, ["base_channels is 0"]),
        ({"discriminator": {"scales": 9}}, ["9 scales"]),
        ({"encoder": {"used": True}}, ["encoder.used", "the generator spade, which takes no style", "generator.input noise"]),
        ({"encoder": {"used": True}, "generator": {"name": "pix2pixhd"}}, ["encoder.used", "pix2pixhd, which takes no style"]),
        ({"generator": {"name": "spad"}}, ["'spad'", "Did you mean 'spade'"]),
        ({"generator": {"base_channels": 0.5}}, ["generator.base_channels is 0.5", "whole number"]),
        ({"batch_size": 4, "accumulation": 8}, ["accumulation is 8", "1 to 4"]),
    ],
)
def test_messages_name_place_value_and_what_is_expected(data: object, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainConfig.from_json(data)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_values_given_directly_are_checked_too() -> None:
    wrong: Any = "many"
    with pytest.raises(ConfigError, match="batch_size is 'many'"):
        TrainConfig(batch_size=wrong)
    with pytest.raises(ConfigError, match=r"generator\.hidden_width is 'many'"):
        TrainConfig(generator=GeneratorOptions(hidden_width=wrong))
    with pytest.raises(ConfigError, match="losses is 'many'"):
        TrainConfig(losses=wrong)


def test_reading_a_file_that_is_no_configuration_says_which(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with pytest.raises(ConfigError, match=r"config\.json cannot be read"):
        TrainConfig.read(path)
    path.write_text("{", "utf-8")
    with pytest.raises(ConfigError, match=r"config\.json cannot be read"):
        TrainConfig.read(path)
    path.write_text(" " * 1_000_001, "utf-8")
    with pytest.raises(ConfigError, match="larger than"):
        TrainConfig.read(path)
    path.write_text(json.dumps(preset("tiny").to_json()), "utf-8")
    assert TrainConfig.read(path) == preset("tiny")


def test_batches_are_dealt_out_evenly_or_refused() -> None:
    config = TrainConfig(batch_size=32, accumulation=2)
    assert config.rank_batch_size(4) == 4
    with pytest.raises(ConfigError, match="3 processes with accumulation 2"):
        config.rank_batch_size(3)


def test_steps_follow_from_epochs_or_are_given() -> None:
    assert preset("ade20k").total_steps(steps_per_epoch=632) == 200 * 632
    assert preset("tiny").total_steps(steps_per_epoch=632) == 20


def test_differences_are_listed_by_dotted_name() -> None:
    changed = dataclasses.replace(TrainConfig(), seed=3, geometry=GeometryConfig(flip=False))
    assert TrainConfig().differences(changed) == {"seed": (0, 3), "geometry.flip": (True, False)}


# ---- presets


def test_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="one of coco-stuff, ade20k"):
        preset("coco")


def test_channels_of_the_published_presets_are_those_of_published_weights() -> None:
    assert preset("coco-stuff").labels.channels() == LabelChannels.coco_stuff()
    assert preset("ade20k").labels.channels() == preset("ade20k-outdoor").labels.channels() == LabelChannels.ade20k()
    assert preset("cityscapes").labels.channels() == LabelChannels.cityscapes()


@pytest.mark.parametrize("name", ["coco-stuff", "ade20k", "ade20k-outdoor", "cityscapes", "flickr-landscapes"])
def test_published_presets_train_as_the_paper_does(name: str) -> None:
    config = preset(name)
    assert config.batch_size == 32
    assert config.optimizer.rates == (1e-4, 4e-4)
    assert config.optimizer.adam_betas == (0.0, 0.9)
    losses = config.losses
    assert (losses.adversarial, losses.feature_matching_weight, losses.perceptual_weight) == ("hinge", 10.0, 10.0)
    assert (losses.perceptual.network, losses.kl_weight, losses.kl_form) == ("vgg19", 0.05, "published")
    epochs = {"coco-stuff": (100, 0), "flickr-landscapes": (50, 0)}.get(name, (100, 100))
    assert (config.schedule.constant, config.schedule.decay, config.schedule_unit) == (*epochs, "epochs")
    assert (config.initial.gain, config.initial.modulation_gain) == (0.02, 0.02)


def test_parameters_of_the_published_presets_are_the_published_ones() -> None:
    import torch

    from spade_studio.engine.networks.build import build_generator
    from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
    from spade_studio.engine.networks.encoder import Encoder

    def millions(network: torch.nn.Module) -> float:
        return round(sum(parameter.numel() for parameter in network.parameters()) / 1e6, 1)

    with torch.device("meta"):
        sizes = {}
        for name in ("coco-stuff", "ade20k", "flickr-landscapes", "compact"):
            config = preset(name)
            generator, encoder, discriminator = config.network_configs(config.labels.channels().semantic_channels)
            assert isinstance(generator, GeneratorConfig)
            assert discriminator is not None
            sizes[name] = (millions(build_generator(generator)), encoder and millions(Encoder(encoder)))
            assert isinstance(MultiscaleDiscriminator(discriminator), torch.nn.Module)
    assert sizes == {"coco-stuff": (97.5, None), "ade20k": (96.5, None), "flickr-landscapes": (112.6, 10.5), "compact": (15.8, 2.5)}


def test_landscapes_is_the_preset_of_the_default_weights() -> None:
    from spade_studio.engine.weights import default_weights_path, inspect_weights

    info = inspect_weights(default_weights_path())
    config = preset("landscapes")
    generator, encoder, _ = config.network_configs(config.labels.channels().semantic_channels)
    assert info.channels is not None
    assert info.channels.known_ids == config.labels.channels().known_ids
    assert info.generator == generator
    assert info.encoder == encoder


def test_data_of_the_presets_can_be_opened() -> None:
    from spade_studio.train.datasets.opening import DATASET_KINDS

    assert {preset(name).data.kind for name in PRESETS} <= {"auto", *DATASET_KINDS}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_of_the_paper_is_a_name(name: str) -> None:
    config = with_architecture(preset("ade20k"), name)
    again = TrainConfig.from_json(json.loads(json.dumps(config.to_json())))
    generator, encoder, discriminator = again.network_configs(151)
    row = ARCHITECTURES[name]
    assert generator == row.config(151)
    assert (encoder is not None) == (name in ("spade-noise", "spade-textured"))
    if row.recipe in CONTENT_RECIPES:
        assert discriminator is None
        return
    assert discriminator is not None
    assert discriminator.spectral_norm == row.discriminator_spectral_norm
    assert (config.losses.adversarial, config.optimizer.two_time_scales) == (row.adversarial, row.two_time_scales)


def test_an_option_wins_over_the_architectures_own() -> None:
    assert GeneratorOptions("spade-compact").config(9, GeometryConfig()) == GeneratorConfig(9, 48)
    assert GeneratorOptions("spade-compact", base_channels=16).config(9, GeometryConfig()) == GeneratorConfig(9, 16)
    assert GeneratorOptions("pix2pixhd", hidden_width=8, blocks=2).config(9, GeometryConfig()).to_json()["blocks"] == 2


# ---- labels


def test_ids_are_given_channels_in_the_order_asked_for() -> None:
    channels = LabelsConfig("coco_stuff", (134, 156), edges=False).channels()
    assert channels.known_ids == (134, 156)
    assert (channels.unlabeled_channel, channels.semantic_channels) == (2, 3)
    with pytest.raises(LabelError, match="id 250"):
        LabelsConfig("coco_stuff", (250,)).channels()


def test_an_empty_label_set_is_that_of_the_data() -> None:
    own = load_label_set("ade20k")
    assert LabelsConfig(edges=False).channels(own).label_set == own
    with pytest.raises(ConfigError, match="the data brings no label set"):
        LabelsConfig().channels()


def test_the_encoder_reads_codes_as_wide_as_the_generator_takes() -> None:
    config = TrainConfig(generator=GeneratorOptions(input="noise", z_width=33), encoder=EncoderOptions(used=True))
    _, encoder, _ = config.network_configs(5)
    assert encoder is not None
    assert encoder.z_width == 33


@pytest.mark.parametrize(
    ("value", "low", "high"), [(math.nan, 0, 1), (math.inf, 0, math.inf), (True, 0, 1), (1.01, 0, 1), (-1, 0, math.inf)]
)
def test_ranges_take_finite_numbers_only(value: float, low: float, high: float) -> None:
    with pytest.raises(ConfigError, match=f"rate is {value!r}. Expected {'0 or more' if math.isinf(high) else 'from 0 to 1'}"):
        plain.check_range("rate", value, low, high)
    for fits in (0, 0.5, 1):
        plain.check_range("rate", fits, low, high)
