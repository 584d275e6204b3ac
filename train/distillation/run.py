"""The life of a distillation: its folder, the pairs, steps with checkpoints, and the student's file at the end."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from filelock import FileLock, Timeout

from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.detail.files import save_upscaler
from spade_studio.engine.device import choose_device
from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer
from spade_studio.train.config.plain import to_json
from spade_studio.train.distillation.config import DistillConfig
from spade_studio.train.distillation.learning import Distiller
from spade_studio.train.distillation.pairs import PairMaker, make_pairs, read_pairs
from spade_studio.train.learning.distributed import StopSignals

_LOG_EVERY = 50

Say = Callable[[str], None]


@dataclass(frozen=True)
class DistillFolder:
    """Where what lies.

    Attributes:
        path: The folder of the run.
    """

    path: Path

    @property
    def config_path(self) -> Path:
        """What the run was told."""
        return self.path / "distill.json"

    @property
    def checkpoint_path(self) -> Path:
        """All that a resume needs."""
        return self.path / "checkpoint.pt"

    @property
    def log_path(self) -> Path:
        """One JSON line for every few steps."""
        return self.path / "steps.jsonl"

    @property
    def student_path(self) -> Path:
        """The student, written with every checkpoint."""
        return self.path / "detail_fast.safetensors"


def distill(
    folder: DistillFolder,
    config: DistillConfig,
    maker: PairMaker,
    *,
    pairs: Path,
    device: str,
    words: dict[str, str],
    say: Say,
    pairs_only: bool = False,
) -> bool:
    """Make what is missing: the pairs, then the student, from the last checkpoint where there is one.

    Args:
        folder: Of the run; made where it is missing.
        config: How the student learns; as before where it goes on.
        maker: Makes the pairs.
        pairs: Where they are kept.
        device: auto, cpu, cuda, cuda:N or mps.
        words: ``name``, ``data`` and ``licence`` of the student's file.
        say: Told how it goes.
        pairs_only: End when all pairs are there.

    Returns:
        Whether it came to its end; a signal that stops it saves first.

    Raises:
        EngineError: The folder is another run's, or in use, or something in it is damaged.
        OSError: Nothing can be written there.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.path / ".lock")
    try:
        lock.acquire(timeout=1)
    except Timeout as error:
        raise EngineError(f"{folder.path} is in use by another process", "", "Stop it, or wait for its end") from error
    with lock, StopSignals() as signals:
        _check_config(folder, config, maker)
        begin, told = time.monotonic(), -60.0

        def progress(done: int, count: int) -> None:
            nonlocal told
            if time.monotonic() - told > 30 or done == count:
                told = time.monotonic()
                say(f"pairs {done}/{count}  {time.monotonic() - begin:.0f} s")

        if not make_pairs(maker, pairs, config.pairs.count, progress, lambda: bool(signals.received)):
            say("Stopped. The pairs that are written stay; the same command goes on from there.")
            return False
        if pairs_only:
            return True
        distiller = Distiller(config, read_pairs(pairs, config.pairs.count), choose_device(device))
        if folder.checkpoint_path.exists():
            distiller.load_state(_read_checkpoint(folder))
            say(f"Going on after step {distiller.step:,}.")
        return _train(folder, distiller, words, say, lambda: bool(signals.received))


def _train(folder: DistillFolder, distiller: Distiller, words: dict[str, str], say: Say, should_stop: Callable[[], bool]) -> bool:
    config = distiller.config
    sums: dict[str, float] = {}
    begin = time.perf_counter()
    while distiller.step < config.steps:
        for name, value in distiller.advance().items():
            sums[name] = sums.get(name, 0.0) + value
        step = distiller.step
        if step % _LOG_EVERY == 0:
            means = {name: round(value / _LOG_EVERY, 5) for name, value in sums.items()}
            seconds = (time.perf_counter() - begin) / _LOG_EVERY
            sums, begin = {}, time.perf_counter()
            with folder.log_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "seconds_per_step": round(seconds, 4), **means}) + "\n")
            say(f"step {step}/{config.steps}  {seconds:.2f} s/step  " + "  ".join(f"{name} {value:.4f}" for name, value in means.items()))
        stopped = should_stop()
        if stopped or step % config.save_every == 0 or step == config.steps:
            with atomic_writer(folder.checkpoint_path) as file:
                torch.save(distiller.state(), file)
            student = CompactConfig(distiller.average.scale, config.width, config.layers)
            name, data, licence = words["name"], words["data"], words["licence"]
            save_upscaler(folder.student_path, student, distiller.average.state_dict(), name=name, steps=step, data=data, licence=licence)
        if stopped and step < config.steps:
            say(f"Stopped after step {step:,}; the same command goes on from there.")
            return False
    say(f"{folder.student_path} (step {distiller.step:,})")
    return True


def _check_config(folder: DistillFolder, config: DistillConfig, maker: PairMaker) -> None:
    """Write what the run is told where it begins, and refuse anything else where it goes on."""
    description: dict[str, Any] = {"config": to_json(config), "pairs": maker.describe()}
    if not folder.config_path.exists():
        with atomic_writer(folder.config_path) as file:
            file.write(json.dumps(description, indent=2).encode() + b"\n")
        return
    try:
        told: object = json.loads(folder.config_path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise EngineError(f"{folder.config_path} cannot be read", "what spade-train distill wrote", "Choose another folder") from error
    if told != description:
        found = f"{folder.path} is a distillation with other options, weights or data"
        raise EngineError(found, "the same to go on", "Choose another folder for this one")


def _read_checkpoint(folder: DistillFolder) -> dict[str, Any]:
    try:
        state: object = torch.load(folder.checkpoint_path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise EngineError(
            f"{folder.checkpoint_path} cannot be read ({reason})", "a whole checkpoint", "Remove it to begin again from the pairs"
        ) from error
    return cast("dict[str, Any]", state)
