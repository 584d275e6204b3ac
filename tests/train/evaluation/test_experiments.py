"""The experiment table of tests/benchmarks: its rows, what it goes on with, and what it writes."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spade_studio.train.cli.commands import resolve
from spade_studio.train.cli.main import main as spade_train
from spade_studio.train.cli.main import parse
from spade_studio.train.cli.options import New
from spade_studio.train.config.presets import preset
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.run.directory import RunDirectory
from spade_studio.train.run.events import EventLog, RunStarted, StepLogged

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
SCRIPT = FOLDER / "experiments.py"
SETTINGS: dict[str, Any] = {
    "data": "photos", "preset": "compact", "minutes": 10.0, "steps": 0, "held_out": 6, "seed": 3, "perceptual": "hed.safetensors",
    "perceptual_network": "hed_vgg16", "segmenter": "segmenter.safetensors", "groups": "landscape", "features": "", "device": "cpu",
}  # fmt: skip
STYLELESS = {"generator.input", "encoder.used"}
DIFFERENCES = {
    "spade-again": {"seed"},
    "label-map": STYLELESS,
    "concatenation": {"generator.name"},
    "pix2pixhd": {
        *STYLELESS, "generator.name", "generator.base_channels", "discriminator.spectral_norm", "losses.adversarial",
        "optimizer.two_time_scales", "optimizer.generator_learning_rate", "optimizer.discriminator_learning_rate",
        "initial.distribution", "initial.gain", "initial.modulation_gain",
    },
    "pix2pixhd-spade": {*STYLELESS, "generator.name", "generator.base_channels"},
    "no-perceptual": {"losses.perceptual_weight"},
    "no-matching": {"losses.feature_matching_weight"},
    "kernel-1": {"generator.kernel_size"},
    "instance-norm": {"generator.norm"},
}  # fmt: skip
"""By row, in what its training differs from that of the first row."""


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Give what imports a module of the benchmarks."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


def _config(experiments: Any, row: Any) -> TrainConfig:
    new = parse(experiments.Settings(**SETTINGS).training(row, Path("runs")))
    assert isinstance(new, New)
    assert (new.init_from, new.create_only, new.name) == (None, True, row.name)
    return resolve(new)


def test_rows_differ_in_what_they_are_called_by(module: Callable[[str], Any]) -> None:
    experiments, rows = module("experiments"), module("experiment_rows")
    first, *others = (_config(experiments, row) for row in rows.ROWS)
    expected = preset("compact")
    assert (first.generator, first.encoder, first.discriminator) == (expected.generator, expected.encoder, expected.discriminator)
    assert dataclasses.replace(first.losses, perceptual=expected.losses.perceptual) == expected.losses
    assert first.losses.perceptual.network == "hed_vgg16"
    assert (first.schedule.factor(500_000), first.schedule_unit, first.data.validation, first.seed) == (1.0, "steps", 6, 3)
    assert {row.name: set(other.differences(first)) for row, other in zip(rows.ROWS[1:], others, strict=True)} == DIFFERENCES
    by_name = dict(zip(DIFFERENCES, others, strict=True))
    assert by_name["pix2pixhd"].losses.adversarial == "least_squares"
    assert by_name["pix2pixhd"].optimizer.rates == (2e-4, 2e-4)
    assert by_name["no-perceptual"].losses.perceptual_weight == by_name["no-matching"].losses.feature_matching_weight == 0
    wanted = rows.parameters(by_name["label-map"])
    assert wanted.encoder == 0
    for name in ("pix2pixhd", "pix2pixhd-spade"):
        assert rows.parameters(by_name[name]).generator == pytest.approx(wanted.generator, rel=0.05)


def test_options_of_all_rows_take_the_place_of_the_presets(module: Callable[[str], Any]) -> None:
    experiments, rows = module("experiments"), module("experiment_rows")
    settings = experiments.Settings(**SETTINGS, options="--batch-size 4 --projected.file 'the network.safetensors'")
    for row in rows.ROWS:
        new = parse(settings.training(row, Path("runs")))
        assert isinstance(new, New)
        config = resolve(new)
        assert config.batch_size == 4
        assert Path(config.projected.file).name == "the network.safetensors"


@pytest.fixture
def folder(tmp_path: Path, module: Callable[[str], Any]) -> Any:
    """Give a folder of experiments whose commands are noted and not executed."""
    experiments = module("experiments")

    class Noting(experiments.Experiments):
        def __init__(self) -> None:
            super().__init__(tmp_path / "folder", experiments.Settings(**SETTINGS), {})
            self.commands: list[str] = []

        def _command(self, module: str, arguments: list[str], *, quiet: bool) -> None:
            del module, quiet
            self.commands.append(arguments[0])
            if arguments[0] == "new":
                RunDirectory.create(Path(arguments[arguments.index("--runs") + 1]), "spade", preset("compact"))

        def _resume(self, row: Any, run: RunDirectory) -> None:
            del row
            self.commands.append(f"resume {run.path.name}")

    return Noting()


def _logged(run: RunDirectory, *parts: tuple[int, int, float]) -> None:
    """Write the events of a run: for every part the step it began at, the steps to which it came, and the seconds of each."""
    with EventLog(run.events_path) as log:
        for begin, end, seconds in parts:
            log.write(RunStarted(begin, 99, 1, "cpu", "0"))
            for step in range(begin + 1, end + 1):
                log.write(StepLogged(step, 0.0, 8 * step, {}, (1.0, 1.0), seconds, 1.0))


def test_time_is_that_of_steps_that_count(folder: Any, module: Callable[[str], Any]) -> None:
    experiments, row = module("experiments"), module("experiment_rows").ROWS[0]
    run = RunDirectory.create(folder.runs(row), row.name, preset("compact"))
    _logged(run, (0, 9, 10.0), (5, 8, 20.0))  # cut off after nine steps, and gone on with from the fifth
    assert experiments.trained_so_far(run) == experiments.Trained(5 * 10 + 3 * 20, 8, 64)
    folder.train(row)
    assert folder.commands == ["resume 00000-spade", "export"]


def test_a_row_that_is_done_is_only_exported_and_one_of_too_much_time_begins_anew(folder: Any, module: Callable[[str], Any]) -> None:
    row = module("experiment_rows").ROWS[0]
    _logged(RunDirectory.create(folder.runs(row), row.name, preset("compact")), (0, 10, 61.0))
    folder.train(row)
    assert folder.commands == ["export"]
    _logged(RunDirectory.create(folder.runs(row), row.name, preset("compact")), (0, 10, 67.0))
    folder.commands.clear()
    folder.train(row)
    assert folder.commands == ["new", "resume 00002-spade", "export"]
    assert [entry["row"] for entry in folder.conditions()] == ["spade"]


def test_the_document_has_figures_and_no_paths(module: Callable[[str], Any]) -> None:
    report, rows = module("experiment_report"), module("experiment_rows")
    measured = {"pixel_accuracy": 0.61, "mean_iou": 0.342, "fid": 81.25}
    again = {"pixel_accuracy": 0.6, "mean_iou": 0.345, "fid": 80.0}
    figures = [
        report.Figures(rows.ROWS[0], rows.Parameters(15_800_000, 2_500_000), 600.0, 4800, measured, 24),
        report.Figures(rows.ROWS[1], rows.Parameters(15_800_000, 2_500_000), 600.0, 4800, again, 24),
        report.Figures(rows.ROWS[4], rows.Parameters(14_400_000, 0), 30.0, 240, None, 18),
    ]
    result = {
        "frechet_networks": {"fid": "Inception"}, "classes": {"names": ["sky", "tree"]}, "size": {"height": 128, "width": 128},
        "pictures": 300, "segmenter": "deeplab", "frechet_between_real_photographs": {"between": "others", "pictures": 300, "fid": 40.5},
        "candidates": [{"kind": "photographs", "pixel_accuracy": 0.743, "mean_iou": 0.48}],
    }  # fmt: skip
    conditions = [{"row": "spade", "machine": "2 cores", "threads": "2", "load": 0.25}]
    settings = SETTINGS | {"data": "/secret/photos.zip", "features": "/secret/inception.pth"}
    text = report.experiment_report(settings, conditions, figures, result)
    assert "| SPADE | 61.0 % | 34.2 % | 81.2 | 15.8 + 2.5 | 8.00 | 4,800 | 10.00 | 35.3 / 38.3 |" in text
    assert "| pix2pixHD | – | – | – | 14.4 | 8.00 | 240 | 0.50 | 14.6 / 20.3 |" in text
    assert "| real photographs | 74.3 % | 48.0 % | 40.5 | – | – | – | – | – |" in text
    flat = " ".join(text.split())
    assert "1.0 percentage points of pixel accuracy, 0.3 percentage points of mean IoU, 1.2 of FID" in flat
    assert "on 2 cores, 2 threads." in flat
    assert "base width 18 for pix2pixHD" in flat
    assert "are 2,458 times as many" in flat
    assert "secret" not in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 140
    assert "Projected" not in text
    equals = report.experiment_report(settings | {"options": "--projected.file=/secret/net.safetensors"}, conditions, figures, result)
    assert "--options --projected.file=net.safetensors" in " ".join(equals.split())
    settings |= {"options": "--batch-size 4 --projected.file '/secret/the network.safetensors'"}
    flat = " ".join(report.experiment_report(settings, conditions, figures, result).split())
    assert "all rows have `--batch-size 4 --projected.file 'the network.safetensors'`." in flat
    assert "--options '--batch-size 4 --projected.file" in flat
    assert "one judges in the features of a frozen network (Projected GANs)" in flat
    assert "secret" not in flat
    for between, seen in ((0, 0), (1, 3)):  # before anything is measured, and before anything is trained
        early = report.experiment_report(settings, conditions[:between], figures[2 : 2 + seen], {})
        assert "Nothing is measured yet." in early


def test_rows_are_told_apart_only_by_more_than_seeds_differ_in_both_measures(module: Callable[[str], Any]) -> None:
    report, rows = module("experiment_report"), module("experiment_rows")
    by_name = {"spade": (0.60, 0.30), "spade-again": (0.64, 0.32), "label-map": (0.55, 0.27), "concatenation": (0.57, 0.27)}
    by_name |= {"pix2pixhd": (0.1, 0.1), "kernel-1": (0.7, 0.35), "no-matching": (0.7, 0.33)}

    def flat(names: set[str]) -> str:
        found = [
            report.Figures(row, rows.Parameters(1, 1), 60.0, 480, {"pixel_accuracy": accuracy, "mean_iou": iou}, 24)
            for row in rows.ROWS
            if row.name in names
            for accuracy, iou in [by_name[row.name]]
        ]
        return " ".join(report.experiment_report(SETTINGS, [], found, {}).split())

    told = "“SPADE with label-map input” and “pix2pixHD” came out below them, and “SPADE, kernel 1” came out above them."
    assert f"{told} “concatenation” and “SPADE without feature matching” cannot be told from SPADE" in flat(set(by_name))
    assert "no row differs from them" in flat({"spade", "spade-again", "no-matching"})
    assert "seeds of SPADE differ, in" not in flat({"spade", "kernel-1"})


def _arguments(tmp_path: Path, data: Path, segmenter: Path, *more: str) -> list[str]:
    words = [str(tmp_path / "folder"), "--data", str(data), "--segmenter", str(segmenter), "--preset", "tiny", "--held-out", "6"]
    return [*words, "--device", "cpu", "--threads", "1", "--report", str(tmp_path / "experiments.md"), *more]


@pytest.fixture
def commands_here(module: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[str]], int]]:
    """Give the script's ``main``, whose short commands of spade-train run in this process; trainings and evaluations have their own."""
    experiments = module("experiments")
    real, before = experiments.Experiments._command, signal.getsignal(signal.SIGTERM)

    def command(self: Any, module: str, arguments: list[str], *, quiet: bool) -> None:
        if module == "spade_studio.train.cli":
            assert spade_train(arguments) == 0
        else:
            real(self, module, arguments, quiet=quiet)

    monkeypatch.setattr(experiments.Experiments, "_command", command)
    yield experiments.main
    signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
