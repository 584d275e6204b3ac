"""The style of each picture of a command: from a seed, a photograph, two photographs, or codes in a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.batch.plan import MAX_SEED, Style, seeds_from
from spade_studio.engine.errors import EngineError, StyleError
from spade_studio.engine.pictures.arrays import map_array
from spade_studio.engine.pictures.photographs import read_style_image
from spade_studio.engine.style import StyleCode, check_truncation, interpolate_styles

if TYPE_CHECKING:
    from spade_studio.engine.rendering.renderer import Renderer

MAX_CODES = 100_000


@dataclass(frozen=True, eq=False)
class StyleSource:
    """The style options of a command line; at most one of ``image``, ``codes`` and ``seed`` is set.

    Attributes:
        image: Photograph that gives the style.
        image_to: Photograph whose style the last label map has, the maps between interpolated.
        codes: Style codes from a file, float32 [N, z].
        seed: Seed of the first variation; None for 0.
        variations: Number of pictures for each label map.
        truncation: Factor on the style codes, 1 as trained.
        texture: Seed of the first variation's texture; that of the style where None.
    """

    image: Path | None = None
    image_to: Path | None = None
    codes: NDArray[np.float32] | None = None
    seed: int | None = None
    variations: int = 1
    truncation: float = 1.0
    texture: int | None = None

    def __post_init__(self) -> None:
        check_truncation(self.truncation)
        seeds_from(self.seed or 0, self.variations)
        if not 0 <= self.first_texture <= MAX_SEED - self.variations + 1:
            raise StyleError(f"textures from {self.first_texture}", "whole numbers from 0 to 2**63 - 1")
        if self.image_to is not None and self.variations > 1:
            raise StyleError("a style that changes over the label maps, and several variations", "one picture for every map")
        if self.codes is not None and len(self.codes) != self.variations:
            raise StyleError(f"{self.variations} variations with {len(self.codes)} style codes", "as many as there are codes")

    @property
    def styles(self) -> Sequence[Style]:
        """The style of each variation: codes, seeds, or the numbers of a photograph's samples."""
        if self.codes is not None:
            return tuple(self.codes)
        return seeds_from(self.seed or 0, self.variations)

    @property
    def first_texture(self) -> int:
        """The seed of the first variation's texture."""
        return (self.seed or 0) if self.texture is None else self.texture

    @property
    def given(self) -> bool:
        """Whether any option requires weights with a style input."""
        return self.image is not None or self.codes is not None or self.seed is not None or self.variations > 1


@dataclass(frozen=True, eq=False)
class StylePlan:
    """The conversion of a command's styles to codes.

    Attributes:
        code: Returns the code, float32 [z], of a map's place (0..) and a seed or sample number; None for weights without a style input.
        is_drawn: Whether codes are drawn from these numbers, so that a picture's record holds its number as the seed.
        truncation: Factor that went into the codes.
        first_texture: Seed of the first variation's texture; the next one's is one more.
    """

    code: Callable[[int, int], StyleCode] | None
    is_drawn: bool = False
    truncation: float = 1.0
    first_texture: int = 0

    def resolve(self, place: int, style: Style) -> tuple[StyleCode | None, int | None]:
        """Return the code of a picture and the seed for its record.

        Args:
            place: Position of the label map in the whole sequence, from 0.
            style: One of :attr:`StyleSource.styles`.

        Returns:
            The code, float32 [z], or None for weights without a style input; the seed, or None for a code that was not drawn.
        """
        if self.code is None:
            return None, None
        if not isinstance(style, int):
            return style, None
        return self.code(place, style), style if self.is_drawn else None


