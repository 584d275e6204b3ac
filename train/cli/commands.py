"""The commands of ``spade-train``."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NoReturn

from spade_studio.engine.errors import ConfigError, EngineError
from spade_studio.engine.labels import load_label_set
from spade_studio.engine.printable import write_line
from spade_studio.train.cli.options import Bank, Check, Command, Distill, Export, Label, New, Pause, Prepare, Profile, Resume, Stop
from spade_studio.train.config.data import LabelsConfig
from spade_studio.train.config.losses import ScheduleConfig
from spade_studio.train.config.presets import preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.datasets import open_dataset
from spade_studio.train.datasets.check import refuse_unknown_labels
from spade_studio.train.run.console import open_console
from spade_studio.train.run.data import open_run_data, refuse_other_labels
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.launch import is_first, is_rank, launch, word_on_interruption

_NAMED_ANNOTATIONS = 5


def run(command: Command) -> int:
    """Run a command.

    Returns:
        Exit code.

    Raises:
        EngineError, OSError: the command failed.
    """
    match command:
        case New():
            return _new(command)
        case Resume():
            return _train(RunDirectory.open(command.run), command)
        case Stop():
            return _stop(command)
        case Pause():
            return _pause(command)
        case Profile():
            from spade_studio.train.cli.profiling import profile_run

            return profile_run(command)
        case Export():
            return _export(command)
        case Check():
            return _check(command)
        case Label():
            return _label(command)
        case Prepare():
            return _prepare(command)
        case Distill():
            return _distill(command)
        case Bank():
            from spade_studio.train.cli.bank import make_bank

            return make_bank(command)


def resolve(new: New) -> TrainConfig:
    """Return the configuration of a command, with absolute paths, since runs may be resumed from other folders.

    Raises:
        ConfigError: inconsistent values.
    """
    config = new.config
    if config.data.path and new.config_file is None and new.fork is None and config.data.path != str(new.data_path):
        raise ConfigError(f"--data.path {config.data.path} beside {new.data_path}", "one of them", "Leave the option out")
    if new.steps is not None and new.epochs is not None:
        raise ConfigError("--steps and --epochs are both given", "one of them")
    share = config.schedule.constant / config.schedule.length
    if new.steps is not None:
        config = _with_schedule(config, round(new.steps * share), new.steps, "steps")
    elif new.epochs is not None:
        config = _with_schedule(config, new.epochs * share, new.epochs, "epochs")
    labels, compute, initial, losses, monitor = config.labels, config.compute, config.initial, config.losses, config.monitor
    return dataclasses.replace(
        config,
        data=dataclasses.replace(
            config.data,
            path=_absolute(new.data_path),
            scenes=_absolute(config.data.scenes),
            bank=_absolute(config.data.bank),
            skip=_absolute(config.data.skip),
            cache=_absolute(config.data.cache),
        ),
        labels=dataclasses.replace(labels, label_set=_set_path(labels.label_set)),
        compute=dataclasses.replace(
            compute, device=new.device or compute.device, processes_per_node=new.nproc_per_node or compute.processes_per_node
        ),
        initial=dataclasses.replace(initial, weights=_absolute(new.init_from or initial.weights), label_set=_set_path(initial.label_set)),
        losses=dataclasses.replace(
            losses,
            perceptual=dataclasses.replace(losses.perceptual, file=_absolute(losses.perceptual.file)),
            content=dataclasses.replace(losses.content, file=_absolute(losses.content.file)),
        ),
        projected=dataclasses.replace(config.projected, file=_absolute(config.projected.file)),
        monitor=dataclasses.replace(monitor, frechet_network=_absolute(monitor.frechet_network)),
    )


def _with_schedule(config: TrainConfig, constant: float, length: float, unit: Literal["steps", "epochs"]) -> TrainConfig:
    schedule = ScheduleConfig(float(constant), float(length - constant), config.schedule.final)
    return dataclasses.replace(config, schedule=schedule, schedule_unit=unit)


def _set_path(label_set: str) -> str:
    return _absolute(label_set) if Path(label_set).suffix else label_set


def _absolute(path: str | Path) -> str:
    return str(Path(path).absolute()) if str(path) else ""


def _new(command: New) -> int:
    config = resolve(command)
    if command.dry_run:
        from spade_studio.train.cli.estimate import describe_run

        _say(describe_run(config, measure=command.measure))
        return 0
    made = _made_by_first_rank(command, config) if is_rank() else _make_run(command, config, config.compute.processes_per_node)
    if command.create_only:
        _say(str(made.path))
        return 0
    if command.console != "quiet" and is_first():
        _note(f"Run: {made.path}")
    return _train(made, Resume(made.path, command.nproc_per_node, command.max_restarts, "", command.minutes, console=command.console))


def _make_run(command: New, config: TrainConfig, processes: int, here: int | None = None) -> RunDirectory:
    """Create the run's folder after checks that find runs bound to fail, which leave nothing behind.

    Args:
        command: Command.
        config: Configuration of the run.
        processes: Number of ranks.
        here: Number of ranks on this machine; None for all.

    Raises:
        EngineError: Data are missing or have other labels, a configured file is missing, or the batch cannot be split over the ranks.
    """
    config.rank_batch_size(processes)
    if not command.create_only:  # else it may be trained elsewhere
        refuse_missing(config, processes if here is None else here)
    data = open_run_data(config).training
    refuse_unknown_labels(data)
    for name, path in (
        ("--init-from", "" if command.fork else config.initial.weights),
        ("losses.perceptual.file", config.losses.perceptual.file),
        ("projected.file", config.projected.file),
        ("monitor.frechet_network", config.monitor.frechet_network),
    ):
        if path and not Path(path).exists():
            raise ConfigError(f"{name} is {path}, and there is no such file", "a file that is there")
    checkpoint = None
    if command.fork is not None:
        from spade_studio.train.run.fork import forked_checkpoint

        checkpoint = forked_checkpoint(RunDirectory.open(command.fork), config, data)
    made = RunDirectory.create(command.runs, command.name or command.preset, config)
    if checkpoint is not None:
        from spade_studio.train.run.checkpoints import CheckpointStore

        CheckpointStore(made.checkpoints_path).write(checkpoint)
    return made


def refuse_missing(config: TrainConfig, processes: int) -> None:
    """Check that device and trackers are available.

    Raises:
        EngineError: a device or a package is missing.
    """
    from spade_studio.engine.device import refuse_missing_device
    from spade_studio.train.run.trackers import refuse_missing_packages

    refuse_missing_device(config.compute.device, processes)
    refuse_missing_packages(config.monitor.trackers)


def _made_by_first_rank(command: New, config: TrainConfig) -> RunDirectory:
    """Create the run's folder on the first rank, for processes started by an external launcher such as torchrun."""
    if os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0":
        raise EngineError("torchrun started spade-train new again after a failure", "spade-train resume RUN", "Resume the run")
    from spade_studio.train.learning.distributed import joined_ranks

    with joined_ranks("cpu") as ranks:
        made: tuple[str, str] = ("", "")
        if ranks.is_first:
            try:
                here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
                made = (str(_make_run(command, config, ranks.world_size, here).path.absolute()), "")
            except (EngineError, OSError) as error:
                made = ("", str(error))
        path, problem = ranks.from_first(made)
    if problem:
        raise EngineError(problem)
    return RunDirectory(Path(path))


