"""The application as people meet it: a real X window, a real mouse, real keys, the default weights.

Needs Xvfb and xdotool; the screen is read from the memory file that Xvfb keeps of it.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spade_studio.app.settings import APPLICATION
from spade_studio.engine.weights import default_weights_path

WIDTH, HEIGHT = 1280, 720
Picture = NDArray[np.uint8]


class Screen:
    """A virtual display with the application on it."""

    def __init__(self, folder: Path, home: Path) -> None:
        read, write = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder), "-nolisten", "tcp"],
            pass_fds=[write],
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        self.memory = folder / "Xvfb_screen0"
        self.environment = os.environ | {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "XDG_CONFIG_HOME": str(home)}
        self.environment.pop("WAYLAND_DISPLAY", None)
        settings = home / APPLICATION / "settings.ini"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("[help]\ntour_seen=true\n", "utf-8")
        self.application: subprocess.Popen[str] | None = None
        self.window = ""

    def start(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "spade_studio.app.main", *arguments]
        self.application = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)
        self.until(self._find_window, "a window appears")
        # There is no window manager to place, size and focus it.
        self.do("windowmove", self.window, "0", "0", "windowsize", self.window, str(WIDTH), str(HEIGHT), "windowfocus", self.window)

    def do(self, *arguments: str) -> str:
        return subprocess.run(["xdotool", *arguments], env=self.environment, capture_output=True, text=True, check=True, timeout=30).stdout

    def title(self) -> str:
        return self.do("getwindowname", self.window).strip()

    def picture(self) -> Picture:
        data = self.memory.read_bytes()
        header = struct.unpack(">25I", data[:100])
        start, width, height, line = header[0] + 12 * header[19], header[4], header[5], header[12]
        pixels = np.frombuffer(data, np.uint8, height * line, start).reshape(height, line)
        return pixels[:, : width * 4].reshape(height, width, 4)[..., 2::-1]

    def settled(self) -> Picture:
        """Return the screen once it stays as it is: the outline of the brush leaves it a moment after the pointer does."""
        pictures = [self.picture()]

        def stays() -> bool:
            pictures.append(self.picture())
            return len(pictures) > 4 and all((picture == pictures[-1]).all() for picture in pictures[-4:])

        self.until(stays, "the screen settles")
        return pictures[-1]

    def until(self, happened: Callable[[], bool], what: str, seconds: float = 60) -> None:
        assert self.application is not None
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"waited {seconds} s until {what}"
            try:
                # Paces the loop, and ends it early where the application has.
                self.application.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"the application ended before {what}: {self.application.communicate()[1]}")

    def close(self) -> None:
        for process in (self.application, self.server):
            if process is not None and process.poll() is None:
                process.kill()
            if process is not None:
                process.wait(30)
        if self.application is not None and self.application.stderr is not None:
            self.application.stderr.close()

    def _find_window(self) -> bool:
        command = ["xdotool", "search", "--onlyvisible", "--name", "SPADE Studio"]
        found = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False).stdout.split()
        self.window = found[0] if found else ""
        return bool(found)


@pytest.fixture
def screen(tmp_path: Path, isolated_settings: Path) -> Iterator[Screen]:
    screen = Screen(tmp_path, isolated_settings)
    yield screen
    screen.close()


def left(picture: Picture) -> Picture:
    """Return the middle of the canvas."""
    return picture[150:550, 120:520]


def right(picture: Picture) -> Picture:
    """Return the middle of the render."""
    return picture[150:550, 760:1160]


def share(before: Picture, after: Picture) -> float:
    return float((before.astype(int) - after).any(axis=2).mean())


@pytest.mark.window
@pytest.mark.slow
def test_a_person_paints_sees_the_render_follow_undoes_and_leaves(screen: Screen) -> None:
    if not default_weights_path().is_file():
        pytest.skip("the default weights are not in this checkout")
    screen.start()
    assert screen.title() == "Mountain lake - SPADE Studio"
    screen.do("mousemove", "640", "700")
    screen.until(lambda: len(np.unique(right(screen.picture()).reshape(-1, 3), axis=0)) > 2000, "the first render shows")
    before = screen.picture()

    screen.do("mousemove", "200", "200", "mousedown", "1")
    for x in range(210, 440, 15):
        screen.do("mousemove", str(x), str(180 + x // 5))
    screen.until(lambda: share(left(before), left(screen.picture())) > 0.03, "the stroke shows while the button is down")
    screen.until(lambda: share(right(before), right(screen.picture())) > 0.01, "the render follows while the button is down")
    screen.do("mouseup", "1", "mousemove", "640", "700")
    screen.until(lambda: screen.title() == "Mountain lake* - SPADE Studio", "the title says that there are changes")
    painted = screen.settled()
    assert 0.03 < share(left(before), left(painted)) < 0.4

    screen.do("key", "ctrl+z")
    screen.until(lambda: not share(left(before), left(screen.picture())), "undo restores the canvas to the pixel")
    screen.until(lambda: not share(right(before), right(screen.picture())), "the render is again as it was")
    assert screen.title() == "Mountain lake - SPADE Studio"

    screen.do("key", "ctrl+shift+z")
    screen.until(lambda: not share(left(painted), left(screen.picture())), "redo brings the stroke back")
    screen.do("key", "ctrl+z", "key", "ctrl+q")
    assert screen.application is not None
    assert screen.application.wait(30) == 0
    assert "Traceback" not in screen.application.communicate()[1]
