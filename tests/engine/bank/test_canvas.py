from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spade_studio.engine.bank.canvas import Kept, border_band, compose, random_half, search
from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.order import order_from_depth, read_order, usual_order, write_order
from spade_studio.engine.bank.segments import GRID, find_segments, overlaps, shape_of
from spade_studio.engine.errors import BankError
from spade_studio.engine.labels import load_label_set

SKY, GRASS, PERSON = 156, 123, 0


def scene(horizon: int, person: tuple[int, int] | None = None, size: tuple[int, int] = (64, 64)) -> np.ndarray:
    labels = np.full(size, SKY, np.uint8)
    labels[horizon:] = GRASS
    if person is not None:
        labels[person[0] : person[0] + 16, person[1] : person[1] + 8] = PERSON
    return labels


def test_segments_are_connected_and_large_enough() -> None:
    labels = np.full((32, 32), 255, np.uint8)
    labels[:8, :8] = 1
    labels[8:16, 8:16] = 1  # touches at a corner only
    labels[20:22, 20:22] = 1  # 4 of 1,024 pixels are too few
    labels[:4, 20:30] = 2
    found = find_segments(labels, 255)
    assert [(segment.label, segment.box, segment.area) for segment in found] == [
        (1, (0, 0, 8, 8), 64), (1, (8, 8, 8, 8), 64), (2, (0, 20, 4, 10), 40),
    ]  # fmt: skip
    assert np.array_equal(found[1].whole(32, 32), (labels == 1) & (np.arange(32)[:, None] >= 8) & (np.arange(32) < 16))


def test_overlaps_are_those_of_the_masks() -> None:
    random = np.random.default_rng(0)
    masks = random.random((20, GRID, GRID)) < random.random((20, 1, 1))
    masks[3] = False
    shapes = np.stack([shape_of(mask) for mask in masks])
    for place in (0, 3, 7):
        common, union = (masks & masks[place]).sum((1, 2)), (masks | masks[place]).sum((1, 2))
        assert overlaps(shapes[place], shapes) == pytest.approx(common / np.maximum(union, 1))
    # A mask of another size has the shape of its place in the picture.
    large = np.zeros((256, 512), bool)
    large[64:192, :256] = True
    small = np.zeros((GRID, GRID), bool)
    small[16:48, :32] = True
    assert np.array_equal(shape_of(large), shape_of(small))


def test_search_finds_the_same_label_in_place(bank: MemoryBank) -> None:
    matches = search(bank, SKY, scene(30) == SKY)
    assert [int(bank.photograph_of[match.piece]) for match in matches] == [1, 2, 0]
    assert all(bank.labels[match.piece] == SKY for match in matches)
    assert matches[0].overlap == pytest.approx(30 / 32)
    assert [int(bank.photograph_of[match.piece]) for match in search(bank, SKY, scene(30) == SKY, without=1)] == [2, 0]
    assert search(bank, 7, scene(30) == SKY) == []
    assert search(bank, PERSON, scene(60) == GRASS) == []  # nothing in common


def test_a_canvas_is_pasted_from_back_to_front_and_says_what_it_is_of(bank: MemoryBank) -> None:
    labels = scene(47, (24, 40))
    composition = compose(bank, labels)
    canvas, known = composition.canvas.colors[0].astype(int), composition.canvas.known[0]
    assert canvas.shape == (64, 64, 3)
    assert [int(bank.photograph_of[match.piece]) for match in composition.matches] == [2, 2, 2]
    assert (canvas[~known] == 0).all()
    assert np.abs(canvas[30, 44] - (250, 0, 0)).max() <= 4 or not known[30, 44]
    inside = known[26:38, 42:46]
    assert np.abs(canvas[26:38, 42:46][inside] - (250, 0, 0)).max() <= 4
    assert np.abs(canvas[4, 4] - (40, 100, 250)).max() <= 4
    # Around the person, a thing, sky and grass are erased within 0.08 of the height: 5 pixels.
    assert not known[24:40, 36:40].any()
    assert known[24:40, 26:32].all()
    (used,) = composition.origin.photographs
    assert used.photograph.name == "person�[2J"
    assert set(used.labels) == {SKY, GRASS, PERSON}
    assert used.share == pytest.approx(known.mean())
    assert composition.origin.lines()[-2:] == ["Source: drawn", "Licence: CC BY 4.0"]


def test_what_lies_in_front_is_told_by_the_order(bank: MemoryBank) -> None:
    # Sky of the photograph with the horizon at 16, grass of that with 48: between them nobody has anything; the other way both do.
    grass, sky = scene(16), scene(48)
    labels = np.where(np.arange(64)[None, :] < 32, grass, sky)
    over = {order[0]: compose(replace(bank, order=order), labels) for order in ((SKY, GRASS), (GRASS, SKY))}
    both = np.s_[26:38, 8:24]
    known = over[SKY].canvas.known[0][both] & over[GRASS].canvas.known[0][both]
    assert known.any()
    blue = {first: composition.canvas.colors[0][both][known][:, 2] for first, composition in over.items()}
    assert (blue[SKY] >= blue[GRASS]).all()
    assert compose(replace(bank, order=()), labels).canvas.known.any()


