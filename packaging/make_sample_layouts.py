"""Draws the sample layouts in resources/layouts, deterministically."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spade_studio.app.documents.samples import write_labels
from spade_studio.engine.labels import load_label_set

SIZE = 256
FOLDER = Path(__file__).parents[1] / "resources" / "layouts"

SKY, MOUNTAIN, SNOW, TREE, GRASS, DIRT = 156, 134, 158, 168, 123, 110
SEA, WATER, ROAD, BUSH = 154, 177, 148, 96

Line = NDArray[np.float64]
Field = NDArray[np.float64]
Map = NDArray[np.uint8]

X = np.arange(SIZE) / SIZE
COLUMNS, ROWS = np.meshgrid(X, X)


def noise_line(seed: int, cells: int, octaves: int = 5, roughness: float = 0.5) -> Line:
    """Return fractal noise along x, about -1 to 1, as an outline of hills (low roughness) or peaks (high roughness)."""
    generator = np.random.Generator(np.random.PCG64(seed))
    total = np.zeros(SIZE)
    for octave in range(octaves):
        count = cells * 2**octave
        values = generator.uniform(-1, 1, count + 2)
        position = X * count
        index = position.astype(int)
        share = position - index
        if octave == 0:
            share = share * share * (3 - 2 * share)
        total += roughness**octave * (values[index] * (1 - share) + values[index + 1] * share)
    return total


def noise_field(seed: int, cells: int, octaves: int = 4, roughness: float = 0.5, stretch: float = 1.0) -> Field:
    """Return fractal noise over the map, about -1 to 1; ``stretch`` above 1 widens its patches."""
    generator = np.random.Generator(np.random.PCG64(seed))
    total = np.zeros((SIZE, SIZE))
    for octave in range(octaves):
        across, down = cells * 2**octave, max(1, math.ceil(cells * 2**octave * stretch))
        values = generator.uniform(-1, 1, (down + 2, across + 2))
        x, y = COLUMNS * across, ROWS * down
        column, row = x.astype(int), y.astype(int)
        right, below = x - column, y - row
        right, below = right * right * (3 - 2 * right), below * below * (3 - 2 * below)
        upper = values[row, column] * (1 - right) + values[row, column + 1] * right
        lower = values[row + 1, column] * (1 - right) + values[row + 1, column + 1] * right
        total += roughness**octave * (upper * (1 - below) + lower * below)
    return total


def bumps(*peaks: tuple[float, float, float]) -> Line:
    """Return the outline of straight-sided peaks, each (x, width, height); the highest one counts."""
    return np.max([height * np.maximum(0, 1 - np.abs(X - x) / width) for x, width, height in peaks], axis=0)


def below(line: Line) -> NDArray[np.bool_]:
    """Return the mask of the map below an outline, whose heights are measured from the top, 0 to 1."""
    return line[None, :] <= ROWS


def trees(seed: int, ground: Line, height: Callable[[Line], Line], width: float, pointed: bool) -> NDArray[np.bool_]:
    """Return the mask of a row of treetops on a ground line.

    Args:
        seed: Seed of the random shapes.
        ground: Ground line.
        height: Function from x to the maximum tree height, as a fraction of the map.
        width: Approximate treetop width, as a fraction of the map.
        pointed: Whether the treetops are pointed like firs.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    mask = np.zeros((SIZE, SIZE), bool)
    x = -width
    limits = height(X)
    while x < 1 + width:
        half = width * generator.uniform(0.7, 1.5) / 2
        at = min(SIZE - 1, max(0, int(x * SIZE)))
        tall = limits[at] * generator.uniform(0.55, 1.0)
        foot = ground[at]
        distance = np.abs(COLUMNS - x) / half
        profile = np.maximum(0, 1 - distance) if pointed else np.sqrt(np.maximum(0, 1 - distance**2))
        crown = foot - tall * profile
        if tall > 0.012:
            mask |= (crown <= ROWS) & (distance <= 1) & (foot + 0.03 * (1 - distance) >= ROWS)
        x += width * generator.uniform(0.35, 0.8)
    return mask


