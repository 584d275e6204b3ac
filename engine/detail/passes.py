"""The sizes at which an upscaler is applied, pass after pass, to reach the size of a result."""

from __future__ import annotations

Size = tuple[int, int]
"""(height, width) in pixels."""

LEAST_SHORT_SIDE = 128
"""Minimum short side in pixels of a picture that is reduced before it is enlarged."""

MOST_STRETCH = 1.25
"""Maximum factor between the last pass and the result that is left to resampling."""


def first_size(base: Size, scale: int) -> Size:
    """Return the (height, width) that the generator's picture is reduced to before the first pass.

    Networks that enlarge at least four times read half the size: the finest scale of generators has a regular pattern, which an upscaler
    would sharpen into a texture.

    Args:
        base: (height, width) of the generator's picture.
        scale: Scale factor of the network.
    """
    short = min(base)
    wanted = short if scale < 4 else min(short, max(LEAST_SHORT_SIDE, round(short / 2)))
    return _scaled(base, wanted / short)


def pass_sizes(base: Size, result: Size, scale: int) -> tuple[Size, ...]:
    """Return the (height, width) of the network's input in each pass.

    Args:
        base: (height, width) of the generator's picture.
        result: (height, width) of the result, of about the same aspect ratio; the last pass falls short by :data:`MOST_STRETCH` at most.
        scale: Scale factor of the network; one of scale 1 is applied once.
    """
    sizes = [first_size(base, scale)]
    while scale > 1:
        made = min(sizes[-1]) * scale
        if made * MOST_STRETCH >= min(result):
            break
        # No more is thrown away than is needed, and no more than half.
        wanted = min(made, max(round(min(result) / scale), made // 2))
        sizes.append(_scaled(result, wanted / min(result)))
    return tuple(sizes)


def _scaled(size: Size, factor: float) -> Size:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
