"""What values and colours of label maps mean: which label set a file itself decides, and where somebody has to be asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import Label, LabelSet, load_label_set
from spade_studio.engine.pictures.label_maps import LABEL_SET_KEY, LabelPicture, read_label_picture
from spade_studio.engine.pictures.map_readings import ids_in, readings, settle, text_naming

COCO, ADE, CITY = (load_label_set(name) for name in ("coco_stuff", "ade20k", "cityscapes"))
OWN = LabelSet("Mine", (Label(0, "roof", (1, 2, 3)), Label(7, "wall", (4, 5, 6))), 255)
COLORS = {label.id: label.color for label in COCO.labels}
IDS = np.array([[2, 4, 7], [20, 2, 2]], np.uint8)  # in all three sets


def palette_png(path: Path, indices: np.ndarray, palette: list[int], named: str = "") -> LabelPicture:
    image = Image.fromarray(indices).convert("L")
    image.putpalette(palette)
    info = PngInfo()
    if named:
        info.add_text(LABEL_SET_KEY, named)
    image.save(path, pnginfo=info)
    return read_label_picture(path)


def grey_png(path: Path, ids: np.ndarray, named: str = "") -> LabelPicture:
    info = PngInfo()
    if named:
        info.add_text(LABEL_SET_KEY, named)
    Image.fromarray(ids).save(path, pnginfo=info)
    return read_label_picture(path)


def greys(levels: list[int]) -> list[int]:
    return [level for level in levels for _ in range(3)]


def voc(index: int) -> list[int]:
    """As Pascal VOC's development kit computes it."""
    color = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            color[channel] |= (index >> channel & 1) << 7 - place
        index >>= 3
    return color


@pytest.mark.parametrize("label_set", [COCO, ADE, CITY])
def test_the_own_palette_of_a_set_decides(tmp_path: Path, label_set: LabelSet) -> None:
    picture = palette_png(tmp_path / "a.png", IDS, label_set.palette().ravel().tolist())
    found = readings(picture, COCO)
    assert found.is_certain
    assert (found.options[0].label_set, found.options[0].by_color) == (label_set, False)
    assert (found.options[0].labels(nearest=False) == IDS).all()
    settled = settle(picture, COCO)
    assert settled.label_set == label_set
    assert settled.is_told_by_file == (label_set != COCO)
    assert settled.alternatives == ()
    assert (settled.labels == IDS).all()


def test_a_person_goes_before_the_palette(tmp_path: Path) -> None:
    settled = settle(palette_png(tmp_path / "a.png", IDS, CITY.palette().ravel().tolist()), COCO, is_given=True)
    assert settled.label_set == COCO
    assert (settled.labels == IDS).all()


def test_values_that_fit_several_sets_are_asked_about(tmp_path: Path) -> None:
    picture = grey_png(tmp_path / "a.png", IDS)
    found = readings(picture, ADE)
    assert not found.is_certain
    assert [reading.label_set for reading in found.options if reading.is_complete] == [ADE, COCO, CITY]
    settled = settle(picture, ADE)
    assert (settled.label_set, settled.alternatives) == (ADE, (COCO.name, CITY.name))


def test_values_that_fit_one_set_are_not(tmp_path: Path) -> None:
    picture = grey_png(tmp_path / "a.png", np.array([[156, 255, 3]], np.uint8))
    found = readings(picture, ADE)
    assert found.is_certain
    assert found.options[0].label_set == COCO
    assert settle(picture, COCO).alternatives == ()
    # Nobody said that they are of another set: ids that the weights lack are told as such.
    settled = settle(picture, CITY)
    assert (settled.label_set, settled.is_complete, settled.alternatives) == (CITY, False, (COCO.name,))


def test_sets_that_mean_the_same_are_one_reading(tmp_path: Path) -> None:
    part = LabelSet("Landscapes", tuple(label for label in COCO.labels if label.id > 100), 255)
    picture = grey_png(tmp_path / "a.png", np.array([[156, 134, 177]], np.uint8))
    found = readings(picture, part)
    assert found.is_certain
    assert found.options[0].label_set == part
    assert settle(picture, part).alternatives == ()


@pytest.mark.parametrize("named", [text_naming(CITY), text_naming(OWN), "cityscapes"])
def test_files_of_our_own_name_their_set(tmp_path: Path, named: str) -> None:
    picture = grey_png(tmp_path / "a.png", np.array([[7, 7]], np.uint8), named)
    expected = OWN if named.startswith("{") else CITY
    found = readings(picture, COCO)
    assert found.is_certain
    assert found.options[0].label_set == expected
    assert settle(picture, COCO).label_set == expected