def mountain_lake() -> Map:
    """Snowy peaks over a forest, a lake in front of it, grass and firs at the near shore."""
    labels = np.full((SIZE, SIZE), SKY, np.uint8)
    peaks = bumps((0.33, 0.40, 0.27), (0.20, 0.22, 0.17), (0.70, 0.36, 0.19), (0.60, 0.2, 0.13), (1.0, 0.3, 0.23), (0.0, 0.2, 0.13))
    ridge = 0.47 - peaks - 0.030 * noise_line(3, 9, 6, 0.62)
    labels[below(ridge)] = MOUNTAIN
    snow_line = 0.29 + 0.05 * noise_field(5, 10, 5, 0.6)
    labels[below(ridge) & (snow_line > ROWS)] = SNOW
    forest = 0.50 + 0.022 * noise_line(12, 4, 4) - 0.05 * np.maximum(0, X - 0.62)
    labels[below(forest)] = TREE
    labels[trees(4, forest + 0.01, lambda x: 0.045 + 0.02 * np.sin(9 * x), 0.030, True)] = TREE
    shore = 0.580 + 0.008 * noise_line(8, 4, 4, 0.4)
    labels[below(shore - 0.010 - 0.020 * np.maximum(0, noise_line(20, 4, 4)))] = GRASS
    labels[below(shore)] = WATER
    near = 0.80 + 0.10 * np.cos(2.6 * (X - 0.28)) + 0.022 * noise_line(31, 4, 5, 0.45)
    labels[below(near)] = GRASS
    labels[(noise_field(41, 6, 4, 0.55, 1.6) > 0.62) & below(near + 0.03)] = BUSH
    firs = trees(52, np.maximum(near, 0.70) + 0.05, lambda x: 0.40 * np.clip((x - 0.80) / 0.2, 0, 1) ** 0.6, 0.085, True)
    labels[firs] = TREE
    return labels


def coast() -> Map:
    """A headland over the sea, a beach that curves into the picture, dunes with grass."""
    labels = np.full((SIZE, SIZE), SKY, np.uint8)
    labels[below(np.full(SIZE, 0.46))] = SEA
    far = 0.46 - 0.07 * np.clip((0.66 - X) / 0.3, 0, 1) - 0.012 * noise_line(2, 7, 5) * (X < 0.62)
    labels[below(far) & (ROWS < 0.465) & (COLUMNS < 0.66)] = MOUNTAIN
    slope = np.clip((0.44 - X) / 0.44, 0, 1)
    head = 0.50 - 0.23 * slope**0.55 * (0.75 + 0.25 * slope) - 0.018 * noise_line(6, 6, 6, 0.6)
    cliff = below(head) & (0.44 + 0.01 * noise_line(7, 6)[:, None] > COLUMNS) & (ROWS < 0.585)
    labels[cliff] = MOUNTAIN
    labels[cliff & (head[None, :] + 0.035 + 0.05 * slope + 0.02 * noise_line(9, 8)[None, :] > ROWS)] = GRASS
    edge = 0.30 + 0.56 * ((ROWS - 0.545) / 0.455).clip(0, 1) ** 1.5 + 0.10 * np.sin(9 * (ROWS - 0.5)) + 0.014 * noise_field(14, 5, 4)
    labels[(ROWS > 0.55) & (edge > COLUMNS)] = DIRT
    dune = 0.64 + 0.62 * X + 0.035 * noise_line(22, 5, 5)
    labels[below(dune) & (edge - 0.12 > COLUMNS)] = GRASS
    labels[below(dune + 0.05) & (noise_field(25, 7, 4, 0.55, 1.5) > 0.45) & (edge - 0.16 > COLUMNS)] = BUSH
    return labels


def valley() -> Map:
    """Green hills with a path that winds to the woods, mountains far behind."""
    labels = np.full((SIZE, SIZE), SKY, np.uint8)
    labels[below(0.40 - bumps((0.22, 0.3, 0.12), (0.55, 0.3, 0.17), (0.9, 0.35, 0.13)) - 0.018 * noise_line(3, 8, 5, 0.55))] = MOUNTAIN
    middle = 0.43 + 0.035 * noise_line(5, 3, 4, 0.4)
    labels[below(middle)] = TREE
    labels[trees(7, middle + 0.01, lambda x: np.full(SIZE, 0.035), 0.035, False)] = TREE
    hill = 0.52 + 0.04 * np.sin(2.6 * X + 0.4) + 0.01 * noise_line(11, 5, 4)
    labels[below(hill)] = GRASS
    depth = ((ROWS - 0.53) / 0.47).clip(0, 1)
    center = 0.52 + 0.13 * np.sin(5.2 * depth**0.6 + 0.5) * (0.35 + depth)
    labels[(np.abs(COLUMNS - center) < 0.012 + 0.12 * depth**1.5) & below(hill + 0.01)] = DIRT
    labels[trees(16, hill + 0.05, lambda x: 0.20 * np.exp(-(((x - 0.13) / 0.11) ** 2)), 0.08, False)] = TREE
    labels[trees(17, hill + 0.02, lambda x: 0.10 * np.exp(-(((x - 0.83) / 0.08) ** 2)), 0.06, False)] = TREE
    bush = (noise_field(19, 7, 4, 0.55, 1.7) > 0.60) & below(hill + 0.08) & (labels == GRASS)
    labels[bush] = BUSH
    return labels


