"""What keeping strokes aside costs the hand, and how many strokes a killed process loses.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/journal.py cost [SIDE] [STROKES]
    QT_QPA_PLATFORM=offscreen python tests/benchmarks/journal.py kill [SECONDS ...]

``cost`` paints in the real window, with autosave hearing of every other stroke, and compares the processor time that the window's thread
takes for a brush event; then it times the copying of changes for the journal, the one other thing that happens on that thread. ``kill``
starts the window as a process that paints a stroke every half second through mouse events, kills it (SIGKILL) so many seconds after its
first stroke, and counts the strokes that what it left lacks.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

EVENTS_PER_STROKE = 40
SECONDS_PER_STROKE = 0.5
KILL_AFTER = (4.0, 9.0, 17.0, 28.0, 41.0)
CELL, COLUMNS = 16, 30
SKY, ROAD = 156, 148


def build() -> tuple[Any, Any]:
    """Return application and window, shown."""
    from spade_studio.app import main as app_main

    application, window = app_main.build(app_main.parse([]))
    window.resize(1280, 760)
    window.show()
    application.processEvents()
    return application, window


def press(canvas: Any, kind: str, point: tuple[float, float]) -> None:
    """Send a mouse event of the left button to a canvas, at pixels of the document."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    at = canvas.viewport.to_view(QPointF(*point))
    button = Qt.MouseButton.LeftButton
    buttons = Qt.MouseButton.NoButton if kind == "Release" else button
    event = QMouseEvent(
        QEvent.Type["MouseMove" if kind == "Move" else f"MouseButton{kind}"], at, canvas.mapToGlobal(at), button, buttons,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def measure_cost(side: int, strokes: int) -> None:
    """Print the processor time of brush events with and without the journal."""
    application, window = build()
    window.document.replace(np.full((side, side), SKY, np.uint8), "benchmark")
    autosave, canvas = window.documents.autosave, window.canvas
    window.toolbox.label, window.toolbox.brush_size = ROAD, side // 20
    generator = np.random.default_rng(3)
    work: dict[bool, list[float]] = {True: [], False: []}
    copies: list[float] = []
    for stroke in range(strokes):
        heard = stroke % 2 == 0
        if not heard:
            window.document.labels_changed.disconnect(autosave._on_labels_changed)
        point, heading = generator.uniform(0.2, 0.8, 2) * side, generator.uniform(0, 2 * np.pi)
        press(canvas, "Press", (point[0], point[1]))
        for _ in range(EVENTS_PER_STROKE):
            heading += generator.normal(0, 0.3)
            point = np.clip(point + side / 100 * np.array((np.cos(heading), np.sin(heading))), 0, side - 1)
            began = time.thread_time()
            press(canvas, "Move", (point[0], point[1]))
            application.processEvents()
            work[heard].append((time.thread_time() - began) * 1000)
        press(canvas, "Release", (point[0], point[1]))
        application.processEvents()
        if heard:
            began = time.thread_time()
            autosave._dirty.take(window.document.labels, window.document.instances)
            copies.append((time.thread_time() - began) * 1000)
        else:
            window.document.labels_changed.connect(autosave._on_labels_changed)
    print(f"document {side} x {side}, {strokes} strokes of {EVENTS_PER_STROKE} events; processor time of the window's thread in ms")
    for heard, name in ((True, "brush event, heard by the journal"), (False, "brush event, not heard")):
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in np.percentile(work[heard], (50, 95, 99))) + " |")
    print("| copying one stroke's squares | " + " | ".join(f"{value:.3f}" for value in np.percentile(copies, (50, 95, 99))) + " |")
    window.document.undo_stack.setClean()
    window.close()


def cell(number: int) -> tuple[int, int]:
    """Return where (x, y) a stroke of a number is."""
    return CELL * (number % COLUMNS) + CELL // 2, CELL * (number // COLUMNS) + CELL // 2


def paint_for_ever(log: Path) -> None:
    """Paint stroke after stroke, and note each when it has ended."""
    from PySide6.QtCore import QTimer

    application, window = build()
    window.document.replace(np.full((512, 512), SKY, np.uint8), "benchmark")
    window.toolbox.label, window.toolbox.brush_size = ROAD, 5
    painted = 0
    file = log.open("a", encoding="ascii")

    def paint() -> None:
        nonlocal painted
        x, y = cell(painted)
        press(window.canvas, "Press", (x, y))
        press(window.canvas, "Move", (x + 2, y))
        press(window.canvas, "Release", (x + 2, y))
        painted += 1
        print(painted, time.time(), file=file, flush=True)

    timer = QTimer(interval=int(SECONDS_PER_STROKE * 1000))
    timer.timeout.connect(paint)
    timer.start()
    application.exec()


def measure_kill(after: float) -> None:
    """Print how many strokes are lost where a window that paints is killed."""
    from spade_studio.app.documents.sessions import left_documents, load_left

    with tempfile.TemporaryDirectory() as home:
        log = Path(home) / "log"
        environment = {**os.environ, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home}
        process = subprocess.Popen([sys.executable, __file__, "paint", str(log)], env=environment)
        while not log.exists() or not log.read_text("ascii"):
            time.sleep(0.05)
            assert process.poll() is None, "it ended by itself"
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed = time.time()
        painted = [float(line.split()[1]) for line in log.read_text("ascii").splitlines()]
        left = left_documents(Path(home) / "spade-studio" / "unsaved")
        labels = load_left(left[0].path).labels if left else np.full((512, 512), SKY, np.uint8)
        kept = sum(int(labels[y, x] == ROAD) for x, y in map(cell, range(len(painted))))
        seconds = killed - painted[kept] if kept < len(painted) else 0.0
        print(f"| {after:g} | {len(painted)} | {kept} | {len(painted) - kept} | {seconds:.1f} |", flush=True)


def main() -> None:
    """Measure what was asked for."""
    what, values = sys.argv[1], sys.argv[2:]
    if what == "paint":
        paint_for_ever(Path(values[0]))
    elif what == "kill":
        print("| killed after (s) | strokes painted | kept | lost | oldest lost (s) |\n|---|---|---|---|---|")
        for after in map(float, values or KILL_AFTER):
            measure_kill(after)
    else:
        with tempfile.TemporaryDirectory() as home:
            os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = home
            measure_cost(int(values[0]) if values else 2048, int(values[1]) if len(values) > 1 else 100)


if __name__ == "__main__":
    main()
