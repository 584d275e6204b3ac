"""The averaged generator and encoder as pictures are made with them: spectral norms and batch statistics fitted to the averages."""

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

_STREAM = 0xA7E  # keeps the choice of pictures apart from other random numbers
_FEWEST = 2  # pictures that have a covariance
_EPOCH = 1 << 40  # their crops are those of no epoch of training


@dataclass(frozen=True, eq=False)
class StyledLayout:
    """Layouts [B] with style codes [B, z_width], None for generators that take none, and seeds of textures [B]."""

    layout: Layout
    style: Tensor | None
    seeds: Tensor


class StatisticsBatches:
    """Training pictures over which batch statistics are estimated: always the same ones, with styles mixed as in training on one rank.

    Styles of photographs spread otherwise than those drawn by chance: statistics of the latter alone render other contrasts and colours.

    Args:
        data: Training samples with their transformation.
        collate: Makes batches of them.
        images: How many.
        batch_size: Of a batch.
        seed: Of the choice and of the styles.
        z_width: Of style codes; None for generators that take none.
        encoder: Gives photographs' styles, drawn from their distributions; None for standard normal ones.
        losses: Which part of a batch has styles by chance, and which these are.
        device: Where the networks are.
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
        """Yield batches.

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
        """Return the coordinates of styles that exported weights use, those of these pictures; None for the codes as they are.

        Raises:
            DataError: A sample cannot be read.
        """
        if self.encoder is None or self.losses.chance_styles == "normal":
            return None
        if not self.posteriors:  # nobody read them: no batch statistics were estimated
            for _ in self:
                pass
        if sum(len(mu) for mu, _ in self.posteriors) < _FEWEST:
            return None
        mu, logvar = (torch.cat(parts) for parts in zip(*self.posteriors, strict=True))
        if not (mu.isfinite().all() and logvar.isfinite().all()):
            return None  # a training that diverged: what checks its weights says so
        return fit_style_space(mu, logvar)


class AveragedNetworks:
    """Averages of generator and encoder, kept on the first rank only.

    Args:
        generator: The live one, and ``averaged_generator``, another built alike, which becomes the average.
        encoder: The same, or None.
        decay: Share of the past that every update keeps.
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
        """The averaged generator; see :meth:`fit`."""
        return self._generator.network

    @property
    def encoder(self) -> Encoder | None:
        """The averaged encoder; see :meth:`fit`."""
        return None if self._encoder is None else cast("Encoder", self._encoder.network)

    def update(self, generator: nn.Module, encoder: Encoder | None, moved: Tensor) -> None:
        """Move the averages towards the live networks if these have moved, bool [] on their device; nobody waits for a GPU."""
        for average, live in ((self._generator, generator), (self._encoder, encoder)):
            if average is not None and live is not None:
                if moved.device.type != "cpu":
                    average.update_where(live, moved)
                elif moved:
                    average.update(live)

    def fit(self, batches: StatisticsBatches | None) -> None:
        """Make the averages usable: fit spectral norms, estimate coordinates of styles anew, and batch statistics or take the live ones.

        The result follows from the training alone, not from how often the averages were fitted before.

        Args:
            batches: What statistics are estimated over. None takes the running ones of the live generator, and codes of styles as they are.

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
        """Return pictures float32 [B, 3, H, W] in [-1, 1], with statistics and coordinates of styles as last estimated.

        Textures have the seeds 0 to B - 1.
        """
        codes = z if z is None or self._styles is None else self._styles.codes(z)
        count = layout.batch if z is None else len(z)
        seeds = torch.arange(count, device=next(self.generator.parameters()).device)
        return self.generator(layout, codes, **injected(self.generator, seeds)).float()

    @torch.no_grad()
    def encode(self, photos: Tensor) -> Tensor | None:
        """Return the styles [B, z_width] (mu) of photographs [B, 3, H, W] in [-1, 1]; None without an encoder."""
        if self.encoder is None:
            return None
        mu = self.encoder(photos)[0].float()
        return mu if self._styles is None else self._styles.coordinates(mu)

    def weights(self) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
        """Return the states of generator and encoder as they are exported: what they take and give are coordinates of styles."""
        generator = self.generator.state_dict()
        encoder = None if self.encoder is None else self.encoder.state_dict()
        if self._styles is not None:
            generator = self._styles.generator_state(generator)
            encoder = None if encoder is None else self._styles.encoder_state(encoder)
        return generator, encoder

    def state_dict(self) -> dict[str, Any]:
        """Return all that a resume needs."""
        return {"generator": self._generator.state_dict(), "encoder": None if self._encoder is None else self._encoder.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned."""
        self._generator.load_state_dict(state["generator"])
        if self._encoder is not None:
            self._encoder.load_state_dict(state["encoder"])


@torch.no_grad()
def _copy_spectral_vectors(source: nn.Module, target: nn.Module) -> None:
    """Give a network the vectors of another one's spectral norms: power iterations start from there."""
    theirs = dict(source.named_buffers())
    for name, mine in target.named_buffers():
        if name.endswith(("weight_u", "weight_v")):
            mine.copy_(theirs[name])


@contextmanager
def untouched_random_state(device: torch.device) -> Generator[None]:
    """Put the global random numbers of torch and the device back afterwards: showing and measuring must not change what is trained."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):  # pyright: ignore[reportUnknownMemberType]
        yield


def fixed_batches(data: TrainingSet, collate: Collate, indices: list[int], batch_size: int, device: torch.device) -> list[Batch]:
    """Read samples of a set without random numbers, the same ones in every process and at every time.

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
