"""The pictures of an export: each layout at each size in each style, the names of their files, and which of them are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Generic, TypeVar

from spade_studio.engine.batch.map_list import MapFile, picture_name
from spade_studio.engine.batch.shares import Share
from spade_studio.engine.errors import EngineError, LabelError, StyleError
from spade_studio.engine.pictures.picture_files import PictureFormat, is_whole
from spade_studio.engine.rendering.frame_sizes import Size
from spade_studio.engine.rendering.result_plan import ResultWish
from spade_studio.engine.style import StyleCode

MAX_SEED = 2**63 - 1

Style = int | StyleCode
"""A seed, or a style code [z]."""

LayoutT = TypeVar("LayoutT")
SizeT = TypeVar("SizeT")


class NameClashError(EngineError):
    """Raised for two pictures of an export with the same file name.

    Attributes:
        file: File name.
    """

    def __init__(self, file: str) -> None:
        super().__init__(f"two pictures would both be named {file!r}", "one file name for each picture")
        self.file = file


@dataclass(frozen=True, eq=False)
class PlannedPicture(Generic[LayoutT, SizeT]):
    """One picture of an export.

    Attributes:
        index: Position among all pictures, from 0.
        place: Position of the layout among all layouts, from 0.
        variation: Position of the style among all styles, from 0.
        layout: Layout to render.
        size: Size of the picture.
        style: Style of the picture.
        file: File name in the folder of the export.
    """

    index: int
    place: int
    variation: int
    layout: LayoutT
    size: SizeT
    style: Style
    file: str


def seeds_from(first: int, count: int) -> range:
    """Return the seeds of ``count`` variations.

    Args:
        first: Seed of the first variation.
        count: Number of variations, at least 1.

    Raises:
        StyleError: ``count`` is below 1, or a seed is outside 0 to 2**63 - 1.
    """
    if count < 1:
        raise StyleError(f"{count} variations", "at least 1")
    if not 0 <= first <= MAX_SEED - count + 1:
        raise StyleError(f"seeds from {first} to {first + count - 1}", "whole numbers from 0 to 2**63 - 1")
    return range(first, first + count)


def plan_pictures(
    layouts: Sequence[LayoutT],
    sizes: Sequence[SizeT],
    styles: Sequence[Style],
    file_name: Callable[[LayoutT, SizeT, int, Style, int], str],
    part: range | None = None,
) -> tuple[PlannedPicture[LayoutT, SizeT], ...]:
    """Plan the pictures of an export: layout by layout, for each layout its sizes, for each size its styles.

    Args:
        layouts: Layouts, in order.
        sizes: Sizes of the pictures.
        styles: Styles of the pictures.
        file_name: Returns a picture's file name from its layout, size, variation, style and index.
        part: Indices of the pictures to plan; all where None.

    Raises:
        NameClashError: two pictures have the same file name; upper and lower case are not distinguished.
    """
    found: list[PlannedPicture[LayoutT, SizeT]] = []
    taken: set[str] = set()
    for index in range(len(layouts) * len(sizes) * len(styles)) if part is None else part:
        rest, variation = divmod(index, len(styles))
        place, at = divmod(rest, len(sizes))
        layout, size, style = layouts[place], sizes[at], styles[variation]
        file = file_name(layout, size, variation, style, index)
        # Upper and lower case are one name on Windows and macOS.
        if file.casefold() in taken:
            raise NameClashError(file)
        taken.add(file.casefold())
        found.append(PlannedPicture(index, place, variation, layout, size, style, file))
    return tuple(found)


def missing_pictures(
    pictures: Iterable[PlannedPicture[LayoutT, SizeT]], folder: Path, may_keep: Callable[[PlannedPicture[LayoutT, SizeT]], bool]
) -> list[PlannedPicture[LayoutT, SizeT]]:
    """Return the pictures that an export still has to render.

    Args:
        pictures: Pictures of the export.
        folder: Folder of the export.
        may_keep: Whether a file with a picture's name, if there is a whole one, counts as that picture.
    """
    return [picture for picture in pictures if not (may_keep(picture) and is_whole(folder / picture.file))]


def count_existing(pictures: Iterable[PlannedPicture[LayoutT, SizeT]], folder: Path) -> int:
    """Return the number of pictures whose names files in the folder have."""
    return sum((folder / picture.file).exists() for picture in pictures)


MapPicture = PlannedPicture[MapFile, Size | ResultWish | None]


@dataclass(frozen=True)
class BatchPlan:
    """The pictures of label maps that this process renders.

    Attributes:
        folder: Folder of the pictures.
        works: Pictures to render, those of one label map at one size together.
        skipped: Number of pictures of this process's share that exist already.
        maps: Number of label maps in the whole sequence, over all processes.
    """

    folder: Path
    works: tuple[tuple[MapPicture, ...], ...]
    skipped: int
    maps: int

    @property
    def pictures(self) -> int:
        """Number of pictures to render."""
        return sum(map(len, self.works))


def plan_batch(
    maps: Sequence[MapFile],
    *,
    styles: Sequence[Style],
    size: Size | ResultWish | None,
    output: Path,
    picture_format: PictureFormat,
    share: Share,
    overwrite: bool,
    inputs: Iterable[Path] = (),
) -> BatchPlan:
    """Plan the pictures of label maps: all of them, less the share of other processes, less those that exist.

    Args:
        maps: Label maps of the whole sequence, in order; the same in every process.
        styles: Styles in which each map is rendered.
        size: Size of the pictures.
        output: Folder of the pictures.
        picture_format: Format and suffix of the pictures.
        share: Share of this process.
        overwrite: Whether pictures that exist are rendered again.
        inputs: Files besides the maps that no picture may replace (photographs, instance maps).

    Raises:
        EngineError: a picture would replace one of the inputs.
    """

    def file_name(file: MapFile, _size: object, variation: int, _style: Style, _index: int) -> str:
        return picture_name(file.name, variation, len(styles), f".{picture_format}")

    own = plan_pictures(maps, (size,), styles, file_name, share.slice_of(len(maps) * len(styles)))
    protected = _names_in(output, [*(each.path for each in maps), *inputs])
    for picture in own:
        if picture.file.casefold() in protected:
            path = output / picture.file
            raise EngineError(f"{path} would take the place of an input", "another folder for the pictures", "Change --output")
    missing = missing_pictures(own, output, lambda _picture: not overwrite)
    works = tuple(tuple(group) for _, group in groupby(missing, lambda picture: (picture.place, picture.size)))
    return BatchPlan(output, works, len(own) - len(missing), len(maps))


def _names_in(folder: Path, files: Iterable[Path]) -> set[str]:
    """Return the casefolded names of those files that are in a folder, however it is written."""
    paths = list(files)
    same_folder = {parent for parent in {path.parent for path in paths} if parent.resolve() == folder.resolve()}
    return {path.name.casefold() for path in paths if path.parent in same_folder}


class InstanceFolder:
    """A folder of instance maps, found by the stem of the label map, or below a folder of its folder's name where stems clash.

    Args:
        folder: Folder of the instance maps.

    Raises:
        EngineError: the folder does not exist.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise EngineError(f"--instances {folder}: there is no such folder", "a folder of instance PNGs named like the label maps")
        self.folder = folder

    def find(self, file: MapFile) -> Path:
        """Return the path of a label map's instance map.

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
