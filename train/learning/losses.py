"""The terms of the objective (paper, appendix A; REFERENCE.md, section 3), each unweighted.

They know nothing of networks, optimisers or schedules: tensors come in, a number comes out, in at least float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.train.config.losses import AdversarialKind

Features = Sequence[Sequence[Tensor]]
"""Of every scale, the output of every layer, the patch scores last."""


def wide(x: Tensor) -> Tensor:
    """Return x in at least float32: under autocast a network's outputs are narrower than a loss should be summed in."""
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
    """Return how badly the generator fools the discriminator, the mean over scales."""
    # With hinge the generator's side has no margin: its scores are pushed up without end.
    return _over_scales("wasserstein" if kind == "hinge" else kind, fake, real=True)


def discriminator_adversarial(kind: AdversarialKind, features: Features, *, real: bool) -> Tensor:
    """Return how badly the discriminator tells that pictures are real, or fake; the mean over scales."""
    return _over_scales(kind, features, real)


def feature_matching(fake: Features, real: Features) -> Tensor:
    """Return the L1 distance between the discriminator's features of fakes and reals.

    Summed over all layers but the last, averaged over the scales that have such; the reals' features are constants.
    """
    terms = [
        F.l1_loss(wide(fake_layer), wide(real_layer.detach()))
        for fake_scale, real_scale in zip(fake, real, strict=True)
        for fake_layer, real_layer in zip(fake_scale[:-1], real_scale[:-1], strict=True)
    ]
    return torch.stack(terms).sum() / sum(len(scale) > 1 for scale in fake)


def kl_divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """Return the divergence of normal distributions (mu, logvar) [B, z] from the standard one, summed over batch and dimensions."""
    mu, logvar = wide(mu), wide(logvar)
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum()


_GRID_WINDOW = 16
_GRID_FLOOR = (0.1 / 127.5) ** 2  # below a tenth of a brightness value nothing is seen
_GRID_STEP = 0.15  # steps of brightness beyond are contours, not grids


def grid_strength(pictures: Tensor, period: int) -> Tensor:
    """Return how strong a grid of a period is in pictures, along rows and along columns: two numbers.

    It is the mean square, over windows of 16 pixels, of what repeats with the period in steps of brightness and is the same in all
    lines of the window. Generators that upsample by repeating pixels leave such grids until they have learned not to.

    Args:
        pictures: [B, C, H, W] in [-1, 1]; both sides 16 or more.
        period: In pixels, 2 to 16.
    """
    strengths: list[Tensor] = []
    for x in (wide(pictures), wide(pictures).transpose(2, 3)):
        steps = F.pad(x[..., 1:] - x[..., :-1], (0, 1)).clamp(-_GRID_STEP, _GRID_STEP)
        lines, length = (side // _GRID_WINDOW for side in steps.shape[-2:])
        across = _GRID_WINDOW // period * period
        windows = steps[..., : lines * _GRID_WINDOW, : length * _GRID_WINDOW]
        windows = windows.reshape(*steps.shape[:2], lines, _GRID_WINDOW, length, _GRID_WINDOW)[..., :across]
        phases = windows.reshape(*windows.shape[:-1], across // period, period).mean((3, 5))  # [B, C, lines, length, period]
        strengths.append((phases - phases.mean(-1, keepdim=True)).square().mean())
    return torch.stack(strengths)


def grid_excess(fake: Tensor, photos: Tensor) -> Tensor:
    """Return by how much grids of 2 and 4 pixels are stronger in fakes than in photographs, as a share of theirs; 0 where they are not."""
    excess = [F.relu(grid_strength(fake, n) / grid_strength(photos, n).clamp(min=_GRID_FLOOR) - 1) for n in (2, 4)]
    return torch.stack(excess).mean()


def line_share(pictures: Tensor, length: int) -> Tensor:
    """Return which share of the brightness steps in pictures runs on in straight lines, down columns and along rows: two numbers.

    It is the mean square of steps averaged over so many pixels of a line, by the mean square of all steps: 1 where every line goes
    straight on, 1 / length in noise. A generator that knows one label and one style everywhere falls back on rows and columns.

    Args:
        pictures: [B, C, H, W] in [-1, 1]; both sides at least as long as lines.
        length: Of lines, in pixels.
    """
    shares: list[Tensor] = []
    for x in (wide(pictures), wide(pictures).transpose(2, 3)):
        steps = (x[..., 1:] - x[..., :-1]).clamp(-_GRID_STEP, _GRID_STEP)
        lines = steps.shape[2] // length
        means = steps[:, :, : lines * length].reshape(*steps.shape[:2], lines, length, -1).mean(3)
        shares.append(means.square().mean() / steps.square().mean().clamp(min=_GRID_FLOOR))
    return torch.stack(shares)


def line_excess(fake: Tensor, photos: Tensor) -> Tensor:
    """Return by how much more of the steps in fakes than in photographs runs on in lines, as a share of theirs; 0 where not.

    Lines of a quarter and of half the smaller side count, of pixels and of pairs of pixels.
    """
    excess: list[Tensor] = []
    for scale in (1, 2):
        ours, theirs = (F.avg_pool2d(wide(x), scale) for x in (fake, photos))
        side = min(ours.shape[-2:])
        excess += [F.relu(line_share(ours, n) / line_share(theirs, n).clamp(min=1 / n) - 1) for n in (max(side // 4, 1), max(side // 2, 1))]
    return torch.stack(excess).mean()


def split_features(features: Features) -> tuple[list[list[Tensor]], list[list[Tensor]]]:
    """Split features of a batch of all fakes, then as many reals, into both halves."""
    halves = [[layer.chunk(2) for layer in scale] for scale in features]
    return [[half[0] for half in scale] for scale in halves], [[half[1] for half in scale] for scale in halves]
