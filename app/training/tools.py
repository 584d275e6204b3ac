"""How the application runs its command line tools as processes of their own, from a checkout and from an installed build alike.

It knows neither Qt nor what the tools do; nothing is imported here before a tool is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal

Tool = Literal["spade-train", "spade-render"]

_MODULES: dict[Tool, str] = {"spade-train": "spade_studio.train.cli", "spade-render": "spade_studio.engine.cli"}


def tool_command(tool: Tool, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a tool: a frozen build is its own interpreter and has no ``-m``."""
    if getattr(sys, "frozen", False):
        return [sys.executable, f"--{tool}", *arguments]
    # -P: the folder that a process works in must not lend it modules.
    return [sys.executable, "-P", "-m", _MODULES[tool], *arguments]


def run_asked_tool(arguments: Sequence[str]) -> int | None:
    """Run the tool that a command line of the application asks for, as :func:`tool_command` writes it.

    Returns:
        The tool's exit code, or None where the command line asks for no tool.
    """
    match list(arguments):
        case ["--spade-train", *rest]:
            from spade_studio.train.cli.main import main as train

            return train(rest)
        case ["--spade-render", *rest]:
            from spade_studio.engine.cli.main import main as render

            return render(rest)
        case _:
            return None
