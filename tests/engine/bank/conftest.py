"""A small memory bank of three photographs of plain colours: sky above grass, and a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spade_studio.engine.bank.file import MemoryBank, Piece, write_bank
from spade_studio.engine.bank.order import usual_order
from spade_studio.engine.bank.photographs import Photograph
from spade_studio.engine.bank.segments import find_segments, shape_of
from spade_studio.engine.labels import load_label_set

SKY, GRASS, PERSON = 156, 123, 0
SIZE = (64, 64)


def scene(horizon: int, person: tuple[int, int] | None = None, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Sky above a horizon, grass below, perhaps a person 16 by 8 pixels."""
    labels = np.full(size, SKY, np.uint8)
    labels[horizon:] = GRASS
    if person is not None:
        labels[person[0] : person[0] + 16, person[1] : person[1] + 8] = PERSON
    return labels


SCENES = (scene(16), scene(32), scene(48, (24, 40)))


@pytest.fixture
def bank_path(tmp_path: Path) -> Path:
    """Write the bank: photograph n has sky (20 n, 100, 250), grass (20 n, 200, 50), a person (250, 0, 0)."""
    path = tmp_path / "small.bank"
    pieces: list[Piece] = []
    for number, labels in enumerate(SCENES):
        for segment in find_segments(labels, 255):
            height, width = segment.box[2:]
            color = {SKY: (20 * number, 100, 250), GRASS: (20 * number, 200, 50), PERSON: (250, 0, 0)}[segment.label]
            tile = np.zeros((height, width, 4), np.uint8)
            tile[segment.mask] = (*color, 255)
            pieces.append(Piece(segment.label, number, segment.box, shape_of(segment.whole(*SIZE)), tile))
    label_set = load_label_set("coco_stuff")
    photographs = [Photograph("lake"), Photograph("hill", "Ann Author, CC BY 4.0"), Photograph("person\x1b[2J")]
    write_bank(
        path, pieces, size=SIZE, label_set=label_set, order=usual_order(label_set), licence="CC BY 4.0", source="drawn",
        photographs=photographs,
    )  # fmt: skip
    return path


@pytest.fixture
def bank(bank_path: Path) -> MemoryBank:
    return MemoryBank.open(bank_path)


