"""Details of live pictures: what comes first, what follows, and how soon it gives way."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from spade_studio.engine.batch.picture import render_described
from spade_studio.engine.detail import levels
from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.detail.finisher import Finisher
from spade_studio.engine.errors import GaveWayError, OutOfMemoryError
from spade_studio.engine.rendering import live_details
from spade_studio.engine.rendering.frame_sizes import FrameTimes
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.rendering.result_plan import ResultWish
from spade_studio.engine.rendering.service import (
    JobDone,
    RendererReady,
    RenderFailure,
    RenderJob,
    RenderRequest,
    RenderResult,
    RenderService,
)
from spade_studio.engine.rendering.values import Delivery, DetailPostponed, DetailProgress

PATIENCE = 30.0
SIZE = (120, 160)


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both levels as small networks: whole pictures differ by which made them."""
    for name, seed in (("fast", 1), ("full", 2)):
        generator = torch.Generator().manual_seed(seed)
        shapes = CompactConfig(4, 4, 2).shapes()
        state = {key: 0.1 * torch.randn(shape, generator=generator) for key, shape in shapes.items()}
        (tmp_path / f"{name}.safetensors").write_bytes(safetensors.torch.save(state))
        monkeypatch.setitem(levels._FILES, name, f"{name}.safetensors")
    monkeypatch.setattr(levels, "_folder", lambda: tmp_path)
    return tmp_path


class Studio:
    def __init__(self, tiny: Any, weights: Path) -> None:
        self.tiny = tiny
        self.deliveries: queue.Queue[Delivery] = queue.Queue()
        self.renderer = Renderer.load(weights, device="cpu", dtype="float32")
        self.service = RenderService(lambda: self.renderer, self.deliveries.put)
        self.service.start()
        assert isinstance(self.next(), RendererReady)

    def submit(self, revision: int, detail: Any, **changes: Any) -> None:
        wish = ResultWish(SIZE, detail)
        self.service.submit(RenderRequest(revision, self.tiny.label_map(revision, 96, 128), 0, result=wish, **changes))

    def next(self) -> Delivery:
        return self.deliveries.get(timeout=PATIENCE)

    def result(self) -> RenderResult:
        while isinstance(delivery := self.next(), DetailProgress):
            pass
        assert isinstance(delivery, RenderResult), delivery
        return delivery

    def detailed(self) -> RenderResult:
        """Return the next picture that does not merely stand in for one with details."""
        while (result := self.result()).detail == "none" and result.more_follows:
            pass
        return result

    def made(self, revision: int, detail: Any) -> np.ndarray:
        """Return what an export of the same picture is."""
        renderer = Renderer.load(self.renderer.info.path, device="cpu", dtype="float32")
        return render_described(renderer, self.tiny.label_map(revision, 96, 128), None, None, ResultWish(SIZE, detail), 0).image


