"""Help, and what wrong usage is told."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from spade_studio.train.cli.options import COMMANDS, DatasetKind, PresetName
from spade_studio.train.config.architectures import ARCHITECTURES
from spade_studio.train.config.presets import PRESETS
from spade_studio.train.datasets import DATASET_KINDS

POSITIONAL = {"data_path": "DATA", "run": "RUN", "photos": "PHOTOS", "dataset": "{coco}", "folder": "DIR"}

WRONG = {
    "": "required: COMMAND",
    "trian": "invalid choice: 'trian'",
    "new": "DATA",
    "new data --preset compct": "'compact'",
    "new data --preset": "Missing value for argument '--preset'",
    "new data --bach-size 4": "--batch-size INT",  # what was meant
    "new data --batch 4": "--batch-size INT",
    "new data --workers 4": "--data.workers {None}|INT",
    "new data --adversarial hinge": "--losses.adversarial",
    "new data --batch-size four": "four",
    "new data --losses.adversarial hnge": "'hinge'",
    "new data --steps 0": "'0' is not a whole number from 1 up",
    "new data --steps 1.5": "'1.5' is not a whole number from 1 up",
    "new data --epochs 0": "'0' is not a number above 0",
    "new data --epochs nan": "'nan' is not a number above 0",
    "new data --nproc-per-node 0": "'0' is not a whole number from 1 up",
    "new data --max-restarts -1": "-1",
    "new data --device gpu": "'gpu' is no device: give auto, cpu, cuda, cuda:N or mps",
    "new data --console loud": "'rich'",
    "new data more": "more",
    "resume": "RUN",
    "resume run --nproc-per-node 0": "from 1 up",
    "resume run --device cuda:x": "no device",
    "resume run --batch-size 4": "--batch-size",
    "stop": "RUN",
    "pause": "RUN",
    "export": "RUN",
    "check": "DATA",
    "check data --kind flickr": "'cityscapes'",
    "check data --split test": "'validation'",
    "label photos": "--model MODEL",
    "prepare": "coco",
    "prepare ade20k data": "('coco',)",
    "prepare coco": "DIR",
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage_says_what_is_expected_and_exits_2(line: str, train: Any) -> None:
    done = train(*line.split())
    assert done.code == 2
    assert WRONG[line] in " ".join(re.sub("[│─]", " ", done.err).split())
    assert done.out == ""
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--batch-size 0", "batch_size is 0. Expected from 1 to 65536"),
        ("--average-decay 1.5", "average_decay is 1.5. Expected from 0"),
        ("--geometry.crop-size 4096", "at least the crop_size"),
        ("--schedule.constant 0 --schedule.decay 0", "some training"),
        ("--losses.perceptual.network hed_vgg16", "the path of its .safetensors file"),
        ("--generator.name spede", "Did you mean 'spade'?"),
        ("--architecture pix2pix", "Did you mean 'pix2pixhd'?"),
        ("--architecture pix2pixhd --encoder.used", "which takes no style"),
        ("--monitor.best-metric frechet", "the file of a feature network"),
        ("--steps 10 --epochs 2", "--steps and --epochs are both given"),
        ("--data.path elsewhere", "--data.path elsewhere beside data"),
    ],
)
def test_values_that_cannot_be_used_end_with_the_message(options: str, words: str, train: Any, tmp_path: Path) -> None:
    done = train("new", "data", "--runs", tmp_path / "runs", *options.split())
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert words in done.err
    assert done.out == ""
    assert not (tmp_path / "runs").exists()


# ---- help


def options_of(kind: Any, prefix: str = "") -> Iterator[str]:
    """Yield the options of a command, those of the configuration's parts included."""
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if dataclasses.is_dataclass(hints[field.name]):
            yield from options_of(hints[field.name], "" if field.name == "config" else f"{prefix}{field.name}.")
        elif not prefix and field.name in POSITIONAL:
            yield POSITIONAL[field.name]
        else:
            name = "config" if field.name == "config_file" else field.name  # beside the field of that name, whose options have no prefix
            yield f"--{prefix}{name}".replace("_", "-")


