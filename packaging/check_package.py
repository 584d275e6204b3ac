#!/usr/bin/env python3
"""Builds wheel and sdist, checks them, and tests the wheel in a fresh environment without the checkout.

    python3 packaging/check_package.py [--output dist] [--no-install] [--tests [PYTEST ARGUMENT ...]]

The wheel is built from the sdist, which proves that both are complete. `twine check` validates their descriptions, the wheel's contents
are compared with the packages and data of the checkout, and packaging/smoke.py tests the installed commands. With --tests, the tests in
the sdist run against the installed package, except those that read the sources; arguments after --tests select among them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OF_SOURCES = (
    "tests/packaging", "tests/test_documents.py", "tests/test_packages.py", "tests/test_without_qt.py", "tests/app/startup/test_startup.py",
    "tests/app/startup/test_translations.py", "tests/app/ui/test_plain.py", "tests/engine/weights/test_default_weights.py",
)  # fmt: skip
"""Tests that need the package sources or other files of the checkout."""


def run(*command: str | Path, folder: Path = ROOT) -> None:
    """Run a command in a folder.

    Raises:
        CalledProcessError: The command failed.
    """
    print("+", *command, flush=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([str(word) for word in command], check=True, cwd=folder, env=environment)


def environment(folder: Path, *requirements: str | Path) -> Path:
    """Create a fresh virtual environment with packages; return its folder of commands."""
    run(sys.executable, "-m", "venv", "--clear", folder)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    run(commands / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q", *requirements)
    return commands


def expected_files() -> set[str]:
    """Return the paths, inside the wheel, of all files of the checkout that belong in it."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    done = subprocess.run(["git", "ls-files", "-z", *table["package-dir"].values()], cwd=ROOT, capture_output=True, text=True, check=True)
    return {f"spade_studio/{name}" for name in done.stdout.split("\0") if name and (ROOT / name).is_file()}


def missing(wheel: Path) -> list[str]:
    """Return the expected files that a wheel lacks."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(expected_files() - set(archive.namelist()))


def unpack_tests(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist without its packages, so that only the installed ones can be imported; return its root."""
    packages = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-dir"].values())
    with tarfile.open(sdist) as archive:
        members = [member for member in archive.getmembers() if not packages & set(Path(member.name).parts[1:2])]
        archive.extractall(folder, members, filter="data")
    return folder / sdist.name.removesuffix(".tar.gz")


def run_tests(commands: Path, sdist: Path, work: Path, arguments: list[str]) -> None:
    """Run an sdist's tests against the installed package.

    Args:
        commands: Folder of commands of the environment.
        sdist: Source distribution with the tests.
        work: Folder for temporary files.
        arguments: Additional pytest arguments.

    Raises:
        CalledProcessError: A test failed.
    """
    group = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["test"]
    constraints = ("-c", ROOT / "packaging" / "constraints.txt")
    run(commands / "python", "-m", "pip", "--disable-pip-version-check", "install", "-q", *constraints, *group)
    root = unpack_tests(sdist, work / "tests")
    ignored = [f"--ignore={path}" for path in OF_SOURCES]
    run(commands / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *ignored, *(arguments or ["-m", "not window"]), folder=root)


def main() -> int:
    """Build and check the packages; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="DIR", help="where wheel and sdist go")
    parser.add_argument("--no-install", action="store_true", help="only build and compare")
    parser.add_argument("--tests", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="run the tests against what is installed")
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
            if options.tests is not None:
                [sdist] = output.glob("*.tar.gz")
                run_tests(commands, sdist, work, options.tests)
    return 0


if __name__ == "__main__":
    sys.exit(main())
