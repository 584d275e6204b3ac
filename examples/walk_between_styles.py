"""Frames that lead from one style to another.

python examples/walk_between_styles.py --output frames --frames 24
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image
from render_layout import paint_lake

from spade_studio.engine import Renderer, interpolate_styles


def main() -> None:
    """Write numbered frames, which any video tool joins."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("frames"))
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--seeds", type=int, nargs=2, default=(7, 3))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    renderer = Renderer.load()
    first, last = (renderer.style_from_seed(seed) for seed in options.seeds)
    renderer.set_layout(paint_lake())
    for number in range(options.frames):
        renderer.set_style(interpolate_styles(first, last, number / max(1, options.frames - 1)))
        Image.fromarray(renderer.render()[0]).save(options.output / f"frame{number:04d}.png")


if __name__ == "__main__":
    main()
