"""Sample grids of fixed validation items: each row has layout, photograph, reconstruction and random styles."""

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
"""Function from B layouts and style codes [B, z_width] (None without style input) to pictures [B, 3, H, W] in [-1, 1]."""

Encode = Callable[[Tensor], Tensor | None]
"""Function from photographs [B, 3, H, W] in [-1, 1] to style means [B, z_width], or None without an encoder."""

STYLES: Final = 3
"""Number of random styles per item."""

_GUTTER = 4  # pixels between cells and around them
_SMALLEST_CELL = 128  # in pixels; smaller pictures are enlarged by integer factors up to this size
_FONT_SIZE = 13
_BACKGROUND = (64, 66, 70)  # different from unlabeled and from the black of non-finite pictures
_TEXT = (236, 236, 236)


class SampleBatch(Protocol):
    """Batch of a sample grid, such as :class:`spade_studio.train.datasets.loading.Batch`.

    Attributes:
        photos: Photographs [B, 3, H, W] in [-1, 1].
        layout: The B layouts of size H x W.
        indices: Indices of the B samples in their data set.
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
    """Pictures of one item, one per column.

    Attributes:
        pictures: Pictures, uint8 [H, W, 3] each; sizes may differ.
    """

    pictures: tuple[Pixels, ...]


# ---- composing


def compose_grid(rows: Sequence[SampleRow], captions: Sequence[str]) -> Pixels:
    """Compose pictures into a grid with a line of captions.

    Columns are as wide as the widest picture, rows as high as their highest. Pictures are centred in their cells and enlarged by integer
    factors only, without interpolation.

    Args:
        rows: Rows, at least one, with as many pictures as there are captions.
        captions: Captions of the columns.

    Returns:
        Grid, uint8 [height, width, 3].
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
    """Enlarge a picture by the largest integer factor that fits."""
    factor = min(height // picture.shape[0], width // picture.shape[1])
    return np.ascontiguousarray(picture.repeat(factor, 0).repeat(factor, 1))


def write_grid(path: Path, pixels: Pixels) -> None:
    """Write pixels, uint8 [H, W, 3], as a PNG file atomically; missing folders are created.

    Raises:
        OSError: The disk is full or the folder is not writable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(path) as file:
        Image.fromarray(pixels).save(file, "PNG")


# ---- layouts as pictures


def channel_colors(channels: LabelChannels) -> Pixels:
    """Return the colours of the n label channels, followed by that of pixels without a label: uint8 [n + 1, 3].

    The unlabeled channel and unused ones are :data:`UNLABELED_COLOR`. Without a label set, colours are generated.
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
    for number in reversed(channels.known_ids):  # the lowest of several ids in a channel gives the colour
        colors[channels.channel_of_id[number]] = palette[number]
    return colors


def layout_pictures(layout: Layout, colors: Pixels) -> Pixels:
    """Return layouts as pictures in label colours, uint8 [B, H, W, 3], without instance edges.

    Args:
        layout: The B layouts.
        colors: Colours of the layout's channels, see :func:`channel_colors`.
    """
    count = layout.book.label_channels
    if len(colors) != count + 1:
        raise ValueError(f"{len(colors) - 1} colours for a layout of {count} label channels")
    return colors[layout.codes % (count + 1)]  # codes of edge pixels repeat those without edges


def _photo_pixels(pictures: Tensor) -> Pixels:
    """Convert pictures [B, 3, H, W] in [-1, 1] to uint8 [B, H, W, 3]; NaN becomes black."""
    values = pictures.detach().float().nan_to_num(-1.0, 1.0, -1.0)
    levels = (values * 127.5 + 127.5).round().clamp(0, 255).to("cpu", torch.uint8)
    return levels.permute(0, 2, 3, 1).numpy()


# ---- samples of a run


def choose_items(data: TrainingSet, collate: Collate, count: int, device: torch.device) -> list[Batch]:
    """Return fixed, evenly spaced samples of a data set, each as a batch of one, since sizes may differ.

    Args:
        data: Validation samples, with centre crops and without flips.
        collate: Function that builds a batch from samples.
        count: Number of samples; all of a smaller data set.
        device: Device of the networks.

    Raises:
        DataError: A sample cannot be read.
    """
    count = min(count, len(data))
    indices = [(2 * number + 1) * len(data) // (2 * count) for number in range(count)]
    return fixed_batches(data, collate, indices, 1, device)


class SampleGrid:
    """Sample grid of fixed items in fixed random styles, for watching a generator's progress.

    Args:
        items: Items on the device of the networks, one row per sample.
        channels: Label channels of the layouts.
        seed: Seed of the random styles; global random states are not used.
        z_width: Length of style codes; None for generators without style input.
    """

    def __init__(self, items: Sequence[SampleBatch], channels: LabelChannels, seed: int, z_width: int | None) -> None:
        self.items, self.seed, self.z_width = tuple(items), seed, z_width
        self._colors = channel_colors(channels)

    def style_codes(self, item: SampleBatch, style: int) -> Tensor | None:
        """Return the style codes [B, z_width] of a batch for a random style, numbered from 0; None without style input."""
        if self.z_width is None:
            return None
        rows = [np.random.default_rng((self.seed, index, style)).standard_normal(self.z_width, np.float32) for index in item.indices]
        return torch.as_tensor(np.stack(rows)).to(item.photos.device)

    def captions(self, *, reconstructs: bool) -> tuple[str, ...]:
        """Return the captions of the columns, with or without reconstructions."""
        made = ("render",) if self.z_width is None else tuple(f"style {style + 1}" for style in range(STYLES))
        return ("layout", "photo", *(("reconstruction",) if reconstructs else ()), *made)

    def render(self, generate: Generate, encode: Encode | None = None) -> Pixels:
        """Render the pictures and compose the grid.

        Args:
            generate: Generator.
            encode: Encoder; None for no reconstructions.

        Returns:
            Grid, uint8 [height, width, 3].
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
