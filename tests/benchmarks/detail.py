"""Cost of the detail levels against the generator's picture in one run: time, operations, waits, memory, and what tiles change.

    python tests/benchmarks/detail.py [--device D] [--dtype T] [--threads N] [--repeats N] [--large]

Where the level fast is not installed, a network of its size with random weights stands for it. With --large, a result of 2048x2048 too.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from spade_studio.engine.detail import upscaler as tiling
from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.detail.files import LoadedUpscaler, UpscalerInfo
from spade_studio.engine.detail.finisher import resample, to_floats
from spade_studio.engine.detail.levels import available_levels, level_path
from spade_studio.engine.detail.networks import build_upscaler
from spade_studio.engine.detail.tiles import divide
from spade_studio.engine.detail.upscaler import Picture, Upscaler
from spade_studio.engine.device import choose_device, choose_dtype
from spade_studio.engine.rendering.renderer import Renderer

LAYOUT = Path(__file__).resolve().parents[2] / "resources" / "layouts" / "valley.png"


def open_level(level: str, device: str, dtype: str) -> Upscaler:
    path = level_path("full") if level == "full" else level_path("fast") if "fast" in available_levels() else None
    if path is not None:
        return Upscaler.load(path, device=device, dtype=dtype)
    config = CompactConfig(4, 48, 16)
    loaded = LoadedUpscaler(UpscalerInfo(Path("random"), config, "random weights"), build_upscaler(config).state_dict(), "")
    chosen = choose_device(device)
    return Upscaler(loaded, chosen, choose_dtype(dtype, chosen))


def best(work: object, repeats: int) -> float:
    assert callable(work)
    work()
    times: list[float] = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def longest_wait(network: Upscaler, picture: Picture) -> float:
    """Return the longest time between two questions whether to stop, in seconds."""
    asked: list[float] = []
    network.upscale(picture, should_stop=lambda: bool(asked.append(time.perf_counter())))
    return float(np.diff([*asked, time.perf_counter()]).max())


def tile_difference(network: Upscaler, picture: Picture) -> float:
    """Return the largest mean difference from the untiled result along a border of tiles, of 255."""
    whole = network.upscale(picture)
    side, tiling.TILE_SIDE = tiling.TILE_SIDE, picture.shape[1] // 2 + tiling.TILE_MARGIN
    try:
        tiled = network.upscale(picture)
    finally:
        tiling.TILE_SIDE, spans = side, divide(picture.shape[1], tiling.TILE_SIDE, tiling.TILE_MARGIN)
    assert whole is not None
    assert tiled is not None
    difference = 255 * np.abs(whole - tiled)
    places = [span.first * network.scale for span in spans[1:]]
    assert places
    lines = [difference[:, place - 2 : place + 2] for place in places] + [difference[:, :, place - 2 : place + 2] for place in places]
    return max(float(line.mean()) for line in lines)


def peak() -> float:
    """Return the most memory that this process had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    renderer = Renderer.load(device=given.device, dtype=given.dtype)
    renderer.set_style(renderer.style_from_seed(1) if renderer.z_width else None)
    renderer.set_layout(np.array(Image.open(LAYOUT)))
    base = best(renderer.render, given.repeats)
    picture = to_floats(renderer.render()[0])
    small = resample(picture, (128, 128))
    print(f"{renderer.device}, {renderer.dtype}, {given.threads} threads; base picture {picture.shape[2]}x{picture.shape[1]}: {base:.3f} s")
    print("| level | network | GFLOP, 128 to 512 | seconds | x base | longest wait, ms | along tiles, of 255 |")
    print("|---|---|---|---|---|---|---|")
    seconds: dict[str, float] = {}
    for level in ("fast", "full"):
        network = open_level(level, given.device, given.dtype)
        seconds[level] = best(lambda network=network: network.upscale(small), given.repeats)
        operations = 2 * network.info.config.multiplications * 128**2 / 1e9
        wait, lines = longest_wait(network, small), tile_difference(network, picture)
        row = f"{operations:.1f} | {seconds[level]:.3f} | {seconds[level] / base:.2f} | {1000 * wait:.0f} | {lines:.2f}"
        print(f"| {level} | {network.info.name} | {row} |", flush=True)
    print(f"full takes {seconds['full'] / seconds['fast']:.1f} times as long as fast in this run")
    if given.large:
        network = open_level("full", given.device, given.dtype)
        given_picture, before = resample(picture, (512, 512)), peak()
        start, wait = time.perf_counter(), longest_wait(network, given_picture)
        print(f"2048x2048: {time.perf_counter() - start:.1f} s, {peak() - before:.0f} MiB above before, longest wait {1000 * wait:.0f} ms")


if __name__ == "__main__":
    main()
