"""A plain folder or zip of photographs with label maps: ``images/``, ``labels/`` and optional ``instances/``."""

from __future__ import annotations

import json

from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.train.datasets.decoding import KNOWN_SUFFIXES, PHOTO_SUFFIXES
from spade_studio.train.datasets.errors import DataError
from spade_studio.train.datasets.pairs import PairDataset, files_by_key, pair_files
from spade_studio.train.datasets.sources import FileSource

LABEL_SET_FILE = "label_set.json"


class FolderDataset(PairDataset):
    """Photographs in ``images/`` (or, where there is no such folder, beside the other two), maps of the same name in ``labels/``.

    ``instances/`` is optional, with maps of 8 or 16 bits for all photographs or none. ``label_set.json`` defines the label set; the
    default is COCO-Stuff, with values 0..181 and 255. The EXIF orientation of photographs is applied.

    Args:
        source: Folder or zip file.
        channels: Channels of the layout; where None, all labels of the set, unlabeled, and edges (of instances, or of labels without
            instances).

    Raises:
        DataError: no label maps, or an unusable ``label_set.json``.
    """

    kind = "folder"

    def __init__(self, source: FileSource, channels: LabelChannels | None = None) -> None:
        names = source.names()
        labels = files_by_key(names, "labels", PHOTO_SUFFIXES)
        if not labels:
            raise DataError(
                f"{source.where} has no label maps", "PNG files in labels/ and photographs in images/", "spade-train label makes label maps"
            )
        in_place = not any(name.casefold().startswith("images/") for name in names)
        photos = files_by_key(names, "" if in_place else "images", KNOWN_SUFFIXES)
        if in_place:
            photos = {key: files for key, files in photos.items() if not key.casefold().startswith(("labels/", "instances/"))}
        pairing = pair_files(photos, labels, files_by_key(names, "instances", PHOTO_SUFFIXES))
        super().__init__(source, pairing, channels or _own_channels(source, names), upright=True)


def _own_channels(source: FileSource, names: list[str]) -> LabelChannels:
    if LABEL_SET_FILE not in names:
        return LabelChannels.coco_stuff()
    where = f"{LABEL_SET_FILE} in {source.where}"
    try:
        data: object = json.loads(source.read(LABEL_SET_FILE).decode("utf-8-sig"))
        label_set = LabelSet.from_json(data)
    except LabelError as error:
        raise DataError(f"{where}: {error.found}", error.expected, error.action) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} is not JSON: {error}", "a JSON object with name, unlabeled_id and labels") from error
    ids = [label.id for label in label_set.labels]
    return LabelChannels.from_label_set(label_set, ids, None if label_set.unlabeled_id is None else "last", edge=True)
