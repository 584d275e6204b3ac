"""Ranks: what they agree on, what they average, and batch norm over all of them; two real processes on the CPU."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from spade_studio.engine.errors import EngineError
from spade_studio.train.learning.batch_norm import SynchronizedBatchNorm, synchronize_batch_norm
from spade_studio.train.learning.distributed import RankError, StopSignals, joined_ranks

WORKER = """
import os, sys
from datetime import timedelta
import torch
import torch.distributed as dist
from torch import nn
from spade_studio.train.learning.distributed import RankError, joined_ranks

torch.set_num_threads(1)
"""

TOGETHER = """
from spade_studio.engine.networks.batch_renorm import renormalize, set_renormalization
from spade_studio.engine.networks.config import GeneratorConfig
from spade_studio.engine.networks.fast_spade import accelerate
from spade_studio.engine.networks.generator import Generator
from spade_studio.engine.networks.layout import Layout
from spade_studio.train.learning.batch_norm import synchronize_batch_norm
from spade_studio.train.learning.distributed import StopSignals
import copy
import numpy as np
import signal

def say(ranks, text):
    print(f"rank {ranks.rank}: {text}\\n", end="", flush=True)  # one write: ranks share the pipe

def agree(ranks):
    first = ranks.rank == 0
    assert (ranks.world_size, ranks.is_first, ranks.device.type) == (2, first, "cpu")
    assert ranks.any_of([first, not first, False]) == (True, True, False)
    assert ranks.total([1.5, ranks.rank]) == (3.0, 1.0)
    assert ranks.gather({"rank": ranks.rank}) == ([{"rank": 0}, {"rank": 1}] if first else [])
    assert ranks.from_first("first" if first else None) == "first"
    ranks.wait_for_all()
    # more than one bucket, of two types, and one that is not contiguous
    gradients = [torch.full((3, 2), ranks.rank, dtype=torch.float64), torch.full((9_000_000,), 4.0 * ranks.rank),
                 torch.arange(6.0).view(2, 3).t() * ranks.rank]
    ranks.average(gradients)
    assert torch.equal(gradients[0], torch.full((3, 2), 0.5, dtype=torch.float64))
    assert torch.equal(gradients[1], torch.full((9_000_000,), 2.0))
    assert torch.equal(gradients[2], torch.arange(6.0).view(2, 3).t() / 2)
    torch.manual_seed(ranks.rank)
    network = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3)).to(memory_format=torch.channels_last)
    ranks.copy_from_first(network)
    sums = ranks.gather([float(tensor.double().sum()) for tensor in network.state_dict().values()])
    assert not sums or sums[0] == sums[1]
    say(ranks, "agreed")

def compare(what, a, b, tolerance):
    a, b = a.detach(), b.detach()
    scale = max(float(b.abs().max()) if b.numel() else 0.0, 1.0)
    difference = float((a - b).abs().max()) if b.numel() else 0.0
    assert a.shape == b.shape and a.dtype == b.dtype and difference <= tolerance * scale, (what, difference, scale)

def check(ranks, sizes, dtype, tolerance, *, offset=0.0, channels_last=False, limits=None, **options):
    torch.manual_seed(5)
    whole = nn.BatchNorm2d(3, **options).to(torch.promote_types(dtype, torch.float32))
    if whole.affine:
        nn.init.normal_(whole.weight)
        nn.init.normal_(whole.bias)
    split = nn.BatchNorm2d(3, **options).to(whole.running_mean.dtype)
    split.load_state_dict(whole.state_dict())
    split = synchronize_batch_norm(split)
    if limits:
        whole = renormalize(whole)
        for norm in (whole, split):
            set_renormalization(norm, *limits, 0.3)
    mine = slice(0, sizes[0]) if ranks.rank == 0 else slice(sizes[0], None)
    for _ in range(3):
        x = (torch.randn(sum(sizes), 3, 4, 6, dtype=torch.float64) * 2 + offset).to(dtype)
        weights = torch.randn(x.shape, dtype=torch.float64).to(dtype)
        if channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        one = x.clone().requires_grad_()
        part = x[mine].clone().requires_grad_()
        expected, found = whole(one), split(part)
        (expected * weights).sum().backward()
        (found * weights[mine]).sum().backward()
        assert not channels_last or found.is_contiguous(memory_format=torch.channels_last)
        compare("forward", found, expected[mine], tolerance)
        compare("gradient", part.grad, one.grad[mine], tolerance)
    for name, value in whole.state_dict().items():
        compare(name, split.state_dict()[name], value, tolerance)
    assert int(split.num_batches_tracked) == 3
    for a, b in zip(split.parameters(), whole.parameters()):
        gradient = a.grad * ranks.world_size
        ranks.average([gradient])
        compare("parameter", gradient, b.grad, tolerance)
    split.eval(), whole.eval()
    compare("evaluation", split(x), whole(x), tolerance)

