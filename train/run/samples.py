"""Sample grids: what fixed validation items look like now, row by row: layout, photograph, reconstruction and random styles."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from spade_studio.engine.files import atomic_writer
from spade_studio.engine.labels import UNLABELED_COLOR, LabelChannels
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.datasets.loading import Batch, Collate, TrainingSet
from spade_studio.train.learning.averages import fixed_batches

Pixels = NDArray[np.uint8]

Generate = Callable[[Layout, Tensor | None], Tensor]
"""Layouts of B pictures, and z [B, z_width] or None without style, to pictures [B, 3, H, W] in [-1, 1]."""

Encode = Callable[[Tensor], Tensor | None]
"""Photographs [B, 3, H, W] in [-1, 1] to the means [B, z_width] of their style codes; None where there is no encoder."""

STYLES: Final = 3
"""How many random styles an item is shown in."""

_GUTTER = 4  # pixels between cells and around them
_SMALLEST_CELL = 128  # smaller pictures are enlarged, as far as a whole factor does not exceed this
_FONT_SIZE = 13
_BACKGROUND = (64, 66, 70)  # unlike unlabeled, and unlike the black of a picture that is not finite
_TEXT = (236, 236, 236)


class SampleBatch(Protocol):
    """What is shown of a batch; :class:`spade_studio.train.datasets.loading.Batch` is one.

    Attributes:
        photos: [B, 3, H, W] in [-1, 1].
        layout: The B layouts, H x W.
        indices: Of the B samples in their data set.
    """

    @property
    def photos(self) -> Tensor:  # noqa: D102
        ...

    @property
    def layout(self) -> Layout:  # noqa: D102
        ...

    @property
    def indices(self) -> Sequence[int]:  # noqa: D102
        ...


@dataclass(frozen=True, eq=False)
class SampleRow:
    """The pictures of one item, one for every column.

    Attributes:
        pictures: uint8 [H, W, 3] each; sizes may differ.
    """

    pictures: tuple[Pixels, ...]


# ---- composing


def compose_grid(rows: Sequence[SampleRow], captions: Sequence[str]) -> Pixels:
    """Put pictures side by side, a line of captions above them.

    Columns are as wide as the widest picture, rows as high as their highest. Pictures are enlarged by whole factors only, so that
    their pixels stay what they are, and stand in the middle of their cells.

    Args:
        rows: At least one, with as many pictures as there are captions.
        captions: Of the columns.

    Returns:
        uint8 [height, width, 3].
    """
    if not rows or not captions or any(len(row.pictures) != len(captions) for row in rows):
        raise ValueError(f"rows of {[len(row.pictures) for row in rows]} pictures under {len(captions)} captions")
    shapes = [picture.shape for row in rows for picture in row.pictures]
    height, width = max(shape[0] for shape in shapes), max(shape[1] for shape in shapes)
    factor = max(1, _SMALLEST_CELL // max(height, width))
    cells = [[_enlarged(picture, height * factor, width * factor) for picture in row.pictures] for row in rows]
    heights = [max(picture.shape[0] for picture in row) for row in cells]
    font = ImageFont.load_default(size=_FONT_SIZE)
    boxes = [font.getbbox(caption) for caption in captions]
    column = max(width * factor, *(int(np.ceil(box[2])) for box in boxes))
    y = 2 * _GUTTER + int(np.ceil(max(box[3] for box in boxes)))
    size = (_GUTTER + len(captions) * (column + _GUTTER), y + sum(heights) + len(rows) * _GUTTER)
    sheet = Image.new("RGB", size, _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    lefts = [_GUTTER + number * (column + _GUTTER) for number in range(len(captions))]
    for left, caption in zip(lefts, captions, strict=True):
        draw.text((left + column / 2, _GUTTER), caption, fill=_TEXT, font=font, anchor="ma")
    for row, row_height in zip(cells, heights, strict=True):
        for left, picture in zip(lefts, row, strict=True):
            place = left + (column - picture.shape[1]) // 2, y + (row_height - picture.shape[0]) // 2
            sheet.paste(Image.fromarray(picture), place)
        y += row_height + _GUTTER
    return np.array(sheet)


def _enlarged(picture: Pixels, height: int, width: int) -> Pixels:
    """Repeat pixels as often as the picture still fits."""
    factor = min(height // picture.shape[0], width // picture.shape[1])
    return np.ascontiguousarray(picture.repeat(factor, 0).repeat(factor, 1))


def write_grid(path: Path, pixels: Pixels) -> None:
    """Write pixels, uint8 [H, W, 3], as a PNG file, whole or not at all; folders that are missing are made.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(path) as file:
        Image.fromarray(pixels).save(file, "PNG")


# ---- layouts as pictures


