"""``spade-eval``: parsing of the command line, and exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import tyro

from spade_studio.train.cli.command_line import description, exit_code, first_word
from spade_studio.train.evaluation.cli_options import COMMANDS, Command, Study

EXAMPLES = """examples:
  spade-eval run lakes.safetensors --data photos/ --held-out 300 --output eval/ \\
      --segmenter nvidia/segformer-b5-finetuned-ade-640-640 --features inception --perceptual vgg19
  spade-eval run a.safetensors b.safetensors --data photos/ --segmenter model/ --output eval/     side by side
  spade-eval run --pictures renders/ --data photos/ --segmenter model/ --output eval/             pictures that are there
  spade-eval run ... --shard 0/4                                a share; torchrun and Slurm ranks share by themselves
  spade-eval merge eval/                                        the report of what all shares have measured
  spade-eval study spade/ crn/ --layouts maps/ --output study/  a page that asks people which pictures look more real
  spade-eval study --collect answers-*.json                     what their answers come to

spade-eval COMMAND --help lists the options of a command.
Exit codes: 0 done, 1 it failed or pictures could not be measured, 2 wrong usage, 130 interrupted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``spade-eval``.

    Args:
        arguments: Command line without the program's name; that of the process where None.

    Returns:
        Exit code: 0 for success, 1 for failure, 130 where interrupted. Wrong usage raises SystemExit(2).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)

    def work() -> int:
        command = parse(given)
        if isinstance(command, Study):
            from spade_studio.train.evaluation.study_command import run_study

            return run_study(command)
        from spade_studio.train.evaluation import commands

        return commands.run(command)

    return exit_code(work, "What is measured is kept; the same command goes on from here.")


def parse(arguments: Sequence[str]) -> Command:
    """Parse a command line.

    Raises:
        SystemExit: wrong usage, or a request for help.
    """
    name = first_word("spade-eval", "Measure weights as the SPADE paper does.", COMMANDS, EXAMPLES, arguments)
    kind, _ = COMMANDS[name]
    return tyro.cli(kind, prog=f"spade-eval {name}", args=list(arguments[1:]), description=description(kind))


if __name__ == "__main__":
    sys.exit(main())
