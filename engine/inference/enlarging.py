"""x2 upsampling and instance normalisation of activations [N, h, w, C]."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_INSTANCE_NORM_EPS = 1e-5


def bilinear(x: Tensor) -> Tensor:
    """Upsample x2 bilinearly: [N, h, w, C] -> [N, 2h, 2w, C]."""
    # Of float32 torch has a kernel that is several times faster on a CPU, the way there and back included.
    wide = x.float() if x.device.type == "cpu" and x.dtype.itemsize == 2 else x
    enlarged = F.interpolate(wide.permute(0, 3, 1, 2), scale_factor=2, mode="bilinear", align_corners=False)
    return enlarged.permute(0, 2, 3, 1).to(x.dtype).contiguous()


def enlarged(x: Tensor, begin: int, end: int, width: int, upsample: bool) -> tuple[tuple[int, ...], Tensor]:
    """Return rows ``begin`` to ``end`` of x, upsampled x2 if ``upsample``, as a broadcastable view, after the shape it stands for."""
    channels = x.shape[-1]
    if not upsample:
        return (end - begin, width, channels), x[0, begin:end]
    grid = ((end - begin) // 2, 2, width // 2, 2, channels)
    return grid, x[0, begin // 2 : end // 2].view(grid[0], 1, grid[2], 1, channels)


def repeated(x: Tensor) -> Tensor:
    """Upsample x2 by nearest neighbour: [N, h, w, C] -> [N, 2h, 2w, C]."""
    styles, height, width, channels = x.shape
    expanded = x.view(styles, height, 1, width, 1, channels).expand(-1, -1, 2, -1, 2, -1)
    return expanded.clone(memory_format=torch.contiguous_format).view(styles, 2 * height, 2 * width, channels)


def instance_normalized(x: Tensor) -> Tensor:
    """Apply instance normalisation to [N, h, w, C]."""
    return F.instance_norm(x.permute(0, 3, 1, 2), eps=_INSTANCE_NORM_EPS).permute(0, 2, 3, 1).contiguous()
