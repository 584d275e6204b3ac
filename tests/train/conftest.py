"""Small data sets made for each test, in the forms that people have them in."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


class DataMaker:
    """Writes photographs and maps below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def photo(self, name: str, height: int = 6, width: int = 8, seed: int = 0, **options: Any) -> np.ndarray:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
        return pixels

    def map(self, name: str, values: Any = 0, height: int = 6, width: int = 8, dtype: Any = np.uint8) -> np.ndarray:
        array = np.broadcast_to(np.asarray(values, dtype), (height, width)).copy()
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(path)
        return array

    def pair(self, name: str, values: Any = 156, seed: int = 0, height: int = 6, width: int = 8) -> None:
        self.photo(f"images/{name}.png", height, width, seed)
        self.map(f"labels/{name}.png", values, height, width)

    def zip(self, target: Path, top: str = "") -> Path:
        with zipfile.ZipFile(target, "w") as archive:
            for path in sorted(self.root.rglob("*")):
                if path.is_file():
                    archive.write(path, f"{top}{path.relative_to(self.root).as_posix()}")
        return target


@pytest.fixture
def make(tmp_path: Path) -> DataMaker:
    return DataMaker(tmp_path / "data")


@pytest.fixture
def make_at(tmp_path: Path) -> Callable[[str], DataMaker]:
    return lambda name: DataMaker(tmp_path / name)
