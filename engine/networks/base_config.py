"""Base classes of network configurations: validation, JSON, and picture sizes."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Self, get_args, get_type_hints

from spade_studio.engine.errors import ConfigError

_MAX_CHANNELS = 65536
MAX_TRAINING_SIDE = 4096
"""Maximum side in pixels of training pictures."""


@dataclass(frozen=True)
class NetworkConfig:
    """Base class of network configurations: validation and JSON."""

    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            hint = hints[field.name]
            choices = get_args(hint)
            if choices:
                if value not in choices or type(value) not in {type(choice) for choice in choices}:
                    raise ConfigError(f"{self.kind} {field.name} is {value!r}", f"one of {', '.join(map(repr, choices))}")
            elif hint is bool:
                if not isinstance(value, bool):
                    raise ConfigError(f"{self.kind} {field.name} is {value!r}", "true or false")
            elif hint is int:
                if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MAX_CHANNELS:
                    raise ConfigError(f"{self.kind} {field.name} is {value!r}", f"a whole number from 1 to {_MAX_CHANNELS}")
            elif isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
                raise ConfigError(f"{self.kind} {field.name} is {value!r}", "a number above 0")
        self._check()

    def _check(self) -> None:
        """Refuse values, each valid by itself, that no network can be built from."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict, the inverse of :meth:`from_json`."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Build from the result of :meth:`to_json`.

        Raises:
            ConfigError: not a mapping, another kind of network, unknown or missing keys, or an invalid value.
        """
        if not isinstance(data, Mapping):
            raise ConfigError(f"the {cls.kind} configuration is {type(data).__name__}", "a JSON object")
        values: dict[str, Any] = {str(key): value for key, value in data.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        kind = values.pop("kind", cls.kind)
        if kind != cls.kind:
            raise ConfigError(f"a configuration of kind {kind!r}", f"kind {cls.kind!r}")
        names = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(values) - names):
            raise ConfigError(f"the {cls.kind} configuration has unknown entries {', '.join(unknown)}", f"only {', '.join(sorted(names))}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"the {cls.kind} configuration is incomplete: {error}") from error


@dataclass(frozen=True)
class BaseGeneratorConfig(NetworkConfig, ABC):
    """Base class of generator configurations: layout channels and picture size.

    Attributes:
        semantic_channels: Number of channels S of the one-hot layout, unlabeled and edge channel included.
        base_channels: Base width f, which scales the widths of the network.
        crop_size: Width in pixels of the nominal picture.
        aspect_ratio: Width / height of the nominal picture.
    """

    semantic_channels: int
    base_channels: int = 64
    _: KW_ONLY
    crop_size: int = 256
    aspect_ratio: float = 1.0

    def _check(self) -> None:
        # The quotient is looked at first: it may be infinite, which has no whole number.
        too_large = max(self.crop_size, self.crop_size / self.aspect_ratio) > MAX_TRAINING_SIDE
        if too_large or self.picture_size[0] < self.stride:
            raise ConfigError(
                f"{self.kind} aspect_ratio is {self.aspect_ratio} at crop_size {self.crop_size}",
                f"a picture {self.stride} to {MAX_TRAINING_SIDE} pixels high, and at most {MAX_TRAINING_SIDE} wide",
            )

    @property
    @abstractmethod
    def stride(self) -> int:
        """Number of pixels that the sides of pictures must be multiples of."""

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) in pixels of the nominal picture."""
        return round(self.crop_size / self.aspect_ratio / self.stride) * self.stride, self.crop_size

    @property
    def smallest_side(self) -> int:
        """Minimum height and width in pixels."""
        return self.stride

    def nearest_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the nearest (height, width) that the network can generate."""
        stride, least = self.stride, self.smallest_side
        return max(least, round(height / stride) * stride), max(least, round(width / stride) * stride)

    @property
    def style_width(self) -> int | None:
        """Length of the style code; None where pictures depend on the layout only."""
        return None

    @property
    def replicates_layout(self) -> bool:
        """Whether layouts are padded by replication."""
        return False
