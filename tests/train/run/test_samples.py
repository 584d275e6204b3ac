"""Sample grids: where what stands, in which colours and styles, always the same, and nothing else touched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from spade_studio.engine.labels import UNLABELED_COLOR, LabelChannels, load_label_set
from spade_studio.engine.networks.config import EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets import DataError, open_dataset
from spade_studio.train.datasets.loading import Batch, Collate, TrainingSet
from spade_studio.train.run.samples import SampleGrid, SampleRow, channel_colors, choose_items, compose_grid, layout_pictures, write_grid

SET = load_label_set("coco_stuff")
SKY, SEA, GRASS = 156, 154, 123
CHANNELS = LabelChannels.from_label_set(SET, (SKY, SEA, GRASS), "last", edge=True)
HEIGHT, WIDTH, Z = 128, 160, 5


def solid(color: tuple[int, int, int], height: int, width: int) -> np.ndarray:
    return np.broadcast_to(np.array(color, np.uint8), (height, width, 3)).copy()


def item(index: int, height: int = HEIGHT, width: int = WIDTH, batch: int = 1) -> Batch:
    """Sky above sea, and the photograph a shade of grey for each sample."""
    ids = np.full((batch, height, width), SKY, np.uint8)
    ids[:, height // 2 :] = SEA
    layout = Layout.from_channels(CHANNELS.lookup()[ids], CHANNELS.semantic_channels, edge_channel=True)
    shades = torch.linspace(64, 191, batch).to(torch.uint8).view(batch, 1, 1, 1)
    return Batch(shades.expand(batch, height, width, 3), layout, ("x",) * batch, tuple(range(index, index + batch)))


def of_code(layout: Layout, z: Tensor | None) -> Tensor:
    """Stand in for a generator: red, green and blue are the first three numbers of the style."""
    code = torch.zeros(layout.batch, 3) if z is None else z[:, :3] / 4
    return code.view(-1, 3, 1, 1).expand(-1, 3, layout.height, layout.width)


def levels(values: Any) -> list[int]:
    return np.clip(np.round(np.asarray(values, np.float32) * 127.5 + 127.5), 0, 255).astype(int).tolist()


def cells(pixels: np.ndarray, columns: int, rows: int, height: int = HEIGHT, width: int = WIDTH) -> list[list[np.ndarray]]:
    """Cut a grid of pictures of one size apart again, by what the layout of the sheet promises."""
    gutter = 4
    top = pixels.shape[0] - rows * (height + gutter)
    assert pixels.shape[1] == gutter + columns * (width + gutter)
    at = [(top + row * (height + gutter), gutter + column * (width + gutter)) for row in range(rows) for column in range(columns)]
    found = [pixels[y : y + height, x : x + width] for y, x in at]
    return [found[row * columns : (row + 1) * columns] for row in range(rows)]


# ---- composing


def test_pictures_stand_in_their_cells_with_captions_above() -> None:
    rows = [SampleRow((solid((255, 0, 0), 128, 160), solid((0, 255, 0), 128, 160))), SampleRow((solid((0, 0, 255), 128, 160),) * 2)]
    grid = compose_grid(rows, ("left", "right"))
    assert grid.dtype == np.uint8
    cut = cells(grid, 2, 2)
    expected = [[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (0, 0, 255)]]
    for line, colors in zip(cut, expected, strict=True):
        for cell, color in zip(line, colors, strict=True):
            assert (cell == color).all()
    header = grid[: grid.shape[0] - 2 * 132]
    bright = np.asarray((header > 200).all(2).any(0))
    assert bright[4:164].any()
    assert bright[168:328].any()
    # Captions stand in the middle of their columns.
    where = np.flatnonzero(bright[4:164])
    assert abs((where[0] + where[-1]) / 2 - 80) <= 2


def test_captions_differ_and_are_never_cut() -> None:
    row = [SampleRow((solid((9, 9, 9), 128, 128),))]
    long = "a caption that is much longer than its picture is wide"
    grid = compose_grid(row, (long,))
    assert grid.shape[1] > 2 * 128
    bright = np.flatnonzero((grid > 200).all(2).any(0))
    assert bright[0] >= 3
    assert bright[-1] < grid.shape[1] - 3
    assert np.count_nonzero((grid == 9).all(2)) == 128 * 128
    assert not np.array_equal(compose_grid(row, ("layout",)), compose_grid(row, ("photo",)))


def test_small_pictures_are_enlarged_pixel_by_pixel() -> None:
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    grid = compose_grid([SampleRow((picture,))], ("x",))
    factor = 128 // 3
    (cell,) = cells(grid, 1, 1, 2 * factor, 3 * factor)[0]
    assert np.array_equal(cell, picture.repeat(factor, 0).repeat(factor, 1))


def test_rows_of_other_sizes_are_centred_and_keep_their_proportions() -> None:
    wide, tall, small = solid((255, 0, 0), 128, 256), solid((0, 255, 0), 256, 128), solid((0, 0, 255), 100, 100)
    grid = compose_grid([SampleRow((wide,)), SampleRow((tall,)), SampleRow((small,))], ("x",))
    boxes: list[tuple[int, ...]] = []
    for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255)):
        ys, xs = np.nonzero((grid == color).all(2))
        boxes.append((ys[0], xs.min(), ys[-1] - ys[0] + 1, xs.max() - xs.min() + 1))
    (y0, x0, *size0), (y1, x1, *size1), (y2, x2, *size2) = boxes
    assert (size0, size1, size2) == ([128, 256], [256, 128], [200, 200])  # twice is what fits
    assert (x0, x1, x2) == (4, 4 + 64, 4 + 28)
    assert y1 - y0 == 128 + 4
    assert y2 - y1 == 256 + 4


@pytest.mark.parametrize(("rows", "captions"), [([], ["x"]), ([SampleRow(())], []), ([SampleRow((solid((0, 0, 0), 9, 9),))], ["a", "b"])])
def test_rows_that_do_not_fit_their_captions_are_refused(rows: Sequence[SampleRow], captions: Sequence[str]) -> None:
    with pytest.raises(ValueError, match="captions"):
        compose_grid(rows, captions)


def test_grids_are_written_whole(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    path = tmp_path / "samples" / "step_00000010.png"
    write_grid(path, pixels)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert np.array_equal(np.array(image), pixels)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# ---- layouts as pictures


def test_layouts_have_the_colours_of_the_label_set() -> None:
    ids = np.array([[[SKY, SKY, SEA], [GRASS, 255, 7]]], np.uint8)  # 7 is a label of the set that these channels leave out
    layout = Layout.from_channels(CHANNELS.lookup()[ids], CHANNELS.semantic_channels, edge_channel=True)
    assert (layout.codes > layout.book.label_channels).any(), "the test has no edges"
    color = {number: label.color for number in (SKY, SEA, GRASS) if (label := SET.by_id(number))}
    expected = [[color[SKY], color[SKY], color[SEA]], [color[GRASS], UNLABELED_COLOR, UNLABELED_COLOR]]
    assert layout_pictures(layout, channel_colors(CHANNELS))[0].tolist() == [[list(c) for c in line] for line in expected]


def test_pixels_without_a_channel_are_unlabeled_and_unused_channels_dark() -> None:
    cityscapes = LabelChannels.cityscapes()
    colors = channel_colors(cityscapes)
    ids = np.array([[[7, 8, 200]]], np.uint8)
    layout = Layout.from_channels(cityscapes.lookup()[ids], cityscapes.semantic_channels, edge_channel=True)
    assert cityscapes.label_set is not None
    palette = cityscapes.label_set.palette()
    assert layout_pictures(layout, colors)[0, 0].tolist() == [palette[7].tolist(), palette[8].tolist(), list(UNLABELED_COLOR)]
    assert tuple(colors[34]) == UNLABELED_COLOR


def test_channels_without_names_get_colours_of_their_own() -> None:
    colors = channel_colors(LabelChannels.plain(22, unlabeled=True, edge=True))
    assert tuple(colors[20]) == tuple(colors[21]) == UNLABELED_COLOR
    assert len(np.unique(colors[:20], axis=0)) == 20
    assert not (colors[:20] == UNLABELED_COLOR).all(1).any()


def test_colours_of_other_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="colours"):
        layout_pictures(item(0).layout, channel_colors(LabelChannels.coco_stuff()))


# ---- samples of a run


def test_columns_show_layout_photo_reconstruction_and_styles() -> None:
    grid = SampleGrid([item(4), item(9)], CHANNELS, seed=3, z_width=Z)
    code = torch.tensor([[0.8, -0.4, 2.0, 0.0, 0.0]])
    pixels = grid.render(of_code, lambda photos: code.expand(len(photos), -1))
    sky, sea = SET.by_id(SKY), SET.by_id(SEA)
    assert sky is not None
    assert sea is not None
    for row, index in zip(cells(pixels, 6, 2), (4, 9), strict=True):
        layout, photo, reconstruction, *styles = row
        assert (layout[: HEIGHT // 2] == sky.color).all()
        assert (layout[HEIGHT // 2 :] == sea.color).all()
        assert (photo == levels(-0.5)).all()
        assert (reconstruction == levels([0.2, -0.1, 0.5])).all()
        for number, style in enumerate(styles):
            z = np.random.default_rng((3, index, number)).standard_normal(Z, np.float32)
            assert (style == levels(z[:3] / 4)).all()
    assert grid.captions(reconstructs=True) == ("layout", "photo", "reconstruction", "style 1", "style 2", "style 3")


def test_styles_belong_to_samples_not_to_batches() -> None:
    together = SampleGrid([item(4, batch=3)], CHANNELS, seed=3, z_width=Z).render(of_code)
    apart = SampleGrid([item(index) for index in (4, 5, 6)], CHANNELS, seed=3, z_width=Z).render(of_code)
    for line, other in zip(cells(together, 5, 3), cells(apart, 5, 3), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(line[2:], other[2:], strict=True))
    styles = {cell[0, 0].tobytes() for line in cells(together, 5, 3) for cell in line[2:]}
    assert len(styles) == 9


def test_an_encoder_that_is_none_leaves_reconstructions_out() -> None:
    grid = SampleGrid([item(0)], CHANNELS, seed=0, z_width=Z)
    assert np.array_equal(grid.render(of_code, lambda _: None), grid.render(of_code))
    cells(grid.render(of_code), 5, 1)


def test_a_generator_without_style_shows_one_render() -> None:
    seen: list[Tensor | None] = []

    def generate(layout: Layout, z: Tensor | None) -> Tensor:
        seen.append(z)
        return of_code(layout, z)

    grid = SampleGrid([item(0)], CHANNELS, seed=0, z_width=None)
    (row,) = cells(grid.render(generate), 3, 1)
    assert seen == [None]
    assert (row[2] == 128).all()
    assert grid.captions(reconstructs=False) == ("layout", "photo", "render")


def test_grids_are_the_same_again_and_leave_random_states_alone() -> None:
    grid = SampleGrid([item(0), item(1)], CHANNELS, seed=7, z_width=Z)
    torch_state = torch.get_rng_state()
    np.random.seed(1)
    first, second = grid.render(of_code), grid.render(of_code)
    drawn = np.random.random()
    np.random.seed(1)
    assert drawn == np.random.random()
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, SampleGrid([item(0), item(1)], CHANNELS, seed=8, z_width=Z).render(of_code))


def test_no_gradients_are_kept_and_what_is_not_finite_is_shown_black() -> None:
    weight = torch.ones(1, requires_grad=True)
    graded: list[bool] = []

    def generate(layout: Layout, z: Tensor | None) -> Tensor:
        pictures = of_code(layout, None) * weight
        graded.append(pictures.requires_grad)
        pictures = pictures + torch.zeros(layout.height, layout.width)
        pictures[:, :, 0, 0], pictures[:, :, 0, 1], pictures[:, :, 0, 2] = torch.nan, torch.inf, 7.0
        return pictures.to(torch.bfloat16)

    (row,) = cells(SampleGrid([item(0)], CHANNELS, seed=0, z_width=Z).render(generate), 5, 1)
    assert graded == [False] * 3
    assert row[2][0, :4].tolist() == [[0] * 3, [255] * 3, [255] * 3, [128] * 3]


def validation_data(make: Any) -> TrainingSet:
    """Nine samples of three sizes."""
    for number in range(9):
        make.pair(f"p{number}", SKY, number, 32 * (1 + number % 3), 64)
    dataset = open_dataset(make.root).with_channels(CHANNELS)
    return TrainingSet(dataset, GeometryConfig(mode="none", flip=False), None)


def test_items_are_spread_over_the_data_and_may_differ_in_size(make: Any) -> None:
    data = validation_data(make)
    items = choose_items(data, Collate(CHANNELS), 2, torch.device("cpu"))
    assert [batch.names for batch in items] == [("p2",), ("p6",)]
    assert [tuple(batch.photos.shape) for batch in items] == [(1, 3, 96, 64), (1, 3, 32, 64)]
    again = choose_items(data, Collate(CHANNELS), 2, torch.device("cpu"))
    assert all(torch.equal(a.photos, b.photos) for a, b in zip(items, again, strict=True))
    everything = choose_items(data, Collate(CHANNELS), 20, torch.device("cpu"))
    assert [batch.indices[0] for batch in everything] == list(range(9))
    pixels = SampleGrid(items, CHANNELS, seed=0, z_width=None).render(of_code)
    assert pixels.shape[0] > 96 + 32
    assert pixels.shape[1] == 4 + 3 * (64 + 4)


def test_items_that_cannot_be_read_are_told(make: Any) -> None:
    data = validation_data(make)
    (make.root / "images/p6.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"p6\.png"):
        choose_items(data, Collate(CHANNELS), 2, torch.device("cpu"))


def test_real_networks_make_the_pictures(make: Any) -> None:
    for number in range(2):
        make.pair(f"p{number}", SKY, number, 128, 128)
    data = TrainingSet(open_dataset(make.root).with_channels(CHANNELS), GeometryConfig("none", flip=False), None)
    torch.manual_seed(0)
    generator = Generator(GeneratorConfig(CHANNELS.semantic_channels, 2, 8, input="noise", z_width=Z, crop_size=128)).eval()
    encoder = Encoder(EncoderConfig(4, 5, Z)).eval()
    items = choose_items(data, Collate(CHANNELS, ((128, 128, 3),)), 2, torch.device("cpu"))
    grid = SampleGrid(items, CHANNELS, seed=0, z_width=Z)
    pixels = grid.render(generator, lambda photos: encoder(photos)[0])
    for item, row in zip(items, cells(pixels, 6, 2, 128, 128), strict=True):
        with torch.no_grad():
            styles = [encoder(item.photos)[0], *(grid.style_codes(item, style) for style in range(3))]
            wanted = [levels(generator(item.layout, z)[0].permute(1, 2, 0)) for z in styles]
        for picture, expected in zip(row[2:], wanted, strict=True):
            assert np.ptp(picture) > 0, "a picture of one colour shows nothing"
            assert np.abs(picture.astype(int) - np.array(expected)).max() <= 1
