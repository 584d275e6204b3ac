"""Weights files, our bundles and the published ones: recognised by content, checked before loading."""

from __future__ import annotations

from spade_studio.engine.weights.bundle import save_bundle
from spade_studio.engine.weights.examine import deciding_files, examine_weights, fingerprint
from spade_studio.engine.weights.facts import WeightsFacts
from spade_studio.engine.weights.info import LoadedWeights, PublishedOptions, WeightsInfo
from spade_studio.engine.weights.inspect import default_weights_path, describe, inspect_weights, load_weights

__all__ = [
    "LoadedWeights",
    "PublishedOptions",
    "WeightsFacts",
    "WeightsInfo",
    "deciding_files",
    "default_weights_path",
    "describe",
    "examine_weights",
    "fingerprint",
    "inspect_weights",
    "load_weights",
    "save_bundle",
]
