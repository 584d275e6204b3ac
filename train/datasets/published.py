"""The published data sets in the structure of their archives: COCO-Stuff, ADE20K SceneParsing and its outdoor part, Cityscapes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal

from spade_studio.engine.files import read_regular
from spade_studio.engine.labels import LabelChannels
from spade_studio.train.datasets.decoding import KNOWN_SUFFIXES, PHOTO_SUFFIXES
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.outdoor_scenes import is_outdoor
from spade_studio.train.datasets.pairs import PairDataset, files_by_key, pair_files
from spade_studio.train.datasets.sources import FileSource

_MAX_LIST_BYTES: Final = 4 << 20

Split = Literal["train", "validation"]

COCO_SPLITS: Final[dict[Split, str]] = {"train": "train", "validation": "val"}
COCO_PHOTOS: Final = ("{}_img", "{}2017", "images/{}2017")
COCO_LABELS: Final = ("{}_label", "stuffthingmaps/{}2017", "annotations/{}2017", "labels/{}2017")
COCO_INSTANCES: Final = ("{}_inst", "instances/{}2017")
"""Folders of the parts of COCO-Stuff, as in the published training code or in the official archives."""

ADE_SPLITS: Final[dict[Split, str]] = {"train": "training", "validation": "validation"}
ADE_SCENES_FILE: Final = "sceneCategories.txt"
CITYSCAPES_SPLITS: Final[dict[Split, str]] = {"train": "train", "validation": "val"}
_CITYSCAPES_NO_ID = 255  # id -1 (licence plates) as 8-bit files store it


class CocoStuffDataset(PairDataset):
    """COCO-Stuff: pixel maps of 0..181 and 255, with the instance maps of ``spade-train prepare coco`` if there are any.

    Args:
        source: Folder of pictures and maps (see ``COCO_PHOTOS`` and the others).
        split: Part of the data set.
        channels: Channels of the layout; the published 184 where None.

    Raises:
        DataError: one of the folders is missing.
    """

    kind = "coco_stuff"

    def __init__(self, source: FileSource, split: Split = "train", channels: LabelChannels | None = None) -> None:
        names = source.names()

        def first(places: tuple[str, ...], what: str, suffixes: tuple[str, ...] = PHOTO_SUFFIXES) -> dict[str, list[str]]:
            folders = [place.format(COCO_SPLITS[split]) for place in places]
            for folder in folders:
                if found := files_by_key(names, folder, suffixes):
                    return found
            if what:
                raise DataError(f"{source.where} has no {what} of COCO-Stuff {split}", f"files in {' or '.join(folders)}")
            return {}

        photos, labels = first(COCO_PHOTOS, "photographs", KNOWN_SUFFIXES), first(COCO_LABELS, "pixel maps")
        super().__init__(source, pair_files(photos, labels, first(COCO_INSTANCES, "")), channels or LabelChannels.coco_stuff())


class Ade20kDataset(PairDataset):
    """ADE20K SceneParsing: ``images/training/*.jpg`` and ``annotations/training/*.png`` of 0..150, 0 for unlabeled.

    Args:
        source: The unpacked ``ADEChallengeData2016``.
        split: Part of the data set.
        channels: Channels of the layout; the published 151, unlabeled first, where None.
        scenes: Scene categories to keep, by ``sceneCategories.txt``; all where None.

    Raises:
        DataError: missing folders, or scenes without categories or without any picture.
    """

    kind = "ade20k"

    def __init__(
        self, source: FileSource, split: Split = "train", channels: LabelChannels | None = None, scenes: Collection[str] | None = None
    ) -> None:
        names = source.names()
        photos = files_by_key(names, f"images/{ADE_SPLITS[split]}", KNOWN_SUFFIXES)
        labels = files_by_key(names, f"annotations/{ADE_SPLITS[split]}", PHOTO_SUFFIXES)
        if not photos or not labels:
            raise DataError(
                f"{source.where} has no ADE20K {split} pictures", f"images/{ADE_SPLITS[split]} and annotations/{ADE_SPLITS[split]}"
            )
        if scenes is not None:
            of_key = scene_categories(source, names)
            kept = {key for key in set(photos) | set(labels) if of_key.get(key.rpartition("/")[2]) in scenes}
            if not kept:
                raise DataError(f"no picture of {source.where} is of the {len(scenes)} scene categories asked for", "at least one")
            photos = {key: files for key, files in photos.items() if key in kept}
            labels = {key: files for key, files in labels.items() if key in kept}
        super().__init__(source, pair_files(photos, labels, {}), channels or LabelChannels.ade20k())


class Ade20kOutdoorDataset(Ade20kDataset):
    """The outdoor part of ADE20K, by scene category.

    Args:
        source, split, channels: See :class:`Ade20kDataset`.
        scenes: Outdoor categories; our own list (:mod:`spade_studio.train.datasets.outdoor_scenes`) where None.
    """

    kind = "ade20k_outdoor"

    def __init__(
        self, source: FileSource, split: Split = "train", channels: LabelChannels | None = None, scenes: Collection[str] | None = None
    ) -> None:
        if scenes is None:
            scenes = {scene for scene in scene_categories(source, source.names()).values() if is_outdoor(scene)}
        super().__init__(source, split, channels, scenes)


class CityscapesDataset(PairDataset):
    """Cityscapes, fine annotations: ``leftImg8bit/train/CITY/*_leftImg8bit.png`` with labelIds and 16-bit instanceIds in ``gtFine``.

    Args:
        source: Folder of ``leftImg8bit`` and ``gtFine``.
        split: Part of the data set.
        channels: Channels of the layout; the published 36 where None.

    Raises:
        DataError: one of the folders is missing.
    """

    kind = "cityscapes"

    def __init__(self, source: FileSource, split: Split = "train", channels: LabelChannels | None = None) -> None:
        names, part = source.names(), CITYSCAPES_SPLITS[split]
        photos = files_by_key(names, f"leftImg8bit/{part}", PHOTO_SUFFIXES, "_leftImg8bit")
        labels = files_by_key(names, f"gtFine/{part}", PHOTO_SUFFIXES, "_gtFine_labelIds")
        instances = files_by_key(names, f"gtFine/{part}", PHOTO_SUFFIXES, "_gtFine_instanceIds")
        if not photos or not labels:
            raise DataError(f"{source.where} has no Cityscapes {split} pictures", f"leftImg8bit/{part} and gtFine/{part} with labelIds")
        pairing = pair_files(photos, labels, instances)
        super().__init__(source, pairing, channels or LabelChannels.cityscapes(), other_ids=(_CITYSCAPES_NO_ID,))


def scene_categories(source: FileSource, names: Collection[str]) -> dict[str, str]:
    """Return the scene category of each ADE20K picture, from lines like ``ADE_train_00000001 airport_terminal``.

    Raises:
        DataError: the list is missing or has another format.
    """
    if ADE_SCENES_FILE not in names:
        raise DataError(f"{source.where} has no {ADE_SCENES_FILE}", "the scene category of every picture, as ADE20K's archive brings it")
    found: dict[str, str] = {}
    for number, line in enumerate(source.read(ADE_SCENES_FILE).decode("utf-8", "replace").splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) < 2:
            raise DataError(f"line {number} of {ADE_SCENES_FILE} is {line[:80]!r}", "a picture's name and its scene category")
        found[words[0]] = words[1]
    return found


def read_scene_list(path: Path) -> frozenset[str]:
    """Read a list of scene categories; see :func:`read_names`."""
    return read_names(path, "scene category")


def read_names(path: Path, what: str) -> frozenset[str]:
    """Read names from a text file, one a line, ignoring blank lines and those that begin with ``#``.

    Args:
        path: The file.
        what: Kind of the names in messages.

    Raises:
        DataError: the file cannot be read, or has no names.
    """
    try:
        lines = read_regular(path, _MAX_LIST_BYTES).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error})", f"a text file with one {what} on each line") from error
    names = frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not names:
        raise DataError(f"{path} names no {what}", "one on each line")
    return names
