"""What other programs get: layers, and the render with some labels left out."""

from __future__ import annotations

import itertools
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from psd_tools.api.layers import Group
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog

from spade_studio.app.documents import export
from spade_studio.app.documents.archive import load_document
from spade_studio.app.documents.cutout_dialog import CutoutDialog
from spade_studio.app.model.state import DocumentState, Snapshot, Underlay
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


def layers_of(path) -> dict[str, tuple[int, int, np.ndarray]]:
    """Return left, top and pixels of every layer of an OpenRaster by its name, from the stack that other programs read."""
    found = {}
    with zipfile.ZipFile(path) as file:
        for layer in ElementTree.fromstring(file.read("stack.xml")).iter("layer"):
            with file.open(str(layer.get("src"))) as data, Image.open(data) as image:
                found[str(layer.get("name"))] = int(str(layer.get("x"))), int(str(layer.get("y"))), np.asarray(image)
    return found


def test_other_programs_get_one_layer_for_each_label(tmp_path):
    export.write_layers(tmp_path / "a.ora", state(), RENDER)
    layers = layers_of(tmp_path / "a.ora")
    assert list(layers) == ["Render", "Sky", "Tree", "Underlay"]
    palette = state().label_set.palette()
    for name, value, top in (("Sky", SKY, 0), ("Tree", TREE, 20)):
        left_of, top_of, pixels = layers[name]
        assert (left_of, top_of, pixels.shape) == (0, top, (20, 60, 4))
        assert (pixels == (*palette[value], 255)).all()


def test_layers_have_the_size_at_which_nothing_is_lost(tmp_path):
    for render, size in ((RENDER, (40, 60)), (RENDER[:10, :10], (20, 30)), (None, (20, 30))):
        export.write_layers(tmp_path / "a.ora", state(), render)
        with zipfile.ZipFile(tmp_path / "a.ora") as file, file.open("mergedimage.png") as data, Image.open(data) as image:
            assert image.size == size[::-1]


def test_exported_layers_open_again_without_loss(tmp_path):
    document = replace(state(), snapshots=(Snapshot("first", state().labels, None),), protected=frozenset({SKY}))
    export.write_layers(tmp_path / "a.ora", document, RENDER)
    again = load_document(tmp_path / "a.ora")
    np.testing.assert_array_equal(again.labels, document.labels)
    assert (again.snapshots[0].name, again.protected) == ("first", {SKY})


@pytest.mark.parametrize("render", [RENDER, None])
def test_photoshop_layers_come_back(tmp_path, render):
    document = replace(state(), underlay=Underlay(np.full((5, 5, 3), 9, np.uint8), visible=False))
    export.write_psd(tmp_path / "a.psd", document, render)
    psd = PSDImage.open(tmp_path / "a.psd")
    size = (20, 30) if render is None else (40, 60)
    assert psd.size == size[::-1]
    assert [layer.name for layer in psd] == (["Underlay", "Labels"] if render is None else ["Underlay", "Labels", "Render"])
    assert not psd[0].visible
    labels = psd[1]
    assert isinstance(labels, Group)
    assert [layer.name for layer in labels] == ["Tree", "Sky"]
    for layer, value, top in zip(labels, (TREE, SKY), (size[0] // 2, 0), strict=True):
        assert (layer.left, layer.top, layer.size) == (0, top, (size[1], size[0] // 2))
        assert (np.asarray(layer.topil()) == (*document.label_set.palette()[value], 255)).all()
    if render is not None:
        np.testing.assert_array_equal(np.asarray(psd[2].topil())[..., :3], render)


def test_the_mask_of_a_photoshop_layer_is_where_its_label_lies(tmp_path):
    labels = state().labels
    labels[3:5, 4:6] = TREE
    export.write_psd(tmp_path / "a.psd", replace(state(), labels=labels, underlay=None), None)
    sky = next(layer for layer in PSDImage.open(tmp_path / "a.psd").descendants() if layer.name == "Sky")
    assert sky.mask is not None
    np.testing.assert_array_equal(np.asarray(sky.mask.topil()) == 255, labels[:10] == SKY)


def test_programs_without_layers_show_the_render_of_a_photoshop_file(tmp_path, monkeypatch):
    monkeypatch.setattr("psd_tools.composite.composite", lambda *_: pytest.fail("the layers are put together twice"))
    export.write_psd(tmp_path / "a.psd", state(), RENDER)
    with Image.open(tmp_path / "a.psd") as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), RENDER)


def test_the_window_exports_without_the_sky(window, tmp_path, monkeypatch, qtbot):
    qtbot.waitUntil(lambda: window.picture.image is not None)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a"), ""))

    def accept() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, CutoutDialog)
        assert len(dialog.clear) == 1
        assert dialog.list.topLevelItemCount() > 4
        items = [item for at in range(dialog.list.topLevelItemCount()) if (item := dialog.list.topLevelItem(at))]
        rows = [dialog.list.visualItemRect(item) for item in items]
        assert all(above.bottom() < below.top() for above, below in itertools.pairwise(rows))
        names = [item.text(0) for item in items]
        assert "Sky" in names
        assert not [name for name in names if "-other" in name]
        dialog.accept()

    QTimer.singleShot(0, accept)
    window.commands["export_cutout"].trigger()
    window.files.finish_saving()
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image)
    sky = {label.id for label in window.document.label_set.labels if label.name.startswith(("sky", "clouds"))}
    np.testing.assert_array_equal(pixels[..., 3] == 0, np.isin(window.document.labels, list(sky)))
