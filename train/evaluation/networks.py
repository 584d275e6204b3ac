"""Loading of the networks for Fréchet and perceptual distances."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from spade_studio.engine.errors import WeightsError
from spade_studio.engine.files import sha256_of
from spade_studio.train.config.losses import PerceptualConfig, PerceptualKind
from spade_studio.train.evaluation.errors import EvaluationError
from spade_studio.train.pretrained.feature_network import FeatureNetwork
from spade_studio.train.pretrained.features import load_features
from spade_studio.train.pretrained.vgg import PerceptualDistance, load_perceptual

INCEPTION: Final = "inception"
"""Name of the FID's Inception network, whose file is downloaded once."""
_INCEPTION_URL: Final = "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"
_INCEPTION_SHA256: Final = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
_TRIED: Final[tuple[PerceptualKind, ...]] = ("hed_vgg16", "vgg19", "vgg16")


def open_feature_networks(names: Sequence[str], device: torch.device) -> list[FeatureNetwork]:
    """Load feature networks for Fréchet distances.

    Args:
        names: Paths of files, or ``inception`` for the FID's network, downloaded into torch's cache folder.
        device: Device of the networks.

    Raises:
        EvaluationError: Two networks define a distance of the same name.
        WeightsError: A file is missing or not a feature network.
    """
    found: dict[str, FeatureNetwork] = {}
    for name in names:
        network = load_features(fetch_inception() if name == INCEPTION else Path(name)).to(device)
        if network.distance in found:
            raise EvaluationError(f"{name} is a second network for {network.distance}", "one of each kind")
        found[network.distance] = network
    return list(found.values())


def fetch_inception() -> Path:
    """Return the path of the FID's Inception file in torch's cache folder, downloaded if missing and verified by SHA-256.

    Raises:
        WeightsError: The file cannot be downloaded, or its SHA-256 differs.
    """
    path = Path(torch.hub.get_dir()) / "checkpoints" / _INCEPTION_URL.rpartition("/")[2]
    action = f"Download {_INCEPTION_URL} elsewhere and give its path (--features FILE)"
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(_INCEPTION_URL, str(path), hash_prefix=_INCEPTION_SHA256, progress=False)
        except (OSError, RuntimeError) as error:  # URLError is an OSError; a wrong checksum a RuntimeError
            raise WeightsError(f"the FID's Inception network could not be downloaded: {error}", "", action) from error
    if sha256_of(path) != _INCEPTION_SHA256:
        raise WeightsError(f"{path} is another file than the FID's Inception network", f"SHA-256 {_INCEPTION_SHA256}", action)
    return path


def open_perceptual(name: str, device: torch.device) -> PerceptualDistance:
    """Load the perceptual distance.

    Args:
        name: Path of a file, recognised by its tensors, or ``vgg19`` or ``vgg16`` for torchvision's, downloaded once.
        device: Device of the network.

    Raises:
        WeightsError: The file is missing or holds another network.
    """
    if name in ("vgg19", "vgg16"):
        return load_perceptual(_perceptual_config(name, "")).to(device)
    reasons: list[str] = []
    for kind in _TRIED:
        try:
            return load_perceptual(_perceptual_config(kind, name)).to(device)
        except WeightsError as error:
            reasons.append(f"{kind}: {error.found}")
    raise WeightsError(
        f"{name} holds no network for the perceptual distance ({'; '.join(reasons)})", "HED's VGG-16, or torchvision's vgg19 or vgg16"
    )


def perceptual_digest(distance: PerceptualDistance) -> str:
    """Return a SHA-256 of the network's parameters, its taps and their scale."""
    digest = hashlib.sha256(repr(distance.taps).encode())
    for name, parameter in distance.features.named_parameters():
        digest.update(name.encode() + parameter.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def _perceptual_config(kind: PerceptualKind, file: str) -> PerceptualConfig:
    if kind == "hed_vgg16":
        # Its activations grow with depth; these are the weights of the training presets.
        return PerceptualConfig(kind, file, (0.25, 0.25, 0.5, 1.0, 0.0), "relative")
    return PerceptualConfig(kind, file)
