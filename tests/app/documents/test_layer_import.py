"""Layers that Krita or GIMP saved become labels: by name and exact colour, whatever else is in the file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QMessageBox

from spade_studio.app.documents.archive import is_document
from spade_studio.app.documents.errors import DocumentError
from spade_studio.app.documents.export import write_layers
from spade_studio.app.documents.layer_import import read_layers
from spade_studio.app.documents.layers import MAX_LABEL_LAYERS, label_layers
from spade_studio.app.model.state import DocumentState
from spade_studio.engine.labels import load_label_set

SKY, TREE, WATER = 156, 168, 177
SET = load_label_set("coco_stuff")
SIZE = (24, 32)


def color(value: int) -> tuple[int, ...]:
    return *(int(part) for part in SET.palette()[value]), 255


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def krita(path: Path, layers: list[tuple[str, np.ndarray, int, int]], size: tuple[int, int] = SIZE, stack: str = "") -> Path:
    """Write what Krita writes: the topmost layer first, each cut to where it lies."""
    lines = "".join(
        f'<layer name={quoteattr(name)} src="data/layer{at}.png" x="{x}" y="{y}" opacity="1" visibility="visible"/>'
        for at, (name, _, x, y) in enumerate(layers)
    )
    whole = f'<?xml version="1.0"?><image version="0.0.1" w="{size[1]}" h="{size[0]}"><stack>{lines}</stack></image>'
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "image/openraster")
        file.writestr("stack.xml", stack or whole)
        for at, (_, pixels, _, _) in enumerate(layers):
            file.writestr(f"data/layer{at}.png", png(pixels))
    return path


def full(value: int) -> np.ndarray:
    return np.full((*SIZE, 4), color(value), np.uint8)


def photo() -> np.ndarray:
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 4), np.uint8)
    pixels[..., 3] = 255
    return pixels


@pytest.mark.parametrize("name", ["tree", "Tree", "TREE", "sky-other", "Sky", "sky other"])
def test_a_layer_called_like_a_label_gives_it_where_it_is_opaque(tmp_path, name):
    value = TREE if name.lower() == "tree" else SKY
    pixels = np.zeros((6, 8, 4), np.uint8)
    pixels[:, :4] = color(value)
    path = krita(tmp_path / "a.ora", [(name, pixels, 10, 3), ("water-other", full(WATER), 0, 0)])
    found = read_layers(path, [SET])
    expected = np.full(SIZE, WATER)
    expected[3:9, 10:14] = value
    np.testing.assert_array_equal(found.labels, expected)
    assert not found.lost


def test_soft_edges_become_hard_at_half_and_rounding_does_no_harm(tmp_path):
    pixels = np.zeros((*SIZE, 4), np.uint8)
    pixels[:] = color(TREE)
    pixels[..., 3] = np.linspace(0, 255, SIZE[1]).astype(np.uint8)
    pixels[:, 20, 0] += 2
    found = read_layers(krita(tmp_path / "a.ora", [("Tree", pixels, 0, 0)]), [SET])
    np.testing.assert_array_equal(found.labels == TREE, pixels[..., 3] >= 128)


def test_photographs_and_sketches_among_the_layers_change_nothing(tmp_path):
    path = krita(tmp_path / "a.ora", [("Render", photo(), 0, 0), ("Layer 3", full(TREE), 0, 12), ("Sky", full(SKY), 0, 0)])
    found = read_layers(path, [SET])
    np.testing.assert_array_equal(found.labels[:12], SKY)
    np.testing.assert_array_equal(found.labels[12:], TREE)  # nothing but a label's colour, whatever it is called


def test_colours_of_no_label_are_counted_and_what_lies_under_them_is_taken(tmp_path):
    tree = full(TREE)
    tree[:2, :5] = (1, 2, 3, 255)
    tree[5, 5] = color(WATER)
    found = read_layers(krita(tmp_path / "a.ora", [("Tree", tree, 0, 0), ("Sky", full(SKY), 0, 0)]), [SET])
    assert found.lost == {"Tree": 10}
    assert (found.labels[:2, :5] == SKY).all()
    assert found.labels[5, 5] == WATER


def test_hidden_layers_and_groups_are_left_out(tmp_path):
    stack = (
        f'<image w="{SIZE[1]}" h="{SIZE[0]}"><stack><stack visibility="hidden"><layer name="Tree" src="data/layer0.png"/></stack>'
        '<stack name="Labels"><layer name="Sky" src="data/layer1.png" x="0" y="0"/></stack></stack></image>'
    )
    found = read_layers(krita(tmp_path / "a.ora", [("", full(TREE), 0, 0), ("", full(SKY), 0, 0)], stack=stack), [SET])
    assert (found.labels == SKY).all()


def test_layers_that_hang_over_the_picture_are_cut(tmp_path):
    layers = [("Tree", full(TREE), -20, -10), ("Sky", full(SKY), 0, 0), ("Sea", full(154), 99, 0)]
    found = read_layers(krita(tmp_path / "a.ora", layers), [SET])
    assert (found.labels[:14, :12] == TREE).all()
    assert (found.labels[14:] == SKY).all()


def test_the_label_set_that_the_names_are_of_is_taken(tmp_path):
    ade = load_label_set("ade20k")
    water = next(label for label in ade.labels if label.name == "signboard")
    pixels = np.full((*SIZE, 4), (*water.color, 255), np.uint8)
    found = read_layers(krita(tmp_path / "a.ora", [("signboard", pixels, 0, 0)]), [SET, ade])
    assert found.label_set == ade
    assert (found.labels == water.id).all()


def test_what_was_exported_comes_back_by_its_layers_alone(tmp_path):
    labels = np.full((32, 48), SKY, np.uint8)
    labels[16:] = WATER
    labels[10:20, 30:40] = TREE
    labels[0, 0] = 255
    write_layers(tmp_path / "ours.ora", DocumentState(labels, SET), photo()[:, :, :3])
    with zipfile.ZipFile(tmp_path / "ours.ora") as ours, zipfile.ZipFile(tmp_path / "saved.ora", "w") as saved:
        for entry in ours.namelist():
            if not entry.startswith("spade-studio"):
                saved.writestr(entry, ours.read(entry))
    assert is_document(tmp_path / "ours.ora")
    assert not is_document(tmp_path / "saved.ora")
    found = read_layers(tmp_path / "saved.ora", [SET])
    np.testing.assert_array_equal(found.labels, labels)


def test_the_rarest_of_very_many_labels_share_a_layer_and_come_back_too(tmp_path):
    ids = np.array([label.id for label in SET.labels][:60], np.uint8)
    labels = np.repeat(ids[None], 30, 0)
    labels[:5] = ids[0]
    layers = label_layers(labels, SET)
    assert len(layers) == MAX_LABEL_LAYERS
    found = read_layers(krita(tmp_path / "a.ora", [(one.name, one.pixels, one.left, one.top) for one in layers], labels.shape), [SET])
    np.testing.assert_array_equal(found.labels, labels)


def test_a_picture_without_label_layers_is_told_with_what_would_be_one(tmp_path):
    with pytest.raises(DocumentError, match="no layer with labels") as caught:
        read_layers(krita(tmp_path / "a.ora", [("Background", photo(), 0, 0)]), [SET])
    assert "Sky" in caught.value.action


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><image w="4" h="4"><stack/></image>', "declares"),
        ("<image", "damaged"),
        ('<image w="x" h="4"><stack/></image>', "damaged"),
        ('<image w="900000" h="4"><stack/></image>', "900000 x 4"),
        ('<image w="4" h="4"><stack><layer name="Sky" src="data/layer0.png" x="1e9"/></stack></image>', "lies at"),
        ('<image w="4" h="4"><stack><layer name="Sky" src="../../etc/passwd"/></stack></image>', "lacks"),
        ('<image w="4" h="4">' + "<stack>" * 40 + "</stack>" * 40 + "</image>", "nested"),
        ('<image w="4" h="4"><stack>' + '<layer name="Sky" src="data/layer0.png"/>' * 300 + "</stack></image>", "more than 250"),
    ],
)
def test_files_that_were_made_to_do_harm_are_refused(tmp_path, stack, said):
    path = krita(tmp_path / "a.ora", [("Sky", full(SKY), 0, 0)], stack=stack)
    with pytest.raises(DocumentError, match=said):
        read_layers(path, [SET])


def test_the_window_opens_layers_and_says_what_it_left_out(window, tmp_path, qtbot):
    tree = full(TREE)
    tree[0, 0] = (1, 2, 3, 255)
    path = krita(tmp_path / "from krita.ora", [("Tree", tree, 0, 0), ("Sky", full(SKY), 0, 0)])
    assert window.files.open_path(path)
    assert window.document.path is None  # saving must not write over the other program's layers
    assert window.windowTitle() == "from krita[*] - SPADE Studio"
    assert (window.document.labels[1:] == TREE).all()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert "Tree: 1 px" in box.informativeText()
    box.close()
