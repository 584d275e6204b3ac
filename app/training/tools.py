"""Command lines for running the command line tools as subprocesses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal

Tool = Literal["spade-train", "spade-render"]

_MODULES: dict[Tool, str] = {"spade-train": "spade_studio.train.cli", "spade-render": "spade_studio.engine.cli"}


def tool_command(tool: Tool, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a tool; the launcher of a bundle accepts ``-m`` like Python."""
    # -P: do not import modules from the working directory.
    return [sys.executable, "-P", "-m", _MODULES[tool], *arguments]
