"""Synchronised batch normalisation on CPU and GPU, exact for ranks with unequal numbers of pictures too."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from spade_studio.engine.networks.batch_renorm import BatchRenorm2d, rebuilt
from spade_studio.train.learning.distributed import answering


class SynchronizedBatchNorm(BatchRenorm2d):
    """Batch normalisation or batch renormalisation with batch statistics over the pictures of all ranks.

    The state dict has the names of ``nn.BatchNorm2d``. The backward pass gives every rank the gradient of the sum of all ranks' losses;
    gradients are then summed over ranks, or averaged where losses are means over a rank's pictures.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (torch's name)
        """Normalise [B, C, h, w]; B may be 0 on some ranks.

        Raises:
            ValueError: All ranks together have one value per channel, so the variance is undefined.
        """
        if not self.training or not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
            return super().forward(input)
        x = input
        mean, variance, count = _statistics(x)
        # Reading the count synchronises with the GPU, so it is done only where it could be too small.
        if x.numel() < 2 * x.shape[1] and int(count) < 2:
            raise ValueError(f"batch norm over {int(count)} values per channel of all ranks; it needs two or more")
        correction = self.correction(mean, variance) if self.corrects else None
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            with torch.no_grad():
                self.num_batches_tracked.add_(1)
                share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
                unbiased = variance * (count / (count - 1))
                self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
                self.running_var.lerp_(unbiased.to(self.running_var.dtype), share)
        inverse = (variance + self.eps).rsqrt()
        normalized = cast("Tensor", _Normalize.apply(x, mean, inverse, count))  # pyright: ignore[reportUnknownMemberType]
        if correction is not None:
            scale, shift = correction
            normalized = torch.addcmul(_per_channel(shift), normalized, _per_channel(scale)).to(x.dtype)
        if self.affine:
            normalized = torch.addcmul(_per_channel(self.bias), normalized, _per_channel(self.weight)).to(x.dtype)
        return normalized


def synchronize_batch_norm(network: nn.Module) -> nn.Module:
    """Replace every ``nn.BatchNorm2d`` of a network by a :class:`SynchronizedBatchNorm` with the same parameters and buffers.

    Returns:
        The network, changed in place; its replacement where it is a batch norm itself.
    """
    if isinstance(network, nn.BatchNorm2d) and not isinstance(network, SynchronizedBatchNorm):
        return rebuilt(network, SynchronizedBatchNorm)
    for name, child in network.named_children():
        setattr(network, name, synchronize_batch_norm(child))
    return network


def _per_channel(x: Tensor) -> Tensor:
    return x.view(1, -1, 1, 1)


@torch.no_grad()
def _statistics(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean [C], biased variance [C] and number of values per channel over all ranks, in at least float32.

    Ranks exchange means and sums of squared deviations, which avoids the cancellation of plain sums of squares.
    """
    wide = torch.promote_types(x.dtype, torch.float32)
    own = torch.zeros(2 * x.shape[1] + 1, dtype=wide, device=x.device)
    values = x.numel() // x.shape[1]
    if values:
        variance, mean = torch.var_mean(x.to(wide), (0, 2, 3), correction=0)
        own = torch.cat((mean, variance * values, own.new_tensor([values])))
    gathered = [torch.empty_like(own) for _ in range(dist.get_world_size())]
    with answering(dist.get_rank(), dist.get_world_size()):
        dist.all_gather(gathered, own)  # pyright: ignore[reportUnknownMemberType]
    ranks = torch.stack(gathered)  # [ranks, 2 C + 1]
    means, squares = ranks[:, :-1].chunk(2, 1)
    counts = ranks[:, -1:]
    count = counts.sum()
    mean = (means * counts).sum(0) / count
    spread = squares.sum(0) + (counts * (means - mean).square()).sum(0)
    return mean, spread / count, count


class _Normalize(torch.autograd.Function):
    """(x - mean) / deviation, with mean and deviation over all ranks."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mean: Tensor, inverse: Tensor, count: Tensor) -> Tensor:
        """Normalise x [B, C, h, w] with mean [C] and 1 / deviation [C]."""
        ctx.save_for_backward(x, mean, inverse, count)
        shift = -mean * inverse
        return torch.addcmul(_per_channel(shift), x.to(mean.dtype), _per_channel(inverse)).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradient of x, including its effect on mean and deviation of all ranks."""
        x, mean, inverse, count = cast("tuple[Tensor, ...]", ctx.saved_tensors)
        grad = cast("Tensor", grad_outputs[0]).to(mean.dtype)
        normalized = (x.to(mean.dtype) - _per_channel(mean)) * _per_channel(inverse)
        sums = torch.cat((grad.sum((0, 2, 3)), (grad * normalized).sum((0, 2, 3))))
        with answering(dist.get_rank(), dist.get_world_size()):
            dist.all_reduce(sums)  # pyright: ignore[reportUnknownMemberType]
        along_ones, along_x = (_per_channel(part) for part in (sums / count).chunk(2))
        grad_x = (grad - along_ones - normalized * along_x) * _per_channel(inverse)
        return grad_x.to(x.dtype), None, None, None
