"""Training recipes of the baselines in the paper's tables: CRN, SIMS, pix2pixHD and ablations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from spade_studio.train.config.content import ContentConfig
from spade_studio.train.config.losses import LossConfig, OptimizerConfig, ScheduleConfig
from spade_studio.train.config.networks import GeneratorOptions
from spade_studio.train.config.run import TrainConfig

_CRN_EPOCHS = 200.0
_SIMS_EPOCHS = 150.0  # the published schedule ends somewhere after its 112th
_PIX2PIXHD_DEVIATION = 0.02


def crn(config: TrainConfig, generator: GeneratorOptions) -> TrainConfig:
    """Return the configuration with CRN's recipe (Chen and Koltun, 2017): no discriminator, Adam 1e-4, one picture at a time, 200 epochs.

    Presets that count steps keep their length and batch size, since they are small trainings.
    """
    optimizer = OptimizerConfig(two_time_scales=False, generator_learning_rate=1e-4, betas=(0.9, 0.999))
    published = "crn_256" if _height(config) <= 256 else "crn_512"
    return _by_content(config, generator, ContentConfig(1.0, published=published), optimizer, ScheduleConfig(_CRN_EPOCHS))


def sims(config: TrainConfig, generator: GeneratorOptions) -> TrainConfig:
    """Return the configuration with the recipe of SIMS (Qi et al., 2018): CRN's loss and label scores, a rate that grows by the epoch."""
    optimizer = OptimizerConfig(two_time_scales=False, generator_learning_rate=1e-3, betas=(0.9, 0.999))
    schedule = ScheduleConfig(_SIMS_EPOCHS, start=1e-3, growth=1.1, late_after=112, late=0.1)
    if config.schedule_unit == "steps":
        optimizer = dataclasses.replace(optimizer, generator_learning_rate=1e-4)
    return _by_content(config, generator, ContentConfig(1.0, published="sims"), optimizer, schedule)


def pix2pixhd(config: TrainConfig) -> TrainConfig:
    """Return the configuration with the published recipe of pix2pixHD: batches of one, weights from N(0, 0.02)."""
    initial = dataclasses.replace(config.initial, distribution="normal", gain=_PIX2PIXHD_DEVIATION, modulation_gain=_PIX2PIXHD_DEVIATION)
    batch = 1 if config.schedule_unit == "epochs" else config.batch_size
    return dataclasses.replace(config, initial=initial, batch_size=batch)


def _without(term: str) -> Callable[[TrainConfig], TrainConfig]:
    return lambda config: dataclasses.replace(config, losses=dataclasses.replace(config.losses, **{term: 0.0}))


def _deeper(config: TrainConfig) -> TrainConfig:
    discriminator = dataclasses.replace(config.discriminator, layers=config.discriminator.layers + 1)
    return dataclasses.replace(config, discriminator=discriminator)


def _height(config: TrainConfig) -> int:
    return round(config.geometry.crop_size / config.geometry.aspect_ratio)


def _by_content(
    config: TrainConfig, generator: GeneratorOptions, content: ContentConfig, optimizer: OptimizerConfig, schedule: ScheduleConfig
) -> TrainConfig:
    labels = config.labels
    by_epochs = config.schedule_unit == "epochs"
    return dataclasses.replace(
        config,
        generator=generator,
        encoder=dataclasses.replace(config.encoder, used=False),
        labels=dataclasses.replace(labels, edges=False, unlabeled="last" if labels.unlabeled == "none" else labels.unlabeled),
        discriminator=dataclasses.replace(config.discriminator, used=False),
        initial=dataclasses.replace(config.initial, gain=1.0),
        losses=LossConfig(adversarial_weight=0.0, feature_matching_weight=0.0, perceptual_weight=0.0, content=content),
        optimizer=optimizer,
        schedule=schedule if by_epochs else config.schedule,
        batch_size=1 if by_epochs else config.batch_size,
        renormalize_after=0,
    )


RECIPES: Mapping[str, Callable[[TrainConfig], TrainConfig]] = {
    "pix2pixhd": pix2pixhd,
    "no-perceptual": _without("perceptual_weight"),
    "no-feature-matching": _without("feature_matching_weight"),
    "deeper-discriminator": _deeper,
}
"""Recipes by name (:attr:`Architecture.recipe`)."""
CONTENT_RECIPES: Mapping[str, Callable[[TrainConfig, GeneratorOptions], TrainConfig]] = {"crn": crn, "sims": sims}
"""Recipes of networks without a discriminator, as functions of configuration and generator."""
