"""Names of weights and picture folders in reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def unique_names(paths: Sequence[Path]) -> list[str]:
    """Return a unique name for each path: the stem, with the parent folder for equal stems, numbered if that is still ambiguous."""
    stems = [path.stem if path.suffix in (".safetensors", ".pth") else path.name for path in map(Path.absolute, paths)]
    names = [f"{path.absolute().parent.name}/{stem}" if stems.count(stem) > 1 else stem for path, stem in zip(paths, stems, strict=True)]
    return [f"{name} ({names[:place].count(name) + 1})" if names.count(name) > 1 else name for place, name in enumerate(names)]
