"""Speed, memory and exactness of rendering, one table from one run; it runs on a GPU unchanged.

    python tests/benchmarks/render.py [--device D] [--networks coco,default,coco512] [--maps N] [--repeats N]

It does not decide what is fast enough; figures of one machine stand in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from spade_studio.engine.device import choose_device, cpu_has_bfloat16
from spade_studio.engine.inference.fast_generator import FastGenerator
from spade_studio.engine.inference.pictures import DefinitionMaker, FastMaker, Pictures
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.initialize import initialize_xavier
from spade_studio.engine.networks.layout import Layout, resize_nearest, unique_hashes
from spade_studio.engine.weights import default_weights_path, load_weights

SHARED_MAPS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "coco_stuff_maps"
SAMPLE_LAYOUTS = Path(__file__).resolve().parents[2] / "resources" / "layouts"
EDITS = (0.003, 0.012, 0.05, 0.2)
DISC = 32
Channels = npt.NDArray[np.int64]


@dataclass
class Network:
    name: str
    config: GeneratorConfig
    state: dict[str, Tensor]
    size: int
    edges: bool
    maps: list[tuple[str, Channels]]

    def layout(self, channels: Channels) -> Layout:
        return Layout.from_channels(channels, self.config.semantic_channels, edge_channel=self.edges)


@dataclass
class Row:
    """Milliseconds for every map, the ratio to dense float32 on the same map, and the differences from it in [-1, 1]."""

    name: str
    milliseconds: list[float] = field(default_factory=list[float])
    ratios: list[float] = field(default_factory=list[float])
    largest: list[float] = field(default_factory=list[float])
    mean: list[float] = field(default_factory=list[float])
    notes: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        low, high = (f"{pick(self.milliseconds):.0f}" for pick in (min, max))
        ratio = f"{np.mean(self.ratios):.1f} ({min(self.ratios):.1f}-{max(self.ratios):.1f})" if self.ratios else ""
        difference = f"{max(self.largest):.1e} / {max(self.mean):.1e}" if self.largest else ""
        return f"| {self.name} | {low}-{high} | {ratio} | {difference} | {', '.join(self.notes)} |"


def random_state(config: GeneratorConfig, layout: Layout) -> dict[str, Tensor]:
    """Weights of the published size whose activations are as even as trained ones': statistics from one training forward."""
    torch.manual_seed(0)
    generator = Generator(config)
    initialize_xavier(generator, gain=1.0)
    for module in generator.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    torch.nn.init.xavier_normal_(generator.conv_img.weight, gain=0.3)
    with torch.no_grad():
        generator.train()(layout, torch.randn(1, config.z_width))
    return generator.state_dict()


def label_maps(size: int, count: int) -> list[tuple[str, npt.NDArray[np.uint8]]]:
    """Real COCO-Stuff layouts where ../shared is, the shipped samples elsewhere."""
    folder = SHARED_MAPS if SHARED_MAPS.is_dir() else SAMPLE_LAYOUTS
    paths = sorted(folder.glob("*.png"))[:count]
    return [(path.stem, resize_nearest(np.asarray(Image.open(path)), size, size)) for path in paths]


def build(name: str, maps: int, calibrated: bool = True) -> Network:
    if name.startswith("coco"):
        size = 512 if name == "coco512" else 256
        config = GeneratorConfig(184, input="noise", crop_size=256)
        channels = [(stem, np.where(labels == 255, 182, labels).astype(np.int64)[None]) for stem, labels in label_maps(size, maps)]
        network = Network(name, config, {}, size, True, channels)
        if calibrated:
            network.state = random_state(config, network.layout(resize_nearest(channels[0][1], 256, 256)))
        else:
            network.state = Generator(config).state_dict()
        return network
    weights = load_weights(default_weights_path())
    assert isinstance(weights.info.generator, GeneratorConfig)
    assert weights.info.channels is not None
    known = np.array(weights.info.channels.known_ids)
    # COCO-Stuff maps hold ids that these weights do not know: each takes the place of one that they do.
    lookup = np.array([known[i % len(known)] for i in range(256)])
    lookup[known] = known
    to_channel = weights.info.channels.lookup().astype(np.int64)
    channels = [(stem, to_channel[lookup[labels]][None]) for stem, labels in label_maps(256, maps)]
    return Network(name, weights.info.generator, weights.generator, 256, weights.info.channels.edge_channel is not None, channels)


def disc_edit(channels: Channels, area: float, turn: int) -> Channels:
    """Paint a disc that covers a share of the area; each turn in another place and with another label."""
    side = channels.shape[-1]
    generator = np.random.default_rng(turn)
    radius = (area * side * side / np.pi) ** 0.5
    low, high = min(radius, side / 2.01), max(side - radius, side / 1.99)
    y, x = generator.uniform(low, high, 2)
    rows, columns = np.mgrid[:side, :side]
    edited = channels.copy()
    present = np.unique(channels)
    disc = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    edited[0][disc] = generator.choice(present[present != channels[0, int(y), int(x)]])
    return edited


