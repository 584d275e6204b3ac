"""How fast the application opens, and how long its window ever stands still while torch loads behind it.

    python tests/benchmarks/startup.py [RUNS]

Each run is a process of its own on whatever display there is (offscreen without one). Times count from the start of that process:
``window`` until the canvas is painted, ``picture`` until the first render is shown; ``worst wait`` is the longest time that an event
waited in the window's thread between the two, measured by a timer that should fire every 5 ms.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

TICK_MILLISECONDS = 5
GOALS = {"window": 1.5, "worst wait": 0.3}


def measure(started: float) -> None:
    """Run the application until its first picture, then print what was seen as JSON (in the child process)."""
    from PySide6.QtCore import Qt, QTimer

    from spade_studio.app import main

    application, window = main.build(main.parse([]))
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

    def on_rendered() -> None:
        seen["picture"] = time.monotonic() - started
        QTimer.singleShot(0, window.close)

    timer = QTimer(interval=TICK_MILLISECONDS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(on_tick)
    window.canvas.first_painted.connect(on_painted)
    window.live.rendered.connect(on_rendered)
    window.live.failed.connect(lambda failure: sys.exit(str(failure.error)))
    window.show()
    last = time.monotonic()
    timer.start()
    application.exec()
    waits = sorted((wait for wait in seen.pop("waits") if wait[1] > seen["window"]), reverse=True)
    print(json.dumps(seen | {"worst wait": waits[0][0], "waits": [(round(wait, 3), round(at, 2)) for wait, at in waits[:5]]}))


def main() -> None:
    """Run it a few times and print a table; the first run may find cold disk caches."""
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    print(f"{'run':>4} {'window':>8} {'picture':>8} {'worst wait':>11}   longest waits (s) at (s after start)")
    for run in range(1, runs + 1):
        started = time.monotonic()
        command = [sys.executable, __file__, "--child", repr(started)]
        output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
        seen = json.loads(output.splitlines()[-1])
        if seen["torch at window"]:
            sys.exit("torch was imported before the window was painted")
        waits = "  ".join(f"{wait:.3f} at {at:.2f}" for wait, at in seen["waits"])
        print(f"{run:>4} {seen['window']:>8.2f} {seen['picture']:>8.2f} {seen['worst wait']:>11.3f}   {waits}")
    print("goals: " + ", ".join(f"{name} <= {goal} s" for name, goal in GOALS.items()) + " (second start)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        measure(float(sys.argv[2]))
    else:
        main()