def channel_colors(channels: LabelChannels) -> Pixels:
    """Return the colour of every channel that stands for labels, and last that of pixels which set none: uint8 [n + 1, 3].

    Unlabeled, and channels that no label sets, are :data:`UNLABELED_COLOR`. Without a label set channels get colours of many hues.
    """
    count = channels.semantic_channels - (channels.edge_channel is not None)
    colors = np.full((count + 1, 3), UNLABELED_COLOR, np.uint8)
    if channels.label_set is None:
        for channel in range(count):
            if channel != channels.unlabeled_channel:
                red, green, blue = colorsys.hsv_to_rgb(channel * 0.618034 % 1, 0.45 + 0.2 * (channel % 3), 0.95 - 0.2 * (channel // 3 % 3))
                colors[channel] = round(255 * red), round(255 * green), round(255 * blue)
        return colors
    palette = channels.label_set.palette()
    for number in reversed(channels.known_ids):  # of several ids in one channel the lowest gives the colour
        colors[channels.channel_of_id[number]] = palette[number]
    return colors


def layout_pictures(layout: Layout, colors: Pixels) -> Pixels:
    """Return layouts in colours, uint8 [B, H, W, 3]; instance edges are not drawn.

    Args:
        layout: The B layouts.
        colors: As :func:`channel_colors` gives them, for channels like the layout's.
    """
    count = layout.book.label_channels
    if len(colors) != count + 1:
        raise ValueError(f"{len(colors) - 1} colours for a layout of {count} label channels")
    return colors[layout.codes % (count + 1)]  # the codes of edge pixels are those of the others once more


def _photo_pixels(pictures: Tensor) -> Pixels:
    """Turn pictures [B, 3, H, W] in [-1, 1] into uint8 [B, H, W, 3]; what is not a number becomes black."""
    values = pictures.detach().float().nan_to_num(-1.0, 1.0, -1.0)
    levels = (values * 127.5 + 127.5).round().clamp(0, 255).to("cpu", torch.uint8)
    return levels.permute(0, 2, 3, 1).numpy()


# ---- samples of a run


def choose_items(data: TrainingSet, collate: Collate, count: int, device: torch.device) -> list[Batch]:
    """Read samples spread evenly over a data set, each a batch of its own, since sizes may differ: always the same ones.

    Args:
        data: Of validation, so without a seed: crops are central and nothing is mirrored.
        collate: How a batch is made.
        count: How many; a smaller data set gives all that it has.
        device: Where the networks are.

    Raises:
        DataError: One of them cannot be read.
    """
    count = min(count, len(data))
    indices = [(2 * number + 1) * len(data) // (2 * count) for number in range(count)]
    return fixed_batches(data, collate, indices, 1, device)


class SampleGrid:
    """Shows the same items again and again, in the same random styles, while a generator learns.

    Args:
        items: What to show, on the device of the networks; one row for every sample.
        channels: Of the layouts.
        seed: Of the random styles; global random states are neither read nor changed.
        z_width: Length of style codes; None for a generator that takes no style.
    """

    def __init__(self, items: Sequence[SampleBatch], channels: LabelChannels, seed: int, z_width: int | None) -> None:
        self.items, self.seed, self.z_width = tuple(items), seed, z_width
        self._colors = channel_colors(channels)

    def style_codes(self, item: SampleBatch, style: int) -> Tensor | None:
        """Draw the codes [B, z_width] of a batch's samples in one of the random styles, from 0; None where there is no style."""
        if self.z_width is None:
            return None
        rows = [np.random.default_rng((self.seed, index, style)).standard_normal(self.z_width, np.float32) for index in item.indices]
        return torch.as_tensor(np.stack(rows)).to(item.photos.device)

    def captions(self, *, reconstructs: bool) -> tuple[str, ...]:
        """Return what the columns show, with or without reconstructions."""
        made = ("render",) if self.z_width is None else tuple(f"style {style + 1}" for style in range(STYLES))
        return ("layout", "photo", *(("reconstruction",) if reconstructs else ()), *made)

    def render(self, generate: Generate, encode: Encode | None = None) -> Pixels:
        """Make the pictures and compose them.

        Args:
            generate: The generator to look at.
            encode: Its encoder; reconstructions are left out without one.

        Returns:
            uint8 [height, width, 3].
        """
        rows: list[SampleRow] = []
        reconstructs = False
        with torch.no_grad():
            for item in self.items:
                columns = [layout_pictures(item.layout, self._colors), _photo_pixels(item.photos)]
                code = None if encode is None or self.z_width is None else encode(item.photos)
                reconstructs = code is not None
                if reconstructs:
                    columns.append(_photo_pixels(generate(item.layout, code)))
                for style in range(1 if self.z_width is None else STYLES):
                    columns.append(_photo_pixels(generate(item.layout, self.style_codes(item, style))))
                rows.extend(SampleRow(pictures) for pictures in zip(*columns, strict=True))
        return compose_grid(rows, self.captions(reconstructs=reconstructs))
