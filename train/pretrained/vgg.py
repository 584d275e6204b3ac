"""Perceptual distance: L1 between activations of VGG-19, VGG-16 or the HED edge detector's VGG-16."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spade_studio.engine.errors import WeightsError
from spade_studio.train.config.losses import PerceptualConfig, PerceptualKind
from spade_studio.train.pretrained.tensor_files import read_tensors

# Number of convolutions of each of the five blocks, which are separated by pooling. HED's file ends with relu5_1.
_VGG19 = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)
_VGG16 = ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3)
_CONVOLUTIONS: dict[PerceptualKind, tuple[tuple[int, ...], ...]] = {"vgg19": _VGG19, "vgg16": _VGG16, "hed_vgg16": (*_VGG16[:4], (512,))}
# torchvision's files; their names end with the first eight digits of the SHA-256, against which downloads are checked.
_DOWNLOADS = {
    "vgg19": "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    "vgg16": "https://download.pytorch.org/models/vgg16-397923af.pth",
}
_HED_MEAN = (104.00699, 116.66877, 122.67892)


@dataclass(frozen=True)
class Tap:
    """A tapped layer of the network, and its part in the distance.

    Attributes:
        name: Name of the layer as in the VGG literature, such as ``relu3_1``.
        weight: Weight of its distance.
        relative: Whether the distance is divided by the mean magnitude of the target's activations.
    """

    name: str
    weight: float
    relative: bool

    def __str__(self) -> str:
        return f"{self.name} x {self.weight:g}" + (" / mean magnitude of the target" if self.relative else "")


class VGGFeatures(nn.Module):
    """Frozen VGG blocks up to their taps.

    Args:
        kind: Network; HED's takes BGR in 0..255 minus its mean and pools with ceil, torchvision's take pictures in [-1, 1] unchanged.
        taps: Number of blocks; layers after the last tap are not built.
        tap: Number of the convolution in every block that is tapped after its ReLU: 1 for relu1_1, relu2_1, ..., 2 for relu1_2, relu2_2,
            ...; the last one of blocks with fewer.
    """

    mean: Tensor

    def __init__(self, kind: PerceptualKind, taps: int = 5, *, tap: int = 1) -> None:
        super().__init__()
        self.kind: PerceptualKind = kind
        self.tap = tap
        self.blocks = nn.ModuleList()
        channels = 3
        for i, widths in enumerate(_CONVOLUTIONS[kind][:taps]):
            block = nn.ModuleList()
            for width in widths[:tap] if i == taps - 1 else widths:
                block.append(nn.Conv2d(channels, width, 3, padding=1))
                channels = width
            self.blocks.append(block)
        self.register_buffer("mean", torch.tensor(_HED_MEAN).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Pictures [B, 3, H, W] in [-1, 1] -> relu1_1 [B, 64, H, W], relu2_1 [B, 128, H / 2, W / 2], ..."""
        taps: list[Tensor] = []
        x = self._prepared(pictures)
        for i, block in enumerate(self.blocks):
            assert isinstance(block, nn.ModuleList)
            if i:
                x = self._pooled(x)
            for j, convolution in enumerate(block):
                x = F.relu(convolution(x))
                if j == min(self.tap, len(block)) - 1:
                    taps.append(x)
        return taps

    def _prepared(self, pictures: Tensor) -> Tensor:
        return (pictures.flip(1) + 1) * 127.5 - self.mean if self.kind == "hed_vgg16" else pictures

    def _pooled(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, 2, ceil_mode=self.kind == "hed_vgg16")


@dataclass(frozen=True, eq=False)
class Compared:
    """Perceptual features of fakes and of photographs.

    Attributes:
        found: Features of fakes: relu1_1, relu2_1, ...
        targets: Features of photographs, without gradients.
        count: Number of leading pictures of the batch that are compared.
        crop: Row and column slices of the crop.
    """

    found: list[Tensor]
    targets: list[Tensor]
    count: int
    crop: tuple[slice, slice]


