"""A label map painted in numpy, rendered in one style.

python examples/render_layout.py --output lake.png --seed 7
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from spade_studio.engine import Renderer, load_label_set


def paint_lake(side: int = 256) -> np.ndarray:
    """Return a label map of COCO-Stuff ids, uint8 [side, side]: sky, a mountain, a lake, grass in front."""
    ids = {label.name: label.id for label in load_label_set("coco_stuff").labels}
    labels = np.full((side, side), ids["sky-other"], np.uint8)
    y, x = np.mgrid[:side, :side] / side
    labels[y > 0.25 + 0.5 * np.abs(x - 0.6)] = ids["mountain"]
    labels[y > 0.55] = ids["water-other"]
    labels[y > 0.85 - 0.08 * np.sin(6 * x)] = ids["grass"]
    return labels


def main() -> None:
    """Render the lake."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("lake.png"))
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    renderer = Renderer.load()
    renderer.set_style(renderer.style_from_seed(options.seed))
    report = renderer.set_layout(paint_lake())
    if report.unknown_ids:
        print("The weights do not know the ids", sorted(report.unknown_ids))
    Image.fromarray(renderer.render()[0]).save(options.output)


if __name__ == "__main__":
    main()
