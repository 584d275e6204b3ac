from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import safetensors.torch
import torch

from spade_studio.engine.errors import WeightsError
from spade_studio.train.evaluation.networks import fetch_inception, open_feature_networks, open_perceptual, perceptual_digest
from spade_studio.train.evaluation.published import PUBLISHED
from spade_studio.train.pretrained.vgg import VGGFeatures

CPU = torch.device("cpu")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    return tmp_path / "checkpoints" / "pt_inception-2015-12-05-6726825d.pth"


def test_the_inception_file_is_fetched_once_and_checked(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(url: str, target: str, **options: Any) -> None:
        assert url.endswith(hub.name)
        assert options["hash_prefix"].startswith("6726825d")
        Path(target).write_bytes(b"another file")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    with pytest.raises(WeightsError, match="another file"):
        fetch_inception()
    monkeypatch.setattr(torch.hub, "download_url_to_file", None)  # it is there now, and is not asked for again
    with pytest.raises(WeightsError, match="SHA-256"):
        open_feature_networks(["inception"], CPU)


def test_without_internet_the_error_says_what_to_do(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    with pytest.raises(WeightsError, match="--features FILE"):
        fetch_inception()
    assert not hub.exists()


def test_the_perceptual_network_is_told_by_its_tensors(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "net.safetensors"
    state: dict[str, torch.Tensor] = {}
    numbers = iter((0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24))
    for block in VGGFeatures("vgg16", 5).blocks:
        for convolution in block:  # type: ignore[attr-defined]
            number = next(numbers)
            state |= {f"features.{number}.weight": convolution.weight.detach(), f"features.{number}.bias": convolution.bias.detach()}
    path.write_bytes(safetensors.torch.save(state))
    distance = open_perceptual(str(path), CPU)
    assert distance.features.kind == "vgg16"
    assert perceptual_digest(distance) == perceptual_digest(open_perceptual(str(path), CPU))
    path.write_bytes(safetensors.torch.save({"x": torch.zeros(1)}))
    with pytest.raises(WeightsError, match="no network for the perceptual distance"):
        open_perceptual(str(path), CPU)


def test_published_figures_are_those_of_the_paper() -> None:
    assert {kind: tuple(PUBLISHED[kind]) for kind in ("coco_stuff", "cityscapes")} == {
        "coco_stuff": ("SPADE", "pix2pixHD", "CRN"),
        "cityscapes": ("SPADE", "pix2pixHD", "CRN", "SIMS"),
    }
    spade = PUBLISHED["ade20k_outdoor"]["SPADE"]
    assert (spade.mean_iou, spade.pixel_accuracy, spade.fid) == (30.8, 82.9, 63.3)
