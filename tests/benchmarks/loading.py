"""What a worker does for a training picture at 256x256: reads, transforms, numbers neighbourhoods, packs; in turn with another checkout.

    python tests/benchmarks/loading.py CHECKOUT [--repeats N]

In CHECKOUT packaging/bootstrap.py was run. Seconds are those of the processor, so that other work disturbs little.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from spade_studio.train.config.presets import preset
from spade_studio.train.datasets.loading import Collate, TrainingSet, modulation_resolutions
from spade_studio.train.datasets.sampler import ResumableSampler
from spade_studio.train.run.data import open_run_data
from train import compact_config  # pyright: ignore[reportAttributeAccessIssue] - the file beside this one, not the package

SIDE, BATCH, BATCHES = 256, 4, 8


def seconds(*, cached: bool, repeats: int) -> float:
    """Return the least seconds of several times, the mean over batches: of a picture."""
    with tempfile.TemporaryDirectory() as folder:
        config = dataclasses.replace(compact_config(Path(folder), "float32"), geometry=preset("landscapes").geometry)
        data = open_run_data(config).training
        batches = list(itertools.islice(ResumableSampler(len(data), BATCH, seed=0), BATCHES))
        generator = config.network_configs(data.channels.semantic_channels)[0]
        collate = Collate(data.channels, modulation_resolutions(generator, SIDE, SIDE))
        samples = TrainingSet(data, config.geometry, 0)
        if cached:
            from spade_studio.train.datasets.cache import CacheFile, open_cache

            few = sorted({key.index for batch in batches for key in batch})
            samples.dataset = data.subset(few)
            batches = [[dataclasses.replace(key, index=few.index(key.index)) for key in batch] for batch in batches]
            file = CacheFile(samples.dataset, samples.geometry, samples.multiple, Path(folder))
            samples.cache = open_cache(file, workers=0, tell=print, stopped=lambda: False)
        least = [float("inf")] * BATCHES
        for _ in range(repeats):
            for i, batch in enumerate(batches):
                start = time.process_time()
                collate([samples[key] for key in batch]).__reduce__()
                least[i] = min(least[i], time.process_time() - start)
    return sum(least) / BATCHES / BATCH


def measured(checkout: Path, *, cached: bool, repeats: int) -> float:
    """Measure in a process of its own, with the packages of a checkout."""
    command = [sys.executable, __file__, str(checkout), "--repeats", str(repeats), "--alone", *(["--cached"] if cached else [])]
    environment = os.environ | {"PYTHONPATH": str(checkout.resolve() / "build" / "typing"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--repeats", type=int, default=6)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--cached", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(seconds(cached=options.cached, repeats=options.repeats)))
        return
    here = Path(__file__).resolve().parents[2]
    found = {
        title: min(measured(checkout, cached=cached, repeats=options.repeats) for _ in range(2))
        for title, checkout, cached in (("before", options.checkout, False), ("now", here, False), ("now, data.cache", here, True))
    }
    print("| a worker's part of a picture, 256x256 | milliseconds | x before |\n|---|---|---|")
    for title, value in found.items():
        print(f"| {title} | {1000 * value:.1f} | {found['before'] / value:.2f} |")


if __name__ == "__main__":
    main()
