"""Files of upscalers in every form that people have them in, and those that are damaged or hostile."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from spade_studio.engine.detail.config import CompactConfig, RRDBConfig, UpscalerConfig
from spade_studio.engine.detail.files import METADATA_KEY, inspect_upscaler, load_upscaler, save_upscaler
from spade_studio.engine.errors import WeightsError

State = dict[str, Tensor]
Build = Callable[[UpscalerConfig], State]
Write = Callable[..., Path]
SHARED = Path(__file__).resolve().parents[4] / "shared" / "weights" / "realesrgan_x4plus.safetensors"


def first_esrgan(name: str, config: RRDBConfig) -> str:
    """Return the name that the first version of ESRGAN gave a tensor."""
    last = 3 * config.doublings + 2
    fixed = {"conv_first": "model.0", "conv_body": f"model.1.sub.{config.blocks}"}
    fixed |= {"conv_hr": f"model.{last}", "conv_last": f"model.{last + 2}"}
    fixed |= {f"conv_up{i}": f"model.{3 * i}" for i in range(1, config.doublings + 1)}
    layer, _, kind = name.rpartition(".")
    if layer.startswith("body."):
        _, block, dense, conv = layer.split(".")
        return f"model.1.sub.{block}.{dense.upper()}.{conv}.0.{kind}"
    return f"{fixed[layer]}.{kind}"


def second_esrgan(name: str, config: RRDBConfig) -> str:
    """Return the name that ESRGAN's repository gives it now."""
    name = name.replace("body.", "RRDB_trunk.").replace("rdb", "RDB").replace("conv_up", "upconv")
    return name.replace("conv_RRDB_trunk.", "trunk_conv.").replace("conv_hr", "HRconv")


def test_inference_of_the_architecture(build: Build, write: Write) -> None:
    for config in (
        RRDBConfig(6, 2, 3, 2), RRDBConfig(6, 1, 3, 2, 2), RRDBConfig(7, 3, 4, 2, 4), RRDBConfig(6, 2, 3, 1), RRDBConfig(6, 2, 3, 3),
        RRDBConfig(6, 2, 3, 0), CompactConfig(4, 5, 2), CompactConfig(1, 6, 3),
    ):  # fmt: skip
        loaded = load_upscaler(write(build(config)))
        assert loaded.info.config == config
        assert loaded.tensors.keys() == config.shapes().keys()


@pytest.mark.parametrize("rename", [first_esrgan, second_esrgan])
@pytest.mark.parametrize("doublings", [0, 1, 2, 3])
def test_older_names(rename: Callable[[str, RRDBConfig], str], doublings: int, build: Build, write: Write) -> None:
    config = RRDBConfig(6, 2, 3, doublings)
    state = build(config)
    older = {rename(name, config): tensor for name, tensor in state.items()}
    assert not older.keys() & {"conv_hr.weight", "body.0.rdb1.conv1.weight"}
    loaded = load_upscaler(write(older, "old.pth"))
    assert loaded.info.config == config
    for name, tensor in state.items():
        torch.testing.assert_close(loaded.tensors[name], tensor, rtol=0, atol=0)


@pytest.mark.parametrize("legacy", [False, True])
def test_state_dicts_within_pth_files(legacy: bool, rrdb: RRDBConfig, build: Build, write: Write) -> None:
    state = build(rrdb)
    other = {name: tensor + 1 for name, tensor in state.items()}
    for content in (state, {"params": state}, {"params_ema": state}, {"params": other, "params_ema": state}):
        path = write(content, "x.pth", legacy=legacy)
        loaded = load_upscaler(path)
        assert loaded.info.config == rrdb == inspect_upscaler(path).config
        torch.testing.assert_close(loaded.tensors["conv_hr.bias"], state["conv_hr.bias"])
    with pytest.raises(WeightsError, match="inside 'other'"):
        load_upscaler(write({"other": state}, "y.pth", legacy=legacy))


def test_students_carry_their_description(compact: CompactConfig, build: Build, tmp_path: Path) -> None:
    path = tmp_path / "fast.safetensors"
    words: dict[str, Any] = {"name": "fast", "steps": 7, "data": "renders", "licence": "Apache-2.0"}
    save_upscaler(path, compact, build(compact), **words)
    first = path.read_bytes()
    info = load_upscaler(path).info
    assert (info.config, info.name, info.steps, info.data, info.licence) == (compact, "fast", 7, "renders", "Apache-2.0")
    save_upscaler(path, compact, build(compact), **words)
    assert path.read_bytes() == first
    with pytest.raises(WeightsError, match="of another shape"):
        save_upscaler(path, CompactConfig(4, 5, 2), build(compact) | {"body.2.weight": torch.zeros(5, 4, 3, 3)}, **words)
    with pytest.raises(WeightsError, match="not finite"):
        save_upscaler(path, compact, build(compact) | {"body.2.bias": torch.full((5,), torch.nan)}, **words)
    assert path.read_bytes() == first


def refusal(path: Path) -> str:
    with pytest.raises(WeightsError) as error:
        load_upscaler(path)
    assert error.value.expected
    assert error.value.action
    return str(error.value)


