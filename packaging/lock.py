#!/usr/bin/env python3
"""Writes the lock files: the versions in packaging/constraints.txt with the SHA-256 hashes of their distribution files.

    .venv/bin/python packaging/lock.py

It needs uv (``pip install uv``) and an environment with the project and its tests, whose metadata gives the dependencies.
``packaging/lock.txt`` lists the program's dependencies, ``packaging/lock-test.txt`` the additional ones of its tests. torch and the
packages of its CUDA builds are in neither, since the build depends on the machine.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PACKAGING = ROOT / "packaging"
UNLOCKED = frozenset({"torch"})
_PLATFORMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
_HEADER = "# Written by packaging/lock.py; packaging/bootstrap.py installs by it.\n"


def pins() -> dict[str, str]:
    """Return the ``==`` lines of constraints.txt by normalized package name."""
    lines = (PACKAGING / "constraints.txt").read_text("utf-8").splitlines()
    return {canonicalize_name(line.partition("==")[0]): line.strip() for line in lines if "==" in line and not line.startswith("#")}


def needed(requirements: Iterable[str], pinned: Iterable[str]) -> set[str]:
    """Return the pinned packages among the direct and transitive dependencies on any platform, except torch.

    Args:
        requirements: Requirement strings.
        pinned: Normalized names of pinned packages.
    """
    known, found = set(pinned), set[str]()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in known or name in found or not _applies(requirement, extra):
            continue
        found.add(name)
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # only for other platforms; assumed to have no further dependencies
            continue
        waiting += [(Requirement(text), extra) for text in needs for extra in ("", *requirement.extras)]
    return found - UNLOCKED


def _applies(requirement: Requirement, extra: str) -> bool:
    """Whether a requirement's marker applies on any platform."""
    marker = requirement.marker
    places = ({"sys_platform": one, "platform_system": system, "extra": extra} for one, system in _PLATFORMS.items())
    return marker is None or any(marker.evaluate(place) for place in places)


def parts() -> dict[str, set[str]]:
    """Return the package names by lock file name."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pinned = pins()
    program = needed([*pyproject["build-system"]["requires"], *pyproject["project"]["dependencies"]], pinned)
    return {"lock.txt": program, "lock-test.txt": needed(pyproject["dependency-groups"]["test"], pinned) - program}


def main() -> int:
    """Write both lock files; return the exit code."""
    uv = shutil.which("uv")
    if uv is None:
        print("uv is missing: pip install uv", file=sys.stderr)
        return 1
    pinned = pins()
    options = ("--quiet", "--no-deps", "--generate-hashes", "--no-header", "--no-annotate", "--python-version", "3.11")
    for file, names in parts().items():
        lines = "".join(f"{pinned[name]}\n" for name in sorted(names))
        done = subprocess.run([uv, "pip", "compile", *options, "-"], input=lines, capture_output=True, text=True, check=True)
        (PACKAGING / file).write_text(_HEADER + done.stdout, "utf-8")
        print(f"{file}: {len(names)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