def test_half_of_the_band_along_borders_is_erased(bank: MemoryBank) -> None:
    labels = scene(128, size=(256, 256))
    known = compose(bank, labels).canvas.known[0]
    band = border_band(labels, 0.035)
    assert band.sum(0).max() in (8, 9, 10)  # 0.035 of 256
    assert known[~band].all()
    assert 0.4 < known[band].mean() < 0.6
    assert np.array_equal(known, compose(bank, labels).canvas.known[0])
    assert np.array_equal(random_half(256, 256), random_half(256, 256))
    assert not border_band(np.zeros((8, 8), int), 0.5).any()


def test_pieces_fit_pictures_of_any_size(bank: MemoryBank) -> None:
    for height, width in ((64, 128), (192, 64), (20, 20), (256, 320)):
        labels = np.where(np.arange(height)[:, None] < height // 2, np.uint8(SKY), np.uint8(GRASS)).repeat(width, 1)
        canvas = compose(bank, labels).canvas
        assert canvas.colors.shape == (1, height, width, 3)
        known = canvas.known[0]
        assert known.mean() > 0.9
        sky = canvas.colors[0][: height // 3][known[: height // 3]].astype(int)
        assert np.abs(sky - (20, 100, 250)).max() <= 6  # no dark fringe from outside the mask


def test_labels_without_a_piece_stay_empty(bank: MemoryBank) -> None:
    labels = np.full((64, 64), 95, np.uint8)  # building: the bank has none
    composition = compose(bank, labels)
    assert not composition.canvas.known.any()
    assert composition.origin.photographs == ()
    assert not compose(bank, np.full((64, 64), 255, np.uint8)).canvas.known.any()


def test_the_usual_order_has_things_in_front_and_the_sky_behind() -> None:
    coco = load_label_set("coco_stuff")
    order = usual_order(coco)
    assert sorted(order) == sorted(label.id for label in coco.labels)
    names = [coco.by_id(number).name for number in order]  # pyright: ignore[reportOptionalMemberAccess]
    place = names.index
    assert place("person") < place("bush") < place("tree") < place("building-other") < place("grass") < place("sea")
    assert place("water-other") < place("mountain") < place("clouds") < place("sky-other") == len(names) - 1
    assert place("skyscraper") < place("grass")


def test_a_person_edits_the_order(tmp_path: Path) -> None:
    coco = load_label_set("coco_stuff")
    path = tmp_path / "order.txt"
    path.write_text(write_order(usual_order(coco), coco), encoding="utf-8")
    assert read_order(path, coco) == usual_order(coco)
    path.write_text("\ufeff# mine\nsky-other  # in front\n\ngrass\n", encoding="utf-8")
    order = read_order(path, coco)
    assert order[:2] == (SKY, GRASS)
    assert sorted(order) == sorted(usual_order(coco))
    for text, message in (("nothing\n", "line 1 .*'nothing'"), ("grass\ngrass\n", "line 2 .*second time")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BankError, match=message):
            read_order(path, coco)
    with pytest.raises(BankError, match="cannot be read"):
        read_order(tmp_path / "none.txt", coco)
    path.write_text("grass\n" + "#" * (1 << 20), encoding="utf-8")
    with pytest.raises(BankError, match="longer than 1,048,576 bytes"):
        read_order(path, coco)


def test_depth_teaches_the_order() -> None:
    coco = load_label_set("coco_stuff")
    mountain, tree = 134, 168
    nearer = {(SKY, GRASS): 9, (GRASS, SKY): 1, (SKY, tree): 3, (GRASS, mountain): 2, (mountain, mountain): 5}
    order = order_from_depth(nearer, coco)
    assert sorted(order) == sorted(usual_order(coco))
    assert order.index(SKY) < order.index(GRASS) < order.index(tree)
    assert order.index(GRASS) < order.index(mountain)
    assert order_from_depth({}, coco) == usual_order(coco)


def test_segments_that_stay_are_not_searched_again(bank: MemoryBank, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    tile = MemoryBank.tile

    def counted(self: MemoryBank, number: int) -> np.ndarray:
        decoded.append(number)
        return tile(self, number)

    kept: Kept = {}
    monkeypatch.setattr(MemoryBank, "tile", counted)
    other = scene(30)
    for labels, size in ((other, 2), (scene(30, (40, 8)), 1), (other, 1), (other, 0), (other.repeat(2, 0).repeat(2, 1), 2)):
        decoded.clear()
        composition = compose(bank, labels, kept=kept)
        assert len(decoded) == size  # with the person the sky stays, the grass has a hole, and no piece is like the person
        whole = compose(bank, labels)
        assert np.array_equal(composition.canvas.colors, whole.canvas.colors)
        assert np.array_equal(composition.canvas.known, whole.canvas.known)
        assert (composition.matches, composition.origin) == (whole.matches, whole.origin)
        assert sum(found is not None for found in kept.values()) == len(whole.matches)
