"""Selects the built-in styles of weights: renders many seeds, measures light and colour, and keeps the best match for each name.

Run it after changing the default weights:
``python packaging/make_styles.py --weights resources/weights/landscapes.safetensors`` (a minute or two on two cores; ``--candidates`` and
``--sheet FILE.png`` for a contact sheet of the result).
"""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spade_studio.engine.files import atomic_writer
from spade_studio.engine.rendering.renderer import Renderer
from spade_studio.engine.style import style_from_seed

ROOT = Path(__file__).resolve().parent.parent
SIDE = 160
MEASURES = ("brightness", "contrast", "warmth", "colour", "haze")
# Target measurements by name, in standard deviations over all candidates; measurements not listed are ignored.
WISHES: dict[str, dict[str, float]] = {
    "Noon": {"brightness": 1.3, "contrast": 0.8, "warmth": 0.0, "colour": 1.0},
    "Sunset": {"brightness": -0.6, "warmth": 2.4, "colour": 1.0},
    "Golden hour": {"brightness": 0.8, "warmth": 1.6, "colour": 0.6},
    "Overcast": {"brightness": 0.2, "contrast": -1.0, "warmth": 0.0, "colour": -1.8},
    "Mist": {"brightness": 0.8, "contrast": -1.8, "colour": -0.8, "haze": 1.5},
    "Winter light": {"brightness": 1.2, "warmth": -1.2, "colour": -0.6},
    "Blue hour": {"brightness": -1.4, "warmth": -1.8, "colour": 0.8},
    "Storm": {"brightness": -1.6, "contrast": 0.6, "colour": -1.2},
    "Clear morning": {"brightness": 0.4, "contrast": 1.4, "warmth": -0.8, "colour": 1.2},
}


def measure(picture: NDArray[np.uint8]) -> list[float]:
    """Return the measurements of a picture, uint8 ``[h, w, 3]``, in the order of ``MEASURES``."""
    rgb = picture.reshape(-1, 3).astype(np.float64) / 255
    light = rgb @ (0.299, 0.587, 0.114)
    low, high = np.percentile(light, (5, 95))
    spread = rgb.max(1) - rgb.min(1)
    return [float(light.mean()), float(high - low), float((rgb[:, 0] - rgb[:, 2]).mean()), float(spread.mean()), float(low)]


def choose(measured: NDArray[np.float64]) -> dict[str, int]:
    """Return the index of the best candidate for each style name, assigning the best matches first and no candidate twice.

    Args:
        measured: Measurements of the candidates, float64 ``[N, 5]``.
    """
    scores = (measured - measured.mean(0)) / np.maximum(measured.std(0), 1e-9)
    distances: list[tuple[float, str, int]] = []
    for name, wish in WISHES.items():
        columns = [MEASURES.index(measure) for measure in wish]
        apart = np.sqrt(((scores[:, columns] - list(wish.values())) ** 2).mean(1))
        distances.extend((float(distance), name, index) for index, distance in enumerate(apart))
    chosen: dict[str, int] = {}
    for _, name, index in sorted(distances):
        if name not in chosen and index not in chosen.values():
            chosen[name] = index
    return {name: chosen[name] for name in WISHES}


def main() -> None:
    """Parse the command line and write the styles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=None, help="a bundle; the default weights where not given")
    parser.add_argument("--layout", type=Path, default=ROOT / "resources/layouts/mountain_lake.png", help="a label map, PNG of ids")
    parser.add_argument("--candidates", type=int, default=160, help="seeds that are rendered")
    parser.add_argument("--output", type=Path, default=ROOT / "resources/styles", help="the folder")
    parser.add_argument("--sheet", type=Path, default=None, help="where to draw what was chosen, for a look")
    options = parser.parse_args()
    renderer = Renderer.load(options.weights)
    if renderer.z_width is None:
        parser.error("these weights have one look only")
    with Image.open(options.layout) as image:
        labels = np.array(image, np.uint8)
    renderer.set_layout(labels)
    rows: list[list[float]] = []
    for seed in range(options.candidates):
        renderer.set_style(style_from_seed(seed, renderer.z_width))
        rows.append(measure(renderer.render()))
        print(f"\r{seed + 1} of {options.candidates}", end="", flush=True)
    print()
    entries: list[dict[str, object]] = []
    options.output.mkdir(parents=True, exist_ok=True)
    for old in options.output.glob("*.png"):
        old.unlink()
    pictures: list[Image.Image] = []
    for name, seed in choose(np.array(rows)).items():
        code = style_from_seed(seed, renderer.z_width).astype("<f2")
        renderer.set_style(code.astype(np.float32))
        picture = Image.fromarray(renderer.render()[0])
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        file = f"{name.lower().replace(' ', '-')}.png"
        picture.save(options.output / file, optimize=True)
        pictures.append(picture)
        entries.append({"name": name, "picture": file, "code": base64.b64encode(code.tobytes()).decode("ascii")})
        print(f"{name}: seed {seed}: {', '.join(f'{m} {v:.2f}' for m, v in zip(MEASURES, rows[seed], strict=True))}")
    data = {"format": "spade-studio styles", "version": 1, "weights_sha256": renderer.weights_sha256, "styles": entries}
    with atomic_writer(options.output / "styles.json") as out:
        out.write((json.dumps(data, indent=1) + "\n").encode())
    if options.sheet:
        sheet = Image.new("RGB", (SIDE * len(pictures), SIDE))
        for column, picture in enumerate(pictures):
            sheet.paste(picture, (SIDE * column, 0))
        sheet.save(options.sheet)


if __name__ == "__main__":
    main()
