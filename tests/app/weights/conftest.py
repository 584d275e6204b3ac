"""A real window on tiny real weights, and other weights of every kind to open in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

import torch
from pytestqt.qtbot import QtBot

from spade_studio.app.rendering.loading import LoadOptions, peek_channels, renderer_loader
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.theme import Theme
from spade_studio.app.weights.window import WeightsWindow
from spade_studio.engine.labels import Label, LabelChannels, LabelSet
from spade_studio.engine.networks.config import EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.weights import save_bundle

LABELS = LabelSet("Tiny", tuple(Label(10 * i, f"label {i}", (20 * i, 90, 200 - 20 * i)) for i in range(1, 5)), unlabeled_id=255)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Qt's offscreen platform says so whenever a window is brought to the front; real platforms do not.
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)"))


def tiny_config(channels: int = 6) -> GeneratorConfig:
    return GeneratorConfig(semantic_channels=channels, base_channels=2, hidden_width=4, z_width=4, crop_size=64, input="noise")


def save_tiny(path: Path, ids: tuple[int, ...] = (10, 20, 30, 40), seed: int = 0) -> Path:
    """Write a bundle that knows labels of :data:`LABELS`, unlabeled and edges."""
    torch.manual_seed(seed)
    config = tiny_config(len(ids) + 2)
    save_bundle(
        path,
        generator_config=config,
        generator=Generator(config).state_dict(),
        channels=LabelChannels.from_label_set(LABELS, ids, "last", edge=True),
        encoder_config=None,
        encoder=None,
        training_size=(64, 64),
        name=f"The {path.stem}",
        steps=1234,
        data="drawings",
        licence="free for all",
        averaged=True,
        half=False,
    )
    return path


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture
def other_weights(tmp_path: Path) -> Path:
    """A bundle that lacks label 4, with a model card."""
    (tmp_path / "other.md").write_text("# A card\n\nMade in a test.", encoding="utf-8")
    return save_tiny(tmp_path / "other.safetensors", (10, 20, 30), 1)


@pytest.fixture
def publish(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of the published form with four label channels, one for unlabeled and one for edges."""

    def write(opt: dict[str, object] | None = None, *, encoder: bool = False, name: str = "published") -> Path:
        torch.manual_seed(2)
        folder = tmp_path / name
        folder.mkdir()
        torch.save(Generator(tiny_config()).state_dict(), folder / "latest_net_G.pth")
        if encoder:
            torch.save(Encoder(EncoderConfig(base_channels=2, z_width=4)).state_dict(), folder / "latest_net_E.pth")
        if opt is not None:
            lines = [f"{key:>25}: {value!s:<30}\t[default: None]" for key, value in opt.items()]
            (folder / "opt.txt").write_text("\n".join(lines), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def window(qtbot: QtBot, settings: Settings, theme: Theme, tiny_weights: Path) -> Iterator[MainWindow]:
    options = LoadOptions(tiny_weights, "cpu", "float32")
    window = MainWindow(settings, theme, renderer_loader(options), peek_channels(options), options=options)
    qtbot.addWidget(window, before_close_func=lambda window: window.document.undo_stack.setClean())
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: window.live.info is not None, timeout=60_000)
    labels = np.full((64, 64), 10, np.uint8)
    labels[20:40] = 20
    labels[48:] = 40
    window.document.replace(labels, "Lake")
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=60_000)
    yield window
    window.document.undo_stack.setClean()


@pytest.fixture
def look(window: MainWindow, qtbot: QtBot) -> Callable[[Path], WeightsWindow]:
    """Open a file or folder in the weights window and wait for the report."""

    def open_it(path: Path) -> WeightsWindow:
        window.weights.open(path)
        weights = window.weights.window
        assert weights is not None
        qtbot.waitUntil(lambda: not weights.is_busy, timeout=60_000)
        return weights

    return open_it
