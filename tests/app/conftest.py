"""A real window with a quick renderer behind it, and a hand that paints with real mouse events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.errors import RenderError
from spade_studio.engine.hardware import DeviceEntry
from spade_studio.engine.labels import Label, LabelChannels, LabelSet, load_label_set
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.rendering.result_plan import ResultPlan, ResultWish, plan_result
from spade_studio.engine.weights.info import WeightsInfo

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from spade_studio.app.export.rendering import render_layout
from spade_studio.app.rendering.loading import LoadOptions, peek_channels, renderer_loader
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.app.startup import translations
from spade_studio.app.ui.settings import Settings
from spade_studio.app.ui.theme import Theme
from tests.app.patience import Patience, PatientBot

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
KNOWN_IDS = (156, 134, 158, 168, 123, 110, 154, 177, 148, 95, 96)
SKY, TREE, GRASS, SEA, ROAD = 156, 168, 123, 154, 148


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Qt's offscreen platform says so whenever a window has a smallest size; real platforms do not.
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"))


def coco_channels() -> LabelChannels:
    return LabelChannels.from_label_set(load_label_set("coco_stuff"), KNOWN_IDS, "last", edge=False)


@dataclass
class FlatRenderer:
    """Stands in for the engine where a test is about the window: a picture is the label map's values as grey.

    Attributes:
        gate: Loading and rendering wait for it.
        seen: The layouts it was given, with whether a preview was asked for.
        broken: Where set, rendering raises it.
    """

    channels: LabelChannels = field(default_factory=coco_channels)
    gate: threading.Event = field(default_factory=threading.Event)
    seen: list[tuple[NDArray[np.uint8], bool]] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    broken: RenderError | None = None
    device = "cpu"
    dtype = "float32"
    stride = 32
    z_width: int | None = 8
    weights_sha256 = "0" * 64
    training_size = (256, 256)
    largest_side = 8192
    has_texture = False
    share: float | None = None

    def __post_init__(self) -> None:
        self.gate.set()
        self.config = GeneratorConfig(semantic_channels=self.channels.semantic_channels, input="noise")
        self.info = WeightsInfo(Path("flat"), "bundle", self.config, None, None, self.channels, (64, 64), "flat")

    def load(self) -> FlatRenderer:
        self.gate.wait(20)
        return self

    def style_from_seed(self, seed: int) -> NDArray[np.float32]:
        self.seeds.append(seed)
        return np.full(8, seed, np.float32)

    def set_style(self, style: NDArray[np.float32] | None) -> None:
        self.style = style

    def set_texture(self, texture: int, regions: NDArray[np.uint16] | None = None) -> None:
        self.texture, self.texture_regions = texture, regions

    def default_size(self, height: int, width: int) -> tuple[int, int]:
        return height, width

    def nearest_size(self, height: int, width: int) -> tuple[int, int]:
        return self.config.nearest_size(height, width)

    def release_memory(self) -> None:
        pass

    def plan(self, layout: tuple[int, int], wish: ResultWish) -> ResultPlan:
        return plan_result(layout, wish, self.training_size, self.nearest_size, self.stride)

    def fitted(self, plane: NDArray[Any], plan: ResultPlan) -> NDArray[Any]:
        return plane

    @property
    def finisher(self) -> FlatRenderer:
        return self

    def upscaler(self, level: str, path: Path | None = None) -> None:
        return None

    def finish_bytes(self, base: NDArray[np.uint8], *_: object, **__: object) -> NDArray[np.uint8]:
        return self.labels_as_picture()

    def labels_as_picture(self) -> NDArray[np.uint8]:
        return np.repeat(self.labels[..., None], 3, axis=2)

    def preview_share(self) -> float | None:
        return self.share

    def available_devices(self) -> tuple[DeviceEntry, ...]:
        return (DeviceEntry("cpu", "", ("float32", "bfloat16")),)

    def set_layout(self, labels: NDArray[np.uint8], instances: object, size: tuple[int, int]) -> Any:
        self.labels = labels
        return type("Report", (), {"unknown_ids": self.channels.unknown_ids(labels), "size": size, "origin": None})

    def render_frame(self, preview: bool, should_stop: Callable[[], bool]) -> Any:
        self.gate.wait(20)
        self.seen.append((self.labels, preview))
        if self.broken:
            raise self.broken
        picture = self.labels_as_picture()
        return type("Frame", (), {"image": picture, "quality": "preview" if preview else "exact"})


class Hand:
    """Paints with real mouse events at positions in the document's pixels."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window = window
        self.canvas = window.canvas
        self.qtbot = qtbot

    def at(self, x: float, y: float) -> QPoint:
        return self.canvas.viewport.to_view(QPointF(x, y)).toPoint()

    def press(self, x: float, y: float, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        self.qtbot.mousePress(self.canvas, button, keys, self.at(x, y))

    def move(self, x: float, y: float) -> None:
        self.qtbot.mouseMove(self.canvas, self.at(x, y))

    def release(self, x: float, y: float, button: Qt.MouseButton = LEFT) -> None:
        self.qtbot.mouseRelease(self.canvas, button, NO_KEYS, self.at(x, y))

    def stroke(self, *points: tuple[float, float], button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        self.press(*points[0], button, keys)
        for point in points[1:]:
            self.move(*point)
        self.release(*points[-1], button)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    @property
    def labels(self) -> NDArray[np.uint8]:
        return self.window.document.labels


@pytest.fixture(autouse=True)
def no_dialog_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> Iterator[Patience]:
    """Fail a test whose dialog nobody answers: it would hold the test, and with it the whole run, where no timeout reaches."""
    patience, execute = Patience(), QDialog.exec

    def patient(dialog: QDialog) -> int:
        def give_up() -> None:
            patience.given_up.append(f"{type(dialog).__name__} {dialog.windowTitle()!r}")
            dialog.reject()

        timer = QTimer(dialog, singleShot=True, interval=patience.milliseconds)
        timer.timeout.connect(give_up)
        timer.start()
        try:
            return execute(dialog)
        finally:
            timer.stop()

    monkeypatch.setattr(QDialog, "exec", patient)
    yield patience
    assert not patience.given_up, f"nobody answered {', '.join(patience.given_up)}"


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    translations.install(qapp, "en")
    return qapp


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture
def renderer() -> FlatRenderer:
    return FlatRenderer()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    theme = Theme(qapp, "light")
    yield theme
    theme.deleteLater()
    # Now, and not whenever a later test runs an event loop or the collector comes: what is left of this test would be styled once more.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # pyright: ignore[reportArgumentType] - None is for all
    qapp.setStyleSheet("")


@pytest.fixture
def window(qtbot: QtBot, settings: Settings, theme: Theme, renderer: FlatRenderer) -> Iterator[MainWindow]:
    """Give a shown window on the first sample, with the stand-in renderer loaded behind it."""
    window = MainWindow(settings, theme, cast("Any", renderer.load), renderer.channels)
    qtbot.addWidget(window, before_close_func=_forget_changes)
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: not renderer.gate.is_set() or window.live.is_up_to_date)
    window.activateWindow()
    window.canvas.setFocus()
    yield window
    renderer.gate.set()


def _forget_changes(window: MainWindow) -> None:
    window.document.cancel_stroke()
    window.document.undo_stack.setClean()


@pytest.fixture
def hand(window: MainWindow, qtbot: QtBot) -> Hand:
    return Hand(window, qtbot)


@pytest.fixture
def sky(hand: Hand) -> Hand:
    """A hand with a small brush and a road in it, over an empty sky."""
    hand.window.document.replace(np.full((128, 128), SKY, np.uint8), "sky")
    hand.window.toolbox.label = ROAD
    hand.window.toolbox.brush_size = 9
    return hand


@pytest.fixture
def make_hand(qtbot: QtBot) -> Callable[[MainWindow], Hand]:
    """Give a function that makes a hand for any window."""
    return lambda window: Hand(window, qtbot)


TINY_LABELS = LabelSet("Tiny", tuple(Label(10 * i, f"label {i}", (20 * i, 90, 200 - 20 * i)) for i in range(1, 5)), unlabeled_id=255)
TINY_IDS = (10, 20, 30, 40)


def save_tiny(path: Path, seed: int = 0, *, textured: bool = False) -> Path:
    """Write a bundle that knows :data:`TINY_IDS`, unlabeled and edges, stride 32, trained at 64x64, perhaps with textures."""
    import torch

    from spade_studio.engine.networks.generator import Generator
    from spade_studio.engine.weights import save_bundle

    torch.manual_seed(seed)
    shape = GeneratorConfig(semantic_channels=6, base_channels=4, hidden_width=8, z_width=8, crop_size=64, input="noise")
    config = replace(shape, noise_injection=textured)
    state = Generator(config).state_dict()
    save_bundle(
        path,
        generator_config=config,
        generator={name: torch.ones_like(value) if name.endswith(".strength") else value for name, value in state.items()},
        channels=LabelChannels.from_label_set(TINY_LABELS, TINY_IDS, "last", edge=True),
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
def textured_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("weights") / "textured.safetensors", textured=True)


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
def tiny_window(qtbot: QtBot, settings: Settings, theme: Theme, tiny_weights: Path, layout: NDArray[np.uint8]) -> MainWindow:
    """A window on real tiny weights, with a layout of four labels."""
    return open_tiny_window(qtbot, settings, theme, tiny_weights, layout)


def open_tiny_window(qtbot: QtBot, settings: Settings, theme: Theme, tiny_weights: Path, layout: NDArray[np.uint8]) -> MainWindow:
    options = LoadOptions(tiny_weights, "cpu", "float32")
    window = MainWindow(settings, theme, renderer_loader(options), peek_channels(options))
    qtbot.addWidget(window, before_close_func=lambda window: window.document.undo_stack.setClean())
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: window.live.info is not None, timeout=60_000)
    window.document.replace(layout, "Lake")
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=60_000)
    return window


