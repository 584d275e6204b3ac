"""Files told apart by their content, whatever they are called."""

from __future__ import annotations

import os
import struct
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from spade_studio.engine.file_kinds import kind_of

TENSORS = {"conv_img.weight": torch.zeros(3, 4)}


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def test_files_of_torch_are_weights(tmp_path: Path) -> None:
    torch.save(TENSORS, tmp_path / "a.pth")
    torch.save(TENSORS, tmp_path / "b.ora", _use_new_zipfile_serialization=False)
    repacked = archive(tmp_path / "c.zip", {"archive/": b"", "archive/version": b"3", "archive/data.pkl": b"x"})
    for path in (tmp_path / "a.pth", tmp_path / "b.ora", repacked):
        assert kind_of(path) == "weights"


def test_bundles_are_weights(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(struct.pack("<Q", 2) + b"{}")
    assert kind_of(tmp_path / "a") == "weights"


def test_openraster_is_a_document_however_it_was_packed(tmp_path: Path) -> None:
    ours = archive(tmp_path / "a.zip", {"mimetype": b"image/openraster", "stack.xml": b""})
    repacked = archive(tmp_path / "b.pth", {"data/": b"", "stack.xml": b"", "mimetype": b"image/openraster"})
    assert {kind_of(ours), kind_of(repacked)} == {"document"}
    other = archive(tmp_path / "c.odt", {"mimetype": b"application/vnd.oasis.opendocument.text"})
    assert kind_of(other) == "zip"
    assert kind_of(archive(tmp_path / "d.zip", {"images/a.png": b""})) == "zip"


def test_pictures_folders_and_the_rest(tmp_path: Path) -> None:
    for suffix in ("png", "jpg", "webp", "bmp", "tiff", "gif"):
        Image.new("RGB", (4, 4)).save(tmp_path / f"a.{suffix}")
        assert kind_of((tmp_path / f"a.{suffix}").rename(tmp_path / f"{suffix}.ora")) == ("png" if suffix == "png" else "picture")
    (tmp_path / "empty.ora").touch()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(9))
    assert [kind_of(tmp_path / name) for name in ("", "empty.ora", "text.png", "none", "cut.zip")] == [
        "folder", "other", "other", "other", "zip"
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such names on Windows")
def test_pipes_and_devices_are_nothing_and_names_need_no_encoding(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    assert kind_of(tmp_path / "pipe.png") == kind_of(tmp_path / "zero.png") == "other"
    latin = tmp_path / os.fsdecode(b"caf\xe9.png")
    Image.new("L", (4, 4)).save(latin)
    assert kind_of(latin) == "png"
