"""A real window on tiny real weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

import torch
from pytestqt.qtbot import QtBot

from spade_studio.app.loading import LoadOptions, peek_channels, renderer_loader
from spade_studio.app.main_window import MainWindow
from spade_studio.app.settings import Settings
from spade_studio.app.theme import Theme
from spade_studio.engine.config import GeneratorConfig
from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.networks import Generator
from spade_studio.engine.weights import save_bundle

LABELS = LabelSet("Tiny", tuple(Label(10 * i, f"label {i}", (20 * i, 90, 200 - 20 * i)) for i in range(1, 5)), unlabeled_id=255)
IDS = (10, 20, 30, 40)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Qt's offscreen platform says so whenever a window is brought to the front; real platforms do not.
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)"))


def save_tiny(path: Path, seed: int = 0) -> Path:
    """Write a bundle that knows :data:`IDS`, unlabeled and edges, stride 32, trained at 64x64."""
    torch.manual_seed(seed)
    config = GeneratorConfig(semantic_channels=6, base_channels=4, hidden_width=8, z_width=8, crop_size=64, input="noise")
    save_bundle(
        path,
        generator_config=config,
        generator=Generator(config).state_dict(),
        channels=LabelChannels.from_label_set(LABELS, IDS, "last", edge=True),
        encoder_config=None,
        encoder=None,
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
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture(scope="session")
def other_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("weights") / "other.safetensors", 1)


@pytest.fixture
def layout() -> NDArray[np.uint8]:
    labels = np.full((64, 64), 10, np.uint8)
    labels[20:40, 10:50] = 20
    labels[40:] = 30
    labels[45:55, 30:40] = 40
    return labels


@pytest.fixture
def window(qtbot: QtBot, settings: Settings, theme: Theme, tiny_weights: Path, layout: NDArray[np.uint8]) -> MainWindow:
    options = LoadOptions(tiny_weights, "cpu", "float32")
    window = MainWindow(settings, theme, renderer_loader(options), peek_channels(options))
    qtbot.addWidget(window, before_close_func=lambda window: window.document.undo_stack.setClean())
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: window.live.info is not None, timeout=60_000)
    window.document.replace(layout, "Lake")
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=60_000)
    return window
