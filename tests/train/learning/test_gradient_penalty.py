"""The R1 penalty on the discriminator's gradients at photographs, against gradients by hand and by differences."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from spade_studio.engine.errors import ConfigError
from spade_studio.engine.networks.config import DiscriminatorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator, PatchDiscriminator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import LossConfig
from spade_studio.train.config.networks import DiscriminatorOptions, ProjectedOptions
from spade_studio.train.config.presets import preset, with_architecture
from spade_studio.train.learning import judging
from spade_studio.train.learning.judging import r1_penalty
from spade_studio.train.learning.preparation import initialize, keep_channels_last, keep_spectral_norms_wide, mend_instance_norms
from spade_studio.train.learning.projected import build_discriminator
from spade_studio.train.learning.step import TrainingNetworks
from spade_studio.train.pretrained.efficientnet_lite import EfficientNetLiteFeatures

LABELS, SIDE = 4, 32


class Weighing(PatchDiscriminator):
    """Scores every pixel by the weighted sum of its channels: D(x) = sum w_c x_c(p) / P + b."""

    def __init__(self, weights: Tensor) -> None:
        nn.Module.__init__(self)
        self.convolution = nn.Conv2d(len(weights), 1, 1)
        self.convolution.weight.data = weights.view(1, -1, 1, 1)

    @property
    def first(self) -> nn.Conv2d:
        return self.convolution

    @property
    def later(self) -> list[nn.Module]:
        return []


class LinearDiscriminator(MultiscaleDiscriminator):
    def __init__(self, weights: Tensor) -> None:
        nn.Module.__init__(self)
        self.weighing = Weighing(weights)

    @property
    def patches(self) -> list[PatchDiscriminator]:
        return [self.weighing]


@dataclass(frozen=True)
class Batch:
    photos: Tensor
    layout: Layout
    indices: tuple[int, ...] = (0, 1)


def batch_of(count: int, height: int = SIDE, width: int = SIDE) -> Batch:
    random = np.random.default_rng(1)
    photos = torch.from_numpy(random.uniform(-1, 1, (count, 3, height, width))).float()
    return Batch(photos, Layout.from_channels(random.integers(0, LABELS, (count, height, width)), LABELS), tuple(range(count)))


class Still(nn.Module):
    """A generator of one grey."""

    def __init__(self) -> None:
        super().__init__()
        self.grey = nn.Parameter(torch.zeros(3, 1, 1))

    def forward(self, layout: Layout, z: Tensor | None) -> Tensor:
        return self.grey.expand(len(layout.codes), 3, *layout.codes.shape[1:])


def test_the_penalty_of_a_linear_discriminator_is_the_one_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "LEAKY_SLOPE", 1.0)
    weights = torch.tensor([5.0, 6.0, 7.0, 8.0, 1.0, -2.0, 3.0])  # those of four planes, then of the picture's channels
    discriminator = LinearDiscriminator(weights)
    batch = batch_of(2, 4, 8)
    gamma, every, share, pixels = 3.0, 16, 0.5, 32
    # D(x) = mean over pixels of w x: dD/dx_c(p) = w_c / P, so |dD/dx|^2 = sum w_c^2 / P, and its gradient is 2 w_c / P.
    penalty = r1_penalty(discriminator, batch.layout.planes("cpu", torch.float32), batch.photos)
    assert float(penalty.detach()) == pytest.approx((1 + 4 + 9) / pixels)
    losses = LossConfig(adversarial="wasserstein", perceptual_weight=0, r1_weight=gamma, r1_every=every)
    gradients: list[Tensor] = []
    for penalized in (False, True):
        discriminator.zero_grad()
        values = TrainingNetworks(Still(), None, discriminator, losses).discriminator_step(batch, None, share=share, penalized=penalized)
        assert discriminator.weighing.first.weight.grad is not None
        gradients.append(discriminator.weighing.first.weight.grad.flatten().clone())
    assert values.numbers()["r1"] == pytest.approx(share * gamma / 2 * every * 14 / pixels)
    by_hand = share * gamma / 2 * every * 2 * weights / pixels
    by_hand[:4] = 0
    torch.testing.assert_close(gradients[1] - gradients[0], by_hand, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("norm", ["instance", "none"])
def test_its_gradients_are_those_of_differences(norm: Any, count: int) -> None:
    torch.manual_seed(0)
    network = MultiscaleDiscriminator(DiscriminatorConfig(LABELS, 4, 3, norm=norm)).double().train()
    initialize(network, 1.0)
    keep_channels_last(network)
    keep_spectral_norms_wide(network)
    mend_instance_norms(network)
    batch = batch_of(count)
    planes, photos = batch.layout.planes("cpu", torch.float64), batch.photos.double().contiguous(memory_format=torch.channels_last)
    before = {name: value.clone() for name, value in network.named_buffers()}

    x = photos.clone().requires_grad_()
    scales = network.eval()(torch.cat((planes, x), 1))
    sum(scale[-1].mean((1, 2, 3)).sum() for scale in scales).backward()  # pyright: ignore[reportAttributeAccessIssue]
    network.train().zero_grad()
    assert x.grad is not None
    expected = (x.grad / len(scales)).square().sum() / count
    penalty = r1_penalty(network, planes, photos)
    torch.testing.assert_close(penalty, expected)
    penalty.backward()
    for name in ("discriminator_0.model0.0.weight", "discriminator_1.model1.0.0.weight_orig", "discriminator_0.model3.0.weight"):
        parameter = network.get_parameter(name)
        gradient = parameter.grad
        assert gradient is not None
        direction = torch.randn_like(parameter)
        moved: list[Tensor] = []
        for step in (1e-8, -1e-8):  # few activations change their sign in between, where the penalty jumps
            with torch.no_grad():
                parameter += step * direction
            moved.append(r1_penalty(network, planes, photos).detach())
            with torch.no_grad():
                parameter -= step * direction
        slope = (moved[0] - moved[1]) / 2e-8
        assert float((gradient * direction).sum()) == pytest.approx(float(slope), rel=1e-4), name
    assert all(torch.equal(value, before[name]) for name, value in network.named_buffers())
    assert all(module.training for module in network.modules())


def test_it_is_computed_wide_and_past_what_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = MultiscaleDiscriminator(DiscriminatorConfig(LABELS, 4, 2, 1)).train()
    initialize(network, 1.0)
    keep_spectral_norms_wide(network)
    batch = batch_of(2)
    planes = batch.layout.planes("cpu", torch.float32)
    plain = r1_penalty(network, planes, batch.photos)
    stances: list[str] = []
    monkeypatch.setattr(torch.compiler, "set_stance", lambda name: nullcontext(stances.append(name)))
    monkeypatch.setattr(network.patches[0].later[0], "_compiled_call_impl", network.patches[0].later[0].forward)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = r1_penalty(network, planes.bfloat16(), batch.photos)
    assert narrow.dtype == torch.float32
    torch.testing.assert_close(narrow, plain)
    assert stances == ["force_eager"]


def test_heads_on_a_projection_are_penalized_alike(tmp_path: Path) -> None:
    torch.manual_seed(3)
    save_file(EfficientNetLiteFeatures().state_dict(), tmp_path / "network.safetensors")
    options = ProjectedOptions(str(tmp_path / "network.safetensors"), mixed_channels=8, width=8, side=2 * SIDE)
    network = build_discriminator(DiscriminatorConfig(LABELS, 4, 3, 1), options)
    initialize(network, 1.0)
    batch = batch_of(2)
    planes = batch.layout.planes("cpu", torch.float32)
    penalty = r1_penalty(network, planes, batch.photos)
    penalty.backward()
    for i in range(4):
        gradient = network.get_parameter(f"projected_{i}.first.weight_orig").grad
        assert gradient is not None
        assert 0 < float(gradient.abs().max()) < float("inf")
    x = batch.photos.clone().requires_grad_()
    scales = network.eval()(torch.cat((planes, x), 1))
    sum(scale[-1].mean((1, 2, 3)).sum() for scale in scales).backward()  # pyright: ignore[reportAttributeAccessIssue]
    assert x.grad is not None
    torch.testing.assert_close(penalty.detach(), (x.grad / 5).square().sum() / 2)


def test_when_it_is_due_and_what_is_refused() -> None:
    lazy = LossConfig(r1_weight=1.0, r1_every=4)
    assert [step for step in range(12) if lazy.penalizes(step)] == [3, 7, 11]
    assert not any(LossConfig(r1_every=1).penalizes(step) for step in range(20))
    with pytest.raises(ConfigError, match="r1_every is 0"):
        LossConfig(r1_every=0)
    tiny = replace(preset("tiny"), losses=replace(preset("tiny").losses, r1_weight=1.0))
    with pytest.raises(ConfigError, match=r"losses\.r1_weight is 1\.0 with discriminator\.norm batch"):
        replace(tiny, discriminator=DiscriminatorOptions(norm="batch"))
    crn = with_architecture(preset("tiny"), "crn")
    with pytest.raises(ConfigError, match=r"discriminator\.used is false with losses\.r1_weight 1\.0"):
        replace(crn, losses=replace(crn.losses, r1_weight=1.0))
