#!/usr/bin/env python3
"""Run SPADE Studio from a checkout: make the virtual environment once, then start what was asked for.

It needs the standard library of Python 3.11 or later only, and works without a network once installed.

    python3 packaging/bootstrap.py app [arguments]       the application
    python3 packaging/bootstrap.py render [arguments]    spade-render
    python3 packaging/bootstrap.py train [arguments]     spade-train
    python3 packaging/bootstrap.py eval [arguments]      spade-eval
    python3 packaging/bootstrap.py test [pytest arguments]

`test` runs the linters, the type checker and all tests; with arguments only pytest, with these.
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
    """What stops us, in words for a person."""


class Command(NamedTuple):
    """What a word on the command line starts."""

    script: str  # the name in [project.scripts] or [project.gui-scripts]; empty for the test run
    help: str


COMMANDS = {
    "app": Command("spade-studio", "start the application"),
    "render": Command("spade-render", "render label maps from the command line"),
    "train": Command("spade-train", "train weights on your own pictures"),
    "eval": Command("spade-eval", "measure weights as the paper does"),
    "test": Command("", "run linters, type checker and tests"),
}


class Project:
    """The checkout: what its pyproject.toml says, and where its virtual environment lies."""

    def __init__(self, root: Path) -> None:
        import tomllib  # not before the Python version is checked

        self.root = root
        self.constraints = root / "packaging" / "constraints.txt"
        self.lock = root / "packaging" / "lock.txt"  # the same versions with hashes; see packaging/lock.py
        self.pyproject: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        self.venv = root / ".venv"
        folder, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
        self.python = self.venv / folder / f"python{suffix}"
        self.scripts, self.script_suffix = self.venv / folder, suffix

    def commands(self) -> dict[str, Command]:
        """Return the commands that this checkout can run: those whose script pyproject.toml names."""
        project = self.pyproject["project"]
        scripts = {**project.get("scripts", {}), **project.get("gui-scripts", {})}
        return {word: command for word, command in COMMANDS.items() if not command.script or command.script in scripts}

    def group(self, name: str) -> list[str]:
        """Return the requirements of a dependency group."""
        found: list[str] = []
        for item in self.pyproject.get("dependency-groups", {}).get(name, []):
            found += self.group(item["include-group"]) if isinstance(item, dict) else [item]
        return found

    def locks(self, groups: set[str]) -> list[Path]:
        """Return the lock files of the program and of dependency groups, as far as there are such."""
        files = [self.lock, *(self.lock.with_name(f"lock-{group}.txt") for group in sorted(groups))]
        return [path for path in files if path.exists()]

    def fingerprint(self) -> str:
        """Return a hash of all that decides what has to be installed. The place counts too: an editable installation holds paths."""
        digest = hashlib.sha256(str(self.root).encode())
        for path in (self.root / "pyproject.toml", self.constraints, *sorted(self.lock.parent.glob("lock*.txt"))):
            digest.update(path.read_bytes() + b"\0")
        return digest.hexdigest()


def check_python(version: tuple[int, ...], executable: str) -> None:
    """Refuse a Python that is too old.

    Raises:
        BootstrapError: Says which was found and how to choose another.
    """
    if tuple(version[:2]) < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise BootstrapError(
            f"This is Python {version[0]}.{version[1]} ({executable}); SPADE Studio needs Python {wanted} or later.\n"
            f"Install one (Debian, Ubuntu: sudo apt install python{wanted} python{wanted}-venv; Fedora: sudo dnf install python{wanted}; "
            f"macOS, Windows: python.org) and run this file with it."
        )


def check_venv_modules(find: Any = importlib.util.find_spec) -> None:
    """Refuse a Python that cannot make virtual environments (Debian packs that apart).

    Raises:
        BootstrapError: Says which package to install.
    """
    if find("venv") is None or find("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise BootstrapError(
            f"This Python cannot make virtual environments: its module ensurepip is missing.\n"
            f"  Debian, Ubuntu:  sudo apt install python3-venv   (or python{version}-venv)\n"
            f"  Fedora:          sudo dnf install python3-pip"
        )


def installed_groups(project: Project) -> tuple[str, set[str]]:
    """Return fingerprint and groups of the last installation that ended well; empty where there is none."""
    try:
        stamp = json.loads((project.venv / STAMP_NAME).read_text(encoding="utf-8"))
        return str(stamp["fingerprint"]), {str(group) for group in stamp["groups"]}
    except (OSError, ValueError, KeyError, TypeError):
        return "", set()


def install(project: Project, groups: set[str]) -> bool:
    """Make the virtual environment and install the project with ``groups`` into it, unless that was done already.

    Returns:
        Whether anything had to be done.

    Raises:
        BootstrapError: The environment could not be made or filled.
    """
    fingerprint = project.fingerprint()
    done, done_groups = installed_groups(project)
    if done == fingerprint and groups <= done_groups and project.python.exists():
        return False
    stamp = project.venv / STAMP_NAME
    # Without a stamp an installation that is interrupted from here on is done again.
    stamp.unlink(missing_ok=True)
    make_venv(project)
    groups = groups | done_groups  # a change of pyproject.toml must not lose the test tools of an earlier run
    pip = [str(project.python), "-m", "pip", "--disable-pip-version-check", "install"]
    constraints = ["--constraint", str(project.constraints)]
    extra = [requirement for group in sorted(groups) for requirement in project.group(group)]
    locked = [word for path in project.locks(groups) for word in ("--requirement", str(path))]
    steps = [
        # By hash all that is the same on every machine; in hash mode pip takes neither an editable project nor any build of torch.
        *([[*pip, "--require-hashes", "--no-deps", *locked]] if locked else []),
        # The build requirements first, so that building needs no environment of its own (and no network when they are there already).
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
    """Make the virtual environment where there is none, or one that an interrupted run left without pip.

    Raises:
        BootstrapError: A folder of the same name is no virtual environment, or making it failed.
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
    """Link the packages under build/typing/spade_studio, where the type checker finds them as they are imported.

    Type checkers do not run the import hook of an editable installation, so `spade_studio.engine` must exist as a folder.
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
            # Windows grants symbolic links to few; junctions to all.
            subprocess.run(["cmd", "/c", "mklink", "/J", str(link), str(target)], check=True, stdout=subprocess.DEVNULL)
    return folder


def run_tests(project: Project, arguments: list[str]) -> int:
    """Run the checks and then pytest; with arguments only pytest. Returns 0 if all passed.

    pytest runs last and repeats in its summary which checks failed, so that its closing line is the last line.
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
    # Threads that spin while they wait make torch many times slower where other processes want the same cores.
    environment = {"OMP_WAIT_POLICY": "passive", **os.environ, FAILED_CHECKS_VARIABLE: ", ".join(failed)}
    code = run([python, "-m", "pytest", *arguments], project.root, environment=environment)
    return code or (1 if failed else 0)


