"""Weights that complete pieces of photographs, rendered with the bank beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.weights import open_bank_of
from spade_studio.engine.cli.main import main
from spade_studio.engine.errors import BankError
from spade_studio.engine.labels import Label, LabelChannels, LabelSet, load_label_set
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import CRNConfig, SIMSConfig
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.weights.bundle import save_bundle
from spade_studio.engine.weights.inspect import describe, inspect_weights

SKY, GRASS = 156, 123
Save = Callable[..., Path]


@pytest.fixture
def save(bank_path: Path) -> Save:
    def write(config: CRNConfig | SIMSConfig, label_set: LabelSet | None = None, name: str = "small.safetensors") -> Path:
        torch.manual_seed(0)
        path = bank_path.parent / name
        channels = LabelChannels.from_label_set(label_set or load_label_set("coco_stuff"), (SKY, GRASS), "last", edge=False)
        save_bundle(
            path, generator_config=config, generator=build_generator(config).state_dict(), channels=channels, training_size=(64, 64),
            name="small", steps=1, data="", licence="", averaged=False, half=False,
        )  # fmt: skip
        return path

    return write


@pytest.fixture
def labels() -> np.ndarray:
    found = np.full((64, 128), SKY, np.uint8)
    found[30:] = GRASS
    return found


def test_a_picture_depends_on_the_canvas_and_says_what_it_is_of(save: Save, labels: np.ndarray, bank: MemoryBank) -> None:
    renderer = Renderer.load(save(SIMSConfig(3, 4, crop_size=64)), device="cpu", dtype="float32")
    assert renderer.bank is not None
    report = renderer.set_layout(labels)
    assert report.size == (64, 128)
    assert report.origin is not None
    assert [used.photograph.name for used in report.origin.photographs] == ["hill"]
    assert report.origin.licence == "CC BY 4.0"
    picture = renderer.render_float()
    assert picture.shape == (1, 3, 64, 128)
    renderer.bank = None
    assert renderer.set_layout(labels).origin is None
    assert np.abs(renderer.render_float() - picture).max() > 1e-3
    assert "small.bank" in describe(inspect_weights(bank.path.with_suffix(".safetensors")))


def test_a_missing_bank_or_one_of_other_labels_is_told(save: Save, bank_path: Path, tmp_path: Path) -> None:
    path = save(SIMSConfig(3, 4, crop_size=64), name="other.safetensors")
    with pytest.raises(BankError, match=r"other\.bank is not there"):
        Renderer.load(path, device="cpu")
    info = inspect_weights(path)
    assert open_bank_of(info, bank_path) is not None
    mine = LabelSet("Mine", (Label(SKY, "cheese", (1, 2, 3)), Label(GRASS, "grass", (3, 2, 1))), 255)
    strange = inspect_weights(save(SIMSConfig(3, 4, crop_size=64), mine))
    with pytest.raises(BankError, match=r"calls id 156 sky-other, and small\.safetensors cheese"):
        open_bank_of(strange)


def test_other_weights_take_no_bank_and_styles_choose_pictures_of_crn(save: Save, labels: np.ndarray, bank_path: Path) -> None:
    path = save(CRNConfig(3, 32, crop_size=64, pictures=3))
    with pytest.raises(BankError, match="takes no memory bank"):
        Renderer.load(path, device="cpu", bank=bank_path)
    renderer = Renderer.load(path, device="cpu", dtype="float32")
    assert renderer.z_width == 3
    renderer.set_layout(labels)
    seen: set[bytes] = set()
    for seed in range(12):
        renderer.set_style(renderer.style_from_seed(seed))
        seen.add(renderer.render().tobytes())
    assert len(seen) == 3


def test_the_command_line_takes_a_bank_from_elsewhere(
    save: Save, labels: np.ndarray, bank_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(SIMSConfig(3, 4, crop_size=64), name="other.safetensors")
    (tmp_path / "maps").mkdir()
    Image.fromarray(labels).save(tmp_path / "maps" / "a.png")
    common = ["--weights", str(path), "--output", str(tmp_path / "out"), "--device", "cpu", "--dtype", "float32"]
    assert main([str(tmp_path / "maps"), *common]) == 1
    assert "other.bank is not there" in capsys.readouterr().err
    assert main([str(tmp_path / "maps"), *common, "--bank", str(bank_path), "--raw-size", "--size", "128x64"]) == 0
    renderer = Renderer.load(path, device="cpu", dtype="float32", bank=bank_path)
    renderer.set_layout(labels)
    picture = tmp_path / "out" / "a.png"
    assert np.array_equal(np.asarray(Image.open(picture)), renderer.render()[0])
    again = ["--from", str(picture), "--weights", str(path), "--output", str(tmp_path / "again")]
    assert main([*again, "--bank", str(bank_path)]) == 0
    assert np.array_equal(np.asarray(Image.open(tmp_path / "again" / "a.png")), np.asarray(Image.open(picture)))
