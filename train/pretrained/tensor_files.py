"""Reading tensors from safetensors and torch files without running code from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from torch import Tensor

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import open_regular
from spade_studio.engine.weights.safetensors_file import load_safetensors
from spade_studio.engine.weights.torch_file import load_torch_file, read_torch_file


def read_tensors(path: Path, what: str) -> Mapping[str, Tensor]:
    """Return the tensors of a file, whose format is recognised by content.

    Args:
        path: Path of the file.
        what: Description of the expected file for messages, such as ``the file of a feature network``.

    Raises:
        WeightsError: The file is missing or damaged.
    """
    try:
        with open_regular(path) as file:
            begin = file.read(2)
    except OSError as error:
        raise WeightsError(f"{path} cannot be opened ({error.strerror})", what) from error
    if begin in (b"PK", b"\x80\x02"):  # a zip archive, or torch's legacy pickle format
        return load_torch_file(read_torch_file(path, zipped=begin == b"PK"))
    try:
        return load_safetensors(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read ({error})", "a .safetensors or .pth file", "Download or copy it again") from error
