"""Two ranks with half of every batch take the steps of one process with all of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from torch import Tensor

# Run by torchrun on two ranks, and by one process. After five steps in double precision the final states are written, after one in single
# precision the averaged gradients.
WORKER = """
import sys
from dataclasses import dataclass
import numpy as np
import torch
from spade_studio.engine.networks.config import DiscriminatorConfig, EncoderConfig, GeneratorConfig
from spade_studio.engine.networks.layout import Layout
from spade_studio.engine.networks.discriminator import MultiscaleDiscriminator
from spade_studio.engine.networks.encoder import Encoder
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.generator import Generator
from spade_studio.train.learning.batch_norm import synchronize_batch_norm
from spade_studio.train.learning.distributed import joined_ranks
from spade_studio.train.learning.preparation import initialize
from spade_studio.train.learning.optimizer import Optimizers
from spade_studio.train.config.losses import LossConfig, OptimizerConfig
from spade_studio.train.learning.step import TrainingNetworks, style_noise, training_step

torch.set_num_threads(1)

@dataclass(frozen=True)
class Batch:
    photos: torch.Tensor
    layout: Layout
    indices: tuple[int, ...] = ()

def batch(indices, precision):
    photos, maps = [], []
    for index in indices:
        random = np.random.default_rng(index)
        photos.append(random.uniform(-1, 1, (3, 64, 64)))
        maps.append(np.kron(random.integers(0, 4, (8, 8)), np.ones((8, 8), np.int64)))
    return Batch(torch.from_numpy(np.stack(photos)).to(precision), Layout.from_channels(np.stack(maps), 4))

def train(ranks, precision, steps):
    torch.manual_seed(0)
    generator = Generator(GeneratorConfig(4, 2, 8, input="noise", z_width=6, crop_size=64))
    accelerate(generator)
    encoder, discriminator = Encoder(EncoderConfig(2, 5, 6)), MultiscaleDiscriminator(DiscriminatorConfig(4, 4, 3))
    for network in (generator, encoder, discriminator):
        initialize(network, 1.0, 1.0)
        synchronize_batch_norm(network).to(precision)
    networks = TrainingNetworks(generator, encoder, discriminator, LossConfig(perceptual_weight=0, kl_form="mean"))
    optimizers = Optimizers(generator, encoder, discriminator, OptimizerConfig(clip_norm=0.5))
    tensors = {}

    def average(gradients):
        ranks.average(gradients)
        if steps == 1:
            for i, gradient in enumerate(gradients):
                tensors[f"{len(gradients)}.{i}"] = gradient.clone()

    for step in range(steps):
        mine = [4 * step + i for i in range(4)][ranks.rank :: ranks.world_size]
        noise = lambda phase, _: style_noise(0, step, phase, mine, 6).to(precision)
        assert training_step(networks, optimizers, [batch(mine, precision)], noise, average=average).finite
    if steps > 1:
        for i, network in enumerate((generator, encoder, discriminator)):
            tensors |= {f"{i}.{name}": value for name, value in network.state_dict().items()}
    return tensors

with joined_ranks("cpu") as ranks:
    states, gradients = train(ranks, torch.float64, 5), train(ranks, torch.float32, 1)
    if ranks.is_first:
        torch.save([states, gradients], sys.argv[1])
    ranks.wait_for_all()
"""
STARTS = {"alone": [sys.executable], "two": [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Tensor]]]:
    """Give the states and gradients that one process and that two ranks wrote."""
    folder = tmp_path_factory.mktemp("steps")
    script = folder / "worker.py"
    script.write_text(WORKER, "utf-8")
    results: dict[str, list[dict[str, Tensor]]] = {}
    for name, start in STARTS.items():
        output = folder / f"{name}.pt"
        command = [*start, str(script), str(output)]
        done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=200)
        assert done.returncode == 0, done.stderr
        results[name] = torch.load(output, weights_only=True)
    return results


@pytest.mark.slow
def test_five_steps_of_two_ranks_are_those_of_one_process(written: dict[str, list[dict[str, Tensor]]]) -> None:
    alone, two = written["alone"][0], written["two"][0]
    assert set(alone) == set(two)
    worst = 0.0
    for name, expected in alone.items():
        worst = max(worst, float((two[name] - expected).abs().max()))
    print(f"largest difference {worst:.1e}")  # noqa: T201
    assert worst < 1e-8


@pytest.mark.slow
def test_averaged_gradients_of_a_step_are_those_of_one_process(written: dict[str, list[dict[str, Tensor]]]) -> None:
    alone, two = written["alone"][1], written["two"][1]
    assert len(alone) > 100
    # Per tensor, in units of the largest gradient of its side: what is zero but for rounding has no relative error.
    largest: dict[str, float] = {}
    worst: dict[str, float] = {}
    for name, expected in alone.items():
        found, side = two[name], name.partition(".")[0]
        largest[side] = max(largest.get(side, 0.0), float(expected.abs().max()))
        worst[side] = max(worst.get(side, 0.0), float((found - expected).abs().max()))
    print({side: worst[side] / largest[side] for side in worst})  # noqa: T201
    assert len(worst) == 2
    assert all(worst[side] < 1e-4 * largest[side] for side in worst)
