"""Real windows on tiny real weights: with an encoder, without one, and without a style at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

import torch
from pytestqt.qtbot import QtBot

from spade_studio.app.rendering.loading import LoadOptions, peek_channels, renderer_loader
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.theme import Theme
from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.networks.config import EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.weights import save_bundle

LABELS = LabelSet("Tiny", tuple(Label(10 * i, f"label {i}", (20 * i, 90, 200 - 20 * i)) for i in range(1, 5)), unlabeled_id=255)
IDS = (10, 20, 30, 40)
LONG = 120_000
"""Milliseconds that a picture may take on a machine that does other things."""

Wait = Callable[[Callable[[], bool]], None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Qt's offscreen platform says so whenever a window is brought to the front; real platforms do not.
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)"))


def save_tiny(path: Path, *, encoder: bool = True, noise: bool = True, z_width: int = 8, seed: int = 0) -> Path:
    """Write a bundle that knows :data:`IDS`, stride 32, trained at 64x64."""
    torch.manual_seed(seed)
    config = GeneratorConfig(
        semantic_channels=6, base_channels=4, hidden_width=8, z_width=z_width, crop_size=64, input="noise" if noise else "layout"
    )
    encoder_config = EncoderConfig(2, 5, z_width) if encoder else None
    save_bundle(
        path,
        generator_config=config,
        generator=Generator(config).state_dict(),
        channels=LabelChannels.from_label_set(LABELS, IDS, "last", edge=True),
        encoder_config=encoder_config,
        encoder=Encoder(encoder_config).state_dict() if encoder_config else None,
        training_size=(64, 64),
        name=path.stem,
        steps=None,
        data="",
        licence="",
        averaged=None,
        half=False,
    )
    return path


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give weights by what is special about them."""
    folder = tmp_path_factory.mktemp("weights")
    return {
        "encoder": save_tiny(folder / "encoder.safetensors"),
        "other": save_tiny(folder / "other.safetensors", seed=1),
        "wider": save_tiny(folder / "wider.safetensors", z_width=12),
        "no encoder": save_tiny(folder / "seeds.safetensors", encoder=False),
        "wider, no encoder": save_tiny(folder / "wide.safetensors", encoder=False, z_width=12),
        "no style": save_tiny(folder / "one.safetensors", encoder=False, noise=False),
    }


@pytest.fixture
def make_window(qtbot: QtBot, settings: Settings, theme: Theme, weights: dict[str, Path]) -> Callable[[str], MainWindow]:
    def make(kind: str) -> MainWindow:
        options = LoadOptions(weights[kind], "cpu", "float32")
        window = MainWindow(settings, theme, renderer_loader(options), peek_channels(options))
        qtbot.addWidget(window, before_close_func=lambda window: window.document.undo_stack.setClean())
        with qtbot.waitExposed(window):
            window.show()
        qtbot.waitUntil(lambda: window.live.info is not None, timeout=LONG)
        labels = np.full((64, 64), 10, np.uint8)
        labels[30:] = 30
        window.document.replace(labels, "Lake")
        qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=LONG)
        window.canvas.setFocus()
        return window

    return make


@pytest.fixture
def window(make_window: Callable[[str], MainWindow]) -> MainWindow:
    """Give a window on weights with an encoder."""
    return make_window("encoder")


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    """Give a function that waits for something."""
    return lambda condition: qtbot.waitUntil(condition, timeout=LONG)


def make_photo(seed: int = 0, side: int = 120) -> NDArray[np.uint8]:
    """Return noise over a gradient, uint8 ``[side, side, 3]``: as many colours as a photograph has."""
    ramp = np.linspace(0, 200, side)[:, None, None] * np.array([1, 0.6, 0.2])
    return (ramp + np.random.default_rng(seed).integers(0, 55, (side, side, 3))).astype(np.uint8)


@pytest.fixture
def photo() -> Callable[..., NDArray[np.uint8]]:
    """Give a function that makes a picture with as many colours as a photograph has, from a seed and a side."""
    return make_photo


@pytest.fixture
def save_photo(tmp_path: Path) -> Callable[..., Path]:
    def save(name: str, seed: int = 0) -> Path:
        Image.fromarray(make_photo(seed)).save(tmp_path / name)
        return tmp_path / name

    return save
