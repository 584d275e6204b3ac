"""``spade-eval``: what the command line means, and how its errors end.

It imports torch only once there is something to compute, so that help and wrong usage are quick.
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

import tyro

from spade_studio.engine.errors import EngineError
from spade_studio.train.evaluation.cli_options import COMMANDS, Command

EXAMPLES = """examples:
  spade-eval run lakes.safetensors --data photos/ --held-out 300 --output eval/ \\
      --segmenter nvidia/segformer-b5-finetuned-ade-640-640 --features inception --perceptual vgg19
  spade-eval run a.safetensors b.safetensors --data photos/ --segmenter model/ --output eval/     side by side
  spade-eval run --pictures renders/ --data photos/ --segmenter model/ --output eval/             pictures that are there
  spade-eval run ... --shard 0/4                                a share; torchrun and Slurm ranks share by themselves
  spade-eval merge eval/                                        the report of what all shares have measured

spade-eval COMMAND --help lists the options of a command.
Exit codes: 0 done, 1 it failed or pictures could not be measured, 2 wrong usage, 130 interrupted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``spade-eval``.

    Args:
        arguments: The command line without the program's name; that of the process where None.

    Returns:
        The exit code: 0 done, 1 it failed, 130 interrupted. Wrong usage raises SystemExit(2).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            command = parse(given)
            from spade_studio.train.evaluation import commands

            return commands.run(command)
        finally:
            sys.stdout.flush()  # a broken pipe shall be noticed here
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (EngineError, OSError) as error:
        _complain(f"Error: {error}")
        return 1
    except KeyboardInterrupt:
        _complain("Interrupted. What is measured is kept; the same command goes on from here.")
        return 130


def parse(arguments: Sequence[str]) -> Command:
    """Return what a command line asks for.

    Raises:
        SystemExit: Wrong usage, or help was asked for.
    """
    listed = "\n".join(f"  {name:6}  {words}" for name, (_, words) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        "spade-eval",
        description=f"Measure weights as the SPADE paper does.\n\ncommands:\n{listed}\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="spade-eval COMMAND ...",
    )
    parser.add_argument("command", metavar="COMMAND", choices=list(COMMANDS), help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"spade-eval {version('spade-studio')}")
    name = parser.parse_args(arguments[:1]).command
    kind, _ = COMMANDS[name]
    words = inspect.cleandoc(kind.__doc__ or "").partition("\n\nAttributes:")[0]
    return tyro.cli(kind, prog=f"spade-eval {name}", args=list(arguments[1:]), description=words)


def _complain(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
