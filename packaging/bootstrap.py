#!/usr/bin/env python3
"""Runs SPADE Studio from a checkout: creates the virtual environment once, then runs the given command.

It needs only the standard library of Python 3.11 or later, and works offline once installed.

    python3 packaging/bootstrap.py app [arguments]       the application
    python3 packaging/bootstrap.py render [arguments]    spade-render
    python3 packaging/bootstrap.py train [arguments]     spade-train
    python3 packaging/bootstrap.py eval [arguments]      spade-eval
    python3 packaging/bootstrap.py test [pytest arguments]

`test` runs the linters, the type checker and all tests; with arguments it runs only pytest with them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
STAMP_NAME = "spade-studio-installed.json"
FAILED_CHECKS_VARIABLE = "SPADE_STUDIO_FAILED_CHECKS"


class BootstrapError(Exception):
    """Fatal error with a message for the user."""


class Command(NamedTuple):
    """Command of the bootstrap script.

    Attributes:
        script: Name of the console or GUI script; empty for the test run.
        help: One-line description.
    """

    script: str  # name in [project.scripts] or [project.gui-scripts]; empty for the test run
    help: str


COMMANDS = {
    "app": Command("spade-studio", "start the application"),
    "render": Command("spade-render", "render label maps from the command line"),
    "train": Command("spade-train", "train weights on your own pictures"),
    "eval": Command("spade-eval", "measure weights as the paper does"),
    "test": Command("", "run linters, type checker and tests"),
}


class Project:
    """Checkout with its pyproject.toml and the paths of its virtual environment."""

    def __init__(self, root: Path) -> None:
        import tomllib  # deferred until the Python version is checked

        self.root = root
        self.constraints = root / "packaging" / "constraints.txt"
        self.lock = root / "packaging" / "lock.txt"  # the same versions with hashes; see packaging/lock.py
        self.pyproject: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        self.venv = root / ".venv"
        folder, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
        self.python = self.venv / folder / f"python{suffix}"
        self.scripts, self.script_suffix = self.venv / folder, suffix

    def commands(self) -> dict[str, Command]:
        """Return the available commands, whose scripts are declared in pyproject.toml."""
        project = self.pyproject["project"]
        scripts = {**project.get("scripts", {}), **project.get("gui-scripts", {})}
        return {word: command for word, command in COMMANDS.items() if not command.script or command.script in scripts}

    def group(self, name: str) -> list[str]:
        """Return the requirements of a dependency group, included groups expanded."""
        found: list[str] = []
        for item in self.pyproject.get("dependency-groups", {}).get(name, []):
            found += self.group(item["include-group"]) if isinstance(item, dict) else [item]
        return found

    def locks(self, groups: set[str]) -> list[Path]:
        """Return the existing lock files of the program and of dependency groups."""
        files = [self.lock, *(self.lock.with_name(f"lock-{group}.txt") for group in sorted(groups))]
        return [path for path in files if path.exists()]

    def fingerprint(self) -> str:
        """Return a SHA-256 over the requirement files and the checkout's path, which an editable installation contains."""
        digest = hashlib.sha256(str(self.root).encode())
        for path in (self.root / "pyproject.toml", self.constraints, *sorted(self.lock.parent.glob("lock*.txt"))):
            digest.update(path.read_bytes() + b"\0")
        return digest.hexdigest()


def check_python(version: tuple[int, ...], executable: str) -> None:
    """Check the Python version.

    Raises:
        BootstrapError: The Python is too old.
    """
    if tuple(version[:2]) < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise BootstrapError(
            f"This is Python {version[0]}.{version[1]} ({executable}); SPADE Studio needs Python {wanted} or later.\n"
            f"Install one (Debian, Ubuntu: sudo apt install python{wanted} python{wanted}-venv; Fedora: sudo dnf install python{wanted}; "
            f"macOS, Windows: python.org) and run this file with it."
        )


