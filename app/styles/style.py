"""The style of a picture: its origin, code, strength, texture and name."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from spade_studio.engine.errors import StyleError
from spade_studio.engine.style import StyleCode, interpolate_styles, style_from_seed

Origin = Literal["seed", "reference", "blend", "built-in"]

MAX_SEED = 999_999
MAX_STRENGTH = 1.5
MAX_CODE = 4096
"""Maximum length of a style code."""
MAX_LABEL = 120


@dataclass(frozen=True, eq=False)
class Style:
    """A style.

    Attributes:
        origin: Kind of source.
        seed: Seed of the random code; for a reference, seed of the sample from its posterior, or None for the mean.
        code: Code at strength 1, float32 ``[z]``; None where the seed determines it.
        strength: Factor on the code, 0..1.5: 1 is as trained, 0 the average look.
        label: Display name; empty for a seed.
        weights: SHA-256 of the weights that the code belongs to; empty where unknown.
        picture: Source picture as a small JPEG, from which other weights can encode the style again; empty for none.
        texture: Seed of the texture noise, which determines fine structure such as grass and clouds.
    """

    origin: Origin = "seed"
    seed: int | None = None
    code: StyleCode | None = None
    strength: float = 1.0
    label: str = ""
    weights: str = ""
    picture: bytes = b""
    texture: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= MAX_STRENGTH:
            raise StyleError(f"the strength {self.strength}", f"0 to {MAX_STRENGTH}")
        if self.code is None and (self.seed is None or self.origin != "seed"):
            raise StyleError(f"a style from a {self.origin} without a code", "a seed or a code")
        if self.code is not None and (self.code.ndim != 1 or not 0 < len(self.code) <= MAX_CODE or not np.isfinite(self.code).all()):
            raise StyleError(f"a style code of shape {self.code.shape}", f"up to {MAX_CODE} finite numbers")

    def fits(self, z_width: int, weights: str = "") -> bool:
        """Return whether weights with this code length can use the style; a code fits only the weights that it was made with."""
        if self.code is None:
            return True
        return len(self.code) == z_width and (not self.weights or not weights or self.weights == weights)

    def full_code(self, z_width: int) -> StyleCode:
        """Return the code at strength 1, float32 ``[z]``.

        Raises:
            StyleError: The length of the code is not ``z_width``.
        """
        if self.code is None:
            assert self.seed is not None
            return style_from_seed(self.seed, z_width)
        if len(self.code) != z_width:
            raise StyleError(f"a style code of {len(self.code)} numbers", f"{z_width}, as these weights take", "Choose another style")
        return self.code

    def for_renderer(self, z_width: int) -> int | StyleCode:
        """Return the value for :attr:`LiveRenderer.style`: the seed where it determines the style, else the code, float32 ``[z]``.

        Raises:
            StyleError: The length of the code is not ``z_width``.
        """
        if self.code is None and self.strength == 1:
            assert self.seed is not None
            return self.seed
        return (self.full_code(z_width) * self.strength).astype(np.float32)

    def with_strength(self, strength: float) -> Style:
        """Return the style at another strength, 0..1.5."""
        return replace(self, strength=strength)

    def is_same(self, other: Style, *, ignore_strength: bool = False) -> bool:
        """Return whether both styles render identically."""
        if self.code is None or other.code is None:
            same = self.code is other.code and self.seed == other.seed
        else:
            same = np.array_equal(self.code, other.code)
        return same and self.texture == other.texture and (ignore_strength or self.strength == other.strength)


def style_of(value: int | StyleCode, label: str = "") -> Style:
    """Return the style of a seed or a code, float32 ``[z]``, at strength 1."""
    if isinstance(value, int):
        return Style("seed", value, label=label)
    return Style("blend", code=np.array(value, np.float32), label=label)


def blend(a: Style, b: Style, t: float, z_width: int, label: str = "", weights: str = "") -> Style:
    """Return the mix of two styles, each at its strength.

    Args:
        a: Style at t = 0.
        b: Style at t = 1.
        t: Fraction of ``b``, 0..1.
        z_width: Length of the codes.
        label: Display name.
        weights: SHA-256 of the weights that the codes belong to.

    Raises:
        StyleError: The length of a code is not ``z_width``.
    """
    ends = [(one.full_code(z_width) * one.strength).astype(np.float32) for one in (a, b)]
    return Style("blend", code=interpolate_styles(ends[0], ends[1], t), label=label, weights=weights)


def other_number(number: int | None) -> int:
    """Return a random seed, 0..MAX_SEED, that differs from the given one."""
    seed = secrets.randbelow(MAX_SEED)
    return seed if number is None or seed < number else seed + 1
