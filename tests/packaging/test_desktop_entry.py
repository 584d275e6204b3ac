"""The desktop entry for Linux: what it starts exists, and says what the program understands."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

import pytest

from spade_studio.app import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def entry() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue] - names keep their capitals
    parser.read(ROOT / "packaging" / "bundle" / "linux" / "spade-studio.desktop", "utf-8")
    return parser


def test_it_starts_the_installed_program_with_arguments_that_it_understands(entry: configparser.ConfigParser) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["gui-scripts"]
    for section in entry.sections():
        program, *arguments = entry[section]["Exec"].split()
        assert program in scripts
        main.parse(["file.ora" if argument == "%f" else argument for argument in arguments])
    assert entry["Desktop Entry"]["Icon"] == "spade-studio"
    assert (ROOT / "resources" / "icons" / "spade-studio.svg").is_file()


def test_every_action_and_every_translation_is_whole(entry: configparser.ConfigParser) -> None:
    actions = [name for name in entry["Desktop Entry"]["Actions"].split(";") if name]
    assert {f"Desktop Action {name}" for name in actions} == set(entry.sections()) - {"Desktop Entry"}
    for section in entry.sections():
        for key in entry[section]:
            assert key.partition("[")[0] in entry[section], key
