"""Upscaling on a device: tiles, progress, and how soon it stops."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.detail import networks, upscaler
from spade_studio.engine.detail.config import CompactConfig, RRDBConfig, UpscalerConfig
from spade_studio.engine.detail.levels import level_path
from spade_studio.engine.detail.networks import build_upscaler
from spade_studio.engine.detail.tiles import divide
from spade_studio.engine.detail.upscaler import Picture, Upscaler
from spade_studio.engine.errors import RenderError

State = dict[str, Tensor]


@pytest.fixture
def load(build: Callable[[UpscalerConfig], State], write: Callable[..., Path]) -> Callable[..., Upscaler]:
    def make(config: UpscalerConfig, dtype: str = "float32") -> Upscaler:
        return Upscaler.load(write(build(config)), device="cpu", dtype=dtype)

    return make


Load = Callable[..., Upscaler]


def picture(height: int, width: int) -> Picture:
    return np.random.default_rng(1).random((3, height, width), np.float32)


@pytest.mark.parametrize(
    ("length", "most", "margin"), [(100, 100, 8), (101, 100, 8), (1, 64, 16), (512, 160, 16), (517, 160, 40), (160, 100, 49)]
)
def test_tiles_keep_every_pixel_once(length: int, most: int, margin: int) -> None:
    spans = divide(length, most, margin)
    assert [span.first for span in spans] == [0, *(span.last for span in spans[:-1])]
    assert spans[-1].last == length
    for span in spans:
        assert span.stop - span.start <= most
        assert span.start == max(0, span.first - margin)
        assert span.stop == min(length, span.last + margin)


@pytest.mark.parametrize("config", [RRDBConfig(6, 2, 3, 2), RRDBConfig(6, 2, 3, 2, unshuffle=2), CompactConfig(4, 5, 2)])
def test_results_are_the_network_on_the_whole_picture(config: UpscalerConfig, load: Load, build: Callable[[UpscalerConfig], State]) -> None:
    given = picture(31, 27)  # odd: unshuffled variants need even sides
    made = load(config).upscale(given)
    network = build_upscaler(config)
    network.load_state_dict(build(config))
    odd = isinstance(config, RRDBConfig) and config.unshuffle == 2
    padded = np.pad(given, ((0, 0), (0, 1), (0, 1)), mode="edge") if odd else given
    with torch.inference_mode():
        wanted = network(torch.from_numpy(padded)[None])[0].clamp(0, 1)
    assert made is not None
    assert made.shape == (3, 31 * config.scale, 27 * config.scale)
    np.testing.assert_allclose(made, wanted.numpy()[:, : 31 * config.scale, : 27 * config.scale], atol=1e-5)
    assert made.std() > 0.05


def test_tiles_agree_with_the_whole(rrdb: RRDBConfig, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    network, given = load(rrdb), picture(90, 70)
    whole = network.upscale(given)
    monkeypatch.setattr(upscaler, "TILE_SIDE", 56)
    monkeypatch.setattr(upscaler, "TILE_MARGIN", 16)
    tiled = network.upscale(given)
    assert whole is not None
    assert tiled is not None
    difference = 255 * np.abs(tiled - whole)
    rows, columns = divide(90, 56, 16), divide(70, 56, 16)
    assert len(rows) > 2 < len(columns) + 1
    lines = [difference[:, 4 * span.first - 2 : 4 * span.first + 2] for span in rows[1:]]
    lines += [difference[:, :, 4 * span.first - 2 : 4 * span.first + 2] for span in columns[1:]]
    assert max(line.mean() for line in lines) <= 2
    assert difference.max() > 0  # tiles it was


def test_without_a_margin_tiles_show(rrdb: RRDBConfig, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test above measures does fail where tiles show."""
    network, given = load(rrdb), picture(90, 70)
    whole = network.upscale(given)
    monkeypatch.setattr(upscaler, "TILE_SIDE", 45)
    monkeypatch.setattr(upscaler, "TILE_MARGIN", 0)
    tiled = network.upscale(given)
    assert whole is not None
    assert tiled is not None
    assert 255 * np.abs(tiled - whole)[:, 178:182].mean() > 2


def test_progress_grows_to_one(rrdb: RRDBConfig, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upscaler, "TILE_SIDE", 56)
    monkeypatch.setattr(upscaler, "TILE_MARGIN", 16)
    told: list[float] = []
    load(rrdb).upscale(picture(90, 70), progress=told.append)
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1
    assert len(told) > 100
    assert max(b - a for a, b in itertools.pairwise(told)) < 0.1


def test_it_stops_between_convolutions(rrdb: RRDBConfig, load: Load) -> None:
    asked: list[int] = []

    def enough() -> bool:
        asked.append(1)
        return len(asked) == 5

    assert load(rrdb).upscale(picture(20, 20), should_stop=enough) is None
    assert len(asked) == 5


def test_no_step_of_the_shipped_network_is_long() -> None:
    """At a result of 2048 x 2048 no convolution between two questions has more than 5 billion multiplications."""
    config = RRDBConfig(64, 23, 32, 2)
    least_rows = networks.STRIP_MULTIPLICATIONS // (9 * 64 * (64 + 4 * 32) * upscaler.TILE_SIDE)
    assert least_rows >= 16  # the two rows that a strip reads beyond are a small part
    assert config.scale * upscaler.TILE_SIDE == 2048


def test_bfloat16_is_close(rrdb: RRDBConfig, load: Load) -> None:
    given = picture(24, 20)
    exact, half = load(rrdb).upscale(given), load(rrdb, "bfloat16").upscale(given)
    assert exact is not None
    assert half is not None
    assert half.dtype == np.float32
    assert 0 < 255 * np.abs(exact - half).mean() < 2
    assert len(np.unique(half)) > 2000  # the last convolution is float32: no steps of 1/256


def test_the_same_again(rrdb: RRDBConfig, load: Load) -> None:
    given = picture(24, 20)
    first, second = load(rrdb).upscale(given), load(rrdb).upscale(given)
    assert first is not None
    assert second is not None
    assert np.array_equal(first, second)


def test_too_large(rrdb: RRDBConfig, load: Load) -> None:
    with pytest.raises(RenderError, match="20000x40"):
        load(rrdb).upscale(np.zeros((3, 10, 5000), np.float32))


def test_the_fast_network_leaves_no_lattice() -> None:
    """Power at the frequencies of one pixel of the input, beside that around them, in a picture of noise at all scales."""
    path = level_path("fast")
    assert path is not None
    given = sum(
        (F.interpolate(torch.rand(1, 3, 32 // size, 32 // size, generator=torch.Generator().manual_seed(size)), 32, mode="bicubic") / 4)
        for size in (1, 2, 4, 8)
    )
    made = Upscaler.load(path, device="cpu").upscale(torch.as_tensor(given)[0].clamp(0, 1).numpy())
    assert made is not None
    made = made.mean(0)
    window = np.outer(np.hanning(128), np.hanning(128))
    power = np.abs(np.fft.fft2((made - made.mean()) * window)) ** 2
    ratios: list[float] = []
    for y, x in itertools.product(range(0, 128, 32), repeat=2):
        if y or x:
            rows, columns = np.arange(y - 8, y + 9) % 128, np.arange(x - 8, x + 9) % 128
            around = power[np.ix_(rows, columns)]
            ratios.append(float(around[7:10, 7:10].mean() / np.median(around)))
    assert np.median(ratios) < 3
