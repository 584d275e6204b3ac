"""The render thread with real tiny weights: what is delivered, what is dropped, what it survives, and how it ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spade_studio.engine.errors import LabelError, OutOfMemoryError, RenderError, StyleError
from spade_studio.engine.inference import preview as previews
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.rendering.renderer import Frame, Renderer
from spade_studio.engine.rendering.service import (
    Delivery,
    JobDone,
    RendererReady,
    RenderFailure,
    RenderJob,
    RenderRequest,
    RenderResult,
    RenderService,
)

PATIENCE = 30.0


class Gate:
    """Holds every frame of a renderer at its start until the test lets it pass."""

    def __init__(self, renderer: Renderer) -> None:
        self._render_frame = renderer.render_frame
        self._entered: queue.Queue[None] = queue.Queue()
        self._passes = threading.Semaphore(0)
        renderer.render_frame = self.render_frame

    def render_frame(self, *, preview: bool = False, should_stop: Callable[[], bool] | None = None) -> Frame | None:
        self._entered.put(None)
        assert self._passes.acquire(timeout=PATIENCE)
        return self._render_frame(preview=preview, should_stop=should_stop)

    def wait_for_a_frame(self) -> None:
        self._entered.get(timeout=PATIENCE)

    def let_pass(self) -> None:
        self._passes.release()


class Studio:
    """A service, what it delivers, and a clock that the test sets."""

    def __init__(self, tiny: Any, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tiny = tiny
        self.seconds = 0.0
        clock = SimpleNamespace(monotonic=lambda: self.seconds, perf_counter=lambda: self.seconds)
        monkeypatch.setattr("spade_studio.engine.rendering.service.time", clock)
        self.deliveries: queue.Queue[Delivery] = queue.Queue()
        self.renderer = Renderer.load(weights, device="cpu", dtype="float32")
        self.service = RenderService(lambda: self.renderer, self.deliveries.put)
        self.gate: Gate | None = None
        self.revision = 0

    def start(self) -> None:
        self.service.start()
        assert isinstance(self.next(), RendererReady)

    def hold_frames(self) -> Gate:
        self.gate = Gate(self.renderer)
        return self.gate

    def submit(self, **changes: Any) -> int:
        self.revision += 1
        values: dict[str, Any] = {"revision": self.revision, "labels": self.tiny.label_map(self.revision), "style": 0}
        self.service.submit(RenderRequest(**(values | changes)))
        return self.revision

    def next(self) -> Delivery:
        return self.deliveries.get(timeout=PATIENCE)

    def result(self) -> RenderResult:
        delivery = self.next()
        assert isinstance(delivery, RenderResult), delivery
        return delivery

    def failure(self) -> RenderFailure:
        delivery = self.next()
        assert isinstance(delivery, RenderFailure), delivery
        return delivery


@pytest.fixture
def studio(tiny: Any, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    made = Studio(tiny, tiny_weights, monkeypatch)
    yield made
    if made.gate is not None:
        for _ in range(20):
            made.gate.let_pass()
    made.service.close()
    assert not made.service._thread.is_alive()


def picture_of(weights: Path, labels: NDArray[np.uint8], seed: int, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    renderer = Renderer.load(weights, device="cpu", dtype="float32")
    renderer.set_style(renderer.style_from_seed(seed) if renderer.z_width else None)
    renderer.set_layout(labels, size=size)
    return renderer.render()[0]


# ---- what is delivered


def test_what_was_loaded_is_told_first(studio: Studio, tiny: Any) -> None:
    studio.submit()
    studio.service.start()
    ready = studio.next()
    assert isinstance(ready, RendererReady)
    assert (ready.device, ready.dtype, ready.stride, ready.known_ids) == ("cpu", "float32", 32, tiny.ids)
    assert (ready.can_use_noise, ready.can_use_style_image) == (True, True)
    assert studio.result().revision == 1  # submitted before the thread ran


def test_a_request_gives_the_renderers_picture(studio: Studio, tiny: Any, tiny_weights: Path) -> None:
    studio.start()
    labels = tiny.label_map(3, 64, 128)
    labels[:5, :7] = 99
    revision = studio.submit(labels=labels, style=4)
    result = studio.result()
    assert (result.revision, result.quality, result.size, result.message) == (revision, "exact", (64, 128), "")
    assert result.unknown_ids == {99: 35}
    assert np.array_equal(result.image, picture_of(tiny_weights, labels, 4))
    studio.submit(labels=labels, style=studio.renderer.style_from_seed(4), size=(96, 96))
    result = studio.result()
    assert result.size == (96, 96)
    assert np.array_equal(result.image, picture_of(tiny_weights, labels, 4, (96, 96)))


def test_layout_only_weights_ignore_a_seed(tiny: Any, tiny_layout_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = Studio(tiny, tiny_layout_weights, monkeypatch)
    studio.service.start()
    ready = studio.next()
    assert isinstance(ready, RendererReady)
    assert (ready.can_use_noise, ready.can_use_style_image) == (False, False)
    for style in (0, 5, None):
        studio.submit(labels=tiny.label_map(0), style=style)
        assert np.array_equal(studio.result().image, picture_of(tiny_layout_weights, tiny.label_map(0), 0))
    studio.service.close()


def test_previews_while_the_hand_moves(studio: Studio, tiny: Any, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "_COST_OF_A_POSITION", 0)
    studio.start()
    labels = tiny.label_map(0)
    qualities: list[str] = []
    image = None
    for step, moving in enumerate((False, True, True, False)):
        labels = labels.copy()
        labels[20:24, 20 : 24 + step] = 10 * (step + 1)
        studio.submit(labels=labels, hand_moving=moving)
        result = studio.result()
        qualities.append(result.quality)
        image = result.image
    assert qualities == ["exact", "preview", "preview", "exact"]
    assert image is not None
    assert np.abs(image.astype(int) - picture_of(tiny_weights, labels, 0)).max() <= 1


# ---- the mailbox and the rule against starving


def test_the_newest_request_wins(studio: Studio) -> None:
    gate = studio.hold_frames()
    studio.start()
    first = studio.submit()
    gate.wait_for_a_frame()
    studio.submit()
    last = studio.submit()
    gate.let_pass()
    gate.let_pass()
    assert [studio.result().revision, studio.result().revision] == [first, last]


def test_a_render_gives_way_while_frames_are_fresh(studio: Studio, tiny_weights: Path) -> None:
    gate = studio.hold_frames()
    studio.start()
    gate.let_pass()
    shown = studio.submit()
    gate.wait_for_a_frame()
    assert studio.result().revision == shown
    for _ in range(3):
        studio.submit()
        gate.wait_for_a_frame()
        studio.seconds += 0.3
        last = studio.submit()
        gate.let_pass()
        gate.wait_for_a_frame()
        gate.let_pass()
        result = studio.result()
        assert result.revision == last
        assert np.array_equal(result.image, picture_of(tiny_weights, studio.tiny.label_map(last), 0))
    assert studio.deliveries.empty()


def test_constant_painting_never_starves_the_picture(studio: Studio) -> None:
    """Every frame takes 0.4 s and finds a newer request; the picture still follows about once a second."""
    gate = studio.hold_frames()
    studio.start()
    studio.submit()
    shown: list[float] = []
    for _ in range(20):
        gate.wait_for_a_frame()
        studio.submit()
        studio.seconds += 0.4
        gate.let_pass()
        if studio.seconds - (shown[-1] if shown else -1.0) >= 1:
            studio.result()
            shown.append(studio.seconds)
    assert len(shown) >= 6
    assert max(b - a for a, b in pairwise(shown)) <= 1.4


def test_results_come_in_order_and_the_last_one_always(studio: Studio, tiny: Any) -> None:
    studio.start()
    maps = [tiny.label_map(seed) for seed in range(3)]
    for i in range(60):
        studio.submit(labels=maps[i % 3], hand_moving=i % 2 == 0)
    revisions: list[int] = []
    while not revisions or revisions[-1] < 60:
        revisions.append(studio.result().revision)
    assert revisions == sorted(set(revisions))


# ---- failures


def test_failures_are_values_and_the_next_request_is_served(studio: Studio, tiny: Any) -> None:
    studio.start()
    bad = studio.submit(style=np.zeros(3, np.float32))
    failure = studio.failure()
    assert failure.revision == bad
    assert isinstance(failure.error, StyleError)
    studio.submit(size=(50, 50))
    assert "multiples of 32" in str(studio.failure().error)
    studio.submit(labels=np.zeros((4, 4, 3), np.uint8), size=(64, 64))
    assert isinstance(studio.failure().error, LabelError)
    good = studio.submit()
    assert studio.result().revision == good


def test_a_broken_renderer_does_not_end_the_thread(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.start()
    with monkeypatch.context() as patch:
        patch.setattr(studio.renderer, "render_frame", lambda **_: 1 / 0)
        studio.submit()
        failure = studio.failure()
    assert isinstance(failure.error, RenderError)
    assert "ZeroDivisionError" in str(failure.error)
    studio.submit()
    studio.result()


def test_a_failing_device_does_not_end_the_thread(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.start()

    def launch_failure(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    with monkeypatch.context() as patch:
        patch.setattr(studio.renderer._maker, "frame", launch_failure)
        studio.submit()
        assert "unspecified launch failure" in str(studio.failure().error)
    studio.submit()
    studio.result()


def out_of_memory_above(studio: Studio, monkeypatch: pytest.MonkeyPatch, pixels: int) -> list[tuple[int, int]]:
    """Let frames of more pixels run out of memory; returns the sizes tried."""
    real = studio.renderer._maker.frame
    tried: list[tuple[int, int]] = []

    def frame(layout: Any, z: Any, **options: Any) -> Any:
        tried.append((layout.height, layout.width))
        if layout.height * layout.width > pixels:
            raise torch.OutOfMemoryError("tried to allocate")
        return real(layout, z, **options)

    monkeypatch.setattr(studio.renderer._maker, "frame", frame)
    return tried


def test_out_of_memory_falls_back_to_a_smaller_size_and_says_so(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tiny_weights: Path, tiny: Any
) -> None:
    tried = out_of_memory_above(studio, monkeypatch, 64 * 64)
    studio.start()
    labels = tiny.label_map(0)
    studio.submit(labels=labels, size=(256, 192))
    result = studio.result()
    assert tried == [(256, 192), (128, 96), (64, 32)]
    assert result.size == (64, 32)
    assert result.image.shape == (64, 32, 3)
    assert result.message == "not enough memory on cpu for 192x256: rendered at 32x64"
    assert np.array_equal(result.image, picture_of(tiny_weights, labels, 0, (64, 32)))
    studio.submit(labels=labels)
    assert studio.result().message == ""


def test_out_of_memory_at_the_smallest_size_is_a_failure(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = out_of_memory_above(studio, monkeypatch, 0)
    studio.start()
    studio.submit(size=(96, 64))
    failure = studio.failure()
    assert isinstance(failure.error, OutOfMemoryError)
    assert tried == [(96, 64), (32, 32)]


def test_a_layout_that_does_not_fit_in_memory_falls_back_too(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Layout.from_channels

    def from_channels(channels: NDArray[np.integer], *values: Any, **options: Any) -> Layout:
        if channels.size > 64 * 64:
            raise MemoryError
        return real(channels, *values, **options)

    monkeypatch.setattr(Layout, "from_channels", from_channels)
    studio.start()
    for hand_moving in (False, True):
        studio.submit(size=(256, 192), hand_moving=hand_moving)
        assert studio.result().size == (64, 32)


def test_a_job_that_ran_out_of_memory_leaves_it_to_the_window(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    released: list[bool] = []
    real = studio.renderer.release_memory
    monkeypatch.setattr(studio.renderer, "release_memory", lambda: released.append(True) or real())

    def do(_renderer: Renderer) -> None:
        raise OutOfMemoryError("not enough memory on cpu")

    studio.start()
    studio.service.submit_job(RenderJob(do))
    done = studio.next()
    assert isinstance(done, JobDone)
    assert isinstance(done.error, OutOfMemoryError)
    assert released == [True]
    studio.submit()
    studio.result()


# ---- the end


def test_closing_ends_a_running_render(studio: Studio) -> None:
    gate = studio.hold_frames()
    studio.start()
    studio.submit()
    gate.wait_for_a_frame()
    studio.submit()
    closer = threading.Thread(target=studio.service.close)
    closer.start()
    with studio.service._changed:
        assert studio.service._changed.wait_for(lambda: studio.service._closing, PATIENCE)
    gate.let_pass()
    closer.join(PATIENCE)
    assert not closer.is_alive()
    assert studio.deliveries.empty()


def test_closing_twice_or_unstarted_is_fine(studio: Studio, tiny_weights: Path) -> None:
    studio.start()
    studio.service.close()
    studio.service.close()
    RenderService(lambda: Renderer.load(tiny_weights), studio.deliveries.put).close()
    studio.submit()
    assert studio.deliveries.empty()