def _train(run_folder: RunDirectory, command: Resume) -> int:
    """Train in this process, or launch several processes."""
    config = run_folder.config()
    processes = command.nproc_per_node or config.compute.processes_per_node
    if not is_rank() and (processes > 1 or command.max_restarts):
        config.rank_batch_size(processes)
        path = run_folder.path.absolute()
        options = ["--console", command.console, *(["--device", command.device] if command.device else [])]
        options += [] if command.minutes is None else ["--minutes", str(command.minutes)]
        options += ["--accept-data-change"] if command.accept_data_change else []
        return launch(run_folder, ["resume", str(path), *options], processes, command.max_restarts)
    from spade_studio.train.run.loop import RunOptions, run_training

    if is_first() and sys.stderr.isatty() and (word := word_on_interruption(run_folder)):
        _note(word)
    how = RunOptions(command.device, command.accept_data_change, command.minutes or 0.0)
    outcome = run_training(run_folder, open_console(command.console), how)
    return 0 if outcome.reason in ("finished", "stopped") else 1


def _stop(command: Stop) -> int:
    run_folder = RunDirectory.open(command.run)
    name = run_folder.path.name
    if run_folder.is_running():
        _note(f"{name} will save and end after the step at hand.")
    else:
        _note(f"{name} is not being trained on this machine; a trainer on another one will see the request.")
    run_folder.request_stop()
    while command.wait and run_folder.is_running():
        time.sleep(0.5)
    return 0


def _pause(command: Pause) -> int:
    run_folder = RunDirectory.open(command.run)
    name = run_folder.path.name
    if not run_folder.is_running():
        _note(f"{name} is not being trained on this machine; a trainer on another one will see the request.")
    elif command.end:
        _note(f"{name} goes on.")
    else:
        _note(f"{name} will wait after the step at hand. It goes on with: spade-train pause {command.run} --end")
    (run_folder.end_pause if command.end else run_folder.request_pause)()
    return 0


