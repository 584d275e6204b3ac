"""How fast the application opens, and how long its window ever stands still while torch loads behind it.

    python tests/benchmarks/startup.py [RUNS]

Each run is a process of its own on whatever display there is (offscreen without one), with settings of its own. Times count from the
start of that process: ``window`` until the canvas is painted, ``picture`` until the first render of the default weights is painted;
``worst wait`` is the longest time that an event waited in the window's thread between the two, measured by a timer that should fire
every 5 ms. ``ends`` is from closing the window, as soon as it is painted and thus while torch loads, until it is gone from the screen,
and until the process has ended. Medians are compared with the goals; a machine that does other work besides says nothing about them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TICK_MILLISECONDS = 5
GOALS = {"window": 1.5, "picture": 4.0, "worst wait": 0.3}


def build() -> tuple[Any, Any]:
    """Make the application with settings that nothing else sees."""
    from spade_studio.app import main
    from spade_studio.app.ui import settings

    own = Path(tempfile.mkdtemp(prefix="spade-startup-")) / "settings.ini"
    real = settings.Settings
    settings.Settings = lambda path=None: real(path or own)  # pyright: ignore[reportAttributeAccessIssue]
    return main.build(main.parse([]))


def measure(started: float) -> None:
    """Run the application until its first picture, then print what was seen as JSON (in the child process)."""
    from PySide6.QtCore import QEvent, QObject, Qt, QTimer

    application, window = build()
    seen: dict[str, Any] = {"waits": [], "torch at window": None}
    last = time.monotonic()

    def on_tick() -> None:
        nonlocal last
        now = time.monotonic()
        seen["waits"].append((now - last - TICK_MILLISECONDS / 1000, now - started))
        last = now

    def on_painted() -> None:
        seen["window"] = time.monotonic() - started
        seen["torch at window"] = "torch" in sys.modules

    class Watch(QObject):
        """Waits for the first time that the view is painted with a picture in it."""

        def eventFilter(self, watched: Any, event: QEvent) -> bool:  # noqa: N802 - Qt's name
            if event.type() == QEvent.Type.Paint and not watched.image.isNull() and "picture" not in seen:
                watched.removeEventFilter(self)
                QTimer.singleShot(0, on_pictured)  # once this painting is done
            return False

    def on_pictured() -> None:
        seen["picture"] = time.monotonic() - started
        window.close()

    watch = Watch()
    window.render_panel.view.installEventFilter(watch)
    timer = QTimer(interval=TICK_MILLISECONDS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(on_tick)
    window.canvas.first_painted.connect(on_painted)
    window.live.failed.connect(lambda failure: sys.exit(str(failure.error)))
    window.show()
    last = time.monotonic()
    timer.start()
    application.exec()
    waits = sorted((wait for wait in seen.pop("waits") if wait[1] > seen["window"]), reverse=True)
    print(json.dumps(seen | {"worst wait": waits[0][0], "waits": [(round(wait, 3), round(at, 2)) for wait, at in waits[:5]]}))


def measure_end() -> None:
    """Close the window as soon as it is painted, and print when it was gone (in the child process)."""
    from PySide6.QtCore import QTimer

    application, window = build()
    seen: dict[str, float] = {}

    def close() -> None:
        seen["closing"] = time.monotonic()
        window.close()

    class Hidden:
        """Stands before the parts that are joined after the window was hidden."""

        def __init__(self, live: Any) -> None:
            self._close = live.close
            live.close = self

        def __call__(self) -> None:
            seen["hidden"] = time.monotonic()
            assert not window.isVisible()
            self._close()

    Hidden(window.live)
    window.canvas.first_painted.connect(lambda: QTimer.singleShot(200, close))
    window.show()
    application.exec()
    print(json.dumps(seen))


def child(*arguments: str) -> dict[str, Any]:
    """Run this file again and return what it printed, and when it ended."""
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout.splitlines()[-1]) | {"end": time.monotonic()}


def main() -> None:
    """Run it a few times and print a table; the first run may find cold disk caches."""
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    all_seen: list[dict[str, Any]] = []
    print(f"{'run':>4} {'window':>8} {'picture':>8} {'worst wait':>11}   longest waits (s) at (s after start)")
    for run in range(1, runs + 1):
        seen = child("--child", repr(time.monotonic()))
        if seen["torch at window"]:
            sys.exit("torch was imported before the window was painted")
        all_seen.append(seen)
        waits = "  ".join(f"{wait:.3f} at {at:.2f}" for wait, at in seen["waits"])
        print(f"{run:>4} {seen['window']:>8.2f} {seen['picture']:>8.2f} {seen['worst wait']:>11.3f}   {waits}")
    for name, goal in GOALS.items():
        median = statistics.median(seen[name] for seen in all_seen)
        print(f"median {name}: {median:.3f} s, goal {goal} s: {'met' if median <= goal else 'MISSED'}")
    ends = [child("--end") for _ in range(runs)]
    gone, ended = (statistics.median(seen[name] - seen["closing"] for seen in ends) for name in ("hidden", "end"))
    print(f"ends, closed while torch loads: window gone after {gone:.3f} s, process after {ended:.2f} s")
    print(f"load of the machine before (1 min): {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        measure(float(sys.argv[2]))
    elif sys.argv[1:2] == ["--end"]:
        measure_end()
    else:
        main()
