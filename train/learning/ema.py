"""Exponential moving average of a network's parameters, and re-estimation of its spectral norms and batch statistics."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm  # pyright: ignore[reportPrivateUsage]

from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.noise import injected

_EPSILON = 1e-12  # as in torch's spectral norm


class StatisticsBatch(Protocol):
    """Batch for re-estimating statistics: B layouts, style codes [B, z_width] or None, and B texture seeds."""

    @property
    def layout(self) -> Layout:  # noqa: D102
        ...

    @property
    def style(self) -> Tensor | None:  # noqa: D102
        ...

    @property
    def seeds(self) -> Tensor:  # noqa: D102
        ...


class ExponentialAverage:
    """Exponential moving average of parameters, kept in a second network of the same architecture.

    The averaged network's spectral norms are valid after :meth:`refresh`, its batch statistics after :func:`reestimate_statistics`.

    Args:
        live: Network in training.
        averaged: Network of the same architecture; it gets the state of ``live`` and is put into evaluation mode.
        decay: Decay per update; 0 copies.
        warm_up: Whether the decay is limited to (1 + updates) / (10 + updates), so that the initial weights are forgotten sooner.
    """

    def __init__(self, live: nn.Module, averaged: nn.Module, decay: float, *, warm_up: bool = True) -> None:
        self.network = averaged
        self.decay = decay
        self.warm_up = warm_up
        self._updates: int | Tensor = 0
        averaged.load_state_dict(live.state_dict())
        averaged.requires_grad_(False).eval()

    @property
    def updates(self) -> int:
        """Number of updates; reading it synchronises with a GPU."""
        return int(self._updates)

    @torch.no_grad()
    def update(self, live: nn.Module) -> None:
        """Update the averages with the live parameters."""
        updates = self.updates
        decay = min(self.decay, (1 + updates) / (10 + updates)) if self.warm_up else self.decay
        mine, theirs = self._pairs(live)
        torch._foreach_lerp_(mine, theirs, 1 - decay)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]
        self._updates = updates + 1

    @torch.no_grad()
    def update_where(self, live: nn.Module, moved: Tensor) -> None:
        """Update the averages where a flag, bool [] on the networks' device, is set; does not synchronise with the device."""
        updates = self._updates
        if not isinstance(updates, Tensor):
            updates = torch.full((), updates, dtype=torch.int64, device=moved.device)
        least = torch.full((), 1 - self.decay, dtype=torch.float32, device=moved.device)
        share = torch.maximum(least, 9 / (10 + updates)) if self.warm_up else least  # 1 minus the decay of :meth:`update`
        mine, theirs = self._pairs(live)
        steps = torch._foreach_sub(theirs, mine)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]
        torch._foreach_mul_(steps, share * moved)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]
        torch._foreach_add_(mine, steps)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]
        self._updates = updates + moved

    def _pairs(self, live: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
        mine: list[Tensor] = list(self.network.parameters())
        return mine, [parameter.detach().to(own.dtype) for parameter, own in zip(live.parameters(), mine, strict=True)]

    def refresh(self) -> None:
        """Fit the spectral norms to the averaged parameters; call it before the network is used."""
        converge_spectral_norms(self.network)

    def state_dict(self) -> dict[str, object]:
        """Return the state for a checkpoint."""
        return {"network": self.network.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Restore the state that :meth:`state_dict` returned."""
        network, updates = state["network"], state["updates"]
        assert isinstance(network, dict)
        assert isinstance(updates, int)
        self.network.load_state_dict(network)  # pyright: ignore[reportUnknownArgumentType]
        self._updates = updates


@torch.no_grad()
def converge_spectral_norms(network: nn.Module, *, tolerance: float = 1e-6, most: int = 500) -> None:
    """Iterate every spectral norm's vectors ``weight_u`` and ``weight_v`` until they fit its weights, in float32 or wider.

    Args:
        network: Network in either mode; only the vectors change.
        tolerance: Relative change of the norm per iteration below which iterations end. The remaining relative error is about a hundred
            times that where the two largest singular values are close, and far less elsewhere.
        most: Maximum number of iterations per layer.
    """
    for module in network.modules():
        if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            continue
        vectors = dict(module.named_buffers(recurse=False))
        if "weight_u" in vectors:
            weight = module.get_parameter("weight_orig")
            if isinstance(module, nn.ConvTranspose2d):
                weight = weight.transpose(0, 1)  # transposed convolutions have their output channels second
            matrix, u, v = weight.flatten(1), vectors["weight_u"], vectors["weight_v"]
            norm = 0.0
            for _ in range(most):
                v.copy_(F.normalize(matrix.T @ u, dim=0, eps=_EPSILON))
                product = matrix @ v
                u.copy_(F.normalize(product, dim=0, eps=_EPSILON))
                previous, norm = norm, float(torch.linalg.vector_norm(product))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
                if norm - previous <= tolerance * norm:
                    break


@contextmanager
def _collecting(network: nn.Module) -> Generator[list[BatchNorm]]:
    """Reset batch norms and put only them into training mode, with cumulative averages over the batches in the block."""
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    modes = {module: module.training for module in network.modules()}
    momenta = [norm.momentum for norm in norms]
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    try:
        yield norms
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, training in modes.items():
            module.training = training


@torch.no_grad()
def copy_statistics(source: nn.Module, target: nn.Module) -> None:
    """Copy the running batch statistics of a network into another one of the same architecture."""
    for mine, theirs in zip(target.modules(), source.modules(), strict=True):
        if isinstance(mine, BatchNorm):
            for kept, new in zip(mine.buffers(recurse=False), theirs.buffers(recurse=False), strict=True):
                kept.copy_(new)


@torch.no_grad()
def reestimate_statistics(generator: nn.Module, batches: Iterable[StatisticsBatch]) -> int:
    """Replace a generator's running batch statistics by averages over batches, computed with its present parameters.

    Args:
        generator: Generator, called with (layout, z), with converged spectral norms (:func:`converge_spectral_norms`).
        batches: Batches of equal weight, at least one; not read for a generator without batch norm.

    Returns:
        Number of batches used.

    Raises:
        ValueError: There was no batch; the statistics are then reset.
    """
    with _collecting(generator) as norms:
        if not norms:
            return 0
        used = 0
        for batch in batches:
            generator(batch.layout, batch.style, **injected(generator, batch.seeds))
            used += 1
    if not used:
        raise ValueError("batch statistics cannot be estimated from no batches")
    return used
