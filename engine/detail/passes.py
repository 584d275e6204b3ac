"""At which sizes an upscaler is applied, one time after another, to reach the size of a result; without torch."""

from __future__ import annotations

Size = tuple[int, int]
"""(height, width) in pixels."""

LEAST_SHORT_SIDE = 128
"""A picture is not reduced further before it is enlarged: what is in it would be lost."""

MOST_STRETCH = 1.25
"""What is left between the last pass and the result is resampled up to this factor."""


def first_size(base: Size, scale: int) -> Size:
    """Return the size that the generator's picture is reduced to before the first pass.

    Its finest scale has a regular weave that an upscaler would sharpen into a texture of its own; at half the size it is gone. So networks
    that enlarge at least four times read half the size.

    Args:
        base: Of the generator's picture.
        scale: Of the network.
    """
    short = min(base)
    wanted = short if scale < 4 else min(short, max(LEAST_SHORT_SIDE, round(short / 2)))
    return _scaled(base, wanted / short)


def pass_sizes(base: Size, result: Size, scale: int) -> tuple[Size, ...]:
    """Return what the network reads in each pass: at first the generator's picture, then what came out before, reduced.

    Args:
        base: Of the generator's picture.
        result: Of the picture that is wanted, of about the same aspect; the last pass comes out smaller by :data:`MOST_STRETCH` at most.
        scale: Of the network; one that does not enlarge is applied once.
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