class PerceptualDistance(nn.Module):
    """Weighted L1 between the activations of fakes and of photographs.

    Args:
        features: Feature network up to the last tap with a weight.
        config: Tap weights and scale, crop and share of the batch.
    """

    def __init__(self, features: VGGFeatures, config: PerceptualConfig) -> None:
        super().__init__()
        self.features = features.eval()
        self.config = config

    @property
    def taps(self) -> tuple[Tap, ...]:
        """Taps with nonzero weight, for logs."""
        relative = self.config.tap_scale == "relative"
        return tuple(Tap(f"relu{i}_1", weight, relative) for i, weight in enumerate(self.config.tap_weights, 1) if weight)

    def forward(self, fake: Tensor, photos: Tensor, crop_seed: int | Sequence[int] = 0) -> Tensor:
        """Return the distance, a scalar; see :meth:`compare`."""
        return self.distance(self.compare(fake, photos, crop_seed))

    def compare(self, fake: Tensor, photos: Tensor, crop_seed: int | Sequence[int] = 0) -> Compared:
        """Return the features of fakes and of photographs; gradients flow to the fakes only.

        Args:
            fake: Generated pictures [B, 3, H, W] in [-1, 1].
            photos: Photographs [B, 3, H, W] in [-1, 1].
            crop_seed: Seed of the crop's position, the same for all pictures of the batch.
        """
        count = max(1, round(fake.shape[0] * self.config.batch_share))
        crop = self._crop(fake.shape[-2], fake.shape[-1], crop_seed)
        fake, photos = (pictures[:count, :, crop[0], crop[1]] for pictures in (fake, photos))
        with torch.no_grad():
            targets = self.features(photos.to(fake.dtype))
        return Compared(self.features(fake), targets, count, crop)

    def distance(self, compared: Compared) -> Tensor:
        """Return the weighted L1 between features, a scalar."""
        return self.between(compared.found, compared.targets)

    def between(self, founds: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
        """Return the weighted L1 between lists of features (relu1_1, relu2_1, ...) of fakes and photographs, a scalar."""
        terms: list[Tensor] = []
        for weight, found, target in zip(self.config.tap_weights, founds, targets, strict=False):
            if weight:
                wide = torch.promote_types(found.dtype, torch.float32)  # narrower under autocast
                found, target = found.to(wide), target.to(wide)
                distance = F.l1_loss(found, target)
                if self.config.tap_scale == "relative":
                    # The minimum keeps the loss of a black photograph finite.
                    distance = distance / target.abs().mean().clamp(min=1e-6)
                terms.append(weight * distance)
        return torch.stack(terms).sum()

    def _crop(self, height: int, width: int, crop_seed: int | Sequence[int]) -> tuple[slice, slice]:
        side = self.config.crop_size
        if not side:
            return slice(0, height), slice(0, width)
        random = np.random.default_rng(crop_seed)
        top, left = (int(random.integers(0, max(0, length - side) + 1)) for length in (height, width))
        return slice(top, top + side), slice(left, left + side)


def load_perceptual(config: PerceptualConfig) -> PerceptualDistance:
    """Build the perceptual distance with the configured network file, by default torchvision's, which is downloaded once.

    Raises:
        WeightsError: The file is missing, cannot be downloaded, or holds another network.
    """
    features = VGGFeatures(config.network, max(i for i, weight in enumerate(config.tap_weights, 1) if weight))
    load_vgg(features, config.file)
    return PerceptualDistance(features, config)


def load_vgg(features: VGGFeatures, file: str) -> None:
    """Load the weights of a file into a network; where ``file`` is empty, torchvision's, which are downloaded once.

    Raises:
        WeightsError: See :func:`load_perceptual`.
    """
    kind = features.kind
    where = file or _DOWNLOADS[kind]
    tensors = read_tensors(Path(file), "the file of a perceptual network") if file else _download(kind)
    names = dict(_parameter_names(features))
    if missing := sorted(set(names.values()) - set(tensors)):
        raise WeightsError(
            f"{where} has no {missing[0]}", f"the tensors of {kind}", f"Use {_file_of(kind)}, or name the network that this file holds"
        )
    state = {own: tensors[name].float() for own, name in names.items()}
    for own, parameter in features.named_parameters():
        if state[own].shape != parameter.shape:
            found, expected = tuple(state[own].shape), tuple(parameter.shape)
            raise WeightsError(f"{names[own]} in {where} has the shape {found}", f"{expected}, as in {kind}")
    features.load_state_dict(state)


def _file_of(kind: PerceptualKind) -> str:
    return f"torchvision's {kind} file" if kind in _DOWNLOADS else "hed_vgg16.safetensors"


def _parameter_names(features: VGGFeatures) -> Iterator[tuple[str, str]]:
    """Yield (our name, name in the file) of every parameter."""
    position = 0  # index in torchvision's Sequential of convolutions, ReLUs and poolings
    for i, block in enumerate(features.blocks):
        assert isinstance(block, nn.ModuleList)
        for j in range(len(block)):
            for part in ("weight", "bias"):
                own = f"blocks.{i}.{j}.{part}"
                yield own, own if features.kind == "hed_vgg16" else f"features.{position}.{part}"
            position += 2
        position += 1


def _download(kind: PerceptualKind) -> Mapping[str, Tensor]:
    """Return torchvision's tensors from torch's cache folder, downloaded and verified the first time."""
    url = _DOWNLOADS[kind]
    try:
        return torch.hub.load_state_dict_from_url(url, map_location="cpu", check_hash=True, weights_only=True, progress=False)
    except (OSError, RuntimeError) as error:  # URLError is an OSError; a wrong checksum a RuntimeError
        raise WeightsError(
            f"{url} could not be downloaded: {error}", "", f"Download it elsewhere and give its path, or switch the {kind} loss off"
        ) from error
