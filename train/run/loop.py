"""Training loop of a run on all ranks, from the newest checkpoint or the seed to the end or a stop request."""

from __future__ import annotations

import copy
import math
import time
import traceback
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch

from spade_studio.engine.device import ran_out_of_memory
from spade_studio.engine.errors import EngineError
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import DataError
from spade_studio.train.datasets.cache import CacheFile, open_cache
from spade_studio.train.datasets.sampler import for_other_data
from spade_studio.train.datasets.workers import worker_count
from spade_studio.train.learning.distributed import Ranks, StopSignals, joined_ranks
from spade_studio.train.learning.trainer import StepResult, Trainer
from spade_studio.train.metrics import MetricError
from spade_studio.train.run.beginning import Beginning
from spade_studio.train.run.checkpoints import Checkpoint, CheckpointStore, random_state, set_random_state
from spade_studio.train.run.console import TrainingConsole
from spade_studio.train.run.data import open_run_data
from spade_studio.train.run.directory import RunDirectory, RunError
from spade_studio.train.run.events import (
    CheckpointWritten,
    Noted,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    StepLogged,
    Warned,
    finite_or_none,
)
from spade_studio.train.run.export import ExportOptions, write_weights
from spade_studio.train.run.feed import Feed
from spade_studio.train.run.launch import has_launcher
from spade_studio.train.run.monitor import Monitor
from spade_studio.train.run.pace import Pace, memory_mib
from spade_studio.train.run.reporter import Reporter, ReportError
from spade_studio.train.run.trackers import open_trackers

MOST_SKIPPED = 10
"""Number of consecutive non-finite steps after which the run ends."""

_PAUSE_LOOKS = 0.5  # polling interval of a pause in seconds


class TrainingDivergedError(EngineError):
    """Losses or gradients remained infinite or NaN."""


@dataclass(frozen=True)
class Outcome:
    """Outcome of training a run.

    Attributes:
        reason: finished (all steps are done) or stopped (on request).
        step: Number of steps done.
    """

    reason: Literal["finished", "stopped"]
    step: int


@dataclass(frozen=True)
class RunOptions:
    """Options of one start of a run.

    Attributes:
        device: Device; empty for that of the configuration.
        accept_data_change: Whether to resume with pictures other than those of the checkpoint.
        minutes: Time limit in minutes, after which the run saves and ends; 0 for none.
    """

    device: str = ""
    accept_data_change: bool = False
    minutes: float = 0.0


def run_training(run: RunDirectory, console: TrainingConsole, how: RunOptions = RunOptions()) -> Outcome:
    """Train a run, on one of its ranks.

    Args:
        run: Folder of the run, readable by every rank and writable by the first.
        console: Console of the first rank.
        how: Options of this start.

    Raises:
        EngineError: Training failed; the message is in the run's log too.
    """
    config = run.config()
    with joined_ranks(how.device or config.compute.device) as ranks, StopSignals() as signals, ExitStack() as stack:
        reporter: Reporter | None = None
        if ranks.is_first:
            stack.enter_context(run.locked())
            reporter = stack.enter_context(Reporter(run, console))
        with _failures_told(reporter, run):
            return _Run(run, config, ranks, signals, reporter, how).train()


@contextmanager
def _failures_told(reporter: Reporter | None, run: RunDirectory) -> Generator[None]:
    """Record the failure of a run in its events and log."""
    try:
        yield
    except BaseException as error:
        if reporter is not None:
            if not isinstance(error, (EngineError, KeyboardInterrupt)):
                with suppress(OSError):
                    run.append_log(traceback.format_exc())
            with suppress(ReportError):
                reporter.close_trackers()
            words = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
            with suppress(ReportError):
                reporter.tell(RunEnded(reporter.step, "failed", words))
        raise


