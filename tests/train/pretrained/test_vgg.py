"""The perceptual networks against torchvision's and HED's definitions, and how their taps count."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from spade_studio.engine.errors import WeightsError
from spade_studio.train.config.losses import PerceptualConfig, PerceptualKind
from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures, load_perceptual

# torchvision's configurations "E" and "D", M for pooling.
LAYERS: dict[PerceptualKind, tuple[int | str, ...]] = {
    "vgg19": (64, 64, "M", 128, 128, "M", *(256,) * 4, "M", *(512,) * 4, "M", *(512,) * 4, "M"),
    "vgg16": (64, 64, "M", 128, 128, "M", *(256,) * 3, "M", *(512,) * 3, "M", *(512,) * 3, "M"),
}
TAPS = {"vgg19": (1, 6, 11, 20, 29), "vgg16": (1, 6, 11, 18, 25)}


def torchvision_features(kind: PerceptualKind) -> nn.Sequential:
    """Build ``features`` of torchvision's network with random weights."""
    layers: list[nn.Module] = []
    channels = 3
    for width in LAYERS[kind]:
        if isinstance(width, str):
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
    return nn.Sequential(*layers)


def save_torchvision(features: nn.Module, path: Path) -> Path:
    state = {f"features.{name}": value for name, value in features.state_dict().items()}
    torch.save(state | {"classifier.0.bias": torch.zeros(3)}, path)
    return path


def pictures(batch: int = 2, size: int = 32, seed: int = 0) -> Tensor:
    return torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class Identity(VGGFeatures):
    """Taps that are the pictures themselves, and ten times them."""

    def __init__(self) -> None:
        super().__init__("vgg16", 1)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        return [pictures, 10 * pictures]


@pytest.mark.parametrize("kind", LAYERS)
@torch.no_grad()
def test_distance_is_that_of_torchvisions_network(kind: PerceptualKind, tmp_path: Path) -> None:
    torch.manual_seed(1)
    features = torchvision_features(kind)
    config = PerceptualConfig(kind, str(save_torchvision(features, tmp_path / "vgg.pth")))
    fake, real = pictures(seed=1), pictures(seed=2)
    expected, weights = torch.zeros(()), (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1)
    for weight, tap in zip(weights, TAPS[kind], strict=True):
        expected += weight * F.l1_loss(features[: tap + 1](fake), features[: tap + 1](real))
    assert float(load_perceptual(config)(fake, real)) == pytest.approx(float(expected), rel=1e-5)


def test_hed_has_the_taps_of_its_own_definition(shared: Callable[..., Path]) -> None:
    path = shared("weights", "hed_vgg16.safetensors")
    specification = importlib.util.spec_from_file_location("vgg16_features", shared("tools", "vgg16_features.py"))
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    theirs = module.HEDVGG16()
    theirs.load_state_dict({name: value.float() for name, value in load_file(path).items()}, strict=False)
    ours = load_perceptual(PerceptualConfig("hed_vgg16", str(path), tap_scale="relative"))
    fake = pictures(1, 50)  # 50 -> 25 -> 13: an odd side shows whether pooling keeps the last column
    with torch.no_grad():
        for found, expected in zip(ours.features(fake), theirs.features((fake + 1) / 2, first=True), strict=True):
            assert found.shape == expected.shape
            assert float((found - expected).abs().max()) <= 1e-4 * float(expected.abs().max())
        distance = float(ours(fake, pictures(1, 50, seed=3)))
    assert 0.1 < distance < 10  # activations reach thousands; relative distances do not


def test_relative_distances_ignore_the_scale_of_activations() -> None:
    fake, real = pictures(seed=1), pictures(seed=2)
    plain = PerceptualDistance(Identity(), PerceptualConfig("vgg16", tap_weights=(0, 1, 0, 0, 0)))
    relative = PerceptualDistance(Identity(), PerceptualConfig("vgg16", tap_weights=(0, 1, 0, 0, 0), tap_scale="relative"))
    distance = float(F.l1_loss(fake, real))
    assert float(plain(fake, real)) == pytest.approx(10 * distance, rel=1e-5)
    assert float(relative(fake, real)) == pytest.approx(distance / float(real.abs().mean()), rel=1e-5)


