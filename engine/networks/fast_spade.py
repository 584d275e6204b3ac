"""SPADE layers for training: gamma and beta once per distinct neighbourhood, fused with the normalisation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spade_studio.engine.networks.batch_renorm import BatchRenorm2d, Correction
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.modulation import Statistics, head_rows, modulate
from spade_studio.engine.networks.spade import SPADE


class FastSPADE(SPADE):
    """A faster implementation of a SPADE layer.

    Args:
        layer: Layer to replace; its submodules are reused, so parameters, buffers and names are the same.
    """

    def __init__(self, layer: SPADE) -> None:
        nn.Module.__init__(self)
        self.kernel_size = layer.kernel_size
        for name, child in layer.named_children():
            self.add_module(name, child)
        self.training = layer.training

    def forward(self, x: Tensor, layout: Layout, slope: float = 1.0) -> Tensor:
        """Normalise and modulate; see :meth:`SPADE.forward`."""
        _, _, height, width = x.shape
        grid = layout.grid(height, width, self.kernel_size, x.device)
        rows = head_rows(self._weights(), grid)
        found = batch_statistics(self.param_free_norm, x)
        if found is None:
            return modulate(self.param_free_norm(x), rows, grid, None, slope)
        statistics, correction = found
        if correction is not None:  # of the few rows, not of the pixels: (r x + d) (1 + gamma) + beta
            scale, shift = correction
            gamma, beta = rows
            rows = scale * gamma, torch.addcmul(beta, shift, gamma)
        return modulate(x, rows, grid, statistics, slope)

    def _weights(self) -> tuple[Tensor, ...]:
        """Return weights and biases of the hidden map's convolution, of gamma's with 1 added to its bias, and of beta's."""
        shared = self.mlp_shared[0]
        assert isinstance(shared, nn.Conv2d)
        assert shared.bias is not None
        assert self.mlp_gamma.bias is not None
        assert self.mlp_beta.bias is not None
        return shared.weight, shared.bias, self.mlp_gamma.weight, self.mlp_gamma.bias + 1, self.mlp_beta.weight, self.mlp_beta.bias


def accelerate(network: nn.Module) -> nn.Module:
    """Replace each :class:`SPADE` by a :class:`FastSPADE` with the same parameters and buffers.

    Returns:
        The network, modified in place; for a single SPADE layer, its replacement.
    """
    if isinstance(network, SPADE):
        return network if isinstance(network, FastSPADE) else FastSPADE(network)
    for name, child in network.named_children():
        setattr(network, name, accelerate(child))
    return network


def batch_statistics(norm: nn.Module, x: Tensor) -> tuple[Statistics, Correction | None] | None:
    """Compute the statistics of a training batch norm and update its running averages.

    Returns:
        The statistics, and the correction of batch renormalisation if any. None, without an update, where the norm itself must be called:
        another kind of norm, evaluation, hooks on the norm, or a GPU, whose batch norm is fast.
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
