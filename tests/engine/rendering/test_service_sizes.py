"""Small pictures before ones that take long, and sizes for which memory does not suffice: with real tiny weights and a set clock."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.renderer import Frame, Renderer
from spade_studio.engine.rendering.service import Delivery, RendererReady, RenderFailure, RenderRequest, RenderResult, RenderService

PATIENCE = 30.0
LARGE = (256, 256)
SECONDS_PER_PIXEL = 2.0 / (256 * 256)  # two seconds for LARGE, half a second for half of it


class Studio:
    """A service whose frames take as long on its clock as they have pixels; each can be watched or held by ``during``."""

    def __init__(self, tiny: Any, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tiny = tiny
        self.seconds = 0.0
        clock = SimpleNamespace(monotonic=lambda: self.seconds, perf_counter=lambda: self.seconds)
        monkeypatch.setattr("spade_studio.engine.rendering.service.time", clock)
        self.deliveries: queue.Queue[Delivery] = queue.Queue()
        self.renderer = Renderer.load(weights, device="cpu", dtype="float32")
        self._render_frame = self.renderer.render_frame
        monkeypatch.setattr(self.renderer, "render_frame", self.render_frame)
        self.asked: list[tuple[tuple[int, int], bool]] = []
        self.during: Callable[[tuple[int, int]], object] = lambda _size: None
        self.most_pixels = 10**9
        self.service = RenderService(lambda: self.renderer, self.deliveries.put)
        self.revision = 0
        self.service.start()
        ready = self.deliveries.get(timeout=PATIENCE)
        assert isinstance(ready, RendererReady)
        self.ready = ready

    def render_frame(self, *, preview: bool = False, should_stop: Callable[[], bool] | None = None) -> Frame | None:
        layout = self.renderer._layout
        assert layout is not None
        size = layout.height, layout.width
        self.asked.append((size, preview))
        if size[0] * size[1] > self.most_pixels:
            with self.renderer._on_device():
                raise torch.OutOfMemoryError("tried to allocate")
        self.during(size)
        frame = self._render_frame(preview=preview, should_stop=should_stop)
        if frame is not None:
            self.seconds += size[0] * size[1] * SECONDS_PER_PIXEL
        return frame

    def submit(self, **changes: Any) -> int:
        self.revision += 1
        values: dict[str, Any] = {"revision": self.revision, "labels": self.tiny.label_map(self.revision), "style": 0, "size": LARGE}
        self.service.submit(RenderRequest(**(values | changes)))
        return self.revision

    def result(self) -> RenderResult:
        delivery = self.deliveries.get(timeout=PATIENCE)
        assert isinstance(delivery, RenderResult), delivery
        return delivery

    def last_result(self) -> RenderResult:
        """Return the full picture of a request, after a small one if there is one."""
        result = self.result()
        return self.result() if result.more_follows else result

    def measure(self) -> None:
        """Render once, so that the time of a frame is known."""
        self.submit()
        self.last_result()
        self.asked.clear()


@pytest.fixture
def studio(tiny: Any, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    made = Studio(tiny, tiny_weights, monkeypatch)
    yield made
    assert made.service.close()


def test_what_was_loaded_tells_its_limits(studio: Studio) -> None:
    ready, renderer = studio.ready, studio.renderer
    assert (ready.path, ready.sha256) == (renderer.info.path, renderer.weights_sha256)
    assert (ready.z_width, ready.training_size) == (renderer.z_width, renderer.training_size)
    assert (ready.smallest_side, ready.largest_side) == (32, 8192)
    assert ready.size_of(SizeWish("side", 100), (64, 128)) == (50, 100)
    assert ready.size_of(SizeWish("side", 20_000), (64, 64)) == (8192, 8192)


def test_a_wish_is_rendered_as_it_comes_out_for_the_layout(studio: Studio) -> None:
    studio.submit(labels=studio.tiny.label_map(0, 64, 128), size=SizeWish("side", 192))
    assert studio.result().size == (96, 192)


def test_a_new_layout_is_shown_small_and_then_at_full_size(studio: Studio) -> None:
    studio.measure()
    revision = studio.submit()
    small, full = studio.result(), studio.result()
    assert (small.revision, small.quality, small.size, small.more_follows) == (revision, "preview", (128, 128), True)
    assert small.image.shape == (128, 128, 3)
    assert (full.revision, full.quality, full.size, full.more_follows) == (revision, "exact", LARGE, False)
    assert small.seconds == pytest.approx(0.5)
    assert full.seconds == pytest.approx(2.0)


def test_a_quick_frame_comes_at_once(studio: Studio) -> None:
    studio.measure()
    studio.submit(size=(96, 96))
    result = studio.result()
    assert (result.size, result.quality, result.more_follows) == ((96, 96), "exact", False)
    assert studio.asked == [((96, 96), False)]


def test_while_the_hand_moves_small_frames_suffice_and_the_rest_brings_the_full_one(studio: Studio) -> None:
    studio.measure()
    studio.renderer.release_memory()  # nothing to go on from: every frame is a whole one
    labels = studio.tiny.label_map(50)
    studio.submit(labels=labels, hand_moving=True)
    small = studio.result()
    assert (small.size, small.quality, small.more_follows) == ((128, 128), "preview", False)
    studio.submit(labels=labels.copy())
    full = studio.result()
    assert (full.size, full.quality) == (LARGE, "exact")
    assert [size for size, _ in studio.asked] == [(128, 128), LARGE]


def test_a_stroke_whose_preview_is_quick_stays_at_full_size(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.measure()
    monkeypatch.setattr(studio.renderer, "preview_share", lambda: 0.1)
    studio.submit(hand_moving=True)
    assert studio.result().size == LARGE
    assert studio.asked == [(LARGE, True)]


def test_the_full_size_gives_way_to_what_is_newer_however_long_ago_a_frame_was_shown(studio: Studio) -> None:
    studio.measure()
    newer: list[int] = []

    def during(size: tuple[int, int]) -> None:
        if size == LARGE and not newer:
            studio.seconds += 10
            newer.append(studio.submit())

    studio.during = during
    first = studio.submit()
    told = [studio.result() for _ in range(3)]
    assert [(result.revision, result.size) for result in told] == [
        (first, (128, 128)),
        (newer[0], (128, 128)),
        (newer[0], LARGE),
    ]


def test_painting_without_rest_shows_a_small_frame_for_every_layout_that_is_served(studio: Studio) -> None:
    studio.measure()
    studio.renderer.release_memory()
    shown = 0
    for _ in range(5):
        revision = studio.submit(hand_moving=True)
        result = studio.result()
        assert result.revision == revision
        shown += result.size == (128, 128)
    assert shown == 5


def test_before_anything_is_measured_a_large_picture_begins_small(studio: Studio) -> None:
    studio.submit(size=(512, 512))
    assert [studio.result().size for _ in range(2)] == [(256, 256), (512, 512)]


# ---- memory


def test_a_size_that_ran_out_of_memory_is_not_tried_at_every_request(studio: Studio) -> None:
    studio.most_pixels = 128 * 128
    studio.submit(size=LARGE)
    result = studio.last_result()
    assert (result.size, result.reduced) == ((128, 128), (LARGE, (128, 128)))
    assert result.message == "not enough memory on cpu for 256x256: rendered at 128x128"
    studio.asked.clear()
    for _ in range(3):
        studio.submit(size=LARGE)
        result = studio.result()
        assert (result.size, result.reduced) == ((128, 128), (LARGE, (128, 128)))
        assert result.message
    assert {size for size, _ in studio.asked} == {(128, 128)}


def test_it_is_tried_again_when_asked_or_when_another_size_was_wanted(studio: Studio) -> None:
    studio.most_pixels = 128 * 128
    studio.submit(size=LARGE)
    assert studio.result().reduced
    studio.most_pixels = 10**9
    studio.submit(size=LARGE)
    assert studio.result().size == (128, 128)
    studio.service.forget_failures()
    studio.submit(size=LARGE)
    result = studio.last_result()
    assert (result.size, result.reduced, result.message) == (LARGE, None, "")


def test_another_size_forgets(studio: Studio) -> None:
    studio.most_pixels = 128 * 128
    studio.submit(size=LARGE)
    assert studio.result().reduced
    studio.submit(size=(96, 96))
    assert studio.result().reduced is None
    studio.asked.clear()
    studio.submit(size=LARGE, labels=studio.tiny.label_map(3))
    assert studio.last_result().reduced
    assert (LARGE, False) in studio.asked


def test_no_memory_at_all_is_a_failure_each_time_and_over_when_there_is_some(studio: Studio) -> None:
    studio.most_pixels = 0
    studio.submit(size=(96, 96))
    assert isinstance(studio.deliveries.get(timeout=PATIENCE), RenderFailure)
    studio.most_pixels = 10**9
    studio.submit(size=(96, 96))
    result = studio.result()
    assert (result.size, result.reduced) == ((96, 96), None)


def test_a_preview_share_is_near_what_a_preview_recomputes(studio: Studio) -> None:
    labels = studio.tiny.label_map(0, 128, 128)
    renderer = studio.renderer
    renderer.set_style(renderer.style_from_seed(0))
    renderer.set_layout(labels, size=(128, 128))
    assert renderer.preview_share() is None  # nothing is kept yet
    studio._render_frame()
    assert 0 < (renderer.preview_share() or 0) < 0.2
    renderer.set_layout(np.full_like(labels, labels[0, 0]), size=(128, 128))
    assert renderer.preview_share() is None  # a full render is cheaper
    renderer.set_layout(labels, size=(128, 128))
    renderer.set_style(renderer.style_from_seed(1))
    assert renderer.preview_share() is None


def test_the_cpu_is_always_offered() -> None:
    devices = {device.name: device for device in Renderer.available_devices()}
    assert devices["cpu"].dtypes == ("float32", "bfloat16")
    assert ("cuda:0" in devices) == torch.cuda.is_available()


def test_a_layout_is_set_once_for_a_frame(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.measure()
    sizes: list[tuple[int, int]] = []
    set_layout = studio.renderer.set_layout

    def counted(labels: Any, instances: Any, size: Any) -> Any:
        sizes.append(size)
        return set_layout(labels, instances, size)

    monkeypatch.setattr(studio.renderer, "set_layout", counted)
    monkeypatch.setattr(studio.renderer, "preview_share", lambda: 0.01)  # quick enough to paint at full size
    studio.submit(hand_moving=True)
    studio.result()
    assert sizes == [LARGE]
    monkeypatch.setattr(studio.renderer, "preview_share", lambda: None)
    studio.submit(hand_moving=True)
    studio.result()
    assert sizes == [LARGE, LARGE, (128, 128)]