def test_networks_that_do_not_fit_are_refused(rrdb: RRDBConfig, compact: CompactConfig, build: Build, write: Write) -> None:
    state, chain = build(rrdb), build(compact)

    def without(values: State, *names: str) -> State:
        return {name: tensor for name, tensor in values.items() if name not in names}

    cases: dict[str, State] = {
        "1 missing (body.1.rdb2.conv3.bias)": without(state, "body.1.rdb2.conv3.bias"),
        "has no body.0.rdb1.conv1.weight": without(state, "body.0.rdb1.conv1.weight"),
        "1 not expected (extra.weight)": state | {"extra.weight": torch.zeros(2)},
        "1 of another shape (conv_hr.bias [5] instead of [6])": state | {"conv_hr.bias": torch.zeros(5)},
        "1 not floating-point": state | {"conv_hr.bias": torch.zeros(6, dtype=torch.int32)},
        "not finite": state | {"conv_hr.bias": torch.full((6,), torch.inf)},
        "reads pictures of 4 channels": state | {"conv_first.weight": torch.zeros(6, 4, 3, 3)},
        "reads pictures of 1 channels": state | {"conv_first.weight": torch.zeros(6, 1, 3, 3)},
        "is for pictures of 1 channels": state | {"conv_last.weight": torch.zeros(1, 6, 3, 3)},
        "conv_first.weight has the shape [6]": state | {"conv_first.weight": torch.zeros(6)},
        "with width 0": state | {"conv_first.weight": torch.zeros(0, 3, 3, 3)},
        "with width 600": state | {"conv_first.weight": torch.zeros(600, 3, 1, 1)},
        "4 doublings": state | {f"conv_up{i}.weight": torch.zeros(1) for i in (3, 4)},
        "activations without numbers": {name: tensor for name, tensor in chain.items() if tensor.ndim == 4 or name.endswith("bias")},
        "gives 47 channels": chain | {"body.6.weight": torch.zeros(47, 5, 3, 3)},
        "no super-resolution network": {"conv1.weight": torch.zeros(64, 3, 7, 7)},
        "body.0.weight": {"body.0.weight": torch.zeros(4), "body.٣.weight": torch.zeros(1)},
        "same layer under two names": state | {"HRconv.bias": torch.zeros(6)},
    }
    for message, content in cases.items():
        assert message in refusal(write(content)), message


def test_hostile_headers(rrdb: RRDBConfig, build: Build, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"

    def forge(header: dict[str, Any], data: bytes = b"") -> Path:
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)
        return path

    huge = {"conv_first.weight": {"dtype": "F32", "shape": [1 << 40, 3, 3, 3], "data_offsets": [0, 108 << 40]}}
    assert "lists tensors of" in refusal(forge(huge))
    many = {f"body.{i}.rdb1.conv1.weight": {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]} for i in range(9000)}
    sizes = {"conv_first.weight": [64, 3, 3, 3], "conv_last.weight": [3, 64, 3, 3], "body.0.rdb1.conv1.weight": [32, 64, 3, 3]}
    place = 0
    for name, shape in sizes.items():
        count = 2 * int(torch.Size(shape).numel())
        many[name] = {"dtype": "F16", "shape": shape, "data_offsets": [place, place + count]}
        place += count
    assert "with blocks 9,000" in refusal(forge(many, bytes(place)))
    content = safetensors.torch.save(build(rrdb))
    path.write_bytes(content[:-3])
    assert "cut off" in refusal(path)
    path.write_bytes(safetensors.torch.save(build(rrdb), {"spade-studio-weights": "{}"}))
    assert "holds a generator of SPADE Studio" in refusal(path)


def test_hostile_descriptions(compact: CompactConfig, build: Build, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    good = {"format_version": 1, "kind": "compact", "scale": 4, "width": 5, "layers": 2, "name": "n", "steps": 1, "data": "", "licence": ""}
    for changes, message in (
        ({"format_version": 2}, "newer SPADE Studio"),
        ({"format_version": True}, "no format version"),
        ({"width": 6}, "contradicts its tensors"),
        ({"kind": "rrdb"}, "contradicts its tensors"),
        ({"steps": -1}, "number of steps"),
        ({"name": 3}, "its name is not a text"),
        ({"data": "x" * 20_001}, "its data is not a text"),
    ):
        path.write_bytes(safetensors.torch.save(build(compact), {METADATA_KEY: json.dumps(good | changes)}))
        assert message in refusal(path)
    for text in ("[" * 100_000, "3", "{"):
        path.write_bytes(safetensors.torch.save(build(compact), {METADATA_KEY: text}))
        refusal(path)
    path.write_bytes(safetensors.torch.save(build(compact), {METADATA_KEY: json.dumps(good | {"name": "a\x1b[31mb"})}))
    name = load_upscaler(path).info.name
    assert (name[0], name[2:], name.isprintable()) == ("a", "[31mb", True)


class RunsCode:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_file_never_runs(legacy: bool, rrdb: RRDBConfig, build: Build, write: Write, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    for content in ({"params_ema": RunsCode(marker)}, {"params_ema": build(rrdb), "x": RunsCode(marker)}):
        assert "asks for" in refusal(write(content, "x.pth", legacy=legacy))
    assert not marker.exists()


def test_nothing_there(tmp_path: Path) -> None:
    assert "there is no" in refusal(tmp_path / "none.pth")
    assert "is a folder" in refusal(tmp_path)


def test_the_shipped_network() -> None:
    from spade_studio.engine.detail.levels import level_path

    path = level_path("full")
    assert path is not None
    info = inspect_upscaler(path)
    assert info.config == RRDBConfig(64, 23, 32, 2)
    assert path.with_suffix(".md").is_file()
    assert "Copyright (c) 2021, Xintao Wang" in path.with_suffix(".LICENSE.txt").read_text("utf-8")