def plan_styles(source: StyleSource, renderer: Renderer, maps: int) -> StylePlan:
    """Resolve the style options; photographs are read and encoded here, once.

    Args:
        source: Style options.
        renderer: The loaded weights.
        maps: Number of label maps in the whole sequence, over all processes.

    Raises:
        StyleError: the weights do not support the options, or a photograph cannot be read.
    """
    if source.texture is not None and not renderer.has_texture:
        name = renderer.info.name or renderer.info.path.name
        raise StyleError(f"the weights {name} have no textures", "none asked for", "Leave out --texture, or choose weights with textures")
    return replace(_plan_codes(source, renderer, maps), first_texture=source.first_texture)


def _plan_codes(source: StyleSource, renderer: Renderer, maps: int) -> StylePlan:
    width = renderer.z_width
    if width is None:
        if source.given:
            raise StyleError(
                f"the weights {renderer.info.name or renderer.info.path.name} take no style",
                "label maps alone, one variation",
                "Leave out --seed, --style, --z and --variations, or choose weights with a style input",
            )
        return StylePlan(None)
    if source.codes is not None:
        codes = source.codes
        if codes.shape[1] != width:
            raise StyleError(f"style codes of {codes.shape[1]} numbers", f"codes of {width} numbers, as these weights take them")
        return StylePlan(lambda place, number: codes[number])
    factor = source.truncation
    if source.image is None:
        return StylePlan(lambda place, seed: renderer.style_from_seed(seed, factor), is_drawn=True, truncation=factor)
    start_photo = read_style_image(source.image)
    if source.variations > 1:

        @lru_cache(maxsize=4096)  # every map gets the same samples: encode the photograph once for each
        def sample(number: int) -> StyleCode:
            return renderer.style_from_image(start_photo, sample_seed=number, truncation=factor)

        return StylePlan(lambda place, number: sample(number), is_drawn=True, truncation=factor)
    start = renderer.style_from_image(start_photo, truncation=factor)
    if source.image_to is None:
        return StylePlan(lambda place, number: start, truncation=factor)
    end = renderer.style_from_image(read_style_image(source.image_to), truncation=factor)
    return StylePlan(lambda place, number: interpolate_styles(start, end, place / max(1, maps - 1)), truncation=factor)


def read_style_codes(path: Path) -> NDArray[np.float32]:
    """Read style codes from an untrusted ``.npy`` file; nothing in it is unpickled.

    Args:
        path: File with an array of numbers, [z] or [N, z].

    Returns:
        Style codes, float32 [N, z].

    Raises:
        StyleError: no such file or array, or values that are not finite numbers.
    """
    expected = "a .npy file of numbers, [z] or [N, z]"
    array = map_array(path, expected, StyleError)
    if array.ndim not in (1, 2) or array.size == 0 or array.dtype.kind not in "fiu":
        raise StyleError(f"{path} holds an array of shape {list(array.shape)} and type {array.dtype}", expected)
    codes = array.reshape(-1, array.shape[-1])
    if len(codes) > MAX_CODES or codes.shape[1] > 65536:
        raise StyleError(f"{path} holds {len(codes)} codes of {codes.shape[1]} numbers", f"at most {MAX_CODES} codes of 65536")
    values = codes.astype(np.float32)
    if not np.isfinite(values).all():
        raise StyleError(f"{path} holds values that are no finite numbers", "finite style codes")
    return values


def style_source_from(
    *,
    image: Path | None,
    image_to: Path | None,
    codes: Path | None,
    seed: int | None,
    variations: int | None,
    truncation: float | None,
    texture: int | None = None,
) -> StyleSource:
    """Return the style options from command-line values, None where an option was not given.

    Raises:
        EngineError: the options contradict each other, or the file of codes is unusable.
    """
    if codes is None:
        return StyleSource(image, image_to, None, seed, variations or 1, 1.0 if truncation is None else truncation, texture)
    values = read_style_codes(codes)
    if variations is not None and variations != len(values):
        raise EngineError(f"--variations {variations} with {len(values)} style codes", "one for every code", "Leave out --variations")
    return StyleSource(codes=values, variations=len(values), texture=texture)
