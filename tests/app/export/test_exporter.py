"""Exports on the render thread: all files, pauses, ends in the middle, going on, and what single files cannot stop."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spade_studio.app.export import export_files
from spade_studio.app.export.exporter import BatchExporter, State
from spade_studio.app.export.manifest import NAME, Manifest, read_manifest
from spade_studio.app.export.order import ExportOrder, FileLayout, PaintedLayout
from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.engine.errors import EngineError
from spade_studio.engine.pictures.provenance import read_provenance

WAIT = 60_000


@pytest.fixture
def exporter(window):
    exporter = BatchExporter(window.live, window)
    yield exporter
    exporter.close()


def order_of(layout, count=6, **changes):
    values = {"layouts": (PaintedLayout("Lake", layout),), "label_set": None, "styles": tuple(range(count))} | changes
    return ExportOrder(**values)


def finish(qtbot, exporter):
    qtbot.waitUntil(lambda: exporter.state is State.ENDED, timeout=WAIT)


def pictures_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != NAME}


def test_all_pictures_are_there_and_say_how_they_were_rendered(window, exporter, qtbot, layout, tmp_path):
    exporter.start(order_of(layout), tmp_path / "out")
    finish(qtbot, exporter)
    assert exporter.error is None
    assert exporter.counts == (6, 0, 6)
    assert sorted(pictures_in(tmp_path / "out")) == [f"Lake_{number:04}.png" for number in range(6)]
    about, pixels = read_provenance(tmp_path / "out" / "Lake_0003.png")
    assert about.seed == 3
    assert pixels.shape == (64, 64, 3)
    np.testing.assert_array_equal(about.labels, layout)
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    assert [entry.state for entry in manifest.entries] == ["done"] * 6
    assert manifest.weights_sha256 == about.weights_sha256


def test_a_picture_is_the_one_that_the_window_shows(window, exporter, qtbot, layout, tmp_path):
    shown = []
    window.live.rendered.connect(lambda result: shown.append(result.image))
    window.live.seed = 4
    qtbot.waitUntil(lambda: window.live.is_up_to_date and bool(shown), timeout=WAIT)
    exporter.start(order_of(layout, styles=(4,)), tmp_path)
    finish(qtbot, exporter)
    np.testing.assert_array_equal(read_provenance(tmp_path / "Lake_0000.png")[1], shown[-1])


def test_cancelled_in_the_middle_and_started_again_gives_the_same_files(window, exporter, qtbot, layout, tmp_path):
    order = order_of(layout, 12)
    exporter.start(order, tmp_path / "whole")
    finish(qtbot, exporter)
    exporter.start(order, tmp_path / "parts")
    qtbot.waitUntil(lambda: exporter.counts[0] >= 3, timeout=WAIT)
    exporter.cancel()
    finish(qtbot, exporter)
    before = pictures_in(tmp_path / "parts")
    assert 3 <= len(before) < 12
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "parts").glob("*.png")}
    exporter.start(ExportOrder.from_json(json.loads(json.dumps(order.to_json()))), tmp_path / "parts")
    finish(qtbot, exporter)
    assert pictures_in(tmp_path / "parts") == pictures_in(tmp_path / "whole")
    assert {name: (tmp_path / "parts" / name).stat().st_mtime_ns for name in times} == times


def test_a_pause_holds_until_it_is_resumed(window, exporter, qtbot, layout, tmp_path):
    exporter.start(order_of(layout, 10), tmp_path)
    qtbot.waitUntil(lambda: exporter.counts[0] >= 2, timeout=WAIT)
    exporter.pause()
    qtbot.waitUntil(lambda: exporter.state is State.PAUSED, timeout=WAIT)
    done = exporter.counts[0]
    window.live.seed = 9
    qtbot.waitUntil(lambda: window.live.is_up_to_date, timeout=WAIT)
    assert exporter.counts[0] == done < 10
    exporter.resume()
    finish(qtbot, exporter)
    assert exporter.counts == (10, 0, 10)


def test_files_that_cannot_be_read_are_told_and_stop_nothing(window, exporter, qtbot, layout, tmp_path):
    good, broken = tmp_path / "good.png", tmp_path / "broken.png"
    Image.fromarray(layout).save(good)
    broken.write_bytes(good.read_bytes()[:60])
    layouts = (FileLayout("broken", broken), FileLayout("good", good), FileLayout("gone", tmp_path / "gone.png"))
    exporter.start(order_of(layout, layouts=layouts, styles=(1, 2)), tmp_path / "out")
    finish(qtbot, exporter)
    assert exporter.counts == (2, 4, 6)
    assert sorted(pictures_in(tmp_path / "out")) == ["good_0000.png", "good_0001.png"]
    assert exporter.manifest is not None
    failures = dict(exporter.manifest.failures)
    assert "broken.png" in failures["broken_0001.png"]
    assert "no such file" in failures["gone_0000.png"]


def test_files_have_exactly_the_size_that_was_asked_for(window, exporter, qtbot, layout, tmp_path):
    exporter.start(order_of(layout, 2, sizes=(None, (50, 70)), pattern="{layout}_{size}_{variation}"), tmp_path)
    finish(qtbot, exporter)
    assert exporter.counts == (4, 0, 4)
    sizes = set()
    for path in tmp_path.glob("*.png"):
        with Image.open(path) as image:
            sizes.add(image.size)
    assert sizes == {(64, 64), (70, 50)}


def test_files_of_others_are_replaced_only_when_confirmed(window, exporter, qtbot, layout, tmp_path):
    (tmp_path / "Lake_0001.png").write_bytes(b"mine")
    with qtbot.waitSignal(exporter.conflict, timeout=WAIT) as told:
        exporter.start(order_of(layout, 2), tmp_path)
    assert told.args == [1]
    exporter.cancel()
    finish(qtbot, exporter)
    assert (tmp_path / "Lake_0001.png").read_bytes() == b"mine"
    assert not (tmp_path / NAME).exists()
    with qtbot.waitSignal(exporter.conflict, timeout=WAIT):
        exporter.start(order_of(layout, 2), tmp_path)
    exporter.confirm()
    finish(qtbot, exporter)
    assert read_provenance(tmp_path / "Lake_0001.png")[0].seed == 1


def test_other_weights_end_an_export_and_the_former_ones_finish_it(window, exporter, qtbot, layout, tmp_path, tiny_weights, other_weights):
    def load(path):
        infos = []
        window.live.ready.connect(infos.append)
        assert window.live.replace_renderer(renderer_loader(LoadOptions(path, "cpu", "float32")))
        qtbot.waitUntil(lambda: bool(infos), timeout=WAIT)

    exporter.start(order_of(layout, 40), tmp_path)
    qtbot.waitUntil(lambda: exporter.counts[0] >= 2, timeout=WAIT)
    exporter.pause()
    qtbot.waitUntil(lambda: exporter.state is State.PAUSED, timeout=WAIT)
    load(other_weights)
    exporter.resume()
    finish(qtbot, exporter)
    assert "weights were replaced" in str(exporter.error)
    assert exporter.counts[1] == 0
    assert len(list(tmp_path.glob("*.png"))) == exporter.counts[0]
    load(tiny_weights)
    exporter.start(order_of(layout, 40), tmp_path)
    finish(qtbot, exporter)
    assert exporter.counts == (40, 0, 40)


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_lossy_files_carry_the_record_in_exif(window, exporter, qtbot, layout, tmp_path, suffix):
    exporter.start(order_of(layout, 1, file_format=suffix, quality=70), tmp_path)
    finish(qtbot, exporter)
    with Image.open(tmp_path / f"Lake_0000.{suffix}") as image:
        comment = image.getexif().get_ifd(0x8769)[0x9286]
    texts = json.loads(comment[8:])
    assert json.loads(texts["spade-studio"])["seed"] == 0
    assert "spade-studio-labels" in texts


def test_closing_in_the_middle_leaves_whole_files_and_a_manifest_that_knows_them(window, exporter, qtbot, layout, tmp_path):
    exporter.start(order_of(layout, 500), tmp_path / "out")
    qtbot.waitUntil(lambda: exporter.counts[0] >= 2, timeout=WAIT)
    exporter.close()
    assert exporter.state is State.ENDED
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    names = {picture.file for picture, entry in zip(manifest.order.pictures, manifest.entries, strict=True) if entry.state == "done"}
    assert names == set(pictures_in(tmp_path / "out"))
    for name in names:
        read_provenance(tmp_path / "out" / name)


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
import numpy as np
from PySide6.QtCore import QCoreApplication, QTimer
from spade_studio.app.export.exporter import BatchExporter
from spade_studio.app.export.order import ExportOrder, PaintedLayout
from spade_studio.app.model.document import Document
from spade_studio.app.rendering.live_renderer import LiveRenderer
from spade_studio.app.rendering.loading import LoadOptions, renderer_loader
from spade_studio.engine.labels import load_label_set
app = QCoreApplication([])
layout = np.full((64, 64), 10, np.uint8)
document = Document(layout, load_label_set("coco_stuff"), "Lake")
live = LiveRenderer(document, renderer_loader(LoadOptions(Path(sys.argv[1]), "cpu", "float32")), 1)
exporter = BatchExporter(live)
exporter.changed.connect(lambda: os.kill(os.getpid(), 9) if exporter.counts[0] >= 5 else None)
live.start()
exporter.start(ExportOrder((PaintedLayout("Lake", layout),), None, tuple(range(40))), Path(sys.argv[2]))
app.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends signal 9")
def test_killed_in_the_middle_no_half_file_is_left_and_it_goes_on(window, exporter, qtbot, tmp_path, tiny_weights):
    folder = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", KILLED, tiny_weights, folder, str(tmp_path)], check=False, timeout=120)
    assert done.returncode == -9
    left = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.png")}
    assert 5 <= len(left) < 40
    for name in left:
        read_provenance(folder / name)
    manifest = read_manifest(folder)
    assert manifest is not None
    exporter.start(manifest.order, folder)
    finish(qtbot, exporter)
    assert exporter.counts == (40, 0, 40)
    assert {name: (folder / name).stat().st_mtime_ns for name in left} == left


def test_names_are_checked_before_anything_begins(window, exporter, layout, tmp_path):
    with pytest.raises(EngineError, match="two pictures"):
        exporter.start(order_of(layout, 2, pattern="same"), tmp_path / "out")
    assert exporter.state is State.IDLE
    assert not (tmp_path / "out").exists()


def test_a_full_disk_ends_it_and_the_picture_under_way_is_dropped(window, exporter, qtbot, layout, tmp_path, monkeypatch, hold_at):
    def full(*_):
        assert gate.held.wait(60)
        raise OSError(errno.ENOSPC, "No space left on device")

    gate = hold_at("export.exporter", 1)
    monkeypatch.setattr(export_files, "write_picture", full)
    exporter.start(order_of(layout), tmp_path)
    finish(qtbot, exporter)
    assert "no space left" in str(exporter.error)
    assert "Save As" not in str(exporter.error)
    assert gate.held.wait(60)
    monkeypatch.undo()
    gate.opened.set()
    told = []
    window.live.work(lambda _renderer: 1, told.append)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT)
    assert not exporter._worker.is_busy
    assert list(tmp_path.glob("*.png")) == []
    exporter.close()


def test_the_same_weights_on_another_device_let_it_go_on(window, exporter, qtbot, layout, tmp_path, tiny_weights, hold_at):
    gate = hold_at("export.exporter", 2)
    exporter.start(order_of(layout), tmp_path)
    qtbot.waitUntil(gate.held.is_set, timeout=WAIT)
    with qtbot.waitSignal(window.live.ready, timeout=WAIT):
        assert window.live.replace_renderer(renderer_loader(LoadOptions(tiny_weights, "cpu", "float32")))
    gate.opened.set()
    finish(qtbot, exporter)
    assert exporter.error is None
    assert exporter.counts == (6, 0, 6)


def test_an_export_that_is_not_finished_is_replaced_only_when_confirmed(window, exporter, qtbot, layout, tmp_path):
    exporter.start(order_of(layout, 200), tmp_path)
    qtbot.waitUntil(lambda: exporter.counts[0] >= 2, timeout=WAIT)
    exporter.cancel()
    finish(qtbot, exporter)
    there, before = exporter.counts[0], (tmp_path / NAME).read_bytes()
    with qtbot.waitSignal(exporter.conflict, timeout=WAIT) as told:
        exporter.start(order_of(layout, 1, pattern="other"), tmp_path)
    assert told.args == [0]
    assert exporter.manifest is not None
    assert exporter.manifest.lost == (there, 200 - there)
    exporter.cancel()
    finish(qtbot, exporter)
    assert (tmp_path / NAME).read_bytes() == before
    exporter.start(order_of(layout, 200), tmp_path)
    finish(qtbot, exporter)
    assert exporter.counts == (200, 0, 200)
    exporter.start(order_of(layout, 1, pattern="other"), tmp_path)
    finish(qtbot, exporter)
    assert exporter.counts == (1, 0, 1)


def test_no_memory_for_a_manifest_is_told(window, exporter, qtbot, layout, tmp_path, monkeypatch):
    def begin(*_):
        raise MemoryError("too much")

    monkeypatch.setattr(Manifest, "begin", begin)
    exporter.start(order_of(layout), tmp_path)
    finish(qtbot, exporter)
    assert "too much" in str(exporter.error)
