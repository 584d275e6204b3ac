"""Averaged generator and encoder, ready for inference: spectral norms and batch statistics fitted to the averaged parameters."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.noise import injected
from spade_studio.train.config.losses import LossConfig
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.loading import Batch, Collate, TrainingSet
from spade_studio.train.datasets.sampler import SampleKey
from spade_studio.train.learning.ema import ExponentialAverage, copy_statistics, reestimate_statistics
from spade_studio.train.learning.styles import StyleSpace, draw_styles, fit_style_space, own_styles

_STREAM = 0xA7E  # separates the choice of pictures from other random streams
_FEWEST = 2  # pictures needed for a covariance
_EPOCH = 1 << 40  # beyond all training epochs, so that crops differ from theirs


@dataclass(frozen=True, eq=False)
class StyledLayout:
    """A batch of B layouts, their style codes [B, z_width] (None for generators without style input) and B texture seeds."""

    layout: Layout
    style: Tensor | None
    seeds: Tensor


class StatisticsBatches:
    """Fixed training pictures for estimating batch statistics, with styles mixed as in training on one rank.

    The styles of photographs are distributed differently from prior samples; statistics of the latter alone shift contrast and colour.

    Args:
        data: Training samples with their transformation.
        collate: Function that builds a batch from samples.
        images: Number of pictures.
        batch_size: Number of pictures per batch.
        seed: Seed of the choice of pictures and of the styles.
        z_width: Length of style codes; None for generators without style input.
        encoder: Encoder whose posteriors the styles are drawn from; None for standard normal styles.
        losses: Loss configuration; sets the share of random styles in a batch and their distribution.
        device: Device of the networks.
    """

    def __init__(
        self,
        data: TrainingSet,
        collate: Collate,
        images: int,
        batch_size: int,
        *,
        seed: int,
        z_width: int | None,
        encoder: Encoder | None,
        losses: LossConfig,
        device: torch.device,
    ) -> None:
        self.data, self.collate, self.device, self.seed, self.z_width = data, collate, device, seed, z_width
        self.encoder, self.losses = encoder, losses
        self.posteriors: list[tuple[Tensor, Tensor]] = []
        order = np.random.default_rng((seed, _STREAM)).permutation(len(data))[:images].tolist()
        self.batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]

    def __iter__(self) -> Iterator[StyledLayout]:
        """Yield the batches.

        Raises:
            DataError: A sample cannot be read.
        """
        self.posteriors.clear()
        for indices in self.batches:
            batch = self.collate.batch([self.data[SampleKey(_EPOCH, index)] for index in indices])
            if isinstance(batch, DataError):
                raise batch
            moved = batch.to(self.device)
            yield StyledLayout(moved.layout, self._styles(indices, moved.photos), torch.tensor(indices, device=self.device))

    @torch.no_grad()
    def _styles(self, indices: list[int], photos: Tensor) -> Tensor | None:
        if self.z_width is None:
            return None
        rows = [np.random.default_rng((self.seed, _STREAM, index)).standard_normal(self.z_width, np.float32) for index in indices]
        noise = torch.as_tensor(np.stack(rows)).to(self.device)
        if self.encoder is None:
            return noise
        mu, logvar = self.encoder(photos)
        self.posteriors.append((mu.float(), logvar.float()))
        own = own_styles(len(indices), self.losses.prior_share)
        return draw_styles(mu[:own], logvar[:own], noise, of_photographs=self.losses.chance_styles == "photographs")

    def style_space(self) -> StyleSpace | None:
        """Return the style coordinates of exported weights, fitted to these pictures; None where codes are exported unchanged.

        Raises:
            DataError: A sample cannot be read.
        """
        if self.encoder is None or self.losses.chance_styles == "normal":
            return None
        if not self.posteriors:  # not collected yet: batch statistics were not estimated
            for _ in self:
                pass
        if sum(len(mu) for mu, _ in self.posteriors) < _FEWEST:
            return None
        mu, logvar = (torch.cat(parts) for parts in zip(*self.posteriors, strict=True))
        if not (mu.isfinite().all() and logvar.isfinite().all()):
            return None  # diverged training, which the check of its weights reports
        return fit_style_space(mu, logvar)


class AveragedNetworks:
    """Exponential moving averages of generator and encoder, kept on the first rank only.

    Args:
        generator: Generator in training; ``averaged_generator`` has the same architecture and holds the averages.
        encoder: Encoder in training, likewise; None for networks without one.
        decay: Decay of the averages per update, 0 to 1.
    """

    def __init__(
        self, generator: nn.Module, averaged_generator: nn.Module, encoder: Encoder | None, averaged_encoder: Encoder | None, decay: float
    ) -> None:
        self._live = generator, encoder
        self._generator = ExponentialAverage(generator, averaged_generator, decay)
        self._encoder = None if encoder is None or averaged_encoder is None else ExponentialAverage(encoder, averaged_encoder, decay)
        self._styles: StyleSpace | None = None

    @property
    def generator(self) -> nn.Module:
        """Averaged generator; call :meth:`fit` before use."""
        return self._generator.network

    @property
    def encoder(self) -> Encoder | None:
        """Averaged encoder; call :meth:`fit` before use."""
        return None if self._encoder is None else cast("Encoder", self._encoder.network)

    def update(self, generator: nn.Module, encoder: Encoder | None, moved: Tensor) -> None:
        """Update the averages where the flag ``moved``, bool [] on the networks' device, is set; does not synchronise with a GPU."""
        for average, live in ((self._generator, generator), (self._encoder, encoder)):
            if average is not None and live is not None:
                if moved.device.type != "cpu":
                    average.update_where(live, moved)
                elif moved:
                    average.update(live)

    def fit(self, batches: StatisticsBatches | None) -> None:
        """Prepare the averages for inference: fit spectral norms, style coordinates and batch statistics.

        The result does not depend on earlier calls.

        Args:
            batches: Pictures to estimate statistics on; None copies the running statistics of the live generator and keeps style codes.

        Raises:
            DataError: A training picture cannot be read.
        """
        for average, live in zip((self._generator, self._encoder), self._live, strict=True):
            if average is not None and live is not None:
                _copy_spectral_vectors(live, average.network)
                average.refresh()
        if batches is None:
            copy_statistics(self._live[0], self.generator)
        else:
            reestimate_statistics(self.generator, batches)
        self._styles = None if batches is None else batches.style_space()

    @torch.no_grad()
    def generate(self, layout: Layout, z: Tensor | None) -> Tensor:
        """Return pictures, float32 [B, 3, H, W] in [-1, 1], with the statistics and style coordinates of the last fit.

        Texture seeds are 0 to B - 1.
        """
        codes = z if z is None or self._styles is None else self._styles.codes(z)
        count = layout.batch if z is None else len(z)
        seeds = torch.arange(count, device=next(self.generator.parameters()).device)
        return self.generator(layout, codes, **injected(self.generator, seeds)).float()

    @torch.no_grad()
    def encode(self, photos: Tensor) -> Tensor | None:
        """Return the style means (mu), [B, z_width], of photographs [B, 3, H, W] in [-1, 1]; None without an encoder."""
        if self.encoder is None:
            return None
        mu = self.encoder(photos)[0].float()
        return mu if self._styles is None else self._styles.coordinates(mu)

    def weights(self) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
        """Return the state dicts of generator and encoder for export; both work in style coordinates."""
        generator = self.generator.state_dict()
        encoder = None if self.encoder is None else self.encoder.state_dict()
        if self._styles is not None:
            generator = self._styles.generator_state(generator)
            encoder = None if encoder is None else self._styles.encoder_state(encoder)
        return generator, encoder

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {"generator": self._generator.state_dict(), "encoder": None if self._encoder is None else self._encoder.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state that :meth:`state_dict` returned."""
        self._generator.load_state_dict(state["generator"])
        if self._encoder is not None:
            self._encoder.load_state_dict(state["encoder"])


@torch.no_grad()
def _copy_spectral_vectors(source: nn.Module, target: nn.Module) -> None:
    """Copy the vectors of spectral norms, from which power iterations start."""
    theirs = dict(source.named_buffers())
    for name, mine in target.named_buffers():
        if name.endswith(("weight_u", "weight_v")):
            mine.copy_(theirs[name])


@contextmanager
def untouched_random_state(device: torch.device) -> Generator[None]:
    """Restore the global random states of torch and the device afterwards, so that sampling and measuring do not affect training."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):  # pyright: ignore[reportUnknownMemberType]
        yield


def fixed_batches(data: TrainingSet, collate: Collate, indices: list[int], batch_size: int, device: torch.device) -> list[Batch]:
    """Return batches of the given samples; reads no random numbers, so that every process and every call gets the same.

    Raises:
        DataError: A sample cannot be read.
    """
    found: list[Batch] = []
    for start in range(0, len(indices), batch_size):
        batch = collate.batch([data[SampleKey(0, index)] for index in indices[start : start + batch_size]])
        if isinstance(batch, DataError):
            raise batch
        found.append(batch.to(device))
    return found
