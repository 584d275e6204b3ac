"""Optional experiment trackers: TensorBoard and Weights & Biases."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import secrets
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from spade_studio.engine.errors import EngineError
from spade_studio.engine.files import atomic_writer
from spade_studio.train.run.events import MetricsMeasured, StepLogged

TRACKERS: Final = ("tensorboard", "wandb")
"""Names of trackers, each also that of the required package and of the extra that installs it."""

_ID_FILE = "wandb_run_id.txt"
_LONGEST_REASON = 300


class TrackerError(EngineError):
    """A tracker cannot be opened, or failed; training can continue without it."""


class Tracker(Protocol):
    """Interface of trackers; after a :class:`TrackerError` a tracker is unusable."""

    def scalars(self, step: int, values: Mapping[str, float | None]) -> None:
        """Record values after ``step`` steps; None, which stands for non-finite values, is left out.

        Raises:
            TrackerError: The tracker failed.
        """
        ...

    def picture(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """Record a picture, uint8 [H, W, 3], after ``step`` steps.

        Raises:
            TrackerError: The tracker failed.
        """
        ...

    def close(self) -> None:
        """Flush and close the tracker.

        Raises:
            TrackerError: The tracker failed.
        """
        ...


def event_scalars(event: StepLogged | MetricsMeasured) -> dict[str, float | None]:
    """Return an event's values with names such as generator/kl, whose first part trackers show as a section."""
    if isinstance(event, MetricsMeasured):
        return {f"metrics/{name}": value for name, value in event.values.items()}
    generator_rate, discriminator_rate = event.learning_rates
    return {
        **{name.replace(".", "/", 1): value for name, value in event.losses.items()},
        "learning_rate/generator": generator_rate,
        "learning_rate/discriminator": discriminator_rate,
        "progress/epoch": event.epoch,
        "progress/images_seen": event.images_seen,
        "speed/images_per_second": event.images_per_second,
        "speed/seconds_per_step": event.seconds_per_step,
        "speed/loading_share": event.loading_share,
        "memory/mib": event.memory_mib,
    }


