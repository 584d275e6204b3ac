"""What the command lines of spade-train and spade-eval have in common: the first word, and how a command ends."""

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
    """Do the work of a command and return the exit code, with errors and interruptions told on stderr.

    Args:
        work: Returns the exit code where nothing fails; wrong usage raises SystemExit(2).
        interrupted: What a person should know after Ctrl+C.

    Returns:
        That of the work; 1 where it failed, 130 where it was interrupted.
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
    """Return the command that a command line begins with.

    Args:
        program: Its name.
        summary: What it does, in a sentence.
        commands: What each command's options are, and what it does, by name.
        examples: The end of the help.
        arguments: The command line without the program's name.

    Raises:
        SystemExit: There is no such command, or help or the version was asked for.
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
    """Return what help says of a command: its class's words, without those on the options."""
    return inspect.cleandoc(options.__doc__ or "").partition("\n\nAttributes:")[0]


def listed(summaries: Mapping[str, str]) -> str:
    """Return lines of names and what they stand for, in two columns."""
    width = max(map(len, summaries))
    return "\n".join(f"  {name:{width}}  {words}" for name, words in summaries.items())


def _complain(text: str) -> None:
    if not tell_launcher(text):
        write_line(sys.stderr, text)