def check_venv_modules(find: Any = importlib.util.find_spec) -> None:
    """Check that Python can create virtual environments, which Debian packages separately.

    Raises:
        BootstrapError: The module venv or ensurepip is missing.
    """
    if find("venv") is None or find("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise BootstrapError(
            f"This Python cannot make virtual environments: its module ensurepip is missing.\n"
            f"  Debian, Ubuntu:  sudo apt install python3-venv   (or python{version}-venv)\n"
            f"  Fedora:          sudo dnf install python3-pip"
        )


def installed_groups(project: Project) -> tuple[str, set[str]]:
    """Return the fingerprint and groups of the last successful installation; both empty if there is none."""
    try:
        stamp = json.loads((project.venv / STAMP_NAME).read_text(encoding="utf-8"))
        return str(stamp["fingerprint"]), {str(group) for group in stamp["groups"]}
    except (OSError, ValueError, KeyError, TypeError):
        return "", set()


def install(project: Project, groups: set[str]) -> bool:
    """Create the virtual environment and install the project with dependency groups, unless up to date.

    Returns:
        Whether anything was installed.

    Raises:
        BootstrapError: The environment could not be created, or pip failed.
    """
    fingerprint = project.fingerprint()
    done, done_groups = installed_groups(project)
    if done == fingerprint and groups <= done_groups and project.python.exists():
        return False
    stamp = project.venv / STAMP_NAME
    # Without the stamp, an installation interrupted from here on is repeated.
    stamp.unlink(missing_ok=True)
    make_venv(project)
    groups = groups | done_groups  # keep earlier groups, such as test tools, when pyproject.toml changes
    pip = [str(project.python), "-m", "pip", "--disable-pip-version-check", "install"]
    constraints = ["--constraint", str(project.constraints)]
    extra = [requirement for group in sorted(groups) for requirement in project.group(group)]
    locked = [word for path in project.locks(groups) for word in ("--requirement", str(path))]
    steps = [
        # Platform-independent pins by hash; in hash mode pip accepts neither an editable project nor arbitrary builds of torch.
        *([[*pip, "--require-hashes", "--no-deps", *locked]] if locked else []),
        # Build requirements first, so that building needs no isolated environment (and no network if they are already installed).
        [*pip, *constraints, *project.pyproject["build-system"]["requires"]],
        [*pip, *constraints, "--no-build-isolation", "--editable", str(project.root), *extra],
    ]
    say(f"Installing into {project.venv} (once; the first time it loads some hundred megabytes)")
    for step in steps:
        if code := run(step, project.root):
            raise BootstrapError(f"The installation failed (pip ended with {code}): see above. The same command tries again.")
    temporary = stamp.with_suffix(".tmp")
    temporary.write_text(json.dumps({"fingerprint": fingerprint, "groups": sorted(groups)}), encoding="utf-8")
    temporary.replace(stamp)
    return True


def make_venv(project: Project) -> None:
    """Create the virtual environment if it is missing or lacks pip after an interrupted run.

    Raises:
        BootstrapError: The folder exists but is not a virtual environment, or creating it failed.
    """
    if project.python.exists() and run([str(project.python), "-c", "import pip"], project.root, quiet=True) == 0:
        return
    if project.venv.exists() and any(project.venv.iterdir()) and not (project.venv / "pyvenv.cfg").exists():
        raise BootstrapError(f"{project.venv} is no virtual environment. Remove or rename it, then run this again.")
    check_venv_modules()
    say(f"Making the virtual environment {project.venv}")
    if code := run([sys.executable, "-m", "venv", "--clear", str(project.venv)], project.root):
        shutil.rmtree(project.venv, ignore_errors=True)
        raise BootstrapError(f"The virtual environment {project.venv} could not be made (code {code}). The lines above say why.")


