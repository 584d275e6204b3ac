from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from spade_studio.engine.errors import ConfigError
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.config.presets import preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import DataError
from spade_studio.train.run.data import open_run_data


def ade(make: Any) -> None:
    lines: list[str] = []
    for part, short in (("training", "train"), ("validation", "val")):
        for number, scene in enumerate(("bedroom", "street", "coast"), 1):
            name = f"ADE_{short}_{number:08}"
            make.photo(f"images/{part}/{name}.jpg", seed=number)
            make.map(f"annotations/{part}/{name}.png", number)
            lines.append(f"{name} {scene}")
    (make.root / "sceneCategories.txt").write_text("\n".join(lines) + "\n")


def config(name: str, path: Path, **data: Any) -> TrainConfig:
    chosen = preset(name)
    return dataclasses.replace(chosen, data=dataclasses.replace(chosen.data, path=str(path), **data))


def numbers(dataset: Any) -> list[str]:
    return [dataset.name(index)[-1] for index in range(len(dataset))]


def test_outdoor_scenes_are_those_of_the_list_that_is_given(make: Any, tmp_path: Path) -> None:
    ade(make)
    built_in = open_run_data(config("ade20k-outdoor", make.root))
    assert (numbers(built_in.training), numbers(built_in.validation)) == (["2", "3"], ["2", "3"])
    scenes = tmp_path / "mine.txt"
    scenes.write_text("bedroom\ncoast\n")
    for name in ("ade20k-outdoor", "ade20k"):
        data = open_run_data(config(name, make.root, scenes=str(scenes)))
        assert (numbers(data.training), numbers(data.validation)) == (["1", "3"], ["1", "3"])
    with pytest.raises(DataError, match=r"other\.txt cannot be read"):
        open_run_data(config("ade20k-outdoor", make.root, scenes=str(tmp_path / "other.txt")))


def test_samples_of_a_list_are_left_out_of_a_data_sets_own_validation_part(make: Any, tmp_path: Path) -> None:
    ade(make)
    skip = tmp_path / "skip.txt"
    for names, training, validation in (("ADE_train_00000001\nADE_val_00000003", "23", "12"), ("ADE_val_00000001", "123", "23")):
        skip.write_text(names)
        data = open_run_data(config("ade20k", make.root, skip=str(skip)))
        assert (numbers(data.training), numbers(data.validation)) == (list(training), list(validation))
        assert data.left_out == 6 - len(training) - len(validation)
    skip.write_text("ADE_test_1")
    with pytest.raises(DataError, match=r"none of the 1 names in .*skip.txt, such as ADE_test_1"):
        open_run_data(config("ade20k", make.root, skip=str(skip)))


def test_scenes_of_data_that_has_none_are_refused(make: Any, tmp_path: Path) -> None:
    make.pair("a")
    scenes = tmp_path / "mine.txt"
    scenes.write_text("coast\n")
    with pytest.raises(DataError, match=r"kind folder.*ade20k_outdoor"):
        open_run_data(config("tiny", make.root, scenes=str(scenes)))


def test_a_size_that_the_generator_cannot_make_is_refused_before_data_is_read(tmp_path: Path) -> None:
    wide = dataclasses.replace(config("tiny", tmp_path / "nothing"), geometry=GeometryConfig("fixed", crop_size=64, aspect_ratio=1.2))
    with pytest.raises(ConfigError, match=r"64 x 53.*multiples of 32"):
        open_run_data(wide)


def test_samples_of_a_list_are_left_out_of_training_and_of_what_is_held_out(make: Any, tmp_path: Path) -> None:
    for number in range(10):
        make.pair(f"p{number}", seed=number)
    every = open_run_data(config("tiny", make.root, validation=3))
    skip = tmp_path / "skip.txt"
    held = numbers(every.validation)[0]
    skip.write_text(f"# blurred\np{held}\n\np1\nelsewhere\n", "utf-8")
    data = open_run_data(config("tiny", make.root, validation=3, skip=str(skip)))
    left = {*numbers(data.training), *numbers(data.validation)}
    gone = {held, "1"}
    assert left == set("0123456789") - gone
    assert numbers(data.validation) == [number for number in numbers(every.validation) if number not in gone]  # no other takes its place
    assert data.words == f"{len(gone)} samples are left out (data.skip), {len(data.training)} are trained on."
    assert every.words == ""
    skip.write_text("images/p1.png\n", "utf-8")
    with pytest.raises(DataError, match=r"none of the 1 names in .*skip.txt, such as images/p1.png.*names such as p0"):
        open_run_data(config("tiny", make.root, skip=str(skip)))
