"""Speed and memory of training, one table from one run; every measurement has a process of its own.

    python tests/benchmarks/train.py [--networks coco,compact] [--parts generator,step,perceptual,loading,processes] [--repeats N]

With OMP_NUM_THREADS=1, seconds are those of the processor, so other processes disturb little.
It does not decide what is fast enough; figures of one machine stand in docs/benchmarks_train.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from spade_studio.engine.device import cpu_has_bfloat16
from spade_studio.engine.networks.config import DiscriminatorConfig, GeneratorConfig
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout, resize_nearest
from spade_studio.train.config.losses import LossConfig, OptimizerConfig
from spade_studio.train.config.presets import LANDSCAPE_IDS, preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets.loading import modulation_resolutions
from spade_studio.train.learning.distributed import joined_ranks
from spade_studio.train.learning.optimizer import Optimizers
from spade_studio.train.learning.preparation import initialize, keep_channels_last, keep_spectral_norms_wide
from spade_studio.train.learning.step import TrainingNetworks, style_noise, training_step
from spade_studio.train.learning.trainer import Trainer
from spade_studio.train.pretrained.vgg import PerceptualDistance, VGGFeatures, load_perceptual
from spade_studio.train.run.data import open_run_data

try:
    from spade_studio.engine.networks.fast_spade import accelerate
except ImportError:  # an older checkout, whose layers are fast by themselves
    accelerate = torch.nn.Module.train

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SAMPLE_LAYOUTS = Path(__file__).resolve().parents[2] / "resources" / "layouts"
SIDE = 128
CLOCK = time.process_time if os.environ.get("OMP_NUM_THREADS") == "1" else time.perf_counter
PARTS = ("generator", "step", "renorm", "perceptual", "loading", "processes")


@dataclass(frozen=True)
class Batch:
    photos: Tensor
    layout: Layout
    indices: tuple[int, ...] = (0, 1)


@dataclass(frozen=True)
class Case:
    """What one process measures."""

    network: str
    part: str
    dtype: str = "float32"
    dense: bool = False
    repeats: int = 3
    side: int = SIDE

    @property
    def autocast(self) -> torch.dtype | None:
        return torch.bfloat16 if self.dtype == "bfloat16" else None


def coco_batches(generator: Generator, side: int, count: int = 4) -> list[Batch]:
    """Batches of two real COCO-Stuff layouts where ../shared is, of the shipped samples elsewhere; photos are noise."""
    folder = SHARED / "data" / "coco_stuff_maps"
    paths = sorted((folder if folder.is_dir() else SAMPLE_LAYOUTS).glob("*.png"))
    maps = [resize_nearest(np.asarray(Image.open(path)), side, side) for path in paths]
    batches: list[Batch] = []
    for i in range(count):
        labels = np.stack([maps[(2 * i + j) % len(maps)] for j in range(2)])
        channels = np.where(labels == 255, 182, labels).astype(np.int64)
        layout = Layout.from_channels(channels, generator.config.semantic_channels, edge_channel=True)
        batches.append(Batch(torch.rand(2, 3, side, side) * 2 - 1, layout))
    return batches


def compact_config(folder: Path, dtype: str, *, dense: bool = False, perceptual: bool = False, processes: int = 1) -> TrainConfig:
    """The preset on the landscapes of ../shared where they are; on the sample layouts with noise for photos elsewhere."""
    config = preset("compact")
    data = SHARED / "data" / "landscapes.zip"
    if not data.is_file():
        data = folder / "data"
        for part in ("images", "labels"):
            (data / part).mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(0)
        for i in range(160):  # with layouts that look real, flips and crops of few of them do
            paths = sorted(SAMPLE_LAYOUTS.glob("*.png"))
            labels = resize_nearest(np.asarray(Image.open(paths[i % len(paths)])), 256, 256)
            known = np.array([*LANDSCAPE_IDS, 255])
            labels = np.where(np.isin(labels, known), labels, known[labels % len(known)]).astype(np.uint8)
            Image.fromarray(labels).save(data / "labels" / f"{i:03}.png")
            Image.fromarray(random.integers(0, 256, (256, 256, 3), np.uint8)).save(data / "images" / f"{i:03}.jpg")
    losses = config.losses if perceptual else dataclasses.replace(config.losses, perceptual_weight=0.0)
    return dataclasses.replace(
        config,
        data=dataclasses.replace(config.data, path=str(data), validation=8),
        losses=losses,
        compute=dataclasses.replace(
            config.compute, device="cpu", dtype=dtype, modulation="dense" if dense else "fast", processes_per_node=processes
        ),
    )


def perceptual_distance(config: TrainConfig) -> tuple[PerceptualDistance, str]:
    """The preset's distance with HED's VGG-16 of ../shared; with random weights where that is not there."""
    file = SHARED / "weights" / "hed_vgg16.safetensors"
    options = dataclasses.replace(config.losses.perceptual, network="hed_vgg16", file=str(file))
    if file.is_file():
        return load_perceptual(options), "HED's VGG-16"
    taps = max(i for i, weight in enumerate(options.tap_weights, 1) if weight)
    return PerceptualDistance(VGGFeatures("hed_vgg16", taps), options), "VGG-16 with random weights"


result_of_start: dict[str, float] = {}


def best(work: Callable[[int], object], count: int, repeats: int) -> float:
    """Mean over inputs of the least seconds of several runs of each, after one that does not count."""
    result_of_start["resident"] = resident_mib("VmRSS")
    work(0)
    least = [float("inf")] * count
    for _ in range(repeats):
        for i in range(count):
            start = CLOCK()
            work(i)
            least[i] = min(least[i], CLOCK() - start)
    return float(np.mean(least))


def prepare(layout: Layout, generator: Generator) -> None:
    """Find the distinct neighbourhoods, as the loader's processes do before a step begins."""
    for resolution in modulation_resolutions(generator.config, layout.height, layout.width):
        layout.grid(*resolution, "cpu")


