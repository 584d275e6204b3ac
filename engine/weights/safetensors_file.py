"""Loading of safetensors files with names in any encoding."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spade_studio.engine.files import open_regular

if TYPE_CHECKING:
    from torch import Tensor


def load_safetensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name, on the CPU.

    Raises:
        OSError: not a regular file, or not readable.
        SafetensorError: a damaged file.
    """
    import safetensors.torch

    with open_regular(path) as file:
        # The library takes names of UTF-8 only; other systems than POSIX have no others.
        is_utf8 = not any("\ud800" <= character <= "\udfff" for character in str(path))
        return safetensors.torch.load_file(path if is_utf8 else f"/dev/fd/{file.fileno()}")  # pyright: ignore[reportUnknownMemberType]
