"""Sample and blank layouts, and writing of label maps as PNGs."""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from spade_studio.app.documents.errors import save_error
from spade_studio.app.documents.pictures import encode_picture, encode_plane
from spade_studio.app.model.raster import LabelArray
from spade_studio.engine.errors import LabelError
from spade_studio.engine.files import atomic_writer
from spade_studio.engine.labels import LabelSet

BLANK_SIZE = (256, 256)
_LEVEL = 6


@dataclass(frozen=True)
class Sample:
    """Built-in sample layout.

    Attributes:
        name: Name in menus and title bars.
        file_name: File name in the resources.
        seed: Style seed that suits the layout with the default weights.
    """

    name: str
    file_name: str
    seed: int


SAMPLE_LABELS = "coco_stuff"
"""Name of the samples' label set."""
SAMPLES = (
    Sample("Mountain lake", "mountain_lake.png", 27),
    Sample("Coast", "coast.png", 29),
    Sample("Valley", "valley.png", 14),
    Sample("Winter ridge", "winter_ridge.png", 27),
    Sample("Forest lake", "forest_lake.png", 6),
)


def write_labels(path: Path, labels: LabelArray, label_set: LabelSet) -> None:
    """Atomically write a palette PNG whose indices are label ids and which names its label set.

    Raises:
        SaveError: The folder is missing or not writable, or the disk is full.
    """
    from spade_studio.engine.pictures.label_maps import LABEL_SET_KEY  # not needed to open the window
    from spade_studio.engine.pictures.map_readings import text_naming

    _write(path, encode_plane(labels, label_set.palette(), _LEVEL, {LABEL_SET_KEY: text_naming(label_set)}))


def write_colors(path: Path, labels: LabelArray, label_set: LabelSet) -> None:
    """Atomically write a map as a picture in the colours of its label set.

    Raises:
        SaveError: The folder is missing or not writable, or the disk is full.
    """
    _write(path, encode_picture(label_set.palette()[labels]))


def _write(path: Path, data: bytes) -> None:
    try:
        with atomic_writer(path) as file:
            file.write(data)
    except OSError as error:
        raise save_error(path, error) from error


def read_sample(sample: Sample) -> LabelArray:
    """Return the label map of a sample, uint8 ``[H, W]``."""
    # Resources may lie inside an archive, hence importlib.
    data = (resources.files("spade_studio.resources") / "layouts" / sample.file_name).read_bytes()
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        if image.mode != "P":
            raise LabelError(f"sample {sample.file_name} has mode {image.mode}", "a palette PNG")
        return np.array(image, np.uint8)


def blank_labels(label_set: LabelSet, size: tuple[int, int] = BLANK_SIZE) -> LabelArray:
    """Return an unlabeled map of ``size`` (height, width), uint8 ``[H, W]``."""
    return np.full(size, label_set.unlabeled_value, np.uint8)