@pytest.fixture
def studio(tiny: Any, tiny_weights: Path, networks: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    add = FrameTimes.add
    monkeypatch.setattr(FrameTimes, "add", lambda times, size, seconds: add(times, size, seconds * 1e-3))  # quick on any machine
    made = Studio(tiny, tiny_weights)
    yield made
    assert made.service.close(PATIENCE)


@pytest.mark.parametrize("detail", ["none", "fast"])
def test_quick_levels_come_at_once(studio: Studio, detail: str) -> None:
    for moving in (True, False):
        studio.submit(1, detail, hand_moving=moving)
        result = studio.result()
        assert (result.image.shape[:2], result.size, result.detail, result.more_follows) == (SIZE, SIZE, detail, False)
    assert result.quality == "exact"
    assert (result.image == studio.made(1, detail)).all()


@pytest.mark.parametrize(("seconds", "levels"), [(-1.0, ["none", "fast"]), (60.0, ["fast"])])
def test_the_generators_picture_comes_first_where_details_do_not_follow_the_hand(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, seconds: float, levels: list[str]
) -> None:
    studio.submit(1, "fast", hand_moving=True)  # the first is measured
    assert studio.result().detail == "fast"
    monkeypatch.setattr(live_details, "SECONDS_TO_FOLLOW", seconds)
    studio.submit(2, "fast", hand_moving=True)
    moving = studio.result()
    assert (moving.detail, moving.size, moving.more_follows) == (levels[0], SIZE, False)
    studio.submit(3, "fast")
    results = [studio.result() for _ in levels]
    assert [result.detail for result in results] == levels
    assert [result.more_follows for result in results] == [level != "fast" for level in levels]
    assert (results[-1].image == studio.made(3, "fast")).all()
    studio.submit(3, "fast")  # what is shown is no worse than that
    assert studio.result().detail == "fast"


def test_full_follows_what_is_quick_when_the_hand_rests(studio: Studio) -> None:
    studio.submit(1, "full", hand_moving=True)
    moving = studio.result()
    assert (moving.detail, moving.quality, moving.more_follows) == ("fast", "preview", False)
    studio.submit(1, "full")
    first, second = studio.result(), studio.result()
    assert (first.detail, first.quality, first.more_follows) == ("fast", "preview", True)
    assert (second.detail, second.quality, second.more_follows) == ("full", "exact", False)
    assert (first.image == studio.made(1, "fast")).all()
    assert (second.image == studio.made(1, "full")).all()


def test_full_comes_alone_where_it_is_known_to_be_quick(studio: Studio) -> None:
    for revision in (1, 2):
        studio.submit(revision, "full")
        results = [studio.detailed()]
        if results[0].more_follows:
            results.append(studio.detailed())
    assert [result.detail for result in results] == ["full"]


def test_without_a_fast_network_the_quick_picture_is_resampled(studio: Studio, networks: Path) -> None:
    (networks / "fast.safetensors").unlink()
    studio.submit(1, "full")
    assert [studio.result().detail, studio.result().detail] == ["none", "full"]
    studio.submit(2, "fast")
    assert studio.result().detail == "none"
    delivery = studio.next()
    assert isinstance(delivery, RenderFailure)
    assert "is not installed" in str(delivery.error)


class SlowFinisher:
    """Lets every finish of the level full go on until it is stopped or let go, as a large network would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, part: float = 0.01) -> None:
        self.entered, self.let_go = threading.Event(), threading.Event()
        self.asked_after_entering = 0
        original = Finisher.finish

        def finish(finisher: Finisher, picture: Any, result: Any, level: Any, path: Any = None, *, progress: Any = None, should_stop: Any = None) -> Any:  # noqa: E501
            if level == "full" and should_stop is not None:
                self.entered.set()
                while not self.let_go.wait(0.005):
                    if progress is not None:
                        progress(part)
                    if should_stop():
                        return None
            return original(finisher, picture, result, level, path, progress=progress, should_stop=should_stop)

        monkeypatch.setattr(Finisher, "finish", finish)


def test_full_gives_way_to_a_newer_stroke(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowFinisher(monkeypatch)
    studio.submit(1, "full")
    assert studio.detailed().detail == "fast"
    assert slow.entered.wait(PATIENCE)
    studio.submit(2, "full", hand_moving=True)
    newer = studio.result()
    assert newer.revision == 2
    assert newer.detail in ("none", "fast")


def test_progress_is_told_while_full_is_made(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowFinisher(monkeypatch, part=0.25)
    studio.submit(1, "full")
    studio.detailed()
    news = studio.next()
    assert isinstance(news, DetailProgress)
    assert (news.revision, news.part) == (1, 0.25)
    slow.let_go.set()
    assert studio.result().detail == "full"


def test_full_is_postponed_where_it_takes_more_than_the_patience(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    SlowFinisher(monkeypatch, part=0.01)
    studio.submit(1, "full", patience=2.0)
    assert studio.detailed().more_follows
    while isinstance(delivery := studio.next(), DetailProgress):
        pass
    assert isinstance(delivery, DetailPostponed)
    assert delivery.seconds > 2


def test_without_memory_the_picture_comes_without_detail(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Finisher.finish

    def finish(finisher: Finisher, picture: Any, result: Any, level: Any, path: Any = None, **options: Any) -> Any:
        if level != "none":
            raise OutOfMemoryError("not enough memory on cpu")
        return original(finisher, picture, result, level, path, **options)

    monkeypatch.setattr(Finisher, "finish", finish)
    studio.submit(1, "fast")
    result = studio.detailed()
    assert result.message == "not enough memory on cpu for the detail of 160x120"
    assert (result.detail, result.size, result.more_follows) == ("none", SIZE, False)


def test_jobs_give_way_and_come_again(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    entered = threading.Event()

    def work(job: RenderJob) -> Callable[[Renderer], str]:
        def do(_: Renderer) -> str:
            calls.append(1)
            entered.set()
            while len(calls) == 1:
                if job.should_give_way():
                    raise GaveWayError
            return "done"

        return do

    job = RenderJob(lambda renderer: None)
    job.do = work(job)
    studio.service.submit_job(job)
    assert entered.wait(PATIENCE)
    studio.submit(1, "none")
    assert studio.result().revision == 1
    done = studio.next()
    assert isinstance(done, JobDone)
    assert (done.value, len(calls)) == ("done", 2)


def test_a_result_that_is_no_larger_than_the_generators_picture_gets_no_details(studio: Studio) -> None:
    labels = studio.tiny.label_map(1, 96, 96)
    base = studio.renderer.plan((96, 96), ResultWish()).result
    studio.service.submit(RenderRequest(1, labels, 0, result=ResultWish(base, "full")))
    result = studio.result()
    assert (result.size, result.detail, result.more_follows) == (base, "none", False)


def test_unknown_labels_are_those_of_the_layout(studio: Studio) -> None:
    labels = studio.tiny.label_map(1, 96, 128)
    labels[:10, :10] = 77
    studio.service.submit(RenderRequest(1, labels, 0, result=ResultWish(SIZE)))
    assert studio.result().unknown_ids == {77: 100}
