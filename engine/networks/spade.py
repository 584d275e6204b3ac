"""SPADE: normalisation modulated, per pixel, by the layout (paper, equations 1 to 3).

A layer does not know how a layout is stored: it asks for one-hot planes (dense) or for distinct neighbourhoods (fast).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spade_studio.engine.config import SpadeNorm
from spade_studio.engine.layout import Layout
from spade_studio.engine.modulation import modulate, modulation_rows


def parameter_free_norm(kind: SpadeNorm, channels: int) -> nn.Module:
    """Return the normalisation that SPADE modulates: batch statistics, or those of each picture, eps 1e-5, no parameters.

    ``sync_batch`` is built as batch norm; what makes it synchronous is the trainer's work.
    """
    if kind == "instance":
        return nn.InstanceNorm2d(channels, affine=False)
    return nn.BatchNorm2d(channels, affine=False)


class SPADE(nn.Module):
    """Spatially-adaptive normalisation: ``norm(x) * (1 + gamma(layout)) + beta(layout)``.

    Args:
        channels: Channels C of the activations.
        semantic_channels: Channels S of the layout.
        hidden_width: Width of the hidden map that gamma and beta share.
        kernel_size: Side of the three convolutions: 1, 3 or 5.
        norm: Kind of the parameter-free normalisation.
    """

    def __init__(self, channels: int, semantic_channels: int, hidden_width: int, kernel_size: int, norm: SpadeNorm) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.channels = channels
        self.kernel_size = kernel_size
        self.param_free_norm = parameter_free_norm(norm, channels)
        self.mlp_shared = nn.Sequential(nn.Conv2d(semantic_channels, hidden_width, kernel_size, padding=padding), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden_width, channels, kernel_size, padding=padding)
        self.mlp_beta = nn.Conv2d(hidden_width, channels, kernel_size, padding=padding)

    def forward(self, x: Tensor, layout: Layout) -> Tensor:
        """Normalise and modulate.

        Args:
            x: Activations [B, C, h, w].
            layout: The layouts of the B pictures, or one layout for all of them.

        Returns:
            [B, C, h, w].
        """
        normalized = self.param_free_norm(x)
        height, width = x.shape[-2:]
        if layout.dense:
            planes = layout.one_hot(height, width, x.device, self.mlp_gamma.weight.dtype)  # [1 or B, S, h, w]
            hidden = self.mlp_shared(planes)  # [1 or B, hidden, h, w]
            return normalized * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)
        grid = layout.grid(height, width, self.kernel_size, x.device)
        return modulate(normalized, modulation_rows(self.dense_weights(), grid), grid)

    def dense_weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return (shared weight, shared bias, [gamma; beta] weight [2C, hidden, k, k], its bias with 1 added to gamma's)."""
        shared = self.mlp_shared[0]
        assert isinstance(shared, nn.Conv2d)
        assert shared.bias is not None
        assert self.mlp_gamma.bias is not None
        assert self.mlp_beta.bias is not None
        weight = torch.cat((self.mlp_gamma.weight, self.mlp_beta.weight))
        return shared.weight, shared.bias, weight, torch.cat((self.mlp_gamma.bias + 1, self.mlp_beta.bias))
