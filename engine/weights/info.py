"""The contents of weights files."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from spade_studio.engine.checked_json import checked
from spade_studio.engine.errors import LabelError
from spade_studio.engine.labels import LabelChannels, LabelSet
from spade_studio.engine.labels.label_set import built_in_label_sets, json_object, load_label_set
from spade_studio.engine.networks.config import AnyGeneratorConfig, DiscriminatorConfig, EncoderConfig, Upsampling

if TYPE_CHECKING:
    from torch import Tensor

FileKind = Literal["bundle", "published"]


@dataclass(frozen=True)
class TensorEntry:
    """One tensor of a file, as described by its header.

    Attributes:
        dtype: Type in safetensors' notation: ``F32``, ``F16``, ``BF16``, ``F64``, ``I64`` ...
        shape: Shape, empty for scalars.
    """

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class WeightsInfo:
    """The contents of a weights file or folder.

    Attributes:
        path: The file or folder.
        file_kind: Bundle, or files of the published code.
        generator: Architecture of the generator; None for an encoder or discriminator alone.
        encoder: Architecture of the style encoder, or None.
        discriminator: Architecture of the discriminator, or None; never used for rendering.
        channels: Channels of the generator's layout; None without a generator.
        training_size: (height, width) in pixels of the training pictures; may differ from the generator's ``picture_size``.
        name: Display name.
        steps: Number of training steps; None where unknown.
        data: Training data; may be empty.
        licence: Terms of use; may be empty.
        averaged: Whether the weights are moving averages over training; None where unknown.
        notes: Notes for the user: inferred settings, and their evidence.
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
        """Whether pictures depend on a style code z."""
        return self.generator is not None and self.generator.style_width is not None

    @property
    def can_use_style_image(self) -> bool:
        """Whether a photograph can give the style."""
        return self.can_use_noise and self.encoder is not None

    @property
    def uses_edges(self) -> bool:
        """Whether there is a channel of instance edges."""
        return self.channels is not None and self.channels.edge_channel is not None


@dataclass
class LoadedWeights:
    """Weights in memory, checked against their configurations.

    Attributes:
        info: Description, with a generator.
        generator: State dict of the generator, float32, with the published names, without ``num_batches_tracked``.
        encoder: State dict of the encoder, or None.
        sha256: SHA-256 of the bundle, or of the concatenated files of generator and encoder.
    """

    info: WeightsInfo
    generator: dict[str, Tensor]
    encoder: dict[str, Tensor] | None
    sha256: str


@dataclass(frozen=True)
class PublishedOptions:
    """Settings that published files may leave open; None leaves them to ``opt.txt`` or the published table.

    Attributes:
        upsampling: ``normal``, ``more`` or ``most``.
        crop_size: Width in pixels of the training pictures.
        aspect_ratio: Width / height of the training pictures.
        unlabeled: Position of the unlabeled channel, before or after the labels.
        label_set: Label set of the label channels, in its order.
    """

    upsampling: Upsampling | None = None
    crop_size: Annotated[int, Meta(ge=1, le=8192)] | None = None
    aspect_ratio: Annotated[float, Meta(ge=1e-3, le=1e3)] | None = None
    unlabeled: Literal["first", "last"] | None = None
    label_set: LabelSet | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict of what is answered; built-in label sets by their names."""
        entries = {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}
        if self.label_set is not None:
            entries["label_set"] = _built_in_name(self.label_set) or self.label_set.to_json()
        return entries

    @classmethod
    def from_json(cls, data: object) -> PublishedOptions:
        """Build from parsed JSON that may come from anywhere.

        Raises:
            LabelError: An entry is unknown, of a wrong type or out of range.
        """
        entries = json_object(data, "options", required=set(), optional={field.name for field in fields(cls)})
        label_set = entries.pop("label_set", None)
        if isinstance(label_set, str):
            if label_set not in built_in_label_sets():  # any other name would be taken for a path
                raise LabelError(f"label_set is {label_set[:40]!r}", f"one of {', '.join(built_in_label_sets())}, or a label set")
            label_set = load_label_set(label_set)
        elif label_set is not None:
            label_set = LabelSet.from_json(label_set)
        return replace(checked(entries, cls, "options"), label_set=label_set)


@cache
def _built_in_name(label_set: LabelSet) -> str:
    return next((name for name in built_in_label_sets() if load_label_set(name) == label_set), "")
