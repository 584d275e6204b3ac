"""The bundle's parts that can be tried without building it: launcher, recipe, installation, licences, site, workflows."""

from __future__ import annotations

import configparser
import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


def load(place: str) -> ModuleType:
    path = PACKAGING / place
    spec = importlib.util.spec_from_file_location(f"packaging_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


launcher, smoke, licences = load("bundle/launcher.py"), load("smoke.py"), load("licences.py")
site_hooks, build_bundle, check_package = load("site_hooks.py"), load("build_bundle.py"), load("check_package.py")
TRAIN = launcher.COMMANDS["spade-train"]


@pytest.mark.parametrize(
    ("arguments", "module", "rest"),
    [
        (["/opt/spade-studio", "a.ora"], "spade_studio.app.main", ["a.ora"]),
        (["spade-render", "--help"], launcher.COMMANDS["spade-render"], ["--help"]),
        (["C:/x/spade-console.exe", "-m", TRAIN, "new", "d"], TRAIN, ["new", "d"]),
        (["spade-studio", "-P", "-m", TRAIN, "check"], TRAIN, ["check"]),
        (["spade-studio", "-u", "-m", TRAIN, "resume", "r"], TRAIN, ["resume", "r"]),
        (["spade-studio", "-m", "spade_studio.train.run.launcher", "--standalone"], "spade_studio.train.run.launcher", ["--standalone"]),
        (["spade-studio", "-m", "http.server"], "spade_studio.app.main", ["-m", "http.server"]),
    ],
)
def test_the_launcher_chooses_by_its_name_and_by_m(arguments: list[str], module: str, rest: list[str]) -> None:
    assert launcher.chosen(arguments) == (module, rest)


@pytest.mark.parametrize("module", launcher.MODULES)
def test_every_module_of_the_launcher_can_be_run(module: str) -> None:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    if spec.submodule_search_locations is not None:  # a package
        assert importlib.util.find_spec(f"{module}.__main__") is not None


def test_the_launcher_runs_a_command() -> None:
    done = subprocess.run(
        [sys.executable, str(PACKAGING / "bundle" / "launcher.py"), "-m", launcher.COMMANDS["spade-render"], "--version"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("spade-render ")


def test_a_process_without_a_console_can_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    launcher.mend_streams()
    assert sys.stdout is not None
    sys.stdout.write("nobody reads this")
    sys.stdout.close()


def test_what_starts_processes_starts_what_the_launcher_knows() -> None:
    from spade_studio.app.training.tools import tool_command
    from spade_studio.train.run.launch import torchrun_command

    for command in (tool_command("spade-train", ["a"]), tool_command("spade-render", ["a"])):
        assert launcher.chosen(["spade-studio", *command[1:]])[1] == ["a"]
    module, rest = launcher.chosen(["spade-studio", *torchrun_command(["resume", "r"], 2, 0)[1:]])
    assert module == "spade_studio.train.run.launcher"
    ranks = rest[rest.index("-m"):]
    assert launcher.chosen(["spade-studio", "-u", *ranks]) == (TRAIN, ["resume", "r"])


def left_out() -> re.Pattern[str]:
    recipe = (PACKAGING / "bundle" / "spade-studio.spec").read_text("utf-8")
    pattern = re.search(r"LEFT_OUT = (re\.compile\(.*?\n\))", recipe, re.DOTALL)
    assert pattern is not None
    return eval(pattern[1], {"re": re})


def test_the_recipe_leaves_out_what_nobody_opens_and_keeps_the_rest() -> None:
    pattern = left_out()
    unwanted = (
        "torch/test/cpp_x", "torch/include/ATen/a.h", "torch/lib/libtorchbind_test.so", "PySide6/Qt/qml/QtQuick/x.so",
        "PySide6/Qt/lib/libQt6Quick.so.6", "PySide6/Qt6Quick.dll", "PySide6/plugins/sqldrivers/qsqlite.dll",
        "PySide6/Qt/translations/qtbase_fr.qm", "PySide6/Qt/plugins/platforms/libqvnc.so", "torch/bin/protoc", "libgtk-3.so.0",
    )  # fmt: skip
    wanted = (
        "torch/bin/torch_shm_manager", "libharfbuzz-fb49c9fc.so.0", "torch/lib/libtorch_cpu.so", "PySide6/Qt/lib/libQt6Widgets.so.6",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so", "PySide6/Qt/translations/qtbase_de.qm",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/lib/libQt6Svg.so.6", "PySide6/Qt/lib/libQt6DBus.so.6", "PySide6/plugins/platforms/qwindows.dll",
    )  # fmt: skip
    assert [place for place in unwanted if not pattern.match(place)] == []
    assert [place for place in wanted if pattern.match(place)] == []


@pytest.mark.skipif(os.name == "nt", reason="a shell script of Linux")
def test_the_bundle_is_offered_to_the_desktop_and_taken_back(tmp_path: Path) -> None:
    folder, home = tmp_path / 'My "own" \\ $programs 100%', tmp_path / "home"
    (folder / "share").mkdir(parents=True)
    home.mkdir()
    for file in ("install.sh", "spade-studio.desktop", "spade-studio-mime.xml"):
        target = folder / file if file == "install.sh" else folder / "share" / file
        target.write_bytes((PACKAGING / "bundle" / "linux" / file).read_bytes())
    for icon in (ROOT / "resources" / "icons").glob("spade-studio*"):
        (folder / "share" / icon.name).write_bytes(icon.read_bytes())
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    subprocess.run(["sh", str(folder / "install.sh")], env=environment, check=True, capture_output=True)
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    entry.read(home / ".local" / "share" / "applications" / "spade-studio.desktop", "utf-8")
    for section, rest in (("Desktop Entry", "%f"), ("Desktop Action new", "--new-instance")):
        command = entry[section]["Exec"]
        assert command.endswith(f" {rest}")
        unescaped = command.removesuffix(rest).replace("\\\\", "\\").replace("%%", "%")
        assert re.sub(r"\\([\"`$\\])", r"\1", unescaped.strip()) == f'"{folder / "spade-studio"}"'
    assert "TryExec" not in entry["Desktop Entry"]
    assert (home / ".local" / "bin" / "spade-train").readlink() == folder / "spade-train"
    other = home / ".local" / "bin" / "spade-eval"
    other.unlink()
    other.write_text("another installation's")
    subprocess.run(["sh", str(folder / "install.sh"), "--remove"], env=environment, check=True, capture_output=True)
    assert [path for path in home.rglob("spade-*") if path.is_file() or path.is_symlink()] == [other]


def test_licences_are_those_of_what_is_installed(tmp_path: Path) -> None:
    card = tmp_path / "lakes.md"
    card.write_text("for personal use")
    text, without = licences.report([card])
    for name in ("torch 2", "numpy ", "pillow ", "safetensors ", "Python 3"):
        assert re.search(rf"^\* {name}.*: (?!see below)", text, re.MULTILINE | re.IGNORECASE), name
    assert "Weights: lakes" in text
    assert "for personal use" in text
    assert not {"torch", "numpy", "pillow"} & set(without)


def test_the_bill_of_materials_names_the_weights_with_their_hash() -> None:
    for path in build_bundle.weights():
        component = build_bundle.model_component(path)
        assert component["type"] == "machine-learning-model"
        assert re.fullmatch("[0-9a-f]{64}", component["hashes"][0]["content"])
        assert json.dumps(component)


def test_a_library_whose_segments_cannot_be_mapped_is_told(tmp_path: Path) -> None:
    def elf(address: int) -> Path:
        header = b"\x7fELF\x02\x01".ljust(32, b"\0") + (64).to_bytes(8, "little")
        header = header.ljust(54, b"\0") + (56).to_bytes(2, "little") + (1).to_bytes(2, "little")
        fields = (0x1000, address, address, 1, 1, 0x1000)
        segment = (1).to_bytes(4, "little") * 2 + b"".join(field.to_bytes(8, "little") for field in fields)
        path = tmp_path / f"{address}.so"
        path.write_bytes(header.ljust(64, b"\0") + segment)
        return path

    assert build_bundle.is_loadable(elf(0x3000))
    assert not build_bundle.is_loadable(elf(0x3008))
    (tmp_path / "text.so").write_text("INPUT(-lc)")
    assert not build_bundle.is_loadable(tmp_path / "text.so")


def test_the_table_of_sizes_adds_up(tmp_path: Path) -> None:
    (tmp_path / "_internal" / "torch").mkdir(parents=True)
    (tmp_path / "_internal" / "torch" / "a.so").write_bytes(bytes(3_000_000))
    (tmp_path / "spade-studio").write_bytes(bytes(1_000_000))
    table = build_bundle.sizes(tmp_path)
    assert "of 4" in table
    assert "| _internal/torch | 3.0 |" in table


def test_the_smoke_test_writes_pictures_that_can_be_trained_on(tmp_path: Path) -> None:
    from spade_studio.train.datasets import open_dataset
    from spade_studio.train.datasets.check import check_dataset

    smoke.write_data(tmp_path, count=2, side=32)
    labels = np.array(Image.open(tmp_path / "labels" / "0.png"))
    assert set(np.unique(labels)) == {smoke.SKY, smoke.SEA, smoke.GRASS}
    assert np.array(Image.open(tmp_path / "images" / "0.png")).shape == (32, 32, 3)
    assert check_dataset(open_dataset(tmp_path)).exit_code == 0


def test_links_of_the_site_are_those_of_the_repository() -> None:
    text = "[a](docs/training.md#runs) [b](CONTRIBUTING.md) [c](https://example.org/x.md) [d](#here) [e](docs/decisions/README.md)"
    expected = "[a](../training.md#runs) [b](contributing.md) [c](https://example.org/x.md) [d](#here) [e](../decisions/README.md)"
    assert site_hooks.rewritten(text, "project/architecture.md") == expected
    assert site_hooks.rewritten("[x](../packaging/slurm/README.md)", "training.md") == "[x](slurm.md)"
    for source in site_hooks.PAGES:
        assert (ROOT / source).is_file(), source


def test_the_site_lists_every_page() -> None:
    text = re.sub(r"!!python\S+", "", (ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = set(re.findall(r"[\w/.-]+\.md", text.partition("\nnav:")[2]))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {page for page in there if not page.startswith("decisions/")} - listed == set()
    assert listed - there - set(site_hooks.PAGES.values()) == set()
    assert {page for page in site_hooks.PAGES.values() if page.startswith("models/")} <= listed


@pytest.mark.parametrize("workflow", ["ci", "release"])
def test_workflows_use_files_that_exist_pinned_actions_and_few_rights(workflow: str) -> None:
    text = (ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text("utf-8")
    data = yaml.safe_load(text)
    assert data["permissions"] == {}
    for job in data["jobs"].values():
        assert "timeout-minutes" in job
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"])
    for name in re.findall(r"\b((?:packaging|app|\.ci)/[\w./-]+)", text):
        assert (ROOT / name).exists(), name


def test_everything_under_version_control_belongs_into_the_wheel() -> None:
    try:
        expected = check_package.expected_files()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    assert "spade_studio/engine/__init__.py" in expected
    assert any(name.endswith(".safetensors") for name in expected)


def test_tests_of_the_installed_package_come_without_the_packages(tmp_path: Path) -> None:
    name = "spade_studio-1.0"
    for place in ("app/main.py", "engine/a.py", "resources/x.png", "tests/app/test_a.py", "tests/engine/test_b.py", "pyproject.toml"):
        path = tmp_path / "sdist" / name / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "sdist" / name, name)
    root = check_package.unpack_tests(tmp_path / f"{name}.tar.gz", tmp_path / "out")
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert found == {"tests/app/test_a.py", "tests/engine/test_b.py", "pyproject.toml"}


@pytest.mark.parametrize("place", check_package.OF_SOURCES)
def test_tests_of_the_sources_are_there(place: str) -> None:
    assert (ROOT / place).exists()
