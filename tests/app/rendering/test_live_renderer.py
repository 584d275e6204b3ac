"""The bridge to the render thread: with the stand-in for order and timing, with a tiny real network for the whole way."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from spade_studio.app.model.document import Document
from spade_studio.app.rendering.live_renderer import REST_MILLISECONDS, LiveRenderer
from spade_studio.app.rendering.loading import LoadOptions, peek_channels, renderer_loader
from spade_studio.app.shell.main_window import MainWindow
from spade_studio.engine.errors import RenderError, WeightsError
from spade_studio.engine.labels import LabelChannels, load_label_set
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.service import RenderFailure, RenderResult

SKY, GRASS = 156, 123
COCO = load_label_set("coco_stuff")


@pytest.fixture
def document(qapp):
    return Document(np.full((64, 64), SKY, np.uint8), COCO, "sky")


@pytest.fixture
def live(document, renderer):
    live = LiveRenderer(document, renderer.load, seed=5)
    yield live
    renderer.gate.set()
    live.close()


def wait(qtbot, live) -> None:
    qtbot.waitUntil(lambda: live.is_up_to_date)


def paint(document, x: float, y: float) -> None:
    assert document.stroke
    document.stroke.line((x, y), (x, y), 9, GRASS)


def test_previews_while_the_button_is_down_and_the_exact_picture_on_release(document, live, renderer, qtbot):
    shown: list[RenderResult] = []
    live.rendered.connect(shown.append)
    live.start()
    wait(qtbot, live)
    document.begin_stroke("brush")
    for x in (10, 30, 50):
        paint(document, x, 30)
        wait(qtbot, live)
    document.end_stroke()
    wait(qtbot, live)
    assert [result.quality for result in shown] == ["exact", "preview", "preview", "preview", "exact"]
    assert [result.revision for result in shown] == sorted(result.revision for result in shown)
    np.testing.assert_array_equal(shown[-1].image[..., 0], document.labels)
    assert renderer.seeds == [5] * 5


def test_a_hand_that_rests_with_the_button_down_gets_the_exact_picture(document, live, renderer, qtbot):
    live.start()
    wait(qtbot, live)
    document.begin_stroke("brush")
    paint(document, 10, 30)
    qtbot.waitUntil(lambda: len(renderer.seen) == 3, timeout=20 * REST_MILLISECONDS)
    assert [preview for _, preview in renderer.seen] == [False, True, False]
    document.end_stroke()


def test_many_changes_make_one_request_of_the_newest(document, live, renderer, qtbot):
    live.start()
    wait(qtbot, live)
    renderer.gate.clear()
    document.begin_stroke("brush")
    for x in range(5, 60):
        paint(document, x, 30)
        qtbot.wait(0)
    document.end_stroke()
    renderer.gate.set()
    wait(qtbot, live)
    assert len(renderer.seen) < 10
    np.testing.assert_array_equal(renderer.seen[-1][0], document.labels)
    assert renderer.seen[-1][1] is False


def test_what_was_submitted_never_changes_afterwards(document, live, renderer, qtbot):
    live.start()
    wait(qtbot, live)
    before = renderer.seen[-1][0]
    document.begin_stroke("brush")
    paint(document, 30, 30)
    document.end_stroke()
    wait(qtbot, live)
    assert (before == SKY).all()


def test_results_older_than_what_is_shown_are_dropped(live):
    shown: list[int] = []
    live.rendered.connect(lambda result: shown.append(result.revision))
    for revision in (3, 2, 4, 4, 1):
        live._receive(RenderResult(revision, np.zeros((2, 2, 3), np.uint8), "exact", 0.1, (2, 2), {}))
    assert shown == [3, 4, 4]


def test_undo_a_new_seed_and_another_document_are_rendered(document, live, renderer, qtbot):
    live.start()
    document.begin_stroke("brush")
    paint(document, 30, 30)
    document.end_stroke()
    wait(qtbot, live)
    document.undo_stack.undo()
    wait(qtbot, live)
    assert (renderer.seen[-1][0] == SKY).all()
    live.seed = 77
    wait(qtbot, live)
    assert renderer.seeds[-1] == 77
    document.replace(np.full((32, 32), GRASS, np.uint8), "grass")
    wait(qtbot, live)
    assert renderer.seen[-1][0].shape == (32, 32)


def test_closing_while_it_loads_joins_the_thread_and_says_nothing_more(document, renderer, qtbot):
    renderer.gate.clear()
    live = LiveRenderer(document, renderer.load, seed=1)
    told: list[object] = []
    for signal in (live.ready, live.rendered, live.failed):
        signal.connect(told.append)
    live.start()
    release = threading.Timer(0.05, renderer.gate.set)
    release.start()
    live.close()
    release.join()
    qtbot.wait(1)
    assert told == []
    assert not [thread for thread in threading.enumerate() if thread.name == "render"]


def test_weights_that_cannot_be_loaded_are_a_failure_signal(document, qtbot):
    def load():
        raise WeightsError("landscapes.safetensors is cut off", "a whole file", "Download it again")

    live = LiveRenderer(document, load, seed=1)
    with qtbot.waitSignal(live.failed) as signal:
        live.start()
    failure = signal.args[0]
    assert isinstance(failure, RenderFailure)
    assert "Download it again" in str(failure.error)
    live.close()


# ---- the whole way, with a network of random weights


@pytest.fixture(scope="module")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from spade_studio.engine.networks.build import build_generator
    from spade_studio.engine.weights import save_bundle

    torch.manual_seed(4)
    channels = LabelChannels.from_label_set(COCO, (SKY, GRASS, 154, 168), "last", edge=False)
    config = GeneratorConfig(
        semantic_channels=channels.semantic_channels, base_channels=4, hidden_width=8, norm="batch", input="noise", z_width=8, crop_size=64
    )
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    network = build_generator(config)
    save_bundle(
        path, generator_config=config, generator=network.state_dict(), channels=channels, training_size=(64, 64), name="tiny", steps=0,
        data="nothing", licence="none needed", averaged=False,
    )  # fmt: skip
    return path


@pytest.fixture
def real_window(tiny_bundle, settings, theme, qtbot):
    options = LoadOptions(tiny_bundle, "cpu", "float32")
    window = MainWindow(settings, theme, renderer_loader(options), peek_channels(options))
    qtbot.addWidget(window, before_close_func=lambda window: window.document.undo_stack.setClean())
    window.show()
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=60_000)
    return window


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_a_stroke_changes_the_picture_and_undo_brings_it_back(real_window, make_hand, qtbot):

    window = real_window
    assert window.palette_panel.visible_ids() == (SKY, GRASS, 154, 168)
    before = pixels(window.render_panel.view.image)
    assert before.shape == (64, 64, 3)
    window.toolbox.label = GRASS
    make_hand(window).stroke((40, 40), (120, 60))
    qtbot.waitUntil(lambda: window.live.is_up_to_date and window.render_panel.view.quality == "exact")
    painted = pixels(window.render_panel.view.image)
    assert (painted != before).any()
    window.commands["undo"].trigger()
    qtbot.waitUntil(lambda: window.live.is_up_to_date and window.render_panel.view.quality == "exact")
    np.testing.assert_array_equal(pixels(window.render_panel.view.image), before)


def test_the_header_alone_tells_the_labels(tiny_bundle, tmp_path):
    channels = peek_channels(LoadOptions(tiny_bundle))
    assert channels is not None
    assert channels.known_ids == (SKY, GRASS, 154, 168)
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 100)
    assert peek_channels(LoadOptions(tmp_path / "broken.safetensors")) is None
    assert peek_channels(LoadOptions(tmp_path)) is None


def test_work_is_done_between_frames_in_order_and_told_on_the_windows_thread(live, renderer, qtbot):
    told: list[object] = []
    live.start()
    wait(qtbot, live)
    threads: list[int] = []

    def do(number: int) -> int:
        threads.append(threading.get_ident())
        return number

    for number in range(3):
        live.work(lambda _renderer, number=number: do(number), lambda value: told.append((value, threading.get_ident())))
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told == [(number, threading.get_ident()) for number in range(3)]
    assert threading.get_ident() not in threads


def test_cancelled_work_is_not_told_and_failed_work_is(live, renderer, qtbot):
    told: list[object] = []

    def fail(_renderer: object) -> None:
        raise ValueError("broken")

    live.start()
    wait(qtbot, live)
    live.work(lambda _renderer: 1, told.append, told.append).cancel()
    live.work(fail, told.append, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert [str(error) for error in told] == ["rendering failed: ValueError: broken."]
    assert isinstance(told[0], RenderError)


def test_work_waits_for_the_renderer_and_fails_with_it(document, qtbot):
    told: list[object] = []

    def load() -> None:
        raise WeightsError("no such weights")

    live = LiveRenderer(document, load, seed=5)  # pyright: ignore[reportArgumentType]
    live.work(lambda _renderer: 1, told.append, told.append)
    live.start()
    qtbot.waitUntil(lambda: len(told) == 1)
    live.work(lambda _renderer: 1, told.append, told.append)
    qtbot.waitUntil(lambda: len(told) == 2)
    assert [str(error) for error in told] == ["no such weights."] * 2
    live.close()


def test_work_that_waits_fails_when_other_weights_take_over(document, live, renderer, qtbot):
    told: list[object] = []
    live.start()
    wait(qtbot, live)
    begun, old = threading.Event(), live._service

    def hold(_renderer: object) -> int:
        begun.set()
        while not old._closing:  # so that the next job cannot begin
            threading.Event().wait(0.001)
        return 1

    live.work(hold, told.append, told.append)
    assert begun.wait(30)
    live.work(lambda _renderer: 2, told.append, told.append)
    with qtbot.waitSignal(live.ready):
        assert live.replace_renderer(renderer.load)
    wait(qtbot, live)
    assert 2 not in told
    assert isinstance(told[-1], RenderError)
    assert "replaced" in str(told[-1])


def test_a_style_code_is_rendered_as_it_is(live, renderer, qtbot):
    live.start()
    wait(qtbot, live)
    code = np.arange(4, dtype=np.float32)
    live.style = code
    assert not live.is_up_to_date
    assert live.seed == 5
    wait(qtbot, live)
    live.style = code.copy()
    assert live.is_up_to_date
    live.seed = 5
    assert not live.is_up_to_date


def test_a_small_picture_is_shown_but_is_not_the_end(live, renderer, qtbot):
    shown: list[tuple[str, bool]] = []
    live.rendered.connect(lambda result: shown.append((result.quality, live.is_up_to_date)))
    live.start()
    wait(qtbot, live)
    shown.clear()
    image = np.zeros((2, 2, 3), np.uint8)
    live._receive(RenderResult(live.shown, image, "preview", 0.1, (2, 2), {}, more_follows=True))
    live._receive(RenderResult(live.shown, image, "exact", 2.0, (4, 4), {}))
    assert shown == [("preview", False), ("exact", True)]


def test_a_picture_at_an_unmeasured_large_size_begins_small(document, live, renderer, qtbot):
    renderer.training_size = (512, 512)
    live.size = SizeWish("side", 512)
    shown: list[RenderResult] = []
    live.rendered.connect(shown.append)
    live.start()
    wait(qtbot, live)
    assert [(result.size, result.quality) for result in shown] == [((512, 512), "preview"), ((512, 512), "exact")]
    live.size = SizeWish("side", 512)
    assert live.is_up_to_date
    live.size = SizeWish("layout")
    wait(qtbot, live)
    assert shown[-1].size == (64, 64)


def test_what_is_replaced_ends_behind_the_windows_back(document, live, renderer, qtbot, monkeypatch):
    monkeypatch.setattr("spade_studio.app.rendering.live_renderer.RETIRING_SECONDS", 0.0)
    live.start()
    wait(qtbot, live)
    renderer.gate.clear()
    live.try_again()
    qtbot.waitUntil(lambda: not live._soon.isActive() and live._service._waiting is None)
    old, other = live._service, type(renderer)()
    assert live.replace_renderer(other.load)
    qtbot.waitUntil(lambda: bool(other.seen) and live.is_up_to_date)
    assert old in live._retiring
    assert old._thread.is_alive()  # in a frame that cannot give way
    renderer.gate.set()
    live.close()
    assert not old._thread.is_alive()


def test_a_refinement_that_fails_leaves_nothing_to_wait_for(live):
    small = RenderResult(4, np.zeros((2, 2, 3), np.uint8), "preview", 0.1, (2, 2), {}, more_follows=True)
    live._newest = 4
    live._receive(small)
    assert not live.is_up_to_date
    live._receive(RenderFailure(4, RenderError("cpu failed")))
    assert live.is_up_to_date
    live._receive(small)
    live._receive(RenderFailure(3, RenderError("of a request before it")))
    assert not live.is_up_to_date


def test_what_was_asked_for_before_the_start_is_done_by_the_renderer_that_starts(live, renderer, qtbot):
    answers: list[str] = []
    live.work(lambda renderer: renderer.device, answers.append)
    assert live.replace_renderer(renderer.load)
    live.start()
    qtbot.waitUntil(lambda: answers == ["cpu"])
