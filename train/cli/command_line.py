"""Common parts of the command lines of spade-train and spade-eval: subcommands and exit codes."""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

from spade_studio.engine.errors import EngineError
from spade_studio.engine.printable import write_line
from spade_studio.train.run.launch import tell_launcher


def exit_code(work: Callable[[], int], interrupted: str) -> int:
    """Run a command, report errors and interruptions on stderr, and return the exit code.

    Args:
        work: The command; returns its exit code, or raises SystemExit(2) for wrong usage.
        interrupted: Message after Ctrl+C.

    Returns:
        Exit code of the command; 1 where it failed, 130 where it was interrupted.
    """
    try:
        try:
            return work()
        finally:
            sys.stdout.flush()  # a broken pipe shall be noticed here
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (EngineError, OSError) as error:
        _complain(f"Error: {error}")
        return 1
    except KeyboardInterrupt:
        _complain(f"Interrupted. {interrupted}".rstrip())
        return 130


def first_word(program: str, summary: str, commands: Mapping[str, tuple[type, str]], examples: str, arguments: Sequence[str]) -> str:
    """Return the subcommand at the start of a command line.

    Args:
        program: Name of the program.
        summary: Description of the program, one sentence.
        commands: Options class and description of each subcommand by name.
        examples: Epilogue of the help.
        arguments: Command line without the program's name.

    Raises:
        SystemExit: an unknown subcommand, or a request for help or version.
    """
    parser = argparse.ArgumentParser(
        program,
        description=f"{summary}\n\ncommands:\n{listed({name: words for name, (_, words) in commands.items()})}\n\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"{program} COMMAND ...",
    )
    parser.add_argument("command", metavar="COMMAND", choices=list(commands), help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"{program} {version('spade-studio')}")
    return parser.parse_args(arguments[:1]).command


def description(options: type) -> str:
    """Return the description of a subcommand in the help: the docstring of its options class without the attributes."""
    return inspect.cleandoc(options.__doc__ or "").partition("\n\nAttributes:")[0]


def listed(summaries: Mapping[str, str]) -> str:
    """Return names and descriptions as lines of two columns."""
    width = max(map(len, summaries))
    return "\n".join(f"  {name:{width}}  {words}" for name, words in summaries.items())


def _complain(text: str) -> None:
    if not tell_launcher(text):
        write_line(sys.stderr, text)
