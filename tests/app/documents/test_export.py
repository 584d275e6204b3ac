"""What other programs get: layers, and the render with some labels left out."""

from __future__ import annotations

import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog

from spade_studio.app.documents import export
from spade_studio.app.documents.archive import document_layers
from spade_studio.app.documents.cutout_dialog import CutoutDialog
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.model.state import DocumentState, Underlay
from spade_studio.engine.labels import load_label_set

SKY, TREE = 156, 168


def state() -> DocumentState:
    labels = np.full((20, 30), SKY, np.uint8)
    labels[10:] = TREE
    return DocumentState(labels, load_label_set("coco_stuff"), underlay=Underlay(np.full((5, 5, 3), 9, np.uint8)))


RENDER = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def test_the_sky_is_off_and_the_rest_as_rendered(tmp_path):
    export.write_cutout(tmp_path / "a.png", state(), RENDER, [SKY])
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image)
    np.testing.assert_array_equal(pixels[..., :3], RENDER)
    assert (pixels[:20, :, 3] == 0).all()
    assert (pixels[20:, :, 3] == 255).all()


def test_layers_have_the_size_of_the_render_and_nothing_of_ours(tmp_path):
    export.write_layers(tmp_path / "a.ora", state(), RENDER)
    with zipfile.ZipFile(tmp_path / "a.ora") as file:
        assert not [name for name in file.namelist() if name.startswith("spade")]
        for name in ("render", "labels", "underlay"):
            with file.open(f"data/{name}.png") as data, Image.open(data) as image:
                assert image.size == (60, 40)


def test_labels_of_a_smaller_render_are_those_under_its_pixels_middles(tmp_path):
    labels = np.arange(9, dtype=np.uint8)[None].repeat(9, 0)
    small = DocumentState(labels, load_label_set("coco_stuff"))
    export.write_layers(tmp_path / "a.ora", small, RENDER[:3, :3])
    with zipfile.ZipFile(tmp_path / "a.ora") as file, file.open("data/labels.png") as data, Image.open(data) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB"))[1], small.label_set.palette()[[1, 4, 7]])


@pytest.mark.parametrize("render", [RENDER, None])
def test_photoshop_layers_come_back(tmp_path, render):
    document = replace(state(), underlay=Underlay(np.full((5, 5, 3), 9, np.uint8), visible=False))
    export.write_psd(tmp_path / "a.psd", document, render)
    psd = PSDImage.open(tmp_path / "a.psd")
    wanted = document_layers(document, render, (20, 30) if render is None else (40, 60))
    assert psd.size == ((30, 20) if render is None else (60, 40))
    assert [layer.name for layer in psd] == [layer.name for layer in reversed(wanted)]
    assert [layer.visible for layer in psd] == [False, True, True][: len(wanted)]
    for found, layer in zip(reversed(list(psd)), wanted, strict=True):
        pixels = np.asarray(found.topil())
        np.testing.assert_array_equal(pixels[..., :3], layer.pixels[..., :3])
        assert (pixels[..., 3] == 255).all()


def test_programs_without_layers_show_the_render_of_a_photoshop_file(tmp_path, monkeypatch):
    monkeypatch.setattr("psd_tools.composite.composite", lambda *_: pytest.fail("the layers are put together twice"))
    export.write_psd(tmp_path / "a.psd", state(), RENDER)
    with Image.open(tmp_path / "a.psd") as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), RENDER)


def test_without_psd_tools_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psd_tools", None)
    with pytest.raises(DocumentError, match="pip install psd-tools"):
        export.write_psd(tmp_path / "a.psd", state(), None)
    assert list(tmp_path.iterdir()) == []


def test_the_window_exports_without_the_sky(window, tmp_path, monkeypatch, qtbot):
    qtbot.waitUntil(lambda: window.files.read_picture() is not None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a"), ""))

    def accept() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, CutoutDialog)
        assert len(dialog.clear) == 1
        assert dialog.list.topLevelItemCount() > 4
        dialog.accept()

    QTimer.singleShot(0, accept)
    window.commands["export_cutout"].trigger()
    window.files.finish_saving()
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image)
    sky = {label.id for label in window.document.label_set.labels if label.name.startswith(("sky", "clouds"))}
    np.testing.assert_array_equal(pixels[..., 3] == 0, np.isin(window.document.labels, list(sky)))
