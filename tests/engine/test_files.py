"""Writing files whole or not at all; hashes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from spade_studio.engine import files
from spade_studio.engine.files import atomic_writer, is_regular, open_regular, read_regular, sha256_of, with_suffix


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


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions, pipes and links")


@POSIX
def test_permissions_of_the_file_before_stay(tmp_path: Path) -> None:
    path = tmp_path / "secret.ora"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with atomic_writer(path) as file:
        assert stat.S_IMODE(Path(file.name).stat().st_mode) == 0o600  # nobody reads along while it is written
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@POSIX
def test_a_link_to_nothing_is_not_written_through(tmp_path: Path) -> None:
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(FileNotFoundError, match="link to a file that is not there"), atomic_writer(link):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["link.png"]


@POSIX
def test_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe.png", tmp_path / "null.png"
    os.mkfifo(pipe)
    link.symlink_to("/dev/null")
    for path in (pipe, link):
        with pytest.raises(OSError, match="no ordinary file"), atomic_writer(path):
            pass
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(link.stat().st_mode)


def test_the_version_before_stays_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "lake.ora"
    for content in (b"first", b"second", b"third"):
        with atomic_writer(path, keep_previous=True) as file:
            file.write(content)
    assert path.read_bytes() == b"third"
    assert (tmp_path / "lake.ora~").read_bytes() == b"second"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_version_before_stays_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*names: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "lake.ora"
    for content in (b"first", b"second"):
        with atomic_writer(path, keep_previous=True) as file:
            file.write(content)
    assert (tmp_path / "lake.ora~").read_bytes() == b"first"


WRITE_AND_DIE = """
import os, sys
from spade_studio.engine.files import atomic_writer
with atomic_writer(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    os._exit(9)
"""


def test_what_a_killed_writer_left_behind_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(path)], check=False)
    (left,) = tmp_path.iterdir()
    monkeypatch.setattr(files, "_LEFT_BEHIND_AFTER", -1.0)
    with atomic_writer(path) as file:
        file.write(b"whole")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
    assert left.name != "a.png"


@POSIX
def test_files_of_writers_at_work_and_of_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = tmp_path / ".0123456789abcdef.tmp"
    foreign.touch()
    long_ago = time.time() - 1e6
    os.utime(foreign, (long_ago, long_ago))
    monkeypatch.setattr(files, "_LEFT_BEHIND_AFTER", -1.0)
    with atomic_writer(tmp_path / "a.png") as outer:
        outer.write(b"outer")
        outer.flush()
        monkeypatch.setattr(files, "_swept", set())
        with atomic_writer(tmp_path / "b.png") as inner:
            inner.write(b"inner")
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.png", "b.png", foreign.name}


@POSIX
def test_only_ordinary_files_are_opened(tmp_path: Path) -> None:
    pipe, null = tmp_path / "pipe", tmp_path / "null"
    os.mkfifo(pipe)
    null.symlink_to("/dev/zero")
    for path in (pipe, null):
        with pytest.raises(OSError, match="no ordinary file"):
            open_regular(path)
        assert not is_regular(path)
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")
    plain = tmp_path / "plain"
    plain.write_bytes(b"12345")
    assert is_regular(plain)
    assert read_regular(plain, 5) == b"12345"
    with pytest.raises(OSError, match="longer than 4 bytes"):
        read_regular(plain, 4)


class Busy:
    """A file that another program holds for a number of attempts."""

    def __init__(self, attempts: int) -> None:
        self.left = attempts

    def replace(self, target: Path) -> None:
        self.left -= 1
        if self.left >= 0:
            raise PermissionError(13, "in use", str(target))


def test_a_file_that_somebody_reads_is_waited_for_on_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    waits: list[float] = []
    monkeypatch.setattr(files.time, "sleep", waits.append)
    for blocks, attempts, succeeds in ((True, 3, True), (True, 99, False), (False, 1, False)):
        monkeypatch.setattr(files, "_READERS_BLOCK", blocks)
        busy: Any = Busy(attempts)
        if succeeds:
            files.replace_file(busy, tmp_path)
        else:
            with pytest.raises(PermissionError):
                files.replace_file(busy, tmp_path)
    assert waits[:3] == sorted(waits[:3])
    assert len(waits) == 3 + 6
    assert sum(waits) < 3


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\short.png", "C:\\short.png"),
        ("C:\\" + "x" * 300, "\\\\?\\C:\\" + "x" * 300),
        ("\\\\server\\share\\" + "x" * 300, "\\\\?\\UNC\\server\\share\\" + "x" * 300),
        ("\\\\?\\C:\\" + "x" * 300, "\\\\?\\C:\\" + "x" * 300),
    ],
)
def test_long_paths_are_written_as_windows_takes_them(path: str, expected: str) -> None:
    assert files.extended(path, windows=True) == expected
    assert files.extended(path, windows=False) == path


@pytest.mark.parametrize(
    ("typed", "saved"),
    [
        ("Lake", "Lake.png"),
        ("Lake.png", "Lake.png"),
        ("Lake.PNG", "Lake.PNG"),
        ("Lake.jpg", "Lake.jpg"),
        ("St. Moritz", "St. Moritz.png"),
        ("lake v1.5 final", "lake v1.5 final.png"),
        ("Lake 2.1", "Lake 2.1.png"),
        ("a.b.png", "a.b.png"),
        ("Lake.", "Lake..png"),
        (".png", ".png.png"),
    ],
)
def test_only_known_suffixes_are_suffixes(typed: str, saved: str) -> None:
    assert with_suffix(Path("folder.ora") / typed, ".png") == Path("folder.ora") / saved
