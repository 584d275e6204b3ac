"""Named configurations: the published trainings, that of the default weights, and small ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from spade_studio.engine.errors import ConfigError
from spade_studio.train.config.architectures import architecture
from spade_studio.train.config.baselines import CONTENT_RECIPES, RECIPES
from spade_studio.train.config.data import DataConfig, GeometryConfig, LabelsConfig
from spade_studio.train.config.losses import LossConfig, OptimizerConfig, PerceptualConfig, ScheduleConfig
from spade_studio.train.config.networks import DiscriminatorOptions, EncoderOptions, GeneratorOptions, InitialConfig
from spade_studio.train.config.run import ComputeConfig, MonitorConfig, TrainConfig

# sky, mountain, snow, tree, grass, dirt, sea, water, road, building, bush: COCO-Stuff ids in the channel order of the default weights
LANDSCAPE_IDS = (156, 134, 158, 168, 123, 110, 154, 177, 148, 95, 96)


@dataclass(frozen=True)
class Preset:
    """A named configuration.

    Attributes:
        name: Name on the command line.
        summary: Description, one sentence.
        make: Factory of the configuration.
    """

    name: str
    summary: str
    make: Callable[[], TrainConfig]


def _coco_stuff() -> TrainConfig:
    return TrainConfig(
        data=DataConfig(kind="coco_stuff"), labels=LabelsConfig("coco_stuff"), schedule=ScheduleConfig(constant=100)
    )


def _ade20k() -> TrainConfig:
    labels = LabelsConfig("ade20k", unlabeled="first", edges=False)
    return TrainConfig(data=DataConfig(kind="ade20k"), labels=labels, schedule=ScheduleConfig(constant=100, decay=100))


def _ade20k_outdoor() -> TrainConfig:
    return dataclasses.replace(_ade20k(), data=DataConfig(kind="ade20k_outdoor"))


def _cityscapes() -> TrainConfig:
    return TrainConfig(
        data=DataConfig(kind="cityscapes"),
        labels=LabelsConfig("cityscapes", unlabeled="none"),
        geometry=GeometryConfig("fixed", crop_size=512, aspect_ratio=2.0),
        generator=GeneratorOptions(upsampling="more"),
        schedule=ScheduleConfig(constant=100, decay=100),
    )


def _flickr_landscapes() -> TrainConfig:
    return TrainConfig(
        data=DataConfig(kind="folder"),
        labels=LabelsConfig("coco_stuff"),
        generator=GeneratorOptions(input="noise"),
        encoder=EncoderOptions(used=True),
        schedule=ScheduleConfig(constant=50),
    )


def _compact() -> TrainConfig:
    """The recipe of the first landscape weights, with torchvision's VGG-16 in place of HED's, a file that few people have."""
    return TrainConfig(
        labels=LabelsConfig("coco_stuff", LANDSCAPE_IDS, edges=False),
        geometry=GeometryConfig("scale_shortside_and_crop", load_size=150, crop_size=128),
        generator=GeneratorOptions(base_channels=24, hidden_width=64, input="noise"),
        encoder=EncoderOptions(used=True, base_channels=24),
        discriminator=DiscriminatorOptions(base_channels=32),
        initial=InitialConfig(gain=1.0, modulation_gain=0.5),
        losses=LossConfig(
            perceptual_weight=4.0,
            kl_weight=0.01,
            kl_form="mean",
            perceptual=PerceptualConfig(
                "vgg16", tap_weights=(0.25, 0.25, 0.5, 1.0, 0.0), tap_scale="relative", crop_size=96, batch_share=0.5
            ),
        ),
        optimizer=OptimizerConfig(generator_learning_rate=2e-4, discriminator_learning_rate=4e-4),
        schedule=ScheduleConfig(constant=2500, decay=2500, final=0.02),
        schedule_unit="steps",
        compute=ComputeConfig(dtype="auto"),
        batch_size=8,
        average_decay=0.998,
        checkpoint_every_steps=250,
        monitor=MonitorConfig(sample_every_steps=250, metrics_every_images=8000),
    )


def _landscapes() -> TrainConfig:
    """The recipe of the default weights, with torchvision's VGG-16 in place of HED's, a file that few people have."""
    return dataclasses.replace(
        _compact(),
        data=DataConfig(repeat_threshold=0.2),
        geometry=GeometryConfig("scale_shortside_and_crop", load_size=286, crop_size=256),
        generator=GeneratorOptions("spade-textured", base_channels=24, hidden_width=64, upsampling="more"),
        discriminator=DiscriminatorOptions(base_channels=32, scales=1),
        losses=LossConfig(
            feature_matching_weight=0.0,
            perceptual_weight=1.5,
            texture_weight=5.0,
            colour_weight=8.0,
            kl_weight=0.02,
            kl_form="mean",
            perceptual=PerceptualConfig("vgg16", tap_weights=(0.0, 0.0, 0.5, 1.0, 0.0), tap_scale="relative", crop_size=160),
            prior_share=0.5,
            chance_styles="photographs",
            augmentations=("colour", "translation", "cut_out", "zoom"),
        ),
        optimizer=OptimizerConfig(generator_learning_rate=2e-4, discriminator_learning_rate=3e-4),
        schedule=ScheduleConfig(constant=8000, decay=4000, final=0.02),
        batch_size=4,
        renormalize_after=1000,
        statistics_images=1024,
    )


def _tiny() -> TrainConfig:
    return TrainConfig(
        data=DataConfig(workers=0, validation=8),
        labels=LabelsConfig("coco_stuff", LANDSCAPE_IDS, edges=False),
        geometry=GeometryConfig("resize_and_crop", load_size=72, crop_size=64),
        generator=GeneratorOptions(base_channels=4, hidden_width=8, input="noise", z_width=16),
        encoder=EncoderOptions(used=True, base_channels=4, layers=5),
        discriminator=DiscriminatorOptions(base_channels=4, layers=3),
        losses=LossConfig(perceptual_weight=0.0, kl_form="mean"),
        schedule=ScheduleConfig(constant=20),
        schedule_unit="steps",
        compute=ComputeConfig(device="cpu"),
        batch_size=4,
        statistics_images=16,
        log_every_steps=1,
        checkpoint_every_steps=5,
        monitor=MonitorConfig(sample_every_steps=10, sample_rows=2, metrics_every_images=40, metric_images=8),
    )


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("coco-stuff", "the paper's COCO-Stuff training: 182 labels, 256x256, 100 epochs", _coco_stuff),
        Preset("ade20k", "the paper's ADE20K training: 150 labels, 256x256, 200 epochs", _ade20k),
        Preset("ade20k-outdoor", "the same on the outdoor scenes of ADE20K", _ade20k_outdoor),
        Preset("cityscapes", "the paper's Cityscapes training: 512x256, 200 epochs", _cityscapes),
        Preset("flickr-landscapes", "the paper's landscapes with styles: COCO-Stuff labels, 256x256, 50 epochs", _flickr_landscapes),
        Preset("landscapes", "what the default weights use: 11 landscape labels with styles and textures, 256x256", _landscapes),
        Preset("compact", "small SPADE networks with the paper's losses: 11 landscape labels with styles, 128x128", _compact),
        Preset("tiny", "a few steps of the smallest networks at 64x64, to try a set-up", _tiny),
    )
}


def preset(name: str) -> TrainConfig:
    """Return a configuration by name.

    Raises:
        ConfigError: an unknown name; the message lists the known ones.
    """
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}", f"one of {', '.join(PRESETS)}")
    return PRESETS[name].make()


def with_architecture(config: TrainConfig, name: str) -> TrainConfig:
    """Return the configuration with a generator of the paper's tables and its losses and learning rates.

    Options of SPADE's own layers are dropped; generators without a style input are trained without an encoder, those without batch norm
    without batch renormalisation.

    Raises:
        ConfigError: an unknown architecture, or one that does not support this picture size.
    """
    row = architecture(name)
    if row.recipe in CONTENT_RECIPES:  # without a discriminator, so the generator and all else change at once
        return CONTENT_RECIPES[row.recipe](config, GeneratorOptions(name))
    takes_style = row.options.get("input", "layout") != "layout" and row.encoder
    losses = dataclasses.replace(config.losses, adversarial=row.adversarial)
    if not takes_style:
        losses = dataclasses.replace(losses, chance_styles="normal", prior_share=0.0)
    norm = row.config(1, crop_size=config.geometry.crop_size).norm
    changed = dataclasses.replace(
        config,
        generator=GeneratorOptions(name, upsampling=config.generator.upsampling, z_width=config.generator.z_width),
        encoder=dataclasses.replace(config.encoder, used=takes_style),
        discriminator=dataclasses.replace(config.discriminator, spectral_norm=row.discriminator_spectral_norm),
        losses=losses,
        renormalize_after=config.renormalize_after if norm in ("batch", "sync_batch") else 0,
        optimizer=_with_time_scales(config.optimizer, row.two_time_scales),
    )
    return RECIPES[row.recipe](changed) if row.recipe else changed


def _with_time_scales(optimizer: OptimizerConfig, two: bool) -> OptimizerConfig:
    """Return the optimiser with one or two time scales; rates that were set outright for the other way are forgotten."""
    if optimizer.two_time_scales == two:
        return optimizer
    return dataclasses.replace(optimizer, two_time_scales=two, generator_learning_rate=0.0, discriminator_learning_rate=0.0)
