"""Training pairs of SIMS: a photograph, and a canvas of its own pieces in the shapes of other photographs' segments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.bank.canvas import AROUND_THINGS, border_band, compose, fitted
from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.segments import Mask, find_segments, overlaps, shape_of
from spade_studio.engine.errors import BankError, ConfigError
from spade_studio.engine.labels import LabelChannels
from spade_studio.engine.networks.config import AnyGeneratorConfig, SIMSConfig
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.pairs import Dataset
from spade_studio.train.datasets.transforms import Example

VARIANTS: Final = 5
"""Number of different canvases of a photograph over the epochs."""
OTHERS: Final = 100
"""Number of random photographs whose segments are searched for shapes."""
BORDER: Final = 0.05
"""Height of the band along boundaries in which half of the pixels are erased in training, as a fraction of the picture's height."""
TRANSFERRED: Final = 0.2
"""Fraction of the segments that get the colour statistics of the segment whose shape they have."""
SHIFT, SCALE, TURN = 0.03, 0.1, 2.5
"""Maximum translation (fraction of the sides), scaling (fraction) and rotation (degrees) of a shape before the search."""
_STREAM = 0x51


@dataclass(frozen=True, eq=False)
class CanvasMaker:
    """Makes canvases of examples.

    Attributes:
        bank: Bank of the shapes; the example's own photograph is left out.
        channels: Channels of the data set.
        seed: Seed of the random numbers in training.
    """

    bank: MemoryBank
    channels: LabelChannels
    seed: int

    def __post_init__(self) -> None:
        try:
            self.bank.check_labels(self.channels, "the training data")
        except BankError as error:
            raise DataError(error.found, error.expected, error.action) from error

    @cached_property
    def _number_of(self) -> dict[str, int]:
        return {photograph.name: number for number, photograph in enumerate(self.bank.photographs)}

    @cached_property
    def _channel_of_piece(self) -> NDArray[np.int16]:
        return self.channels.lookup()[self.bank.labels]

    @cached_property
    def _pieces_of(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return all pieces sorted by photograph, and where each photograph's begin."""
        order = np.argsort(self.bank.photograph_of, kind="stable")
        counts = np.bincount(self.bank.photograph_of, minlength=len(self.bank.photographs))
        return order, np.concatenate(([0], np.cumsum(counts)))

    @cached_property
    def _id_of_channel(self) -> NDArray[np.uint8]:
        """Return a dataset id of every channel; unlabeled, the last entry too, is an id that no piece has."""
        unused = next(number for number in range(255, -1, -1) if self.bank.label_set.by_id(number) is None)
        ids = np.full(self.channels.semantic_channels + 1, unused, np.uint8)
        for number in self.channels.known_ids:
            ids[self.channels.channel_of_id[number]] = number
        return ids

    def rendered(self, example: Example) -> tuple[NDArray[np.uint8], Mask]:
        """Return the canvas of an example's layout without its own photograph; see :meth:`trained`."""
        own = self._number_of.get(example.name)
        canvas = compose(self.bank, self._id_of_channel[example.channels], without=own).canvas
        return canvas.colors[0], canvas.known[0]

    def trained(self, example: Example, epoch: int, sample: int) -> tuple[NDArray[np.uint8], Mask]:
        """Return a canvas of pieces of an example's own photograph in the shapes of other photographs' segments.

        Args:
            example: Training example.
            epoch: Epoch, which selects the variant.
            sample: Number of the sample in the epoch (:attr:`SampleKey.number`).

        Returns:
            Colours, uint8 [H, W, 3], and mask of covered pixels, bool [H, W].

        Raises:
            BankError: a tile is damaged.
        """
        random = np.random.default_rng([self.seed, epoch % VARIANTS, sample, _STREAM])
        height, width = example.channels.shape
        colors = example.photo.copy()
        owner = np.full((height, width), -1, np.int32)
        unlabeled = -1 if self.channels.unlabeled_channel is None else self.channels.unlabeled_channel
        channels = np.where(example.channels == unlabeled, np.int16(-1), example.channels)
        pieces = self._drawn_pieces(random, self._number_of.get(example.name))
        for number, segment in enumerate(find_segments(channels, -1)):
            mask = segment.whole(height, width)
            same = pieces[self._channel_of_piece[pieces] == segment.label]
            found = overlaps(shape_of(jittered(mask, random)), self.bank.shapes[same])
            transferred = random.random() < TRANSFERRED
            if not len(found) or not found.max():
                continue
            piece = int(same[int(found.argmax())])
            pixels, stencil, place = fitted(self.bank, piece, height, width)
            kept = np.zeros_like(mask)
            kept[place] = stencil
            kept &= mask
            if transferred and kept.any() and stencil.any():
                colors[kept] = with_statistics(colors[kept], pixels[stencil])
            owner[kept] = number
            if self._is_thing(segment.label):
                away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
                owner[(away > 0) & (away < AROUND_THINGS * height)] = -1
        known = (owner >= 0) & ~(border_band(owner, BORDER) & (random.random((height, width)) < 0.5))
        colors[~known] = 0
        return colors, known

    def _drawn_pieces(self, random: np.random.Generator, own: int | None) -> NDArray[np.int64]:
        order, starts = self._pieces_of
        count = len(self.bank.photographs)
        drawn = random.choice(count, min(count, OTHERS + 1), replace=False)
        drawn = drawn[drawn != own][:OTHERS]
        return np.concatenate([order[starts[number] : starts[number + 1]] for number in drawn.tolist()] or [order[:0]])

    def _is_thing(self, channel: int) -> bool:
        label = self.bank.label_set.by_id(int(self._id_of_channel[channel]))
        return label is not None and label.kind == "thing"


def open_canvases(config: TrainConfig, generator: AnyGeneratorConfig, dataset: Dataset) -> CanvasMaker | None:
    """Open the memory bank of a configuration whose generator completes canvases; return None for others.

    Raises:
        ConfigError: the configuration has no bank.
        BankError: the bank is unusable.
        DataError: the bank has other labels.
    """
    if not isinstance(generator, SIMSConfig):
        return None
    if not config.data.bank:
        expected = "the memory bank of the training photographs"
        raise ConfigError("data.bank is empty with the generator sims", expected, "Make it with spade-train bank")
    return CanvasMaker(MemoryBank.open(Path(config.data.bank)), dataset.channels, config.seed)


def jittered(mask: Mask, random: np.random.Generator) -> Mask:
    """Return a mask [H, W] with a small random translation, scaling and rotation about its centre."""
    height, width = mask.shape
    down, across, scale, turn = random.uniform(-1, 1, 4).tolist()
    rows, columns = np.nonzero(mask)
    matrix = cv2.getRotationMatrix2D((float(columns.mean()), float(rows.mean())), TURN * turn, 1 + SCALE * scale)
    matrix[:, 2] += (SHIFT * width * across, SHIFT * height * down)
    return cv2.warpAffine(mask.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST) > 0


def with_statistics(colors: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return colours, uint8 [N, 3], with the channel means and standard deviations of other colours [M, 3]."""
    mine, theirs = colors.astype(np.float32), others.astype(np.float32)
    scale = theirs.std(0) / np.maximum(mine.std(0), 1)
    return np.clip(np.rint((mine - mine.mean(0)) * scale + theirs.mean(0)), 0, 255).astype(np.uint8)
