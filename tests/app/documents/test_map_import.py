"""Label maps of other programs: recognised, reported, and asked about only where they do not simply fit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from spade_studio.app.documents import samples
from spade_studio.app.documents.import_dialog import ImportDialog
from spade_studio.app.documents.map_import import carry_over
from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import LabelSet, load_label_set
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import readings

COCO, ADE, CITY = (load_label_set(name) for name in ("coco_stuff", "ade20k", "cityscapes"))
SKY, TREE, ROAD = 156, 168, 148


def ids_of(label_set: LabelSet, *names: str) -> list[int]:
    found = [label_set.by_name(name) for name in names]
    return [label.id for label in found if label is not None]


def stripes(ids: list[int]) -> np.ndarray:
    return np.repeat(np.array(ids, np.uint8), 8)[:, None].repeat(40, 1)


@pytest.mark.parametrize("label_set", [COCO, ADE, CITY], ids=lambda label_set: label_set.name)
@pytest.mark.parametrize("own", [COCO, ADE], ids=lambda label_set: label_set.name)
def test_the_colours_of_each_set_are_recognised(tmp_path, label_set, own):
    labels = stripes(ids_of(label_set, "sky", "sky-other", "person", "car", "bicycle"))
    path = tmp_path / "a.png"
    Image.fromarray(label_set.palette()[labels]).save(path)
    first = readings(read_label_picture(path), own).options[0]
    assert (first.label_set.name, first.by_color, first.is_complete) == (label_set.name, True, True)
    np.testing.assert_array_equal(first.labels(nearest=False), labels)
    assert first.unknown() == []


def test_gaugan_colours_are_those_of_coco(tmp_path):
    label = next(label for label in COCO.labels if label.other_colors)
    Image.fromarray(np.full((9, 9, 3), label.other_colors[0], np.uint8)).save(tmp_path / "a.png")
    first = readings(read_label_picture(tmp_path / "a.png"), COCO).options[0]
    assert (first.labels(nearest=False) == label.id).all()


def test_grey_and_the_sets_own_palette_are_values(tmp_path):
    labels = stripes([SKY, TREE, 255])
    Image.fromarray(labels).save(tmp_path / "grey.png")
    Image.fromarray(labels).convert("RGB").save(tmp_path / "rgb.png")
    palette = Image.fromarray(labels).convert("P")
    palette.putdata(labels.ravel().tolist())
    palette.putpalette(COCO.palette().tobytes())
    palette.save(tmp_path / "palette.png")
    for name in ("grey", "rgb", "palette"):
        first = readings(read_label_picture(tmp_path / f"{name}.png"), COCO).options[0]
        assert (first.label_set, first.by_color, first.is_complete) == (COCO, False, True)
        np.testing.assert_array_equal(first.labels(nearest=False), labels)


def test_a_palette_that_a_program_has_renumbered_is_read_by_its_colours(tmp_path):
    labels = stripes([SKY, TREE, ROAD])
    image = Image.fromarray(COCO.palette()[labels]).quantize(8)
    image.save(tmp_path / "a.png")
    first = readings(read_label_picture(tmp_path / "a.png"), COCO).options[0]
    assert first.by_color
    np.testing.assert_array_equal(first.labels(nearest=False), labels)


def test_unknown_colours_are_counted_and_given_the_nearest_on_demand(tmp_path):
    rgb = COCO.palette()[stripes([SKY, TREE])]
    rgb[:2] = COCO.palette()[TREE] ^ 1  # as after a lossy program
    rgb[2, :5] = COCO.palette()[SKY] ^ 2
    Image.fromarray(rgb).save(tmp_path / "a.png")
    first = readings(read_label_picture(tmp_path / "a.png"), COCO).options[0]
    unknown = first.unknown()
    assert [one.pixels for one in unknown] == [80, 5]
    assert [one.nearest.id for one in unknown if one.nearest] == [TREE, SKY]
    assert first.known_share == 1 - 85 / 640
    without = first.labels(nearest=False)
    assert (without[:2] == 255).all()
    assert (without[3:8] == SKY).all()
    repaired = first.labels(nearest=True)
    assert (repaired[:2] == TREE).all()
    assert (repaired[2:8] == SKY).all()


def test_a_photograph_and_soft_edges_are_refused(tmp_path):
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 90, 3), dtype=np.uint8)).save(tmp_path / "photo.png")
    with pytest.raises(LabelError, match="photograph"):
        readings(read_label_picture(tmp_path / "photo.png"), COCO)
    Image.fromarray(np.full((9, 9, 4), 100, np.uint8)).save(tmp_path / "clear.png")
    with pytest.raises(LabelError, match="not opaque"):
        readings(read_label_picture(tmp_path / "clear.png"), COCO)


def in_dialog(do) -> None:
    def act() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, ImportDialog):
            do(dialog)
        else:  # the file is still being read
            QTimer.singleShot(10, act)

    QTimer.singleShot(0, act)


def test_a_map_that_fits_asks_nothing(window, tmp_path):
    Image.fromarray(COCO.palette()[stripes([SKY, TREE])]).save(tmp_path / "a.png")
    assert window.files.open_path(tmp_path / "a.png")
    np.testing.assert_array_equal(window.document.labels, stripes([SKY, TREE]))


def test_the_dialog_reports_unknown_colours_and_repairs_them(window, tmp_path):
    rgb = COCO.palette()[stripes([SKY, TREE])]
    rgb[:2] = COCO.palette()[TREE] ^ 1
    Image.fromarray(rgb).save(tmp_path / "a.png")
    before = window.document.labels.copy()
    in_dialog(lambda dialog: dialog.reject())
    assert not window.files.open_path(tmp_path / "a.png")
    np.testing.assert_array_equal(window.document.labels, before)

    def repair(dialog: ImportDialog) -> None:
        assert dialog.choice.currentText().startswith("colours of COCO-Stuff")
        (item,) = [dialog.unknown.topLevelItem(at) for at in range(dialog.unknown.topLevelItemCount())]
        assert item is not None
        assert [item.text(at) for at in (1, 2)] == ["80 (12.5%)", "unlabeled"]
        assert "1 colour, 12.5% of the pixels, not in COCO-Stuff" in dialog.report.text()
        dialog.nearest.click()
        repaired = dialog.unknown.topLevelItem(0)
        assert repaired is not None
        assert repaired.text(2) == "tree"
        dialog.accept_button.click()

    in_dialog(repair)
    assert window.files.open_path(tmp_path / "a.png")
    assert (window.document.labels[:2] == TREE).all()
    assert window.windowTitle() == "a[*] - SPADE Studio"


def test_a_map_of_another_set_is_carried_over_and_what_is_lost_is_said(window, tmp_path):
    labels = stripes(ids_of(ADE, "sky", "chandelier"))
    Image.fromarray(ADE.palette()[labels]).save(tmp_path / "a.png")

    def take(dialog: ImportDialog) -> None:
        assert dialog.choice.currentText().startswith("colours of ADE20K (100.0%")
        assert not dialog.nearest.isEnabled()
        assert "has no chandelier: 320 pixels become unlabeled" in dialog.report.text()
        dialog.accept_button.click()

    in_dialog(take)
    assert window.files.open_path(tmp_path / "a.png")
    assert window.document.describe(int(window.document.labels[0, 0])).startswith("sky")
    assert (window.document.labels[8:] == 255).all()


def test_another_reading_can_be_chosen(window, tmp_path):
    Image.fromarray(stripes([1, 2, 183])).save(tmp_path / "a.png")  # 183 is no id of any set

    def choose(dialog: ImportDialog) -> None:
        names = [dialog.choice.itemText(at) for at in range(dialog.choice.count())]
        assert any(name.startswith("label ids of ADE20K") for name in names)
        dialog.choice.setCurrentIndex(next(at for at, name in enumerate(names) if "ADE20K" in name))
        assert "not in ADE20K" in dialog.report.text()
        dialog.accept_button.click()

    in_dialog(choose)
    assert window.files.open_path(tmp_path / "a.png")
    expected = ADE.by_id(1)
    assert expected is not None
    match = COCO.by_name(expected.name)
    assert window.document.labels[0, 0] == (match.id if match else 255)


def test_a_hostile_file_is_explained_without_a_question(window, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    assert not window.files.open_path(tmp_path / "a.png")
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Ok).click()


def test_a_map_that_fits_several_sets_is_asked_about(window, tmp_path):
    Image.fromarray(stripes([100, 120])).save(tmp_path / "ids.png")  # complete in COCO-Stuff and in ADE20K
    before = window.document.labels.copy()
    asked: list[str] = []

    def cancel(dialog: ImportDialog) -> None:
        asked.extend(dialog.choice.itemText(at) for at in range(2))
        assert not dialog.question.isHidden()
        dialog.reject()

    in_dialog(cancel)
    assert not window.files.open_path(tmp_path / "ids.png")
    np.testing.assert_array_equal(window.document.labels, before)
    assert any("COCO-Stuff (100.0%" in text for text in asked)


def test_a_palette_that_is_a_sets_own_decides(window, tmp_path):
    labels = stripes(ids_of(ADE, "sky", "tree"))
    samples.write_labels(tmp_path / "ade.png", labels, ADE)

    def take(dialog: ImportDialog) -> None:
        assert dialog.choice.currentText().startswith("label ids of ADE20K")
        assert dialog.question.isHidden()
        dialog.accept_button.click()

    in_dialog(take)
    assert window.files.open_path(tmp_path / "ade.png")
    assert set(np.unique(window.document.labels).tolist()) == {SKY, TREE}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes of POSIX")
@pytest.mark.parametrize("name", ["pipe.png", "pipe.ora", "pipe"])
def test_a_pipe_is_no_file_to_open(window, tmp_path, name):
    os.mkfifo(tmp_path / name)
    link = tmp_path / f"link-{name}"
    link.symlink_to(tmp_path / name)
    for path in (tmp_path / name, link, Path("/dev/zero")):
        assert not window.documents.drops.open(path)
        assert not window.files.open_path(path)
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "no ordinary file" in box.informativeText()
        box.button(QMessageBox.StandardButton.Ok).click()


def test_what_had_no_label_before_is_not_told_as_lost():
    labels = np.array([[0, 255]], np.uint8).repeat(8, 0)  # 255 is no label of Cityscapes, which has no id for none
    carried, lost = carry_over(labels, CITY, COCO)
    assert "id 255" not in lost
    assert (carried[:, 1] == COCO.unlabeled_id).all()