def test_taps_state_their_scale() -> None:
    config = PerceptualConfig("vgg16", tap_weights=(0.25, 0, 0, 1, 0), tap_scale="relative")
    assert [str(tap) for tap in PerceptualDistance(Identity(), config).taps] == [
        "relu1_1 x 0.25 / mean magnitude of the target",
        "relu4_1 x 1 / mean magnitude of the target",
    ]


def test_crop_is_the_same_part_of_both_and_drawn_by_its_seed() -> None:
    seen: list[Tensor] = []

    class Watching(Identity):
        def forward(self, pictures: Tensor) -> list[Tensor]:
            seen.append(pictures)
            return super().forward(pictures)

    distance = PerceptualDistance(Watching(), PerceptualConfig("vgg16", crop_size=16, batch_share=0.5))
    real = pictures(4)
    distance(real + 1, real, 7)
    target, found = seen
    assert target.shape == (2, 3, 16, 16)
    assert torch.equal(found, target + 1)
    distance(real, real, 7)
    assert torch.equal(seen[2], target)
    seen.clear()
    for seed in range(8):
        distance(real, real, seed)
    assert any(not torch.equal(part, target) for part in seen)


def test_gradient_reaches_the_fakes_alone() -> None:
    torch.manual_seed(0)
    distance = PerceptualDistance(VGGFeatures("vgg16", 2), PerceptualConfig("vgg16", tap_weights=(1, 1, 0, 0, 0)))
    fake, real = pictures(seed=1).requires_grad_(), pictures(seed=2).requires_grad_()
    distance(fake, real).backward()
    assert fake.grad is not None
    assert float(fake.grad.abs().sum()) > 0
    assert real.grad is None
    assert all(parameter.grad is None for parameter in distance.parameters())


def test_what_follows_the_last_tap_is_not_built(tmp_path: Path) -> None:
    path = save_torchvision(torchvision_features("vgg16")[:8], tmp_path / "part.pth")
    distance = load_perceptual(PerceptualConfig("vgg16", str(path), tap_weights=(1, 1, 0, 0, 0)))
    assert len(distance.features(pictures())) == 2


def test_wrong_files_are_refused_with_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be opened"):
        load_perceptual(PerceptualConfig(file=str(tmp_path / "none.pth")))
    other = tmp_path / "other.safetensors"
    save_file({"blocks.0.0.weight": torch.zeros(64, 3, 3, 3)}, other)
    with pytest.raises(WeightsError, match=r"has no features\.0\.bias.*torchvision's vgg19 file"):
        load_perceptual(PerceptualConfig(file=str(other)))
    sixteen = save_torchvision(torchvision_features("vgg16")[:13], tmp_path / "sixteen.pth")
    with pytest.raises(WeightsError, match="has no features"):
        load_perceptual(PerceptualConfig(file=str(sixteen)))
    damaged = tmp_path / "damaged.pth"
    damaged.write_bytes(sixteen.read_bytes()[:1000])
    with pytest.raises(WeightsError):
        load_perceptual(PerceptualConfig("vgg16", str(damaged)))
    text = tmp_path / "page.html"
    text.write_text("<html>not found</html>")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_perceptual(PerceptualConfig("vgg16", str(text)))


def test_a_download_is_checked_and_its_failure_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def no_connection(url: str, **options: object) -> dict[str, Tensor]:
        asked.update(options, url=url)
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", no_connection)
    with pytest.raises(WeightsError, match=r"no route to host.*give its path"):
        load_perceptual(PerceptualConfig())
    assert asked["check_hash"] is True
    assert asked["weights_only"] is True
