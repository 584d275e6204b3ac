"""Batch renormalisation (Ioffe, 2017): training normalises with running statistics, with the gradients of batch norm."""

from __future__ import annotations

from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Correction = tuple[Tensor, Tensor]
_Norm = TypeVar("_Norm", bound=nn.BatchNorm2d)


class BatchRenorm2d(nn.BatchNorm2d):
    """``nn.BatchNorm2d`` whose output in training is ``r * normalized + d``: that of the running statistics, within limits.

    The state dict is that of batch norm. With the limits 1 and 0, the defaults, and in evaluation, so is the behaviour.

    Attributes:
        scale_limit: r_max, at least 1; r = batch deviation / running deviation is clipped to [1 / r_max, r_max].
        shift_limit: d_max, at least 0; d = (batch mean - running mean) / running deviation is clipped to [-d_max, d_max].
    """

    scale_limit: float = 1.0
    shift_limit: float = 0.0

    @property
    def corrects(self) -> bool:
        """Whether it is training with limits that let the running statistics through."""
        return self.training and (self.scale_limit > 1 or self.shift_limit > 0)

    def correction(self, mean: Tensor, variance: Tensor) -> Correction:
        """Return r and d, [C], without gradients.

        Args:
            mean: Batch mean, [C], before the running statistics are updated.
            variance: Biased batch variance, [C].
        """
        assert self.running_mean is not None
        assert self.running_var is not None
        with torch.no_grad():
            inverse = (self.running_var + self.eps).rsqrt()
            scale = (variance + self.eps).sqrt() * inverse
            shift = (mean - self.running_mean) * inverse
            return scale.clamp_(1 / self.scale_limit, self.scale_limit), shift.clamp_(-self.shift_limit, self.shift_limit)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        """Normalise [B, C, h, w]."""
        if not self.corrects:
            return super().forward(input)
        with torch.no_grad():
            variance, mean = torch.var_mean(input.to(torch.promote_types(input.dtype, torch.float32)), (0, 2, 3), correction=0)
            scale, shift = self.correction(mean, variance)
        if self.affine:
            scale, shift = self.weight * scale, self.weight * shift + self.bias
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        normalized = F.batch_norm(input, self.running_mean, self.running_var, training=True, momentum=share, eps=self.eps)
        return torch.addcmul(shift.view(1, -1, 1, 1), normalized, scale.view(1, -1, 1, 1)).to(input.dtype)


def renormalize(network: nn.Module) -> nn.Module:
    """Replace each plain ``nn.BatchNorm2d`` by a :class:`BatchRenorm2d` with the same parameters and buffers.

    Returns:
        The network, modified in place; for a single batch norm, its replacement.
    """
    if type(network) is nn.BatchNorm2d:
        return rebuilt(network, BatchRenorm2d)
    for name, child in network.named_children():
        setattr(network, name, renormalize(child))
    return network


def rebuilt(norm: nn.BatchNorm2d, kind: type[_Norm]) -> _Norm:
    """Return a norm of another class with the parameters, buffers and mode of ``norm``."""
    with torch.device("meta"):
        new = kind(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    for name, parameter in norm.named_parameters(recurse=False):
        setattr(new, name, parameter)
    for name, buffer in norm.named_buffers(recurse=False):
        setattr(new, name, buffer)
    return new.train(norm.training)


def set_renormalization(network: nn.Module, scale_limit: float, shift_limit: float, momentum: float) -> None:
    """Set the limits and the momentum of the running statistics of each batch renormalisation in a network."""
    for module in network.modules():
        if isinstance(module, BatchRenorm2d):
            module.scale_limit, module.shift_limit, module.momentum = scale_limit, shift_limit, momentum
