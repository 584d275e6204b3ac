"""Detection of the kind of a weights file from its first bytes."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final, Literal

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.file_kinds import LEGACY_TORCH, ZIP_START
from spade_studio.engine.files import open_regular

ContentKind = Literal["folder", "safetensors", "torch_zip", "torch_legacy"]

# The published generators are 450 MB at most; this bounds what loading can take.
MAX_FILE_BYTES: Final = 4 << 30

_PICTURES: Final = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"RIFF": "a WebP picture, a sound or a film",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"\0\0\0\x18ftyp": "a film or HEIF picture",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
}
_MARKUP: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|body|script|!--)", re.IGNORECASE)
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_WANTED: Final = "a .safetensors bundle of SPADE Studio, a .pth file of the published code, or a folder with latest_net_G.pth"
_CHOOSE: Final = "Choose a weights file or folder"


def recognize(path: Path) -> ContentKind:
    """Return the kind of a file or folder of weights.

    Raises:
        WeightsError: a missing, unreadable, empty or oversized file, or one that is no weights file.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return "folder"
        if not stat.S_ISREG(mode):
            raise WeightsError(f"{path} is not an ordinary file", _WANTED, _CHOOSE)
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(512)
    except FileNotFoundError:
        raise WeightsError(f"there is no {path}", _WANTED, "Check the path") from None
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read ({error})", "a file that you may read", "Check the path and the permissions") from error
    if not start:
        raise WeightsError(f"{path.name} is empty", _WANTED, "Download or copy the file again")
    if size > MAX_FILE_BYTES:
        raise WeightsError(f"{path.name} has {size / 2**30:.1f} GiB", f"at most {MAX_FILE_BYTES >> 30} GiB", _CHOOSE)
    return _by_start(path, start)


def _by_start(path: Path, start: bytes) -> ContentKind:
    kind: ContentKind | None = None
    if start.startswith(ZIP_START):
        kind = "torch_zip"
    elif start.startswith(LEGACY_TORCH):
        kind = "torch_legacy"
    if kind is not None:
        if path.suffix.lower() == ".safetensors":
            # Opening a pickle behind the name of a format that cannot run code is what an attacker would want.
            raise WeightsError(
                f"{path.name} is named .safetensors but holds a pickle (a torch file)",
                "safetensors content",
                "If it is a published file and you trust it, rename it to .pth",
            )
        return kind
    if start[8:9] == b"{":
        return "safetensors"
    if _MARKUP.match(start):
        raise WeightsError(
            f"{path.name} is a web page or XML text, saved in place of the file",
            _WANTED,
            "Download it again: open the link in a browser and use the download button of the page that appears",
        )
    if start.startswith(_POINTER):
        found = f"{path.name} is a pointer of Git LFS, not the file that it stands for"
        raise WeightsError(found, _WANTED, "Run git lfs pull, or download the file itself")
    for prefix, what in _PICTURES.items():
        if start.startswith(prefix):
            raise WeightsError(f"{path.name} is {what}", _WANTED, _CHOOSE)
    if start[:1] == b"\x80" and start[1:2] <= b"\x05":
        raise WeightsError(f"{path.name} is a Python pickle, but not one of torch's", _WANTED, "Nothing of it was run. " + _CHOOSE)
    if start[257:262] == b"ustar":
        raise WeightsError(f"{path.name} is a tar archive", _WANTED, "Unpack it, then choose a weights file or folder")
    if path.suffix.lower() == ".safetensors":
        raise WeightsError(f"{path.name} is named .safetensors but has no safetensors header", _WANTED, "Download or copy the file again")
    raise WeightsError(f"{path.name} is no weights file: it begins with the bytes {start[:8].hex(' ')}", _WANTED, _CHOOSE)