def _export(command: Export) -> int:
    if command.best and command.step is not None:
        raise ConfigError("--best and --step are both given", "one of them")
    from spade_studio.train.run.export import ExportOptions, export_run

    run_folder = RunDirectory.open(command.run)
    options = ExportOptions(
        command.name,
        command.data_description,
        command.licence,
        command.with_discriminator,
        half=not command.full_precision,
        averaged=not command.unaveraged,
        published=command.published,
    )
    written, step, notes = export_run(
        run_folder,
        command.output or (run_folder.path / "published" if command.published else run_folder.weights_path),
        options,
        best=command.best,
        step=command.step,
        device=command.device,
    )
    for note in notes:
        _note(note)
    for path in written:
        _say(f"{path} (step {step:,})")
    return 0


def _check(command: Check) -> int:
    from spade_studio.train.datasets.check import check_dataset

    dataset = open_dataset(command.data_path, command.kind, split=command.split)
    if command.preset is not None and not command.label_set and (name := preset(command.preset).labels.label_set):
        refuse_other_labels(dataset, load_label_set(name))
    if command.preset is not None or command.label_set:
        labels = preset(command.preset).labels if command.preset else LabelsConfig()
        if command.label_set:
            labels = dataclasses.replace(labels, label_set=command.label_set, ids=())
        own = load_label_set(labels.label_set) if labels.label_set else dataset.label_set
        dataset = dataset.with_channels(labels.channels(own))
    report = check_dataset(dataset, command.quick, None if command.json else _bar("Reading"))
    _say(json.dumps(report.to_json(), indent=2) if command.json else report.to_text())
    return report.exit_code


def _label(command: Label) -> int:
    from spade_studio.engine.device import choose_device
    from spade_studio.train.datasets.label_photos import Segmenter, label_photos

    label_set = command.label_set if command.label_set in ("auto", "model") else load_label_set(command.label_set)
    report = label_photos(
        command.photos,
        Segmenter(command.model, choose_device(command.device)),
        output=command.output,
        label_set=label_set,  # pyright: ignore[reportArgumentType]
        overwrite=command.overwrite,
        progress=_bar("Labelling"),
    )
    _say(f"{report.written:,} label maps written to {report.folder}, {report.kept:,} were there")
    for name, pixels in report.unknown_classes.items():
        _say(f"  unlabeled, since the label set lacks it: {name} ({pixels:,} pixels)")
    for problem in report.problems:
        _note(f"Error: {problem.message}")
    return 1 if report.problems else 0


def _prepare(command: Prepare) -> int:
    from spade_studio.train.datasets.prepare_coco import prepare_coco

    made = prepare_coco(
        command.folder, command.split, annotations=command.annotations, overwrite=command.overwrite, progress=_bar("Drawing")
    )
    _say(f"{made.written:,} instance maps written to {made.folder}, {made.kept:,} were there")
    if made.without_annotations:
        _say(f"  {made.without_annotations:,} pictures have no instance; their maps are equal to the pixel maps")
    if made.unused_annotations:
        _say(f"  {made.unused_annotations:,} pictures of the annotations have no pixel map here")
    if made.skipped_annotations:
        were = "annotation was" if made.skipped_annotations == 1 else "annotations were"
        _say(f"  {made.skipped_annotations:,} {were} left out:")
        for why in made.skipped[:_NAMED_ANNOTATIONS]:
            _say(f"    {why}")
        if made.skipped_annotations > _NAMED_ANNOTATIONS:
            _say(f"    ... and {made.skipped_annotations - _NAMED_ANNOTATIONS:,} more")
    return 0


def _distill(command: Distill) -> int:
    from spade_studio.engine.detail.levels import level_path
    from spade_studio.engine.detail.upscaler import Upscaler
    from spade_studio.engine.rendering.renderer import Renderer
    from spade_studio.train.distillation.pairs import PairMaker
    from spade_studio.train.distillation.run import DistillFolder, distill

    teacher = command.teacher or level_path("full")
    assert teacher is not None
    dataset = open_dataset(command.data_path)
    maker = PairMaker(
        Renderer.load(command.weights, device=command.device),
        Upscaler.load(teacher, device=command.device),
        dataset,
        command.config.pairs,
    )
    done = distill(
        DistillFolder(command.output),
        dataclasses.replace(command.config, perceptual_file=_absolute(command.config.perceptual_file)),
        maker,
        pairs=command.pairs_folder or command.output / "pairs",
        device=command.device,
        words={"name": command.name, "data": command.data_description, "licence": command.licence},
        say=_say,
        pairs_only=command.pairs_only,
    )
    return 0 if done else 130


def _bar(words: str) -> Callable[[int, int], None]:
    """Return a progress callback with a bar on stderr, hidden without a terminal."""
    from tqdm import tqdm

    bar: tqdm[NoReturn] = tqdm(desc=words, file=sys.stderr, disable=not sys.stderr.isatty())

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


def _say(text: str) -> None:
    write_line(sys.stdout, text)


def _note(text: str) -> None:
    write_line(sys.stderr, text)