class Gate:
    """Lets the render thread pass until it holds it at the picture of a number.

    Args:
        render: What renders a picture.
        number: From 0.
    """

    def __init__(self, render: Callable[..., Any], number: int) -> None:
        self.held, self.opened = threading.Event(), threading.Event()
        self._render, self._left = render, number

    def render(self, *values: Any, **more: Any) -> Any:
        if self._left == 0:
            self.held.set()
            assert self.opened.wait(60)
        self._left -= 1
        return self._render(*values, **more)


@pytest.fixture
def hold_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], Gate]:
    """Give a function that holds the pictures that a module of the application renders, at the picture of a number."""

    def hold(module: str, number: int) -> Gate:
        gate = Gate(render_layout, number)
        monkeypatch.setattr(f"spade_studio.app.{module}.render_layout", gate.render)
        return gate

    return hold


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """16 photographs of a meadow below a sky, with label maps."""
    folder = tmp_path / "photos"
    random = np.random.default_rng(0)
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for number in range(16):
        horizon = 20 + 2 * number
        labels = np.full((80, 80), SKY, np.uint8)
        labels[horizon:] = GRASS
        picture = random.integers(0, 40, (80, 80, 3), np.uint8)
        picture[:horizon, :, 2] += 180
        picture[horizon:, :, 1] += 120
        Image.fromarray(picture).save(folder / "images" / f"{number}.png")
        Image.fromarray(labels).save(folder / "labels" / f"{number}.png")
    return folder
