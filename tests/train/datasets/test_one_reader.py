"""One label map in many forms: the command line, the window and training read it, or refuse it, alike."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.pictures.label_maps import read_label_picture
from spade_studio.engine.pictures.map_readings import readings, settle
from spade_studio.train.datasets.decoding import decode_label_map
from spade_studio.train.datasets.errors import DataError

COCO = load_label_set("coco_stuff")
IDS = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def two_bits() -> bytes:
    header = struct.pack(">IIBBBBB", 4, 2, 2, 0, 0, 0, 0)
    rows = zlib.compress(bytes([0, 0b00011011, 0, 0b11100100]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def saved(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def palette(colors: list[int]) -> bytes:
    image = Image.fromarray(IDS).convert("L")
    image.putpalette(colors)
    return saved(image)


FORMS: dict[str, Callable[[], bytes]] = {
    "grey, 8 bits": lambda: saved(Image.fromarray(IDS)),
    "grey, 2 bits": two_bits,
    "grey, 16 bits": lambda: saved(Image.fromarray(IDS.astype(np.uint16))),
    "grey and opaque alpha": lambda: saved(Image.fromarray(IDS).convert("LA")),
    "ids as RGB": lambda: saved(Image.fromarray(IDS).convert("RGB")),
    "ids as RGBA": lambda: saved(Image.fromarray(IDS).convert("RGBA")),
    "colours": lambda: saved(Image.fromarray(COCO.palette()[IDS])),
    "own palette": lambda: palette(COCO.palette().ravel().tolist()),
    "renumbered palette": lambda: saved(Image.fromarray(COCO.palette()[IDS]).quantize(4)),
    "palette of greys": lambda: palette([level for level in range(256) for _ in range(3)]),
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "16 bits beyond ids": lambda: saved(Image.fromarray(np.full((2, 4), 300, np.uint16))),
    "transparent": lambda: saved(Image.fromarray(np.full((2, 4, 4), 100, np.uint8))),
    "JPEG": lambda: b"\xff\xd8\xff\xe0" + bytes(60),
    "empty": lambda: b"",
}


@pytest.mark.parametrize("form", FORMS)
def test_all_read_it(tmp_path: Path, form: str) -> None:
    content = FORMS[form]()
    (tmp_path / "a.png").write_bytes(content)
    picture = read_label_picture(tmp_path / "a.png")
    assert (settle(picture, COCO).labels == IDS).all()
    assert (readings(picture, COCO).options[0].labels(nearest=False) == IDS).all()
    assert (decode_label_map(content, "a.png", COCO) == IDS).all()


@pytest.mark.parametrize("form", REFUSED)
def test_all_refuse_it(tmp_path: Path, form: str) -> None:
    content = REFUSED[form]()
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(LabelError):
        read_label_picture(tmp_path / "a.png")
    with pytest.raises(DataError) as caught:
        decode_label_map(content, "a.png", COCO)
    assert caught.value.kind == ("unreadable" if form == "empty" else "not a label map")


def test_a_palette_of_colours_that_nobody_has_is_refused_by_those_that_ask_nobody(tmp_path: Path) -> None:
    content = palette([9, 8, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    (tmp_path / "a.png").write_bytes(content)
    picture = read_label_picture(tmp_path / "a.png")
    with pytest.raises(LabelError, match="8-bit grey"):
        settle(picture, COCO)
    with pytest.raises(DataError, match="8-bit grey"):
        decode_label_map(content, "a.png", COCO)
    assert not readings(picture, COCO).is_certain
