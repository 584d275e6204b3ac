"""Every command that a manual names can be given as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from spade_studio.train.cli.commands import resolve
from spade_studio.train.cli.main import EXAMPLES, parse
from spade_studio.train.cli.options import COMMANDS, New, PresetName

ROOT = Path(__file__).resolve().parents[3]


def examples(text: str) -> list[list[str]]:
    """Return the command lines of spade-train in a text: those that stand on lines of their own, and those under torchrun."""
    lines = re.findall(r"^ *spade-train ([a-z]+ .*)", text, re.MULTILINE)
    lines += re.findall(r"`(?:torchrun .*)?spade-train ([a-z]+ [^`]*)`", text)
    return [shlex.split(re.split(r" {3,}| #", line)[0]) for line in lines]  # without the remark behind it


SOURCES = {
    "README.md": (ROOT / "README.md").read_text("utf-8"),
    "docs/training.md": (ROOT / "docs" / "training.md").read_text("utf-8"),
    "docs/tutorial.md": (ROOT / "docs" / "tutorial.md").read_text("utf-8"),
    "packaging/slurm/README.md": (ROOT / "packaging/slurm/README.md").read_text("utf-8"),
    "spade-train --help": EXAMPLES,
}


@pytest.mark.parametrize("source", SOURCES)
def test_examples_can_be_given_as_they_are(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # with the configurations that some of them name
    (tmp_path / "mine.toml").write_text("batch_size = 2\n", "utf-8")
    (tmp_path / "mine.yaml").write_text("batch_size: 2\n", "utf-8")
    run = tmp_path / "runs/00000-lakes"
    run.mkdir(parents=True)
    (run / "config.json").write_text('{"data": {"path": "photos"}}', "utf-8")
    found = examples(SOURCES[source])
    assert found
    for arguments in found:
        if "NAME" in arguments or "--help" in arguments:
            continue
        command = parse(arguments)
        if isinstance(command, New):
            resolve(command)


def test_the_page_on_training_shows_every_command_and_every_preset() -> None:
    found = examples(SOURCES["docs/training.md"])
    assert {arguments[0] for arguments in found} == set(COMMANDS)
    presets = {arguments[arguments.index("--preset") + 1] for arguments in found if arguments[0] == "new" and "--preset" in arguments}
    assert presets >= set(get_args(PresetName))