def measure_generator(case: Case, generator: Generator, batches: list[Batch]) -> dict[str, Any]:
    """Forward and backward, to the gradients of all parameters."""
    z = torch.randn(len(batches[0].photos), generator.config.z_width)
    keep_spectral_norms_wide(generator)

    def run(i: int) -> None:
        generator.zero_grad()
        with torch.autocast("cpu", case.autocast, enabled=case.autocast is not None):
            pictures = generator(batches[i].layout, z)
        pictures.float().square().mean().backward()

    return {"seconds": best(run, len(batches), case.repeats), "peak": resident_mib(), "live": live_peak_mib(generator, lambda: run(0))}


def live_peak_mib(network: nn.Module, work: Callable[[], None]) -> float:
    """Most memory that tensors hold at once in ``work``, above what they hold before it without gradients.

    The allocator's own habits, which make the resident memory of equal work differ by a fifth, do not count here.
    """
    network.zero_grad()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        work()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        recorded.export_chrome_trace(str(trace))
        events = [event for event in json.loads(trace.read_text())["traceEvents"] if event.get("name") == "[memory]"]
    events.sort(key=lambda event: event["ts"])
    network.zero_grad()
    return float(np.cumsum([event["args"]["Bytes"] for event in events]).max()) / 2**20


def measure_coco(case: Case) -> dict[str, Any]:
    torch.manual_seed(0)
    generator = Generator(GeneratorConfig(184, input="noise", crop_size=case.side))
    networks: list[nn.Module] = [generator]
    if case.part == "step":
        networks.append(MultiscaleDiscriminator(DiscriminatorConfig(184)))
    for network in networks:
        initialize(network)
        keep_channels_last(network)
        network.train()
    batches = coco_batches(generator, case.side, 4 if case.side == SIDE else 1)
    if not case.dense:
        accelerate(generator)
        for batch in batches:
            prepare(batch.layout, generator)
    if case.part == "generator":
        return measure_generator(case, generator, batches)
    discriminator = networks[1]
    assert isinstance(discriminator, MultiscaleDiscriminator)
    optimizers = Optimizers(generator, None, discriminator, OptimizerConfig())
    training = TrainingNetworks(generator, None, discriminator, LossConfig(perceptual_weight=0), autocast=case.autocast)

    def run(i: int) -> None:
        training_step(training, optimizers, [batches[i]], lambda phase, _: style_noise(0, 0, phase, (0, 1), 256))

    return {"seconds": best(run, len(batches), case.repeats)}


