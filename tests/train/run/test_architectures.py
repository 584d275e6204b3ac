"""Every generator of the registry is trained, exported, rendered, and started from again with its labels in another order."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights import inspect_weights
from spade_studio.train.config.architectures import ARCHITECTURES
from spade_studio.train.config.baselines import CONTENT_RECIPES
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.config.networks import GeneratorOptions, InitialConfig
from spade_studio.train.config.presets import preset, with_architecture
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets.loading import Batch, TrainingSet
from spade_studio.train.datasets.transforms import resize_ids
from spade_studio.train.learning.averages import fixed_batches
from spade_studio.train.learning.discriminator_file import discriminator_path
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.ema import converge_spectral_norms
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.run.data import open_run_data
from spade_studio.train.run.export import ExportOptions, write_weights

# name, whether it takes a style, whether there is an encoder
CASES = [
    (name, takes, takes and row.encoder)
    for name, row in ARCHITECTURES.items()
    for takes in (row.options.get("input", "layout") != "layout",)
    if row.recipe not in CONTENT_RECIPES  # test_baselines.py has these
]
CASES += [("spade-noise", True, False), ("spade-instance-norm", True, True), ("concatenation", True, True)]


def make_trainer(config: TrainConfig) -> Trainer:
    return Trainer(config, open_run_data(config).training, Ranks(0, 1, torch.device("cpu")))


def smallest(data: Path, name: str, takes_style: bool, has_encoder: bool) -> TrainConfig:
    config = with_architecture(preset("tiny"), name)
    options = GeneratorOptions(name, base_channels=4, hidden_width=8, downsamplings=3, blocks=2, z_width=6)
    return dataclasses.replace(
        config,
        data=dataclasses.replace(config.data, path=str(data), validation=2),
        labels=dataclasses.replace(config.labels, edges=True),
        generator=dataclasses.replace(options, input="noise") if takes_style and name != "spade-textured" else options,
        encoder=dataclasses.replace(config.encoder, used=has_encoder),
        geometry=GeometryConfig("fixed", load_size=64, crop_size=64),
        statistics_images=4,
        batch_size=2,
    )


def first_batch(trainer: Trainer) -> Batch:
    plain = TrainingSet(trainer.dataset, trainer.config.geometry, None)
    (batch,) = fixed_batches(plain, trainer.collate, [0, 1], 2, torch.device("cpu"))
    return batch


@pytest.mark.parametrize(("name", "takes_style", "has_encoder"), CASES)
def test_trained_exported_rendered_and_started_from(
    landscape_data: Path, tmp_path: Path, name: str, takes_style: bool, has_encoder: bool
) -> None:
    config = smallest(landscape_data, name, takes_style, has_encoder)
    trainer = make_trainer(config)
    before = [parameter.detach().clone() for parameter in trainer.generator.parameters()]
    result = trainer.train_step(next(iter(trainer.loader())))
    assert result.finite
    assert any(not torch.equal(old, new) for old, new in zip(before, trainer.generator.parameters(), strict=True))

    path = tmp_path / "weights.safetensors"
    written = write_weights(path, trainer, "00012-lakes", ExportOptions(with_discriminator=True, half=False))
    assert written == [path, discriminator_path(path)]
    info = inspect_weights(path)
    assert (info.generator, info.encoder, info.channels) == (trainer.generator_config, trainer.encoder_config, trainer.dataset.channels)
    assert (info.name, info.steps, info.averaged, info.training_size) == ("lakes", 1, True, (64, 64))

    averages, batch = trainer.averages, first_batch(trainer)
    assert averages is not None
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(1)) if takes_style else None
    pictures = averages.generate(batch.layout, z).numpy()
    assert (pictures.shape, bool(np.ptp(pictures))) == ((2, 3, 64, 64), True)
    renderer = Renderer.load(path, device="cpu", dtype="float32")
    for number in range(2):
        renderer.set_style(None if z is None else z[number].numpy())
        renderer.set_texture(number)
        renderer.set_layout(resize_ids(trainer.dataset.read_labels(number), 64, 64))
        assert np.abs(renderer.render_float()[0] - pictures[number]).max() < 1e-4

    in_other_order = dataclasses.replace(
        config,
        labels=dataclasses.replace(config.labels, ids=config.labels.ids[::-1], unlabeled="first"),
        initial=InitialConfig(weights=str(path)),
        seed=5,
    )
    again = make_trainer(in_other_order)
    assert again.averages is not None
    assert np.abs(again.averages.generate(first_batch(again).layout, z).numpy() - pictures).max() < 1e-4
    if has_encoder:
        styles, new_styles = averages.encode(batch.photos), again.averages.encode(batch.photos)
        assert styles is not None
        assert new_styles is not None
        assert torch.allclose(styles, new_styles, atol=1e-5)
    with torch.no_grad():
        scores, scores_again = (judge(one) for one in (trainer, again))
    assert all(torch.allclose(score, other, atol=1e-4) for score, other in zip(scores, scores_again, strict=True))
    assert again.train_step(next(iter(again.loader()))).finite


def judge(trainer: Trainer) -> list[torch.Tensor]:
    """Return the discriminator's scores of two photographs, at every scale."""
    assert trainer.discriminator is not None
    converge_spectral_norms(trainer.discriminator)  # as is done where labels are carried over
    batch = first_batch(trainer)
    planes = batch.layout.one_hot(64, 64, torch.device("cpu"), torch.float32)
    return [features[-1] for features in trainer.discriminator(torch.cat((planes, batch.photos), 1))]


def test_pictures_of_many_sizes(make: Any, tmp_path: Path) -> None:
    for number, (height, width) in enumerate(((64, 64), (96, 64), (64, 128))):
        make.pair(f"p{number}", (156, 134, 168)[number], number, height, width)
    config = smallest(make.root, "spade", takes_style=False, has_encoder=False)
    config = dataclasses.replace(config, geometry=GeometryConfig("none"), batch_size=1, data=dataclasses.replace(config.data, validation=0))
    trainer = make_trainer(config)
    batches = iter(trainer.loader())
    for _ in range(3):
        assert trainer.train_step(next(batches)).finite
    (path,) = write_weights(tmp_path / "weights.safetensors", trainer, "sizes", ExportOptions())
    renderer = Renderer.load(path, device="cpu")
    renderer.set_layout(make.map("labels/p1.png", 134, 96, 64))
    assert renderer.render().shape == (1, 96, 64, 3)
