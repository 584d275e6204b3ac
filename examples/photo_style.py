"""The style of a photograph, and how strong it is.

python examples/photo_style.py sunset.jpg --output evening.png --strength 0.8
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from render_layout import paint_lake

from spade_studio.engine import EngineError, Renderer


def main() -> None:
    """Render the lake in a photograph's light and colours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--output", type=Path, default=Path("evening.png"))
    parser.add_argument("--strength", type=float, default=1.0, help="0 is the average style, 1 the photograph's")
    options = parser.parse_args()
    renderer = Renderer.load()
    photo = np.array(Image.open(options.photo).convert("RGB"))
    try:
        renderer.set_style(renderer.style_from_image(photo, truncation=options.strength))
    except EngineError as error:
        raise SystemExit(str(error)) from error  # what was found, what was expected, what to do
    renderer.set_layout(paint_lake())
    Image.fromarray(renderer.render()[0]).save(options.output)


if __name__ == "__main__":
    main()
