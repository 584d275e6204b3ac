"""What a command says of label maps that do not say themselves what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from spade_studio.engine.batch.map_account import MapAccount
from spade_studio.engine.labels import LabelChannels, load_label_set
from spade_studio.engine.labels.transfer import LabelTransfer
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import settle

COCO, CITY = load_label_set("coco_stuff"), load_label_set("cityscapes")


def account() -> MapAccount:
    channels = LabelChannels.coco_stuff()
    return MapAccount(LabelTransfer(None, channels), channels)


def add(maps: MapAccount, path: Path) -> np.ndarray:
    settled = settle(read_label_picture(path), COCO)
    carried, unknown = maps.transfer_from(settled.label_set).apply(settled.labels)
    maps.add(settled, unknown)
    return carried


def test_a_map_of_another_set_is_carried_over_and_told(tmp_path: Path) -> None:
    sky, car = CITY.by_name("sky"), CITY.by_name("car")
    assert sky is not None
    assert car is not None
    image = Image.fromarray(np.array([[sky.id, car.id]], np.uint8))
    image.putpalette(CITY.palette().ravel().tolist())
    image.save(tmp_path / "a.png")
    maps = account()
    own = COCO.by_name("car")
    assert own is not None
    assert add(maps, tmp_path / "a.png").tolist()[0][1] == own.id
    assert maps.report()[0].startswith("1 label map was read as labels of Cityscapes, since its palette")
    assert "--label-set" in maps.report()[0]


def test_doubts_are_told_once_with_the_way_out(tmp_path: Path) -> None:
    maps = account()
    for name in ("a", "b"):
        Image.fromarray(np.array([[2, 4]], np.uint8)).save(tmp_path / f"{name}.png")
        add(maps, tmp_path / f"{name}.png")
    (line,) = maps.report()
    assert line == "2 label maps were read as ids of COCO-Stuff, but would fit ADE20K or Cityscapes as well. --label-set says which it is."


def test_maps_that_fit_need_no_word(tmp_path: Path) -> None:
    maps = account()
    Image.fromarray(np.array([[156, 168, 255]], np.uint8)).save(tmp_path / "a.png")
    add(maps, tmp_path / "a.png")
    assert maps.report() == []
