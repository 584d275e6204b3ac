"""What the whole tree must keep to: packages as listed, files not too long, nothing of one machine, light modules without torch."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 400

# Modules that windows and inspections use before, or without, torch.
LIGHT_MODULES = [
    "spade_studio.engine.detail.files",
    "spade_studio.engine.detail.levels",
    "spade_studio.engine.errors",
    "spade_studio.engine.files",
    "spade_studio.engine.labels",
    "spade_studio.engine.networks.config",
    "spade_studio.engine.rendering.service",
    "spade_studio.engine.weights",
    "spade_studio.engine.weights.info",
    "spade_studio.resources",
    "spade_studio.train.config.presets",
    "spade_studio.train.config.run",
    "spade_studio.train.run.directory",
    "spade_studio.train.run.events",
    "spade_studio.train.run.pins",
]


@pytest.fixture(scope="module")
def setuptools_table() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Give the files under version control, as far as they exist."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_package_list_is_what_lies_on_the_disk(setuptools_table: dict[str, Any]) -> None:
    folders: dict[str, str] = setuptools_table["package-dir"]
    found: set[str] = set()
    for package, folder in folders.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join([package, *init.parent.relative_to(ROOT / folder).parts]))
    assert sorted(setuptools_table["packages"]) == sorted(found)


def test_every_folder_with_modules_is_a_package(setuptools_table: dict[str, Any]) -> None:
    folders = {module.parent for folder in setuptools_table["package-dir"].values() for module in (ROOT / folder).rglob("*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_every_package_data_pattern_matches_something(setuptools_table: dict[str, Any]) -> None:
    for package, patterns in setuptools_table["package-data"].items():
        folder = ROOT / setuptools_table["package-dir"][package]
        assert [pattern for pattern in patterns if not any(folder.glob(pattern))] == [], package


def test_all_resources_are_packaged(setuptools_table: dict[str, Any], tracked: list[Path]) -> None:
    folder = ROOT / "resources"
    packaged = {path for pattern in setuptools_table["package-data"]["spade_studio.resources"] for path in folder.glob(pattern)}
    assert [str(path) for path in tracked if folder in path.parents and path.suffix != ".py" and path not in packaged] == []


def test_no_module_is_too_long(tracked: list[Path]) -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in tracked if path.suffix == ".py"}
    assert lengths, "no Python file is tracked"
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_file_names_a_place_on_one_machine(tracked: list[Path]) -> None:
    # In pieces, so that this file does not find itself.
    folders = "|".join(["wo" + "rk", "ro" + "ot", "tm" + "p", "ho" + "me", "Use" + "rs"])
    place = re.compile(rf"(?<![\w.~$}}*)/-])/(?:{folders})/[\w.]")
    found: list[str] = []
    for path in tracked:
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
            if place.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert found == []


def test_requirements_name_no_registry(tracked: list[Path]) -> None:
    for path in tracked:
        if path.name in ("pyproject.toml", "constraints.txt", "run"):
            assert not re.search(r"index-url|https?://", path.read_text("utf-8")), path


def imported_by(code: str) -> set[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_light_modules_do_not_load_torch_or_qt(module: str) -> None:
    loaded = imported_by(f"import {module}")
    assert module in loaded
    assert not {"torch", "cv2", "PySide6"} & loaded


@pytest.mark.usefixtures("qt_libraries")
def test_no_module_of_the_application_loads_torch() -> None:
    # import-linter sees only what is written; this sees what really happens before the window opens.
    folder = ROOT / "app"
    modules = [path.relative_to(folder).with_suffix("") for path in sorted(folder.rglob("*.py")) if path.name != "__init__.py"]
    assert modules
    loaded = imported_by("\n".join(f"import spade_studio.app.{'.'.join(module.parts)}" for module in modules))
    assert "PySide6.QtWidgets" in loaded
    assert "torch" not in loaded


def test_the_page_on_installation_lists_the_system_libraries() -> None:
    from spade_studio.app.startup.system_libraries import needed_libraries

    words = set(re.findall(r"[\w.+-]+", (ROOT / "docs" / "install.md").read_text("utf-8")))
    needed = {name for library in needed_libraries("xcb") for name in (library.debian, library.fedora)}
    assert sorted(needed - words) == []
