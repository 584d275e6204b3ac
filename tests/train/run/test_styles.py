"""Styles by chance, and the coordinates in which photographs' styles are standard normal: in a run, and in what it exports."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights import load_weights
from spade_studio.engine.weights.info import LoadedWeights
from spade_studio.train.config.losses import ChanceStyles
from spade_studio.train.config.presets import preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.learning.distributed import Ranks
from spade_studio.train.learning.styles import draw_styles, fit_style_space, own_styles
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.run.data import open_run_data
from spade_studio.train.run.export import ExportOptions, write_weights


@pytest.mark.parametrize(("count", "share", "own"), [(8, 0.5, 4), (8, 0.35, 6), (4, 0.25, 3), (1, 0.9, 1), (5, 0.0, 5)])
def test_the_last_pictures_of_a_batch_have_styles_by_chance(count: int, share: float, own: int) -> None:
    assert own_styles(count, share) == own


def test_styles_by_chance_are_noise_or_those_of_the_photographs_in_turn() -> None:
    mu = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    deviation = torch.tensor([[0.5, 2.0], [3.0, 0.25]])
    logvar = deviation.square().log().requires_grad_()
    noise = torch.arange(10.0).view(5, 2)
    turn = [0, 1, 0]
    for of_photographs, expected in ((False, noise[2:]), (True, mu[turn] + noise[2:] * deviation[turn])):
        styles = draw_styles(mu, logvar, noise, of_photographs=of_photographs)
        assert torch.allclose(styles[:2], mu + noise[:2] * deviation)
        assert torch.allclose(styles[2:], expected)
        for gradient in torch.autograd.grad(styles[2:].sum() + 0 * styles[:2].sum(), (mu, logvar)):
            assert not gradient.any()


def posteriors() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    mixing = torch.randn(6, 6, generator=generator)
    mu = torch.randn(4000, 6, generator=generator) @ mixing + torch.arange(6.0)
    return mu, torch.randn(4000, 6, generator=generator) * 0.3 - 0.5


def test_coordinates_of_photographs_styles_are_standard_normal() -> None:
    mu, logvar = posteriors()
    space = fit_style_space(mu, logvar)
    styles = mu + torch.randn(mu.shape, generator=torch.Generator().manual_seed(2)) * (0.5 * logvar).exp()
    coordinates = space.coordinates(styles)
    assert torch.allclose(coordinates.mean(0), torch.zeros(6), atol=0.05)
    assert torch.allclose(torch.cov(coordinates.T), torch.eye(6), atol=0.05)
    assert torch.allclose(space.codes(coordinates), styles, atol=1e-4)
    plain = torch.cov(styles.T)
    assert float((plain - torch.eye(6)).abs().max()) > 1  # there was something to do


def test_log_variances_change_by_what_they_do_on_average() -> None:
    mu, logvar = posteriors()
    space = fit_style_space(mu, logvar)
    exact = torch.stack([(space.inverse @ row.exp().double().diag() @ space.inverse).diagonal().log() for row in logvar])
    assert torch.allclose(space.spread, (exact - logvar).mean(0), atol=1e-9)


def test_directions_without_spread_keep_a_finite_inverse() -> None:
    mu = torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 3.0]])
    space = fit_style_space(mu, torch.full((2, 3), -80.0))
    assert space.inverse.isfinite().all()
    assert torch.allclose(space.codes(space.coordinates(mu)), mu, atol=1e-4)


def make_trainer(data: Path, chance_styles: ChanceStyles = "photographs") -> Trainer:
    config: TrainConfig = dataclasses.replace(preset("tiny"), statistics_images=8)
    losses = dataclasses.replace(config.losses, chance_styles=chance_styles, prior_share=0.5)
    config = dataclasses.replace(config, losses=losses, data=dataclasses.replace(config.data, path=str(data), validation=2))
    trainer = Trainer(config, open_run_data(config).training, Ranks(0, 1, torch.device("cpu")))
    batches = iter(trainer.loader())
    for _ in range(2):
        trainer.train_step(next(batches))
    return trainer


def test_exported_weights_take_and_give_coordinates(landscape_data: Path, tmp_path: Path) -> None:
    trainer = make_trainer(landscape_data)
    assert trainer.averages is not None
    assert trainer.averages.encoder is not None
    with torch.no_grad():  # as after a long training: styles that spread, and posteriors that are narrow
        trainer.averages.encoder.fc_mu.weight.mul_(30)
        trainer.averages.encoder.fc_var.bias.sub_(1)
    (path,) = write_weights(tmp_path / "weights.safetensors", trainer, "run", ExportOptions(half=False))
    space = trainer.statistics_batches().style_space()
    assert space is not None
    assert float((space.root - torch.eye(len(space.root))).abs().max()) > 0.01
    batch = next(iter(trainer.statistics_batches()))
    assert batch.style is not None
    coordinates = torch.randn(batch.style.shape, generator=torch.Generator().manual_seed(3))
    expected = trainer.averages.generator(batch.layout, space.codes(coordinates))
    shown = trainer.averages.generate(batch.layout, coordinates)
    assert torch.allclose(shown, expected, atol=1e-5)
    assert float((shown - trainer.averages.generator(batch.layout, coordinates)).abs().max()) > 0.01
    exported, own = load_weights(path), trainer.averages.generator.state_dict()
    assert exported.generator is not None
    assert exported.encoder is not None
    plain = {name for name in own if f"{name}_orig" not in own}  # spectral norms are applied in files
    differing = {name for name, value in exported.generator.items() if name in plain and not torch.equal(value, own[name])}
    assert differing == {"fc.weight", "fc.bias"}
    weight, bias = own["fc.weight"].double(), own["fc.bias"].double()
    assert torch.allclose(exported.generator["fc.weight"].double(), weight @ space.root, atol=1e-5)
    assert torch.allclose(exported.generator["fc.bias"].double(), bias + weight @ space.mean, atol=1e-4)
    shift = exported.encoder["fc_var.bias"] - trainer.averages.encoder.fc_var.bias.detach()
    assert torch.allclose(shift.double(), space.spread, atol=1e-4)
    renderer = Renderer.load(path, device="cpu", dtype="float32")
    photo = (torch.rand(64, 64, 3, generator=torch.Generator().manual_seed(4)) * 255).byte().numpy()
    style = renderer.style_from_image(photo)
    mu = trainer.averages.encode(torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 127.5 - 1)
    assert mu is not None
    assert torch.allclose(torch.as_tensor(style), mu[0], atol=0.05)


def test_unaveraged_weights_take_and_give_coordinates_of_the_live_encoders_styles(landscape_data: Path, tmp_path: Path) -> None:
    trainer = make_trainer(landscape_data)
    encoder = trainer.encoder
    assert encoder is not None
    with torch.no_grad():
        encoder.fc_mu.weight.mul_(30)
    generator, before = trainer.generator.state_dict(), {name: value.clone() for name, value in encoder.state_dict().items()}
    exported: list[LoadedWeights] = []
    for pictures in (True, False):
        (path,) = write_weights(tmp_path / "w.safetensors", trainer, "run", ExportOptions(half=False, averaged=False, pictures=pictures))
        exported.append(load_weights(path))
    assert encoder.training
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    encoder.eval()
    space = trainer.statistics_batches(live=True).style_space()
    assert space is not None
    weight, bias = generator["fc.weight"].double(), generator["fc.bias"].double()
    assert torch.allclose(exported[0].generator["fc.weight"].double(), weight @ space.root, atol=1e-5)
    assert torch.allclose(exported[0].generator["fc.bias"].double(), bias + weight @ space.mean, atol=1e-4)
    mu = exported[0].encoder
    assert mu is not None
    assert torch.allclose(mu["fc_mu.weight"].double(), space.inverse @ encoder.fc_mu.weight.detach().double(), atol=1e-4)
    assert torch.equal(exported[1].generator["fc.weight"], generator["fc.weight"])
    assert float((exported[0].generator["fc.weight"] - generator["fc.weight"]).abs().max()) > 0.001


@pytest.mark.parametrize("chance_styles", ["normal", "photographs"])
def test_batch_statistics_are_of_styles_as_in_training(landscape_data: Path, chance_styles: ChanceStyles) -> None:
    trainer = make_trainer(landscape_data, chance_styles)
    assert trainer.averages is not None
    assert trainer.averages.encoder is not None
    with torch.no_grad():
        trainer.averages.encoder.fc_mu.bias.add_(100)
    for batch in trainer.statistics_batches():
        assert batch.style is not None
        near = batch.style.mean(1) > 50
        own = own_styles(len(near), 0.5)
        assert len(near) > own >= 1
        assert near[:own].all()
        assert bool(near[own:].all()) == (chance_styles == "photographs") == bool(near[own:].any())


def test_styles_of_photographs_need_an_encoder() -> None:
    config = preset("tiny")
    losses = dataclasses.replace(config.losses, chance_styles="photographs")
    with pytest.raises(ConfigError, match="without an encoder"):
        dataclasses.replace(config, losses=losses, encoder=dataclasses.replace(config.encoder, used=False))