def make_typing_links(project: Project) -> Path:
    """Link the packages into build/typing/spade_studio under their import names for the type checker; return that folder.

    Type checkers do not run the import hook of an editable installation, so ``spade_studio.engine`` must exist as a folder.
    """
    folder = project.root / "build" / "typing" / "spade_studio"
    folder.mkdir(parents=True, exist_ok=True)
    for package, name in project.pyproject["tool"]["setuptools"]["package-dir"].items():
        link, target = folder / package.rpartition(".")[2], project.root / name
        if link.exists() and link.samefile(target):
            continue
        if link.is_symlink():
            link.unlink()
        try:
            link.symlink_to(os.path.relpath(target, folder), target_is_directory=True)
        except OSError:
            if os.name != "nt":
                raise
            # On Windows, symbolic links need privileges and junctions do not.
            subprocess.run(["cmd", "/c", "mklink", "/J", str(link), str(target)], check=True, stdout=subprocess.DEVNULL)
    return folder


def run_tests(project: Project, arguments: list[str]) -> int:
    """Run the checks and then pytest, or only pytest if there are arguments; return 0 if everything passed.

    pytest runs last and repeats failed checks in its summary, so that its closing line is the last line.
    """
    python = str(project.python)
    make_typing_links(project)
    checks = {
        "ruff": ["-m", "ruff", "check", "."],
        "import contracts": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-logo"],
        "types": ["-m", "basedpyright"],
    }
    failed: list[str] = []
    for name, command in {} if arguments else checks.items():
        say(f"== {name}")
        if run([python, *command], project.root):
            failed.append(name)
    say("== tests" + (f" (failed before: {', '.join(failed)})" if failed else ""))
    # Threads that spin while waiting make torch many times slower when other processes compete for the cores.
    environment = {"OMP_WAIT_POLICY": "passive", **os.environ, FAILED_CHECKS_VARIABLE: ", ".join(failed)}
    code = run([python, "-m", "pytest", *arguments], project.root, environment=environment)
    return code or (1 if failed else 0)


def system_libraries(project: Project) -> ModuleType:
    """Load the module app/startup/system_libraries.py by path, since its package may not be importable."""
    name = "spade_studio_system_libraries"
    spec = importlib.util.spec_from_file_location(name, project.root / "app" / "startup" / "system_libraries.py")
    if spec is None or spec.loader is None:
        raise BootstrapError("app/startup/system_libraries.py is missing from this checkout.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module
    spec.loader.exec_module(module)
    return module


def run(command: list[str], folder: Path, *, quiet: bool = False, environment: dict[str, str] | None = None) -> int:
    """Run a command and return its exit code, or 128 + n if it was terminated by signal n, as in shells."""
    output = subprocess.DEVNULL if quiet else None
    # A keyboard interrupt reaches the command too; wait while it shuts down.
    with subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment) as process:
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                continue
    return code if code >= 0 else 128 - code


def say(text: str) -> None:
    """Print and flush, to keep the order with the output of commands."""
    print(text, flush=True)


def usage(project: Project) -> str:
    """Return the usage text with the available commands."""
    lines = ["usage: python3 packaging/bootstrap.py COMMAND [ARGUMENTS]", ""]
    return "\n".join(lines + [f"  {word:8}{command.help}" for word, command in project.commands().items()])


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run a command and return the exit code."""
    try:
        check_python(sys.version_info[:2], sys.executable)
        project = Project(root)
        commands = project.commands()
        if not arguments or arguments[0] in ("-h", "--help", "help"):
            say(usage(project))
            return 0 if arguments else 2
        word, rest = arguments[0], arguments[1:]
        if word not in commands:
            known = COMMANDS.get(word)
            reason = f"'{word}' is not part of this version: it has no {known.script}." if known else f"There is no command '{word}'."
            raise BootstrapError(f"{reason}\n\n{usage(project)}")
        install(project, {"test"} if word == "test" else set())
        libraries = system_libraries(project)
        if word == "test":
            if missing := libraries.missing_libraries("offscreen"):
                say(f"{libraries.explain_missing(missing)}\nThe tests that need them are skipped.")
            return run_tests(project, rest)
        if word == "app" and (missing := libraries.missing_libraries()):
            raise BootstrapError(str(libraries.explain_missing(missing)))
        return run([str(project.scripts / (commands[word].script + project.script_suffix)), *rest], Path.cwd())
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
