"""Content loss of CRN and SIMS: L1 between pictures and VGG activations with a diversity term by class (Chen and Koltun, ICCV 2017)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.train.config.content import ContentConfig
from spade_studio.train.learning.losses import wide
from spade_studio.train.pretrained.vgg import VGGFeatures, load_vgg

# Red, green, blue of ImageNet in 0..255, and the standard deviations that torchvision's networks were trained with.
_MEAN = (123.68, 116.779, 103.939)
_DEVIATION = (0.229 * 255, 0.224 * 255, 0.225 * 255)


class ContentFeatures(VGGFeatures):
    """VGG features after the second convolution of every block, with average pooling in place of max pooling.

    The network reads pictures in 0..255 minus ImageNet's mean: in BGR order for HED, and divided by ImageNet's standard deviation for
    torchvision's networks where the configuration's input is ``normalized``.
    """

    deviation: Tensor

    def __init__(self, config: ContentConfig) -> None:
        super().__init__(config.network, tap=2)
        self.mean = torch.tensor(_MEAN).view(1, 3, 1, 1)
        deviation = _DEVIATION if config.input == "normalized" and config.network != "hed_vgg16" else (1.0, 1.0, 1.0)
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Pictures [B, 3, H, W] in [-1, 1] -> pictures in 0..255 minus the mean, then relu1_2 [B, 64, H, W], relu2_2, ..., relu5_2."""
        return [(pictures + 1) * 127.5 - self.mean, *super().forward(pictures)]

    def _prepared(self, pictures: Tensor) -> Tensor:
        x = ((pictures + 1) * 127.5 - self.mean) / self.deviation
        return x.flip(1) if self.kind == "hed_vgg16" else x

    def _pooled(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2)


class ContentLoss(nn.Module):
    """Content loss between several pictures of a layout and its photograph.

    With e[k, c] the weighted sum over levels of the L1 distance of picture k inside the area of class c, the loss of a layout is
    ``sum over c of (d min over k + (1 - d) mean over k) e[k, c]``, where d is the configuration's ``diversity``: at d = 1 only the best
    picture of each class gets gradients. At coarse levels areas are soft: averages of the one-hot planes.

    Args:
        features: Feature network.
        config: Weights of the levels, and diversity.
    """

    def __init__(self, features: ContentFeatures, config: ContentConfig) -> None:
        super().__init__()
        self.features = features.eval()
        self.config = config

    def forward(self, pictures: Tensor, photos: Tensor, planes: Tensor) -> Tensor:
        """Return the mean loss over the layouts; gradients flow to the generated pictures only.

        Args:
            pictures: K generated pictures of every layout, [B, K, 3, H, W] in [-1, 1].
            photos: Photographs [B, 3, H, W] in [-1, 1].
            planes: One-hot class planes [B, C, H, W]; pixels without a class count as a class of their own.
        """
        batch, several = pictures.shape[:2]
        with torch.no_grad():
            targets = self.features(photos.to(pictures.dtype))
        found = self.features(pictures.flatten(0, 1))
        areas = _with_rest(wide(planes)) if several > 1 else torch.ones_like(wide(planes[:, :1]))
        errors: Tensor = torch.zeros(batch, several, areas.shape[1], dtype=areas.dtype, device=areas.device)
        for factor, made, target in zip(self.config.level_factors, found, targets, strict=True):
            if not factor:
                continue
            target = wide(target)
            error = (wide(made).view(batch, several, *target.shape[1:]) - target.unsqueeze(1)).abs().mean(2)  # [B, K, h, w]
            if self.config.scale == "relative":
                error = error / target.abs().mean().clamp(min=1e-6)
            mine = F.adaptive_avg_pool2d(areas, (error.shape[-2], error.shape[-1]))  # [B, C, h, w]
            errors = errors + factor * torch.einsum("bkhw,bchw->bkc", error, mine) / (error.shape[-2] * error.shape[-1])
        best, mean = errors.min(1).values, errors.mean(1)
        diversity = self.config.diversity
        return (diversity * best + (1 - diversity) * mean).sum(1).mean()


def _with_rest(planes: Tensor) -> Tensor:
    """Return planes [B, C + 1, H, W], the last one for pixels without a class."""
    return torch.cat((planes, (1 - planes.sum(1, keepdim=True)).clamp(min=0)), 1)


def load_content(config: ContentConfig) -> ContentLoss:
    """Build the content loss with the configured network file, by default torchvision's, which is downloaded once.

    Raises:
        WeightsError: The file is missing, cannot be downloaded, or holds another network.
    """
    features = ContentFeatures(config)
    load_vgg(features, config.file)
    return ContentLoss(features, config)
