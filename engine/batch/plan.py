"""Which pictures a command has to render in this process: all, less other processes' share, less what is there already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spade_studio.engine.batch.map_list import MapFile, picture_name
from spade_studio.engine.batch.shares import Share
from spade_studio.engine.errors import EngineError, LabelError
from spade_studio.engine.pictures.picture_files import PictureFormat, is_whole


@dataclass(frozen=True)
class MapWork:
    """The pictures of one label map that this process renders.

    Attributes:
        place: The map's place in the whole sequence, from 0.
        file: The map.
        pictures: (number of the variation, file to write), in order.
    """

    place: int
    file: MapFile
    pictures: tuple[tuple[int, Path], ...]


@dataclass(frozen=True)
class BatchPlan:
    """The work of this process.

    Attributes:
        works: Maps with something to render.
        pictures: How many pictures that makes.
        skipped: Pictures of this process's share that exist already.
        maps: Label maps in the whole sequence, over all processes.
    """

    works: tuple[MapWork, ...]
    pictures: int
    skipped: int
    maps: int


def plan_batch(
    maps: Sequence[MapFile],
    *,
    variations: int,
    output: Path,
    picture_format: PictureFormat,
    share: Share,
    overwrite: bool,
    inputs: Iterable[Path] = (),
) -> BatchPlan:
    """Work out what to render.

    Args:
        maps: The whole sequence, in order; every process is given the same.
        variations: Pictures for every map.
        output: Folder of the pictures.
        picture_format: Their format and suffix.
        share: This process's part.
        overwrite: Whether pictures that exist are rendered again.
        inputs: Files beside the maps that no picture may replace (photographs, instance maps).

    Raises:
        EngineError: a picture would take the place of one of the inputs.
    """
    given = [*(each.path for each in maps), *inputs]
    same_folder = {parent for parent in {path.parent for path in given} if parent.resolve() == output.resolve()}
    protected = {path.name.casefold() for path in given if path.parent in same_folder}
    works: list[MapWork] = []
    skipped = 0
    pictures = share.slice_of(len(maps) * variations)
    place = pictures.start // variations
    while place * variations < pictures.stop:
        first = max(pictures.start, place * variations) - place * variations
        last = min(pictures.stop, (place + 1) * variations) - place * variations
        wanted: list[tuple[int, Path]] = []
        for number in range(first, last):
            name = picture_name(maps[place].name, number, variations, f".{picture_format}")
            if name.casefold() in protected:
                raise EngineError(f"{output / name} would take the place of an input", "another folder for the pictures", "Change --output")
            if not overwrite and is_whole(output / name):
                skipped += 1
            else:
                wanted.append((number, output / name))
        if wanted:
            works.append(MapWork(place, maps[place], tuple(wanted)))
        place += 1
    return BatchPlan(tuple(works), sum(len(work.pictures) for work in works), skipped, len(maps))


class InstanceFolder:
    """Finds the instance map of a label map: the same stem, in a folder of the label map's name where stems clash.

    Args:
        folder: Where the instance maps are.

    Raises:
        EngineError: there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise EngineError(f"--instances {folder}: there is no such folder", "a folder of instance PNGs named like the label maps")
        self.folder = folder

    def find(self, file: MapFile) -> Path:
        """Return the instance map's path.

        Raises:
            LabelError: there is none.
        """
        stem = file.path.stem
        if file.renamed:
            candidates = [self.folder / f"{file.name}.png", self.folder / file.path.absolute().parent.name / f"{stem}.png"]
        else:
            # Cityscapes: aachen_000000_000019_gtFine_labelIds.png, ..._instanceIds.png
            candidates = [self.folder / f"{stem}.png", self.folder / f"{stem.removesuffix('labelIds')}instanceIds.png"]
        for candidate in candidates:
            if candidate.is_file():
                return candidate
        raise LabelError(f"{file.path} has no instance map", f"{candidates[0]}", "Add it, or leave out --instances")
