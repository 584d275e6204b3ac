"""Small real weights, real label maps and a way to call spade-render with them; no test here stands on a fake network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.cli.main import main
from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.networks.build import build_generator
from spade_studio.engine.networks.config import ConcatenationConfig, EncoderConfig, GeneratorConfig, Upsampling
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.weights import save_bundle

TINY = LabelSet(
    "Tiny",
    (
        Label(10, "sky", (100, 150, 250)),
        Label(20, "sea", (20, 60, 120)),
        Label(30, "land", (120, 90, 40), synonyms=("ground",)),
        Label(40, "tree", (20, 120, 30)),
    ),
    unlabeled_id=255,
)
Z_WIDTH = 8


def make_bundle(
    path: Path, *, channels: LabelChannels, noise: bool, seed: int = 0, upsampling: Upsampling = "normal", concatenation: bool = False
) -> Path:
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {
        "semantic_channels": channels.semantic_channels,
        "base_channels": 2,
        "upsampling": upsampling,
        "input": "noise" if noise else "layout",
        "z_width": Z_WIDTH,
        "crop_size": 128,
    }
    config = ConcatenationConfig(**sizes) if concatenation else GeneratorConfig(hidden_width=4, **sizes)
    generator = build_generator(config).train()
    with torch.no_grad():
        # Untrained statistics and spectral norms give pictures of pure black and white.
        known = np.array(channels.known_ids, np.uint8)
        for step in range(20):
            coarse = known[np.random.default_rng(step).integers(0, len(known), (4, 4, 4))]
            labels = channels.lookup()[coarse.repeat(32, axis=1).repeat(32, axis=2)]
            edges = channels.edge_channel is not None
            layout = Layout.from_channels(labels, channels.semantic_channels, instances=labels, edge_channel=edges)
            generator(layout, torch.randn(4, Z_WIDTH) if noise else None)
    generator.eval()
    encoder_config = EncoderConfig(base_channels=2, layers=5, z_width=Z_WIDTH) if noise else None
    encoder = None
    if encoder_config is not None:
        built = Encoder(encoder_config)
        with torch.no_grad():
            built.fc_mu.weight.mul_(8)
        encoder = built.state_dict()
    save_bundle(
        path,
        generator_config=config,
        generator=generator.state_dict(),
        channels=channels,
        encoder_config=encoder_config,
        encoder=encoder,
        training_size=config.picture_size,
        name=path.stem,
        steps=None,
        data="",
        licence="",
        averaged=None,
        half=False,
    )
    return path


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights with style, encoder and instance edges that know the four labels of TINY; stride 32, trained at 128x128."""
    channels = LabelChannels.from_label_set(TINY, (10, 20, 30, 40), "last", edge=True)
    return make_bundle(tmp_path_factory.mktemp("weights") / "tiny.safetensors", channels=channels, noise=True)


@pytest.fixture(scope="session")
def other_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like ``weights`` with other values, other ids for three of the labels, and no sea."""
    label_set = LabelSet("Other", (Label(1, "Sky", (1, 1, 1)), Label(2, "tree", (2, 2, 2)), Label(3, "land", (3, 3, 3))), unlabeled_id=0)
    channels = LabelChannels.from_label_set(label_set, (1, 2, 3), "last", edge=True)
    return make_bundle(tmp_path_factory.mktemp("weights") / "other.safetensors", channels=channels, noise=True, seed=1)


@pytest.fixture(scope="session")
def layout_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights without style, edges or label set: four channels and one for unlabeled; stride 64."""
    channels = LabelChannels.plain(5, unlabeled=True, edge=False)
    path = tmp_path_factory.mktemp("weights") / "layout.safetensors"
    return make_bundle(path, channels=channels, noise=False, upsampling="more")


@pytest.fixture(scope="session")
def concatenation_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like ``weights``, of the decoder that is told the layout by concatenation."""
    channels = LabelChannels.from_label_set(TINY, (10, 20, 30, 40), "last", edge=True)
    path = tmp_path_factory.mktemp("weights") / "concatenation.safetensors"
    return make_bundle(path, channels=channels, noise=True, concatenation=True)


class Kit:
    """What tests make and read files with; a fixture, since test modules cannot import each other."""

    tiny = TINY
    z_width = Z_WIDTH

    @staticmethod
    def label_map(seed: int, height: int = 128, width: int = 128, ids: tuple[int, ...] = (10, 20, 30, 40)) -> NDArray[np.uint8]:
        coarse = np.random.default_rng(seed).choice(np.array(ids, np.uint8), (4, 4))
        return np.kron(coarse, np.ones((height // 4, width // 4), np.uint8))

    @staticmethod
    def save(path: Path, pixels: NDArray[Any]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return path

    @staticmethod
    def read(path: Path) -> NDArray[Any]:
        with Image.open(path) as image:
            return np.asarray(image)

    @staticmethod
    def names(folder: Path) -> list[str]:
        return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """A folder of three frames."""
    for number in (1, 2, 10):
        Kit.save(tmp_path / "maps" / f"frame{number}.png", Kit.label_map(number))
    return tmp_path / "maps"


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two photographs of different colours."""
    folder = tmp_path_factory.mktemp("photos")
    for name, color in (("noon", (80, 160, 240)), ("dusk", (220, 90, 30))):
        noise = np.random.default_rng(1).integers(-30, 30, (90, 120, 3))
        Image.fromarray((np.array(color) + noise).clip(0, 255).astype(np.uint8)).save(folder / f"{name}.jpg")
    return folder / "noon.jpg", folder / "dusk.jpg"


@dataclass(frozen=True)
class Done:
    """How a call of spade-render ended."""

    code: int
    out: str
    err: str


Render = Callable[..., Done]


@pytest.fixture
def render(capsys: pytest.CaptureFixture[str], weights: Path) -> Render:
    """Call spade-render in this process, on the CPU in float32, with ``weights`` unless others are given."""

    def call(*arguments: object) -> Done:
        line = [str(argument) for argument in arguments]
        if "--inspect" not in line:
            line += [] if "--weights" in line else ["--weights", str(weights)]
            line += [] if "--device" in line or "--from" in line else ["--device", "cpu"]
            line += [] if "--dtype" in line or "--from" in line else ["--dtype", "float32"]
        capsys.readouterr()
        code = main(line)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return call
