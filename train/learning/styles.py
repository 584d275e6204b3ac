"""Sampling of styles in training, and a whitened style space in which those of photographs are standard normal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from spade_studio.train.learning.losses import wide

_LEAST = 1e-6  # minimum variance relative to the largest, so that the inverse is finite


def own_styles(count: int, prior_share: float) -> int:
    """Return the number of leading pictures of a batch with the style of their photograph, given the share of random styles."""
    return count - int(count * prior_share)


def draw_styles(mu: Tensor, logvar: Tensor, noise: Tensor, *, of_photographs: bool) -> Tensor:
    """Return the style codes of a batch: samples of the photographs' posteriors for the first N pictures, random styles for the others.

    Args:
        mu: Posterior means of the first N pictures, [N, z].
        logvar: Posterior log variances, [N, z].
        noise: Standard normal noise, [B, z], B >= N.
        of_photographs: Whether random styles are samples of the N posteriors in turn, without gradients; otherwise they are the noise.

    Returns:
        Style codes [B, z] in at least float32.
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
    """Whitening of style codes, ``code = mean + root @ coordinates``, in which photographs' styles are standard normal.

    Attributes:
        mean: Mean of the codes, [z]; like the other tensors, float64 on the CPU.
        root: Symmetric square root of the codes' covariance, [z, z].
        inverse: Inverse of ``root``, [z, z].
        spread: Mean difference between the log variances of posteriors in coordinates and in codes, [z].
    """

    mean: Tensor
    root: Tensor
    inverse: Tensor
    spread: Tensor

    def codes(self, coordinates: Tensor) -> Tensor:
        """Return the style codes of coordinates [B, z]."""
        return self.mean.to(coordinates) + coordinates @ self.root.to(coordinates)

    def coordinates(self, codes: Tensor) -> Tensor:
        """Return the coordinates of style codes [B, z]."""
        return (codes - self.mean.to(codes)) @ self.inverse.to(codes)

    def generator_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the state dict of a generator that takes coordinates; only linear layers that read the style differ.

        Raises:
            KeyError: The generator does not begin with a linear layer.
        """
        changed: dict[str, Tensor] = {}
        for layer in ("fc", *(name.removesuffix(".weight") for name in state if name.endswith(".style.weight"))):
            weight, bias = (state[f"{layer}.{part}"].cpu().double() for part in ("weight", "bias"))
            changed |= {f"{layer}.weight": weight @ self.root, f"{layer}.bias": bias + weight @ self.mean}
        return _replaced(state, changed)

    def encoder_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the state dict of an encoder that gives coordinates: mu is exact, log variances are shifted by ``spread``."""
        weight, bias, log_variance = (state[name].cpu().double() for name in ("fc_mu.weight", "fc_mu.bias", "fc_var.bias"))
        mu = {"fc_mu.weight": self.inverse @ weight, "fc_mu.bias": self.inverse @ (bias - self.mean)}
        return _replaced(state, mu | {"fc_var.bias": log_variance + self.spread})


def _replaced(state: Mapping[str, Tensor], changed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return dict(state) | {name: value.to(state[name]) for name, value in changed.items()}


def fit_style_space(mu: Tensor, logvar: Tensor) -> StyleSpace:
    """Fit a style space to the mean and covariance of the mixture of N >= 2 photographs' posteriors, mu and logvar [N, z]."""
    mu, logvar = mu.cpu().double(), logvar.cpu().double()
    variance = logvar.exp()
    covariance = torch.cov(mu.T) + variance.mean(0).diag()
    values, vectors = cast("tuple[Tensor, Tensor]", torch.linalg.eigh(covariance))  # pyright: ignore[reportUnknownMemberType]
    values = values.clamp_min(_LEAST * float(values.max()))
    root = (vectors * values.sqrt()) @ vectors.T
    inverse = (vectors * values.rsqrt()) @ vectors.T
    spread = ((variance @ inverse.square()).log() - logvar).mean(0)  # inverse is symmetric: the diagonal of inverse @ D @ inverse
    return StyleSpace(mu.mean(0), root, inverse, spread)
