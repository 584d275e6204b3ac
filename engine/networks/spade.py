"""SPADE: normalisation modulated per pixel by the layout (paper, equations 1 to 3)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.config import Padding, SpadeNorm
from spade_studio.engine.networks.layout import Layout


def parameter_free_norm(kind: SpadeNorm, channels: int) -> nn.Module:
    """Return the parameter-free normalisation that SPADE modulates, by batch or instance statistics, eps 1e-5.

    ``sync_batch`` gives a batch norm, which the trainer synchronises.
    """
    if kind == "instance":
        return nn.InstanceNorm2d(channels, affine=False)
    return nn.BatchNorm2d(channels, affine=False)


class SPADE(nn.Module):
    """Spatially-adaptive normalisation: ``(x - mean) / deviation * (1 + gamma(layout)) + beta(layout)``.

    Args:
        channels: Number of channels C of the activations.
        semantic_channels: Number of channels S of the layout.
        hidden_width: Width of the hidden map that gamma and beta share.
        kernel_size: Kernel size of the three convolutions: 1, 3 or 5.
        norm: Kind of the parameter-free normalisation.
        padding: Padding of the convolutions; layouts must be padded in the same way.
    """

    def __init__(
        self, channels: int, semantic_channels: int, hidden_width: int, kernel_size: int, norm: SpadeNorm, padding: Padding = "zeros"
    ) -> None:
        super().__init__()

        def convolution(inputs: int, outputs: int) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2, padding_mode=padding)

        self.kernel_size = kernel_size
        self.param_free_norm = parameter_free_norm(norm, channels)
        self.mlp_shared = nn.Sequential(convolution(semantic_channels, hidden_width), nn.ReLU())
        self.mlp_gamma = convolution(hidden_width, channels)
        self.mlp_beta = convolution(hidden_width, channels)

    def forward(self, x: Tensor, layout: Layout, slope: float = 1.0) -> Tensor:
        """Normalise and modulate.

        Args:
            x: Activations [B, C, h, w].
            layout: The layouts of the B pictures, or one layout for all of them.
            slope: Negative slope of the leaky ReLU that follows; 1 for none.

        Returns:
            Activations [B, C, h, w].
        """
        _, _, height, width = x.shape
        normalized = self.param_free_norm(x)
        hidden = self.mlp_shared(layout.one_hot(height, width, x.device, self.mlp_gamma.weight.dtype))  # [1 or B, hidden, h, w]
        modulated = normalized * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)
        return modulated if slope == 1 else F.leaky_relu(modulated, slope)
