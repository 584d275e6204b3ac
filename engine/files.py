"""Opening, atomic writing and hashing of files."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

PathLike = str | os.PathLike[str]

_TEMPORARY: Final = re.compile(r"\.spade-studio-[0-9a-f]{16}\.tmp")
_LEFT_BEHIND_AFTER: Final = 60.0
"""Seconds after its last change before a temporary file that nobody holds counts as left behind by a process that died."""
_READERS_BLOCK: Final = os.name == "nt"
"""Whether a file that somebody reads cannot be replaced."""
_LONG: Final = 220
"""Windows takes 259 characters, and the temporary file's name is 34 of them."""
_SUFFIXES: Final = (
    ".ora", ".psd", ".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic",
    ".mp4", ".avi", ".mov", ".mkv", ".webm", ".npy", ".json", ".txt", ".zip", ".pth", ".safetensors", ".kra", ".xcf",
)  # fmt: skip
"""Known suffixes of other programs' files."""
_swept: set[Path] = set()
_sweeping = threading.Lock()


class NotOrdinaryError(OSError):
    """A device, pipe or socket where a regular file was expected."""

    def __init__(self, path: PathLike) -> None:
        super().__init__(errno.EINVAL, "it is a device, a pipe or a socket, and no ordinary file", os.fspath(path))


def open_regular(path: PathLike) -> BinaryIO:
    """Open a regular file for binary reading; links are followed.

    The file type is checked before and after opening, which never blocks: a pipe without a writer would block for ever, and a device might
    have no end.

    Raises:
        NotOrdinaryError: a device, pipe or socket.
        OSError: no such file, a folder, or no permission.
    """
    _require_regular(Path(path).stat().st_mode, path)
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        _require_regular(os.fstat(handle).st_mode, path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: PathLike, limit: int) -> bytes:
    """Return the bytes of a regular file.

    Args:
        path: The file.
        limit: Maximum length in bytes.

    Raises:
        OSError: as for :func:`open_regular`, or the file is longer than ``limit`` bytes.
    """
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it is longer than {limit:,} bytes", os.fspath(path))
    return content


def is_regular(path: PathLike) -> bool:
    """Whether a path leads to a regular file; False where it does not exist or cannot be examined."""
    try:
        return stat.S_ISREG(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


def _require_regular(mode: int, path: PathLike) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(mode):
        raise NotOrdinaryError(path)


def with_suffix(path: Path, suffix: str) -> Path:
    """Return the path to save a file under, from the name that the user typed.

    Only known suffixes count: "St. Moritz" and "lake v1.5 final" have none.

    Args:
        path: Path as typed.
        suffix: Suffix of the file type, such as ``.png``; added unless the name ends in it or another known one.
    """
    known = (suffix, *_SUFFIXES)
    return path if path.name.lower().endswith(known) and path.name.lower() not in known else path.with_name(path.name + suffix)


@contextmanager
def atomic_writer(path: PathLike, *, keep_previous: bool = False) -> Generator[BinaryIO]:
    """Open a binary file that replaces ``path`` atomically when the block ends without an error.

    The bytes go to a temporary file in the same folder, which is synced and renamed, after which the folder is synced; until then, and
    after an error, the file at ``path`` is unchanged. The new file gets its permissions, and its owner where the system allows it.
    Symbolic links are followed. Temporary files of killed writers are removed from the folder.

    Args:
        path: Target file.
        keep_previous: Whether to keep the previous file as ``path~``.

    Raises:
        OSError: the folder is missing or not writable, the disk is full, or ``path`` is a dangling link or not a regular file.
    """
    target = Path(extended(os.path.realpath(path)))
    before = _replaced(path, target)
    _sweep(target.parent)
    # The name does not hold the target's: together they could be longer than a file name may be.
    temporary = target.parent / f".spade-studio-{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            _hold(file)
            if before is not None:
                _take_over(before, temporary)
            yield file
            file.flush()
            os.fsync(file.fileno())
        if keep_previous and before is not None:
            _keep(target)
        replace_file(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def replace_file(source: Path, target: Path) -> None:
    """Rename a file over another one; on Windows, retry while another program (a virus scanner, an indexer) has it open.

    Raises:
        OSError: the file cannot be renamed.
    """
    for seconds in (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, None):
        try:
            source.replace(target)
        except PermissionError:
            if seconds is None or not _READERS_BLOCK:
                raise
            time.sleep(seconds)
        else:
            return


def extended(path: str, *, windows: bool = os.name == "nt") -> str:
    """Return a long absolute path in the extended form of Windows; other paths are returned unchanged."""
    if not windows or len(path) < _LONG or path.startswith("\\\\?\\"):
        return path
    return f"\\\\?\\UNC{path[1:]}" if path.startswith("\\\\") else f"\\\\?\\{path}"


def sync_folder(folder: PathLike) -> None:
    """Sync a folder to disk, where the system supports it."""
    if sys.platform == "win32":
        return
    # Some file systems of networks and of FUSE refuse; the file itself is on the disk by then.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _replaced(path: PathLike, target: Path) -> os.stat_result | None:
    """Return what is known of the file that will be replaced, or None where there is none."""
    try:
        found = target.stat()
    except FileNotFoundError:
        if Path(path).is_symlink():
            raise FileNotFoundError(errno.ENOENT, "it is a link to a file that is not there", os.fspath(path)) from None
        return None
    _require_regular(found.st_mode, path)
    return found


def _take_over(before: os.stat_result, temporary: Path) -> None:
    if sys.platform == "win32":
        return
    with suppress(OSError):  # only root may give files away
        os.chown(temporary, before.st_uid, before.st_gid)
    with suppress(OSError):
        temporary.chmod(stat.S_IMODE(before.st_mode))


def _keep(target: Path) -> None:
    """Let the file at ``target`` have a second name, ``target~``, in place of the one that had it; best effort."""
    kept = target.with_name(f"{target.name}~")
    step = target.parent / f".spade-studio-{secrets.token_hex(8)}.tmp"
    try:
        try:
            os.link(target, step)
        except OSError:  # a file system without hard links
            shutil.copy2(target, step)
        step.replace(kept)
    except OSError:
        with suppress(OSError):
            step.unlink(missing_ok=True)


def _hold(file: BinaryIO) -> None:
    """Lock a temporary file for as long as it is open, so that others can tell whether its writer lives."""
    if sys.platform != "win32":  # there, a file that is open cannot be removed anyway
        import fcntl

        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sweep(folder: Path) -> None:
    """Remove the temporary files that writers left behind in a folder, once in the life of this process."""
    with _sweeping:
        if folder in _swept:
            return
        _swept.add(folder)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name):
                _remove_left_behind(Path(entry.path))


def _remove_left_behind(path: Path) -> None:
    with suppress(OSError):
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or time.time() - found.st_mtime < _LEFT_BEHIND_AFTER:
            return
        if sys.platform != "win32":
            import fcntl

            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError while its writer lives
        path.unlink()


def sha256_of(*paths: PathLike) -> str:
    """Return the SHA-256, in lower-case hex, of the concatenated bytes of the files.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        with open_regular(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
