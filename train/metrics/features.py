"""Opens the file of a feature network, and tells by the names of its tensors which one it is.

It does not know what the features are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType]
from torch import Tensor

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.engine.weights.info import printable
from spade_studio.engine.weights.torch_file import load_torch_file, read_torch_file
from spade_studio.train.metrics.efficientnet_lite import EfficientNetLiteFeatures
from spade_studio.train.metrics.feature_network import FeatureNetwork, byte_values
from spade_studio.train.metrics.inception import InceptionFeatures

__all__ = ["FEATURE_NETWORKS", "EfficientNetLiteFeatures", "FeatureNetwork", "InceptionFeatures", "byte_values", "load_features"]

FEATURE_NETWORKS: Final[tuple[type[FeatureNetwork], ...]] = (EfficientNetLiteFeatures, InceptionFeatures)


def load_features(path: Path | str) -> FeatureNetwork:
    """Build the feature network that a ``.safetensors`` or ``.pth`` file holds, on the CPU; the file runs nothing.

    Raises:
        WeightsError: There is no such file, it is damaged, or it holds another network.
    """
    path = Path(path)
    tensors = _read(path)
    for network in FEATURE_NETWORKS:
        if network.begins <= tensors.keys():
            return network.from_tensors(tensors, path.name, sha256_of(path))
    names = ", ".join(printable(name[:60]) for name in sorted(tensors)[:3])
    raise WeightsError(
        f"{path.name} holds no feature network that is known: {len(tensors)} tensors ({names}{', ...' if len(tensors) > 3 else ''})",
        " or ".join(network.source for network in FEATURE_NETWORKS),
        "Give such a file, or leave the Frechet distance out",
    )


def _read(path: Path) -> Mapping[str, Tensor]:
    """Read a file of tensors, recognised by content: what torch.save wrote, else safetensors."""
    try:
        with path.open("rb") as file:
            begin = file.read(2)
    except OSError as error:
        raise WeightsError(f"{path} cannot be opened ({error.strerror})", "the file of a feature network") from error
    if begin in (b"PK", b"\x80\x02"):  # a zip archive, or a pickle as torch wrote them at first
        return load_torch_file(read_torch_file(path, zipped=begin == b"PK"))
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read ({error})", "a .safetensors or .pth file", "Download or copy it again") from error
