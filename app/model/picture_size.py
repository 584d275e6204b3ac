"""Text form of the requested size of renders, for settings and documents."""

from __future__ import annotations

import re
from typing import Final

from spade_studio.engine.rendering.frame_sizes import SizeWish
from spade_studio.engine.rendering.result_plan import MAX_RESULT_SIDE

SMALLEST_SIDE: Final = 16
"""Shortest side that can be chosen, in pixels."""


def size_to_text(wish: SizeWish) -> str:
    """Return ``training``, ``automatic``, ``layout``, the longer side in pixels, or ``WIDTHxHEIGHT``."""
    if wish.kind == "exact":
        return f"{wish.exact[1]}x{wish.exact[0]}"
    return str(wish.longer_side) if wish.kind == "side" else wish.kind


def size_from_text(text: str) -> SizeWish | None:
    """Parse the output of :func:`size_to_text`; None for any other text and for sides out of range."""
    if text in ("training", "automatic", "layout"):
        return SizeWish(text)
    if (found := re.fullmatch(r"([0-9]{1,5})(?:x([0-9]{1,5}))?", text)) is None:
        return None
    sides = [int(side) for side in found.groups() if side is not None]
    if not all(1 <= side <= MAX_RESULT_SIDE for side in sides):
        return None
    return SizeWish("side", sides[0]) if len(sides) == 1 else SizeWish("exact", exact=(sides[1], sides[0]))
