"""Creation of COCO-Stuff's instance maps from COCO's annotation file (``spade-train prepare coco``)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.files import atomic_writer, open_regular, read_regular
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.printable import printable
from spade_studio.train.datasets.coco_masks import region_mask
from spade_studio.train.datasets.decoding import decode_label_map
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.published import COCO_INSTANCES, COCO_LABELS, COCO_SPLITS, Split
from spade_studio.train.datasets.sources import MAX_FILE_BYTES

_NAMED: Final = 100
FIRST_INSTANCE: Final = 256
"""First id of instances, above those of labels, which fill the pixels without an instance."""


@dataclass(frozen=True)
class PreparedMaps:
    """The outcome of :func:`prepare_coco`.

    Attributes:
        folder: Folder of the instance maps.
        written: Number of maps written.
        kept: Number of maps that existed.
        without_annotations: Number of pictures without an instance, whose instance maps equal the pixel maps.
        unused_annotations: Number of annotated pictures without a pixel map.
        skipped: Reasons of the first hundred skipped annotations.
        skipped_annotations: Number of skipped annotations.
    """

    folder: Path
    written: int
    kept: int
    without_annotations: int
    unused_annotations: int
    skipped: tuple[str, ...] = ()
    skipped_annotations: int = 0


def prepare_coco(
    folder: Path,
    split: Split = "train",
    *,
    annotations: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PreparedMaps:
    """Write a 16-bit instance map for each pixel map of COCO-Stuff.

    Args:
        folder: Folder of the pixel maps, in ``train_label``, ``stuffthingmaps/train2017`` or another folder of ``COCO_LABELS``.
        split: Part of the data set.
        annotations: COCO's ``instances_train2017.json``; searched in ``annotations/`` and in ``folder`` where None.
        overwrite: Whether to replace existing maps; otherwise an interrupted command resumes.
        progress: Callback with the number of maps done and the total number.

    Raises:
        DataError: pixel maps or annotations that are missing, damaged or inconsistent.
        OSError: a map cannot be written.
    """
    part = COCO_SPLITS[split]
    labels, target = _places(folder, part)
    maps = sorted(path for path in labels.iterdir() if path.suffix.lower() == ".png" and not path.name.startswith("."))
    target.mkdir(parents=True, exist_ok=True)
    waiting = [path for path in maps if overwrite or not (target / path.name).exists()]
    regions, skipped = _read_annotations(annotations or _find_annotations(folder, part))
    stems, coco = {path.stem for path in maps}, load_label_set("coco_stuff")
    for done, path in enumerate(waiting, 1):
        instances = instance_map(decode_label_map(_content(path), str(path), coco), regions.get(path.stem, []), path.stem, skipped)
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
        skipped=tuple(skipped[:_NAMED]),
        skipped_annotations=len(skipped),
    )


def instance_map(labels: NDArray[np.uint8], regions: list[object], where: str, skipped: list[str]) -> NDArray[np.uint16]:
    """Return label ids with the regions of instances drawn over them in order, the n-th with id 256 + n.

    Edges between ids are then edges of instances, and of labels without instances, as in the published training.

    Args:
        labels: Label ids, uint8 [H, W].
        regions: Segmentations of COCO annotations.
        where: Name of the picture in messages.
        skipped: List that receives the reasons of skipped regions.

    Raises:
        DataError: more regions than 16 bits can number.
    """
    if len(regions) > 65536 - FIRST_INSTANCE:
        raise DataError(f"{where} has {len(regions)} instances", f"at most {65536 - FIRST_INSTANCE}")
    found = labels.astype(np.uint16)
    height, width = labels.shape
    for number, region in enumerate(regions):
        try:
            found[region_mask(region, height, width, f"annotation {number} of {where}")] = FIRST_INSTANCE + number
        except DataError as error:
            skipped.append(str(error))
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


def _content(path: Path) -> bytes:
    try:
        return read_regular(path, MAX_FILE_BYTES)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})", "a PNG with the label map", kind="unreadable") from error


def _read_annotations(path: Path) -> tuple[dict[str, list[object]], list[str]]:
    """Return the segmentations of every picture, by the stem of its file, and which annotations are not usable."""
    try:
        with open_regular(path) as file:
            data: Any = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON ({error})", "COCO's instances_train2017.json or instances_val2017.json") from error
    try:
        stems: dict[int, str] = {_whole(image["id"]): Path(image["file_name"]).stem for image in data["images"]}
        annotations: list[object] = list(data["annotations"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is not of COCO's form ({type(error).__name__}: {error})",
            "images with id and file_name, annotations with image_id and segmentation",
        ) from error
    found: defaultdict[str, list[object]] = defaultdict(list)
    skipped: list[str] = []
    for number, item in enumerate(annotations):
        if not isinstance(item, dict):
            skipped.append(f"annotation number {number} is no JSON object.")
            continue
        annotation = cast("dict[str, object]", item)
        called = f"annotation {annotation.get('id', f'number {number}')}"
        picture = annotation.get("image_id")
        stem = stems.get(picture) if isinstance(picture, int) else None
        if "segmentation" not in annotation:
            skipped.append(f"{called} has no segmentation.")
        elif stem is None:
            skipped.append(f"{called} is of a picture that the file does not list.")
        else:
            found[stem].append(annotation["segmentation"])
    if skipped and not found:
        raise DataError(
            f"{path}: none of the {len(annotations):,} annotations can be used: {skipped[0].rstrip('.')}",
            "annotations with image_id and segmentation",
        )
    return dict(found), [printable(text) for text in skipped]


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(f"an id of type {type(value).__name__}")
    return int(value)
