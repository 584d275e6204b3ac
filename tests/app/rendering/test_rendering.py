"""Device, compute type and size in the window: chosen, remembered, applied without a restart; what is told of failures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from spade_studio.app.rendering.loading import LoadOptions, renderer_loader, starting_options
from spade_studio.app.ui.settings import Settings
from spade_studio.engine.errors import RenderError, WeightsError
from spade_studio.engine.hardware import DeviceEntry
from spade_studio.engine.rendering.frame_sizes import SizeWish

DEVICES = (
    DeviceEntry("cpu", "", ("float32", "bfloat16")),
    DeviceEntry("cuda:0", "NVIDIA H100", ("float32", "bfloat16", "float16")),
    DeviceEntry("cuda:1", "NVIDIA T4", ("float32", "bfloat16", "float16")),
)


def entries(menu: QMenu) -> dict[str, QAction]:
    return {action.text().replace("&", ""): action for action in menu.actions() if not action.isSeparator()}


def checked(menu: QMenu) -> list[str]:
    return [text for text, action in entries(menu).items() if action.isChecked()]


@pytest.fixture
def loads(window, renderer, qtbot) -> list[LoadOptions]:
    """Offer three devices, and give what is loaded from now on: stand-ins that say they are where they were asked to be."""
    loaded: list[LoadOptions] = []

    def loader(options: LoadOptions) -> Callable[[], Any]:
        loaded.append(options)
        other = type(renderer)()
        other.device = "cuda" if options.device == "auto" else options.device
        other.dtype = "float16" if options.dtype == "auto" else options.dtype
        return other.load

    qtbot.waitUntil(lambda: not window.live._jobs)
    window.rendering._on_devices(DEVICES)
    window.rendering.loader = loader
    return loaded


def wait(qtbot, window) -> None:
    qtbot.waitUntil(lambda: window.live.is_up_to_date and not window.live.is_loading)


# ---- device and compute type


def test_only_what_the_machine_has_is_offered(window, loads):
    _, devices, dtypes = window.rendering.menus
    assert list(entries(devices)) == ["Automatic: cpu", "CPU", "NVIDIA H100 (cuda:0)", "NVIDIA T4 (cuda:1)"]
    assert checked(devices) == ["Automatic: cpu"]
    assert [text.split(",")[0] for text in entries(dtypes)] == ["Automatic: float32", "float32", "bfloat16"]


def test_the_machine_is_asked_on_the_render_thread_once(qtbot, settings, theme, renderer):
    from spade_studio.app.shell.main_window import MainWindow

    asked: list[str] = []
    renderer.available_devices = lambda: asked.append(threading.current_thread().name) or DEVICES
    window = MainWindow(settings, theme, renderer.load, renderer.channels)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: len(entries(window.rendering.menus[1])) == 4)
    assert asked == ["render"]


def test_a_device_is_loaded_beside_and_taken_without_a_restart_and_remembered(window, loads, settings, qtbot):
    entries(window.rendering.menus[1])["NVIDIA T4 (cuda:1)"].trigger()
    wait(qtbot, window)
    assert [(options.device, options.dtype) for options in loads] == [("cuda:1", "auto")]
    assert window.status_bar.device.text() == "cuda:1, float16"
    assert window.rendering.options.device == "cuda:1"
    assert checked(window.rendering.menus[1]) == ["NVIDIA T4 (cuda:1)"]
    assert [text.split(",")[0] for text in entries(window.rendering.menus[2])] == ["Automatic: float16", "float32", "bfloat16", "float16"]
    settings.save()
    assert (settings.render_device, settings.render_dtype) == ("cuda:1", "auto")
    assert [thread.name for thread in threading.enumerate()].count("render") == 1


def test_a_compute_type_that_the_new_device_lacks_becomes_automatic(window, loads, settings, qtbot):
    window.rendering.set_device("cuda:0")
    wait(qtbot, window)
    window.rendering.set_dtype("float16")
    wait(qtbot, window)
    window.rendering.set_device("cpu")
    wait(qtbot, window)
    assert [(options.device, options.dtype) for options in loads] == [("cuda:0", "auto"), ("cuda:0", "float16"), ("cpu", "auto")]
    assert settings.render_dtype == "auto"


def test_weights_device_and_type_agree_whoever_changes_them(window, loads, tmp_path, qtbot):
    assert window.training.use_weights(tmp_path / "mine.safetensors")
    wait(qtbot, window)
    window.rendering.set_device("cuda:0")
    wait(qtbot, window)
    window.rendering.use_weights(tmp_path / "other.safetensors")
    wait(qtbot, window)
    assert [(options.weights and options.weights.name, options.device) for options in loads] == [
        ("mine.safetensors", "auto"),
        ("mine.safetensors", "cuda:0"),
        ("other.safetensors", "cuda:0"),
    ]


def test_the_newest_of_several_wishes_is_loaded_last(window, loads, renderer, qtbot):
    held = type(renderer)()
    held.gate.clear()
    window.rendering.use(LoadOptions(device="cpu"), held.load)
    for device in ("cuda:0", "cuda:1"):
        window.rendering.set_device(device)
    assert window.render_panel.view._busy.startswith("Loading")
    assert loads == []
    held.gate.set()
    qtbot.waitUntil(lambda: window.rendering.options.device == "cuda:1")
    wait(qtbot, window)
    assert [options.device for options in loads] == ["cuda:1"]
    assert window.render_panel.view._busy == ""


def test_a_device_that_fails_leaves_the_one_in_use_and_says_so(window, loads, renderer, hand, qtbot):
    banner = window.render_panel.banner

    def fail() -> Any:
        raise RenderError("cuda:1 failed", "", "Choose another device")

    window.rendering.loader = lambda options: fail
    window.rendering.set_device("cuda:1")
    qtbot.waitUntil(banner.isVisible)
    assert banner.text == "Cuda:1 failed. Choose another device. Pictures are rendered as before."
    assert checked(window.rendering.menus[1]) == ["Automatic: cpu"]
    seen = len(renderer.seen)
    hand.stroke((20, 20), (40, 40))
    qtbot.waitUntil(lambda: len(renderer.seen) > seen)
    wait(qtbot, window)
    assert banner.isVisible()  # pictures of the one in use do not take it away
    window.rendering.loader = lambda options: type(renderer)().load
    banner.button.click()
    qtbot.waitUntil(lambda: window.rendering.options.device == "cuda:1")
    assert banner.isHidden()


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_chosen_before_the_first_weights_are_loaded_counts_when_it_is_loaded_itself(qtbot, settings, theme, renderer, fails):
    from spade_studio.app.shell.main_window import MainWindow

    def load() -> Any:
        renderer.load()
        if fails:
            raise WeightsError("landscapes.safetensors is cut off")
        return renderer

    chosen = type(renderer)()
    chosen.device = "cuda:1"
    for one in (renderer, chosen):
        one.gate.clear()
    window = MainWindow(settings, theme, load, renderer.channels)
    qtbot.addWidget(window)
    window.rendering.loader = lambda options: chosen.load
    with qtbot.waitExposed(window):
        window.show()
    qtbot.waitUntil(lambda: window.live.is_loading)
    window.rendering.set_device("cuda:1")
    with qtbot.waitSignal(window.live.failed if fails else window.live.ready):
        renderer.gate.set()
    assert window.rendering.options.device == "auto"
    assert window.rendering.newest_options.device == "cuda:1"
    assert window.render_panel.view._busy.startswith("Loading")
    with qtbot.waitSignal(window.live.ready):
        chosen.gate.set()
    assert window.rendering.options.device == "cuda:1"
    assert window.render_panel.view._busy == ""
    assert window.render_panel.banner.isHidden()


def test_weights_that_failed_at_the_start_are_tried_again(qtbot, settings, theme, renderer):
    from spade_studio.app.shell.main_window import MainWindow

    def fail() -> Any:
        raise WeightsError("landscapes.safetensors is cut off", "a whole file", "Download it again")

    window = MainWindow(settings, theme, fail, renderer.channels)
    qtbot.addWidget(window)
    window.rendering.loader = lambda options: renderer.load
    window.show()
    qtbot.waitUntil(window.render_panel.banner.isVisible)
    assert "Download it again." in window.render_panel.banner.text
    window.render_panel.banner.button.click()
    qtbot.waitUntil(lambda: window.live.is_up_to_date)
    assert window.render_panel.banner.isHidden()


# ---- what was chosen before


def test_the_command_line_wins_over_what_is_remembered_for_this_start(settings: Settings):
    settings.render_device, settings.render_dtype = "cuda:1", "bfloat16"
    options = starting_options(None, None, None, settings)
    assert (options.device, options.dtype, options.is_device_remembered, options.is_dtype_remembered) == ("cuda:1", "bfloat16", True, True)
    options = starting_options(Path("x"), "cpu", None, settings)
    assert (options.device, options.dtype, options.is_device_remembered, options.is_dtype_remembered) == ("cpu", "bfloat16", False, True)
    assert settings.render_device == "cuda:1"


@pytest.mark.parametrize("value", ["", "tpu", "cuda:x", "cpu; rm", 5])
def test_an_unreadable_device_counts_as_not_remembered(settings: Settings, value: object):
    settings.store.setValue("render/device", value)
    assert settings.render_device == "auto"


@pytest.mark.parametrize(
    ("value", "wish"),
    [
        ("training", SizeWish()),
        ("automatic", SizeWish("automatic")),
        ("layout", SizeWish("layout")),
        ("512", SizeWish("side", 512)),
        ("768x512", SizeWish("exact", exact=(512, 768))),
        *((broken, SizeWish("automatic")) for broken in ("99999", "-1", "0", "768x", "x", "768x99999", "768x512x3", "٣٤٥", "")),
    ],
)
def test_the_size_is_remembered(settings: Settings, value: str, wish: SizeWish):
    settings.store.setValue("render/size", value)
    assert settings.render_size == wish
    settings.render_size = wish
    assert settings.render_size == wish


def test_a_remembered_device_that_is_gone_gives_way_and_is_named(tiny_weights, qtbot, settings, theme):
    from spade_studio.app.shell.main_window import MainWindow

    options = LoadOptions(tiny_weights, "cuda:97", "float16", is_device_remembered=True, is_dtype_remembered=True)
    window = MainWindow(settings, theme, renderer_loader(options), None, "", options)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=60_000)
    assert window.live.info is not None
    actual = window.live.info.device
    assert window.render_panel.banner.text in (
        f"The device cuda:97, chosen earlier, is not there: pictures are rendered on {actual}.",
        "" if actual.startswith("cuda") else "-",
    )


def test_what_the_command_line_orders_is_not_replaced_silently(tiny_weights):
    with pytest.raises(RenderError, match="cuda:97"):
        renderer_loader(LoadOptions(tiny_weights, "cuda:97"))()


def test_weights_that_cannot_render_fail_as_those_that_cannot_be_loaded(tiny_weights, monkeypatch):
    from spade_studio.engine.rendering.renderer import Renderer

    def fail(_self: Renderer) -> Any:
        raise RenderError("cpu failed")

    assert renderer_loader(LoadOptions(tiny_weights, "cpu"), tries=True)()
    monkeypatch.setattr(Renderer, "render", fail)
    with pytest.raises(RenderError, match="cpu failed"):
        renderer_loader(LoadOptions(tiny_weights, "cpu"), tries=True)()


@pytest.fixture(scope="module")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from spade_studio.engine.labels import LabelChannels, load_label_set
    from spade_studio.engine.networks.build import build_generator
    from spade_studio.engine.networks.config import GeneratorConfig
    from spade_studio.engine.weights import save_bundle

    torch.manual_seed(2)
    channels = LabelChannels.from_label_set(load_label_set("coco_stuff"), (156, 123, 154, 168), "last", edge=False)
    config = GeneratorConfig(
        semantic_channels=channels.semantic_channels, base_channels=4, hidden_width=8, norm="batch", input="noise", z_width=8, crop_size=64
    )
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_bundle(
        path, generator_config=config, generator=build_generator(config).state_dict(), channels=channels, training_size=(64, 64),
        name="tiny", steps=0, data="nothing", licence="none needed", averaged=False,
    )  # fmt: skip
    return path