@pytest.mark.parametrize("named", ["", "x" * 100, "{", '{"name": "a", "unlabeled_id": 1e999, "labels": []}', "[" * 100_000, "1e999"])
def test_names_of_no_set_are_passed_over(tmp_path: Path, named: str) -> None:
    assert settle(grey_png(tmp_path / "a.png", np.array([[156]], np.uint8), named), COCO).label_set == COCO


@pytest.mark.parametrize("palette", ["ramp", "voc", "nothing", "own"])
def test_palettes_that_follow_from_the_index_or_say_nothing_leave_ids(tmp_path: Path, palette: str) -> None:
    listed = {
        "ramp": greys(list(range(256))),
        "voc": [level for index in range(256) for level in voc(index)],
        "nothing": [0] * 768,
        "own": COCO.palette().ravel().tolist(),
    }[palette]
    picture = palette_png(tmp_path / "a.png", np.array([[156, 134, 0]], np.uint8), listed)
    assert settle(picture, COCO).labels.tolist() == [[156, 134, 0]]
    assert ids_in(picture, COCO).tolist() == [[156, 134, 0]]


def test_greys_of_a_renumbered_palette_are_ids(tmp_path: Path) -> None:
    picture = palette_png(tmp_path / "a.png", np.array([[0, 1, 2]], np.uint8), greys([156, 168, 255]))
    assert settle(picture, COCO).labels.tolist() == [[156, 168, 255]]
    assert ids_in(picture, COCO).tolist() == [[156, 168, 255]]
    found = readings(picture, COCO)
    assert found.is_certain
    assert found.options[0].labels(nearest=False).tolist() == [[156, 168, 255]]


def test_colours_of_a_renumbered_palette_are_labels(tmp_path: Path) -> None:
    colors = [*COLORS[156], *COLORS[168]]
    picture = palette_png(tmp_path / "a.png", np.array([[0, 1, 1]], np.uint8), colors)
    assert settle(picture, COCO).labels.tolist() == [[156, 168, 168]]
    assert ids_in(picture, COCO).tolist() == [[156, 168, 168]]
    assert readings(picture, COCO).options[0].by_color


def test_other_palettes_are_refused_with_the_reason(tmp_path: Path) -> None:
    picture = palette_png(tmp_path / "a.png", np.array([[0, 1]], np.uint8), [1, 2, 3, 4, 5, 6])
    for read in (lambda: settle(picture, COCO), lambda: ids_in(picture, COCO), lambda: settle(picture, COCO, is_given=True)):
        with pytest.raises(LabelError, match=r"a palette in another order.*x 0 y 0 #010203.*8-bit grey"):
            read()
    with pytest.raises(LabelError, match="8-bit grey"):
        settle(picture, None)
    found = readings(picture, COCO)  # a person may know better
    assert not found.is_certain
    assert any(not reading.by_color and reading.is_complete for reading in found.options)


def test_data_are_not_read_as_another_set_than_they_say(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="has the palette of the label set Cityscapes"):
        ids_in(palette_png(tmp_path / "a.png", IDS, CITY.palette().ravel().tolist()), COCO)
    with pytest.raises(LabelError, match="names the label set Mine"):
        ids_in(grey_png(tmp_path / "b.png", np.array([[0, 7]], np.uint8), text_naming(OWN)), COCO)
    assert ids_in(grey_png(tmp_path / "c.png", np.array([[0, 7]], np.uint8), text_naming(OWN)), OWN).tolist() == [[0, 7]]


def test_colours_of_another_set_are_told(tmp_path: Path) -> None:
    Image.fromarray(ADE.palette()[IDS]).save(tmp_path / "a.png")
    picture = read_label_picture(tmp_path / "a.png")
    settled = settle(picture, COCO)
    assert (settled.label_set, settled.is_told_by_file) == (ADE, True)
    with pytest.raises(LabelError, match="COCO-Stuff does not have"):
        settle(picture, COCO, is_given=True)


def test_texts_that_name_a_set_can_be_read_back() -> None:
    assert text_naming(COCO) == "coco_stuff"
    assert LabelSet.from_json(json.loads(text_naming(OWN))) == OWN


def test_unknown_colours_have_their_nearest_label(tmp_path: Path) -> None:
    Image.fromarray(np.array([[COLORS[156], (1, 1, 200)]], np.uint8)).save(tmp_path / "a.png")
    reading = next(r for r in readings(read_label_picture(tmp_path / "a.png"), COCO).options if r.label_set == COCO and r.by_color)
    (unknown,) = reading.unknown()
    assert (unknown.value, unknown.pixels) == (0x0101C8, 1)
    assert unknown.nearest is not None
    assert reading.labels(nearest=True)[0, 1] == unknown.nearest.id
    assert reading.labels(nearest=False).tolist() == [[156, 255]]
    assert reading.known_share == 0.5
