"""Agreement with outputs of the published networks on small random weights (shared/reference), and their parameter counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spade_studio.engine.inference.fast_generator import FastGenerator
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, GeneratorConfig, Pix2PixHDConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.layout import Layout

TOLERANCE = 1e-4
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Case:
    """A published generator."""

    folder: str
    config: AnyGeneratorConfig
    edges: bool


CASES = [
    Case("coco_segmap", GeneratorConfig(22, 4, input="layout", crop_size=128), True),
    Case("ade_vae", GeneratorConfig(13, 4, input="noise", crop_size=256), False),
    Case("cityscapes_more", GeneratorConfig(10, 4, input="layout", crop_size=256, aspect_ratio=2, upsampling="more"), True),
    Case(
        "most_instance5x5",
        GeneratorConfig(6, 2, input="layout", crop_size=256, upsampling="most", norm="instance", kernel_size=5),
        False,
    ),
    Case("pix2pixhd", Pix2PixHDConfig(11, 6, 3, 3, crop_size=128), True),
]
SPADE_CASES = [case for case in CASES if isinstance(case.config, GeneratorConfig)]


def by_folder(case: Case) -> str:
    return case.folder


def arrays(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path) as file:
        return dict(file)


def state_of(path: Path) -> dict[str, Tensor]:
    return torch.load(path, weights_only=True)


def layout_of(case: Case, data: dict[str, NDArray[Any]]) -> Layout:
    return Layout.from_channels(
        data["label"][None].astype(np.int64),
        case.config.semantic_channels,
        instances=data["instance"][None],
        edge_channel=case.edges,
    )


def difference(found: Tensor, expected: NDArray[Any]) -> float:
    assert tuple(found.shape) == expected.shape
    return float((found.double() - torch.from_numpy(expected)).abs().max())


@pytest.mark.reference
@pytest.mark.parametrize("dense", [True, False], ids=["dense", "fast"])
@pytest.mark.parametrize("case", CASES, ids=by_folder)
def test_generators_agree(shared: Callable[..., Path], case: Case, dense: bool) -> None:
    folder = shared("reference", case.folder)
    data = arrays(folder / "case.npz")
    generator = build_generator(case.config).eval()
    report = generator.load_state_dict(state_of(folder / "latest_net_G.pth"), strict=False)
    assert not report.unexpected_keys
    assert all(name.endswith("num_batches_tracked") for name in report.missing_keys)
    if not dense:
        accelerate(generator)
    with torch.inference_mode():
        picture = generator(layout_of(case, data), torch.from_numpy(data["z"]))
    assert difference(picture, data["image"]) <= TOLERANCE


@pytest.mark.reference
@pytest.mark.parametrize("case", SPADE_CASES, ids=by_folder)
def test_the_fast_generator_agrees(shared: Callable[..., Path], case: Case) -> None:
    assert isinstance(case.config, GeneratorConfig)
    folder = shared("reference", case.folder)
    data = arrays(folder / "case.npz")
    generator = FastGenerator(case.config, state_of(folder / "latest_net_G.pth"), CPU, torch.float32)
    with torch.inference_mode():
        picture = generator.render(layout_of(case, data), data["z"] if case.config.input == "noise" else None)
    assert difference(picture.permute(0, 3, 1, 2), data["image"]) <= TOLERANCE


@pytest.mark.reference
@pytest.mark.parametrize("suffix", ["", "_other_size"], ids=["training size", "other size"])
def test_the_encoder_agrees(shared: Callable[..., Path], suffix: str) -> None:
    folder = shared("reference", "ade_vae")
    data = arrays(folder / "encoder_case.npz")
    encoder = Encoder(EncoderConfig(4)).eval()
    encoder.load_state_dict(state_of(folder / "latest_net_E.pth"))
    with torch.inference_mode():
        mu, logvar = encoder(torch.from_numpy(data[f"image{suffix}"]))
    assert difference(mu, data[f"mu{suffix}"]) <= TOLERANCE
    assert difference(logvar, data[f"logvar{suffix}"]) <= TOLERANCE


@pytest.mark.reference
def test_the_discriminator_agrees(shared: Callable[..., Path]) -> None:
    folder = shared("reference", "discriminator")
    data = arrays(folder / "case.npz")
    config = DiscriminatorConfig(11, 6)
    discriminator = MultiscaleDiscriminator(config).eval()
    discriminator.load_state_dict(state_of(folder / "latest_net_D.pth"))
    channels = data["label"][None].astype(np.int64)
    layout = Layout.from_channels(channels, 11, instances=data["instance"][None], edge_channel=True)
    planes = layout.one_hot(layout.height, layout.width, CPU, torch.float32)
    pairs = [torch.cat((planes, torch.from_numpy(data[name])), 1) for name in ("fake", "real")]
    with torch.inference_mode():
        scales = discriminator(torch.cat(pairs))
    assert len(scales) == config.scales
    for i, features in enumerate(scales):
        assert len(features) == config.layers + 1
        assert difference(features[0].mean((2, 3)), data[f"scale{i}_layer0"]) <= TOLERANCE
        assert difference(features[-1], data[f"scale{i}_layer4"]) <= TOLERANCE


@pytest.mark.parametrize(
    ("build", "millions"),
    [
        (lambda: build_generator(GeneratorConfig(184)), 97.5),
        (lambda: build_generator(GeneratorConfig(151)), 96.5),
        (lambda: build_generator(GeneratorConfig(184, input="noise")), 112.6),
        (lambda: build_generator(GeneratorConfig(36, input="noise", upsampling="more", crop_size=512, aspect_ratio=2)), 101.1),
        (lambda: build_generator(GeneratorConfig(4)), 92.1),
        (lambda: Encoder(EncoderConfig()), 10.5),
        (lambda: MultiscaleDiscriminator(DiscriminatorConfig(4)), 5.5),
    ],
    ids=["coco", "ade", "coco noise", "cityscapes", "4 channels", "encoder", "discriminator"],
)
def test_parameter_counts_are_the_published_ones(build: Any, millions: float) -> None:
    with torch.device("meta"):
        network: nn.Module = build()
    assert round(sum(parameter.numel() for parameter in network.parameters()) / 1e6, 1) == millions
