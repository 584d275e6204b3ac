"""Videos through the window: an MP4 that can be read back, frames where there is none, cancelled and broken ones that leave nothing."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.app.variations.cells import Mix
from spade_studio.app.video.maker import quick_level
from spade_studio.app.video.plan import FilmPlan
from spade_studio.app.video.writer import FramesWriter, Mp4Writer
from spade_studio.engine.errors import EngineError
from spade_studio.engine.rendering.frame_sizes import Size, SizeWish
from spade_studio.engine.rendering.result_plan import ResultWish, plan_result

WAIT = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def video(window, qtbot, tmp_path):
    window.batch._film_styles((1, 2, 3), window.batch._capture_sheet())
    video = window.batch.video
    assert video is not None
    (tmp_path / "out").mkdir()
    video.path_field.setText(str(tmp_path / "out" / "lake.mp4"))
    video.seconds.setValue(0.5)
    video.fps.setValue(10)
    return video


def made(qtbot, video):
    qtbot.mouseClick(video.make_button, LEFT)
    qtbot.waitUntil(lambda: not video.maker.is_at_work, timeout=WAIT)


def frames_of(path):
    reader = cv2.VideoCapture(str(path))
    frames = []
    while (read := reader.read())[0]:
        frames.append(read[1][..., ::-1])
    fps = reader.get(cv2.CAP_PROP_FPS)
    reader.release()
    return frames, fps


def test_a_plan_counts_its_frames():
    plan = FilmPlan((1, 2, 3), 0.5, 10)
    assert plan.frames == 11
    assert [plan.frame(number) for number in (0, 5, 10)] == [1, 2, 3]
    mix = plan.frame(7)
    assert isinstance(mix, Mix)
    assert (mix.a, mix.b, mix.t) == (2, 3, pytest.approx(0.4))
    loop = FilmPlan((1, 2, 3), 0.5, 10, loop=True)
    assert loop.frames == 15
    last = loop.frame(14)
    assert isinstance(last, Mix)
    assert (last.a, last.b, last.t) == (3, 1, pytest.approx(0.8))


@pytest.mark.parametrize("values", [((1,), 1.0, 24), ((1, 2), 60.0, 6000)])
def test_plans_of_nothing_or_too_much_are_refused(values):
    with pytest.raises(EngineError):
        FilmPlan(*values)


def test_an_mp4_with_all_its_frames(window, video, qtbot, tmp_path):
    assert video.status.text() == "11 frames, 1.1 s"
    shown = []
    window.live.rendered.connect(lambda result: shown.append(result.image))
    window.live.seed = 2
    qtbot.waitUntil(lambda: bool(shown) and window.live.is_up_to_date, timeout=WAIT)
    made(qtbot, video)
    path = tmp_path / "out" / "lake.mp4"
    assert video.maker.result == path
    assert [entry.name for entry in path.parent.iterdir()] == ["lake.mp4"]
    frames, fps = frames_of(path)
    assert len(frames) == 11
    assert fps == 10
    difference = [np.abs(frame.astype(int) - shown[-1]).mean() for frame in frames]
    assert int(np.argmin(difference)) == 5
    assert difference[5] < 30  # these weights were never trained: their pictures are noise, which MPEG-4 keeps badly


def test_numbered_frames_are_exact(window, video, qtbot, tmp_path):
    video.kind.setCurrentIndex(1)
    video.loop.setChecked(True)
    made(qtbot, video)
    folder = tmp_path / "out" / "lake"
    assert sorted(path.name for path in folder.iterdir()) == [f"frame_{number:05}.png" for number in range(15)]
    window.live.seed = 3
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    with Image.open(folder / "frame_00010.png") as image:
        np.testing.assert_array_equal(np.asarray(image), window.picture.image)
    made(qtbot, video)
    assert video.maker.result == tmp_path / "out" / "lake_2"


def test_where_no_mp4_can_be_written_there_are_frames_and_a_word(window, video, qtbot, tmp_path, monkeypatch):
    class Closed:
        fourcc = staticmethod(lambda *_: 0)

        def __init__(self, *_):
            pass

        def isOpened(self):  # noqa: N802
            return False

        def release(self):
            pass

    monkeypatch.setattr(cv2, "VideoWriter", Closed)
    made(qtbot, video)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["lake"]
    assert len(list((tmp_path / "out" / "lake").iterdir())) == 11
    assert "numbered frames" in video.status.text()


def test_cancelled_in_the_middle_nothing_is_left(window, video, qtbot, tmp_path):
    video.seconds.setValue(30)
    qtbot.mouseClick(video.make_button, LEFT)
    qtbot.waitUntil(lambda: video.maker.done >= 3, timeout=WAIT)
    assert "frames" in video.status.text()
    qtbot.mouseClick(video.cancel_button, LEFT)
    assert not video.maker.is_at_work
    assert list((tmp_path / "out").iterdir()) == []
    assert "Cancelled" in video.status.text()


def test_a_video_that_cannot_be_read_back_never_takes_the_place_of_another(window, video, qtbot, tmp_path, monkeypatch):
    path = tmp_path / "out" / "lake.mp4"
    monkeypatch.setattr(Mp4Writer, "_frames", property(lambda self: 99, lambda self, value: None), raising=False)
    video.maker.start(video.plan(), window.batch._capture_sheet(), path)
    qtbot.waitUntil(lambda: not video.maker.is_at_work, timeout=WAIT)
    assert "11 of 99" in video.status.text()
    assert list(path.parent.iterdir()) == []


def test_a_size_that_cannot_be_rendered_is_told_at_once(window, video, qtbot, tmp_path):
    video.size_box.setCurrentText("96 × 64")
    assert video.plan().size == (64, 96)
    made(qtbot, video)
    assert frames_of(tmp_path / "out" / "lake.mp4")[0][0].shape == (64, 96, 3)
    video.size_box.setCurrentText("9 x 33")
    assert "16 to 8192 pixels" in video.status.text()
    assert not video.make_button.isEnabled()


def test_a_frame_that_cannot_be_written_ends_it_and_the_one_under_way_is_dropped(window, video, qtbot, tmp_path, monkeypatch, hold_at):
    def fail(*_):
        assert gate.held.wait(60)
        raise OSError(28, "No space left on device")

    gate = hold_at("video.maker", 1)
    monkeypatch.setattr(FramesWriter, "write", fail)
    video.kind.setCurrentIndex(1)
    made(qtbot, video)
    assert "no space left" in video.status.text()
    assert "Save As" not in video.status.text()
    assert gate.held.wait(60)
    gate.opened.set()
    told = []
    window.live.work(lambda _renderer: 1, told.append)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    assert video.maker.done == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_the_same_weights_on_another_device_let_it_go_on(window, video, qtbot, tmp_path, tiny_weights, hold_at):
    gate = hold_at("video.maker", 2)
    qtbot.mouseClick(video.make_button, LEFT)
    qtbot.waitUntil(gate.held.is_set, timeout=WAIT)
    with qtbot.waitSignal(window.live.ready, timeout=WAIT):
        assert window.live.replace_renderer(renderer_loader(LoadOptions(tiny_weights, "cpu", "float32")))
    gate.opened.set()
    qtbot.waitUntil(lambda: not video.maker.is_at_work, timeout=WAIT)
    assert video.maker.error is None
    assert len(frames_of(tmp_path / "out" / "lake.mp4")[0]) == 11


def test_cancelled_while_it_gets_its_name_it_is_there_and_said_to_be(window, video, qtbot, tmp_path, monkeypatch):
    finish, begun, opened = Mp4Writer.finish, threading.Event(), threading.Event()

    def held(self) -> Path:
        begun.set()
        assert opened.wait(60)
        return finish(self)

    monkeypatch.setattr(Mp4Writer, "finish", held)
    qtbot.mouseClick(video.make_button, LEFT)
    qtbot.waitUntil(begun.is_set, timeout=WAIT)
    threading.Timer(0.3, opened.set).start()
    qtbot.mouseClick(video.cancel_button, LEFT)
    assert (tmp_path / "out" / "lake.mp4").is_file()
    assert video.maker.result == tmp_path / "out" / "lake.mp4"
    assert "Done" in video.status.text()


def test_a_folder_that_is_gone_is_told_when_it_would_begin(window, video, qtbot, tmp_path):
    (tmp_path / "out").rmdir()
    qtbot.mouseClick(video.make_button, LEFT)
    assert not video.maker.is_at_work
    assert "there is no folder" in video.status.text().lower()
    assert not video.make_button.isEnabled()
    video.path_field.setText("~nobody-of-this-name/lake.mp4")
    assert "there is no folder" in video.status.text().lower()


def test_without_opencv_there_are_frames(window, video, qtbot, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    made(qtbot, video)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["lake"]
    assert "numbered frames" in video.status.text()


def test_closing_the_window_asks_once_and_leaves_nothing_half(window, video, qtbot, tmp_path):
    video.seconds.setValue(30)
    qtbot.mouseClick(video.make_button, LEFT)
    qtbot.waitUntil(lambda: video.maker.done >= 3, timeout=WAIT)
    said = []

    def press():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        said.append(box.informativeText())
        next(button for button in box.buttons() if box.buttonRole(button) == QMessageBox.ButtonRole.DestructiveRole).click()

    QTimer.singleShot(0, press)
    window.close()
    assert len(said) == 1
    assert "601 frames" in said[0]
    assert not window.isVisible()
    assert not video.maker.is_at_work
    assert list((tmp_path / "out").iterdir()) == []
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("render", "video"))]


def test_small_frames_need_no_detail():
    def levels(*sizes: Size | SizeWish | None, training: int = 256) -> list[str]:
        wishes = [ResultWish(size) for size in sizes]
        return [quick_level(plan_result((256, 256), wish, (training, training), lambda *size: size, 1)) for wish in wishes]

    assert set(levels(None, SizeWish(), SizeWish("side", 256), (256, 256), (256, 512))) == {"none"}
    assert set(levels((288, 512), SizeWish("side", 512), SizeWish("automatic"))) == {"fast"}
    assert set(levels(SizeWish("side", 512), SizeWish("automatic"), training=512)) == {"none"}
