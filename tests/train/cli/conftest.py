"""Small data sets of every kind, and a way to call spade-train and see what it prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from spade_studio.train.cli.main import main
from spade_studio.train.run.directory import RunDirectory, list_runs


class Done(NamedTuple):
    """How a command ended: its exit code, and what it wrote to stdout and stderr."""

    code: int
    out: str
    err: str


Train = Callable[..., Done]


@pytest.fixture
def train(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Train:
    """Call spade-train in this process."""
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: object) -> Done:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1 if error.code else 0
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return call


@pytest.fixture
def data(make: Any) -> Path:
    """Give the folder of 16 photographs with label maps: half sky, half mountain, one with an elephant."""
    for number in range(16):
        make.pair(f"p{number:02}", (156, 134)[number % 2], number, 72, 80)
    labels = np.full((72, 80), 156)
    labels[:36] = 21
    make.map("labels/p00.png", labels, 72, 80)
    return make.root


@pytest.fixture
def only_run(tmp_path: Path) -> Callable[[], RunDirectory]:
    """Return the one run in the folder of runs."""

    def find() -> RunDirectory:
        (found,) = list_runs(tmp_path / "runs")
        return found

    return find


@pytest.fixture
def published(make_at: Any) -> Callable[[str], Path]:
    """Make a small data set of a kind."""

    def build(kind: str) -> Path:
        make = make_at(kind)
        for number in range(1, 5):
            if kind == "coco_stuff":
                make.photo(f"train_img/{number:012}.jpg", 140, 150, number)
                make.map(f"train_label/{number:012}.png", number, 140, 150)
                make.map(f"train_inst/{number:012}.png", 300, 140, 150, np.uint16)
            elif kind.startswith("ade20k"):
                make.photo(f"images/training/ADE_train_{number:08}.jpg", 140, 150, number)
                make.map(f"annotations/training/ADE_train_{number:08}.png", number, 140, 150)
            elif kind == "cityscapes":
                make.photo(f"leftImg8bit/train/ulm/ulm_000000_{number:06}_leftImg8bit.png", 80, 150, number)
                make.map(f"gtFine/train/ulm/ulm_000000_{number:06}_gtFine_labelIds.png", 7, 80, 150)
                make.map(f"gtFine/train/ulm/ulm_000000_{number:06}_gtFine_instanceIds.png", 7, 80, 150, np.uint16)
            else:
                make.pair(f"p{number}", 156, number, 140, 150)
        if kind == "ade20k_outdoor":
            lines = [f"ADE_train_{number:08} mountain_snowy\n" for number in range(1, 5)]
            (make.root / "sceneCategories.txt").write_text("".join(lines))
        return make.root

    return build
