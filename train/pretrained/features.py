"""Loading of feature networks, recognised by the names of their tensors."""

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
    """Load the feature network of a ``.safetensors`` or ``.pth`` file on the CPU, without running code from it.

    Raises:
        WeightsError: The file is missing or damaged, or holds another network.
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
