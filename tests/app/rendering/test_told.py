"""What the window tells of pictures: sizes that memory does not suffice for, failures with a way out, and notices."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from spade_studio.engine.bank.photographs import Origin, Photograph, UsedPhotograph
from spade_studio.engine.errors import RenderError
from spade_studio.engine.rendering.service import RenderFailure, RenderResult


def result_of(window, **changes: Any) -> RenderResult:
    values: dict[str, Any] = {
        "revision": window.live.shown, "image": np.zeros((64, 64, 3), np.uint8), "quality": "exact", "seconds": 0.1, "size": (64, 64),
        "unknown_ids": {},
    }  # fmt: skip
    return RenderResult(**(values | changes))


def test_memory_that_does_not_suffice_is_told_with_a_way_out(window, monkeypatch):
    tried: list[object] = []
    monkeypatch.setattr(window.live, "try_again", lambda: tried.append(None))
    banner = window.render_panel.banner
    reduced = ((2048, 4096), (1024, 2048))
    window.live.rendered.emit(result_of(window, reduced=reduced, size=(1024, 2048)))
    assert banner.text == "Not enough memory on cpu for a picture of 4096 × 2048: it is rendered at 2048 × 1024."
    assert banner.button.text() == "Try again"
    window.live.rendered.emit(result_of(window, reduced=reduced, quality="preview", size=(256, 512), more_follows=True))
    assert banner.isVisible()
    assert window.render_panel.view._mark() == "preview, 2048 × 1024 follows"
    banner.button.click()
    assert len(tried) == 1
    window.live.rendered.emit(result_of(window))
    assert banner.isHidden()


def test_a_failure_says_what_to_do_and_can_be_tried_again(window, renderer, qtbot):
    window.live.failed.emit(RenderFailure(3, RenderError("cpu failed: no idea", "", "Try again, or choose another device")))
    banner = window.render_panel.banner
    assert banner.text == "Cpu failed: no idea. Try again, or choose another device."
    seen = len(renderer.seen)
    banner.button.click()
    qtbot.waitUntil(lambda: len(renderer.seen) > seen)
    assert banner.isHidden()


def test_the_banner_shows_in_every_compare_mode(window, qtbot):
    window.commands["overlay"].trigger()
    window.live.failed.emit(RenderFailure(3, RenderError("cpu failed")))
    banner = window.render_panel.banner
    assert banner.isVisible()
    assert banner.parent() is window.canvas
    assert banner.width() <= window.canvas.width()
    window.commands["side_by_side"].trigger()
    assert banner.parent() is window.render_panel
    assert banner.isVisible()


def test_a_closed_lasting_notice_lets_the_passing_one_show(window):
    panel = window.render_panel
    panel.tell_lasting("The weights are damaged.")
    panel.tell("Water is not known.")
    assert panel.banner.text == "The weights are damaged."
    panel.banner._close.click()
    assert panel.banner.text == "Water is not known."
    assert panel.banner.isVisible()
    panel.tell("")
    assert panel.banner.isHidden()


def test_render_again_has_a_key(window, renderer, qtbot):
    seen = len(renderer.seen)
    qtbot.keyClick(window.canvas, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: len(renderer.seen) > seen)


def test_a_preview_whose_full_picture_fails_promises_none(window):
    window.live.rendered.emit(result_of(window, quality="preview", more_follows=True))
    assert window.render_panel.view._mark().endswith("follows")
    window.live.failed.emit(RenderFailure(window.live.shown, RenderError("cpu failed")))
    assert window.render_panel.view._mark() == "preview"


def test_pictures_of_photographs_say_which(window, qtbot):
    button, bank = window.statusBar().origin, "a & b"
    window.live.rendered.emit(result_of(window))
    assert button.isHidden()
    used = [UsedPhotograph(Photograph(f"{bank} {n}", "Ann, CC BY 4.0" if n == 0 else ""), (156, 123), 0.5 / (n + 1)) for n in range(20)]
    origin = Origin(tuple(used), "CC BY 4.0", "a walk")
    window.live.rendered.emit(result_of(window, origin=origin))
    assert button.isVisible()
    assert button.text() == "Made of 20 photographs"
    texts = [action.text() for action in button.menu().actions()]
    assert texts[0] == "50 %  ·  a && b 0  ·  sky-other, grass  ·  Ann, CC BY 4.0"
    assert texts[16] == "4 more"
    assert [text for text in texts if text][-3:] == ["Source: a walk", "Licence: CC BY 4.0", "Copy the list"]
    button.menu().actions()[-1].trigger()
    copied = QGuiApplication.clipboard().text().split("\n")
    assert len(copied) == 22
    assert copied[0].startswith("50 %  ·  a & b 0")
    window.live.rendered.emit(result_of(window, origin=Origin(tuple(used[:1]), "", "")))
    assert button.text() == "Made of 1 photograph"
    window.live.rendered.emit(result_of(window))
    assert button.isHidden()
