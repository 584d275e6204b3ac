"""Several styles over one layout, in one picture.

python examples/style_sheet.py --output sheet.png --columns 3 --rows 2
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from render_layout import paint_lake

from spade_studio.engine import Renderer


def main() -> None:
    """Render the sheet: the layout is prepared once, each style costs the rest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("sheet.png"))
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--rows", type=int, default=2)
    options = parser.parse_args()
    renderer = Renderer.load()
    count = options.rows * options.columns
    renderer.set_style(np.stack([renderer.style_from_seed(seed) for seed in range(count)]))
    renderer.set_layout(paint_lake())
    pictures = renderer.render()  # uint8 [count, H, W, 3]
    rows = [np.concatenate(list(row), axis=1) for row in np.split(pictures, options.rows)]
    Image.fromarray(np.concatenate(rows)).save(options.output)


if __name__ == "__main__":
    main()
