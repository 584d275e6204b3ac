"""The pix2pixHD generator, the paper's baseline."""

from __future__ import annotations

from torch import Tensor, nn

from spade_studio.engine.networks.blocks import maybe_spectral
from spade_studio.engine.networks.config import Pix2PixHDConfig
from spade_studio.engine.networks.discriminator import conv_norm
from spade_studio.engine.networks.layout import Layout


class ResidualBlock(nn.Module):
    """Two reflect-padded convolutions with an identity shortcut, without an activation after the sum."""

    def __init__(self, channels: int, config: Pix2PixHDConfig) -> None:
        super().__init__()
        padding = config.kernel_size // 2

        def stage() -> nn.Module:
            conv = nn.Conv2d(channels, channels, config.kernel_size, bias=config.norm == "none")
            return nn.Sequential(maybe_spectral(conv, config.spectral_norm), *conv_norm(config.norm, channels))

        self.conv_block = nn.Sequential(nn.ReflectionPad2d(padding), stage(), nn.ReLU(), nn.ReflectionPad2d(padding), stage())

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, h, w] to the same shape."""
        return x + self.conv_block(x)


class Pix2PixHDGenerator(nn.Module):
    """Downsampling, residual blocks, upsampling."""

    def __init__(self, config: Pix2PixHDConfig) -> None:
        super().__init__()
        self.config = config
        bias = config.norm == "none"
        padding = config.initial_kernel_size // 2

        def stage(conv: nn.Module, channels: int, dim: int = 0) -> nn.Module:
            return nn.Sequential(maybe_spectral(conv, config.spectral_norm, dim=dim), *conv_norm(config.norm, channels))

        width = config.base_channels
        conv: nn.Module = nn.Conv2d(config.semantic_channels, width, config.initial_kernel_size, bias=bias)
        layers: list[nn.Module] = [nn.ReflectionPad2d(padding), stage(conv, width), nn.ReLU()]
        for _ in range(config.downsamplings):
            conv = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=bias)
            width *= 2
            layers += [stage(conv, width), nn.ReLU()]
        layers += [ResidualBlock(width, config) for _ in range(config.blocks)]
        for _ in range(config.downsamplings):
            conv = nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1, bias=bias)
            width //= 2
            # A transposed convolution's output channels are its weight's second dimension.
            layers += [stage(conv, width, dim=1), nn.ReLU()]
        layers += [nn.ReflectionPad2d(padding), nn.Conv2d(width, 3, config.initial_kernel_size), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, layout: Layout, z: Tensor | None = None) -> Tensor:
        """Return pictures [B, 3, H, W] in [-1, 1]; sides must be multiples of ``config.stride``; z is ignored."""
        del z
        weight = next(self.parameters())
        return self.model(layout.one_hot(layout.height, layout.width, weight.device, weight.dtype))
