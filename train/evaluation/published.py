"""Published results of the SPADE paper (tables 1 and 2) on full validation sets, with DeepLabV2, UperNet101 and DRN-D-105."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class PublishedFigures:
    """Results of a method on a data set.

    Attributes:
        mean_iou: Mean intersection over union in per cent.
        pixel_accuracy: Pixel accuracy in per cent.
        fid: Fréchet inception distance.
    """

    mean_iou: float
    pixel_accuracy: float
    fid: float


PUBLISHED: Final[Mapping[str, Mapping[str, PublishedFigures]]] = {
    "coco_stuff": {
        "SPADE": PublishedFigures(37.4, 67.9, 22.6),
        "pix2pixHD": PublishedFigures(14.6, 45.8, 111.5),
        "CRN": PublishedFigures(23.7, 40.4, 70.4),
    },
    "ade20k": {
        "SPADE": PublishedFigures(38.5, 79.9, 33.9),
        "pix2pixHD": PublishedFigures(20.3, 69.2, 81.8),
        "CRN": PublishedFigures(22.4, 68.8, 73.3),
    },
    "ade20k_outdoor": {
        "SPADE": PublishedFigures(30.8, 82.9, 63.3),
        "pix2pixHD": PublishedFigures(17.4, 71.6, 97.8),
        "CRN": PublishedFigures(16.5, 68.6, 99.0),
        "SIMS": PublishedFigures(13.1, 74.7, 67.7),
    },
    "cityscapes": {
        "SPADE": PublishedFigures(62.3, 81.9, 71.8),
        "pix2pixHD": PublishedFigures(58.3, 81.4, 95.0),
        "CRN": PublishedFigures(52.4, 77.1, 104.7),
        "SIMS": PublishedFigures(47.2, 75.5, 49.7),
    },
}
"""Results by kind of data set (:data:`spade_studio.train.datasets.DATASET_KINDS`) and method."""


PUBLISHED_PREFERENCES: Final[Mapping[str, Mapping[str, float]]] = {
    "coco_stuff": {"CRN": 79.76, "pix2pixHD": 86.64},
    "ade20k": {"CRN": 76.66, "pix2pixHD": 83.74},
    "ade20k_outdoor": {"CRN": 66.04, "pix2pixHD": 79.34, "SIMS": 85.70},
    "cityscapes": {"CRN": 63.60, "pix2pixHD": 53.64, "SIMS": 51.52},
}
"""Preference for SPADE in the paper's user study (table 2) in per cent, by kind of data set and compared method."""