def system_libraries(project: Project) -> ModuleType:
    """Load app/startup/system_libraries.py by its path, since what it is part of may not be installed."""
    name = "spade_studio_system_libraries"
    spec = importlib.util.spec_from_file_location(name, project.root / "app" / "startup" / "system_libraries.py")
    if spec is None or spec.loader is None:
        raise BootstrapError("app/startup/system_libraries.py is missing from this checkout.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def run(command: list[str], folder: Path, *, quiet: bool = False, environment: dict[str, str] | None = None) -> int:
    """Run a command to its end and return its exit code (128 + n where signal n ended it, as shells do)."""
    output = subprocess.DEVNULL if quiet else None
    # Interrupting from the keyboard reaches the command too; it may want to close down, so we only wait.
    with subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment) as process:
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                continue
    return code if code >= 0 else 128 - code


def say(text: str) -> None:
    """Print at once, so that lines stand in order with those of the commands."""
    print(text, flush=True)


def usage(project: Project) -> str:
    """Return the commands of this checkout in words."""
    lines = ["usage: python3 packaging/bootstrap.py COMMAND [ARGUMENTS]", ""]
    return "\n".join(lines + [f"  {word:8}{command.help}" for word, command in project.commands().items()])


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run one command of the table; returns the exit code."""
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
