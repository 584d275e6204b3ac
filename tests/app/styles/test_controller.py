"""The style in use while pictures are encoded and rendered: with a renderer whose answers the test gives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal

from spade_studio.app.model.document import Document
from spade_studio.app.styles import collection, pictures
from spade_studio.app.styles.controller import StylesController
from spade_studio.app.styles.style import Style
from spade_studio.app.styles.style_json import style_from_json, style_to_json
from spade_studio.engine.errors import RenderError
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.rendering.service import RenderFailure, RenderResult

CODE = np.arange(8, dtype=np.float32)


class Live(QObject):
    """Stands in for the live renderer: jobs wait until the test does them."""

    ready, rendered, failed = Signal(object), Signal(object), Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.seed = self.style = 5
        self.texture = 0
        self.is_up_to_date = True
        self.info = SimpleNamespace(can_use_noise=True, can_use_style_image=True, z_width=8, sha256="w")
        self.jobs: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = []

    def work(self, do: Callable[[Any], Any], done: Callable[[Any], Any], failed: Callable[[Any], Any]) -> SimpleNamespace:
        self.jobs.append((do, done))
        return SimpleNamespace(cancel=lambda: None)

    def show(self, quality: str, *, more_follows: bool = False) -> None:
        self.is_up_to_date = not more_follows
        self.rendered.emit(RenderResult(1, np.full((64, 64, 3), 90, np.uint8), quality, 0.1, (64, 64), {}, more_follows=more_follows))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def live(qapp: object) -> Live:
    return Live()


@pytest.fixture
def styles(live: Live, tmp_path: Path) -> Iterator[StylesController]:
    document = Document(np.full((64, 64), 156, np.uint8), load_label_set("coco_stuff"), "sky")
    controller = StylesController(live, document, tmp_path)  # pyright: ignore[reportArgumentType]
    yield controller
    controller.close()


def test_a_strength_that_is_moved_while_a_picture_is_encoded_stays(styles: StylesController, live: Live, photo: Any) -> None:
    jpeg = pictures.encode(photo())
    styles.adopt(Style("reference", None, np.zeros(1, np.float32), 1.0, "Lake", "", jpeg))
    styles.set_strength(0.4)
    ((_, done),) = live.jobs
    done(CODE)
    assert styles.style.label == "Lake"
    assert styles.style.strength == 0.4
    assert np.allclose(styles.style.for_renderer(8), 0.4 * CODE)


def test_a_document_brings_its_strength_where_nobody_moved_it(styles: StylesController, live: Live, photo: Any) -> None:
    jpeg = pictures.encode(photo())
    styles.adopt(Style("reference", None, np.zeros(1, np.float32), 0.7, "Lake", "", jpeg), is_saved=True)
    live.jobs[0][1](CODE)
    assert styles.style.strength == 0.7


def test_a_style_whose_full_picture_fails_is_remembered_with_the_small_one(styles: StylesController, live: Live) -> None:
    styles.adopt_seed(77)
    live.show("preview", more_follows=True)
    assert styles.history.entries == []
    live.is_up_to_date = True  # the live renderer has taken the failure for the end of it
    live.failed.emit(RenderFailure(1, RenderError("cpu failed")))
    assert [entry.style.seed for entry in styles.history.entries] == [77]
    assert not styles.picture.isNull()


def test_photographs_are_read_on_a_thread_of_their_own(
    styles: StylesController, live: Live, save_photo: Callable[..., Path], qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    read = collection.read_style_image
    monkeypatch.setattr(collection, "read_style_image", lambda path: threads.append(threading.current_thread().name) or read(path))
    styles.collection.add_files([save_photo("lake.png"), save_photo("dusk.png", 1)])
    qtbot.waitUntil(lambda: len(styles.collection.shelf.references) == 2)
    assert threads == ["photographs"] * 2
    assert len(live.jobs) == 1  # only the first one's style is taken


def test_a_new_texture_is_a_step_and_leaves_the_style_alone(styles: StylesController, live: Live) -> None:
    styles.adopt_seed(77)
    before = styles.style
    styles.new_texture()
    first = styles.style.texture
    assert first == live.texture != 0
    assert (styles.style.seed, styles.style.strength) == (before.seed, before.strength)
    styles.new_texture()
    assert styles.style.texture not in (0, first)
    stack = styles._document.undo_stack
    stack.undo()
    assert live.texture == first
    stack.undo()
    assert live.texture == 0
    stack.redo()
    styles.roll()
    assert styles.style.texture == first  # another style, the same places


def test_textures_are_kept_with_styles(styles: StylesController) -> None:
    styles.new_texture()
    data = style_to_json(styles.style)
    assert data["texture"] == styles.style.texture
    again = style_from_json(data)
    assert again is not None
    assert again.is_same(styles.style)
    assert style_from_json({"seed": 3}).texture == 0  # pyright: ignore[reportOptionalMemberAccess]
    for broken in (-1, True, 1.5, "7", 2**63):
        assert style_from_json({"seed": 3, "texture": broken}) is None