class Clock:
    def __init__(self, device: torch.device, repeats: int) -> None:
        self._device, self._repeats = device, repeats

    def best(self, work: Callable[[int], object], before: Callable[[int], object] | None = None) -> float:
        """Least milliseconds of several runs after one that does not count; ``before`` is not timed."""
        times: list[float] = []
        for turn in range(self._repeats + 1):
            if before is not None:
                before(turn)
            self._wait()
            start = time.perf_counter()
            work(turn)
            self._wait()
            times.append(1e3 * (time.perf_counter() - start))
        return min(times[1:])

    def _wait(self) -> None:
        if self._device.type != "cpu":
            torch.accelerator.synchronize(self._device)


def floor_work(generator: FastGenerator, size: int) -> Callable[[int], None]:
    """The main path's convolutions alone, on inputs of their sizes."""
    side = size // generator.config.stride
    work: list[tuple[Callable[[Tensor], Tensor], Tensor]] = []
    for block in generator.blocks:
        side *= 1 + block.upsample
        for convolution in (block.conv_0, block.conv_1, block.shortcut):
            if convolution is not None:
                x = torch.randn(1, side, side, convolution.in_channels, device=generator.device).to(generator.dtype)
                work.append((convolution, x))
    work.append((generator.last, torch.randn(1, side, side, generator.last.in_channels, device=generator.device).to(generator.dtype)))

    def run(_: int) -> None:
        for convolution, x in work:
            convolution(x)

    return run


