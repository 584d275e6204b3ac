"""A virtual display with the application on it, and a person before it: mouse, keys and eyes, by xdotool and the memory file of Xvfb.

There is no window manager: the screen gives windows their places and the keyboard.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from spade_studio.app.ui.settings import APPLICATION
from spade_studio.engine.weights import default_weights_path

WIDTH, HEIGHT = 1280, 720
MAIN = "SPADE Studio$"
PICTURES = os.environ.get("SPADE_WALK_PICTURES", "")
Picture = NDArray[np.uint8]
WATCHED = Path(__file__).with_name("watched.py")


class Screen:
    """A display, one application, and what a person does with it.

    Attributes:
        window: The main window, by its number.
        state: Where the application keeps what it remembers by itself.
    """

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
        self.answers = folder  # of watched.py
        self.questions = 0
        self.pictures = Path(PICTURES or folder / "pictures")
        self.pictures.mkdir(parents=True, exist_ok=True)
        own = {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "HOME": str(home)}
        self.environment = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"} | own
        self.state = home / "state" / APPLICATION
        self.settings = home / "config" / APPLICATION / "settings.ini"
        self.settings.parent.mkdir(parents=True, exist_ok=True)
        self.settings.write_text("[help]\ntour_seen=true\n\n[window]\nappearance=light\n", "utf-8")
        self.application: subprocess.Popen[str] | None = None
        self.window = ""

    def remember(self, section: str, line: str) -> None:
        """Have the application remember a value from an earlier start."""
        with self.settings.open("a", encoding="utf-8") as file:
            file.write(f"\n[{section}]\n{line}\n")

    # -- the application ------------------------------------------------------------------------------------------

    def start(self, *arguments: str) -> None:
        """Start the application and wait for its first picture."""
        command = [sys.executable, str(WATCHED), str(self.answers), *arguments]
        self.application = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)
        self.until(lambda: bool(self._find(MAIN)), "a window appears")
        self.window = self._find(MAIN)[0]
        self.do("windowmove", self.window, "0", "0", "windowsize", self.window, str(WIDTH), str(HEIGHT))
        self.do("windowfocus", "--sync", self.window)
        self.rest()
        self.until(lambda: len(np.unique(self.render().reshape(-1, 3), axis=0)) > 2000, "the first render shows")
        self.settled()

    def quit(self) -> None:
        """Close the application as a person does, and see that it ends well."""
        self.press("ctrl+q")
        assert self.application is not None
        assert self.application.wait(120) == 0
        assert "Traceback" not in self.application.communicate()[1]

    def close(self) -> None:
        """End everything, however far it is."""
        for process in (self.application, self.server):
            if process is not None and process.poll() is None:
                process.kill()
            if process is not None:
                process.wait(30)
        if self.application is not None and self.application.stderr is not None:
            self.application.stderr.close()

    # -- mouse and keys -------------------------------------------------------------------------------------------

    def do(self, *arguments: str) -> str:
        """Run xdotool."""
        return subprocess.run(["xdotool", *arguments], env=self.environment, capture_output=True, text=True, check=True, timeout=60).stdout

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self.do("key", "--delay", "30", *keys)

    def type(self, text: object) -> None:
        """Type a text."""
        self.do("type", "--delay", "6", "--", str(text))

    def click(self, *places: tuple[int, int]) -> None:
        """Click with the left button."""
        for x, y in places:
            self.do("mousemove", str(x), str(y), "click", "1")

    def drag(self, *places: tuple[int, int]) -> None:
        """Draw with the left button held."""
        self.do("mousemove", *map(str, places[0]), "mousedown", "1")
        for x, y in places[1:]:
            self.do("mousemove", str(x), str(y))
        self.do("mouseup", "1")

    def rest(self) -> None:
        """Take the hand from the canvas, to where nothing lights up."""
        self.do("mousemove", "300", "710")

    # -- windows --------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """Return the title of the main window."""
        return self.do("getwindowname", self.window).strip()

    def wait_for(self, title: str) -> None:
        """Wait for a further window, put it into the middle and give it the keyboard."""
        self.until(lambda: bool(self._find(f"^{title}")), f"a window {title} appears")
        window = self._find(f"^{title}")[0]
        width, height = map(int, re.findall(r"^(?:WIDTH|HEIGHT)=(\d+)$", self.do("getwindowgeometry", "--shell", window), re.MULTILINE))
        self.do("windowmove", "--sync", window, str((WIDTH - width) // 2), str((HEIGHT - height) // 2))
        self.do("windowfocus", "--sync", window)

    def wait_without(self, title: str, then: str = "") -> None:
        """Wait until a window has gone and give the keyboard to another one, or to the main window."""
        self.until(lambda: not self._find(f"^{title}"), f"the window {title} goes")
        self.do("windowfocus", "--sync", self._find(f"^{then}")[0] if then else self.window)

    def answer_file_dialog(self, title: str, path: Path, picture: str = "", then: str = "") -> None:
        """Type a path into a file dialog and confirm."""
        self.wait_for(title)
        self.press("ctrl+a")
        self.type(path)
        if picture:
            self.show(picture)
        self.press("Return")
        self.wait_without(title, then)

    def _find(self, title: str) -> list[str]:
        command = ["xdotool", "search", "--onlyvisible", "--name", title]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False).stdout.split()

    # -- eyes -----------------------------------------------------------------------------------------------------

    def picture(self) -> Picture:
        """Return what the screen shows, uint8 ``[h, w, 3]``."""
        data = self.memory.read_bytes()
        header = struct.unpack(">25I", data[:100])
        start, width, height, line = header[0] + 12 * header[19], header[4], header[5], header[12]
        pixels = np.frombuffer(data, np.uint8, height * line, start).reshape(height, line)
        return pixels[:, : width * 4].reshape(height, width, 4)[..., 2::-1]

    def settled(self) -> Picture:
        """Return the screen once the application has done all that was asked of it, the exact picture of the layout included."""
        self.questions += 1
        asked, answer = str(self.questions), self.answers / "at-rest"
        (self.answers / "asking").write_text(asked)
        (self.answers / "asking").replace(self.answers / "asked")
        self.until(lambda: answer.is_file() and answer.read_text() == asked, "the application is at rest")
        return self.picture()

    def show(self, name: str, *, still: bool = True) -> Picture:
        """Return the screen, once the application is at rest unless told otherwise, and keep it as a file for people."""
        picture = self.settled() if still else self.picture()
        Image.fromarray(picture).save(self.pictures / f"{name}.png")
        return picture

    def canvas(self, picture: Picture | None = None) -> Picture:
        """Return the middle of the canvas, as it is now or on a picture of the screen."""
        return (self.picture() if picture is None else picture)[150:550, 120:520]

    def render(self, picture: Picture | None = None) -> Picture:
        """Return the middle of the render, likewise."""
        return (self.picture() if picture is None else picture)[149:549, 675:1075]

    @staticmethod
    def share(before: Picture, after: Picture) -> float:
        """Return which share of the pixels differs."""
        return float((before.astype(int) - after).any(axis=2).mean())

    def until(self, happened: Callable[[], bool], what: str, seconds: float = 120) -> None:
        """Wait for something; fail where it takes too long or the application has ended."""
        assert self.application is not None
        end = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > end:
                Image.fromarray(self.picture()).save(self.pictures / "waited-in-vain.png")
                pytest.fail(f"waited {seconds} s until {what}; {self.pictures / 'waited-in-vain.png'} is what the screen showed")
            try:
                # Paces the loop, and ends it early where the application has.
                self.application.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"the application ended before {what}: {self.application.communicate()[1]}")


@pytest.fixture
def screen(tmp_path: Path, isolated_settings: Path) -> Iterator[Screen]:
    if not default_weights_path().is_file():
        pytest.skip("the default weights are not in this checkout")
    folder = tmp_path / "screen"
    folder.mkdir()
    screen = Screen(folder, isolated_settings)
    yield screen
    screen.close()
