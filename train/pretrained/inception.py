"""TensorFlow's Inception v3 of 2015-12-05 up to its 2048 pooled features, for the FID (Heusel et al., NeurIPS 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.errors import WeightsError
from spade_studio.train.pretrained.feature_network import FeatureNetwork

_SIDE: Final = 299
_CLASSES: Final = 1008  # classes of the 2015 network; torchvision's has 1000

Step = tuple[str, int, tuple[int, int]]
"""Convolution: name, output channels, kernel size."""
Branch = tuple[tuple[Step, ...], ...]
"""Sequence of convolutions; the outputs of two at the same position, with the same input, are concatenated."""
Pooling = Literal["average", "maximum", "reduce"]

_POINT, _SQUARE, _LARGE, _FLAT, _TALL = (1, 1), (3, 3), (5, 5), (1, 7), (7, 1)


class Convolution(nn.Module):
    """Convolution without bias, followed by batch norm and ReLU."""

    def __init__(self, channels: int, width: int, kernel: tuple[int, int], stride: int = 1, *, padded: bool = True) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padded else (0, 0)
        self.conv = nn.Conv2d(channels, width, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(width, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """Input [B, channels, H, W] -> [B, width, H', W']."""
        return F.relu(self.bn(self.conv(x)))


class Mixed(nn.Module):
    """Inception block: parallel branches concatenated along the channels, the last one with pooling.

    Args:
        channels: Number of input channels.
        branches: Branches without pooling.
        pooling: ``average`` (excluding padding) and ``maximum`` keep the size and are followed by a convolution; ``reduce`` halves it, as
            does the last convolution of every branch.
        pool_width: Output channels of the convolution after pooling; 0 for ``reduce``.

    Attributes:
        width: Number of output channels.
    """

    def __init__(self, channels: int, branches: tuple[Branch, ...], pooling: Pooling, pool_width: int = 0) -> None:
        super().__init__()
        self.pooling: Pooling = pooling
        self.width = pool_width or channels
        self._names = [[[name for name, _, _ in steps] for steps in branch] for branch in branches]
        for branch in branches:
            wide = channels
            for steps in branch:
                strides = pooling == "reduce" and steps is branch[-1]
                for name, width, kernel in steps:
                    self.add_module(name, Convolution(wide, width, kernel, 2 if strides else 1, padded=not strides))
                wide = sum(width for _, width, _ in steps)
            self.width += wide
        if pooling != "reduce":
            self.branch_pool = Convolution(channels, pool_width, _POINT)

    def forward(self, x: Tensor) -> Tensor:
        """Input [B, channels, H, W] -> [B, width, H', W']."""
        joined: list[Tensor] = []
        for branch in self._names:
            y = x
            for names in branch:
                y = torch.cat([self.get_submodule(name)(y) for name in names], 1)
            joined.append(y)
        if self.pooling == "reduce":
            pooled = F.max_pool2d(x, 3, 2)
        elif self.pooling == "maximum":
            pooled = self.branch_pool(F.max_pool2d(x, 3, 1, 1))
        else:
            pooled = self.branch_pool(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))
        return torch.cat([*joined, pooled], 1)


def _line(*steps: Step) -> Branch:
    return tuple((step,) for step in steps)


def _fine(channels: int, pool_width: int) -> Mixed:
    """Return a block of the 35x35 grid."""
    branches = (
        _line(("branch1x1", 64, _POINT)),
        _line(("branch5x5_1", 48, _POINT), ("branch5x5_2", 64, _LARGE)),
        _line(("branch3x3dbl_1", 64, _POINT), ("branch3x3dbl_2", 96, _SQUARE), ("branch3x3dbl_3", 96, _SQUARE)),
    )
    return Mixed(channels, branches, "average", pool_width)


def _to_middle(channels: int) -> Mixed:
    branches = (
        _line(("branch3x3", 384, _SQUARE)),
        _line(("branch3x3dbl_1", 64, _POINT), ("branch3x3dbl_2", 96, _SQUARE), ("branch3x3dbl_3", 96, _SQUARE)),
    )
    return Mixed(channels, branches, "reduce")


def _middle(channels: int, inner: int) -> Mixed:
    """Return a block of the 17x17 grid."""
    double = (("1", inner, _POINT), ("2", inner, _TALL), ("3", inner, _FLAT), ("4", inner, _TALL), ("5", 192, _FLAT))
    branches = (
        _line(("branch1x1", 192, _POINT)),
        _line(("branch7x7_1", inner, _POINT), ("branch7x7_2", inner, _FLAT), ("branch7x7_3", 192, _TALL)),
        _line(*((f"branch7x7dbl_{number}", width, kernel) for number, width, kernel in double)),
    )
    return Mixed(channels, branches, "average", 192)


def _to_coarse(channels: int) -> Mixed:
    steps = (("1", 192, _POINT), ("2", 192, _FLAT), ("3", 192, _TALL), ("4", 192, _SQUARE))
    branches = (
        _line(("branch3x3_1", 192, _POINT), ("branch3x3_2", 320, _SQUARE)),
        _line(*((f"branch7x7x3_{number}", width, kernel) for number, width, kernel in steps)),
    )
    return Mixed(channels, branches, "reduce")


def _coarse(channels: int, pooling: Pooling) -> Mixed:
    """Return a block of the 8x8 grid."""

    def fork(name: str) -> tuple[Step, Step]:
        return (f"{name}a", 384, (1, 3)), (f"{name}b", 384, (3, 1))

    branches: tuple[Branch, ...] = (
        _line(("branch1x1", 320, _POINT)),
        (*_line(("branch3x3_1", 384, _POINT)), fork("branch3x3_2")),
        (*_line(("branch3x3dbl_1", 448, _POINT), ("branch3x3dbl_2", 384, _SQUARE)), fork("branch3x3dbl_3")),
    )
    return Mixed(channels, branches, pooling, 192)


class InceptionFeatures(FeatureNetwork):
    """Inception network of the FID, with the tensor names of pytorch-fid's conversion, ``pt_inception-2015-12-05-6726825d.pth``.

    As in the original graph, bilinear resizing samples at the corners of target pixels (like torch-fidelity; pytorch-fid samples at
    their centres), average pooling excludes padding, and the last block uses max pooling.
    """

    kind: ClassVar[str] = "the FID's Inception v3"
    distance: ClassVar[str] = "fid"
    num_features: ClassVar[int] = 2048
    source: ClassVar[str] = "pytorch-fid's pt_inception-2015-12-05-6726825d.pth"
    begins: ClassVar[frozenset[str]] = frozenset({"Conv2d_1a_3x3.conv.weight", "Mixed_7c.branch_pool.conv.weight"})
    unread: ClassVar[tuple[str, ...]] = ("fc.",)

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, _SQUARE, 2, padded=False)
        self.Conv2d_2a_3x3 = Convolution(32, 32, _SQUARE, padded=False)
        self.Conv2d_2b_3x3 = Convolution(32, 64, _SQUARE)
        self.Conv2d_3b_1x1 = Convolution(64, 80, _POINT)
        self.Conv2d_4a_3x3 = Convolution(80, 192, _SQUARE, padded=False)
        self.Mixed_5b = _fine(192, 32)
        self.Mixed_5c = _fine(self.Mixed_5b.width, 64)
        self.Mixed_5d = _fine(self.Mixed_5c.width, 64)
        self.Mixed_6a = _to_middle(self.Mixed_5d.width)
        self.Mixed_6b = _middle(self.Mixed_6a.width, 128)
        self.Mixed_6c = _middle(self.Mixed_6b.width, 160)
        self.Mixed_6d = _middle(self.Mixed_6c.width, 160)
        self.Mixed_6e = _middle(self.Mixed_6d.width, 192)
        self.Mixed_7a = _to_coarse(self.Mixed_6e.width)
        self.Mixed_7b = _coarse(self.Mixed_7a.width, "average")
        self.Mixed_7c = _coarse(self.Mixed_7b.width, "maximum")

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], where: str, digest: str = "") -> Self:
        """See :meth:`FeatureNetwork.from_tensors`; torchvision's Inception is rejected by its number of classes."""
        classes = tensors.get("fc.weight")
        if classes is None or tuple(classes.shape) != (_CLASSES, cls.num_features):
            found = "no fc.weight" if classes is None else f"fc.weight of shape {list(classes.shape)}"
            raise WeightsError(
                f"{where} is an Inception v3 with {found}",
                f"{[_CLASSES, cls.num_features]}, as in {cls.source}",
                "Use that file: no other network's distance is an FID, torchvision's Inception v3 included",
            )
        return super().from_tensors(tensors, where, digest)

    def embed(self, values: Tensor) -> Tensor:
        """Return the features [B, 2048]; pictures are resized to 299x299 and mapped to (x - 128) / 128."""
        x = (resize_from_corners(values, _SIDE, _SIDE) - 128) / 128
        for convolution in (self.Conv2d_1a_3x3, self.Conv2d_2a_3x3, self.Conv2d_2b_3x3):
            x = convolution(x)
        x = F.max_pool2d(x, 3, 2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = F.max_pool2d(x, 3, 2)
        for mixed in (self.Mixed_5b, self.Mixed_5c, self.Mixed_5d):
            x = mixed(x)
        for mixed in (self.Mixed_6a, self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e):
            x = mixed(x)
        for mixed in (self.Mixed_7a, self.Mixed_7b, self.Mixed_7c):
            x = mixed(x)
        return x.mean((2, 3))


def resize_from_corners(pictures: Tensor, height: int, width: int) -> Tensor:
    """Resize [B, C, H, W] bilinearly as TensorFlow 1 does: target row i samples at i * H / height, without half-pixel centres."""
    for dim, side in ((2, height), (3, width)):
        length = pictures.shape[dim]
        places = torch.arange(side, dtype=torch.float32) * torch.tensor(length / side, dtype=torch.float32)  # float32 as in TensorFlow
        low = places.long().clamp(max=length - 1)
        share = (places - low).to(pictures.dtype).view([-1 if i == dim else 1 for i in range(4)]).to(pictures.device)
        low = low.to(pictures.device)
        below = pictures.index_select(dim, low)
        pictures = below + (pictures.index_select(dim, (low + 1).clamp(max=length - 1)) - below) * share
    return pictures
