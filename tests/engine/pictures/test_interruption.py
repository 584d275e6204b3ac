"""Readers of large pictures look, between small parts of their work, whether anybody still waits."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine import interruption
from spade_studio.engine.interruption import interruptible
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.photographs import read_style_image

SIDE = 768
RANDOM = np.random.default_rng(0)


class GivenUpError(Exception):
    """Raised by the check."""


class Check:
    """Counts, and raises at a call of a number."""

    def __init__(self, raise_at: int = -1) -> None:
        self.calls, self._raise_at = 0, raise_at

    def __call__(self) -> None:
        self.calls += 1
        if self.calls == self._raise_at:
            raise GivenUpError


def saved(path: Path, pixels: np.ndarray, mode: str | None = None) -> Path:
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, compress_level=1)
    return path


IDS = RANDOM.integers(0, 5, (SIDE, SIDE), np.uint8)
PHOTO = RANDOM.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
READERS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object]]] = {
    "grey map": (lambda folder: saved(folder / "a.png", IDS), read_label_picture),
    "palette map": (lambda folder: saved(folder / "a.png", IDS, "P"), read_label_picture),
    "map of colours": (lambda folder: saved(folder / "a.png", np.repeat(IDS[..., None], 3, 2)), read_label_picture),
    "PNG": (lambda folder: saved(folder / "a.png", PHOTO), read_style_image),
    "JPEG": (lambda folder: saved(folder / "a.jpg", PHOTO), read_style_image),
}


@pytest.mark.parametrize("kind", READERS)
def test_reading_ends_at_whichever_look_it_is_given_up(tmp_path: Path, kind: str) -> None:
    write, read = READERS[kind]
    path = write(tmp_path)
    check = Check()
    with interruptible(check):
        read(path)
    assert check.calls >= path.stat().st_size // interruption.BLOCK
    for at in (1, check.calls // 2, check.calls):
        with interruptible(Check(at)), pytest.raises(GivenUpError):
            read(path)


def test_nobody_is_asked_outside_of_the_block_or_on_another_thread() -> None:
    check = Check()
    with interruptible(check):
        thread = threading.Thread(target=interruption.check)
        thread.start()
        thread.join()
        assert check.calls == 0
        with interruptible(other := Check()):
            interruption.check()
        interruption.check()
    interruption.check()
    assert (check.calls, other.calls) == (1, 1)


def test_a_watched_file_is_read_as_the_file_itself() -> None:
    file = interruption.Watched(io.BytesIO(b"abcdef"))
    assert (file.read(2), file.tell(), file.seek(1, 1), file.read()) == (b"ab", 2, 3, b"def")
