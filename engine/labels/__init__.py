"""Label sets, label maps, channels of weights, and transfer of maps between label sets."""

from __future__ import annotations

from spade_studio.engine.labels.channels import LabelChannels, UnlabeledPlace
from spade_studio.engine.labels.label_map import check_label_map
from spade_studio.engine.labels.label_set import (
    UNLABELED,
    UNLABELED_COLOR,
    Color,
    Label,
    LabelSet,
    built_in_label_sets,
    color_text,
    load_label_set,
)

__all__ = [
    "UNLABELED",
    "UNLABELED_COLOR",
    "Color",
    "Label",
    "LabelChannels",
    "LabelSet",
    "UnlabeledPlace",
    "built_in_label_sets",
    "check_label_map",
    "color_text",
    "load_label_set",
]