def measure_compact(case: Case, folder: Path) -> dict[str, Any]:
    with_perceptual = case.part in ("perceptual", "loading", "processes")
    config = compact_config(folder, case.dtype, dense=case.dense, perceptual=with_perceptual)
    distance, name = perceptual_distance(config) if with_perceptual else (None, "")
    if case.part == "processes":
        if os.environ.get("WORLD_SIZE", "1") != "1":
            torch.set_num_threads(1)
        config = dataclasses.replace(config, losses=dataclasses.replace(config.losses, perceptual_weight=0.0))
        distance = None
    if case.part == "renorm":
        config = dataclasses.replace(config, renormalize_after=1)
    with joined_ranks("cpu") as ranks:
        trainer = Trainer(config, open_run_data(config).training, ranks, distance)
        trainer.step = 2 * config.renormalize_after  # with its full limits
        loaded = iter(trainer.loader())
        if case.part in ("loading", "processes"):
            for _ in range(3):
                trainer.train_step(next(loaded))
            steps, waited, images, start = 4 * case.repeats, 0.0, 0, time.perf_counter()
            for _ in range(steps):
                asked = time.perf_counter()
                parts = next(loaded)
                waited += time.perf_counter() - asked
                images += trainer.train_step(parts).images
            total = time.perf_counter() - start
            return {"seconds": total / steps, "images": images / total, "waiting": waited / total, "note": name, "first": ranks.is_first}
        batches = [next(loaded)[0] for _ in range(4)]
        if case.part == "perceptual":
            assert distance is not None
            fakes = [batch.photos.flip(0).requires_grad_() for batch in batches]

            def run(i: int) -> None:
                with torch.autocast("cpu", case.autocast, enabled=case.autocast is not None):
                    term = distance(fakes[i], batches[i].photos, i)
                term.backward()

            return {"seconds": best(run, len(batches), case.repeats), "note": name}
        if case.part == "generator":
            assert isinstance(trainer.generator, Generator)
            return measure_generator(case, trainer.generator, [Batch(b.photos, b.layout) for b in batches])
        return {"seconds": best(lambda i: trainer.train_step([batches[i]]), len(batches), case.repeats)}


def resident_mib(kind: str = "VmHWM") -> float:
    """Resident memory of this process, its peak or (VmRSS) now; ru_maxrss is inherited from the process that started it on Linux."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.search(rf"{kind}:\s+(\d+)", status.read_text())[1]) / 1024  # pyright: ignore[reportOptionalSubscript]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(case: Case, *, processes: int = 1, threads: int | None = None, checkout: str = "") -> dict[str, Any]:
    """Measure in a process of its own, or in several that train together; with the packages of another checkout where one is named."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    command = [sys.executable, *launcher, __file__, "--case", json.dumps(dataclasses.asdict(case))]
    environment = os.environ | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
    if checkout:
        environment["PYTHONPATH"] = str(Path(checkout).resolve() / "build" / "typing")
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))


