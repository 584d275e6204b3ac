"""The experiment table: generators and losses of the paper's tables 3 to 5, small, each trained anew for the same time on the same data.

    python tests/benchmarks/experiments.py FOLDER --data landscapes.zip --minutes 10 --threads 2 \\
        --perceptual hed_vgg16.safetensors --segmenter deeplab_ade31.safetensors --features efficientnet_lite0.safetensors

Rows are trained one after another by spade-train as a process, in FOLDER (outside the repository), until each has trained for so many
minutes, which pauses do not count in; then spade-eval measures all rows that are done, and docs/experiments.md is written. Interrupted,
the same command goes on: a row that is done is not repeated, and one that was cut off is resumed. It does not decide what is good enough.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import torch
from experiment_report import Figures, experiment_report
from experiment_rows import ROWS, Row, architecture_options, parameters

from spade_studio.engine.files import atomic_writer
from spade_studio.train.run.directory import RunDirectory, list_runs
from spade_studio.train.run.events import Event, EventReader, RunStarted, StepLogged

REPORT = Path(__file__).resolve().parents[2] / "docs" / "experiments.md"
BY_HAND = "\n## CRN and SIMS\n"
FOR_EVER = 1_000_000  # steps: a row ends by its time
TOO_LONG = 1.1  # times the budget: a row that nobody watched is trained anew, since it would have an advantage


class RowFailedError(Exception):
    """A process of spade-train or spade-eval failed; it has said why."""


class InterruptedRow(Exception):  # noqa: N818
    """Somebody stopped a row; the same command goes on with it."""


@dataclass(frozen=True)
class Settings:
    """What the rows of a table have in common, and what must not change between them.

    Attributes:
        data: Photographs with label maps.
        preset: Whose widths, sizes and losses all rows have.
        minutes: That every row trains for; 0 where steps end it.
        steps: That every row trains for; 0 where time ends it.
        held_out: Photographs that are measured on and not trained on.
        seed: Of all rows, but for one.
        perceptual: File of the perceptual network; empty for torchvision's.
        perceptual_network: What it holds.
        segmenter: As spade-eval has it.
        groups: Likewise.
        features: Likewise; empty for no Frechet distance.
        device: Of training and rendering.
        limit: At most so many of the held-out photographs are measured on, evenly spread; 0 for all.
        options: Of spade-train, in place of the preset's, as a shell would have them.
    """

    data: str
    preset: str
    minutes: float
    steps: int
    held_out: int
    seed: int
    perceptual: str
    perceptual_network: str
    segmenter: str
    groups: str
    features: str
    device: str
    limit: int = 0
    options: str = ""

    def done(self, seconds: float, steps: int) -> bool:
        return steps >= self.steps if self.steps else seconds >= 60 * self.minutes

    def training(self, row: Row, folder: Path) -> list[str]:
        """The command line of spade-train that makes a row's run."""
        perceptual = ["--losses.perceptual.network", self.perceptual_network, "--losses.perceptual.file", self.perceptual]
        return [
            *("new", self.data, "--preset", self.preset, "--runs", str(folder), "--name", row.name, "--create-only"),
            *shlex.split(self.options),
            *("--data.validation", str(self.held_out), "--seed", str(self.seed + row.seed), "--device", self.device),
            # The rate stays: where time ends a training, nobody knows beforehand when to lower it. Averaged weights do without.
            *("--schedule-unit", "steps", "--schedule.constant", str(self.steps or FOR_EVER), "--schedule.decay", "0"),
            # Looking takes time that is training's; every step is logged, since time is counted by the logged steps.
            *("--monitor.sample-every-steps", "0", "--monitor.metrics-every-images", "0", "--monitor.best-metric", "none"),
            *("--log-every-steps", "1"),
            *(perceptual if self.perceptual else ()),
            *architecture_options(row, self.preset),
            *row.options,
        ]


@dataclass(frozen=True)
class Trained:
    """Attributes: seconds, steps, images: what counts of a run so far."""

    seconds: float
    steps: int
    images: int


