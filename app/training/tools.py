"""How the application runs its command line tools as processes of their own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal

Tool = Literal["spade-train", "spade-render"]

_MODULES: dict[Tool, str] = {"spade-train": "spade_studio.train.cli", "spade-render": "spade_studio.engine.cli"}


def tool_command(tool: Tool, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a tool; a bundle is its own interpreter, whose launcher understands ``-m`` too."""
    # -P: the folder that a process works in must not lend it modules.
    return [sys.executable, "-P", "-m", _MODULES[tool], *arguments]
