"""Writing and hashing files, the same way everywhere.

It does not know what the files hold.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_writer(path: str | os.PathLike[str]) -> Generator[BinaryIO]:
    """Open a binary file that takes ``path``'s place, whole, when the block ends without an error.

    The bytes go to a temporary file in the same folder, are forced to the disk, and the file is renamed; until then, and after an
    error, whatever stood at ``path`` stays as it was. A symbolic link is followed.

    Raises:
        OSError: The folder does not exist or cannot be written, or the disk is full.
    """
    target = Path(os.path.realpath(path))
    # The name does not hold the target's: together they could be longer than a file name may be.
    temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def sha256_of(*paths: str | os.PathLike[str]) -> str:
    """Return the SHA-256, in lower-case hex, of the bytes of the files one after the other.

    Raises:
        OSError: A file cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        with Path(path).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
