"""What the configurations of all networks share: validation, JSON, and the sizes of a generator's pictures."""

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
"""Longest side in pixels of training pictures, and so of the pictures that weights ask for."""


@dataclass(frozen=True)
class NetworkConfig:
    """What all network configurations share: validation and JSON."""

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
        """Return a JSON-ready dict; ``from_json`` gives the same configuration back."""
        return {"kind": self.kind, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Build from what :meth:`to_json` returned.

        Raises:
            ConfigError: ``data`` is no mapping, is of another kind, has unknown keys, lacks one, or a value is invalid.
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
    """What all generators share: the layout's channels, and the size of the pictures.

    Attributes:
        semantic_channels: Channels of the one-hot layout, unlabeled and edge channel included (S).
        base_channels: Width f that all other widths are multiples of.
        crop_size: Width in pixels of the pictures it was built for.
        aspect_ratio: Width / height of those pictures.
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
        """Sides of a picture must be multiples of this."""

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) in pixels of the pictures it was built for."""
        return round(self.crop_size / self.aspect_ratio / self.stride) * self.stride, self.crop_size

    @property
    def smallest_side(self) -> int:
        """The least height and width in pixels."""
        return self.stride

    def nearest_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the (height, width) nearest to the given one that the network can make."""
        stride, least = self.stride, self.smallest_side
        return max(least, round(height / stride) * stride), max(least, round(width / stride) * stride)

    @property
    def style_width(self) -> int | None:
        """Width of the style code that the pictures depend on; None where they depend on the layout only."""
        return None

    @property
    def replicates_layout(self) -> bool:
        """Whether layouts go on beyond the picture as at its edge."""
        return False
