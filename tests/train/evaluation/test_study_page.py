"""The study's page in a real browser: Debian's chromium, headless, driven through its debugging pipe."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spade_studio.engine.labels import load_label_set
from spade_studio.train.evaluation.study import draw_study, write_study
from spade_studio.train.evaluation.study_answers import preferences, read_answers

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None or os.name != "posix", reason="needs the system package chromium (apt-get install chromium)"),
]


class Browser:
    """Chromium with one page; commands go through file descriptors 3 and 4 as JSON, each ended by a zero byte."""

    def __init__(self, profile: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # The browser wants exactly descriptors 3 and 4, whatever numbers the pipes have here.
        start = "import fcntl, os, sys; ends = [fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3]]; "
        start += "os.dup2(ends[0], 3); os.dup2(ends[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
        ends = [str(theirs_in), str(theirs_out)]
        command = [sys.executable, "-c", start, *ends, str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            command, pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer, self._number, self._session = b"", 0, ""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Emulation.setDeviceMetricsOverride", width=1280, height=720, deviceScaleFactor=1, mobile=False)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session and not method.startswith("Browser."):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._buffer:
                read = os.read(self._in, 1 << 16)
                assert read, "the browser ended"
                self._buffer += read
            text, _, self._buffer = self._buffer.partition(b"\0")
            answer = json.loads(text)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def run(self, script: str) -> Any:
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, page: Path) -> None:
        self.ask("Page.navigate", url=page.as_uri())
        self.wait("document.readyState === 'complete' && typeof show === 'function'")

    def wait(self, condition: str) -> None:
        for _ in range(600):
            if self.run(condition):
                return
            time.sleep(0.05)
        raise AssertionError(f"never came true: {condition}")

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, text="\r" if key == "Enter" and kind == "keyDown" else "")

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._out)
        os.close(self._in)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    started = Browser(tmp_path / "profile")
    yield started
    started.close()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Give a study of SPADE against CRN and SIMS on three layouts: six questions."""
    labels = np.full((48, 64), 156, np.uint8)
    labels[30:] = 123
    folders = [tmp_path / name for name in ("SPADE", "CRN", "SIMS")]
    for folder, value in zip([tmp_path / "maps", *folders], (0, 60, 120, 180), strict=True):
        folder.mkdir()
        for number in range(3):
            pixels = labels if not value else np.full((48, 64, 3), value + number, np.uint8)
            Image.fromarray(pixels).save(folder / f"<b>&{number}.png")
    study = draw_study(folders, ["SPADE", "CRN", "SIMS"], tmp_path / "maps", questions=500, seed=1)
    return write_study(study, tmp_path / "study", load_label_set("coco_stuff"), data="</script>&<b>", pages=1)[0]


def _asked(browser: Browser) -> dict[str, Any]:
    """Return what stands on the page: the method on each side, told by the picture's file."""
    script = """(async () => {
      const method = async (id) => {
        const image = document.getElementById(id);
        await image.decode();
        return study.questions[order[at]].pictures.find((picture) => image.src.endsWith(picture.file)).method;
      };
      return {left: await method("left-picture"), right: await method("right-picture"), layout: study.questions[order[at]].name,
        width: document.getElementById("layout").naturalWidth, place: document.getElementById("place").textContent};
    })()"""
    return browser.run(script)


def test_a_person_answers_by_keyboard_leaves_comes_back_and_downloads(browser: Browser, page: Path, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    browser.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
    browser.open(page)
    assert browser.run("document.activeElement.id") == "begin"
    browser.press("ArrowLeft")  # nothing is asked yet
    assert browser.run("Object.keys(memory.chosen).length") == 0
    browser.press("Enter")
    assert browser.run("document.getElementById('asked').textContent") == "Which picture looks more like a photograph of this layout?"
    assert browser.run("document.getElementById('legend').innerText").split() == ["sky-other", "grass"]

    chosen: dict[tuple[str, str], str] = {}
    for count, key in enumerate(["ArrowLeft", "ArrowRight", "1", "2"]):
        asked = _asked(browser)
        assert asked["place"] == f"Question {count + 1} of 6"
        assert asked["width"] == 64
        assert {asked["left"], asked["right"]} in ({"SPADE", "CRN"}, {"SPADE", "SIMS"})
        other = next(name for name in (asked["left"], asked["right"]) if name != "SPADE")
        chosen[asked["layout"], other] = asked["left"] if key in ("ArrowLeft", "1") else asked["right"]
        browser.press(key)
    # The last answer is taken back and given the other way round.
    browser.press("Backspace")
    asked = _asked(browser)
    assert asked["place"] == "Question 4 of 6"
    assert browser.run("document.querySelector('.chosen').id") == "right"
    other = next(name for name in (asked["left"], asked["right"]) if name != "SPADE")
    chosen[asked["layout"], other] = asked["left"]
    browser.run("document.getElementById('left').click()")

    browser.open(page)  # a new visit goes on where the last one ended, as the same person
    asked = _asked(browser)
    assert asked["place"] == "Question 5 of 6"
    for _ in range(2):
        asked = _asked(browser)
        other = next(name for name in (asked["left"], asked["right"]) if name != "SPADE")
        chosen[asked["layout"], other] = asked["right"]
        browser.press("ArrowRight")
    assert browser.run("getComputedStyle(document.getElementById('end')).display") == "block"
    assert browser.run("document.activeElement.id") == "download-end"
    browser.press("Enter")
    for _ in range(600):
        if list(downloads.glob("*.json")):
            break
        time.sleep(0.05)
    (file,) = downloads.glob("*.json")
    answers = read_answers([file])
    assert len(answers.answers) == len(chosen) == 6
    given = json.loads(file.read_text())["answers"]
    kept = {(entry["layout"], next(name for name in entry["methods"] if name != "SPADE")): entry["chosen"] for entry in given}
    assert kept == chosen
    figures = {item.other: item for item in preferences(answers)}
    assert set(figures) == {"CRN", "SIMS"}
    for name, item in figures.items():
        assert item.share == sum(chosen[key] == "SPADE" for key in chosen if key[1] == name) / 3


def test_order_and_sides_differ_from_person_to_person(browser: Browser, page: Path) -> None:
    seen: set[tuple[str, ...]] = set()
    for _ in range(4):
        browser.open(page)
        browser.run("localStorage.clear()")
        browser.open(page)
        seen.add((browser.run("order.join()"), browser.run("swapped.join()")))
    assert len(seen) > 1
    assert len({order for order, _ in seen}) > 1
    assert len({sides for _, sides in seen}) > 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_of_a_question_fits_a_small_screen(browser: Browser, page: Path, tmp_path: Path, scheme: str) -> None:
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.open(page)
    browser.press("Enter")
    _asked(browser)
    assert browser.run("document.documentElement.scrollHeight") <= 720
    assert browser.run("document.documentElement.scrollWidth") <= 1280
    browser.screenshot(tmp_path / "question.png")
    pixels = np.asarray(Image.open(tmp_path / "question.png").convert("L"))
    assert (pixels[-40:, 640] > 128).mean() == (1.0 if scheme == "light" else 0.0)
