"""The discriminator's features of fakes and photographs of the same layouts, without redundant computation."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm  # pyright: ignore[reportPrivateUsage]

from spade_studio.engine.networks.blocks import LEAKY_SLOPE
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator, PatchDiscriminator, halved
from spade_studio.train.learning.projected import ProjectedDiscriminator

Features = list[list[Tensor]]
"""Outputs of all layers by scale, patch scores last."""


def judged(
    discriminator: MultiscaleDiscriminator, planes: Tensor, pictures: Tensor, *, photos_learn: bool = True
) -> tuple[Features, Features]:
    """Return the discriminator's features of fakes and photographs, as for one batch of all fakes followed by all photographs.

    The first convolution is linear in planes and picture: the planes' part is computed once for both pictures of a layout. Batch
    statistics, where the discriminator has any, are those of fakes and photographs together.

    Args:
        discriminator: Multi-scale or projected discriminator.
        planes: One-hot planes of the N layouts, [N, S, H, W], or [2 N, S, H, W] where fakes and photographs are augmented differently.
        pictures: N fakes followed by N photographs, [2 N, 3, H, W] in [-1, 1].
        photos_learn: Whether gradients flow through the photographs' features; without them they cost less.

    Returns:
        Features of fakes and of photographs.
    """
    apart = not photos_learn and not any(isinstance(module, BatchNorm) for module in discriminator.modules())
    of_fakes: Features = []
    of_photos: Features = []
    beside, seen = planes, pictures
    for i, patch in enumerate(discriminator.patches):
        if i:
            beside, seen = halved(beside), halved(seen)
        fake, photo = _apart(patch, beside, seen) if apart else _together(patch, beside, seen)
        of_fakes.append(fake)
        of_photos.append(photo)
    if isinstance(discriminator, ProjectedDiscriminator):
        for (scores,) in discriminator.projected(planes, pictures):
            fake, photo = scores.chunk(2)
            of_fakes.append([fake])
            of_photos.append([photo])
    return of_fakes, of_photos


def patch_scores(discriminator: MultiscaleDiscriminator, planes: Tensor, pictures: Tensor) -> list[Tensor]:
    """Return the patch scores [N, 1, h, w] of every scale for N pictures and their planes; gradients flow to both."""
    scores: list[Tensor] = []
    beside, seen = planes, pictures
    for i, patch in enumerate(discriminator.patches):
        if i:
            beside, seen = halved(beside), halved(seen)
        scores.append(_features(patch, beside, seen)[-1])
    if isinstance(discriminator, ProjectedDiscriminator):
        scores += [scale[-1] for scale in discriminator.projected(planes, pictures)]
    return scores


def r1_penalty(discriminator: MultiscaleDiscriminator, planes: Tensor, photos: Tensor) -> Tensor:
    """Return E|dD(x)/dx|^2 over photographs x (Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML 2018).

    D(x) is the mean patch score of a picture over all scales. Computed in the parameters' type, also inside autocast;
    spectral norms are not updated.

    Args:
        discriminator: Discriminator in training mode, without batch norm.
        planes: One-hot planes of the N layouts, [N, S, H, W]; not part of x.
        photos: Photographs as the discriminator sees them, [N, 3, H, W].
    """
    dtype, device = next(discriminator.parameters()).dtype, photos.device.type
    x = photos.detach().to(dtype).requires_grad_()
    with torch.autocast(device, enabled=False), _uncompiled(discriminator), _at_rest(discriminator):
        scores = patch_scores(discriminator, planes.to(dtype), x)
        judgement = torch.stack([scale.flatten(1).mean(1).sum() for scale in scores]).mean()
        (gradient,) = torch.autograd.grad(judgement, x, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


def _first(patch: PatchDiscriminator, planes: Tensor) -> Tensor:
    """Return the planes' part of the first convolution."""
    conv = patch.first
    return F.conv2d(planes.to(conv.weight.dtype), conv.weight[:, :-3], conv.bias, conv.stride, conv.padding)


def _opened(patch: PatchDiscriminator, of_layout: Tensor, pictures: Tensor) -> Tensor:
    """Return the first layer's output for M * N pictures of N layouts."""
    conv = patch.first
    of_pictures = F.conv2d(pictures, conv.weight[:, -3:], None, conv.stride, conv.padding)
    return F.leaky_relu((of_pictures.view(-1, *of_layout.shape) + of_layout).flatten(0, 1), LEAKY_SLOPE)


def _together(patch: PatchDiscriminator, planes: Tensor, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    halves = [layer.chunk(2) for layer in _features(patch, planes, pictures)]
    return [half[0] for half in halves], [half[1] for half in halves]


def _features(patch: PatchDiscriminator, planes: Tensor, pictures: Tensor) -> list[Tensor]:
    """Return the output of every layer for M * N pictures of N layouts."""
    x = _opened(patch, _first(patch, planes), pictures)
    features = [x]
    for stage in patch.later:
        x = stage(x)
        features.append(x)
    return features


def _apart(patch: PatchDiscriminator, planes: Tensor, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    of_layout = _first(patch, planes)
    fakes, photos = pictures.chunk(2)
    both = of_layout.chunk(2) if len(of_layout) == len(pictures) else (of_layout, of_layout)
    fake = _opened(patch, both[0], fakes)
    with torch.no_grad():
        photo = _opened(patch, both[1], photos)
    of_fakes, of_photos = [fake], [photo]
    for stage in patch.later:
        fake = stage(fake)
        with torch.no_grad(), _at_rest(stage) if stage.training else nullcontext():
            photo = stage(photo)
        of_fakes.append(fake)
        of_photos.append(photo)
    return of_fakes, of_photos


def _uncompiled(network: nn.Module) -> AbstractContextManager[object]:
    """Disable compilation, which does not support second derivatives."""
    compiled = any(getattr(module, "_compiled_call_impl", None) is not None for module in network.modules())
    return torch.compiler.set_stance("force_eager") if compiled else nullcontext()


@contextmanager
def _at_rest(stage: nn.Module) -> Generator[None]:
    """Freeze the vectors of spectral norms; weights are those of the last call."""
    stage.eval()
    try:
        yield
    finally:
        stage.train()