def print_case(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        result = measure_coco(case) if case.network == "coco" else measure_compact(case, Path(folder))
    if result.pop("first", True):
        peak = result.pop("peak", resident_mib())
        print(json.dumps({**result, "peak": peak, "step": peak - result_of_start.get("resident", peak)}))


def floor_rows(network: str, dtypes: list[str]) -> Iterator[str]:
    """The convolutions of the generator's main path alone: operations, bytes of weights, and the time that torch takes for them."""
    if network == "coco":
        config, batch = GeneratorConfig(184, input="noise", crop_size=SIDE), 2
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = compact_config(Path(folder), "float32").network_configs(12)[0]
        assert isinstance(found, GeneratorConfig)
        config, batch = found, 8
    side, work = SIDE // config.stride, list[tuple[int, int, int, int]]()
    for _, inputs, outputs, upsample in config.block_plan:
        side *= 1 + upsample
        middle = min(inputs, outputs)
        work += [(inputs, middle, 3, side), (middle, outputs, 3, side)] + ([(inputs, outputs, 1, side)] if inputs != outputs else [])
    work.append((config.final_channels, 3, 3, side))
    multiplications = sum(a * b * k * k * s * s * batch for a, b, k, s in work)
    weights = sum(a * b * k * k for a, b, k, _ in work)
    activations = sum((a + b) * s * s * batch for a, b, _, s in work)
    for dtype in dtypes:
        kind = getattr(torch, dtype)
        modules = [nn.Conv2d(a, b, k, padding=k // 2).to(kind) for a, b, k, _ in work]
        inputs = [torch.randn(batch, a, s, s, dtype=kind) for a, _, _, s in work]
        for module in modules:
            keep_channels_last(module)
        inputs = [x.contiguous(memory_format=torch.channels_last).requires_grad_() for x in inputs]

        def run(_: int, modules: list[nn.Conv2d] = modules, inputs: list[Tensor] = inputs) -> None:
            for module, x in zip(modules, inputs, strict=True):
                y = module(x)
                torch.autograd.grad(y, [x, *module.parameters()], torch.ones_like(y))

        seconds = best(run, 1, 3)
        note = f"{6 * multiplications / 1e9:.0f} billion operations, weights {weights * kind.itemsize / 2**20:.0f} MiB, "
        note += f"activations {activations * kind.itemsize / 2**20:.0f} MiB"
        yield f"| {dtype}: main-path convolutions alone, torch's own (the floor) | {seconds:.3f} |  |  | {note} |"


def rows(network: str, parts: list[str], dtypes: list[str], repeats: int) -> Iterator[str]:
    """The table of one network, line by line."""
    images = 2 if network == "coco" else 8

    def row(dtype: str, title: str, found: dict[str, Any], ratio: str, note: str) -> str:
        step = f" ({found['step']:.0f})" if found["step"] else ""
        return f"| {dtype}: {title} | {found['seconds']:.3f} | {found['peak']:.0f}{step} | {ratio} | {note} |"

    for part, title in (("generator", "generator, forward and backward"), ("step", "whole step without perceptual loss")):
        for dtype in dtypes if part in parts else []:
            dense, fast = (measure(Case(network, part, dtype, dense, repeats)) for dense in (True, False))
            shares = [f"{fast[kind] / dense[kind]:.2f}" for kind in ("peak", "step", "live") if kind in dense]
            notes = [f"{images / found['seconds']:.1f} images/s" for found in (dense, fast)]
            if "live" in dense:
                notes = [f"{note}; tensors {found['live']:.0f} MiB" for note, found in zip(notes, (dense, fast), strict=True)]
            yield row(dtype, f"{title}, dense", dense, "1", notes[0])
            ratio = f"{dense['seconds'] / fast['seconds']:.2f}"
            yield row(dtype, f"{title}, fast", fast, ratio, f"{notes[1]}; memory x {' / '.join(shares)}")
    if network == "coco":
        return
    for dtype in dtypes if "renorm" in parts else []:
        plain, found = (measure(Case(network, part, dtype, repeats=repeats)) for part in ("step", "renorm"))
        note = f"x {found['seconds'] / plain['seconds']:.2f} of batch norm's {plain['seconds']:.3f} s"
        yield row(dtype, "whole step without perceptual loss, batch renormalisation", found, "", note)
    for dtype in dtypes if "perceptual" in parts else []:
        found = measure(Case(network, "perceptual", dtype, repeats=repeats))
        yield row(dtype, "perceptual loss alone, forward and backward", found, "", found["note"])
    for dtype in dtypes if "loading" in parts else []:
        found = measure(Case(network, "loading", dtype, repeats=repeats))
        note = f"{found['images']:.2f} images/s; {100 * found['waiting']:.1f} % of the time waiting for batches; {found['note']}"
        yield row(dtype, "training, all losses, loading in processes", found, "", note)
    if "processes" in parts:
        cores = torch.get_num_threads()
        for processes, threads in ((1, cores), (2, max(1, cores // 2))):
            found = measure(Case(network, "processes", dtypes[-1], repeats=repeats), processes=processes, threads=threads)
            title = f"{processes} process{'es' * (processes > 1)} of {threads} thread{'s' * (threads > 1)}, no perceptual loss"
            yield row(dtypes[-1], title, found, "", f"{found['images']:.2f} images/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", default="coco,compact")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print_case(Case(**json.loads(options.case)))
        return
    print(f"torch {torch.__version__}, cpu, {torch.get_num_threads()} threads; bfloat16 in hardware: {cpu_has_bfloat16()}")
    print("\nLeast seconds of several steps, mean over four batches. Peak MiB of the whole process (in brackets: above what was resident")
    print("before the first step: torch, weights, data). x dense of the same precision. Tensors: the most that they hold at once, above")
    print("the weights; gradients count. Memory x: process / above the start / tensors.")
    heading = "\n| what | seconds | peak MiB | x dense | notes |\n|---|---|---|---|---|"
    for network in options.networks.split(","):
        title = "base 64, 184 channels, batch 2" if network == "coco" else "base 24, 12 channels, batch 8"
        print(f"\n### {network}: {title}, {SIDE}x{SIDE}\n{heading}", flush=True)
        dtypes = options.dtypes.split(",")
        for line in itertools.chain(floor_rows(network, dtypes), rows(network, options.parts.split(","), dtypes, options.repeats)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
