"""Memory banks built from photographs, canvases to train on, and what the command line makes of them."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.bank.file import MemoryBank
from spade_studio.engine.bank.segments import find_segments
from spade_studio.engine.errors import BankError
from spade_studio.engine.labels import Label, LabelChannels, LabelSet, load_label_set
from spade_studio.train.cli.main import main
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets import open_dataset
from spade_studio.train.datasets.bank_building import read_credits, touching
from spade_studio.train.datasets.canvas_pairs import VARIANTS, CanvasMaker, jittered, with_statistics
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.loading import Collate, StepBatches, TrainingSet
from spade_studio.train.datasets.pairs import PairDataset, Pairing
from spade_studio.train.datasets.sampler import SampleKey

SKY, GRASS, TREE = 156, 123, 168
CHANNELS = LabelChannels.from_label_set(load_label_set("coco_stuff"), (SKY, GRASS, TREE), "last", edge=False)
GEOMETRY = GeometryConfig("crop", crop_size=64, flip=False)


@pytest.fixture
def photos(make: Any) -> Path:
    """Give 12 photographs 64 by 64: sky with a horizon that falls, grass and a tree, each label with colours of its own."""
    for number in range(12):
        labels = np.full((64, 64), SKY, np.uint8)
        labels[20 + 2 * number :] = GRASS
        labels[10:40, 10 + number : 30 + number] = TREE
        labels[:3, :3] = 255
        photo = np.zeros((64, 64, 3), np.uint8)
        for label, color in ((SKY, (90, 140, 250)), (GRASS, (90, 200, 60)), (TREE, (20, 80, 20))):
            photo[labels == label] = color
        photo += np.random.default_rng(number).integers(0, 6, photo.shape, np.uint8)
        for folder, pixels in (("images", photo), ("labels", labels)):
            path = make.root / folder / f"p{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return make.root


def bank_of(photos: Path, path: Path, *options: str) -> MemoryBank:
    given = ["bank", str(photos), "--output", str(path), "--licence", "none", "--size", "64x64", "--held-out", "0", *options]
    assert main(given) == 0
    return MemoryBank.open(path)


def test_a_bank_holds_the_segments_with_credits_and_order(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "credits.csv").write_text('p03,"Ann, CC BY"\n', encoding="utf-8")
    (tmp_path / "order.txt").write_text("sky-other\ngrass\n", encoding="utf-8")
    bank = bank_of(
        photos, tmp_path / "a.bank", "--credits", str(tmp_path / "credits.csv"), "--order", str(tmp_path / "order.txt"), "--source", "here",
        "--write-order", str(tmp_path / "written.txt"),
    )  # fmt: skip
    assert bank.order[:2] == (SKY, GRASS)
    assert (tmp_path / "written.txt").read_text(encoding="utf-8").splitlines()[1:3] == ["sky-other", "grass"]
    assert (bank.licence, bank.source) == ("none", "here")
    names = [photograph.name for photograph in bank.photographs]
    assert sorted(names) == names
    assert len(names) == 12
    assert bank.photographs[3].credit == "Ann, CC BY"
    labels = np.asarray(Image.open(photos / "labels" / "p03.png"))
    mine = np.flatnonzero(bank.photograph_of == 3)
    segments = find_segments(labels, 255)
    assert sorted(bank.labels[mine]) == sorted(segment.label for segment in segments)
    tree = int(mine[bank.labels[mine] == TREE][0])
    top, left, height, width = bank.boxes[tree]
    assert np.array_equal(bank.tile(tree)[..., 3] > 0, (labels == TREE)[top : top + height, left : left + width])
    assert bank_of(photos, tmp_path / "b.bank", "--held-out", "4").photographs != bank.photographs
    assert len(bank_of(photos, tmp_path / "b.bank", "--held-out", "4").photographs) == 8


def test_disparity_teaches_the_order(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "disparity"
    folder.mkdir()
    for path in (photos / "labels").iterdir():
        labels = np.asarray(Image.open(path))
        values = np.select([labels == SKY, labels == GRASS, labels == TREE], [200, 90, 10], 0).astype(np.uint8)
        Image.fromarray(values).save(folder / path.name)
    order = bank_of(photos, tmp_path / "a.bank", "--disparity", str(folder)).order
    assert order.index(SKY) < order.index(GRASS) < order.index(TREE)
    usual = bank_of(photos, tmp_path / "b.bank").order
    assert usual.index(TREE) < usual.index(GRASS) < usual.index(SKY)


def test_segments_of_ids_that_the_label_set_lacks_are_left_out(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = open_dataset(photos)
    data = PairDataset(plain.source, Pairing(plain.entries, ()), plain.channels, other_ids=(200, 201))
    monkeypatch.setattr("spade_studio.train.cli.bank.open_dataset", lambda *_, **__: data)
    for number, others in ((2, (200, 201)), (5, (200, 200))):
        path = photos / "labels" / f"p{number:02}.png"
        labels = np.array(Image.open(path))
        labels[labels == TREE] = others[0]
        labels[labels == SKY] = others[1]
        Image.fromarray(labels).save(path)
    bank = bank_of(photos, tmp_path / "a.bank")  # published data hold some, which count as unlabeled
    assert set(bank.labels.tolist()) == {SKY, GRASS, TREE}
    assert len(bank.photographs) == 12
    assert "Left out 3 segments of ids that COCO-Stuff does not have: 200, 201" in capsys.readouterr().err


def test_touching_segments_are_compared_where_both_are_known() -> None:
    labels = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 3, 3], [3, 3, 3, 3]], np.uint8)
    disparity = np.array([[9, 5, 7, 7], [9, 5, 7, 7], [0, 0, 6, 6], [0, 0, 6, 6]])
    assert touching(find_segments(labels, None), disparity) == {(2, 1): 1, (2, 3): 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--licence", " "], "--licence is empty"),
        (["--output", "x.zip"], "ends in .bank"),
        (["--credits", "missing.csv"], "cannot be read"),
        (["--disparity", "nowhere"], "no disparity map"),
    ],
)
def test_what_makes_no_bank_is_said(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    given = {"--output": str(tmp_path / "x.bank"), "--licence": "none", "--held-out": "0"} | dict([options])
    assert main(["bank", str(photos), *(word for pair in given.items() for word in pair)]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x.bank").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"PK", "p04.png"), (None, "no ordinary file"), (Image.new("RGB", (64, 64)), "PNG of mode RGB")],
)
def test_disparities_that_are_none_are_told(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | Image.Image | None, message: str
) -> None:
    path = tmp_path / "disparity" / "p04.png"
    path.parent.mkdir()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is None:
        path.symlink_to("/dev/zero")
    else:
        content.save(path)
    assert main(["bank", str(photos), "--output", str(tmp_path / "x.bank"), "--licence", "no", "--disparity", str(path.parent)]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert "Remove it" in said


def test_tables_that_are_too_long_are_not_cut(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "credits.csv"
    path.write_text("a,b\nc,d\n", encoding="utf-8")
    monkeypatch.setattr("spade_studio.train.datasets.bank_building._LARGEST_CREDITS", 4)
    with pytest.raises(BankError, match="longer than 4 bytes"):
        read_credits(path)


def test_credits_have_two_entries_a_line(tmp_path: Path) -> None:
    path = tmp_path / "credits.csv"
    path.write_text("a,b\nc\n", encoding="utf-8")
    with pytest.raises(Exception, match=re.escape("line 2")):
        read_credits(path)


@pytest.fixture
def canvases(photos: Path, tmp_path: Path) -> CanvasMaker:
    return CanvasMaker(bank_of(photos, tmp_path / "a.bank"), CHANNELS, seed=3)


def test_canvases_to_train_on_are_the_photographs_own_pixels_in_others_shapes(photos: Path, canvases: CanvasMaker) -> None:
    data = TrainingSet(open_dataset(photos).with_channels(CHANNELS), GEOMETRY, 3, canvases=canvases)
    own = transferred = missing = 0
    for index in range(12):
        example = data.example(SampleKey(0, index))
        assert example.canvas is not None
        colors, known = example.canvas
        photo = example.photo
        assert (colors[~known] == 0).all()
        assert not known[:3, :3].any()  # unlabeled
        same = (colors == photo).all(2)
        own += int((known & same).sum())
        transferred += int((known & ~same).sum())
        missing += int((~known).sum())
    total = 12 * 64 * 64
    assert 0.4 < own / total < 0.95
    assert 0 < transferred / total < 0.4  # 20 % of the segments have another one's colours
    assert 0.05 < missing / total < 0.6


def test_variants_come_again_and_differ(photos: Path, canvases: CanvasMaker) -> None:
    data = TrainingSet(open_dataset(photos).with_channels(CHANNELS), GEOMETRY, 3, canvases=canvases)
    made = [data.example(SampleKey(epoch, 5)).canvas for epoch in range(VARIANTS + 1)]
    assert all(canvas is not None for canvas in made)
    masks = [canvas[1].tobytes() for canvas in made if canvas is not None]
    assert len(set(masks)) == VARIANTS
    assert masks[0] == masks[VARIANTS]


def test_what_is_shown_is_rendered_without_the_photograph_itself(photos: Path, canvases: CanvasMaker) -> None:
    data = TrainingSet(open_dataset(photos).with_channels(CHANNELS), GEOMETRY, None, canvases=canvases)
    example = data.example(SampleKey(0, 5))
    assert example.canvas is not None
    colors, known = example.canvas
    photo = example.photo
    assert known.mean() > 0.7
    assert (colors[known] != photo[known]).any(1).mean() > 0.5
    assert np.array_equal(colors, data.example(SampleKey(7, 5)).canvas[0])  # pyright: ignore[reportOptionalSubscript]


def test_canvases_go_through_batches_and_from_process_to_process(photos: Path, canvases: CanvasMaker) -> None:
    data = TrainingSet(open_dataset(photos).with_channels(CHANNELS), GEOMETRY, 3, canvases=canvases)
    batch = Collate(CHANNELS)([data[SampleKey(0, index)] for index in (1, 2)])
    assert isinstance(batch, StepBatches)
    rebuild, arguments = batch.__reduce__()
    (mine,), (theirs,) = batch, rebuild(*arguments)
    assert mine.layout.canvas is not None
    assert mine.layout.canvas.colors.shape == (2, 64, 64, 3)
    assert np.array_equal(mine.layout.canvas.colors, theirs.layout.canvas.colors)
    assert np.array_equal(mine.layout.canvas.known, theirs.layout.canvas.known)
    assert mine.to("meta").layout.canvas is mine.layout.canvas


def test_a_bank_of_other_labels_is_refused(canvases: CanvasMaker) -> None:
    city = load_label_set("cityscapes")
    with pytest.raises(DataError, match=r"a\.bank calls id 7 truck, and the training data road"):
        CanvasMaker(canvases.bank, LabelChannels.from_label_set(city, (7, 8), "last", edge=False), 0)


def test_labels_are_compared_by_ids_and_names(canvases: CanvasMaker) -> None:
    coco = load_label_set("coco_stuff")

    def channels(labels: tuple[Label, ...], name: str) -> LabelChannels:
        return LabelChannels.from_label_set(LabelSet(name, labels, 255), tuple(label.id for label in labels), "last", edge=False)

    mine = tuple(label for label in coco.labels if label.id in (SKY, GRASS))
    CanvasMaker(canvases.bank, channels(mine, "Some of them"), 0)
    with pytest.raises(DataError, match=f"calls id {SKY} sky-other, and the training data meadow"):
        CanvasMaker(canvases.bank, channels((dataclasses.replace(mine[0], id=SKY, name="meadow"),), coco.name), 0)


def test_shapes_move_a_little_and_statistics_are_taken_over() -> None:
    mask = np.zeros((100, 200), bool)
    mask[30:70, 60:140] = True
    random = np.random.default_rng(0)
    for _ in range(20):
        moved = jittered(mask, random)
        rows, columns = np.nonzero(moved)
        assert abs(rows.mean() - 49.5) <= 4
        assert abs(columns.mean() - 99.5) <= 7
        assert 0.8 < moved.sum() / mask.sum() < 1.22
    mine, theirs = random.integers(40, 80, (500, 3)).astype(np.uint8), random.integers(100, 200, (400, 3)).astype(np.uint8)
    changed = with_statistics(mine, theirs).astype(float)
    assert changed.mean(0) == pytest.approx(theirs.mean(0), abs=1)
    assert changed.std(0) == pytest.approx(theirs.std(0), rel=0.1)
    assert with_statistics(np.full((4, 3), 9, np.uint8), theirs).std() < 40
