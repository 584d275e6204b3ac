"""Writing files whole or not at all; hashes."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from spade_studio.engine.files import atomic_writer, sha256_of


def test_a_written_file_appears_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")
    with atomic_writer(path) as file:
        file.write(b"new bytes")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new bytes"
    assert [entry.name for entry in tmp_path.iterdir()] == ["picture.png"]


def fail_while_writing(file: BinaryIO, error: type[BaseException]) -> None:
    file.write(b"half a fi")
    raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_keeps_the_old_file_and_removes_the_temporary_one(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_writer(path) as file:
        fail_while_writing(file, error)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["weights.safetensors"]


def test_the_longest_file_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".png")
    with atomic_writer(path) as file:
        file.write(b"x")
    assert path.read_bytes() == b"x"


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_writer(tmp_path / "none" / "a.png"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows, and it has no umask")
def test_links_are_followed_and_permissions_are_ordinary(tmp_path: Path) -> None:
    real, link = tmp_path / "real.png", tmp_path / "link.png"
    real.write_bytes(b"old")
    link.symlink_to(real)
    with atomic_writer(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    plain = tmp_path / "plain"
    plain.touch()
    assert real.stat().st_mode == plain.stat().st_mode


def test_hash_of_one_and_of_several_files(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"spade" * 500_000)
    b.write_bytes(b"studio")
    assert sha256_of(a) == hashlib.sha256(b"spade" * 500_000).hexdigest()
    assert sha256_of(a, b) == hashlib.sha256(b"spade" * 500_000 + b"studio").hexdigest()
