"""SPADE: normalisation modulated, per pixel, by the layout (paper, equations 1 to 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.networks.batch_renorm import BatchRenorm2d, Correction
from spade_studio.engine.networks.config import Padding, SpadeNorm
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.modulation import Statistics, head_rows, modulate


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
        padding: Of the convolutions; layouts must go on beyond the picture alike.
    """

    def __init__(
        self, channels: int, semantic_channels: int, hidden_width: int, kernel_size: int, norm: SpadeNorm, padding: Padding = "zeros"
    ) -> None:
        super().__init__()

        def convolution(inputs: int, outputs: int) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, kernel_size, padding=kernel_size // 2, padding_mode=padding)

        self.channels = channels
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
            slope: Of a leaky ReLU that follows; 1 for none.

        Returns:
            [B, C, h, w].
        """
        height, width = x.shape[-2:]
        if layout.dense:
            normalized = self.param_free_norm(x)
            planes = layout.one_hot(height, width, x.device, self.mlp_gamma.weight.dtype)  # [1 or B, S, h, w]
            hidden = self.mlp_shared(planes)  # [1 or B, hidden, h, w]
            modulated = normalized * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)
            return modulated if slope == 1 else F.leaky_relu(modulated, slope)
        grid = layout.grid(height, width, self.kernel_size, x.device)
        rows = head_rows(self.dense_weights(), grid)
        found = batch_statistics(self.param_free_norm, x)
        if found is None:
            return modulate(self.param_free_norm(x), rows, grid, None, slope)
        statistics, correction = found
        if correction is not None:  # of the few rows, not of the pixels: (r x + d) (1 + gamma) + beta
            scale, shift = correction
            gamma, beta = rows
            rows = scale * gamma, torch.addcmul(beta, shift, gamma)
        return modulate(x, rows, grid, statistics, slope)

    def dense_weights(self) -> tuple[Tensor, ...]:
        """Return weights and biases of the hidden map's convolution, of gamma's with 1 added to its bias, and of beta's."""
        shared = self.mlp_shared[0]
        assert isinstance(shared, nn.Conv2d)
        assert shared.bias is not None
        assert self.mlp_gamma.bias is not None
        assert self.mlp_beta.bias is not None
        return shared.weight, shared.bias, self.mlp_gamma.weight, self.mlp_gamma.bias + 1, self.mlp_beta.weight, self.mlp_beta.bias


def batch_statistics(norm: nn.Module, x: Tensor) -> tuple[Statistics, Correction | None] | None:
    """Do the part of a batch norm in training that concerns statistics: return them, and let its running averages follow.

    Returns:
        Them, and what batch renormalisation corrects where it does. None, with nothing done, where the norm must be called: it is another
        kind, does not train, or somebody watches its calls. So too on a GPU, whose batch norm is fast.
    """
    values = x.numel() // x.shape[1]
    if not isinstance(norm, nn.BatchNorm2d) or type(norm) not in (nn.BatchNorm2d, BatchRenorm2d):
        return None
    if norm.affine or not norm.training or values < 2 or x.device.type != "cpu":
        return None
    if norm._forward_hooks or norm._forward_pre_hooks:  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
        return None
    with torch.no_grad():
        wide = torch.promote_types(x.dtype, torch.float32)
        unused = torch.zeros(x.shape[1], dtype=wide)  # says of which type the statistics shall be
        mean, variance = torch.batch_norm_update_stats(x, unused, unused.clone(), 0.0)
        correction = norm.correction(mean, variance) if isinstance(norm, BatchRenorm2d) and norm.corrects else None
        if norm.running_mean is not None and norm.running_var is not None and norm.num_batches_tracked is not None:
            norm.num_batches_tracked.add_(1)
            share = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
            norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), share)
            norm.running_var.lerp_((variance * (values / (values - 1))).to(norm.running_var.dtype), share)
    return Statistics(mean, variance, norm.eps), correction
