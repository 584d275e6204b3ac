"""The networks against the equations of their papers, written out here without modules."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from spade_studio.engine.detail import networks
from spade_studio.engine.detail.config import CompactConfig, RRDBConfig, UpscalerConfig
from spade_studio.engine.detail.networks import build_upscaler
from spade_studio.engine.errors import ConfigError

State = dict[str, Tensor]
Build = Callable[[UpscalerConfig], State]


def written_out(config: UpscalerConfig, state: State, x: Tensor) -> Tensor:
    def conv(name: str, y: Tensor) -> Tensor:
        return F.conv2d(y, state[f"{name}.weight"], state[f"{name}.bias"], padding=1)

    def leaky(y: Tensor) -> Tensor:
        return torch.where(y > 0, y, 0.2 * y)

    def twice(y: Tensor) -> Tensor:
        return y.repeat_interleave(2, 2).repeat_interleave(2, 3)

    if isinstance(config, CompactConfig):
        y = x
        for i in range(config.layers + 1):
            y = conv(f"body.{2 * i}", y)
            y = torch.where(y > 0, y, state[f"body.{2 * i + 1}.weight"].view(1, -1, 1, 1) * y)
        y = F.pixel_shuffle(conv(f"body.{2 * config.layers + 2}", y), config.scale)
        return y + x.repeat_interleave(config.scale, 2).repeat_interleave(config.scale, 3)
    first = conv("conv_first", F.pixel_unshuffle(x, config.unshuffle))
    y = first
    for block in range(config.blocks):
        before = y
        for dense in (1, 2, 3):
            seen = [y]
            for i in range(1, 5):
                seen.append(leaky(conv(f"body.{block}.rdb{dense}.conv{i}", torch.cat(seen, 1))))
            y = y + 0.2 * conv(f"body.{block}.rdb{dense}.conv5", torch.cat(seen, 1))
        y = before + 0.2 * y
    y = first + conv("conv_body", y)
    for i in range(config.doublings):
        y = leaky(conv(f"conv_up{i + 1}", twice(y)))
    return conv("conv_last", leaky(conv("conv_hr", y)))


@pytest.mark.parametrize(
    "config",
    [
        RRDBConfig(6, 2, 3, 2),
        RRDBConfig(6, 1, 3, 2, unshuffle=2),
        RRDBConfig(6, 1, 3, 2, unshuffle=4),
        RRDBConfig(6, 1, 3, 1),
        RRDBConfig(6, 1, 3, 0),
        CompactConfig(4, 5, 2),
        CompactConfig(2, 5, 1),
    ],
)
def test_networks_are_the_papers(config: UpscalerConfig, build: Build) -> None:
    state = build(config)
    network = build_upscaler(config)
    network.load_state_dict(state)
    x = torch.rand(2, 3, 60, 20)
    with torch.inference_mode():
        made = network(x)
    assert made.shape == (2, 3, 60 * config.scale, 20 * config.scale)
    torch.testing.assert_close(made, written_out(config, state, x), atol=1e-5, rtol=1e-5)


def test_strips_change_nothing(rrdb: RRDBConfig, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    network = build_upscaler(rrdb)
    network.load_state_dict(build(rrdb))
    x = torch.rand(1, 3, 50, 12)
    counted: list[int] = []
    with torch.inference_mode():
        whole = network(x, counted.append)
        monkeypatch.setattr(networks, "STRIP_MULTIPLICATIONS", 20_000)
        monkeypatch.setattr(networks, "ENLARGED_ROWS", 7)
        calls = len(counted)
        stripped = network(x, counted.append)
    torch.testing.assert_close(whole, stripped, atol=1e-5, rtol=1e-5)
    assert len(counted) - calls > 4 * calls
    assert max(counted[calls:]) <= max(20_000, 9 * 6 * 6 * 12 * 4)  # one row at the least


@pytest.mark.parametrize("config", [RRDBConfig(6, 2, 3, 2), RRDBConfig(6, 2, 3, 2, unshuffle=2), CompactConfig(3, 5, 2)])
def test_multiplications_are_what_is_announced(config: UpscalerConfig, build: Build) -> None:
    network = build_upscaler(config)
    counted: list[int] = []
    with torch.inference_mode():
        network(torch.rand(1, 3, 16, 20), counted.append)
    assert sum(counted) == config.multiplications * 16 * 20


def test_real_esrgan_costs_590_billion_operations() -> None:
    assert 2 * RRDBConfig(64, 23, 32, 2).multiplications * 128**2 == pytest.approx(590e9, rel=0.01)


def test_configurations_are_bounded() -> None:
    for values in ((0, 1, 1, 1), (6, 65, 3, 2), (6, 1, 3, 4), (6, 1, 3, 1, 4)):
        with pytest.raises(ConfigError):
            RRDBConfig(*values)
    with pytest.raises(ConfigError):
        CompactConfig(9, 5, 1)
