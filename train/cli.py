"""``spade-train``: what the command line means, and how its errors end.

It imports torch only once there is something to compute, so that help and wrong usage are quick.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import tyro

from spade_studio.engine.errors import EngineError
from spade_studio.train import commands
from spade_studio.train.cli_options import COMMANDS, Command, New
from spade_studio.train.config import TrainConfig
from spade_studio.train.presets import PRESETS, preset, with_architecture

EXAMPLES = """examples:
  spade-train check photos/                                     what is in the data, and what is wrong with it
  spade-train new photos/ --preset compact --dry-run            what would be trained
  spade-train new photos/ --preset compact --name lakes         train; Ctrl+C saves and ends
  spade-train resume runs/00000-lakes                           go on
  spade-train export runs/00000-lakes --output lakes.safetensors

spade-train COMMAND --help lists the options of a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``spade-train``.

    Args:
        arguments: The command line without the program's name; that of the process where None.

    Returns:
        The exit code: 0 done, 1 it failed, 130 interrupted. Wrong usage raises SystemExit(2).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return commands.run(parse(given), given)
    except (EngineError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("Interrupted. The last checkpoint is whole; spade-train resume goes on from there.", file=sys.stderr)  # noqa: T201
        return 130


def parse(arguments: Sequence[str]) -> Command:
    """Return what a command line asks for.

    Raises:
        EngineError: A value cannot be used.
        SystemExit: Wrong usage, or help was asked for.
    """
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:{width}}  {words}" for name, (_, words) in COMMANDS.items())
    outer = argparse.ArgumentParser(
        "spade-train",
        description=f"Train SPADE on photographs with label maps.\n\ncommands:\n{listed}\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="spade-train COMMAND ...",
    )
    outer.add_argument("command", choices=list(COMMANDS), help=argparse.SUPPRESS)
    name = outer.parse_args(arguments[:1]).command
    kind, _ = COMMANDS[name]
    rest = list(arguments[1:])
    if kind is not New:
        return tyro.cli(kind, prog=f"spade-train {name}", args=rest)
    default = New(tyro.MISSING, config=_starting_config(rest))  # data must be named, all else has the preset's values
    return tyro.cli(New, prog="spade-train new", args=rest, default=default)


def _starting_config(arguments: Sequence[str]) -> TrainConfig:
    """Return the configuration of the preset that a command line names: it gives the defaults of all other options."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", default="compact")
    parser.add_argument("--architecture")
    given = parser.parse_known_args(arguments)[0]
    # An unknown name is refused by the command's own parser.
    config = preset(given.preset) if given.preset in PRESETS else TrainConfig()
    return config if given.architecture is None else with_architecture(config, given.architecture)


if __name__ == "__main__":
    sys.exit(main())
