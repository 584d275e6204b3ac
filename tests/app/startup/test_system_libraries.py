from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spade_studio.app.startup import system_libraries
from spade_studio.app.startup.system_libraries import MissingLibrary, explain_missing, missing_libraries, needed_libraries, qt_platform

SOURCE = Path(system_libraries.__file__)


@pytest.fixture
def on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.mark.parametrize(
    ("environment", "platform"),
    [
        ({}, "xcb"),
        ({"DISPLAY": ":0"}, "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        ({"WAYLAND_DISPLAY": "wayland-0", "QT_QPA_PLATFORM": "xcb"}, "xcb"),
        ({"QT_QPA_PLATFORM": "offscreen:size=800x600"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "wayland;xcb"}, "wayland"),
    ],
)
def test_platform_is_the_one_that_qt_tries_first(environment: dict[str, str], platform: str) -> None:
    assert qt_platform(environment) == platform


def test_offscreen_needs_fewer_libraries_than_a_window() -> None:
    offscreen, xcb, wayland = (set(needed_libraries(platform)) for platform in ("offscreen", "xcb", "wayland-egl"))
    assert offscreen < xcb
    assert offscreen < wayland
    assert "libxcb-cursor.so.0" in {library.library for library in xcb - offscreen}
    assert "libEGL.so.1" in {library.library for library in offscreen}


@pytest.mark.usefixtures("on_linux")
def test_libraries_that_cannot_be_loaded_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> object:
        if name in ("libEGL.so.1", "libxcb-cursor.so.0"):
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")
        return object()

    monkeypatch.setattr(system_libraries.ctypes, "CDLL", load)
    egl = MissingLibrary("libEGL.so.1", "libegl1", "libglvnd-egl")
    assert missing_libraries("offscreen") == [egl]
    assert missing_libraries("xcb") == [egl, MissingLibrary("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor")]
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert missing_libraries() == [egl]


def test_nothing_is_missing_outside_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries, "_can_load", lambda library: False)  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.setattr(sys, "platform", "darwin")
    assert missing_libraries("xcb") == []
    monkeypatch.setattr(sys, "platform", "linux")
    assert missing_libraries("xcb") == list(needed_libraries("xcb"))


def test_message_names_libraries_and_both_commands_once_each() -> None:
    libraries = [library for library in needed_libraries("xcb") if library.fedora in ("glib2", "libxcb", "libglvnd-egl")]
    text = explain_missing(libraries)
    assert "libEGL.so.1, libglib-2.0.so.0, libgthread-2.0.so.0, libxcb.so.1, libxcb-randr.so.0" in text
    assert "apt install libegl1 libglib2.0-0 libxcb1 libxcb-randr0" in text
    assert text.endswith("dnf install libglvnd-egl glib2 libxcb")


def test_it_runs_by_path_without_the_package_or_qt() -> None:
    # As bootstrap.py and .ci/run use it, before anything is installed: -I and -S leave only the standard library.
    found = subprocess.run([sys.executable, "-I", "-S", str(SOURCE), "offscreen"], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == " ".join(dict.fromkeys(library.debian for library in missing_libraries("offscreen")))
    assert found.stderr == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Qt's Linux wheels link to system libraries")
@pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is missing (Debian: apt install binutils)")
@pytest.mark.parametrize("platform", ["offscreen", "xcb", "wayland"])
def test_table_is_what_the_installed_qt_links_to(platform: str) -> None:
    spec = importlib.util.find_spec("PySide6")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "Qt"
    # What every Linux that can run Python and torch has.
    everywhere = re.compile(r"lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|z|zstd|resolv)\.so|ld-linux")
    names = [f"lib/libQt6{part}.so.6" for part in ("Core", "Gui", "Widgets", "Test")]
    waiting = [folder / name for name in [*names, f"plugins/platforms/libq{platform}.so"]]
    seen: set[Path] = set()
    linked: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        done = subprocess.run(["readelf", "-d", str(path)], capture_output=True, text=True, check=True, timeout=60)
        for name in re.findall(r"\(NEEDED\).*\[(.+)\]", done.stdout):
            if (folder / "lib" / name).exists():
                waiting.append(folder / "lib" / name)
            elif not everywhere.match(name):
                linked.add(name)
    assert len(seen) > len(names)
    assert linked == {library.library for library in needed_libraries(platform)}
