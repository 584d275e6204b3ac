"""The label maps that a command line names, in order, and the names of their pictures."""

from __future__ import annotations

import glob
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spade_studio.engine.errors import EngineError


@dataclass(frozen=True)
class MapFile:
    """One label map to render.

    Attributes:
        path: Label PNG.
        name: Name of its pictures, without number and suffix: the stem, or ``folder_stem`` where stems clash.
    """

    path: Path
    name: str

    @property
    def renamed(self) -> bool:
        """Whether the name differs from the file's stem."""
        return self.name != self.path.stem


def natural_key(path: Path) -> tuple[list[str | int], ...]:
    """Return the sort key that puts ``frame2`` before ``frame10``, folder by folder."""
    return tuple(
        [int(piece) if place % 2 else piece.casefold() for place, piece in enumerate(re.split("([0-9]+)", part))]
        for part in path.parts
    )


def find_label_maps(arguments: Iterable[str]) -> tuple[list[MapFile], list[EngineError]]:
    """Resolve files, folders and globs to label maps in natural order, each once.

    A folder stands for the ``.png`` files directly in it that are not hidden. A pattern (``*``, ``?``, ``[...]``, ``**``)
    stands for files only; it is resolved here too, for shells that pass patterns on.

    Returns:
        The maps, and one error for each argument that matches nothing.

    Raises:
        EngineError: pictures of two maps would have the same name.
    """
    found: dict[Path, Path] = {}
    problems: list[EngineError] = []
    for argument in arguments:
        try:
            paths = _resolve_argument(argument)
        except EngineError as error:
            problems.append(error)
            continue
        for path in paths:
            found.setdefault(path.absolute(), path)
    ordered = sorted(found.values(), key=natural_key)
    return _with_names(ordered), problems


def _resolve_argument(argument: str) -> list[Path]:
    path = Path(argument)
    if path.is_dir():
        maps = [child for child in path.iterdir() if child.suffix.lower() == ".png" and child.name[0] != "." and child.is_file()]
        if not maps:
            raise EngineError(
                f"{argument}: the folder holds no label map",
                "PNG files directly in it",
                "For maps in its folders, give a pattern like folder/**/*.png",
            )
        return maps
    if path.exists():
        if not path.is_file():
            raise EngineError(f"{argument} is neither a file nor a folder", "a label PNG, a folder of them, or a pattern")
        return [path]
    if glob.has_magic(argument):
        matches = [match for match in _matches(path) if match.is_file()]
        if not matches:
            raise EngineError(f"{argument}: no file matches this pattern", "a pattern of label PNGs")
        return matches
    raise EngineError(f"{argument}: there is no such file or folder", "a label PNG, a folder of them, or a pattern")


def _matches(pattern: Path) -> list[Path]:
    """Return what a pattern stands for. Folders that are there by the very name in front of it are no part of the pattern."""
    parts = pattern.parts
    folder, first = Path(), 0
    while first < len(parts) - 1 and (folder / parts[first]).is_dir():
        folder /= parts[first]
        first += 1
    found = glob.glob(str(Path(*parts[first:])), root_dir=folder, recursive=True)  # noqa: PTH207
    return [folder / match for match in found]


def _with_names(paths: Sequence[Path]) -> list[MapFile]:
    """Name every map by its stem; where stems clash, put as many folder names before them as it takes.

    Stems that differ only in upper and lower case count as a clash: their pictures would be one file on Windows and macOS.
    """
    names = {path: path.stem for path in paths}
    depth = 1
    while clashes := _clashes(names):
        progress = False
        for group in clashes:
            for path in group:
                parts = path.absolute().parent.parts[-depth:]
                longer = "_".join([*(part.strip("/\\:") for part in parts), path.stem])
                progress |= longer != names[path]
                names[path] = longer
        if not progress:
            first, second = clashes[0][:2]
            raise EngineError(
                f"{first} and {second} would both be rendered to {names[second]!r}",
                "label maps of different names",
                "Rename one, or render them separately",
            )
        depth += 1
    return [MapFile(path, names[path]) for path in paths]


def _clashes(names: dict[Path, str]) -> list[list[Path]]:
    groups: dict[str, list[Path]] = defaultdict(list)
    for path, name in names.items():
        groups[name.casefold()].append(path)
    return [group for group in groups.values() if len(group) > 1]


def picture_name(name: str, number: int, variations: int, suffix: str) -> str:
    """Return the file name of one picture of a map: ``name.png``, or ``name_0000.png`` and on where there are several."""
    if variations == 1:
        return f"{name}{suffix}"
    return f"{name}_{number:0{max(4, len(str(variations - 1)))}d}{suffix}"
