"""What the commands of ``spade-train`` do.

It does not know how they are written on a command line; torch is imported only by those that compute.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from spade_studio.engine.errors import ConfigError, EngineError
from spade_studio.train.cli_options import Check, Command, Export, Label, New, Prepare, Resume, Stop
from spade_studio.train.config import TrainConfig
from spade_studio.train.console import open_console
from spade_studio.train.launch import is_rank, launch
from spade_studio.train.presets import preset
from spade_studio.train.recipe import ScheduleConfig
from spade_studio.train.run_directory import RunDirectory


def run(command: Command, arguments: Sequence[str]) -> int:
    """Do what a command says.

    Args:
        command: As parsed.
        arguments: As written.

    Returns:
        The exit code.

    Raises:
        EngineError, OSError: With what to do.
    """
    match command:
        case New():
            return _new(command, arguments)
        case Resume():
            return _train(RunDirectory.open(command.run), command)
        case Stop():
            return _stop(command)
        case Export():
            return _export(command)
        case Check():
            return _check(command)
        case Label():
            return _label(command)
        case Prepare():
            return _prepare(command)


def resolve(new: New) -> TrainConfig:
    """Return the configuration that a command describes.

    Raises:
        ConfigError: Values do not go together.
    """
    config = new.config
    if new.steps is not None and new.epochs is not None:
        raise ConfigError("--steps and --epochs are both given", "one of them")
    length, unit = (new.steps, "steps") if new.steps is not None else (new.epochs, "epochs")
    if length is not None:
        shape = config.schedule
        constant = length * shape.constant / shape.length
        if unit == "steps":
            constant = round(constant)
        schedule = ScheduleConfig(float(constant), float(length - constant), shape.final)
        config = dataclasses.replace(config, schedule=schedule, schedule_unit="steps" if unit == "steps" else "epochs")
    data = dataclasses.replace(config.data, path=str(new.data_path.absolute()))
    compute = config.compute
    if new.device is not None:
        compute = dataclasses.replace(compute, device=new.device)
    if new.nproc_per_node is not None:
        compute = dataclasses.replace(compute, processes_per_node=new.nproc_per_node)
    initial, losses, monitor = config.initial, config.losses, config.monitor
    if new.init_from is not None:
        initial = dataclasses.replace(initial, weights=str(new.init_from.absolute()))
    if losses.perceptual.file:  # runs are resumed from other folders than they were started in
        perceptual = dataclasses.replace(losses.perceptual, file=str(Path(losses.perceptual.file).absolute()))
        losses = dataclasses.replace(losses, perceptual=perceptual)
    if monitor.frechet_network:
        monitor = dataclasses.replace(monitor, frechet_network=str(Path(monitor.frechet_network).absolute()))
    return dataclasses.replace(config, data=data, compute=compute, initial=initial, losses=losses, monitor=monitor)


def _new(command: New, arguments: Sequence[str]) -> int:
    config = resolve(command)
    if command.dry_run:
        from spade_studio.train.estimate import describe_run

        _say(describe_run(config))
        return 0
    if not is_rank():
        made = RunDirectory.create(command.runs, command.name or command.preset, config)
    else:
        made = _made_by_first_rank(command, config)
    if command.create_only:
        _say(str(made.path))
        return 0
    return _train(made, Resume(made.path, command.nproc_per_node, command.max_restarts, "", command.console))


def _made_by_first_rank(command: New, config: TrainConfig) -> RunDirectory:
    """Make the run's folder once where something outside, such as torchrun, has started several processes with this command."""
    if os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0":
        raise EngineError("torchrun started spade-train new again after a failure", "spade-train resume RUN", "Resume the run")
    from spade_studio.train.distributed import joined_ranks

    with joined_ranks("cpu") as ranks:
        made: tuple[str, str] = ("", "")
        if ranks.is_first:
            try:
                made = (str(RunDirectory.create(command.runs, command.name or command.preset, config).path.absolute()), "")
            except EngineError as error:
                made = ("", str(error))
        path, problem = ranks.from_first(made)
    if problem:
        raise EngineError(problem)
    return RunDirectory(Path(path))


def _train(run_folder: RunDirectory, command: Resume) -> int:
    """Train in this process, or start several that do."""
    config = run_folder.config()
    processes = command.nproc_per_node or config.compute.processes_per_node
    if not is_rank() and (processes > 1 or command.max_restarts):
        config.rank_batch_size(processes)
        path = run_folder.path.absolute()
        options = ["--console", command.console, *(["--device", command.device] if command.device else [])]
        return launch(run_folder, ["resume", str(path), *options], processes, command.max_restarts)
    from spade_studio.train.run import run_training

    outcome = run_training(run_folder, open_console(command.console), device=command.device)
    return 0 if outcome.reason in ("finished", "stopped") else 1


def _stop(command: Stop) -> int:
    run_folder = RunDirectory.open(command.run)
    if not run_folder.is_running():
        _say(f"{run_folder.path.name} is not being trained on this machine; a trainer on another one will see the request.")
    run_folder.request_stop()
    while command.wait and run_folder.is_running():
        time.sleep(0.5)
    return 0


def _export(command: Export) -> int:
    from spade_studio.train.export import ExportOptions, export_run

    run_folder = RunDirectory.open(command.run)
    options = ExportOptions(
        command.name, command.data_description, command.licence, command.with_discriminator, not command.full_precision
    )
    written, step, notes = export_run(
        run_folder, command.output or run_folder.weights_path, options, best=command.best, device=command.device
    )
    for note in notes:
        print(note, file=sys.stderr)  # noqa: T201
    for path in written:
        _say(f"{path} (step {step:,})")
    return 0


def _check(command: Check) -> int:
    from spade_studio.engine.labels import load_label_set
    from spade_studio.train.check import check_dataset
    from spade_studio.train.data_config import LabelsConfig
    from spade_studio.train.datasets import open_dataset

    dataset = open_dataset(command.data_path, command.kind, split=command.split)
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
    from spade_studio.engine.labels import load_label_set
    from spade_studio.train.label_photos import Segmenter, label_photos

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
        print(f"Error: {problem.message}", file=sys.stderr)  # noqa: T201
    return 1 if report.problems else 0


def _prepare(command: Prepare) -> int:
    from spade_studio.train.prepare import prepare_coco

    made = prepare_coco(
        command.folder, command.split, annotations=command.annotations, overwrite=command.overwrite, progress=_bar("Drawing")
    )
    _say(f"{made.written:,} instance maps written to {made.folder}, {made.kept:,} were there")
    if made.without_annotations:
        _say(f"  {made.without_annotations:,} pictures have no instance; their maps are equal to the pixel maps")
    if made.unused_annotations:
        _say(f"  {made.unused_annotations:,} pictures of the annotations have no pixel map here")
    return 0


def _bar(words: str) -> Callable[[int, int], None]:
    """Return a progress bar on stderr, invisible where that is no terminal."""
    from tqdm import tqdm

    bar: tqdm[NoReturn] = tqdm(desc=words, file=sys.stderr, disable=not sys.stderr.isatty())

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


def _say(text: str) -> None:
    print(text)  # noqa: T201
