"""What a weights file holds, as values that windows, the command line and the renderer share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, Upsampling

if TYPE_CHECKING:
    from torch import Tensor

FileKind = Literal["bundle", "published"]


@dataclass(frozen=True)
class TensorEntry:
    """One named tensor of a file, as its header describes it.

    Attributes:
        dtype: As safetensors writes it: ``F32``, ``F16``, ``BF16``, ``F64``, ``I64`` ...
        shape: Its sizes, empty for a single number.
    """

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class WeightsInfo:
    """What a weights file or folder holds.

    Attributes:
        path: The file or folder.
        file_kind: Our own bundle, or files of the published code.
        generator: The generator's architecture; None for an encoder or discriminator alone.
        encoder: The style encoder's architecture, or None.
        discriminator: The discriminator's architecture, or None; never used for rendering.
        channels: What the generator's channels mean; None without a generator.
        training_size: (height, width) in pixels of the training pictures; may differ from the generator's ``picture_size``.
        name: What to call the weights.
        steps: Training steps, or None where the file does not tell.
        data: What they were trained on, or "".
        licence: Under which terms they may be used, or "".
        averaged: Whether they are averaged over training, or None.
        notes: Things a person should know: what was concluded, and from what.
    """

    path: Path
    file_kind: FileKind
    generator: AnyGeneratorConfig | None
    encoder: EncoderConfig | None
    discriminator: DiscriminatorConfig | None
    channels: LabelChannels | None
    training_size: tuple[int, int] | None
    name: str
    steps: int | None = None
    data: str = ""
    licence: str = ""
    averaged: bool | None = None
    notes: tuple[str, ...] = ()

    @property
    def can_use_noise(self) -> bool:
        """Whether a style code z changes the picture."""
        return self.generator is not None and self.generator.style_width is not None

    @property
    def can_use_style_image(self) -> bool:
        """Whether a photograph can give the style."""
        return self.can_use_noise and self.encoder is not None

    @property
    def uses_edges(self) -> bool:
        """Whether instance edges are one of the channels."""
        return self.channels is not None and self.channels.edge_channel is not None


@dataclass
class LoadedWeights:
    """Weights in memory, checked against their configurations.

    Attributes:
        info: What they are; ``info.generator`` is never None here.
        generator: The generator's state dict, float32, published key names, without ``num_batches_tracked``.
        encoder: The encoder's, or None.
        sha256: Of the bundle, or of the generator's and the encoder's file one after the other.
    """

    info: WeightsInfo
    generator: dict[str, Tensor]
    encoder: dict[str, Tensor] | None
    sha256: str


@dataclass(frozen=True)
class PublishedOptions:
    """What published files may leave open, answered by a person; None leaves it to ``opt.txt`` or the published table.

    Attributes:
        upsampling: ``normal``, ``more`` or ``most``.
        crop_size: Width in pixels of the training pictures.
        aspect_ratio: Width / height of the training pictures.
        unlabeled: Whether the unlabeled channel stands before or after the labels.
        label_set: What the label channels mean, in the order of the set.
    """

    upsampling: Upsampling | None = None
    crop_size: int | None = None
    aspect_ratio: float | None = None
    unlabeled: Literal["first", "last"] | None = None
    label_set: LabelSet | None = None