def test_rows_are_trained_and_measured_and_go_on_after_an_interruption(
    tmp_path: Path, data: Path, color_segmenter: Path, commands_here: Callable[[list[str]], int]
) -> None:
    arguments = _arguments(tmp_path, data, color_segmenter, "--steps", "12", "--rows", "spade,pix2pixhd")
    events = tmp_path / "folder/runs/spade/00000-spade/events.jsonl"
    process = subprocess.Popen([sys.executable, str(SCRIPT), *arguments], stderr=subprocess.PIPE, text=True)
    try:
        while not (events.exists() and '"step":2,' in events.read_text("utf-8")):
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM
    assert not RunDirectory(events.parent).is_running()
    assert not (tmp_path / "experiments.md").exists()

    assert commands_here(arguments) == 0
    kinds = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    starts = [event["at_step"] for event in kinds if event["kind"] == "run_started"]
    assert (starts[0], len(starts)) == (0, 2)
    assert starts[1] >= 2  # not from the beginning
    result = json.loads((tmp_path / "folder/evaluation/result.json").read_bytes())
    text = (tmp_path / "experiments.md").read_text("utf-8")
    for entry, title in zip(result["candidates"], ("SPADE", "pix2pixHD", "real photographs"), strict=True):
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {title} |")]
        assert line.split(" | ")[1:3] == [f"{100 * entry[name]:.1f} %" for name in ("pixel_accuracy", "mean_iou")]
    (line,) = [line for line in text.splitlines() if line.startswith("| SPADE |")]
    assert line.split(" | ")[5] == f"{[event['images_seen'] for event in kinds if event['kind'] == 'step'][-1]}"
    assert not [line for line in text.splitlines() if line.startswith("| SPADE, kernel 1")]

    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "folder").rglob("*.safetensors")}
    assert len(before) >= 5  # two weights, three parts
    assert commands_here(arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "folder").rglob("*.safetensors")} == before