def explained(text: str) -> dict[str, tuple[str, str]]:
    """Return the words of a help and the default that it names, by option."""
    entries: list[str] = []
    inside = False
    for line in text.splitlines():
        row = line.strip("│").rstrip()  # where the output is no UTF-8, there are spaces in place of boxes
        if re.match(rf" {{1,2}}(--?[a-z]|({'|'.join(map(re.escape, POSITIONAL.values()))}) )", row):
            entries.append(row)
            inside = True
        elif not row.strip("╭╰─╮╯ "):
            inside = False
        elif inside:
            entries[-1] += f"\n{row}"
    found: dict[str, tuple[str, str]] = {}
    for entry in entries:
        given, words = re.fullmatch(r" +(\S+(?: \S+)*)\s*(.*)", entry, re.DOTALL).groups()  # pyright: ignore[reportOptionalMemberAccess]
        words, _, default = re.sub(r"\s+", " ", words).partition("(default: ")
        found[given.split()[0].rstrip(",")] = words.removesuffix("(required)").strip(), default.partition(")")[0]
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str, train: Any) -> None:
    done = train(name, "--help")
    assert done.code == 0
    assert f"usage: spade-train {name}" in done.out
    words = explained(done.out)
    wanted = list(options_of(COMMANDS[name][0]))
    assert [option for option in wanted if option not in words] == []
    assert [option for option in wanted if len(words[option][0].split()) < 2] == []
    assert [option for option in wanted if re.search(":[a-z]+:`|``", words[option][0])] == []


def test_the_first_help_lists_commands_and_examples(train: Any) -> None:
    done = train("--help")
    assert done.code == 0
    for name, (_, words) in COMMANDS.items():
        assert re.search(rf"^  {name} +{words}$", done.out, re.MULTILINE)
    examples = re.findall(r"^  spade-train (\w+) ", done.out, re.MULTILINE)
    assert {"check", "new", "stop", "pause", "resume", "export"} <= set(examples) <= set(COMMANDS)


def test_the_help_of_new_lists_presets_and_architectures(train: Any) -> None:
    done = train("new", "--help")
    for name, row in {**PRESETS, **ARCHITECTURES}.items():
        assert re.search(rf"^  {re.escape(name)} +{re.escape(row.summary)}$", done.out, re.MULTILINE), name


def test_the_help_of_new_shows_the_values_of_the_preset(train: Any) -> None:
    compact, tiny = (explained(train("new", "--preset", name, "--help").out) for name in ("compact", "tiny"))
    assert (compact["--batch-size"][1], tiny["--batch-size"][1]) == ("8", "4")
    assert (compact["--losses.perceptual.network"][1], tiny["--geometry.crop-size"][1]) == ("vgg16", "64")
    other = explained(train("new", "--architecture", "pix2pixhd", "--help").out)
    assert (other["--generator.name"][1], other["--losses.adversarial"][1]) == ("pix2pixhd", "least_squares")


def test_the_version(train: Any) -> None:
    assert train("--version") == (0, f"spade-train {version('spade-studio')}\n", "")


def test_names_are_those_that_exist() -> None:
    assert get_args(PresetName) == tuple(PRESETS)
    assert get_args(DatasetKind) == ("auto", *DATASET_KINDS)


def test_help_and_wrong_usage_do_not_wait_for_torch() -> None:
    lines = ["--help", "--version", *(f"{name} --help" for name in COMMANDS), "new data --steps x", "new data --batch-size 0"]
    code = f"""
import json, sys
from spade_studio.train.cli.main import main
for line in {lines!r}:
    try:
        main(line.split())
    except SystemExit:
        pass
print(json.dumps([name for name in ("torch", "cv2", "transformers", "PySide6", "tensorboard") if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
