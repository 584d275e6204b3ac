"""SPADE layers against equations 1 to 3 of the paper, written out here in plain torch; nothing of the definition is shared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from spade_studio.engine.networks.config import GeneratorConfig, SpadeNorm
from spade_studio.engine.networks.fast_spade import FastSPADE, accelerate
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.modulation import modulate, modulation_rows
from spade_studio.engine.networks.spade import SPADE

S, C, HIDDEN = 5, 6, 7
PATHS = pytest.mark.parametrize("dense", [True, False], ids=["dense", "fast"])


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@dataclass(frozen=True)
class Map:
    """Label channels [B, H, W] (-1: none), instance ids of the same shape, and whether channel S - 1 marks their edges."""

    channels: NDArray[np.int64]
    instances: NDArray[np.int64]
    edges: bool

    @classmethod
    def random(cls, batch: int, height: int, width: int, *, edges: bool, seed: int = 0) -> Map:
        """Blocks of labels with sprinkled pixels, some without a channel."""
        random = np.random.default_rng(seed)
        labels = S - int(edges)
        coarse = random.integers(-1, labels, (batch, -(-height // 3), -(-width // 3)))
        channels = coarse.repeat(3, axis=1).repeat(3, axis=2)[:, :height, :width].copy()
        channels[random.random(channels.shape) < 0.1] = random.integers(labels)
        return cls(channels, random.integers(0, 3, (batch, height // 4 + 1, width)).repeat(4, axis=1)[:, :height], edges)

    def layout(self) -> Layout:
        return Layout.from_channels(self.channels, S, instances=self.instances, edge_channel=self.edges)

    def planes(self, height: int, width: int) -> Tensor:
        """One-hot planes [B, S, height, width], pixel by pixel."""
        batch, full_height, full_width = self.channels.shape
        planes = torch.zeros(batch, S, height, width)
        for b in range(batch):
            for i in range(height):
                for j in range(width):
                    y, x = i * full_height // height, j * full_width // width
                    if self.channels[b, y, x] >= 0:
                        planes[b, self.channels[b, y, x], i, j] = 1
                    around = [(y + dy, x + dx) for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0))]
                    inside = [(v, u) for v, u in around if 0 <= v < full_height and 0 <= u < full_width]
                    if self.edges and any(self.instances[b, v, u] != self.instances[b, y, x] for v, u in inside):
                        planes[b, S - 1, i, j] = 1
        return planes


def layer(kernel_size: int, norm: SpadeNorm, *, dense: bool = False) -> SPADE:
    torch.manual_seed(0)
    definition = SPADE(C, S, HIDDEN, kernel_size, norm)
    return definition if dense else FastSPADE(definition)


def by_definition(spade: SPADE, x: Tensor, planes: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Equation 1 with 1 + gamma for gamma, as the published networks have it; mean and variance broadcast to x."""
    weights = dict(spade.named_parameters())
    padding = spade.kernel_size // 2

    def convolved(values: Tensor, name: str) -> Tensor:
        return F.conv2d(values, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=padding)

    hidden = convolved(planes, "mlp_shared.0").clamp(min=0)
    gamma, beta = convolved(hidden, "mlp_gamma"), convolved(hidden, "mlp_beta")
    return (x - mean) / torch.sqrt(variance + 1e-5) * (1 + gamma) + beta


def statistics(x: Tensor, norm: SpadeNorm) -> tuple[Tensor, Tensor]:
    """Equations 2 and 3: over the batch and all positions of a channel, or over the positions of each picture."""
    dimensions = (2, 3) if norm == "instance" else (0, 2, 3)
    mean = x.mean(dimensions, keepdim=True)
    return mean, (x**2).mean(dimensions, keepdim=True) - mean**2


def gradients(out: Tensor, x: Tensor, spade: SPADE) -> list[Tensor]:
    toward = torch.randn(out.shape, generator=torch.Generator().manual_seed(9))
    return list(torch.autograd.grad((out * toward).sum(), [x, *spade.parameters()]))


def assert_close(found: Tensor, expected: Tensor, tolerance: float = 1e-9) -> None:
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


@PATHS
@pytest.mark.parametrize("edges", [False, True], ids=["no edges", "edges"])
@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_values_and_gradients_in_training(kernel_size: int, norm: SpadeNorm, edges: bool, dense: bool) -> None:
    source = Map.random(2, 20, 14, edges=edges)
    spade = layer(kernel_size, norm, dense=dense)
    x = (torch.randn(2, C, 10, 7) * 2 + 1).requires_grad_()
    expected = by_definition(spade, x, source.planes(10, 7), *statistics(x, norm))
    found = spade(x, source.layout())
    assert_close(found, expected)
    for found_gradient, expected_gradient in zip(gradients(found, x, spade), gradients(expected, x, spade), strict=True):
        assert expected_gradient.abs().max() > 1e-3
        assert_close(found_gradient, expected_gradient)


@PATHS
def test_evaluation_uses_running_statistics(dense: bool) -> None:
    source = Map.random(1, 9, 12, edges=True)
    spade = layer(3, "sync_batch", dense=dense).eval()
    mean, variance = torch.randn(C), torch.rand(C) + 0.2
    spade.param_free_norm.load_state_dict({"running_mean": mean, "running_var": variance, "num_batches_tracked": torch.tensor(1)})
    x = torch.randn(1, C, 9, 12)
    expected = by_definition(spade, x, source.planes(9, 12), mean.view(1, C, 1, 1), variance.view(1, C, 1, 1))
    assert_close(spade(x, source.layout()), expected)


