"""Measurement of a candidate on some samples: segmentation, features, distances, time and memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from spade_studio.engine.errors import EngineError, OutOfMemoryError
from spade_studio.train.datasets.pairs import PairDataset, Sample
from spade_studio.train.datasets.transforms import resize_ids
from spade_studio.train.evaluation.agreement import confusion
from spade_studio.train.evaluation.candidates import Candidate, Shown, fitted
from spade_studio.train.evaluation.classes import MeasuredClasses
from spade_studio.train.evaluation.parts import Part, PictureRecord, sparse_counts
from spade_studio.train.evaluation.segmenters import Segmenter
from spade_studio.train.metrics import diversity, whole_pictures
from spade_studio.train.pretrained.feature_network import FeatureNetwork
from spade_studio.train.pretrained.vgg import PerceptualDistance

_THUMBNAIL_SIDE = 192


@dataclass(frozen=True, eq=False)
class Judges:
    """Networks and settings of a measurement.

    Attributes:
        size: Evaluation size in pixels, (height, width).
        segmenter: Segmentation network; None for no agreement.
        classes: Common classes of segmenter and data; None without a segmenter.
        features: Feature networks for Fréchet distances.
        perceptual: Perceptual distance for diversity and style; None for neither.
        thumbnails: Whether to keep thumbnails for the report.
    """

    size: tuple[int, int]
    segmenter: Segmenter | None
    classes: MeasuredClasses | None
    features: Sequence[FeatureNetwork] = ()
    perceptual: PerceptualDistance | None = None
    thumbnails: bool = True


def measure_part(candidate: Candidate, dataset: PairDataset, numbers: Sequence[int], judges: Judges) -> Part:
    """Measure a candidate on some samples.

    Args:
        candidate: Candidate to measure.
        dataset: Data set of the samples.
        numbers: Indices of the samples.
        judges: Networks and settings.

    Raises:
        OutOfMemoryError: The device has too little memory.
    """
    records: list[PictureRecord] = []
    matrices: list[Tensor | None] = []
    features: dict[str, list[Tensor]] = {network.distance: [] for network in judges.features}
    thumbnails: list[bytes] = []
    layouts: list[bytes] = []
    colors = dataset.label_set.palette()
    for number in numbers:
        try:
            sample = dataset.read(number)
            shown = candidate.show(sample, number)
            matrix = _agreement(sample, shown, judges)
            record = _record(sample, number, shown, judges)
        except OutOfMemoryError:
            raise
        except EngineError as error:
            records.append(PictureRecord(number, dataset.name(number), problem=str(error)))
            matrices.append(None)
            thumbnails.append(b"")
            layouts.append(b"")
            continue
        records.append(record)
        matrices.append(matrix)
        small = _pixels(fitted(shown.picture, judges.size))
        for network in judges.features:
            features[network.distance].append(network(small).float().cpu())
        thumbnails.append(_thumbnail(shown.picture) if judges.thumbnails else b"")
        layouts.append(_thumbnail(colors[resize_ids(sample.labels, *judges.size)], layout=True) if judges.thumbnails else b"")
    return Part(
        tuple(records),
        sparse_counts(matrices),
        {network.distance: torch.cat([torch.zeros(0, network.num_features), *features[network.distance]]) for network in judges.features},
        tuple(thumbnails),
        tuple(layouts) if candidate.kind == "photographs" else (),
    )


def _agreement(sample: Sample, shown: Shown, judges: Judges) -> Tensor | None:
    if judges.segmenter is None or judges.classes is None:
        return None
    truth = judges.classes.truth(resize_ids(sample.labels, *judges.size))
    found = judges.classes.seen(judges.segmenter.classes_at(shown.picture, *judges.size))
    return confusion(torch.from_numpy(truth), torch.from_numpy(found), len(judges.classes.names))  # pyright: ignore[reportUnknownMemberType]


def _record(sample: Sample, number: int, shown: Shown, judges: Judges) -> PictureRecord:
    varied = fidelity = None
    if judges.perceptual is not None:
        distance, device = whole_pictures(judges.perceptual), next(judges.perceptual.features.parameters()).device
        if shown.styles:
            varied = diversity(_signed([fitted(picture, judges.size) for picture in shown.styles], device), distance)
        if shown.reconstruction is not None:
            fake, photo = (_signed([fitted(picture, judges.size)], device) for picture in (shown.reconstruction, sample.photo))
            with torch.no_grad():
                fidelity = float(distance(fake, photo))
    return PictureRecord(number, sample.name, shown.seconds, shown.memory, shown.unknown, varied, fidelity)


def _pixels(picture: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]  # pyright: ignore[reportUnknownMemberType]


def _signed(pictures: Sequence[NDArray[np.uint8]], device: torch.device) -> Tensor:
    return torch.cat([_pixels(picture) for picture in pictures]).to(device).float() / 127.5 - 1


def _thumbnail(picture: NDArray[np.uint8], *, layout: bool = False) -> bytes:
    image = Image.fromarray(picture)
    image.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.NEAREST if layout else Image.Resampling.BICUBIC)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80)
    return content.getvalue()
