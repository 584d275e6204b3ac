"""Building of memory banks from photographs with label maps."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.bank.file import Piece, write_bank
from spade_studio.engine.bank.order import order_from_depth, read_order, usual_order
from spade_studio.engine.bank.photographs import Photograph
from spade_studio.engine.bank.segments import LEAST_SHARE, Segment, find_segments, shape_of
from spade_studio.engine.errors import BankError, LabelError
from spade_studio.engine.files import read_regular
from spade_studio.engine.pictures.instance_maps import decode_instance_map
from spade_studio.train.config.data import GeometryConfig
from spade_studio.train.datasets.pairs import Dataset
from spade_studio.train.datasets.sources import MAX_FILE_BYTES
from spade_studio.train.datasets.transforms import resize_ids, transform

_LARGEST_CREDITS = 1 << 26  # bytes


@dataclass(frozen=True)
class BankOptions:
    """Options and metadata of a memory bank.

    Attributes:
        size: (height, width) that photographs are scaled and cropped to.
        licence: Terms of use of the photographs.
        source: Origin of the photographs.
        credits: Author, licence and address of single photographs, by name.
        order: File with the depth order of labels; None for the default order, or that from disparities.
        disparity: Folder of disparity maps named like the photographs: PNG, larger is nearer, 0 is unknown; None without.
    """

    size: tuple[int, int]
    licence: str
    source: str
    credits: Mapping[str, str]
    order: Path | None = None
    disparity: Path | None = None


@dataclass(frozen=True)
class BuiltBank:
    """The outcome of building a bank.

    Attributes:
        pieces: Number of pieces.
        left_out: Number of omitted segments by id, for ids that the label set lacks.
    """

    pieces: int
    left_out: Mapping[int, int]


def build_bank(dataset: Dataset, path: Path, options: BankOptions, tell: Callable[[int, int], None]) -> BuiltBank:
    """Extract the segments of all photographs of a data set and write the bank.

    Args:
        dataset: Photographs with label maps.
        path: Target file.
        options: Options and metadata.
        tell: Callback with (number of photographs done, total number).

    Raises:
        DataError: a photograph or a map cannot be read.
        BankError: no segments, or unusable order or disparities.
        OSError: the file cannot be written.
    """
    label_set = dataset.label_set
    order = usual_order(label_set) if options.order is None else read_order(options.order, label_set)
    if options.order is None and options.disparity is not None:
        order = order_from_depth(_count_nearer(dataset, options.disparity), label_set)
    photographs: list[Photograph] = []
    strangers: Counter[int] = Counter()
    pieces = _pieces(dataset, options, photographs, strangers, tell)
    count = write_bank(
        path,
        pieces,
        size=options.size,
        label_set=label_set,
        order=order,
        licence=options.licence,
        source=options.source,
        photographs=photographs,
    )
    return BuiltBank(count, dict(sorted(strangers.items())))


def _pieces(
    dataset: Dataset, options: BankOptions, photographs: list[Photograph], strangers: Counter[int], tell: Callable[[int, int], None]
) -> Iterator[Piece]:
    geometry = geometry_of(options.size)
    identity = np.arange(256, dtype=np.int16)
    for index in range(len(dataset)):
        example = transform(dataset.read(index), geometry, None, identity)
        colors = example.photo
        name = dataset.name(index)
        found = find_segments(example.channels, dataset.label_set.unlabeled_id)
        segments = [segment for segment in found if dataset.label_set.by_id(segment.label) is not None]
        strangers.update(segment.label for segment in found if dataset.label_set.by_id(segment.label) is None)
        if segments:
            photographs.append(Photograph(name, options.credits.get(name, options.credits.get(Path(name).name, ""))))
        for segment in segments:
            top, left, height, width = segment.box
            alpha = np.where(segment.mask, np.uint8(255), np.uint8(0))
            tile = np.dstack((colors[top : top + height, left : left + width], alpha))
            yield Piece(segment.label, len(photographs) - 1, segment.box, shape_of(segment.whole(*options.size)), tile)
        tell(index + 1, len(dataset))


def geometry_of(size: tuple[int, int]) -> GeometryConfig:
    """Return the geometry of pictures of a size (height, width): centre crops for squares, else scaled."""
    height, width = size
    if height == width:
        return GeometryConfig("scale_shortside_and_crop", load_size=width, crop_size=width, flip=False)
    return GeometryConfig("fixed", load_size=width, crop_size=width, aspect_ratio=width / height, flip=False)


def read_credits(path: Path) -> dict[str, str]:
    """Read a CSV table of photograph names and credits.

    Raises:
        BankError: the file cannot be read, or a line does not have two entries.
    """
    expected = "CSV with a photograph's name and its credit on each line"
    try:
        text = read_regular(path, _LARGEST_CREDITS).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BankError(f"{path} cannot be read ({error})", expected) from error
    found: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise BankError(f"line {number} of {path} has {len(row)} entries", expected)
        found[row[0].strip()] = row[1].strip()
    return found


def _count_nearer(dataset: Dataset, folder: Path) -> Counter[tuple[int, int]]:
    """Count for every pair of labels how often a segment of the first was nearer than one of the second that it touches."""
    found: Counter[tuple[int, int]] = Counter()
    for index in range(len(dataset)):
        path = folder / f"{Path(dataset.name(index)).name}.png"
        if not path.exists():
            continue
        disparity = _read_disparity(path)
        labels = dataset.read(index).labels
        segments = find_segments(labels, dataset.label_set.unlabeled_id, LEAST_SHARE / 10)
        found += touching(segments, resize_ids(disparity, *labels.shape))
    if not found:
        raise BankError(f"{folder} has no disparity map of any photograph", "PNG files of one channel, named as the photographs")
    return found


def _read_disparity(path: Path) -> NDArray[np.int32]:
    try:
        return decode_instance_map(read_regular(path, MAX_FILE_BYTES), str(path))
    except (OSError, LabelError) as error:
        found = error.found if isinstance(error, LabelError) else f"{path} cannot be read ({error})"
        raise BankError(found, "disparities as a grey PNG of 8 or 16 bits", "Remove it, or save it anew") from error


def touching(segments: list[Segment], disparity: NDArray[np.integer]) -> Counter[tuple[int, int]]:
    """Compare touching segments by the disparities on both sides of their boundary.

    Returns:
        Number of pairs of segments for each pair of labels (nearer, farther).
    """
    height, width = disparity.shape
    number_of = np.full((height, width), -1, np.int32)
    for number, segment in enumerate(segments):
        top, left, rows, columns = segment.box
        number_of[top : top + rows, left : left + columns][segment.mask] = number
    sums: dict[tuple[int, int], float] = {}
    for one, other in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        a, b = number_of[one], number_of[other]
        known = (a != b) & (a >= 0) & (b >= 0) & (disparity[one] > 0) & (disparity[other] > 0)
        difference = disparity[one][known].astype(np.float64) - disparity[other][known]
        for first, second, value in zip(a[known].tolist(), b[known].tolist(), difference.tolist(), strict=True):
            key = (min(first, second), max(first, second))
            sums[key] = sums.get(key, 0.0) + (value if key[0] == first else -value)
    found: Counter[tuple[int, int]] = Counter()
    for (first, second), value in sums.items():
        if value:
            nearer, further = (first, second) if value > 0 else (second, first)
            found[segments[nearer].label, segments[further].label] += 1
    return found
