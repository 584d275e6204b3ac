#!/usr/bin/env python3
"""Builds wheel and sdist, checks them, and tries the wheel in a fresh environment without the checkout.

    python3 packaging/check_package.py [--output dist] [--no-install]

The wheel is built from the sdist, so both are known to be complete. `twine check` reads their descriptions, the wheel's contents are
compared with the packages and data of the checkout, and packaging/smoke.py tries the installed commands.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, folder: Path = ROOT) -> None:
    """Run a command; a failure ends the check."""
    print("+", *command, flush=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([str(word) for word in command], check=True, cwd=folder, env=environment)


def environment(folder: Path, *requirements: str | Path) -> Path:
    """Make a fresh environment with packages; returns its folder of commands."""
    run(sys.executable, "-m", "venv", "--clear", folder)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    run(commands / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q", *requirements)
    return commands


def expected_files() -> set[str]:
    """Return what of the checkout belongs into a wheel, by its place in it."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    done = subprocess.run(["git", "ls-files", "-z", *table["package-dir"].values()], cwd=ROOT, capture_output=True, text=True, check=True)
    return {f"spade_studio/{name}" for name in done.stdout.split("\0") if name and (ROOT / name).is_file()}


def missing(wheel: Path) -> list[str]:
    """Return the files of the checkout that a wheel lacks."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(expected_files() - set(archive.namelist()))


def main() -> int:
    """Build and check; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="DIR", help="where wheel and sdist go")
    parser.add_argument("--no-install", action="store_true", help="only build and compare")
    options = parser.parse_args()
    output = options.output.absolute()
    shutil.rmtree(output, ignore_errors=True)
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        tools = environment(work / "tools", "build", "twine")
        run(tools / "python", "-m", "build", "--outdir", output, ROOT)
        run(tools / "python", "-m", "twine", "check", "--strict", *sorted(output.iterdir()))
        [wheel] = output.glob("*.whl")
        if lacking := missing(wheel):
            print(f"{wheel.name} lacks {', '.join(lacking)}", file=sys.stderr)
            return 1
        for file in sorted(output.iterdir()):
            print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")
        if not options.no_install:
            commands = environment(work / "fresh", "-c", ROOT / "packaging" / "constraints.txt", wheel)
            window = ["--window"] if shutil.which("Xvfb") and shutil.which("xdotool") and shutil.which("import") else []
            run(sys.executable, ROOT / "packaging" / "smoke.py", commands, *window, folder=work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
