"""How long the window's thread is busy with one brush event while a render runs, and what many strokes take in memory.

    QT_QPA_PLATFORM=offscreen python tests/benchmarks/paint.py [SIDE] [STROKES]

The window is the real one with the real render thread and the default weights; an event is a mouse move with the button down, and counts
from its delivery until the canvas has been repainted and everything that waited in the thread for it (the request for the render) is
done; processor time leaves out what other threads and programs took meanwhile. Memory is what the undo history holds.
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

GOAL_MILLISECONDS = 8.0
GOAL_MEGABYTES = 100.0
EVENTS_PER_STROKE = 40


def main() -> None:
    """Paint, and print the figures as lines of a table."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from spade_studio.app import main as app_main

    side = int(sys.argv[1]) if len(sys.argv) > 1 else 2048
    strokes = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    application, window = app_main.build(app_main.parse([]))
    pictures: list[object] = []
    failures: list[object] = []
    window.live.rendered.connect(pictures.append)
    window.live.failed.connect(failures.append)
    window.resize(1280, 760)
    window.show()
    deadline = time.monotonic() + 120
    while not (pictures or failures) and time.monotonic() < deadline:
        QTest.qWait(20)
    sample = window.document.labels
    index = np.arange(side)
    rows, columns = index * sample.shape[0] // side, index * sample.shape[1] // side
    window.document.replace(sample[rows[:, None], columns], "benchmark")
    canvas, toolbox = window.canvas, window.toolbox
    generator = np.random.default_rng(3)
    labels = [label.id for label in window.palette_panel.offer.known_labels]

    def send(kind: QEvent.Type, at: QPointF) -> None:
        button = Qt.MouseButton.LeftButton
        buttons = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        QApplication.sendEvent(canvas, QMouseEvent(kind, at, canvas.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier))

    times: list[float] = []
    work: list[float] = []
    releases: list[float] = []
    shown_before = len(pictures)
    for stroke in range(strokes):
        toolbox.label = labels[stroke % len(labels)]
        toolbox.brush_size = int(generator.integers(20, 200))
        point, heading = generator.uniform(0.1, 0.9, 2) * side, generator.uniform(0, 2 * np.pi)
        at = canvas.viewport.to_view(QPointF(*point))
        send(QEvent.Type.MouseButtonPress, at)
        for _ in range(EVENTS_PER_STROKE):
            heading += generator.normal(0, 0.3)
            point = np.clip(point + side / 100 * np.array((np.cos(heading), np.sin(heading))), 0, side - 1)
            at = canvas.viewport.to_view(QPointF(*point))
            began, began_working = time.perf_counter(), time.thread_time()
            send(QEvent.Type.MouseMove, at)
            application.processEvents()
            times.append((time.perf_counter() - began) * 1000)
            work.append((time.thread_time() - began_working) * 1000)
        began = time.perf_counter()
        send(QEvent.Type.MouseButtonRelease, at)
        application.processEvents()
        releases.append((time.perf_counter() - began) * 1000)
    megabytes = window.document.undo_stack.memory / 1024**2
    worst = float(np.percentile(times, 95))
    print(f"machine: {platform.machine()}, Python {platform.python_version()}, document {side}x{side}, {strokes} strokes")
    print(f"renders while painting: {len(pictures) - shown_before}, failures: {len(failures)}")
    print(f"brush event, by the clock: {_spread(times)} (goal: 95 % at most {GOAL_MILLISECONDS:g} ms)")
    print(f"brush event, processor time of the window's thread: {_spread(work)}")
    print(f"release (the step is compressed), by the clock: {_spread(releases)}")
    print(f"undo history of {window.document.undo_stack.count()} strokes: {megabytes:.2f} MB (goal {GOAL_MEGABYTES:g})")
    window.document.undo_stack.setClean()
    window.close()
    sys.exit(not (worst <= GOAL_MILLISECONDS and megabytes < GOAL_MEGABYTES))


def _spread(milliseconds: list[float]) -> str:
    median, high, highest = np.percentile(milliseconds, (50, 95, 99))
    return f"median {median:.2f} ms, 95 % {high:.2f} ms, 99 % {highest:.2f} ms"


if __name__ == "__main__":
    import os

    os.environ["XDG_CONFIG_HOME"] = str(Path(tempfile.mkdtemp()))
    main()
