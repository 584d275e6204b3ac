"""A distillation run: its folder, the pairs, steps with checkpoints, and the student's file."""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from filelock import FileLock, Timeout

from spade_studio.engine.detail.config import CompactConfig
from spade_studio.engine.detail.files import save_upscaler
from spade_studio.engine.device import choose_device
from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer, open_regular
from spade_studio.train.config.plain import to_json
from spade_studio.train.distillation.config import DistillConfig
from spade_studio.train.distillation.learning import Distiller
from spade_studio.train.distillation.pairs import PairMaker, make_pairs, read_pairs
from spade_studio.train.learning.distributed import StopSignals

MOST_SKIPPED = 10
"""Number of consecutive non-finite steps after which the run ends."""

_LOG_EVERY = 50
_CHECKPOINT_ERRORS = (OSError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, EOFError, pickle.UnpicklingError)

Say = Callable[[str], None]


@dataclass(frozen=True)
class DistillFolder:
    """The folder of a distillation.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def config_path(self) -> Path:
        """Configuration file."""
        return self.path / "distill.json"

    @property
    def checkpoint_path(self) -> Path:
        """Checkpoint file."""
        return self.path / "checkpoint.pt"

    @property
    def log_path(self) -> Path:
        """Log file of JSON lines."""
        return self.path / "steps.jsonl"

    @property
    def student_path(self) -> Path:
        """File of the student, written with each checkpoint."""
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
    """Make the missing pairs, then train the student, from the last checkpoint if there is one.

    Args:
        folder: Folder of the run, created if missing.
        config: Configuration; the same as before for resumed runs.
        maker: Maker of the pairs.
        pairs: Folder of the pairs.
        device: auto, cpu, cuda, cuda:N or mps.
        words: ``name``, ``data`` and ``licence`` of the student's file.
        say: Callback for progress messages.
        pairs_only: Whether to end when all pairs are complete.

    Returns:
        Whether the run is complete; a stop signal saves first.

    Raises:
        EngineError: another run's folder, one in use or damaged, or losses that stay infinite or NaN.
        OSError: the folder cannot be written.
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
            _load_checkpoint(folder, distiller)
            say(f"Going on after step {distiller.step:,}.")
        return _train(folder, distiller, words, say, lambda: bool(signals.received))


def _train(folder: DistillFolder, distiller: Distiller, words: dict[str, str], say: Say, should_stop: Callable[[], bool]) -> bool:
    config = distiller.config
    found: dict[str, list[float]] = {}
    steps, begin = 0, time.perf_counter()
    while distiller.step < config.steps:
        losses = distiller.advance()
        step = distiller.step
        steps += 1
        for name, value in losses.items():
            if math.isfinite(value):
                found.setdefault(name, []).append(value)
        if distiller.skipped:
            _tell_skipped(distiller, losses, say)
        if step % _LOG_EVERY == 0:
            means = {name: round(sum(values) / len(values), 5) for name, values in found.items()}
            seconds = (time.perf_counter() - begin) / steps
            found, steps, begin = {}, 0, time.perf_counter()
            with folder.log_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "seconds_per_step": round(seconds, 4), **means}) + "\n")
            say(f"step {step}/{config.steps}  {seconds:.2f} s/step  " + "  ".join(f"{name} {value:.4f}" for name, value in means.items()))
        stopped = should_stop()
        if stopped or step % config.save_every == 0 or step == config.steps:
            student = CompactConfig(distiller.average.scale, config.width, config.layers)
            name, data, licence = words["name"], words["data"], words["licence"]
            save_upscaler(folder.student_path, student, distiller.average.state_dict(), name=name, steps=step, data=data, licence=licence)
            with atomic_writer(folder.checkpoint_path) as file:
                torch.save(distiller.state(), file)
        if stopped and step < config.steps:
            say(f"Stopped after step {step:,}; the same command goes on from there.")
            return False
    say(f"{folder.student_path} (step {distiller.step:,})")
    return True


def _tell_skipped(distiller: Distiller, losses: Mapping[str, float], say: Say) -> None:
    """Say that the last step was skipped; after too many in a row that is an error."""
    bad = ", ".join(name for name, value in losses.items() if not math.isfinite(value)) or "a gradient"
    say(f"step {distiller.step} was skipped: {bad} is not finite")
    if distiller.skipped >= MOST_SKIPPED:
        raise EngineError(
            f"{distiller.skipped} steps in a row were not finite, last {bad}; the checkpoint before is untouched",
            "finite losses",
            "Begin again in another folder with a lower --rate or --dtype float32",
        )


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


def _load_checkpoint(folder: DistillFolder, distiller: Distiller) -> None:
    try:
        with open_regular(folder.checkpoint_path) as file:
            state: object = torch.load(file, map_location="cpu", weights_only=True)
        if not isinstance(state, dict):
            raise TypeError(f"it holds {type(state).__name__}")
        distiller.load_state(cast("dict[str, Any]", state))
    except _CHECKPOINT_ERRORS as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        found = f"{folder.checkpoint_path} cannot be read ({reason}{' is missing' if isinstance(error, KeyError) else ''})"
        raise EngineError(found, "a whole checkpoint of this run", "Remove it to begin again from the pairs") from error
