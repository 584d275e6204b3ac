"""Instance maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.errors import LabelError
from spade_studio.engine.pictures.instance_maps import read_instance_map

IDS = np.array([[0, 1, 2, 3], [156, 134, 154, 255]], np.uint8)


def save(array: Any, path: Path, mode: str | None = None) -> Path:
    image = Image.fromarray(np.asarray(array))
    (image.convert(mode) if mode else image).save(path)
    return path


def test_instances_have_8_or_16_bits(tmp_path: Path) -> None:
    ids = np.array([[0, 65535], [24001, 3]], np.uint16)
    assert (read_instance_map(save(ids, tmp_path / "deep.png")) == ids).all()
    assert (read_instance_map(save(IDS, tmp_path / "grey.png")) == IDS).all()
    assert read_instance_map(tmp_path / "deep.png").dtype == np.int32


def test_coloured_instances_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="grey PNG of 8 or 16 bits"):
        read_instance_map(save(np.zeros((2, 2, 3), np.uint8), tmp_path / "rgb.png"))
