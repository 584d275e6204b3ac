"""The content loss against its definition written again, and the step that minimises it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F

from spade_studio.engine.errors import ConfigError, WeightsError
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import CRNConfig, SIMSConfig
from spade_studio.engine.networks.layout import Canvas, Layout
from spade_studio.train.config.content import PUBLISHED_FACTORS, ContentConfig
from spade_studio.train.config.losses import LossConfig, OptimizerConfig, ScheduleConfig
from spade_studio.train.config.presets import preset, with_architecture
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.learning.content import ContentFeatures, ContentLoss, load_content
from spade_studio.train.learning.losses import label_cross_entropy
from spade_studio.train.learning.optimizer import Optimizers
from spade_studio.train.learning.preparation import initialize
from spade_studio.train.learning.step import TrainingNetworks, training_step
from spade_studio.train.pretrained import vgg

FACTORS = (1.0, 0.5, 0.25, 2.0, 3.0, 4.0)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the networks be those of their files with an eighth of the widths: the real ones take long."""
    real = vgg._CONVOLUTIONS  # pyright: ignore[reportPrivateUsage]
    narrowed = {kind: tuple(tuple(width // 8 for width in block) for block in blocks) for kind, blocks in real.items()}
    monkeypatch.setattr(vgg, "_CONVOLUTIONS", narrowed)


class Batch:
    def __init__(self, layout: Layout, photos: torch.Tensor) -> None:
        self.layout, self.photos, self.indices = layout, photos, (0, 1)


def content_loss(**options: object) -> ContentLoss:
    torch.manual_seed(1)
    config = ContentConfig(1.0, "vgg16", **options)  # pyright: ignore[reportArgumentType]
    return ContentLoss(ContentFeatures(config).double(), config)


def reference_levels(loss: ContentLoss, pictures: torch.Tensor) -> list[torch.Tensor]:
    """The picture, then conv1_2 to conv5_2 of VGG-16 with average pools."""
    mean = torch.tensor([123.68, 116.779, 103.939], dtype=torch.float64).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(3, 1, 1) * 255
    levels = [(pictures + 1) / 2 * 255 - mean]
    state = loss.features.state_dict()
    x = levels[0] / deviation
    for block, count in enumerate((2, 2, 3, 3, 2)):
        if block:
            x = F.avg_pool2d(x, 2)
        for number in range(count):
            x = F.relu(F.conv2d(x, state[f"blocks.{block}.{number}.weight"], state[f"blocks.{block}.{number}.bias"], padding=1))
            if number == 1:
                levels.append(x)
    return levels


@pytest.mark.parametrize("scale", ["activation", "relative"])
def test_the_loss_is_its_definition(scale: str) -> None:
    loss = content_loss(factors=FACTORS, scale=scale, diversity=0.9)
    pictures, photos = torch.rand(2, 3, 3, 16, 16, dtype=torch.float64) * 2 - 1, torch.rand(2, 3, 16, 16, dtype=torch.float64) * 2 - 1
    labels = torch.randint(0, 5, (2, 4, 4)).repeat_interleave(4, 1).repeat_interleave(4, 2)  # the fifth has no plane
    planes = F.one_hot(labels, 5).permute(0, 3, 1, 2).double()
    targets = reference_levels(loss, photos)
    expected = []
    levels = [[reference_levels(loss, picture[None]) for picture in several] for several in pictures]
    for sample in range(2):
        for label in range(5):
            errors = []
            for picture in range(3):
                total = 0.0
                for level, (made, target) in enumerate(zip(levels[sample][picture], targets, strict=True)):
                    area = F.adaptive_avg_pool2d(planes[sample, label][None, None], (made.shape[-2], made.shape[-1]))[0, 0]
                    error = ((made[0] - target[sample]).abs().mean(0) * area).mean()
                    total += FACTORS[level] * float(error / target.abs().mean() if scale == "relative" else error)
                errors.append(total)
            expected.append(0.9 * min(errors) + 0.1 * sum(errors) / 3)
    assert float(loss(pictures, photos, planes[:, :4])) == pytest.approx(sum(expected) / 2)
    # For one picture classes do not matter.
    one = loss(pictures[:, :1], photos, planes[:, :4])
    assert float(one) == pytest.approx(float(loss(pictures[:, :1], photos, planes[:, :1])))


def test_of_every_class_the_best_picture_learns() -> None:
    loss = content_loss(factors=(1.0, 0, 0, 0, 0, 0), scale="activation", diversity=1.0)
    photos = torch.zeros(1, 3, 16, 16, dtype=torch.float64)
    pictures = torch.zeros(1, 2, 3, 16, 16, dtype=torch.float64)
    pictures[0, 0, :, 8:], pictures[0, 1, :, :8] = 0.5, 0.5  # each is right in one half
    planes = torch.zeros(1, 2, 16, 16, dtype=torch.float64)
    planes[0, 0, :8], planes[0, 1, 8:] = 1, 1
    assert float(loss(pictures, photos, planes)) == 0
    pictures = (pictures + 0.1).requires_grad_()
    loss(pictures, photos, planes).backward()
    assert pictures.grad is not None
    touched = pictures.grad.abs().sum((2, 4))[0]  # by row
    assert (touched[0, 8:] == 0).all()
    assert (touched[0, :8] > 0).all()
    assert (touched[1, :8] == 0).all()


def test_factors_are_the_published_ones_where_activations_are_compared() -> None:
    assert PUBLISHED_FACTORS["crn_256"] == (1, 1 / 1.6, 1 / 2.3, 1 / 1.8, 1 / 2.8, 10 / 0.8)
    assert ContentConfig(scale="activation").level_factors == PUBLISHED_FACTORS["crn_256"]
    assert ContentConfig(scale="activation", published="sims").level_factors == (1, 1 / 2.6, 1 / 4.8, 1 / 3.7, 1 / 5.6, 10 / 1.5)
    assert ContentConfig().level_factors == (1,) * 6
    wrong = {"factors": (0.0,) * 6}, {"factors": (1.0,)}, {"scale": "x"}, {"weight": -1.0}, {"weight": 1.0, "network": "hed_vgg16"}
    for options in wrong:
        with pytest.raises(ConfigError):
            ContentConfig(**options)  # pyright: ignore[reportArgumentType]


def test_files_of_the_original_network_and_of_hed_are_read(tmp_path: Path) -> None:
    wanted = ContentFeatures(ContentConfig(1.0, "vgg19"))
    names = {0: (0, 2), 1: (5, 7), 2: (10, 12, 14, 16), 3: (19, 21, 23, 25), 4: (28, 30)}
    state = {
        f"features.{place}.{part}": wanted.state_dict()[f"blocks.{block}.{number}.{part}"]
        for block, places in names.items()
        for number, place in enumerate(places)
        for part in ("weight", "bias")
    }
    safetensors.torch.save_file(state, tmp_path / "vgg.safetensors")
    pictures = torch.rand(1, 3, 32, 32) * 2 - 1
    normalized = load_content(ContentConfig(1.0, "vgg19", str(tmp_path / "vgg.safetensors"))).features(pictures)
    pixels = load_content(ContentConfig(1.0, "vgg19", str(tmp_path / "vgg.safetensors"), input="pixels")).features(pictures)
    assert torch.allclose(normalized[2], wanted(pictures)[2])
    assert torch.allclose(pixels[0], normalized[0])
    assert float(pixels[1].mean()) > 10 * float(normalized[1].mean())
    hed = ContentFeatures(ContentConfig(1.0, "hed_vgg16", "x"))
    safetensors.torch.save_file(hed.state_dict(), tmp_path / "hed.safetensors")
    levels = load_content(ContentConfig(1.0, "hed_vgg16", str(tmp_path / "hed.safetensors"))).features(pictures)
    assert [level.shape[1] for level in levels] == [3, 8, 16, 32, 64, 64]
    with pytest.raises(WeightsError):
        load_content(ContentConfig(1.0, "vgg19", str(tmp_path / "hed.safetensors")))


def small_batch(config: CRNConfig | SIMSConfig) -> Batch:
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, (2, 8, 8)).repeat(8, 1).repeat(8, 2)
    layout = Layout.from_channels(labels, config.semantic_channels)
    photos = torch.tensor(labels / 2.0 - 0.5, dtype=torch.float32).unsqueeze(1).expand(-1, 3, -1, -1).contiguous()
    known = random.random(labels.shape) < 0.8
    layout.canvas = Canvas(((photos.permute(0, 2, 3, 1).numpy() + 1) * 127.5 * known[..., None]).astype(np.uint8), known)
    return Batch(layout, photos)


@pytest.mark.parametrize(
    "config", [CRNConfig(3, 32, crop_size=64), CRNConfig(3, 32, crop_size=64, pictures=3), SIMSConfig(3, 4, crop_size=64)]
)
def test_steps_without_a_discriminator_learn(config: CRNConfig | SIMSConfig) -> None:
    torch.manual_seed(0)
    generator = build_generator(config).train()
    initialize(generator, 1.0)
    loss = ContentLoss(ContentFeatures(settings := ContentConfig(1.0, "vgg16", label_weight=1.0)), settings)
    losses = LossConfig(adversarial_weight=0, feature_matching_weight=0, perceptual_weight=0, content=settings)
    networks = TrainingNetworks(generator, None, None, losses, content=loss)
    optimizers = Optimizers(generator, None, None, OptimizerConfig(two_time_scales=False, generator_learning_rate=2e-3))
    batch, totals = small_batch(config), list[float]()
    for _ in range(6):
        report = training_step(networks, optimizers, [batch], lambda phase, number: None)
        assert report.finite
        assert report.discriminator is None
        assert set(report.generator.terms) == ({"content", "labels"} if isinstance(config, SIMSConfig) else {"content"})
        totals.append(float(report.generator.total))
    assert totals[-1] < 0.8 * totals[0]
    assert optimizers.rates == (2e-3, 0.0)


@pytest.mark.parametrize("config", [CRNConfig(4, 32, crop_size=64, pictures=3), SIMSConfig(4, 4, crop_size=64)])
def test_edges_of_objects_are_no_class(config: CRNConfig | SIMSConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    generator = build_generator(config).train()
    loss = ContentLoss(ContentFeatures(settings := ContentConfig(1.0, "vgg16")), settings)
    losses = LossConfig(adversarial_weight=0, feature_matching_weight=0, perceptual_weight=0, content=settings)
    networks = TrainingNetworks(generator, None, None, losses, content=loss)
    plain = small_batch(config)
    labels = np.random.default_rng(0).integers(0, 3, (2, 8, 8)).repeat(8, 1).repeat(8, 2)
    objects = np.broadcast_to(np.arange(64)[:, None] // 16, labels.shape)
    batch = Batch(Layout.from_channels(labels, 4, instances=objects, edge_channel=True), plain.photos)
    batch.layout.canvas = plain.layout.canvas
    seen: list[torch.Tensor] = []

    def watched(pictures: torch.Tensor, photos: torch.Tensor, planes: torch.Tensor) -> torch.Tensor:
        seen.append(planes)
        return ContentLoss.forward(loss, pictures, photos, planes)

    loss.forward = watched
    terms = networks.generator_step(batch, None).terms
    assert seen[0].shape == (2, 3, 64, 64)
    assert (seen[0].sum(1) == 1).all()
    if isinstance(config, SIMSConfig):
        scores = torch.zeros(2, 4, 64, 64)
        made = torch.zeros(2, 3, 64, 64, requires_grad=True), scores
        monkeypatch.setattr(generator, "outputs", lambda layout: made)
        terms = networks.generator_step(batch, None).terms
        assert float(terms["labels"]) == pytest.approx(10 * np.log(3), rel=1e-5)  # of three labels, all alike


def test_label_scores_are_compared_where_there_is_a_label() -> None:
    scores = torch.randn(2, 3, 4, 4)
    planes = torch.zeros(2, 3, 4, 4)
    planes[0, 1], planes[1, 2, :2] = 1, 1
    labels = torch.full((2, 4, 4), -100)
    labels[0], labels[1, :2] = 1, 2
    assert float(label_cross_entropy(scores, planes)) == pytest.approx(float(F.cross_entropy(scores, labels)), rel=1e-5)
    assert float(label_cross_entropy(scores, torch.zeros(2, 3, 4, 4))) == 0


def test_the_rate_of_sims_grows_and_falls() -> None:
    schedule = with_architecture(preset("cityscapes"), "sims").schedule
    rates = [1e-3 * schedule.factor(epoch) for epoch in (0, 1, 10, 73, 111, 112, 149)]
    assert rates == pytest.approx([1e-6, 1.1e-6, 1e-6 * 1.1**10, 1e-3, 1e-3, 1e-4, 1e-4])
    assert ScheduleConfig(10.0, 10.0, start=0.5, growth=2.0).factor(15) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["coco-stuff", "ade20k", "ade20k-outdoor", "cityscapes", "flickr-landscapes", "compact"])
@pytest.mark.parametrize("architecture", ["crn", "crn-diverse", "sims"])
def test_every_preset_has_the_baselines_recipes(name: str, architecture: str) -> None:
    config = with_architecture(preset(name), architecture)
    assert TrainConfig.from_json(config.to_json()) == config
    generator, encoder, discriminator = config.network_configs(9)
    assert encoder is discriminator is None
    assert generator.kind == architecture.removesuffix("-diverse")
    assert config.labels.unlabeled != "none"
    assert not config.labels.edges
    assert config.optimizer.adam_betas == (0.9, 0.999)
    if config.schedule_unit == "epochs":
        assert config.batch_size == 1
        assert config.schedule.length == (150 if architecture == "sims" else 200)


def test_what_does_not_go_together_is_refused() -> None:
    config = with_architecture(preset("ade20k"), "crn")
    for changes, message in (
        ({"discriminator": replace(config.discriminator, used=True)}, "beside a discriminator"),
        ({"losses": LossConfig()}, "discriminator.used is false with losses"),
        ({"losses": replace(config.losses, content=ContentConfig(), perceptual_weight=1.0)}, "discriminator.used is false"),
        ({"losses": replace(config.losses, colour_weight=1.0)}, r"with losses\.colour_weight 1\.0"),
    ):
        with pytest.raises(ConfigError, match=message):
            replace(config, **changes)
    with pytest.raises(ConfigError, match="last_modules"):
        replace(preset("ade20k"), initial=replace(config.initial, last_modules=2))
    with pytest.raises(ConfigError, match="switched off"):
        LossConfig(adversarial_weight=0, feature_matching_weight=0, perceptual_weight=0)


def test_pix2pixhd_starts_as_published() -> None:
    config = with_architecture(preset("ade20k"), "pix2pixhd")
    assert (config.batch_size, config.initial.distribution, config.initial.gain) == (1, "normal", 0.02)
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(64, 64, 3), torch.nn.BatchNorm2d(500), torch.nn.Linear(300, 300))
    initialize(network, 0.02, 0.02, "normal")
    for layer, mean in ((network[0], 0.0), (network[1], 1.0), (network[2], 0.0)):
        weight, bias = layer.get_parameter("weight").detach(), layer.get_parameter("bias").detach()
        assert float(weight.mean()) == pytest.approx(mean, abs=3e-3)
        assert float(weight.std()) == pytest.approx(0.02, rel=0.1)
        assert float(bias.abs().max()) == 0


def test_rows_of_the_tables_change_what_their_names_say() -> None:
    base = with_architecture(preset("ade20k"), "spade")
    assert with_architecture(preset("ade20k"), "spade-no-perceptual").losses == replace(base.losses, perceptual_weight=0.0)
    assert with_architecture(preset("ade20k"), "spade-no-feature-matching").losses == replace(base.losses, feature_matching_weight=0.0)
    assert with_architecture(preset("ade20k"), "spade-deeper-discriminator").discriminator.layers == 5
    random = with_architecture(preset("ade20k"), "spade-random-input")
    generator, encoder, _ = random.network_configs(151)
    assert encoder is None
    assert generator.style_width == 256
