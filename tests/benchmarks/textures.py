"""What weights paint where a layout is one label: lattices, textures that differ, columns and edges that every picture has.

    python tests/benchmarks/textures.py [--weights FILE] [--photos FOLDER] [--pictures N]

FOLDER has ``images/`` and ``labels/`` of the same size; parts of photographs that show one label give the figures to compare with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from spade_studio.engine.rendering.renderer import Renderer

LABELS = {"tree": 168, "grass": 123, "sea": 154, "sky": 156, "mountain": 134}
LAGS = np.arange(8, 65)
SIDE = 160  # of a part of a photograph; lags beyond half of it have few pairs
PLAIN = 0.97  # share of a part that shows the label
Plane = npt.NDArray[np.float64]


def luminance(picture: npt.NDArray[np.uint8]) -> Plane:
    return picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])


def correlation(plane: Plane) -> Plane:
    """Autocorrelation along rows and columns at LAGS, the larger of both, of what is left without a plane of brightness."""
    height, width = plane.shape
    y, x = np.mgrid[:height, :width]
    base = np.stack([np.ones(plane.size), y.ravel(), x.ravel()], 1)
    rest = (plane.ravel() - base @ np.linalg.lstsq(base, plane.ravel(), rcond=None)[0]).reshape(plane.shape)
    power = max(float((rest**2).mean()), 1e-9)
    along = np.array([float((rest[:, :-lag] * rest[:, lag:]).mean()) for lag in LAGS]) / power
    down = np.array([float((rest[:-lag] * rest[lag:]).mean()) for lag in LAGS]) / power
    return np.maximum(along, down)


def high_pass(plane: Plane) -> Plane:
    return plane - cv2.GaussianBlur(plane, (0, 0), 4)


def photographs(folder: Path) -> dict[str, list[Plane]]:
    """Parts of photographs that show one label."""
    found: dict[str, list[Plane]] = {name: [] for name in LABELS}
    for path in sorted((folder / "labels").iterdir()):
        labels = np.asarray(Image.open(path))
        photo = folder / "images" / path.name
        if not photo.exists():
            continue
        for name, label in LABELS.items():
            inside = cv2.boxFilter((labels == label).astype(np.float32), -1, (SIDE, SIDE), borderType=cv2.BORDER_CONSTANT)
            half = SIDE // 2
            inner = inside[half : labels.shape[0] - half + 1, half : labels.shape[1] - half + 1]
            if inner.size and inner.max() >= PLAIN:
                top, left = np.unravel_index(int(inner.argmax()), inner.shape)
                part = np.asarray(Image.open(photo).convert("RGB"))[top : top + SIDE, left : left + SIDE]
                found[name].append(luminance(part))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--pictures", type=int, default=64, help="of every label, each with a seed and a style of its own")
    parser.add_argument("--save", type=Path, help="a folder for the means of the pictures")
    options = parser.parse_args()
    renderer = Renderer.load(options.weights)
    height, width = renderer.training_size
    theirs = photographs(options.photos) if options.photos else {}
    print("correlation: greatest of the pictures' mean at lags 8 to 64; texture: mean difference of two seeds after a high-pass, of 255;")
    print("steps: greatest difference of neighbouring columns or rows of the mean picture, at the edges and inside, of 255")
    for name, label in LABELS.items():
        renderer.set_layout(np.full((height, width), label, np.uint8))
        planes: list[Plane] = []
        for seed in range(options.pictures):
            renderer.set_style(renderer.style_from_seed(seed))
            renderer.set_texture(seed)
            planes.append(luminance(renderer.render()[0]))
        renderer.set_texture(1000)
        differences: list[float] = []
        for seed in range(8):
            renderer.set_style(renderer.style_from_seed(seed))
            pair: list[Plane] = []
            for texture in (1000, 2000):
                renderer.set_texture(texture)
                pair.append(high_pass(luminance(renderer.render()[0])))
            differences.append(float(np.abs(pair[0] - pair[1]).mean()))
        mean = np.mean(planes, 0)
        columns, rows = mean.mean(0), mean.mean(1)
        steps = [np.abs(np.diff(line)) for line in (columns, rows)]
        edge = max(float(max(step[:4].max(), step[-4:].max())) for step in steps)
        inner = max(float(step[4:-4].max()) for step in steps)
        ours = np.mean([correlation(plane[48:208, 48:208]) for plane in planes], 0)
        text = f"{name:9} correlation {ours.max():.3f}"
        if theirs.get(name):
            real = np.mean([correlation(plane) for plane in theirs[name]], 0)
            text += f" (photographs {real.max():.3f}, {len(theirs[name])}; most above theirs {(ours - real).max():+.3f})"
        print(f"{text}  texture {np.mean(differences):.1f}  steps {edge:.1f} {inner:.1f}  brightness {mean.mean():.0f}")
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mean.round().astype(np.uint8)).save(options.save / f"{name}.png")


if __name__ == "__main__":
    main()
