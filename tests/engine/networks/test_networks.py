"""Names, shapes and training behaviour of the networks; their values are compared in test_reference.py and test_spade.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.blocks import SPADEResBlock
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import DiscriminatorConfig, EncoderConfig, GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.initialize import initialize_xavier
from spade_studio.engine.networks.layout import Layout


def names_in(network: nn.Module, prefix: str) -> set[str]:
    """Entries below a prefix, without their counters."""
    names = {name.removeprefix(prefix) for name in network.state_dict() if name.startswith(prefix)}
    return {name for name in names if not name.endswith("num_batches_tracked")}


def spectral(name: str) -> set[str]:
    return {f"{name}.weight_orig", f"{name}.weight_u", f"{name}.weight_v"}


def spade(name: str) -> set[str]:
    layers = {f"{name}.{layer}.{part}" for layer in ("mlp_shared.0", "mlp_gamma", "mlp_beta") for part in ("weight", "bias")}
    return layers | {f"{name}.param_free_norm.running_mean", f"{name}.param_free_norm.running_var"}


@pytest.mark.parametrize("upsampling", ["normal", "most"])
def test_the_generators_names_are_the_published_ones(tiny: Any, upsampling: str) -> None:
    generator = Generator(tiny.config(upsampling=upsampling, crop_size=128))
    plain = {"head_0", "G_middle_0", "G_middle_1"}
    learned = {f"up_{i}" for i in range(5 if upsampling == "most" else 4)}
    assert {name.split(".")[0] for name in generator.state_dict()} == plain | learned | {"fc", "conv_img"}
    both = spade("norm_0") | spade("norm_1") | spectral("conv_0") | spectral("conv_1") | {"conv_0.bias", "conv_1.bias"}
    for name in plain:
        assert names_in(generator, f"{name}.") == both
    for name in learned:
        assert names_in(generator, f"{name}.") == both | spade("norm_s") | spectral("conv_s")


def test_names_without_spectral_norm_and_with_instance_norm(tiny: Any) -> None:
    generator = Generator(tiny.config(spectral_norm=False, norm="instance"))
    assert not [name for name in generator.state_dict() if "running" in name or name.endswith(("_u", "_v", "_orig"))]
    assert names_in(generator, "up_0.conv_s") == {".weight"}


def test_the_other_networks_names_are_the_published_ones() -> None:
    encoder = Encoder(EncoderConfig(2))
    layers = {entry for i in range(1, 7) for entry in spectral(f"layer{i}.0")}
    heads = {f"{name}.{part}" for name in ("fc_mu", "fc_var") for part in ("weight", "bias")}
    assert set(encoder.state_dict()) == layers | heads
    discriminator = MultiscaleDiscriminator(DiscriminatorConfig(4, 2))
    inner = {entry for i in (1, 2, 3) for entry in spectral(f"model{i}.0.0")}
    ends = {f"model{i}.0.{part}" for i in (0, 4) for part in ("weight", "bias")}
    assert {name.split(".")[0] for name in discriminator.state_dict()} == {"discriminator_0", "discriminator_1"}
    for i in (0, 1):
        assert names_in(discriminator, f"discriminator_{i}.") == inner | ends


def test_a_block_is_two_stages_beside_its_shortcut(tiny: Any) -> None:
    """Figure 4 of the paper, written out; the shortcut is learned where the widths differ."""
    torch.manual_seed(0)
    layout = tiny.layout(0, 16, 16)
    for width_in, width_out in ((6, 4), (4, 6), (5, 5)):
        block = SPADEResBlock(width_in, width_out, tiny.config()).eval()
        x = torch.randn(1, width_in, 8, 8)
        inner = block.conv_0(F.leaky_relu(block.norm_0(x, layout), 0.2))
        assert inner.shape[1] == min(width_in, width_out)
        expected = block.conv_1(F.leaky_relu(block.norm_1(inner, layout), 0.2))
        expected += block.conv_s(block.norm_s(x, layout)) if width_in != width_out else x
        torch.testing.assert_close(block(x, layout), expected)


@pytest.mark.parametrize("kind", ["noise", "layout"])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (128, 32)])
def test_any_multiple_of_the_stride_can_be_rendered(tiny: Any, kind: str, height: int, width: int) -> None:
    generator = tiny.generator(tiny.config(input=kind))
    with torch.inference_mode():
        picture = generator(tiny.layout(0, height, width), torch.from_numpy(tiny.style(0)))
    assert picture.shape == (1, 3, height, width)
    assert picture.abs().max() <= 1


def test_the_first_grid_of_a_style_is_resized(tiny: Any) -> None:
    generator = tiny.generator(tiny.config(input="noise"))
    z = torch.from_numpy(tiny.style(0))
    own = generator.fc(z).view(1, 64, 2, 2)
    torch.testing.assert_close(generator.first(tiny.layout(0), z), own)
    found = generator.first(tiny.layout(0, 64, 128), z)
    assert found.shape == (1, 64, 2, 4)
    torch.testing.assert_close(found[..., 0], own[..., 0])
    torch.testing.assert_close(found[..., 1], 0.75 * own[..., 0] + 0.25 * own[..., 1])


def test_without_a_style_one_is_drawn_for_every_layout(tiny: Any) -> None:
    generator = tiny.generator(tiny.config(input="noise"))
    layout = Layout.from_channels(tiny.channels(0, batch=2), 6)
    torch.manual_seed(0)
    first = generator(layout)
    assert first.shape[0] == 2
    assert not torch.equal(generator(layout), first)
    torch.manual_seed(0)
    assert torch.equal(generator(layout), first)


def test_styles_over_one_layout_are_those_rendered_alone(tiny: Any) -> None:
    generator = tiny.generator(tiny.config(input="noise")).double()
    layout, z = tiny.layout(0), torch.from_numpy(tiny.style(0, count=3)).double()
    with torch.inference_mode():
        together = generator(layout, z)
        alone = torch.cat([generator(layout, one) for one in z.split(1)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-9)


@pytest.mark.parametrize("changes", [{"input": "noise"}, {"input": "layout", "norm": "instance", "kernel_size": 5}], ids=str)
def test_a_training_step_is_the_same_on_both_paths(tiny: Any, changes: dict[str, Any]) -> None:
    """Values, gradients of every parameter, statistics and spectral vectors of a whole generator in float64."""
    config = tiny.config(**changes)
    labels = tiny.channels(0, 64, 96, batch=2)
    z = torch.randn(2, tiny.z_width, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    pictures: list[Tensor] = []
    generators: list[Generator] = []
    for dense in (True, False):
        generator = tiny.generator(config).double().train()
        if not dense:
            accelerate(generator)
        picture = generator(Layout.from_channels(labels, 6, edge_channel=True), z)
        picture.square().sum().backward()
        pictures.append(picture)
        generators.append(generator)
    torch.testing.assert_close(pictures[0], pictures[1], rtol=0, atol=1e-9)
    dense, fast = generators
    for (name, expected), (_, found) in zip(dense.named_parameters(), fast.named_parameters(), strict=True):
        assert expected.grad is not None, name
        assert found.grad is not None, name
        scale = max(1.0, float(expected.grad.abs().max()))
        torch.testing.assert_close(found.grad / scale, expected.grad / scale, rtol=0, atol=1e-9, msg=name)
    for (name, expected), (_, found) in zip(dense.named_buffers(), fast.named_buffers(), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-9, msg=name)


def test_every_training_forward_moves_statistics_and_spectral_vectors(tiny: Any) -> None:
    generator = tiny.generator(tiny.config(input="noise"))
    before = {name: buffer.clone() for name, buffer in generator.named_buffers()}
    layout, z = Layout.from_channels(tiny.channels(0, batch=2), 6), torch.from_numpy(tiny.style(1, count=2))
    generator(layout, z)
    assert all(torch.equal(buffer, before[name]) for name, buffer in generator.named_buffers())
    generator.train()(layout, z)
    moved = {name for name, buffer in generator.named_buffers() if not torch.equal(buffer, before[name])}
    # A vector of one place cannot move.
    assert {name for name in before if before[name].numel() != 1} <= moved


def test_the_discriminator_returns_every_layer_of_every_scale() -> None:
    discriminator = MultiscaleDiscriminator(DiscriminatorConfig(4, 300, layers=3, scales=3))
    x = torch.randn(2, 7, 64, 64)
    scales = discriminator(x)
    assert [[tuple(feature.shape[1:]) for feature in scale] for scale in scales] == [
        [(300, 33, 33), (512, 17, 17), (512, 18, 18), (1, 19, 19)],
        [(300, 17, 17), (512, 9, 9), (512, 10, 10), (1, 11, 11)],
        [(300, 9, 9), (512, 5, 5), (512, 6, 6), (1, 7, 7)],
    ]


def test_scales_are_means_that_do_not_count_padding() -> None:
    discriminator = MultiscaleDiscriminator(DiscriminatorConfig(4, 2)).eval()
    x = torch.randn(1, 7, 32, 32, generator=torch.Generator().manual_seed(0))
    half = torch.empty(1, 7, 16, 16)
    for i, j in np.ndindex(16, 16):
        half[:, :, i, j] = x[:, :, max(0, 2 * i - 1) : 2 * i + 2, max(0, 2 * j - 1) : 2 * j + 2].mean((2, 3))
    expected = discriminator.get_submodule("discriminator_1")(half)
    for found, wanted in zip(discriminator(x)[1], expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("norm", "spectral_norm"), [("none", True), ("batch", True), ("sync_batch", False), ("instance", False)])
def test_norms_of_convolutions(norm: Any, spectral_norm: bool) -> None:
    """A bias stays only where no norm follows."""
    discriminator = MultiscaleDiscriminator(DiscriminatorConfig(4, 2, norm=norm, spectral_norm=spectral_norm))
    names = names_in(discriminator, "discriminator_0.model1.0.")
    assert ("0.bias" in names) == (norm == "none")
    assert ("1.running_mean" in names) == (norm in ("batch", "sync_batch"))
    assert ("0.weight_orig" in names) == spectral_norm
    assert all(feature.isfinite().all() for scale in discriminator(torch.randn(2, 7, 64, 64)) for feature in scale)
    config = Pix2PixHDConfig(4, 2, 2, 2, norm=norm, spectral_norm=spectral_norm, crop_size=32)
    generator = build_generator(config)
    layout = Layout.from_channels(np.zeros((2, 32, 48), np.int64), 4)
    assert generator(layout).shape == (2, 3, 32, 48)
    assert ("0.bias" in names_in(generator, "model.1.")) == (norm == "none")


@pytest.mark.parametrize(("layers", "side"), [(5, 128), (6, 256)])
def test_the_encoder_takes_any_size(layers: Any, side: int) -> None:
    config = EncoderConfig(2, layers, 16)
    assert config.input_size == side
    encoder = Encoder(config).eval()
    photo = torch.rand(2, 3, 40, 70) * 2 - 1
    mu, logvar = encoder(photo)
    assert mu.shape == logvar.shape == (2, 16)
    resized = F.interpolate(photo, size=(side, side), mode="bilinear", align_corners=False)
    torch.testing.assert_close(encoder(resized)[0], mu)


@pytest.mark.parametrize("spectral_norm", [True, False])
def test_xavier_weights_and_zero_biases(spectral_norm: bool) -> None:
    generator = Generator(GeneratorConfig(6, 16, 32, input="noise", z_width=64, crop_size=64, spectral_norm=spectral_norm))
    initialize_xavier(generator)
    conv = generator.state_dict()["up_0.conv_0.weight_orig" if spectral_norm else "up_0.conv_0.weight"]
    out_channels, in_channels = conv.shape[:2]
    assert abs(float(conv.std()) / (0.02 * (2 / (9 * (in_channels + out_channels))) ** 0.5) - 1) < 0.02
    linear = generator.state_dict()["fc.weight"]
    assert abs(float(linear.std()) / (0.02 * (2 / sum(linear.shape)) ** 0.5) - 1) < 0.02
    assert not any(value.any() for name, value in generator.state_dict().items() if name.endswith("bias"))
    if spectral_norm:
        # What the layer computes with is derived from the weights drawn.
        block = generator.get_submodule("up_0")
        assert isinstance(block, SPADEResBlock)
        block.train()(torch.randn(2, 256, 4, 4), Layout.from_channels(np.zeros((1, 4, 4), np.int64), 6))
        weight = block.conv_0.weight
        assert isinstance(weight, Tensor)
        assert 0.5 < float(torch.linalg.matrix_norm(weight.detach().flatten(1), 2)) < 1.5


def test_networks_are_built_without_memory() -> None:
    with torch.device("meta"):
        for network in (
            build_generator(GeneratorConfig(184)),
            build_generator(Pix2PixHDConfig(36)),
            Encoder(EncoderConfig()),
            MultiscaleDiscriminator(DiscriminatorConfig(184)),
        ):
            assert all(parameter.is_meta for parameter in network.parameters())
