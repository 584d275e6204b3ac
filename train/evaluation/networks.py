"""Opens the networks that judge beside the segmenter: for Frechet distances, and for perceptual ones."""

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
"""Stands for the Inception file of the FID, which is fetched once."""
_INCEPTION_URL: Final = "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"
_INCEPTION_SHA256: Final = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
_TRIED: Final[tuple[PerceptualKind, ...]] = ("hed_vgg16", "vgg19", "vgg16")


def open_feature_networks(names: Sequence[str], device: torch.device) -> list[FeatureNetwork]:
    """Load networks for Frechet distances.

    Args:
        names: Files; ``inception`` for the FID's, from torch's cache folder, fetched into it where it is not there.
        device: Where they run.

    Raises:
        EvaluationError: Two of them give a distance of the same name.
        WeightsError: A file is not there, or is no such network.
    """
    found: dict[str, FeatureNetwork] = {}
    for name in names:
        network = load_features(fetch_inception() if name == INCEPTION else Path(name)).to(device)
        if network.distance in found:
            raise EvaluationError(f"{name} is a second network for {network.distance}", "one of each kind")
        found[network.distance] = network
    return list(found.values())


def fetch_inception() -> Path:
    """Return the Inception file of the FID in torch's cache folder; its SHA-256 is checked.

    Raises:
        WeightsError: It is not there and cannot be fetched, or is another file.
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
        name: A file, recognised by its tensors; ``vgg19`` or ``vgg16`` for torchvision's, downloaded once.
        device: Where it runs.

    Raises:
        WeightsError: There is no such file, or it holds another network.
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
    """Return what changes with the network, its taps and their scale."""
    digest = hashlib.sha256(repr(distance.taps).encode())
    for name, parameter in distance.features.named_parameters():
        digest.update(name.encode() + parameter.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def _perceptual_config(kind: PerceptualKind, file: str) -> PerceptualConfig:
    if kind == "hed_vgg16":
        # Its activations grow with depth; the weights that the presets train with.
        return PerceptualConfig(kind, file, (0.25, 0.25, 0.5, 1.0, 0.0), "relative")
    return PerceptualConfig(kind, file)
