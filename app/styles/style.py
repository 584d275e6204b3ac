"""A style as the application means it: where it comes from, what it is called and how strong it is."""

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
"""Longest code that is kept."""
MAX_LABEL = 120


@dataclass(frozen=True, eq=False)
class Style:
    """One style.

    Attributes:
        origin: Where it comes from.
        seed: The number that the code is drawn from; of a reference, the number of the sample of its posterior, None for its mean.
        code: float32 ``[z]`` at strength 1; None where the seed alone gives it.
        strength: Factor on the code: 1 as trained, towards 0 the average look. 0..1.5.
        label: What people call it; empty for a seed.
        weights: SHA-256 of the weights that the code belongs to; empty where it is not known.
        picture: The reference it was taken from, as a small JPEG, so that other weights can take it again; empty for none.
        texture: The number that the noise of weights with textures is drawn from: where grass bends and clouds lie.
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
        """Whether the style means something to weights that take codes of this length; a code belongs to the weights it was made with."""
        if self.code is None:
            return True
        return len(self.code) == z_width and (not self.weights or not weights or self.weights == weights)

    def full_code(self, z_width: int) -> StyleCode:
        """Return the code at strength 1, float32 ``[z]``.

        Raises:
            StyleError: the code has another length.
        """
        if self.code is None:
            assert self.seed is not None
            return style_from_seed(self.seed, z_width)
        if len(self.code) != z_width:
            raise StyleError(f"a style code of {len(self.code)} numbers", f"{z_width}, as these weights take", "Choose another style")
        return self.code

    def for_renderer(self, z_width: int) -> int | StyleCode:
        """Return what :attr:`LiveRenderer.style` takes: the seed where it tells all, else the code, float32 ``[z]``.

        Raises:
            StyleError: the code has another length.
        """
        if self.code is None and self.strength == 1:
            assert self.seed is not None
            return self.seed
        return (self.full_code(z_width) * self.strength).astype(np.float32)

    def with_strength(self, strength: float) -> Style:
        """Return the same style, stronger or weaker; 0..1.5."""
        return replace(self, strength=strength)

    def is_same(self, other: Style, *, ignore_strength: bool = False) -> bool:
        """Whether both render alike."""
        if self.code is None or other.code is None:
            same = self.code is other.code and self.seed == other.seed
        else:
            same = np.array_equal(self.code, other.code)
        return same and self.texture == other.texture and (ignore_strength or self.strength == other.strength)


def style_of(value: int | StyleCode, label: str = "") -> Style:
    """Return a seed or a code, float32 ``[z]``, as a style of strength 1."""
    if isinstance(value, int):
        return Style("seed", value, label=label)
    return Style("blend", code=np.array(value, np.float32), label=label)


def blend(a: Style, b: Style, t: float, z_width: int, label: str = "", weights: str = "") -> Style:
    """Return the style between two, each at its strength.

    Args:
        a: The style at t = 0.
        b: The style at t = 1.
        t: 0..1.
        z_width: Length of the codes.
        label: What people call it.
        weights: SHA-256 of the weights that codes belong to.

    Raises:
        StyleError: the codes have other lengths.
    """
    ends = [(one.full_code(z_width) * one.strength).astype(np.float32) for one in (a, b)]
    return Style("blend", code=interpolate_styles(ends[0], ends[1], t), label=label, weights=weights)


def other_number(number: int | None) -> int:
    """Return a seed by chance, 0..MAX_SEED, other than the given one."""
    seed = secrets.randbelow(MAX_SEED)
    return seed if number is None or seed < number else seed + 1