def normalize(ranks):
    check(ranks, (2, 2), torch.float64, 1e-12, affine=False)
    check(ranks, (2, 2), torch.float64, 1e-12, channels_last=True)
    check(ranks, (3, 1), torch.float64, 1e-12)
    check(ranks, (0, 3), torch.float64, 1e-12)
    check(ranks, (1, 4), torch.float64, 1e-12, momentum=None, eps=1e-2)
    check(ranks, (3, 2), torch.float32, 1e-5)
    check(ranks, (2, 2), torch.float32, 2e-3, offset=1e3)  # a plain sum of squares would be off by several percent
    check(ranks, (2, 2), torch.bfloat16, 2e-2)
    check(ranks, (3, 1), torch.float64, 1e-12, limits=(9.0, 9.0), affine=False)
    check(ranks, (0, 3), torch.float64, 1e-12, limits=(1.2, 0.3), offset=0.5)
    norm = synchronize_batch_norm(nn.BatchNorm2d(2))
    norm(torch.zeros(1, 2, 1, 1))  # one value a rank, two together
    try:
        norm(torch.zeros(1 - ranks.rank, 2, 1, 1))
    except ValueError as error:
        say(ranks, f"refused: {error}")

def step(network, rows, channels, z, target):
    picture = network(Layout.from_channels(channels[rows], 6), z[rows])
    (picture - target[rows]).square().mean().backward()
    return picture

