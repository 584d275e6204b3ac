"""``spade-train``: parsing of the command line, and exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import tyro

from spade_studio.train.cli import commands
from spade_studio.train.cli.command_line import description, exit_code, first_word, listed
from spade_studio.train.cli.options import COMMANDS, Command, New
from spade_studio.train.cli.process import prepare
from spade_studio.train.config.architectures import ARCHITECTURES
from spade_studio.train.config.files import with_file
from spade_studio.train.config.presets import PRESETS, preset, with_architecture
from spade_studio.train.config.run import TrainConfig
from spade_studio.train.run.directory import RunDirectory

EXAMPLES = """examples:
  spade-train check photos/                                     what is in the data, and what is wrong with it
  spade-train new photos/ --preset landscapes --dry-run         what would be trained
  spade-train new photos/ --preset landscapes --name lakes      train; Ctrl+C saves and ends
  spade-train new --fork runs/00000-lakes --steps 30000 --optimizer.learning-rate 5e-5   another run from there, with its optimisers
  spade-train stop runs/00000-lakes                             the same from another terminal
  spade-train pause runs/00000-lakes                            let it wait with all in memory; with --end it goes on
  spade-train resume runs/00000-lakes                           go on after a stop
  spade-train export runs/00000-lakes --output lakes.safetensors
  spade-train distill photos/ --output fast/ --weights lakes.safetensors   an upscaler for the detail level fast

spade-train COMMAND --help lists the options of a command.
Exit codes: 0 done, 1 it failed, 2 wrong usage, 130 interrupted."""

_INTERRUPTED = {
    "new": "The last checkpoint is whole; spade-train resume goes on from there.",
    "resume": "The last checkpoint is whole; the same command goes on from there.",
    "label": "What is written is whole; the same command goes on from here.",
    "prepare": "What is written is whole; the same command goes on from here.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``spade-train``.

    Args:
        arguments: Command line without the program's name; that of the process where None.

    Returns:
        Exit code: 0 for success, 1 for failure, 130 where interrupted. Wrong usage raises SystemExit(2).
    """
    if arguments is None:  # this process is spade-train's own
        prepare()
    given = list(sys.argv[1:] if arguments is None else arguments)
    return exit_code(lambda: commands.run(parse(given)), _INTERRUPTED.get(given[0] if given else "", ""))


def parse(arguments: Sequence[str]) -> Command:
    """Parse a command line.

    Raises:
        EngineError: an unusable value.
        SystemExit: wrong usage, or a request for help.
    """
    name = first_word("spade-train", "Train SPADE on photographs with label maps.", COMMANDS, EXAMPLES, arguments)
    kind, _ = COMMANDS[name]
    rest = list(arguments[1:])
    words = description(kind)
    if kind is not New:
        return tyro.cli(kind, prog=f"spade-train {name}", args=rest, description=words)
    config = _starting_config(rest)
    # Data must be named unless a file names them; all other values default to those of the preset or file.
    default = New(Path(config.data.path) if config.data.path else tyro.MISSING, config=config)
    summaries = {name: row.summary for name, row in PRESETS.items()}, {name: row.summary for name, row in ARCHITECTURES.items()}
    words = f"{words}\n\npresets:\n{listed(summaries[0])}\n\narchitectures, in place of the preset's:\n{listed(summaries[1])}"
    return tyro.cli(New, prog="spade-train new", args=rest, default=default, description=words)


def _starting_config(arguments: Sequence[str]) -> TrainConfig:
    """Return the configuration of the preset, file or run on a command line, which gives the defaults of all other options.

    Raises:
        EngineError: The file or run is unusable.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", nargs="?", default="landscapes")
    for name in ("architecture", "config", "fork"):
        parser.add_argument(f"--{name}", nargs="?")
    given = parser.parse_known_args(arguments)[0]
    # Unknown or missing names are rejected by the command's own parser.
    config = preset(given.preset) if given.preset in PRESETS else TrainConfig()
    if given.fork:
        config = RunDirectory.open(Path(given.fork)).config()
    if given.config:
        config = with_file(config, Path(given.config))
    return config if given.architecture is None else with_architecture(config, given.architecture)