def test_a_row_that_fails_is_told_and_other_settings_are_refused(
    tmp_path: Path, data: Path, color_segmenter: Path, module: Callable[[str], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    main, before = module("experiments").main, signal.getsignal(signal.SIGTERM)
    try:
        common = _arguments(tmp_path, data, color_segmenter, "--rows", "kernel-1", "--perceptual", str(tmp_path / "gone.safetensors"))
        (tmp_path / "experiments.md").write_text("old\n\n## CRN and SIMS\n\nBy hand.\n", "utf-8")
        assert main([*common, "--steps", "2"]) == 1
        assert "there is no such file" in (said := capfd.readouterr().err)
        assert "SPADE, kernel 1: spade_studio.train new ended with exit code 1" in said
        text = (tmp_path / "experiments.md").read_text("utf-8")
        assert "Nothing is measured yet." in text
        assert text.endswith("\n\n## CRN and SIMS\n\nBy hand.\n")
        assert text.startswith("# Experiments\n")
        with pytest.raises(SystemExit, match="has rows with steps 2, not 3"):
            main([*common, "--steps", "3"])
        for wrong in (["--rows", "crn"], ["--minutes", "0"]):
            with pytest.raises(SystemExit, match="2"):
                main([*common, *wrong])
        with pytest.raises(SystemExit, match="2"):
            main([str(FOLDER / "there"), *common[1:]])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not os.path.lexists(FOLDER / "there")
