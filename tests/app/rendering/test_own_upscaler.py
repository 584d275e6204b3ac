"""An upscaler of a person's own: chosen, remembered, named, and given up where it is none."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PySide6.QtWidgets import QFileDialog

from spade_studio.app.rendering import own_upscaler
from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.app.ui import messages
from spade_studio.engine.detail import levels
from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.rendering.frame_sizes import SizeWish
from tests.app.conftest import open_tiny_window


def network(path: Path, seed: int) -> Path:
    generator = torch.Generator().manual_seed(seed)
    state = {key: 0.1 * torch.randn(shape, generator=generator) for key, shape in CompactConfig(4, 4, 2).shapes().items()}
    path.write_bytes(safetensors.torch.save(state))
    return path


@pytest.fixture(autouse=True)
def included(tmp_path, monkeypatch):
    network(tmp_path / "full.safetensors", 1)
    monkeypatch.setitem(levels._FILES, "full", "full.safetensors")
    monkeypatch.setattr(levels, "_folder", lambda: tmp_path)


def entry(window, text):
    return next(one for one in window.rendering.detail_menu.actions() if text in one.text().replace("&", ""))


def picture(window, qtbot):
    qtbot.waitUntil(lambda: window.live.is_up_to_date)
    return np.array(window.picture.image)


def test_it_is_used_remembered_and_given_back(tiny_window, qtbot, settings, theme, tiny_weights, layout, tmp_path, monkeypatch):
    window, own = tiny_window, network(tmp_path / "mine.safetensors", 2)
    window.rendering.set_size(SizeWish("side", 128))
    window.rendering.set_detail("full")
    before = picture(window, qtbot)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(own), ""))
    with qtbot.waitSignal(window.rendering.upscaler.chosen):
        entry(window, "from a file").trigger()
    after = picture(window, qtbot)
    assert (after != before).any()
    assert settings.upscaler == own
    assert entry(window, "Full").text().replace("&", "") == "Full, with mine"
    with qtbot.waitSignal(window.rendering.upscaler.chosen):
        entry(window, "included").trigger()
    np.testing.assert_array_equal(picture(window, qtbot), before)
    assert settings.upscaler is None
    assert not entry(window, "included").isEnabled()
    settings.upscaler = own
    again = open_tiny_window(qtbot, settings, theme, tiny_weights, layout)
    qtbot.waitUntil(lambda: again.rendering.upscaler.name == "mine")
    np.testing.assert_array_equal(picture(again, qtbot), after)


def test_what_is_none_is_told_and_changes_nothing(tiny_window, qtbot, settings, tmp_path, monkeypatch):
    window, told = tiny_window, []
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    monkeypatch.setattr(messages, "show_error", lambda _parent, headline, _error: told.append(headline))
    window.rendering.upscaler.use(tmp_path / "broken.safetensors")
    qtbot.waitUntil(lambda: bool(told))
    assert told == ["broken.safetensors cannot be used as an upscaler"]
    assert settings.upscaler is None
    assert window.rendering.upscaler.name == ""


@pytest.mark.parametrize("is_sound", [True, False])
def test_what_is_chosen_while_other_weights_take_over_wins_over_what_is_remembered(
    tiny_window, qtbot, settings, other_weights, tmp_path, monkeypatch, is_sound
):
    live, upscaler = tiny_window.live, tiny_window.rendering.upscaler
    mine, other = tmp_path / "mine.safetensors", tmp_path / "other.safetensors"
    used, told, real, gate = [], [], own_upscaler._replace, threading.Event()

    def replace(renderer, path):
        name = real(renderer, path)
        used.append(path)
        return name

    monkeypatch.setattr(own_upscaler, "_replace", replace)
    monkeypatch.setattr(messages, "show_error", lambda *_: told.append(1))
    settings.upscaler = network(mine, 2)
    live.work(lambda _renderer: gate.wait(20), lambda _value: None)
    if is_sound:
        network(other, 3)
    else:
        other.write_bytes(b"no")
    upscaler.use(other)
    with qtbot.waitSignal(live.ready):
        assert live.replace_renderer(renderer_loader(LoadOptions(other_weights, "cpu", "float32")))
    gate.set()
    wanted = other if is_sound else mine
    qtbot.waitUntil(lambda: upscaler.name == wanted.stem)
    with qtbot.waitCallback() as done:
        live.work(lambda _renderer: None, done)  # after all that was asked for before
    assert used == [wanted]
    assert (upscaler.name, settings.upscaler) == (wanted.stem, wanted)
    assert bool(told) != is_sound
