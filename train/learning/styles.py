"""Where styles come from in training, and the space in which those of photographs are standard normal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from spade_studio.train.learning.losses import wide

_LEAST = 1e-6  # of the largest variance: directions in which nothing spreads keep a finite inverse


def own_styles(count: int, prior_share: float) -> int:
    """Return how many of a batch's pictures, the first ones, have the style of their photograph."""
    return count - int(count * prior_share)


def draw_styles(mu: Tensor, logvar: Tensor, noise: Tensor, *, of_photographs: bool) -> Tensor:
    """Return the style codes of a batch: of the first pictures those of their photographs, of the others ones by chance.

    Args:
        mu: Means of the first pictures' distributions, [N, z].
        logvar: Logarithms of their variances, [N, z].
        noise: Standard normal, [B, z], B >= N.
        of_photographs: Whether those by chance are, without gradients, of the first pictures' photographs in turn; else the noise is.

    Returns:
        [B, z], in float32 at least.
    """
    mu, logvar = wide(mu), wide(logvar)
    own, count = mu.shape[0], noise.shape[0]
    styles = mu + noise[:own] * (0.5 * logvar).exp()
    by_chance = noise[own:]
    if of_photographs and count > own:
        turn = torch.arange(count - own, device=mu.device) % own
        by_chance = (mu[turn] + by_chance * (0.5 * logvar[turn]).exp()).detach()
    return torch.cat((styles, by_chance))


@dataclass(frozen=True, eq=False)
class StyleSpace:
    """Other coordinates of style codes, ``code = mean + root @ coordinates``, in which photographs' styles are standard normal.

    Attributes:
        mean: [z], float64 on the CPU as all of it.
        root: The symmetric square root of the codes' covariance, [z, z].
        inverse: Of that.
        spread: By coordinate, how much larger a posterior's log variance is than by code, on average, [z].
    """

    mean: Tensor
    root: Tensor
    inverse: Tensor
    spread: Tensor

    def codes(self, coordinates: Tensor) -> Tensor:
        """Turn [B, z] into what the generator was trained with."""
        return self.mean.to(coordinates) + coordinates @ self.root.to(coordinates)

    def coordinates(self, codes: Tensor) -> Tensor:
        """Turn the generator's codes [B, z] into coordinates."""
        return (codes - self.mean.to(codes)) @ self.inverse.to(codes)

    def generator_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the state of a generator that takes coordinates; the linear layers that read the style alone differ.

        Raises:
            KeyError: It does not begin with a linear layer.
        """
        changed: dict[str, Tensor] = {}
        for layer in ("fc", *(name.removesuffix(".weight") for name in state if name.endswith(".style.weight"))):
            weight, bias = (state[f"{layer}.{part}"].cpu().double() for part in ("weight", "bias"))
            changed |= {f"{layer}.weight": weight @ self.root, f"{layer}.bias": bias + weight @ self.mean}
        return _replaced(state, changed)

    def encoder_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the state of an encoder that gives coordinates: exact for mu; log variances are shifted by their average change."""
        weight, bias, log_variance = (state[name].cpu().double() for name in ("fc_mu.weight", "fc_mu.bias", "fc_var.bias"))
        mu = {"fc_mu.weight": self.inverse @ weight, "fc_mu.bias": self.inverse @ (bias - self.mean)}
        return _replaced(state, mu | {"fc_var.bias": log_variance + self.spread})


def _replaced(state: Mapping[str, Tensor], changed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return dict(state) | {name: value.to(state[name]) for name, value in changed.items()}


def fit_style_space(mu: Tensor, logvar: Tensor) -> StyleSpace:
    """Fit the space to photographs' distributions of styles, [N, z] each, N >= 2: mean and covariance of all they stand for."""
    mu, logvar = mu.cpu().double(), logvar.cpu().double()
    variance = logvar.exp()
    covariance = torch.cov(mu.T) + variance.mean(0).diag()
    values, vectors = cast("tuple[Tensor, Tensor]", torch.linalg.eigh(covariance))  # pyright: ignore[reportUnknownMemberType]
    values = values.clamp_min(_LEAST * float(values.max()))
    root = (vectors * values.sqrt()) @ vectors.T
    inverse = (vectors * values.rsqrt()) @ vectors.T
    spread = ((variance @ inverse.square()).log() - logvar).mean(0)  # inverse is symmetric: the diagonal of inverse @ D @ inverse
    return StyleSpace(mu.mean(0), root, inverse, spread)
