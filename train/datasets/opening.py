"""Opening of training data of all kinds, recognised by their folders."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from spade_studio.engine.labels import LabelChannels
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.folder import FolderDataset
from spade_studio.train.datasets.pairs import PairDataset
from spade_studio.train.datasets.published import (
    COCO_LABELS,
    COCO_SPLITS,
    Ade20kDataset,
    Ade20kOutdoorDataset,
    CityscapesDataset,
    CocoStuffDataset,
    Split,
)
from spade_studio.train.datasets.sources import FileSource, open_source

DATASET_KINDS: Final = (
    FolderDataset.kind,
    CocoStuffDataset.kind,
    Ade20kDataset.kind,
    Ade20kOutdoorDataset.kind,
    CityscapesDataset.kind,
)


def open_dataset(
    path: str | Path,
    kind: str = "auto",
    *,
    split: Split = "train",
    channels: LabelChannels | None = None,
    scenes: Collection[str] | None = None,
) -> PairDataset:
    """Open training data.

    Args:
        path: A folder, or a zip file of one.
        kind: One of :data:`DATASET_KINDS`, or ``auto`` to recognise it by its folders.
        split: Part of a published data set; plain folders have a single one.
        channels: Channels of the layout; the data set's own where None.
        scenes: Scene categories to keep, with ``ade20k`` and ``ade20k_outdoor``.

    Raises:
        DataError: no training data, an unknown kind, or scenes for data without scene categories.
    """
    if kind != "auto" and kind not in DATASET_KINDS:
        raise DataError(f"training data of kind {kind!r}", f"auto, {', '.join(DATASET_KINDS)}")
    source = open_source(Path(path))
    found = _recognize(source) if kind == "auto" else kind
    if scenes is not None and found not in (Ade20kDataset.kind, Ade20kOutdoorDataset.kind):
        raise DataError(
            f"scene categories to keep, with training data of kind {found}",
            f"{Ade20kDataset.kind} or {Ade20kOutdoorDataset.kind}",
            "Leave the list of scenes out",
        )
    if found == CocoStuffDataset.kind:
        return CocoStuffDataset(source, split, channels)
    if found == CityscapesDataset.kind:
        return CityscapesDataset(source, split, channels)
    if found == Ade20kOutdoorDataset.kind:
        return Ade20kOutdoorDataset(source, split, channels, scenes)
    if found == Ade20kDataset.kind:
        return Ade20kDataset(source, split, channels, scenes)
    return FolderDataset(source, channels)


def _recognize(source: FileSource) -> str:
    folders = {"/".join(name.split("/")[:depth]).casefold() for name in source.names() for depth in (1, 2) if name.count("/") >= depth}
    if {"leftimg8bit", "gtfine"} <= folders:
        return CityscapesDataset.kind
    if any(f"annotations/{part}" in folders for part in ("training", "validation")):
        return Ade20kDataset.kind
    if any(place.format(part) in folders for place in COCO_LABELS for part in COCO_SPLITS.values()):
        return CocoStuffDataset.kind
    if "labels" in folders:
        return FolderDataset.kind
    raise DataError(
        f"{source.where} holds no training data that is known",
        "images/ and labels/, or the folders of COCO-Stuff, ADE20K or Cityscapes",
        "For photographs without labels, spade-train label makes label maps",
    )
