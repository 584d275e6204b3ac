"""The content loss of CRN and SIMS (Chen and Koltun, 2017): L1 of pictures and activations, by classes, the best of several."""

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
    """The second convolution of every block, with average pooling in place of max pooling.

    All networks take pictures in 0..255 less ImageNet's mean: HED's blue first, torchvision's divided by ImageNet's standard deviation.
    """

    deviation: Tensor

    def __init__(self, config: ContentConfig) -> None:
        super().__init__(config.network, tap=2)
        self.mean = torch.tensor(_MEAN).view(1, 3, 1, 1)
        deviation = _DEVIATION if config.input == "normalized" and config.network != "hed_vgg16" else (1.0, 1.0, 1.0)
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Pictures [B, 3, H, W] in [-1, 1] -> the pictures in 0..255 less the mean, then relu1_2 [B, 64, H, W], relu2_2, ... relu5_2."""
        return [(pictures + 1) * 127.5 - self.mean, *super().forward(pictures)]

    def _prepared(self, pictures: Tensor) -> Tensor:
        x = ((pictures + 1) * 127.5 - self.mean) / self.deviation
        return x.flip(1) if self.kind == "hed_vgg16" else x

    def _pooled(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2)


class ContentLoss(nn.Module):
    """The content loss between pictures of a layout and its photograph.

    With e[k, c] the weighted sum over levels of the L1 distance of picture k inside the area of class c, the loss of a layout is
    ``sum over c of (d min over k + (1 - d) mean over k) e[k, c]``, d being the configuration's ``diversity``: for each class the best
    picture learns. Areas are soft at coarse levels: averages of the planes.

    Args:
        features: Feature network.
        config: Factors of the levels, and diversity.
    """

    def __init__(self, features: ContentFeatures, config: ContentConfig) -> None:
        super().__init__()
        self.features = features.eval()
        self.config = config

    def forward(self, pictures: Tensor, photos: Tensor, planes: Tensor) -> Tensor:
        """Return the mean loss over the layouts, with gradients of the pictures only.

        Args:
            pictures: [B, K, 3, H, W] in [-1, 1]: K pictures of every layout.
            photos: [B, 3, H, W] in [-1, 1].
            planes: [B, C, H, W]: 1 where a pixel has a class; pixels without a class are one more.
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
    """Return planes [B, C, H, W] with one more for the pixels that have none."""
    return torch.cat((planes, (1 - planes.sum(1, keepdim=True)).clamp(min=0)), 1)


def load_content(config: ContentConfig) -> ContentLoss:
    """Build the loss with its network's file, or torchvision's, downloaded once, where the configuration names none.

    Raises:
        WeightsError: There is no such file, no connection, or the file holds another network.
    """
    features = ContentFeatures(config)
    load_vgg(features, config.file)
    return ContentLoss(features, config)
