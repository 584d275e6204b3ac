"""Photographs with rare labels are drawn more often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spade_studio.engine.labels import LabelChannels
from spade_studio.train.datasets import open_dataset
from spade_studio.train.datasets.balance import balance

SKY, MOUNTAIN, SNOW, DOG = 156, 134, 158, 17


def test_factors_are_those_of_the_rarest_label_shown(make: Any) -> None:
    for number in range(16):
        make.pair(f"p{number:02}", SKY, number)
    labels = np.full((6, 8), SKY)
    for name, rare in (("p03", SNOW), ("p04", MOUNTAIN), ("p05", MOUNTAIN), ("p06", MOUNTAIN), ("p07", MOUNTAIN), ("p08", DOG)):
        labels[:3] = rare
        make.map(f"labels/{name}.png", labels)
    (make.root / "labels/p09.png").write_bytes(b"no map")
    dataset = open_dataset(make.root)
    channels = LabelChannels.from_label_set(dataset.label_set, (SKY, MOUNTAIN, SNOW), "last", edge=False)
    found = balance(dataset.with_channels(channels), 0.25)
    expected = np.ones(16)
    expected[3] = np.sqrt(0.25 / (1 / 16))
    # A quarter shows mountains, which is the threshold; dogs have no channel.
    assert found.weights == pytest.approx(expected)
    assert found.rare == ("snow",)
    assert found.words == (
        "Rare labels (snow): 1 of 16 photographs are drawn more often, at most 1.9 times an epoch; those without such labels 0.94 times."
    )
    assert "none" in balance(dataset.with_channels(channels), 0.01).words
