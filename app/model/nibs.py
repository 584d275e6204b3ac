"""Brush tips that stamp silhouettes along a stroke: conifers, rock, cloud, grass; all edges are hard."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from spade_studio.app.model import raster
from spade_studio.app.model.raster import MaskArray, Nib, Patch

_VARIANTS = 7
_SPACING = {Nib.TREES: 0.3, Nib.ROCK: 0.22, Nib.CLOUD: 0.3, Nib.GRASS: 0.22}
"""Spacing of the silhouettes, in diameters."""


class Trail:
    """Stamped silhouettes of one stroke, each slightly different from the one before."""

    def __init__(self, nib: Nib) -> None:
        self._nib = nib
        self._count = 0
        self._rest = 0.0  # distance to the next silhouette, in diameters

    def to(self, start: tuple[float, float], end: tuple[float, float], diameter: int, size: tuple[int, int]) -> Patch | None:
        """Return the pixels covered between two positions of a map of ``size`` (height, width); None where there are none."""
        length = math.dist(start, end) / max(1, diameter)
        spacing = _SPACING[self._nib]
        along = [0.0] if self._count == 0 else []
        at = self._rest
        while at <= length and length > 0:
            along.append(at)
            at += spacing
        self._rest = at - length if length > 0 else (self._rest or spacing)
        stamps: list[Patch] = []
        for share in along:
            t = share / length if length > 0 else 0.0
            x, y = start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])
            if (stamp := self._stamp(x, y, diameter, size)) is not None:
                stamps.append(stamp)
        if not stamps:
            return None
        box = stamps[0].box
        for stamp in stamps[1:]:
            box = box.united(stamp.box)
        mask = np.zeros((box.height, box.width), bool)
        for part, pixels in stamps:
            mask[part.moved(-box.left, -box.top).slices] |= pixels
        return Patch(box, mask)

    def _stamp(self, x: float, y: float, diameter: int, size: tuple[int, int]) -> Patch | None:
        mask = silhouette(self._nib, _stepped(diameter), self._count * 3 % _VARIANTS)
        self._count += 1
        side = mask.shape[0]
        left, top = math.floor(x - side / 2 + 0.5), math.floor(y - side / 2 + 0.5)
        box = raster.clipped(left, top, left + side, top + side, size)
        if box is None:
            return None
        return Patch(box, mask[box.moved(-left, -top).slices])


@lru_cache(maxsize=256)
def silhouette(nib: Nib, diameter: int, variant: int = 0) -> MaskArray:
    """Return one silhouette, boolean ``[diameter, diameter]``."""
    if diameter < 4:
        return np.ones((diameter, diameter), bool)
    random = np.random.default_rng(variant)
    x = ((np.arange(diameter) + 0.5) / diameter * 2 - 1)[None]
    y = ((np.arange(diameter) + 0.5) / diameter)[:, None]  # 0 at the top
    match nib:
        case Nib.TREES:
            top, wide, lean = random.uniform(0, 0.22), random.uniform(0.34, 0.55), random.uniform(-0.08, 0.08)
            down = (y - top) / (1 - top)
            tiers = random.integers(5, 8)
            ragged = 0.62 + 0.38 * (down * tiers % 1)
            mask = (down >= 0) & (np.abs(x - lean * down) <= np.maximum(wide * down * ragged, 1.0 / diameter))
        case Nib.ROCK:
            angles = np.arctan2(2 * y - 1, x)
            radius = np.hypot(x, 2 * y - 1)
            corners = np.sort(random.uniform(-np.pi, np.pi, 11))
            far = random.uniform(0.58, 1.0, 11)
            mask = radius <= np.interp(angles, corners, far, period=2 * np.pi)
        case Nib.CLOUD:
            mask = np.zeros((diameter, diameter), bool)
            for _ in range(7):
                middle, height, size = random.uniform(-0.62, 0.62), random.uniform(0.42, 0.68), random.uniform(0.2, 0.38)
                mask |= (x - middle) ** 2 + (2 * (y - height)) ** 2 <= size * size
        case _:
            mask = np.zeros((diameter, diameter), bool)
            for _ in range(9):
                foot, top, lean = random.uniform(-0.85, 0.85), random.uniform(0.05, 0.55), random.uniform(-0.4, 0.4)
                up = np.clip((1 - y) / (1 - top), 0, 1)
                width = np.maximum(0.11 * (1 - up), 0.6 / diameter)
                mask |= (np.abs(x - foot - lean * up * up) <= width) & (y >= top)
            mask |= np.broadcast_to(y > 0.93, mask.shape)
    return mask


def _stepped(diameter: int) -> int:
    """Return a nearby diameter from a coarser scale, since pressure varies the diameter and every size needs its own cached silhouette."""
    step = max(1, diameter // 16)
    return max(1, round(diameter / step) * step)