@PATHS
def test_one_layout_serves_several_styles(dense: bool) -> None:
    source = Map.random(1, 8, 12, edges=True)
    spade = layer(3, "batch", dense=dense)
    x = torch.randn(3, C, 8, 12, requires_grad=True)
    expected = by_definition(spade, x, source.planes(8, 12), *statistics(x, "batch"))
    found = spade(x, source.layout())
    assert_close(found, expected)
    for found_gradient, expected_gradient in zip(gradients(found, x, spade), gradients(expected, x, spade), strict=True):
        assert_close(found_gradient, expected_gradient)


@PATHS
def test_one_position_and_one_label(dense: bool) -> None:
    """The smallest grid: every neighbour is outside the picture."""
    source = Map(np.full((2, 4, 4), 2), np.zeros((2, 4, 4), np.int64), False)
    spade = layer(5, "batch", dense=dense)
    x = torch.randn(2, C, 1, 1)
    assert_close(spade(x, source.layout()), by_definition(spade, x, source.planes(1, 1), *statistics(x, "batch")))


def test_the_fast_path_passes_gradcheck() -> None:
    source = Map.random(2, 4, 3, edges=True)
    grid = source.layout().grid(4, 3, 3, "cpu")
    torch.manual_seed(1)
    weights = (torch.randn(2, S, 3, 3), torch.randn(2), torch.randn(4, 2, 3, 3), torch.randn(4))
    inputs = [tensor.requires_grad_() for tensor in (torch.randn(4, 2, 4, 3), *weights)]

    def run(x: Tensor, shared: Tensor, shared_bias: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return modulate(x, modulation_rows((shared, shared_bias, weight, bias), grid), grid)

    assert torch.autograd.gradcheck(run, inputs)


def test_gradients_are_left_out_where_none_are_asked() -> None:
    """The discriminator's step has a generator without gradients; style search has only x with them."""
    source = Map.random(1, 8, 8, edges=False)
    grid = source.layout().grid(8, 8, 3, "cpu")
    for x_needs, rows_need in ((True, False), (False, True)):
        x = torch.randn(1, 2, 8, 8, requires_grad=x_needs)
        rows = torch.randn(int(grid.pixel_ids.max()) + 1, 4, requires_grad=rows_need)
        modulate(x, rows, grid).sum().backward()
        assert (x.grad is not None) == x_needs
        assert (rows.grad is not None) == rows_need


def test_the_segment_sum_is_wide_in_bfloat16() -> None:
    """4096 pixels of one neighbourhood: a sum in bfloat16 stands still at 256 times its terms."""
    layout = Layout.from_channels(np.zeros((1, 68, 68), np.int64), S)
    grid = layout.grid(68, 68, 3, "cpu")
    torch.manual_seed(2)
    x = torch.randn(1, C, 68, 68).bfloat16()
    rows = torch.randn(len(grid.offsets), 2 * C, dtype=torch.float32, requires_grad=True)
    toward = (torch.rand(1, C, 68, 68) + 0.5).bfloat16()
    modulate(x, rows, grid).backward(toward)

    interior = int(grid.pixel_ids.view(68, 68)[34, 34])
    mine = (grid.pixel_ids == interior).view(68, 68)
    assert int(mine.sum()) == 64 * 64
    picked_x, picked = x[0, :, mine].double(), toward[0, :, mine].double()
    exact = torch.cat(((picked_x * picked).sum(1), picked.sum(1)))
    narrow = torch.zeros(2 * C, dtype=torch.bfloat16)
    for pixel in torch.cat((picked_x * picked, picked)).bfloat16().T:
        narrow += pixel
    assert rows.grad is not None
    assert rows.grad.dtype == torch.float32
    error = float((rows.grad[interior].double() - exact).abs().max())
    assert error < 0.02
    assert error < 1e-3 * float((narrow.double() - exact).abs().max())


def test_gradients_under_autocast_are_near_those_of_double_precision() -> None:
    torch.set_default_dtype(torch.float32)
    source = Map.random(2, 64, 64, edges=True)
    x = torch.randn(2, C, 64, 64, generator=torch.Generator().manual_seed(3))
    found, exact = layer(3, "batch"), layer(3, "batch", dense=True).double()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = found(x, source.layout())
    (out.float() + 1).square().mean().backward()
    (exact(x.double(), source.layout()) + 1).square().mean().backward()
    for (name, parameter), (_, reference) in zip(found.named_parameters(), exact.named_parameters(), strict=True):
        assert parameter.grad is not None
        assert reference.grad is not None
        assert parameter.grad.dtype == torch.float32
        relative = (parameter.grad.double() - reference.grad).norm() / reference.grad.norm()
        assert relative < 0.02, name


def test_a_layout_rendered_in_inference_mode_can_still_train() -> None:
    """Samples are rendered between training steps, perhaps of the same layouts."""
    layout = Map.random(1, 8, 8, edges=True).layout()
    spade = layer(3, "batch")
    x = torch.randn(1, C, 8, 8)
    with torch.inference_mode():
        before = spade(x, layout)
    after = spade(x, layout)
    after.sum().backward()
    assert_close(after.detach(), before.clone())


def test_what_is_accelerated_has_the_same_parameters_by_the_same_names() -> None:
    generator = Generator(GeneratorConfig(S, 2, HIDDEN, crop_size=32)).eval()
    names, parameters = [*generator.state_dict()], [*generator.parameters()]
    layers = sum(isinstance(module, SPADE) for module in generator.modules())
    assert accelerate(accelerate(generator)) is generator
    assert sum(isinstance(module, FastSPADE) and not module.training for module in generator.modules()) == layers > 0
    assert [*generator.state_dict()] == names
    assert all(mine is theirs for mine, theirs in zip(generator.parameters(), parameters, strict=True))