def differentiate(ranks):
    torch.manual_seed(3)
    whole = Generator(GeneratorConfig(6, base_channels=2, hidden_width=4, input="noise", z_width=5, crop_size=64)).double()
    accelerate(whole)
    split = synchronize_batch_norm(copy.deepcopy(whole))
    random = np.random.default_rng(1)
    channels = random.integers(0, 6, (4, 4, 4)).repeat(16, 1).repeat(16, 2)
    z, target = torch.randn(4, 5, dtype=torch.float64), torch.randn(4, 3, 64, 64, dtype=torch.float64)
    mine = slice(2 * ranks.rank, 2 * ranks.rank + 2)
    expected, found = step(whole, slice(None), channels, z, target), step(split, mine, channels, z, target)
    assert float((found - expected[mine]).abs().max()) < 1e-10
    ranks.average([parameter.grad for parameter in split.parameters()])
    norms = [module for module in split.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 18 and all(type(norm).__name__ == "SynchronizedBatchNorm" for norm in norms)
    for (name, a), b in zip(split.named_parameters(), whole.parameters()):
        assert float((a.grad - b.grad).abs().max()) <= 1e-10 * float(b.grad.abs().max()) + 1e-15, name
    for (name, a), b in zip(split.named_buffers(), whole.buffers()):
        assert float((a - b).abs().max()) < 1e-10, name
    say(ranks, "same gradients")

def stop_together(ranks):
    with StopSignals() as stop:
        for step in range(100):
            if ranks.rank == 1 and step == 3:
                os.kill(os.getpid(), signal.SIGUSR1)
            if ranks.any_of([bool(stop.received)])[0]:
                break
        names = ranks.gather(stop.received)
        say(ranks, f"stopped at {step} {names}")

def miss_one(ranks):
    store = dist.distributed_c10d._get_default_store()
    if ranks.rank == 0:
        try:
            ranks.wait_for_all(timedelta(seconds=1))
        except RankError as error:
            say(ranks, str(error))
        store.set("given up", "yes")
    else:
        store.wait(["given up"])

with joined_ranks("cpu") as ranks:
    for part in (agree, normalize, differentiate, *((stop_together,) if os.name != "nt" else ()), miss_one):
        part(ranks)
assert not dist.is_initialized()
"""

RunRanks = Callable[[str], "subprocess.CompletedProcess[str]"]


def run_on_two_ranks(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in two processes that torchrun starts; each prints on a line of its own."""
    script = folder / "worker.py"
    script.write_text(WORKER + code, "utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=200)


@pytest.fixture
def run_ranks(tmp_path: Path) -> RunRanks:
    """Give what runs code on two ranks."""
    return partial(run_on_two_ranks, tmp_path)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give, in order, what two ranks said: one launch for all that leaves both alive."""
    done = run_on_two_ranks(tmp_path_factory.mktemp("together"), TOGETHER)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(done.stdout.splitlines())


def test_two_ranks_agree_gather_and_average(said: list[str]) -> None:
    assert {"rank 0: agreed", "rank 1: agreed"} <= set(said)


def test_batch_norm_of_two_ranks_is_that_of_one_with_all_pictures(said: list[str]) -> None:
    assert sum("refused: batch norm over 1 values per channel of all ranks" in line for line in said) == 2


def test_gradients_of_two_ranks_are_those_of_one_with_all_pictures(said: list[str]) -> None:
    assert {"rank 0: same gradients", "rank 1: same gradients"} <= set(said)


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself these signals")
def test_a_signal_to_one_rank_stops_all_at_the_same_step(said: list[str]) -> None:
    assert {"rank 0: stopped at 3 ['', 'SIGUSR1']", "rank 1: stopped at 3 []"} <= set(said)


def test_a_rank_that_does_not_come_is_named(said: list[str]) -> None:
    (line,) = (line for line in said if "lost touch" in line)
    assert line.startswith("rank 0: rank 0 of 2 lost touch with the others")
    assert "Ranks 1 failed to pass" in line


def test_ranks_wait_for_the_work_of_the_first_however_long_it_takes(run_ranks: RunRanks) -> None:
    done = run_ranks("""
import time
with joined_ranks("cpu", timedelta(seconds=2)) as ranks:
    def work():
        assert ranks.is_first
        time.sleep(2.5)
        return "worth waiting for"
    assert ranks.by_first(work) == "worth waiting for"
    def fail():
        raise ValueError("the cause of it all")
    try:
        ranks.by_first(fail)
    except ValueError:
        assert ranks.is_first
    except RankError as error:
        assert "rank 1 of 2 ends since the first one failed" in str(error)
    else:
        raise AssertionError
    assert ranks.by_first(lambda: 5) == 5
    print(f"rank {ranks.rank} is done\\n", end="", flush=True)
""")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["rank 0 is done", "rank 1 is done"]


def test_a_rank_that_dies_ends_the_others_with_its_traceback(run_ranks: RunRanks) -> None:
    done = run_ranks("""
with joined_ranks("cpu") as ranks:
    ranks.wait_for_all()
    if ranks.rank == 1:
        raise ValueError("the cause of it all")
    while True:
        ranks.any_of([False])
""")
    assert done.returncode != 0
    assert "ValueError: the cause of it all" in done.stderr


# ---- one process


def test_one_process_needs_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with joined_ranks("cpu") as ranks:
        assert not torch.distributed.is_initialized()
        assert (ranks.rank, ranks.world_size, ranks.is_first, ranks.control) == (0, 1, True, None)
        assert ranks.any_of([True, False]) == (True, False)
        assert ranks.total([2]) == (2.0,)
        assert ranks.gather("mine") == ["mine"]
        assert ranks.from_first("mine") == "mine"
        ranks.wait_for_all()
        gradient = torch.ones(3)
        ranks.average([gradient])
        ranks.copy_from_first(nn.Linear(2, 2))
        assert torch.equal(gradient, torch.ones(3))


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"RANK": "0", "WORLD_SIZE": "2"}, "MASTER_ADDR and MASTER_PORT"),
        ({"RANK": "x", "WORLD_SIZE": "2"}, "RANK='x'"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "share 2/2"),
    ],
)
def test_half_an_environment_is_refused(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: str) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EngineError, match=words), joined_ranks("cpu"):
        pass


def test_a_first_rank_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:
    from datetime import timedelta

    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(unused_port)}.items():
        monkeypatch.setenv(name, value)
    words = rf"rank 1 of 2 cannot join the others at 127\.0\.0\.1:{unused_port}"
    with pytest.raises(RankError, match=words), joined_ranks("cpu", timedelta(seconds=1)):
        pass


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_synchronized_batch_norm_alone_is_torchs_to_the_bit() -> None:
    torch.manual_seed(0)
    ours = synchronize_batch_norm(nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3)))
    assert isinstance(ours.get_submodule("1"), SynchronizedBatchNorm)
    theirs = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(4, 2, 5, 5)
    assert torch.equal(ours(x), theirs(x))
    assert [*ours.state_dict()] == [*theirs.state_dict()]
    assert all(torch.equal(a, b) for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True))


def test_synchronizing_keeps_parameters_buffers_and_mode() -> None:
    before = nn.BatchNorm2d(3, eps=1e-3, momentum=0.2).eval()
    after = synchronize_batch_norm(before)
    assert isinstance(after, SynchronizedBatchNorm)
    assert after.weight is before.weight
    assert after.running_mean is before.running_mean
    assert (after.eps, after.momentum, after.training) == (1e-3, 0.2, False)
    assert synchronize_batch_norm(after) is after


# ---- signals


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself these signals")
@pytest.mark.usefixtures("interruptible")
def test_signals_are_noted_and_a_second_interruption_ends() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals() as stop:
        assert stop.received == ""
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.received == "SIGTERM"
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_single_gpu_gets_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    chosen: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    for asked, number in (("auto", 0), ("cuda", 0), ("cuda:1", 1)):
        with joined_ranks(asked) as ranks:
            assert ranks.device == torch.device("cuda", number)
    assert [device.index for device in chosen] == [0, 0, 1]


@pytest.mark.parametrize(("asked", "words"), [("cuda", "3 processes on this machine for 2 GPUs"), ("cuda:1", "3 processes .* for cuda:1")])
def test_processes_do_not_share_a_gpu(monkeypatch: pytest.MonkeyPatch, asked: str, words: str) -> None:
    for name, value in {"RANK": "0", "WORLD_SIZE": "3", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "3"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(RankError, match=words), joined_ranks(asked):
        pass