class Measurement:
    """All rows of one network; every ratio is to the published dense network on the same map in the same run."""

    def __init__(self, network: Network, device: torch.device, dtypes: list[torch.dtype], repeats: int) -> None:
        self.network = network
        self.repeats = repeats
        self.clock = Clock(device, repeats)
        self.rows: dict[str, Row] = {}
        self.styles = np.random.default_rng(0).standard_normal((repeats + 8, network.config.z_width)).astype(np.float32)
        self.z = self.styles[:1]
        self.device = device
        self.definition = DefinitionMaker(network.config, network.state, device, torch.float32)
        self.published = Generator(network.config).requires_grad_(False).eval()
        self.published.load_state_dict(network.state, strict=False)
        self.published.to(device)
        self.makers = {str(dtype).removeprefix("torch."): FastMaker(network.config, network.state, device, dtype) for dtype in dtypes}

    def run(self) -> list[Row]:
        for stem, channels in self.network.maps:
            sys.stderr.write(f"{self.network.name}: {stem}\n")
            layout = self.network.layout(channels)
            wanted = self.definition.pictures(layout, self.z).values.float().cpu()
            codes = torch.from_numpy(self.z).to(self.device)
            self.dense = self.clock.best(lambda _, layout=layout, codes=codes: self.published(layout, codes))
            self.record("dense float32, as published (channels first)", self.dense)
            milliseconds = self.clock.best(lambda _, layout=layout: self.definition.pictures(layout, self.z))
            self.record("dense float32, channels last", milliseconds)
            for name, maker in self.makers.items():
                self.one_map(name, maker, channels, wanted)
        return list(self.rows.values())

    def record(self, name: str, milliseconds: float, difference: Tensor | None = None, note: str = "") -> None:
        row = self.rows.setdefault(name, Row(name))
        row.milliseconds.append(milliseconds)
        row.ratios.append(self.dense / milliseconds)
        if note:
            row.notes.append(note)
        if difference is not None:
            row.largest.append(float(difference.max()))
            row.mean.append(float(difference.mean()))

    def one_map(self, name: str, maker: FastMaker, channels: Channels, wanted: Tensor) -> None:
        network, clock, z = self.network, self.clock, self.z
        stroke = DISC**2 * np.pi / 4 / network.size**2

        def frame(edited: Channels, preview: bool = False) -> tuple[Pictures, str]:
            made = maker.frame(network.layout(edited), z, preview=preview, should_stop=None)
            assert made is not None
            return made

        floor = clock.best(floor_work(maker._generator, network.size))
        self.record(f"{name}: main-path convolutions alone (the floor)", floor)
        frame(channels)
        milliseconds = clock.best(lambda _: frame(channels), lambda _: forget_rows(maker))
        self.record(f"{name}: new layout", milliseconds, (frame(channels)[0].values.float().cpu() - wanted).abs(), self.distinct(channels))
        frame(channels)
        strokes = [disc_edit(channels, stroke, 0)]
        for turn in range(self.repeats):  # one after the other, as a hand makes them
            strokes.append(disc_edit(strokes[-1], stroke, turn + 1))
        milliseconds = clock.best(lambda turn: frame(strokes[turn]))
        self.record(f"{name}: after a stroke ({DISC}-px disc), exact", milliseconds)
        for area in (stroke, *EDITS):
            qualities: list[str] = []
            edits = [disc_edit(channels, area, turn) for turn in range(self.repeats + 1)]
            milliseconds = clock.best(
                lambda turn, edits=edits, qualities=qualities: qualities.append(frame(edits[turn], True)[1]),
                lambda _: frame(channels),
            )
            edited = disc_edit(channels, area, 1)
            exact = frame(edited)[0].values.float().cpu()
            frame(channels)
            difference = (frame(edited, True)[0].values.float().cpu() - exact).abs()
            title = "of the stroke" if area == stroke else f"of an edit of {100 * area:g} %"
            changed = torch.from_numpy(edited[0] != channels[0])
            inside = difference[0, :, changed].mean() / 2
            note = f"{qualities.count('preview')}/{len(qualities)}: {difference.mean() / 2:.4f}, {inside:.4f}"
            self.record(f"{name}: preview {title}", milliseconds, difference, note)
        layout = network.layout(channels)
        milliseconds = clock.best(lambda turn: maker.pictures(layout, self.styles[turn : turn + 1]))
        self.record(f"{name}: new style", milliseconds, note=f"{milliseconds / floor:.2f}")
        milliseconds = clock.best(lambda _: maker.pictures(layout, self.styles[:8])) / 8
        self.record(f"{name}: 8 styles over one layout, each", milliseconds, note=f"{milliseconds / floor:.2f}")
        maker.release_memory()

    def distinct(self, channels: Channels) -> str:
        """Percent of positions with a distinct 5 x 5 neighbourhood at the three largest resolutions."""
        layout = self.network.layout(channels)
        side = self.network.size
        shares = [
            len(unique_hashes(layout.scale(side // step, side // step, self.network.config.kernel_size).hashes.reshape(-1))[0])
            / (side // step) ** 2
            for step in (1, 2, 4)
        ]
        return "/".join(f"{100 * share:.0f}" for share in shares)


def forget_rows(maker: FastMaker) -> None:
    """Make every neighbourhood of the next layout a new one; memory stays, as in a window that is open for a while."""
    for plan in maker._generator._plans.values():
        for stage in plan.stages:
            table = stage.table
            table._slot_of.clear()
            table._free = list(range(len(table._last_used) - 1, -1, -1))
            table._hashes = None


def peak_memory(network: str, path: str, device: str) -> str:
    """Render one picture in a process of its own and return its peak memory in MiB."""
    command = [sys.executable, __file__, "--peak-of", network, path, "--device", device]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def peak_resident_mib() -> float:
    """Peak resident memory of this process; ru_maxrss is inherited from the process that started it on Linux."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024  # pyright: ignore[reportOptionalSubscript]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_peak(name: str, path: str, device: torch.device) -> None:
    network = build(name, 1, calibrated=False)
    z = np.zeros((1, network.config.z_width), np.float32)
    kind, dtype = path.split()
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    maker_class = DefinitionMaker if kind == "dense" else FastMaker
    maker = maker_class(network.config, network.state, device, dtypes[dtype])
    network.state = {}
    with torch.inference_mode():
        maker.frame(network.layout(network.maps[0][1]), z, preview=False, should_stop=None)
    if device.type == "cuda":
        print(f"{torch.cuda.max_memory_allocated(device) / 2**20:.0f}")
    else:
        print(f"{peak_resident_mib():.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--networks", default="coco,default,coco512")
    parser.add_argument("--maps", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--no-peak", action="store_true")
    parser.add_argument("--peak-of", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    device = choose_device(options.device)
    if options.peak_of:
        name, path = options.peak_of
        print_peak(name, path, device)
        return
    half = torch.float16 if device.type == "cuda" else torch.bfloat16
    dtypes = [torch.float32, half]
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads; bfloat16 in hardware: {cpu_has_bfloat16()}")
    if device.type == "cpu" and not cpu_has_bfloat16():
        print("this processor has no bfloat16 instructions: `auto` keeps float32 and the bfloat16 rows show why")
    print(f"\nTimes over {options.maps} maps, best of {options.repeats}. x dense, as published: mean (range) over maps. Differences: new")
    print("layout from dense float32, previews from the exact frame; largest / mean, pictures in [-1, 1]. Notes: new layout: % distinct")
    print("neighbourhoods at full, half, quarter resolution, map by map; previews: how many were previews, then")
    print("the mean difference over the picture and inside the edit, values in [0, 1]; styles: times the floor.")
    for name in options.networks.split(","):
        network = build(name, options.maps if name != "coco512" else min(2, options.maps))
        config = network.config
        print(f"\n### {name}: base {config.base_channels}, {config.semantic_channels} channels, {network.size}x{network.size}\n")
        print("| what | ms | x dense | difference | notes |\n|---|---|---|---|---|")
        with torch.inference_mode():
            for row in Measurement(network, device, dtypes, options.repeats).run():
                print(row, flush=True)
        if not options.no_peak:
            kinds = ["dense float32", *(f"fast {str(dtype).removeprefix('torch.')}" for dtype in dtypes)]
            peaks = ", ".join(f"{kind} {peak_memory(name, kind, str(device))}" for kind in kinds)
            print(f"\npeak MiB of a process that renders one picture (weights and torch included): {peaks}", flush=True)


if __name__ == "__main__":
    main()
