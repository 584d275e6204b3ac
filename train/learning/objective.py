"""The generator's objective as a table of terms (SPADE paper, appendix A, with texture and colour terms)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.losses import LossConfig
from spade_studio.train.learning.losses import feature_matching, generator_adversarial, kl_divergence
from spade_studio.train.learning.texture import texture_distance
from spade_studio.train.pretrained.vgg import Compared, PerceptualDistance

_COLOUR_GRID = 8  # side of the grid of mean colours in the colour term
_PUBLISHED_SHARE = 4  # pictures per GPU in the published trainings (32 on 8), over which the divergence is summed


@dataclass(frozen=True, eq=False)
class Generated:
    """Inputs of the terms for one batch.

    Attributes:
        fake: Generated pictures [B, 3, H, W] in [-1, 1].
        photos: Photographs of the same shape and range.
        layout: The B layouts.
        own: Number of leading fakes with the style of their photograph.
        judged_fake, judged_real: Discriminator features by scale, patch scores last.
        posterior: mu and logvar of the styles, [own, z] each; None without an encoder.
        losses: Loss configuration.
        perceptual: Perceptual distance; None where no term needs it.
        share: Share of the step's samples in this batch, 0 to 1.
        seed: Seed of the step.
        indices: Indices of the samples, part of their random seeds.
    """

    fake: Tensor
    photos: Tensor
    layout: Layout
    own: int
    judged_fake: list[list[Tensor]]
    judged_real: list[list[Tensor]]
    posterior: tuple[Tensor, Tensor] | None
    losses: LossConfig
    perceptual: PerceptualDistance | None
    share: float
    seed: tuple[int, ...]
    indices: tuple[int, ...]

    @cached_property
    def compared(self) -> Compared:
        """Perceptual features of the fakes with their photograph's style, and of those photographs."""
        if self.perceptual is None:
            raise ValueError("a term that needs the perceptual network is on, but there is none")
        return self.perceptual.compare(self.fake[: self.own], self.photos[: self.own], self.seed)


def _adversarial(made: Generated) -> Tensor:
    return generator_adversarial(made.losses.adversarial, made.judged_fake)


def _feature_matching(made: Generated) -> Tensor:
    return feature_matching(*([[layer[: made.own] for layer in scale] for scale in side] for side in (made.judged_fake, made.judged_real)))


def _perceptual(made: Generated) -> Tensor:
    compared = made.compared
    assert made.perceptual is not None
    return made.perceptual.distance(compared)


def _texture(made: Generated) -> Tensor:
    compared = made.compared
    labels = made.layout.codes[: compared.count, compared.crop[0], compared.crop[1]] % (made.layout.book.label_channels + 1)
    seeds = [(*made.seed, index) for index in made.indices[: compared.count]]
    return texture_distance(compared.found, compared.targets, labels, seeds)


def _colour(made: Generated) -> Tensor:
    fake, photos = (F.adaptive_avg_pool2d(pictures[: made.own].float(), _COLOUR_GRID) for pictures in (made.fake, made.photos))
    return F.l1_loss(fake, photos)


def _kl(made: Generated) -> Tensor | None:
    if made.posterior is None:
        return None
    divergence = kl_divergence(*made.posterior)
    match made.losses.kl_form:
        case "sum":  # sum over a rank's whole batch, additive over micro-batches
            return divergence / made.share
        case "mean":
            return divergence / made.own
        case "published":
            return _PUBLISHED_SHARE * divergence / made.own


TERMS: dict[str, Callable[[Generated], Tensor | None]] = {
    "adversarial": _adversarial,
    "feature_matching": _feature_matching,
    "perceptual": _perceptual,
    "texture": _texture,
    "colour": _colour,
    "kl": _kl,
}
"""Terms by name; the weight of each is ``{name}_weight`` in ``LossConfig``, 0 disables it."""


def objective(made: Generated) -> Iterator[tuple[str, Tensor]]:
    """Yield names and values of the enabled terms, multiplied by weight and share."""
    for name, term in TERMS.items():
        weight: float = getattr(made.losses, f"{name}_weight")
        value = term(made) if weight else None
        if value is not None:
            yield name, made.share * weight * value
