#!/usr/bin/env python3
"""Smoke test of an installed SPADE Studio without the checkout: a bundle's folder, or an environment's folder of commands.

    python3 packaging/smoke.py FOLDER [--window] [--picture FILE]

It needs only the standard library. In a temporary folder and home it queries versions, renders a picture, inspects weights, trains two
steps with data loader workers, and evaluates the result. With --window (Linux; needs Xvfb, xdotool and ImageMagick's import) it also
opens the window on a private display, waits for a picture in it, prints the times, and closes it as a desktop session would.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SKY, SEA, GRASS = 156, 154, 123
_SECONDS = 600
_MOST_COLOURS_OF_NO_PICTURE = 3000
"""Maximum number of colours in a window without a rendered picture."""


def write_png(path: Path, width: int, height: int, pixels: bytes, *, color: bool = False) -> None:
    """Write an 8-bit PNG, greyscale or RGB; ``pixels`` are row-major without padding."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    step = width * (3 if color else 1)
    rows = b"".join(b"\0" + pixels[y * step : (y + 1) * step] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if color else 0, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def write_data(folder: Path, count: int = 6, side: int = 96) -> None:
    """Write ``count`` synthetic photographs with matching label maps (sky, sea, grass), ``side`` pixels square."""
    for number in range(count):
        horizon, shore = side // 3 + 2 * number, 2 * side // 3 + number
        labels, photo = bytearray(), bytearray()
        for y in range(side):
            label, base = (SKY, (120, 170, 220)) if y < horizon else (SEA, (40, 80, 120)) if y < shore else (GRASS, (70, 120, 50))
            for x in range(side):
                labels.append(label)
                photo += bytes(min(255, part + (x * 7 + y * 13 + number * 31) % 23) for part in base)
        write_png(folder / "labels" / f"{number}.png", side, side, bytes(labels))
        write_png(folder / "images" / f"{number}.png", side, side, bytes(photo), color=True)


class SmokeError(Exception):
    """A check failed."""


class Installation:
    """Installed commands, run in a temporary working folder and home."""

    def __init__(self, commands: Path, work: Path) -> None:
        self.commands, self.work = commands.absolute(), work
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "QT_"))}
        names = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")
        homes = dict.fromkeys(names, str(work / "home"))
        (work / "home").mkdir(mode=0o700)
        self.environment = {**kept, **homes, "OMP_NUM_THREADS": "1"}

    def program(self, name: str) -> list[str]:
        """Return the command line prefix that starts a command."""
        for suffix in ("", ".exe", ".cmd"):
            if (path := self.commands / f"{name}{suffix}").exists():
                return ["cmd", "/c", str(path)] if suffix == ".cmd" else [str(path)]
        raise SmokeError(f"{self.commands} has no {name}")

    def run(self, name: str, *arguments: str) -> str:
        """Run a command and return its output.

        Raises:
            SmokeError: The command failed.
        """
        started = time.monotonic()
        done = subprocess.run(
            [*self.program(name), *arguments], cwd=self.work, env=self.environment, capture_output=True, text=True, encoding="utf-8",
            errors="replace", timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        say(f"{time.monotonic() - started:6.1f} s  {name} {' '.join(arguments)}")
        if done.returncode:
            raise SmokeError(f"{name} {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done.stdout + done.stderr


def say(text: str) -> None:
    """Print and flush."""
    print(text, flush=True)


def need(holds: bool, what: str) -> None:
    """Check a condition.

    Raises:
        SmokeError: The condition does not hold.
    """
    if not holds:
        raise SmokeError(what)


def try_commands(installation: Installation) -> None:
    """Run every command once."""
    work = installation.work
    write_data(work / "photos")
    versions = installation.run("spade-studio", "--version")
    say(versions.strip())
    need("SPADE Studio" in versions and "torch" in versions and "cpu" in versions, "--version names its parts")
    installation.run("spade-render", "photos/labels", "--output", "pictures", "--variations", "2", "--quiet")
    pictures = sorted((work / "pictures").glob("*.png"))
    need(len(pictures) == 12, f"12 pictures, not {len(pictures)}")
    need(min(path.stat().st_size for path in pictures) > 20_000, "pictures are more than a flat colour")
    installation.run("spade-render", "--from", str(pictures[0]), "--output", "again", "--quiet")
    need((work / "again" / pictures[0].name).exists(), "a picture renders again from its record")
    installation.run("spade-train", "check", "photos")
    options = ("--steps", "2", "--data.validation", "2", "--data.workers", "1", "--losses.perceptual-weight", "0", "--console", "plain")
    installation.run("spade-train", "new", "photos", "--preset", "tiny", "--name", "smoke", *options)
    weights = work / "runs" / "00000-smoke" / "weights.safetensors"
    need(weights.exists(), "a run ends with weights")
    inspected = installation.run("spade-render", "--inspect", str(weights))
    need("generator" in inspected.lower(), "--inspect describes them")
    installation.run("spade-eval", "run", str(weights), "--data", "photos", "--held-out", "2", "--output", "eval")
    need((work / "eval" / "report.html").exists(), "an evaluation writes its report")


def try_processes(installation: Installation) -> None:
    """Train with two processes started by torchrun."""
    options = ("--steps", "2", "--data.validation", "2", "--losses.perceptual-weight", "0", "--console", "plain", "--batch-size", "2")
    installation.run("spade-train", "new", "photos", "--preset", "tiny", "--name", "two", "--nproc-per-node", "2", *options)
    need((installation.work / "runs" / "00001-two" / "weights.safetensors").exists(), "two processes end with weights")


@contextmanager
def display() -> Iterator[str]:
    """Yield the name of a private X display."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as file:
            number = file.readline().strip()
        need(bool(number), "Xvfb starts")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def try_window(installation: Installation, picture: Path | None) -> None:
    """Open the window, wait for a picture, close it, and print the times.

    Args:
        installation: Installed commands.
        picture: File for the screenshot; None for a temporary one.
    """
    with display() as name:
        environment = {**installation.environment, "DISPLAY": name, "LIBGL_ALWAYS_SOFTWARE": "1"}
        started = time.monotonic()
        program = subprocess.Popen(installation.program("spade-studio"), cwd=installation.work, env=environment, stdin=subprocess.DEVNULL)
        try:
            search = ["xdotool", "search", "--sync", "--onlyvisible", "--name", "SPADE Studio"]
            subprocess.run(search, env=environment, check=True, timeout=120, stdout=subprocess.DEVNULL)
            say(f"{time.monotonic() - started:6.2f} s  until the window is there")
            shot = picture or installation.work / "window.png"
            while (colours := count_colours(environment, shot)) < _MOST_COLOURS_OF_NO_PICTURE:
                need(program.poll() is None, f"the window stays open (it ended with {program.returncode})")
                need(time.monotonic() - started < 300, f"a picture is rendered within five minutes ({colours} colours on the screen)")
                time.sleep(0.3)
            say(f"{time.monotonic() - started:6.2f} s  until a picture is in it ({colours} colours)")
            program.send_signal(signal.SIGTERM)
            code = program.wait(60)
            need(code == 0, f"it ends well when it is asked to (not with {code})")
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()


def count_colours(environment: dict[str, str], shot: Path) -> int:
    """Save a screenshot and return its number of distinct colours."""
    subprocess.run(["import", "-window", "root", str(shot)], env=environment, check=True, timeout=60)
    done = subprocess.run(["identify", "-format", "%k", str(shot)], capture_output=True, text=True, check=True, timeout=60)
    return int(done.stdout)


def main() -> int:
    """Run the requested checks; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the commands lie")
    parser.add_argument("--window", action="store_true", help="open the window too")
    parser.add_argument("--only-window", action="store_true", help="open the window, and nothing else")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="where the picture of the window goes")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="spade-studio-smoke-"))
    try:
        installation = Installation(options.folder, work)
        if not options.only_window:
            try_commands(installation)
            try_processes(installation)
        if options.window or options.only_window:
            try_window(installation, options.picture and options.picture.absolute())
    except (SmokeError, subprocess.SubprocessError, OSError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    say("All of it works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