def standing_steps(events: Iterable[Event]) -> list[StepLogged]:
    """The logged steps that count: where a run went on from a checkpoint, what it had logged beyond that is left out."""
    steps: list[StepLogged] = []
    for event in events:
        if isinstance(event, RunStarted):
            steps = [step for step in steps if step.step <= event.at_step]
        elif isinstance(event, StepLogged):
            steps.append(event)
    return steps


def trained(run: RunDirectory, reader: EventReader, events: list[Any]) -> Trained:
    """Add up what a run has logged; what it lost when it went on from a checkpoint does not count."""
    events += reader.read_new()
    seconds, done, images = 0.0, 0, 0
    for step in standing_steps(events):
        seconds += step.seconds_per_step * (step.step - done)
        done, images = step.step, step.images_seen
    return Trained(seconds, done, images)


def trained_so_far(run: RunDirectory) -> Trained:
    return trained(run, EventReader(run.events_path), [])


class Experiments:
    """A folder with the runs, weights and evaluation of a table.

    Args:
        folder: The folder.
        settings: What all rows have in common.
        environment: Of the processes.
    """

    def __init__(self, folder: Path, settings: Settings, environment: dict[str, str]) -> None:
        self.folder, self.settings, self.environment = folder, settings, environment

    def weights(self, row: Row) -> Path:
        return self.folder / "weights" / f"{row.name}.safetensors"

    def runs(self, row: Row) -> Path:
        return self.folder / "runs" / row.name

    def run_of(self, row: Row) -> RunDirectory | None:
        """The run that counts: the last one."""
        return next(reversed(list_runs(self.runs(row))), None)

    def is_done(self, row: Row) -> bool:
        return self.weights(row).is_file()

    def train(self, row: Row) -> None:
        """Train a row to the end of its budget and export its averaged weights."""
        run = self.run_of(row)
        if run is not None and run.is_running():
            say(f"{row.title}: ending a process that was left training")
            run.request_stop()
            while run.is_running():
                time.sleep(0.5)
        if run is not None and self.settings.minutes and trained_so_far(run).seconds > TOO_LONG * 60 * self.settings.minutes:
            say(f"{row.title}: {run.path.name} trained for too long while nobody watched; it is trained anew")
            run = None
        if run is None:
            self._command("spade_studio.train.cli", self.settings.training(row, self.runs(row)), quiet=True)
            run = self.run_of(row)
            assert run is not None
        so_far = trained_so_far(run)
        if not self.settings.done(so_far.seconds, so_far.steps):
            sizes, width = parameters(run.config()), run.config().generator.base_channels
            say(f"{row.title}: base width {width}, {sizes.generator:,} parameters in the generator, {sizes.encoder:,} in the encoder")
            self._note_conditions(row)
            self._resume(row, run)
        export = ["export", str(run.path), "--output", str(self.weights(row)), "--name", row.name, "--device", self.settings.device]
        self.weights(row).parent.mkdir(exist_ok=True)
        self._command("spade_studio.train.cli", export, quiet=True)

    def _resume(self, row: Row, run: RunDirectory) -> None:
        reader, events = EventReader(run.events_path), list[Any]()
        arguments = ["resume", str(run.path), "--console", "quiet"]
        process = subprocess.Popen([sys.executable, "-m", "spade_studio.train.cli", *arguments], env=self.environment)
        told = time.monotonic()
        try:
            while process.poll() is None:
                so_far = trained(run, reader, events)
                if self.settings.minutes and self.settings.done(so_far.seconds, so_far.steps) and not run.stop_requested():
                    run.request_stop()
                if time.monotonic() - told > 60:
                    told = time.monotonic()
                    say(f"{row.title}: {so_far.seconds / 60:.1f} minutes, {so_far.images:,} pictures")
                time.sleep(0.1)
        except KeyboardInterrupt:
            process.wait()  # it was interrupted too, and saves
            raise
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        so_far = trained(run, reader, events)
        if process.returncode:
            raise RowFailedError(f"spade-train ended with exit code {process.returncode} after {so_far.steps:,} steps")
        if not self.settings.done(so_far.seconds, so_far.steps):
            raise InterruptedRow(f"{row.title} was stopped after {so_far.steps:,} steps")
        say(f"{row.title}: done, {so_far.images:,} pictures in {so_far.seconds / 60:.1f} minutes")

    def evaluate(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Measure the weights of rows side by side; what was measured before is taken from the parts of then."""
        options, output = self.settings, self.folder / "evaluation"
        words = ["run", *(str(self.weights(row)) for row in rows), "--data", options.data, "--output", str(output), "--quiet"]
        words += ["--held-out", str(options.held_out), "--segmenter", options.segmenter, "--groups", options.groups]
        words += ["--device", options.device, *(["--features", options.features] if options.features else [])]
        words += ["--limit", str(options.limit)]
        self._command("spade_studio.train.evaluation.cli", words, quiet=False)
        return json.loads((output / "result.json").read_bytes())

    def figures(self, result: dict[str, Any]) -> list[Figures]:
        """All that is known of every row, whether it is done or not."""
        measured = {entry["name"]: entry for entry in result.get("candidates", ())}
        found: list[Figures] = []
        for row in ROWS:
            run = self.run_of(row)
            if run is not None:
                so_far = trained_so_far(run)
                sizes = parameters(run.config())
                entry = measured.get(row.name) if self.is_done(row) else None
                found.append(Figures(row, sizes, so_far.seconds, so_far.images, entry, run.config().generator.base_channels))
        return found

    def conditions(self) -> list[dict[str, Any]]:
        """On what rows were trained, one entry a start."""
        paths = sorted(self.folder.glob("runs/*/conditions.json"))
        return [entry for path in paths for entry in json.loads(path.read_bytes())]

    def _note_conditions(self, row: Row) -> None:
        path = self.runs(row) / "conditions.json"
        before = json.loads(path.read_bytes()) if path.exists() else []
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        threads = self.environment.get("OMP_NUM_THREADS", "")
        entry = {"row": row.name, "machine": machine(self.settings.device), "threads": threads, "load": load}
        write(path, json.dumps([*before, entry], indent=1))

    def _command(self, module: str, arguments: list[str], *, quiet: bool) -> None:
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE if quiet else None, check=False)
        if done.returncode in (130, -signal.SIGINT):
            raise KeyboardInterrupt
        if done.returncode:
            raise RowFailedError(f"{module.rpartition('.')[0]} {arguments[0]} ended with exit code {done.returncode}")


def machine(device: str) -> str:
    """The machine in words."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.is_file() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "an unnamed processor")
    words = f"{os.cpu_count()} cores of {name}, torch {torch.__version__}"
    if device.startswith("cuda") or (device == "auto" and torch.cuda.is_available()):
        number = int(device.partition(":")[2] or 0)
        words = f"{torch.cuda.get_device_name(number)} with {words}"
    return words


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(path) as file:
        file.write(text.encode())


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def read_settings(options: argparse.Namespace) -> Settings:
    """Put the options together; files become absolute, since the folder is gone on with from elsewhere."""

    def path(name: str) -> str:
        return str(Path(name).resolve()) if name and Path(name).exists() else name

    minutes = 0.0 if options.steps else options.minutes
    return Settings(
        *(path(options.data), options.preset, minutes, options.steps, options.held_out, options.seed),
        *(path(options.perceptual), options.perceptual_network, path(options.segmenter), options.groups),
        *(path(options.features), options.device, options.limit, options.options),
    )


def keep_settings(folder: Path, settings: Settings) -> None:
    """Write the settings of a new folder; end where the folder is of others, since its rows could not be compared."""
    path = folder / "settings.json"
    if path.is_file():
        before = Settings(**json.loads(path.read_bytes()))
        for field in dataclasses.fields(Settings):
            was, now = getattr(before, field.name), getattr(settings, field.name)
            if was != now:
                raise SystemExit(f"{folder} has rows with {field.name} {was!r}, not {now!r}: give that, or another folder")
        return
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty and no folder of experiments: give another one")
    write(path, json.dumps(dataclasses.asdict(settings), indent=1))


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="for runs, weights and the evaluation; outside the repository")
    parser.add_argument("--data", required=True, help="a plain folder or zip with images/ and labels/")
    parser.add_argument("--segmenter", required=True, help="as spade-eval has it, for example a safetensors file with a graph")
    parser.add_argument("--features", default="", help="as spade-eval has it, for Frechet distances")
    parser.add_argument("--groups", default="landscape", help="as spade-eval has it (default: landscape)")
    parser.add_argument("--perceptual", default="", metavar="FILE", help="weights of the perceptual network; torchvision's without")
    parser.add_argument("--perceptual-network", default="hed_vgg16", choices=("vgg19", "vgg16", "hed_vgg16"), help="what that file holds")
    parser.add_argument("--minutes", type=float, default=10.0, help="of training for every row (default: 10)")
    parser.add_argument("--steps", type=int, default=0, help="train every row for so many steps in place of minutes")
    parser.add_argument("--preset", default="compact", choices=("compact", "tiny"), help="whose widths and recipe (default: compact)")
    parser.add_argument("--held-out", type=int, default=300, help="photographs that are measured on (default: 300)")
    parser.add_argument("--limit", type=int, default=0, help="measure on at most so many of them, evenly spread (default: all)")
    parser.add_argument("--options", default="", help="of spade-train, for all rows, in place of the preset's: '--batch-size 4'")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0, help="of the processes (OMP_NUM_THREADS); as the environment says without")
    parser.add_argument("--rows", default="", help=f"only these, with commas: {','.join(row.name for row in ROWS)}")
    parser.add_argument("--report", type=Path, default=REPORT, metavar="FILE", help="where the table goes (default: docs/experiments.md)")
    options = parser.parse_args(arguments)
    if options.minutes <= 0 or options.steps < 0:
        parser.error("--minutes and --steps must be above 0")
    names = [row.name for row in ROWS]
    if unknown := [name for name in options.rows.split(",") if name and name not in names]:
        parser.error(f"there is no row {unknown[0]!r}, only {', '.join(names)}")
    if options.folder.resolve().is_relative_to(REPORT.parents[1]):
        parser.error("the folder lies in the repository; give one outside")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is missing, measure, and write the table.

    Returns:
        The exit code: 1 where rows failed, 130 where it was interrupted.
    """
    options = read_options(arguments)
    settings = read_settings(options)
    keep_settings(options.folder, settings)
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    if options.threads:
        environment["OMP_NUM_THREADS"] = str(options.threads)
    experiments = Experiments(options.folder.resolve(), settings, environment)

    def end(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        raise SystemExit(128 + number)  # which ends spade-train on its way out

    signal.signal(signal.SIGTERM, end)
    wanted = options.rows.split(",") if options.rows else [row.name for row in ROWS]
    failed = False
    result: dict[str, Any] = {}
    try:
        for row in ROWS:
            if row.name in wanted and not experiments.is_done(row):
                try:
                    experiments.train(row)
                except RowFailedError as error:
                    say(f"{row.title}: {error}. The other rows go on; the same command tries this one again.")
                    failed = True
        # All at once: the photographs are measured with the first row only, and figures stand side by side in one report.
        if done := [row for row in ROWS if experiments.is_done(row)]:
            result = experiments.evaluate(done)
        told = dataclasses.asdict(settings), experiments.conditions(), experiments.figures(result), result
        before = options.report.read_text("utf-8") if options.report.is_file() else ""
        write(options.report, experiment_report(*told) + "".join(before.partition(BY_HAND)[1:]))  # what rows do not write stays
    except RowFailedError as error:
        say(f"The rows cannot be measured: {error}")
        return 1
    except (KeyboardInterrupt, InterruptedRow) as error:
        say(f"Interrupted{f': {error}' if str(error) else ''}. The same command goes on from here.")
        return 130
    say(f"{options.report}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
