"""Terms of the objective (SPADE paper, appendix A), unweighted and in at least float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.train.config.losses import AdversarialKind

Features = Sequence[Sequence[Tensor]]
"""Outputs of all layers by scale, patch scores last."""


def wide(x: Tensor) -> Tensor:
    """Return x in at least float32, since losses should not be summed in the narrower types of autocast."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _hinge(scores: Tensor, real: bool) -> Tensor:
    return F.relu(1 - scores if real else 1 + scores).mean()


def _least_squares(scores: Tensor, real: bool) -> Tensor:
    return (scores - float(real)).square().mean()


def _cross_entropy(scores: Tensor, real: bool) -> Tensor:
    return F.softplus(-scores if real else scores).mean()


def _wasserstein(scores: Tensor, real: bool) -> Tensor:
    return -scores.mean() if real else scores.mean()


_JUDGE: dict[AdversarialKind, Callable[[Tensor, bool], Tensor]] = {
    "hinge": _hinge,
    "least_squares": _least_squares,
    "cross_entropy": _cross_entropy,
    "wasserstein": _wasserstein,
}


def _over_scales(kind: AdversarialKind, features: Features, real: bool) -> Tensor:
    return torch.stack([_JUDGE[kind](wide(scale[-1]), real) for scale in features]).mean()


def generator_adversarial(kind: AdversarialKind, fake: Features) -> Tensor:
    """Return the adversarial loss of the generator, averaged over scales."""
    # The generator's hinge loss is -E[D(G(z))], without a margin.
    return _over_scales("wasserstein" if kind == "hinge" else kind, fake, real=True)


def discriminator_adversarial(kind: AdversarialKind, features: Features, *, real: bool) -> Tensor:
    """Return the adversarial loss of the discriminator on real or fake pictures, averaged over scales."""
    return _over_scales(kind, features, real)


def feature_matching(fake: Features, real: Features) -> Tensor:
    """Return the feature matching loss: L1 between the discriminator's features of fake and real pictures.

    It is summed over all layers but the last and averaged over the scales with more than one layer; real features are constants.
    """
    terms = [
        F.l1_loss(wide(fake_layer), wide(real_layer.detach()))
        for fake_scale, real_scale in zip(fake, real, strict=True)
        for fake_layer, real_layer in zip(fake_scale[:-1], real_scale[:-1], strict=True)
    ]
    return torch.stack(terms).sum() / sum(len(scale) > 1 for scale in fake)


def kl_divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return KL(N(mu, exp(logvar)) || N(0, 1)), summed over batch and dimensions; mu and logvar are [B, z]."""
    mu, logvar = wide(mu), wide(logvar)
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum()


def label_cross_entropy(scores: Tensor, planes: Tensor) -> Tensor:
    """Return the mean cross-entropy of label scores [B, S, H, W] over the labelled pixels of one-hot planes of the same shape."""
    planes = wide(planes)
    losses = -(F.log_softmax(wide(scores), 1) * planes).sum(1)
    return losses.sum() / planes.sum().clamp(min=1)