class TensorBoardTracker:
    """Tracker that writes TensorBoard event files, flushed after every record.

    Args:
        folder: Folder of the event files, created where missing.
        config: Configuration of the run, written as a text for new runs.
        purge_step: First step of a resumed run; TensorBoard discards earlier records of it and later ones. None for a new run.

    Raises:
        TrackerError: ``tensorboard`` is not installed, or the folder is not writable.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any] | None = None, purge_step: int | None = None) -> None:
        # torch's writer imports tensorboard at the top.
        tensorboard = _import("torch.utils.tensorboard", "tensorboard")
        with _failures_told("TensorBoard"):
            folder.mkdir(parents=True, exist_ok=True)
            self._writer: Any = tensorboard.SummaryWriter(str(folder), purge_step=purge_step)
            if config is not None and purge_step is None:
                self._writer.add_text("config", f"```json\n{json.dumps(config, indent=2)}\n```", 0)
            self._writer.flush()

    def scalars(self, step: int, values: Mapping[str, float | None]) -> None:
        """See :meth:`Tracker.scalars`."""
        with _failures_told("TensorBoard"):
            for name, value in values.items():
                if value is not None:
                    self._writer.add_scalar(name, value, step)
            self._writer.flush()

    def picture(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """See :meth:`Tracker.picture`."""
        with _failures_told("TensorBoard"):
            self._writer.add_image(name, pixels, step, dataformats="HWC")
            self._writer.flush()

    def close(self) -> None:
        """See :meth:`Tracker.close`."""
        with _failures_told("TensorBoard"):
            self._writer.close()


class WandbTracker:
    """Tracker that logs to a Weights & Biases run; offline, ``WANDB_MODE=offline`` keeps it in the folder for ``wandb sync``.

    The id of the W&B run is stored in the folder, for resuming. Steps are logged as a value, since W&B's own step cannot decrease; steps
    repeated after a crash are logged twice.

    Args:
        folder: Folder of the run; W&B's files go into its subfolder ``wandb``.
        run_name: Name of the run in W&B.
        config: Configuration of the run.

    Raises:
        TrackerError: ``wandb`` is not installed or not logged in, or its server does not respond.
    """

    def __init__(self, folder: Path, run_name: str, config: Mapping[str, Any] | None = None) -> None:
        self._wandb = _import("wandb", "wandb")
        with _failures_told("Weights & Biases"):
            run_id = _kept_run_id(folder)
        with _failures_told("Weights & Biases", "Run `wandb login`, or set WANDB_MODE=offline"):
            self._run: Any = self._wandb.init(
                project=os.environ.get("WANDB_PROJECT") or "spade-studio",
                name=run_name,
                id=run_id,
                resume="allow",
                dir=str(folder),
                config=dict(config or {}),
                settings=self._wandb.Settings(console="off"),  # the run has its own log and progress display
            )
            self._run.define_metric("*", step_metric="step")

    def scalars(self, step: int, values: Mapping[str, float | None]) -> None:
        """See :meth:`Tracker.scalars`."""
        with _failures_told("Weights & Biases"):
            self._run.log({"step": step, **{name: value for name, value in values.items() if value is not None}})

    def picture(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """See :meth:`Tracker.picture`."""
        with _failures_told("Weights & Biases"):
            self._run.log({"step": step, name: self._wandb.Image(pixels)})

    def close(self) -> None:
        """See :meth:`Tracker.close`."""
        with _failures_told("Weights & Biases"):
            self._run.finish()


def open_trackers(
    names: Sequence[str], folder: Path, run_name: str, config: Mapping[str, Any], purge_step: int | None = None
) -> list[Tracker]:
    """Open trackers, all of them or none.

    Args:
        names: Names from :data:`TRACKERS`.
        folder: Folder of the run; files go into its subfolders ``tensorboard`` and ``wandb``.
        run_name: Name of the run.
        config: Configuration of the run, JSON-compatible.
        purge_step: First step of a resumed run; None for a new run.

    Raises:
        TrackerError: A tracker is unknown, its package is not installed, or it cannot be opened.
    """
    trackers: list[Tracker] = []
    try:
        for name in names:
            if name == "tensorboard":
                trackers.append(TensorBoardTracker(folder / "tensorboard", config, purge_step))
            elif name == "wandb":
                trackers.append(WandbTracker(folder, run_name, config))
            else:
                raise TrackerError(f"there is no tracker {name!r}", " or ".join(TRACKERS))
    except BaseException:
        for tracker in trackers:
            with suppress(TrackerError):
                tracker.close()
        raise
    return trackers


def refuse_missing_packages(names: Sequence[str]) -> None:
    """Check that the packages of trackers are installed.

    Raises:
        TrackerError: A package is not installed.
    """
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise _missing(name, "there is none of that name here")


def _missing(package: str, why: object) -> TrackerError:
    return TrackerError(
        f"the tracker {package} needs the package {package}, which cannot be imported ({why})",
        "",
        f"Install it (pip install {package}, or spade-studio[{package}] with the program), or leave the tracker out",
    )


def _import(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise _missing(package, error) from error


@contextmanager
def _failures_told(tracker: str, action: str = "") -> Generator[None]:
    try:
        yield
    except Exception as error:  # no error of these packages may stop training
        reason = str(error).strip().split("\n")[0][:_LONGEST_REASON].rstrip(".")
        raise TrackerError(f"{tracker} failed: {type(error).__name__}{': ' if reason else ''}{reason}", "", action) from error


def _kept_run_id(folder: Path) -> str:
    """Return the W&B run id stored in the folder, creating it the first time."""
    path = folder / _ID_FILE
    with suppress(FileNotFoundError):
        if known := path.read_text("utf-8").strip():
            return known
    new = secrets.token_hex(4)
    with atomic_writer(path) as file:
        file.write(f"{new}\n".encode())
    return new
