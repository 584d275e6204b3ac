"""Opens the file of a feature network, and tells by the names of its tensors which one it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.engine.printable import printable
from spade_studio.train.pretrained.efficientnet_lite import EfficientNetLiteFeatures
from spade_studio.train.pretrained.feature_network import FeatureNetwork, byte_values
from spade_studio.train.pretrained.inception import InceptionFeatures
from spade_studio.train.pretrained.tensor_files import read_tensors

__all__ = ["FEATURE_NETWORKS", "EfficientNetLiteFeatures", "FeatureNetwork", "InceptionFeatures", "byte_values", "load_features"]

FEATURE_NETWORKS: Final[tuple[type[FeatureNetwork], ...]] = (EfficientNetLiteFeatures, InceptionFeatures)


def load_features(path: Path | str) -> FeatureNetwork:
    """Build the feature network that a ``.safetensors`` or ``.pth`` file holds, on the CPU; the file runs nothing.

    Raises:
        WeightsError: There is no such file, it is damaged, or it holds another network.
    """
    path = Path(path)
    tensors = read_tensors(path, "the file of a feature network")
    for network in FEATURE_NETWORKS:
        if network.begins <= tensors.keys():
            return network.from_tensors(tensors, path.name, sha256_of(path))
    names = ", ".join(printable(name[:60]) for name in sorted(tensors)[:3])
    raise WeightsError(
        f"{path.name} holds no feature network that is known: {len(tensors)} tensors ({names}{', ...' if len(tensors) > 3 else ''})",
        " or ".join(network.source for network in FEATURE_NETWORKS),
        "Give such a file, or leave the Frechet distance out",
    )