class _Run:
    """Training of a run, on one rank."""

    def __init__(
        self, run: RunDirectory, config: TrainConfig, ranks: Ranks, signals: StopSignals, reporter: Reporter | None, how: RunOptions
    ) -> None:
        self.run, self.config, self.ranks, self.signals, self.reporter, self.how = run, config, ranks, signals, reporter, how
        self._end_at = time.monotonic() + 60 * how.minutes if how.minutes else math.inf
        self.store = CheckpointStore(run.checkpoints_path, config.keep_checkpoints)
        self._data: dict[str, str] = {}  # fingerprint of the data

    def train(self) -> Outcome:
        if self.ranks.is_first and not has_launcher():
            self.run.clear_requests()  # old ones; new requests count from here on
        accepted = self.how.accept_data_change
        beginning = Beginning(self.run, self.config, self.ranks, self.store, self.reporter, accepted)
        checkpoint, notes = beginning.newest_checkpoint()
        anew = checkpoint is None
        data = open_run_data(self.config, anew=anew)
        self._data, data_notes = beginning.compare_data(data, checkpoint)
        notes += data_notes
        if anew:
            beginning.check_data(data)
        perceptual, content = beginning.frozen_networks()
        trainer = Trainer(self.config, data.training, self.ranks, perceptual, content=content, anew=anew)
        if checkpoint is not None:
            parts = dict(checkpoint.parts)
            # Optimisers keep given tensors that are on their device, which would keep the file mapped.
            parts["optimizers"] = copy.deepcopy(parts["optimizers"])
            if accepted:
                parts["sampler"] = for_other_data(parts["sampler"], len(data.training))
            trainer.load_state_dict(checkpoint.step, parts)
            if len(checkpoint.random_states) == self.ranks.world_size:
                set_random_state(checkpoint.random_states[self.ranks.rank])
            del parts
        del checkpoint
        monitor = None
        if self.reporter is not None:
            again = trainer.step + 1 if trainer.step or self.run.events_path.stat().st_size else None
            names = self.config.monitor.trackers
            self.reporter.trackers += open_trackers(names, self.run.path, self.run.path.name, self.config.to_json(), again)
            self.reporter.tell(
                RunStarted(trainer.step, trainer.total_steps, self.ranks.world_size, str(self.ranks.device), version("spade-studio"))
            )
            if trainer.balance is not None:
                self.run.append_log(trainer.balance.words)
            for note in (*notes, *trainer.warnings, *(trainer.notes if anew else ())):
                self.reporter.tell(Warned(trainer.step, note))
            best = self.store.best()
            monitor = Monitor(trainer, data.validation, self.run, self.reporter, best if best and best.step <= trainer.step else None)
        if self.config.data.cache:
            self._open_cache(trainer)
        return self._steps(trainer, monitor)

    def _open_cache(self, trainer: Trainer) -> None:
        """Build or open the cache of decoded pictures; on a stop request meanwhile, go on without it."""
        found, config = trainer.training_set, self.config.data
        cache = CacheFile(trainer.dataset, found.geometry, found.multiple, Path(config.cache))
        workers = worker_count(config.workers, 1, on_cpu=False)  # one rank decodes, and none computes meanwhile
        found.cache = open_cache(cache, workers=workers, tell=partial(self._note, trainer.step), stopped=self._stop_asked)

    def _steps(self, trainer: Trainer, monitor: Monitor | None) -> Outcome:
        config, pace = self.config, Pace()
        feed = Feed(trainer.loader(), self.ranks, config.data.most_unreadable, lambda words: self._warn(trainer.step, words))
        stopped, saved = False, trainer.step
        while trainer.step < trainer.total_steps and not stopped:
            try:
                with pace.waiting():
                    parts = feed.next()
            except DataError:
                if trainer.step > saved:
                    self._checkpoint(trainer, None)
                raise
            result = trainer.train_step(parts)
            pace.count(result.images)
            last = trainer.step >= trainer.total_steps
            due = trainer.step % config.checkpoint_every_steps == 0
            if due or last or Monitor.is_due(trainer):
                result = trainer.settled(result)
            if trainer.step % config.log_every_steps == 0 or last or not result.finite:
                self._log(trainer, result, pace)
            stopped, paused = self._asked()
            best = self._monitor(trainer, monitor)
            # A skipped step may be half done: not worth a checkpoint, except for a run that stops.
            saves = stopped or ((due or last or best is not None) and not trainer.skipped)
            if saves:
                self._checkpoint(trainer, best)
                saved = trainer.step
                pace.restart()
            if paused and not (stopped or last):
                stopped = self._pause(trainer)
                if stopped and not saves:
                    self._checkpoint(trainer, None)
                pace.restart()
        if trainer.step < trainer.total_steps:
            return self._end(trainer, "stopped", f"Go on with: spade-train resume {self.run.path}")
        self.ranks.by_first(lambda: self._write_weights(trainer))
        return self._end(trainer, "finished", f"Weights: {self.run.weights_path}")

    def _warn(self, step: int, words: str) -> None:
        if self.reporter is not None:
            self.reporter.tell(Warned(step, words))

    def _note(self, step: int, words: str) -> None:
        if self.reporter is not None:
            self.reporter.tell(Noted(step, words))

    def _stop_asked(self) -> bool:
        return bool(self.signals.received) or self.run.stop_requested() or time.monotonic() >= self._end_at

    def _asked(self) -> tuple[bool, bool]:
        """Return whether a stop and whether a pause is requested, the same on every rank."""
        stop = self._stop_asked() if self.ranks.is_first else bool(self.signals.received)
        stopped, paused = self.ranks.any_of([stop, self.ranks.is_first and self.run.pause_requested()])
        return stopped, paused

    def _pause(self, trainer: Trainer) -> bool:
        """Wait while a pause is requested; return whether to stop instead of continuing."""
        begin = time.monotonic()
        if self.reporter is not None:
            self.reporter.tell(RunPaused(trainer.step))
        stopped, paused = False, True
        while paused and not stopped:
            time.sleep(_PAUSE_LOOKS)
            stopped, paused = self._asked()
        if self.reporter is not None and not stopped:
            self.reporter.tell(RunContinued(trainer.step, round(time.monotonic() - begin, 1)))
        return stopped

    def _log(self, trainer: Trainer, result: StepResult, pace: Pace) -> None:
        losses = trainer.mean_losses(result)
        if self.reporter is not None:
            self.reporter.tell(
                StepLogged(
                    step=trainer.step,
                    epoch=round(trainer.epoch, 4),
                    images_seen=trainer.images_seen,
                    losses=finite_or_none(losses),
                    learning_rates=trainer.learning_rates,
                    seconds_per_step=round(pace.seconds_per_step, 5),
                    images_per_second=round(pace.images_per_second, 4),
                    loading_share=round(pace.waiting_share, 4),
                    memory_mib=memory_mib(self.ranks.device),
                )
            )
        pace.restart()
        if result.finite:
            return
        bad = ", ".join(name for name, value in finite_or_none(losses).items() if value is None) or "a gradient"
        if self.reporter is not None:
            self.reporter.tell(Warned(trainer.step, f"Step {trainer.step:,} was skipped: {bad} is not finite."))
        if trainer.skipped >= MOST_SKIPPED:
            raise TrainingDivergedError(
                f"{trainer.skipped} steps in a row were not finite, last {bad}; the checkpoints before are untouched",
                "finite losses",
                "Export the last checkpoint and start a run from it (--init-from) with a lower learning rate or compute.dtype float32",
            )

    def _monitor(self, trainer: Trainer, monitor: Monitor | None) -> float | None:
        """Write samples and measure metrics where due; return the value of the deciding metric if it is the best so far."""
        if not Monitor.is_due(trainer):
            return None
        value = self.ranks.by_first(lambda: self._look(trainer, monitor))
        return None if trainer.skipped else value

    def _look(self, trainer: Trainer, monitor: Monitor | None) -> float | None:
        assert monitor is not None
        assert self.reporter is not None
        try:
            return monitor.look()
        except (DataError, MetricError) as error:  # failed monitoring must not end the run
            why = str(error)
        except (MemoryError, RuntimeError) as error:
            if not ran_out_of_memory(error):
                raise
            why = f"{self.ranks.device} ran out of memory. Fewer monitor.sample_rows or less beside this run would help."
        if self.ranks.device.type == "cuda":
            torch.cuda.empty_cache()  # the next step needs the memory
        self.reporter.tell(Warned(trainer.step, f"Nothing was shown or measured: {why}"))
        return None

    def _checkpoint(self, trainer: Trainer, best: float | None) -> None:
        states = self.ranks.gather(random_state())

        def write() -> None:
            assert self.reporter is not None
            path = self.store.write(Checkpoint(trainer.step, self.config, {**trainer.state_dict(), "data": self._data}, states), best)
            self.reporter.tell(CheckpointWritten(trainer.step, path.name))

        self.ranks.by_first(write)

    def _write_weights(self, trainer: Trainer) -> None:
        path = self.run.weights_path
        try:
            write_weights(path, trainer, self.run.path.name, ExportOptions())
        except OSError as error:
            found = f"{path} cannot be written: {error.strerror or error}; the last checkpoint is whole"
            raise RunError(found, "", "Make room, then resume the run, which only writes the weights") from error

    def _end(self, trainer: Trainer, reason: Literal["finished", "stopped"], message: str) -> Outcome:
        if self.reporter is not None:
            self.reporter.close_trackers()
            self.reporter.tell(RunEnded(trainer.step, reason, message))
        self.ranks.wait_for_all()  # the others wait for the last file
        return Outcome(reason, trainer.step)
