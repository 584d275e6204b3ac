"""Makes the instance maps of COCO-Stuff from COCO's annotation file (``spade-train prepare coco``), which no archive brings.

It does not know how they are trained on; :mod:`spade_studio.train.datasets.published` reads them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.files import atomic_writer
from spade_studio.train.datasets.coco_masks import region_mask
from spade_studio.train.datasets.decoding import decode_label_map
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.published import COCO_INSTANCES, COCO_LABELS, COCO_SPLITS, Split

FIRST_INSTANCE: Final = 256
"""Ids of instances begin above those of labels, which stand where there is no instance."""


@dataclass(frozen=True)
class PreparedMaps:
    """What :func:`prepare_coco` did.

    Attributes:
        folder: Where the instance maps are.
        written: How many were made.
        kept: How many were there already.
        without_annotations: Pixel maps of pictures without an instance; theirs are equal to the pixel maps.
        unused_annotations: Pictures of the annotation file without a pixel map here.
    """

    folder: Path
    written: int
    kept: int
    without_annotations: int
    unused_annotations: int


def prepare_coco(
    folder: Path,
    split: Split = "train",
    *,
    annotations: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PreparedMaps:
    """Write an instance map of 16 bits for every pixel map of COCO-Stuff.

    Args:
        folder: That holds the pixel maps, in ``train_label``, ``stuffthingmaps/train2017`` or another place of ``COCO_LABELS``.
        split: Which part.
        annotations: COCO's ``instances_train2017.json``; looked for in ``annotations/`` and in ``folder`` where None.
        overwrite: Make maps again that are there already; without it an interrupted command goes on where it was.
        progress: Called with how many maps are done and how many there are to do.

    Raises:
        DataError: pixel maps or annotations are missing, damaged, or do not fit each other.
        OSError: a map cannot be written.
    """
    part = COCO_SPLITS[split]
    labels, target = _places(folder, part)
    maps = sorted(path for path in labels.iterdir() if path.suffix.lower() == ".png" and not path.name.startswith("."))
    target.mkdir(parents=True, exist_ok=True)
    waiting = [path for path in maps if overwrite or not (target / path.name).exists()]
    regions = _read_annotations(annotations or _find_annotations(folder, part))
    stems = {path.stem for path in maps}
    for done, path in enumerate(waiting, 1):
        instances = instance_map(decode_label_map(path.read_bytes(), str(path)), regions.get(path.stem, []), path.stem)
        with atomic_writer(target / path.name) as file:
            Image.fromarray(instances).save(file, "PNG")
        if progress:
            progress(done, len(waiting))
    return PreparedMaps(
        folder=target,
        written=len(waiting),
        kept=len(maps) - len(waiting),
        without_annotations=sum(not regions.get(stem) for stem in stems),
        unused_annotations=len(set(regions) - stems),
    )


def instance_map(labels: NDArray[np.uint8], regions: list[object], where: str) -> NDArray[np.uint16]:
    """Return label ids with the regions of instances drawn over them in the order given, the n-th with id 256 + n.

    Edges between ids are then borders of instances, and of labels where there are none, as in the published training.

    Args:
        labels: uint8 [H, W].
        regions: Segmentations of COCO annotations.
        where: What to call the picture in messages.

    Raises:
        DataError: a region is not usable, or there are more than 16 bits can number.
    """
    if len(regions) > 65536 - FIRST_INSTANCE:
        raise DataError(f"{where} has {len(regions)} instances", f"at most {65536 - FIRST_INSTANCE}")
    found = labels.astype(np.uint16)
    height, width = labels.shape
    for number, region in enumerate(regions):
        found[region_mask(region, height, width, f"annotation {number} of {where}")] = FIRST_INSTANCE + number
    return found


def _places(folder: Path, part: str) -> tuple[Path, Path]:
    """Return the folder of the pixel maps and, of the same habit of naming, that of the instance maps."""
    places = [place.format(part) for place in COCO_LABELS]
    for place in places:
        if any((folder / place).glob("*.png")):
            return folder / place, folder / COCO_INSTANCES[0 if place == places[0] else 1].format(part)
    raise DataError(
        f"{folder} has no pixel maps of COCO-Stuff", f"PNG files in {' or '.join(places)}", "They are in stuffthingmaps_trainval2017.zip"
    )


def _find_annotations(folder: Path, part: str) -> Path:
    name = f"instances_{part}2017.json"
    for path in (folder / "annotations" / name, folder / name):
        if path.is_file():
            return path
    raise DataError(f"there is no {name} in {folder}/annotations", "COCO's annotations", "They are in annotations_trainval2017.zip")


def _read_annotations(path: Path) -> dict[str, list[object]]:
    """Return the segmentations of every picture, by the stem of its file."""
    try:
        with path.open("rb") as file:
            data: Any = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON ({error})", "COCO's instances_train2017.json or instances_val2017.json") from error
    found: defaultdict[str, list[object]] = defaultdict(list)
    try:
        stems = {int(image["id"]): Path(image["file_name"]).stem for image in data["images"]}
        for annotation in cast("list[Mapping[str, Any]]", data["annotations"]):
            found[stems[annotation["image_id"]]].append(annotation["segmentation"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is not of COCO's form ({type(error).__name__}: {error})",
            "images with id and file_name, annotations with image_id and segmentation",
        ) from error
    return dict(found)