def winter_ridge() -> Map:
    """A snowfield under a rocky ridge, dark firs, a strip of open water."""
    labels = np.full((SIZE, SIZE), SKY, np.uint8)
    ridge = 0.50 - bumps((0.75, 0.5, 0.34), (0.36, 0.3, 0.2), (0.08, 0.22, 0.18)) - 0.028 * noise_line(13, 8, 6, 0.55)
    labels[below(ridge)] = MOUNTAIN
    cover = ridge[None, :] + 0.10 + 0.08 * noise_field(15, 8, 4, 0.6)
    labels[below(ridge) & (cover > ROWS)] = SNOW
    field = 0.53 + 0.02 * noise_line(18, 3, 4)
    labels[below(field)] = SNOW
    labels[trees(21, field + 0.015, lambda x: 0.05 + 0.03 * np.cos(7 * x), 0.032, True)] = TREE
    stream = 0.70 + 0.05 * np.sin(3.5 * X + 0.8) + 0.012 * noise_line(24, 5, 4)
    thick = 0.018 + 0.055 * X
    labels[(stream[None, :] < ROWS) & ((stream + thick)[None, :] > ROWS)] = WATER
    labels[trees(27, stream + 0.02, lambda x: 0.34 * np.maximum(0, (0.24 - x) / 0.24) ** 0.6, 0.10, True)] = TREE
    return labels


def forest_lake() -> Map:
    """A still lake amid woods, hills far behind, an islet, a grassy bank with a path to the water."""
    labels = np.full((SIZE, SIZE), SKY, np.uint8)
    hills = 0.40 - bumps((0.30, 0.45, 0.11), (0.78, 0.40, 0.14)) - 0.016 * noise_line(33, 7, 5, 0.55)
    labels[below(hills)] = MOUNTAIN
    woods = 0.43 + 0.016 * noise_line(36, 4, 4) - 0.10 * np.clip((0.30 - X) / 0.30, 0, 1) - 0.08 * np.clip((X - 0.74) / 0.26, 0, 1)
    labels[below(woods)] = TREE
    labels[trees(38, woods + 0.01, lambda x: 0.045 + 0.015 * np.cos(8 * x), 0.036, True)] = TREE
    shore = 0.525 + 0.006 * noise_line(42, 5, 4, 0.4) + 0.05 * np.clip((0.22 - X) / 0.22, 0, 1) ** 0.7
    labels[below(shore - 0.012 - 0.012 * np.maximum(0, noise_line(44, 5, 4)))] = GRASS
    labels[below(shore)] = WATER
    islet = 1 + 0.3 * noise_field(46, 8, 3) > (((COLUMNS - 0.63) / 0.085) ** 2 + ((ROWS - 0.612) / 0.020) ** 2)
    labels[islet] = GRASS
    labels[trees(47, np.full(SIZE, 0.612), lambda x: 0.11 * np.exp(-(((x - 0.63) / 0.055) ** 2)), 0.045, True)] = TREE
    bank = 0.86 - 0.10 * np.cos(3.4 * (X - 0.08)) + 0.020 * noise_line(49, 4, 5, 0.45)
    labels[below(bank)] = GRASS
    depth = ((ROWS - 0.78) / 0.22).clip(0, 1)
    labels[(np.abs(COLUMNS - 0.44 + 0.10 * depth) < 0.014 + 0.05 * depth) & below(bank)] = DIRT
    labels[trees(53, np.maximum(bank, 0.72) + 0.06, lambda x: 0.46 * np.clip((0.22 - x) / 0.22, 0, 1) ** 0.6, 0.085, True)] = TREE
    return labels


def main() -> None:
    """Write all sample layouts."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    label_set = load_label_set("coco_stuff")
    for draw in (mountain_lake, coast, valley, winter_ridge, forest_lake):
        labels = draw()
        write_labels(FOLDER / f"{draw.__name__}.png", labels, label_set)
        ids, counts = np.unique(labels, return_counts=True)
        print(draw.__name__, {int(i): f"{c / labels.size:.0%}" for i, c in zip(ids, counts, strict=True)})


if __name__ == "__main__":
    main()
