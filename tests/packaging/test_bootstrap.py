from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[2] / "packaging" / "bootstrap.py"

PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
[project]
name = "sample"
[project.scripts]
spade-render = "sample:main"
[project.gui-scripts]
spade-studio = "sample:main"
[dependency-groups]
lint = ["ruff==1"]
test = ["pytest>=9", {include-group = "lint"}]
[tool.setuptools.package-dir]
"spade_studio.engine" = "engine"
"""


@pytest.fixture(scope="module")
def bootstrap() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", BOOTSTRAP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


class Commands:
    """Stands in for all commands: records them, makes what venv would make, and fails where told to."""

    def __init__(self, fail_at: str = "") -> None:
        self.seen: list[str] = []
        self.fail_at = fail_at
        self.environment: dict[str, str] = {}

    def __call__(self, command: list[str], folder: Path, *, quiet: bool = False, environment: dict[str, str] | None = None) -> int:
        text = " ".join(command)
        self.seen.append(text)
        self.environment = environment or {}
        if "-m venv" in text:
            python = Path(command[-1]) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
            python.parent.mkdir(parents=True)
            python.touch()
            (Path(command[-1]) / "pyvenv.cfg").touch()
        return 3 if self.fail_at and self.fail_at in text else 0

    def matching(self, part: str) -> list[str]:
        return [text for text in self.seen if part in text]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "packaging").mkdir()
    (tmp_path / "app" / "startup").mkdir(parents=True)
    (tmp_path / "engine").mkdir()
    shutil.copy(BOOTSTRAP.parents[1] / "app" / "startup" / "system_libraries.py", tmp_path / "app" / "startup")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    (tmp_path / "packaging" / "constraints.txt").write_text("pytest==9.0\n", "utf-8")
    return tmp_path


@pytest.fixture
def commands(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> Commands:
    recorder = Commands()
    monkeypatch.setattr(bootstrap, "run", recorder)
    return recorder


def test_first_run_makes_the_environment_and_installs_by_the_constraints(bootstrap: Any, root: Path, commands: Commands) -> None:
    assert bootstrap.install(bootstrap.Project(root), set())
    assert len(commands.matching("-m venv")) == 1
    build, project = commands.matching("-m pip")
    assert str(root / "packaging" / "constraints.txt") in build
    assert build.endswith("setuptools>=77")
    assert f"--editable {root}" in project
    assert project.endswith(str(root))  # and no test tools


def test_what_is_locked_is_installed_by_hash_before_the_rest(bootstrap: Any, root: Path, commands: Commands) -> None:
    for name in ("lock.txt", "lock-test.txt", "lock-other.txt"):
        (root / "packaging" / name).write_text("pytest==9.0 --hash=sha256:00\n", "utf-8")
    bootstrap.install(bootstrap.Project(root), set())
    locked, _, project = commands.matching("-m pip")
    assert locked.endswith(f"--require-hashes --no-deps --requirement {root / 'packaging' / 'lock.txt'}")
    assert "--require-hashes" not in project  # pip takes no editable project then
    commands.seen.clear()
    bootstrap.install(bootstrap.Project(root), {"test"})
    assert commands.matching("-m pip")[0].endswith(f"lock.txt --requirement {root / 'packaging' / 'lock-test.txt'}")
    assert not commands.matching("lock-other")


def test_a_file_that_is_not_the_locked_one_ends_the_installation(bootstrap: Any, root: Path, commands: Commands) -> None:
    (root / "packaging" / "lock.txt").write_text("pytest==9.0 --hash=sha256:00\n", "utf-8")
    commands.fail_at = "--require-hashes"
    with pytest.raises(bootstrap.BootstrapError, match="pip ended with 3"):
        bootstrap.install(bootstrap.Project(root), set())
    assert len(commands.matching("-m pip")) == 1


def test_second_run_does_nothing_at_all(bootstrap: Any, root: Path, commands: Commands) -> None:
    bootstrap.install(bootstrap.Project(root), {"test"})
    commands.seen.clear()
    assert not bootstrap.install(bootstrap.Project(root), {"test"})
    assert not bootstrap.install(bootstrap.Project(root), set())
    assert commands.seen == []


def test_tests_add_their_group_with_the_groups_it_includes(bootstrap: Any, root: Path, commands: Commands) -> None:
    bootstrap.install(bootstrap.Project(root), set())
    commands.seen.clear()
    assert bootstrap.install(bootstrap.Project(root), {"test"})
    assert commands.matching("-m venv") == []
    assert commands.matching("--editable")[0].endswith("pytest>=9 ruff==1")


@pytest.mark.parametrize("name", ["pyproject.toml", "packaging/constraints.txt", "packaging/lock.txt"])
def test_changes_are_installed_once_and_keep_the_test_tools(bootstrap: Any, root: Path, commands: Commands, name: str) -> None:
    (root / "packaging" / "lock.txt").write_text("pytest==9.0 --hash=sha256:00\n", "utf-8")
    bootstrap.install(bootstrap.Project(root), {"test"})
    path = root / name
    path.write_text(path.read_text("utf-8") + "# changed\n", "utf-8")
    commands.seen.clear()
    assert bootstrap.install(bootstrap.Project(root), set())
    assert "pytest>=9" in commands.matching("--editable")[0]
    assert not bootstrap.install(bootstrap.Project(root), {"test"})


@pytest.mark.parametrize("step", ["setuptools>=77", "--editable"])
def test_an_interrupted_installation_is_done_again(bootstrap: Any, root: Path, commands: Commands, step: str) -> None:
    bootstrap.install(bootstrap.Project(root), set())
    (root / "packaging" / "constraints.txt").write_text("pytest==9.1\n", "utf-8")
    commands.fail_at = step
    with pytest.raises(bootstrap.BootstrapError, match="pip ended with 3"):
        bootstrap.install(bootstrap.Project(root), set())
    # Even going back to the old constraints, which were installed once, must install again.
    (root / "packaging" / "constraints.txt").write_text("pytest==9.0\n", "utf-8")
    commands.fail_at = ""
    assert bootstrap.install(bootstrap.Project(root), set())


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"fingerprint": 1}', "{", '{"fingerprint": "x", "groups": 5}'])
def test_a_damaged_stamp_counts_as_none(bootstrap: Any, root: Path, commands: Commands, content: str) -> None:
    project = bootstrap.Project(root)
    bootstrap.install(project, set())
    (project.venv / bootstrap.STAMP_NAME).write_text(content, "utf-8")
    assert bootstrap.install(project, set())


def test_a_moved_checkout_installs_again(bootstrap: Any, root: Path, commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> None:
    bootstrap.install(bootstrap.Project(root), set())
    moved = root.rename(tmp_path_factory.mktemp("elsewhere") / "checkout")
    assert bootstrap.install(bootstrap.Project(moved), set())


def test_an_environment_without_pip_is_made_anew(bootstrap: Any, root: Path, commands: Commands) -> None:
    project = bootstrap.Project(root)
    project.python.parent.mkdir(parents=True)
    project.python.touch()
    (project.venv / "pyvenv.cfg").touch()
    commands.fail_at = "import pip"
    with pytest.raises(FileExistsError):  # the stand-in for `venv --clear` does not clear: it was asked for
        bootstrap.install(project, set())
    assert commands.matching("-m venv --clear")


def test_a_foreign_folder_is_left_alone(bootstrap: Any, root: Path, commands: Commands) -> None:
    (root / ".venv").mkdir()
    (root / ".venv" / "holiday.jpg").touch()
    with pytest.raises(bootstrap.BootstrapError, match="no virtual environment"):
        bootstrap.install(bootstrap.Project(root), set())
    assert (root / ".venv" / "holiday.jpg").exists()
    assert commands.seen == []


def test_failing_to_make_the_environment_leaves_none_behind(bootstrap: Any, root: Path, commands: Commands) -> None:
    commands.fail_at = "-m venv"
    with pytest.raises(bootstrap.BootstrapError, match="could not be made"):
        bootstrap.install(bootstrap.Project(root), set())
    assert not (root / ".venv").exists()


@pytest.mark.parametrize("version", [(3, 10), (2, 7), (3, 9, 18)])
def test_old_pythons_are_told_what_to_install(bootstrap: Any, version: tuple[int, ...]) -> None:
    with pytest.raises(bootstrap.BootstrapError) as caught:
        bootstrap.check_python(version, "/opt/old/python")
    text = str(caught.value)
    assert f"Python {version[0]}.{version[1]} (/opt/old/python)" in text
    assert "needs Python 3.11 or later" in text
    assert "apt install python3.11" in text


@pytest.mark.parametrize("version", [(3, 11), (3, 14), (4, 0)])
def test_new_pythons_are_accepted(bootstrap: Any, version: tuple[int, ...]) -> None:
    bootstrap.check_python(version, "python3")


@pytest.mark.parametrize("lacking", ["venv", "ensurepip"])
def test_missing_venv_module_names_the_package(bootstrap: Any, lacking: str) -> None:
    with pytest.raises(bootstrap.BootstrapError, match="apt install python3-venv"):
        bootstrap.check_venv_modules(lambda name: None if name == lacking else object())


def test_only_commands_whose_script_exists_are_offered(bootstrap: Any, root: Path) -> None:
    assert list(bootstrap.Project(root).commands()) == ["app", "render", "test"]
    path = root / "pyproject.toml"
    path.write_text(path.read_text("utf-8").replace("[project.scripts]", '[project.scripts]\nspade-train = "sample:main"'), "utf-8")
    assert list(bootstrap.Project(root).commands()) == ["app", "render", "train", "test"]


def test_commands_of_this_checkout_can_all_be_imported(bootstrap: Any) -> None:
    project = bootstrap.Project(BOOTSTRAP.parents[1])
    scripts = project.pyproject["project"]["scripts"] | project.pyproject["project"]["gui-scripts"]
    offered = [command.script for command in project.commands().values() if command.script]
    assert sorted(offered) == sorted(scripts)
    folders = project.pyproject["tool"]["setuptools"]["package-dir"]
    for entry in scripts.values():
        package, _, module = entry.partition(":")[0].rpartition(".")
        parent = next(name for name in sorted(folders, key=len, reverse=True) if f"{package}.".startswith(f"{name}."))
        inside = package.removeprefix(parent).replace(".", "/").strip("/")
        assert (project.root / folders[parent] / inside / f"{module}.py").is_file(), entry


def test_render_passes_arguments_and_the_exit_code_on(
    bootstrap: Any, root: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.install(bootstrap.Project(root), set())
    commands.seen.clear()
    commands.fail_at = "spade-render"
    assert bootstrap.main(["render", "a b.png", "--output", "out"], root) == 3
    assert len(commands.seen) == 1
    assert Path(commands.seen[0].split(" ")[0]).stem == "spade-render"
    assert commands.seen[0].endswith("a b.png --output out")


@pytest.mark.parametrize(("word", "message"), [("train", "'train' is not part of this version"), ("paint", "There is no command 'paint'")])
def test_commands_that_do_not_exist_say_so(
    bootstrap: Any, root: Path, commands: Commands, capsys: pytest.CaptureFixture[str], word: str, message: str
) -> None:
    assert bootstrap.main([word], root) == 1
    text = capsys.readouterr().err
    assert message in text
    assert "render" in text
    assert commands.seen == []


def test_usage_lists_the_commands(bootstrap: Any, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main([], root) == 2
    assert bootstrap.main(["--help"], root) == 0
    text = capsys.readouterr().out
    assert "start the application" in text
    assert "train" not in text


def test_app_names_missing_system_libraries_instead_of_starting(
    bootstrap: Any, root: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def libraries(project: object) -> ModuleType:
        module: Any = ModuleType("libraries")
        module.missing_libraries = lambda *platform: ["libEGL.so.1"]
        module.explain_missing = lambda missing: f"missing {missing[0]}: apt install libegl1"
        return module

    monkeypatch.setattr(bootstrap, "system_libraries", libraries)
    assert bootstrap.main(["app"], root) == 1
    assert "apt install libegl1" in capsys.readouterr().err
    assert all("-m venv" in text or "-m pip" in text for text in commands.seen)
    # The tests run all the same: those that need Qt skip.
    assert bootstrap.main(["test", "-x"], root) == 0
    assert commands.seen[-1].endswith("-m pytest -x")


def test_test_runs_everything_with_pytest_last_and_reports_what_failed_before(bootstrap: Any, root: Path, commands: Commands) -> None:
    commands.fail_at = "basedpyright"
    assert bootstrap.main(["test"], root) == 1
    ran = [text for text in commands.seen if "pip" not in text and "venv " not in text]
    tools = [next(tool for tool in ("ruff check", "lint_imports", "basedpyright", "pytest") if tool in text) for text in ran]
    assert tools == ["ruff check", "lint_imports", "basedpyright", "pytest"]
    assert commands.environment[bootstrap.FAILED_CHECKS_VARIABLE] == "types"


def test_test_with_arguments_runs_only_pytest(bootstrap: Any, root: Path, commands: Commands) -> None:
    commands.fail_at = "-m pytest"
    assert bootstrap.main(["test", "-k", "stamp"], root) == 3
    assert not commands.matching("ruff check")
    assert commands.seen[-1].endswith("-m pytest -k stamp")


def test_packages_are_linked_for_the_type_checker(bootstrap: Any, root: Path) -> None:
    project = bootstrap.Project(root)
    (root / "engine" / "labels.py").touch()
    folder = bootstrap.make_typing_links(project)
    assert (folder / "engine" / "labels.py").samefile(root / "engine" / "labels.py")
    assert bootstrap.make_typing_links(project) == folder
    # A checkout that was moved or copied without its links is mended.
    (folder / "engine").unlink()
    (folder / "engine").symlink_to(root / "nowhere")
    bootstrap.make_typing_links(project)
    assert (folder / "engine" / "labels.py").exists()


def test_run_gives_the_exit_code_as_a_shell_would(bootstrap: Any, tmp_path: Path) -> None:
    assert bootstrap.run([sys.executable, "-c", "import sys; sys.exit(7)"], tmp_path) == 7
    if os.name != "nt":
        kill = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
        assert bootstrap.run([sys.executable, "-c", kill], tmp_path) == 143


def test_it_needs_only_the_standard_library() -> None:
    # -S: no site-packages at all.
    done = subprocess.run([sys.executable, "-S", "-I", str(BOOTSTRAP), "--help"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_constraints_pin_every_requirement(bootstrap: Any) -> None:
    project = bootstrap.Project(BOOTSTRAP.parents[1])
    lines = [line for line in project.constraints.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    pinned = {line.partition("==")[0].replace("_", "-").lower() for line in lines}
    assert all("==" in line for line in lines)
    needed = project.pyproject["project"]["dependencies"] + project.group("test") + project.pyproject["build-system"]["requires"]
    names = {requirement.replace("=", ">").partition(">")[0].lower() for requirement in needed}
    assert names <= pinned
    assert "torch==2.13.0" in lines


def test_stamp_is_readable_json(bootstrap: Any, root: Path, commands: Commands) -> None:
    project = bootstrap.Project(root)
    bootstrap.install(project, {"test"})
    stamp = json.loads((project.venv / bootstrap.STAMP_NAME).read_text("utf-8"))
    assert stamp == {"fingerprint": project.fingerprint(), "groups": ["test"]}
